"""Habits from elsewhere are answered: what is not here, and what to write in its place.

A name that a Tensor, a Module, an optimizer or minigrad itself does not have, and a
keyword that a function does not take, are looked up in `foreign_names.py`. The
answer is an AttributeError or a TypeError, as Python's own would be, so `hasattr` and
`try` work; but it has four parts, and the last is the code to write.
"""

from __future__ import annotations

import difflib
import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any, NoReturn, TypeVar

import numpy as np

from minigrad.messages import error_message, explained, user_line
from minigrad.numpy_protocol.foreign_names import (
    CREATED,
    KEYWORDS,
    PACKAGE,
    SYNONYMS,
    TENSOR,
    WORDS,
    Table,
)
from minigrad.numpy_protocol.numpy_calls import NUMPY_FACE, QUESTIONS, is_question

F = TypeVar("F", bound=Callable[..., Any])


SLIP = 0.82  # of difflib: tanhh is tanh (0.89), but score no scope (0.8)

# NumPy, copy and pickle ask for names with an underscore, messages for these.
PROBED = ("data", "primitive", "line", "name")


def taught(function: F) -> F:
    """Let a function answer a keyword that it does not take: a decorator.

    >>> taught(lambda learning_rate: learning_rate)(lr=0.1)
    0.1
    """
    names = inspect.signature(function).parameters
    takes_any = any(each.kind is each.VAR_KEYWORD for each in names.values())

    @functools.wraps(function)
    def called(*args: Any, **options: Any) -> Any:
        if options and not takes_any and not options.keys() <= names.keys():
            options = _in_our_words(function, options, names)
        try:
            return function(*args, **options)
        except TypeError as error:
            if ran(error):
                raise
            raise misfit(_name(function), function, error) from None

    return called  # type: ignore[return-value]


