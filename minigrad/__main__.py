"""`minigrad draw module:function --view gate -o cell.pdf`: a picture from a program.

    minigrad draw my_model:loss                       writes loss.pdf
    minigrad draw my_model:step --view neuron -o neuron.svg

The function takes no arguments and returns a Tensor, or several. Exit code 0: done; 1:
it could not be drawn or written; 2: the command was not understood.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    from minigrad.drawing import draw

    options = _parser().parse_args(arguments)
    module, _, name = options.what.partition(":")
    try:
        output = _made(module, name)
        drawing = draw(
            output,
            options.view,
            max_nodes=options.max_nodes,
            legend=not options.no_legend,
            renderer=options.renderer,
        )
        print(drawing)
        print("wrote", drawing.save(options.out or f"{name}.pdf"))
    except Exception as error:  # whatever the program raised, said in one paragraph
        print(f"minigrad: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def _made(module: str, name: str) -> Any:
    """Import a module as Python would here, and return what its function makes."""
    sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module), name)
    finally:
        sys.path.pop(0)
    return found() if callable(found) else found


def _parser() -> argparse.ArgumentParser:
    from minigrad import __version__
    from minigrad.drawing import VIEWS

    parser = argparse.ArgumentParser(prog="minigrad", description="Pictures of a tape.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="command")
    command = commands.add_parser(
        "draw",
        help="draw what a function computes",
        description="Draw the tape of what a function returns.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="views:\n"
        + "\n".join(f"  {name:11} {view.answers}" for name, view in VIEWS.items()),
    )
    command.add_argument(
        "what", type=_named, metavar="module:function", help="returns a Tensor, or some"
    )
    command.add_argument(
        "--view", choices=list(VIEWS), help="default: gate for a cell, else op"
    )
    command.add_argument("-o", "--out", metavar="FILE", help=".pdf, .svg, .png or .dot")
    command.add_argument("--max-nodes", type=int, default=300, help="default: 300")
    command.add_argument("--no-legend", action="store_true")
    command.add_argument("--renderer", help="dot, graphviz-pure or a program like them")
    return parser


def _named(text: str) -> str:
    module, _, name = text.partition(":")
    if module and name.isidentifier():
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is not of the form module:function")


if __name__ == "__main__":
    sys.exit(main())
