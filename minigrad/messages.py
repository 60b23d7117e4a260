"""Errors that teach: every message of the project has the same four parts.

1. what was asked, in the notation of the project;
2. the Tensors involved: name, shape, and the line that recorded them;
3. why it cannot be;
4. the likely fix.
"""

from __future__ import annotations

import os
import re
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from types import CodeType, FrameType
from typing import Any, TypeVar, overload

import numpy as np

from minigrad.console import shown

_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_NUMPY = os.path.dirname(os.path.abspath(np.__file__)) + os.sep  # it calls us back
_PACKAGES = (_HERE, os.path.join(os.path.dirname(_HERE[:-1]), "lstm") + os.sep, _NUMPY)
COMMAND = "__main__.py"

_WRAP = textwrap.TextWrapper(
    width=88,
    subsequent_indent=" " * 8,
    break_long_words=False,
    break_on_hyphens=False,
    replace_whitespace=False,
)


def error_message(
    asked: str, operands: Mapping[str, object], why: str, fix: str
) -> str:
    """Return the four-part message; `operands` maps a role or name to a value."""
    lines = [asked]
    for role, value in operands.items():
        lines.append(f"  with  {role}: {describe(value)}")
    made = (v for v in operands.values() if getattr(v, "primitive", None))
    if not all(getattr(v, "line", "?") for v in made):
        lines.append("        (mg.checked() keeps the line that made each, too)")
    return shown("\n".join([*lines, *_part("why", why), *_part("fix", fix)]))


E = TypeVar("E", bound=Exception)


@overload
def explained(
    kind: Callable[..., E], asked: str, why: str, fix: str, /, **facts: object
) -> E: ...
@overload
def explained(
    kind: Callable[..., E],
    asked: str,
    operands: Mapping[str, object],
    why: str,
    fix: str,
    /,
    **facts: object,
) -> E: ...
def explained(kind: Callable[..., E], asked: str, /, *parts: Any, **facts: object) -> E:
    """Return an exception with the four-part message, the line that asked, and facts.

    The operands, from roles or names to values, are left out where there are none.

    >>> raise explained(ValueError, "sqrt(a)", "a is negative.", "take abs(a).")
    Traceback (most recent call last):
    ValueError: sqrt(a), at ...
      why   a is negative.
      fix   take abs(a).
    """
    *operands, why, fix = parts
    line = user_line()
    asked += f", at {line}" if line else ""
    message = error_message(asked, operands[0] if operands else {}, why, fix)
    return kind(message, **facts)


def is_explained(error: Exception) -> bool:
    """Has this exception the four parts already?

    >>> is_explained(ValueError(error_message("x", {}, "it cannot be.", "leave it.")))
    True
    """
    return "\n  fix   " in str(error)


def explanation(error: Exception) -> Exception:
    """Return the explained error that NumPy raised this one from, or this one.

    In `np.zeros(3)[0] = t` NumPy puts words of its own before ours.

    >>> try:
    ...     np.zeros(3)[0] = mg.Tensor(1.0)
    ... except ValueError as error:
    ...     print(error, "|", str(explanation(error)).splitlines()[0])
    setting an array element with a sequence. | array[index] = t of a Tensor, at ...
    """
    cause = error.__cause__
    is_ours = isinstance(cause, Exception) and is_explained(cause)
    return cause if is_ours and not is_explained(error) else error  # type: ignore[return-value]


def _part(title: str, text: str) -> list[str]:
    """Return a titled part, wrapped to a terminal's width; a list in it stays.

    >>> _part("why", f"NumPy: {ValueError('no such axis.')}.")
    ['  why   NumPy: no such axis.']
    """
    once = re.sub(r"(?<!\.)\.\.(?=\s|$)", ".", text)  # what is quoted had its own stop
    first, *listed = once.split("\n")
    return _WRAP.wrap(f"  {title}   {first}") + listed


def describe(value: object) -> str:
    """Return a value's shape, dtype and origin in a few words, never its entries."""
    array = value if isinstance(value, np.ndarray) else getattr(value, "data", value)
    if not isinstance(array, np.ndarray):
        text = repr(value)
        return text if len(text) <= 40 and "\n" not in text else a_kind(value)
    words = f"shape {array.shape}, {array.dtype}"
    primitive = getattr(value, "primitive", None)
    if primitive is None:
        return words + ("" if value is array else ", a leaf")
    line = getattr(value, "line", None)
    where = f" at {line}" if line else ""
    return f"{words}, made by {primitive.name}{where}"


def a_kind(value: object) -> str:
    """Return the type of a value with its article: a Dense, an LSTM, a torch.Tensor."""
    name, home = type(value).__name__, type(value).__module__.partition(".")[0]
    if home in ("torch", "jax", "jaxlib", "tensorflow", "keras"):
        name = f"{home}.{name}"
    return with_article(name)


def with_article(name: str) -> str:
    """Return a name with the article that it is spoken with.

    >>> with_article("Adam"), with_article("LSTM"), with_article("ndarray")
    ('an Adam', 'an LSTM', 'an ndarray')
    """
    spelt = name[:2].isupper() and name[0] in "FHLMNRSX"  # letter by letter: an RNN
    vowel = spelt or name[0] in "aeioAEIO" or name.startswith("nd")  # n-dimensional
    return f"{'an' if vowel else 'a'} {name}"


def named(values: Sequence[object]) -> dict[str, object]:
    """Give each operand of a primitive the name that a message should use."""
    operands = {}
    for position, value in enumerate(values):
        name = getattr(value, "name", None)
        operands[f"argument {position}" + (f" ({name})" if name else "")] = value
    return operands


def user_line() -> str:
    """Return `file:line` of the innermost frame outside this project's packages.

    "" for a command: outside of it there is nothing that anybody wrote as a program.
    """
    return short(*source_line(_PACKAGES))


def short(file: str, line: int) -> str:
    """Write a source line as `file:line`; a notebook's cell has no lasting file."""
    if not file:
        return ""
    if "ipykernel" in file:
        return f"line {line} of this cell"
    return f"{os.path.basename(file)}:{line}"


def source_line(within: tuple[str, ...] = (_HERE, _NUMPY)) -> tuple[str, int]:
    """Return file and line of the innermost frame outside `within`; ("", 0) if none."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _is_in(frame, within):
        frame = None if _is_command(frame.f_code) else frame.f_back
    return (frame.f_code.co_filename, frame.f_lineno) if frame else ("", 0)


def in_packages(frame: FrameType) -> bool:
    """Does this frame run code of this project?"""
    return _is_in(frame, _PACKAGES)


def _is_in(frame: FrameType, folders: tuple[str, ...]) -> bool:
    """Whether a frame runs code of these packages, or what was generated for it."""
    file = frame.f_code.co_filename
    package = str(frame.f_globals.get("__name__")).partition(".")[0]
    if package == "dataclasses" or file.startswith("<frozen importlib"):
        return True  # dataclasses.replace() calls an __init__, an import a __getattr__
    if file == "<string>":
        return package in (os.path.basename(folder[:-1]) for folder in folders)
    return os.path.abspath(file).startswith(folders)


def _is_command(code: CodeType) -> bool:
    return code.co_name == "main" and os.path.basename(code.co_filename) == COMMAND