def _in_our_words(
    function: Any, options: dict[str, Any], names: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the options under the names that the function has for them."""
    taken = {}
    for word, value in options.items():
        ours = word if word in names else SYNONYMS.get(word, word)
        if ours not in names or (ours != word and ours in options):
            raise not_a_keyword(_name(function), word, names)
        taken[ours] = value
    return taken


def not_a_keyword(name: str, word: str, names: Iterable[str]) -> TypeError:
    """Say what to write for a keyword that a function does not take."""
    ours = SYNONYMS.get(word, "")
    shown = [each for each in names if each not in ("self", "args", "options")]
    entry = KEYWORDS.get(f"{name}.{word}") or KEYWORDS.get(word)
    near = nearest(word, shown)
    why = f"{name} has no option of that name."
    if ours in shown:
        why, fix = f"that is {ours}, which is given, too.", f"give one of them: {ours}."
    elif WORDS.get(word) in shown:
        fix = f"here the word is {WORDS[word]}: {name}(..., {WORDS[word]}=...)."
    elif entry:
        fix = advice(entry)
    else:
        fix = f"nearest: {near}=." if near else f"it takes {', '.join(shown)}."
    asked = f"{name}(..., {word}=...)"
    return explained(TypeError, asked, why, fix)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known name of which this is a slip of the pen, or "".

    One letter more, less or other, or letters in another order. What has no more than
    half a word in common is no slip, and would mislead.

    >>> nearest("parametres", ["parameters"]), nearest("losses", ["ones"])
    ('parameters', '')
    """
    spelled = {each.lower(): each for each in sorted(known) if each[:1] != "_"}
    word = word.lower()
    near = difflib.get_close_matches(word, spelled, n=1, cutoff=SLIP)
    near += [each for each in spelled if sorted(each) == sorted(word)]
    return spelled[near[0]] if near else ""


def _name(function: Any) -> str:
    """Return what a user calls a function: of a constructor the class."""
    qualified: str = function.__qualname__
    made = qualified.removesuffix(".__init__").removesuffix(".__new__")
    return made.rpartition(".")[2]


def ran(error: TypeError) -> bool:
    """Did the function that was called run, and itself say what is wrong?"""
    trace = error.__traceback__
    return trace is None or trace.tb_next is not None


def misfit(name: str, function: Any, error: TypeError, asked: str = "") -> TypeError:
    """Say how a function is called, to who gave too few arguments or too many."""
    _, _, why = str(error).partition("() ")
    named = [
        each.name
        for each in inspect.signature(function).parameters.values()
        if each.name not in ("self", "_cls")
        and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    ]
    fix = f"write {name}({', '.join(named)})."
    return explained(TypeError, asked or name, f"{name} {why or error}.", fix)


def advice(entry: str) -> str:
    """Return an entry of a table as the fix of a message.

    >>> advice("t.T  # the only one")
    'write t.T: the only one.'
    """
    code, _, why = entry.partition("  # ")
    return (f"write {code}" if code else "leave it out") + (f": {why}." if why else ".")


def absent(letter: str, table: Table) -> Callable[[Any, str], NoReturn]:
    """Return a `__getattr__`: what to say of a name that an object does not have.

    letter   what messages call the object: t, model, optimizer
    """

    def __getattr__(self: Any, name: str) -> NoReturn:
        if hasattr(type(self), name):  # it is there: say why it failed by itself
            object.__getattribute__(self, name)
        if name.startswith("_") or name in PROBED:
            text = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(text, name=name, obj=self)
        raise NotHere(self, name, letter, table)

    return __getattr__


class Absent:
    """A name that can be neither read nor assigned; `__getattr__` sees no assigning."""

    def __init__(self, name: str, letter: str, table: Table) -> None:
        self.name, self.letter, self.table = name, letter, table

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        if owner is None:
            return self
        raise NotHere(owner, self.name, self.letter, self.table)

    def __set__(self, owner: Any, value: Any) -> NoReturn:
        raise NotHere(owner, self.name, self.letter, self.table)


class NotHere(AttributeError):
    """What an object does not have; it is put into words only where it is read.

    Programs ask `hasattr` again and again, and read nothing.
    """

    def __init__(self, owner: Any, name: str, letter: str, table: Table) -> None:
        super().__init__(name=name, obj=owner)
        self.absent, self.letter, self.table = name, letter, table
        self.line = user_line()

    def __str__(self) -> str:
        letter, kind = self.letter, type(self.obj)
        fix = _fix(self.absent, self.table)
        if fix is None:
            there = {*dir(kind), *getattr(self.obj, "__dict__", ())}
            near = nearest(self.absent, there)
            fix = (
                f"nearest: {letter}.{near}." if near else f"dir({letter}) lists names."
            )
        asked = f"{letter}.{self.absent}, at {self.line}"
        why = f"{kind.__name__} has no {self.absent}."
        return error_message(asked, {letter: self.obj}, why, fix)

    def __reduce__(self) -> Any:
        return AttributeError, (str(self),)  # to another process


def _fix(name: str, table: Table) -> str | None:
    """Return what to write for a name of a Tensor or of minigrad, if it is known."""
    if name in table:
        return advice(table[name])
    if table not in (TENSOR, PACKAGE):
        return None
    if name in TENSOR:
        return advice(TENSOR[name])
    if name.endswith("_"):
        return "write t = ..., a new Tensor; for a Parameter assign p.data = array."
    if table is TENSOR and name in sys.modules["minigrad"].__all__:
        return advice(
            f"mg.{name}({_arguments(getattr(sys.modules['minigrad'], name))})"
        )
    if name in CREATED:
        return advice(f"mg.Tensor(np.{name}(..., dtype=float))")
    function = getattr(np, name, None)
    if function in NUMPY_FACE or function in QUESTIONS or is_question(function):
        return advice(f"np.{name}(t)")
    return None


def _arguments(function: Any) -> str:
    """Return how a function is called of a Tensor: t, low, high."""
    first, *others = inspect.signature(function).parameters
    return ", ".join(["[t, ...]" if first == "parts" else "t", *others])


def absent_in_package(
    name: str, public: Iterable[str], package: str = "minigrad"
) -> Exception:
    """Say what to write for `mg.name` or `lstm.name`, which is not there.

    An ImportError for `from minigrad import name`, which hides any other.
    """
    fix, letter = _fix(name, PACKAGE), "mg" if package == "minigrad" else package
    if fix is None:
        near = nearest(name, public)
        fix = (
            f"nearest: {letter}.{near}." if near else f"dir({letter}) lists all names."
        )
        if hasattr(np, name):
            fix = f"np.{name} takes t.data; docs/know/numpy.md has what records."
    imported = sys._getframe(2).f_code.co_name == "_handle_fromlist"
    kind = ImportError if imported else AttributeError
    asked, why = f"{package}.{name}", f"{package} has no {name}."
    return explained(kind, asked, why, fix, name=name)


class NotCallable(ModuleType):
    """A module of this package, `mg.tensor`, that others have a function for."""

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        name = self.__name__.rpartition(".")[2]
        asked = f"mg.{name}(...)"
        why = f"minigrad.{name} is a module, and cannot be called."
        raise explained(TypeError, asked, why, _fix(name, PACKAGE) or "")
