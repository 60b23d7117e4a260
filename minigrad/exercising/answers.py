"""`minigrad check FILE`: the answer in a file, and the exercise that it belongs to.

The solution of `some/exercise.py` is `some/solutions/exercise.py`, or that of a folder
above, in whose variable `exercise` an Exercise is; or another file, if one is named. Of
the answer's file only the function is taken that is called as the solution is. A file
that cannot be run is an answer, too: the others of a class are checked all the same.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import json
import textwrap
import types
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from minigrad.console import table
from minigrad.exercising.diagnosis import GAP, Diagnosis, Finding
from minigrad.exercising.exercise import Exercise
from minigrad.exercising.grading import Graded, gradescope
from minigrad.files import write_whole
from minigrad.messages import explained

ORDINALS = ("first", "second", "third", "fourth", "fifth")


def check(
    files: Sequence[str],
    solution: str | None = None,
    hint: int | None = None,
    results: str | None = None,
) -> bool:
    """Check answers and print what is wrong; return whether all of them are right.

    solution  the file of the right answer, if it is not in `solutions/`
    hint      print this hint of each exercise instead: 1, 2, 3
    results   write a results.json, as Gradescope reads it, here
    """
    graded, every = [], [*map(_there, map(Path, files))]
    for file in every:
        exercise = exercise_of(file, Path(solution) if solution else None)
        if hint:
            print(hint_of(exercise, hint))
            continue
        alone = len(every) == 1 and not results
        diagnosis = checked(exercise, file) if alone else submitted(exercise, file)
        graded.append(Graded(_name(file, every), diagnosis, exercise))
    if results:
        text = json.dumps(gradescope(graded), indent=2, ensure_ascii=False)
        print("wrote", write_whole(Path(results), text.encode()))
    if len(graded) == 1:
        print(f"{graded[0].name}: {graded[0].diagnosis}")
        if not graded[0].diagnosis and graded[0].exercise.hints:
            print("  A hint: add --hint, then --hint 2, --hint 3.")
    elif graded:
        print(table([each.row() for each in graded]))
    return all(each.diagnosis for each in graded)


def checked(exercise: Exercise, file: Path) -> Diagnosis:
    """Check the answer in a file."""
    answer = function_in(loaded(file), exercise.name, file)
    return Diagnosis((), GAP) if _has_gap(answer) else exercise.check(answer)


def submitted(exercise: Exercise, file: Path) -> Diagnosis:
    """Check the answer in a file; say of one that cannot be run why that is."""
    try:
        return checked(exercise, file)
    except (Exception, SystemExit) as error:
        last = str(error).partition("\n  why   ")[2] or str(error)
        said = last.partition("\n")[0] or "it ends the program"
        words = f"the file cannot be checked: {type(error).__name__}: {said}"
        return Diagnosis((Finding(("your answer",), "error", words),))


def _name(file: Path, every: Sequence[Path]) -> str:
    """Return the name of a file; with its folder, where several are called so."""
    if sum(other.stem == file.stem for other in every) == 1:
        return file.stem
    return f"{file.resolve().parent.name}/{file.stem}"


def hint_of(exercise: Exercise, k: int) -> str:
    """Return hint k, counted from 1, and whether there are more."""
    if k > len(exercise.hints):
        return f"There are {len(exercise.hints)} hints, and no more."
    more = f"   (more: --hint {k + 1})" if k < len(exercise.hints) else ""
    return f"The {ORDINALS[k - 1]} hint: {exercise.hints[k - 1]}{more}"


def exercise_of(file: Path, solution: Path | None = None) -> Exercise:
    """Return the Exercise that the file of an answer belongs to."""
    beside = [each / "solutions" / file.name for each in file.resolve().parents]
    near = file.parent / "solutions" / file.name
    path = solution or next((each for each in beside if each.exists()), near)
    if path.suffix != ".py" or not path.exists():
        raise explained(
            FileNotFoundError,
            f"minigrad check {file}",
            f"there is no {path}, which would hold the solution.",
            "name the file of the solution: --solution FILE.",
        )
    found = [v for v in vars(loaded(path)).values() if isinstance(v, Exercise)]
    if len(found) == 1:
        return found[0]
    raise explained(
        ValueError,
        f"minigrad check {file}",
        f"{path} must hold one Exercise in a variable, and holds {len(found)}.",
        "write exercise = Exercise(solution, shapes={...}) there.",
    )


def loaded(path: Path) -> types.ModuleType:
    """Run a file as a module; its name may begin with a number."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _there(path: Path) -> Path:
    """Return the path of an answer, if it is a Python file."""
    if path.suffix == ".py" and path.is_file():
        return path
    raise explained(
        FileNotFoundError,
        f"minigrad check {path}",
        "there is no Python file of this name, so no answer to check.",
        "check the path; names end in .py.",
    )


def function_in(module: types.ModuleType, name: str, file: Path) -> Callable[..., Any]:
    """Return the function of an answer."""
    function = getattr(module, name, None)
    if callable(function):
        return function  # type: ignore[no-any-return]
    raise explained(
        AttributeError,
        f"minigrad check {file}",
        f"the exercise is about a function {name}, and {file.name} has none.",
        f"define it: def {name}(...).",
    )


def _has_gap(function: Any) -> bool:
    """Does `...` stand in a function, or raise NotImplementedError?"""
    with suppress(OSError, TypeError):
        for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
            match node:
                case ast.Subscript():  # a[..., 0] is no gap
                    node.slice = ast.Constant(0)
                case ast.Constant(value) if value is ...:
                    return True
                case ast.Raise() if "NotImplementedError" in ast.unparse(node):
                    return True
    return False
