"""`minigrad draw`, `explore` and `check`: a picture, a page, or what is wrong.

    minigrad draw my_model:loss                          writes loss.pdf
    minigrad draw my_model:step --view neuron -o neuron.svg
    minigrad draw my_model:loss --weights model.npz      with the numbers of a file
    minigrad draw model.npz                              if its paths say what it is
    minigrad explore my_model:loss -o graph.html         to walk through, in a browser
    minigrad check examples/exercises/01_neuron.py       is this exercise solved?

The function takes no arguments and returns a Tensor, or several. Exit code 0: done, or
right; 1: it could not be drawn or written, or is wrong; 2: the command was not
understood.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from minigrad.console import accept_any_text
from minigrad.files import read_npz
from minigrad.messages import explained, explanation
from minigrad.module import Module
from minigrad.saved import recognise
from minigrad.watching import checked

SAVED = ".npz"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    accept_any_text()
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command is not _check:
        saved = options.what.endswith(SAVED)
        if (saved and options.weights) or (options.into and not options.weights):
            parser.error("--weights goes with module:function, --into with --weights")
    try:
        return int(options.command(options) is False)
    except Exception as error:  # whatever the program raised, said in one paragraph
        error = explanation(error)
        print(f"minigrad: {type(error).__name__}: {error}", file=sys.stderr)
        return 1


def _draw(options: argparse.Namespace) -> None:
    from minigrad.drawing import draw

    drawing = draw(
        _output(options),
        options.view,
        open=options.open == ["all"] or options.open or False,
        fold=not options.no_fold,
        legend=not options.no_legend,
        renderer=options.renderer,
    )
    print(drawing)
    print("wrote", drawing.save(options.out or f"{_stem(options.what)}.pdf"))


def _explore(options: argparse.Namespace) -> None:
    from minigrad.exploring import explore

    with checked():  # keeps the line that recorded each step
        output = _output(options)
    path = explore(
        output,
        options.out or f"{_stem(options.what)}.html",
        prove=options.prove,
        max_steps=options.max_steps,
    )
    print("wrote", path)


def _check(options: argparse.Namespace) -> bool:
    from minigrad.exercising.answers import check

    return check(options.files, options.solution, options.hint, options.results)


# ------------------------------------------------------------------------ what to draw


def _output(options: argparse.Namespace) -> Any:
    """Return what the function computes, or what a file of weights is taken for."""
    if options.what.endswith(SAVED):
        arrays = read_npz(options.what)
        found = recognise(arrays, options.what)
        print(found.description)
        rest = [path for path in arrays if path not in found.paths]
        if rest:
            print("not drawn:", ", ".join(rest))
        return found.output
    name, _, function = options.what.partition(":")
    module = _imported(name)
    found = _found(module, function)
    if options.weights:
        path, at = options.weights, options.into
        model = _found(module, at) if at else _only_model(module, path)
        model.load(path)
    return _called(found, options.what) if callable(found) else found


def _called(f: Any, what: str) -> Any:
    """Call what the program calls by a name, if it asks for no arguments."""
    try:
        asked_for = inspect.signature(f.forward if isinstance(f, Module) else f)
        asked_for.bind()
    except TypeError as error:
        raise explained(
            TypeError,
            f"{what}{asked_for}",
            f"{error}; on a command line nobody gives it any.",
            f"write a function that calls it and takes none, def picture(): return "
            f"{what.partition(':')[2]}(...), and name that.",
        ) from error
    except ValueError:  # compiled code may not tell
        pass
    return f()


def _imported(module: str) -> ModuleType:
    """Import a module as Python would here."""
    sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if not error.name or not f"{module}.".startswith(f"{error.name}."):
            raise  # it is there, and imports another that is not
        raise explained(
            ModuleNotFoundError,
            f"importing {module}",
            f"there is no module {error.name!r}, neither installed nor in "
            f"{Path.cwd()}.",
            "name the file without .py, and go to the folder that holds it first.",
        ) from error
    finally:
        sys.path.pop(0)


def _found(module: ModuleType, name: str) -> Any:
    """Return what a module calls by a name."""
    if hasattr(module, name):
        return getattr(module, name)
    there = [
        each
        for each, value in vars(module).items()
        if callable(value) and getattr(value, "__module__", "") == module.__name__
    ]
    raise explained(
        AttributeError,
        f"{module.__name__}:{name}",
        f"the module {module.__name__} has nothing of that name.",
        f"choose one of its own: {', '.join(there)}."
        if there
        else "define it there: a function that returns a Tensor, or several.",
    )


def _only_model(module: ModuleType, weights: str) -> Module:
    """Return the Module that the file of a program keeps in a variable."""
    models = {
        name: each for name, each in vars(module).items() if isinstance(each, Module)
    }
    if len(models) == 1:
        return next(iter(models.values()))
    there = ", ".join(models) if models else "none"
    raise explained(
        ValueError,
        f"--weights {weights} for {module.__name__}",
        f"weights are loaded into a Module that the program keeps in a variable "
        f"of its file, and of these there are {len(models)}: {there}.",
        f"say which: --into {next(iter(models))}"
        if models
        else "keep it in one, model = ..., and use it in the function.",
    )


def _stem(what: str) -> str:
    return Path(what).stem if what.endswith(SAVED) else what.partition(":")[2]


# -------------------------------------------------------------------- the command line


def _parser() -> argparse.ArgumentParser:
    from minigrad import __version__
    from minigrad.drawing import VIEWS

    parser = argparse.ArgumentParser(
        prog="minigrad", description="Pictures of a tape, and exercises."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="command")
    source = _source()

    command = commands.add_parser(
        "draw",
        parents=[source],
        help="draw what a function computes, or a saved model",
        description="Draw the tape of what a function returns.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="views:\n"
        + "\n".join(f"  {name:11} {view.answers}" for name, view in VIEWS.items()),
    )
    command.set_defaults(command=_draw)
    command.add_argument(
        "--view", choices=list(VIEWS), help="default: gate for a cell, else op"
    )
    command.add_argument(
        "--open",
        action="append",
        metavar="NAME",
        help="a function to look into, or all; may be repeated",
    )
    command.add_argument("-o", "--out", metavar="FILE", help=".pdf, .svg, .png or .dot")
    command.add_argument("--no-fold", action="store_true", help="draw all of it")
    command.add_argument("--no-legend", action="store_true")
    command.add_argument("--renderer", help="dot, graphviz-pure or a program like them")

    command = commands.add_parser(
        "explore",
        parents=[source],
        help="write a page to walk through what a function computes",
        description="Write the tape of what a function returns as one HTML file.",
    )
    command.set_defaults(command=_explore)
    command.add_argument("-o", "--out", metavar="FILE", help="an .html file")
    command.add_argument("--prove", action="store_true", help="prove the gradient, too")
    command.add_argument("--max-steps", type=int, default=300, help="default: 300")

    command = commands.add_parser(
        "check",
        help="say what is wrong with the answer to an exercise",
        description="Compare an answer with the solution, and say what is wrong with "
        "it, in mathematics.",
    )
    command.set_defaults(command=_check)
    command.add_argument("files", nargs="+", metavar="FILE", help="with your answer")
    command.add_argument(
        "--hint", type=int, nargs="?", const=1, metavar="N", help="show hint 1, 2 or 3"
    )
    command.add_argument(
        "--solution", metavar="FILE", help="if not in solutions/ beside the answer"
    )
    command.add_argument("--results", metavar="FILE", help="write Gradescope's JSON")
    return parser


def _source() -> argparse.ArgumentParser:
    """Return the options that say what is looked at."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument(
        "what",
        type=_named,
        metavar="module:function",
        help="returns a Tensor, or some; or a file of Module.save, model.npz",
    )
    parser.add_argument(
        "--weights", metavar="FILE", help="load this .npz into the program's Module"
    )
    parser.add_argument(
        "--into", metavar="NAME", help="of that Module, if the program has several"
    )
    return parser


def _named(text: str) -> str:
    module, _, name = text.partition(":")
    if text.endswith(SAVED) or (module and name.isidentifier()):
        return text
    raise argparse.ArgumentTypeError(
        f"{text!r} is not of the form module:function, nor a file {SAVED}"
    )


if __name__ == "__main__":
    sys.exit(main())
