"""A program that is known as text: its tree, its comments, and what its names mean.

Its slips are made in the tree, compiled, and undone. What comes of it runs on arrays,
or *exactly*, on Tensors: then NumPy is `minigrad.numpy` in it and in the functions of
its module, whose arrays Tensors can be written into.
"""

from __future__ import annotations

import ast
import inspect
import io
import sys
import textwrap
import tokenize
import types
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from copy import copy, deepcopy
from typing import Any

import numpy as np

from minigrad import numpy as writable_numpy
from minigrad.exercising.mutations import Mutation, mutations
from minigrad.exercising.slip_words import Facts, names_in
from minigrad.exercising.tree_places import Place, applied, is_store, places
from minigrad.types import Array


class ProgramText:
    """A function and its text: the tree, the comments, and what its names mean."""

    def __init__(self, function: Any, tree: ast.FunctionDef | None = None) -> None:
        self.function = function
        text = textwrap.dedent(inspect.getsource(function))
        self.tree = tree or _bare(text)
        self.places = list(places(self.tree, self.tree.body[0]))
        self.comments = dict(_comments(text))

    def definitions(self) -> dict[str, ast.expr]:
        """Return the expressions of the variables that are set once."""
        found, stored = dict[str, ast.expr](), Counter[str]()
        for node in ast.walk(self.tree):
            match node:
                case ast.Assign([ast.Name(name)], value):
                    found[name] = value
            if is_store(node):
                stored.update(names_in(node))
        return {name: value for name, value in found.items() if stored[name] == 1}

    def written_out(self) -> Iterator[tuple[ProgramText, ast.stmt]]:
        """Yield it with one variable's expression where it is read, and the place."""
        definitions = self.definitions()
        for place in self.places:
            value = definitions.get(place.variable)
            if isinstance(value, ast.BinOp) and place.variable not in names_in(value):
                undo = applied([place.edit(deepcopy(value))])
                tree, statement = deepcopy((self.tree, place.statement))
                applied(undo)
                yield ProgramText(self.function, tree), statement

    def returned(self) -> list[Place]:
        """Return the expressions after the last `return`, one for each output."""
        last = [n for n in ast.walk(self.tree) if isinstance(n, ast.Return)][-1]
        every = [place for place in self.places if place.statement is last]
        if isinstance(last.value, ast.Tuple | ast.List | ast.Dict):
            every = [place for place in every if place.parent is last.value]
            return [place for place in every if place.field != "keys"]
        return [place for place in every if place.parent is last]

    def mutations(
        self, arguments: Sequence[Any], within: ast.stmt | None = None
    ) -> list[Mutation]:
        """Return every slip that the program, or one statement, admits."""
        last = dict(traced(self.function, arguments))
        shapes = {
            name: np.shape(value) for name, value in last.items() if _is_array(value)
        }
        for place in self.places:
            if isinstance(place.node, ast.Subscript):
                with suppress(Exception):  # an index that is no more, after the loop
                    part = ast.unparse(place.node)
                    value = eval(part, self.function.__globals__, last)
                    if _is_array(value):
                        shapes[part] = np.shape(value)
        return mutations(self.tree, Facts(shapes, self.comments), within)

    @contextmanager
    def mutated(self, several: Iterable[Mutation]) -> Iterator[ast.FunctionDef]:
        """Make slips in the tree, and undo them."""
        undo = applied(edit for each in several for edit in each.edits)
        try:
            yield self.tree
        finally:
            applied(undo)

    @contextmanager
    def changed(
        self, several: Iterable[Mutation], exact: bool = False
    ) -> Iterator[Callable[..., Any]]:
        """Yield the function that comes of slips."""
        with self.mutated(several) as tree:
            code = compile(ast.Module([tree], []), f"<{tree.name}>", "exec")
        names = namespace(self.function, exact) | OF_SLIPS
        exec(code, names)
        yield names[self.tree.name]


def _bare(text: str) -> ast.FunctionDef:
    """Read a function, without its decorators and annotations."""
    (tree,) = ast.parse(text).body
    assert isinstance(tree, ast.FunctionDef)
    tree.decorator_list = []
    for each in ast.walk(tree):
        if isinstance(each, ast.arg):
            each.annotation = None
    return tree


OF_SLIPS = {  # functions that a slip may bring into a program
    "_tanh": np.tanh,
    "_exp": np.exp,
    "_sqrt": np.sqrt,
    "_outer": np.outer,
    "_array": np.array,
    "_sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "_relu": lambda z: np.where(z > 0, z, 0.0),
    "_log": np.log,
    "_abs": np.abs,
    "_max": np.max,
    "_sum": np.sum,
    "_mean": np.mean,
}


def _comments(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.lstrip("# ").rstrip(".")


def _is_array(value: Any) -> bool:
    return isinstance(value, Array | float | int | np.number)


def namespace(function: Any, exact: bool) -> dict[str, Any]:
    """Return what the names of a function mean, its own module's functions among them.

    exact  NumPy is `minigrad.numpy` there, whose arrays Tensors can be written into
    """
    names = dict(function.__globals__)
    if function.__closure__:
        names |= inspect.getclosurevars(function).nonlocals
    if not exact:
        return names
    for name, value in names.items():
        if value is np:
            names[name] = writable_numpy
        elif getattr(value, "__globals__", None) is function.__globals__:
            names[name] = with_globals(value, names)
    return names


def with_globals(function: Any, names: dict[str, Any]) -> Any:
    """Return a function with another meaning of its names."""
    if not isinstance(function, types.FunctionType):
        return function
    other = types.FunctionType(
        function.__code__,
        names,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    other.__kwdefaults__ = function.__kwdefaults__
    return other


def exactly(function: Any) -> Any:
    """Return a function that runs on Tensors, even if it fills arrays of NumPy."""
    if not isinstance(function, types.FunctionType):
        return function
    return with_globals(function, namespace(function, exact=True))


def traced(function: Any, arguments: Sequence[Any]) -> list[tuple[str, Any]]:
    """Run a function; return each of its variables whenever its value changed.

    >>> def f(x):
    ...     y = x + 1
    ...     y = y * 2
    ...     return y
    >>> traced(f, [1])
    [('x', 1), ('y', 2), ('y', 4)]
    """
    seen: list[tuple[str, Any]] = []
    last: dict[str, Any] = {}
    code = getattr(function, "__code__", None)

    def look(frame: types.FrameType, event: str, _: Any) -> Any:
        if frame.f_code is not code:
            return None
        for name, value in frame.f_locals.items():
            if name not in last or not _equal(last[name], value):
                last[name] = copy(value) if isinstance(value, Array | list) else value
                seen.append((name, last[name]))
        return look

    before = sys.gettrace()
    sys.settrace(look)
    try:
        run(function, arguments)
    finally:
        sys.settrace(before)
    return seen


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, Array) and isinstance(b, Array):
        return a.shape == b.shape and bool(np.array_equal(a, b, equal_nan=False))
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_equal, a, b))
    return a is b


def run(function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
    """Call on copies, in peace: a wrong program may divide by zero."""
    copies = [x.copy() if isinstance(x, Array) else x for x in arguments]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return function(*copies)
