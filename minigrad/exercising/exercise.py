"""An exercise: a right program, how to call it, and hints; and its wrong twins.

    def backward(y_bar, W, v):
        W_bar = np.outer(y_bar, v)
        v_bar = W.T @ y_bar
        return W_bar, v_bar

    exercise = Exercise(backward, shapes={"y_bar": "m", "W": "m n", "v": "n"})

The right program is read as text, too: every slip that it admits is made, run once, and
kept with what it gives, so that an answer needs only to be compared with them.
"""

from __future__ import annotations

import ast
import functools
import inspect
import io
import itertools
import string
import sys
import textwrap
import tokenize
import types
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from typing import Any, NamedTuple

import numpy as np

from minigrad import numpy as writable_numpy
from minigrad.exercising.mutations import Facts, Mutation, applied, mutations
from minigrad.exercising.notation import written
from minigrad.messages import explain, user_line
from minigrad.shapes import leaves
from minigrad.types import Array

SIZES = {"n": 3, "m": 2, "T": 4, "B": 5, "K": 3}  # of axes; any other letter is 2
POINTS = 2

Values = dict[str, Array]  # by the name of an output
Case = list[list[Any]]  # the arguments, at each point


class Mutant(NamedTuple):
    """A slip, and the outputs of the program that it makes, at each point.

    function  the program, where it was not made by the slip but given
    """

    mutation: Mutation
    outputs: list[Values]
    function: Callable[..., Any] | None = None


class Exercise:
    """A question whose answer is a function.

    solution  the right function, of arrays; an expression of it that deserves words has
              them in a comment on its line
    shapes    of its arguments, by name: axes as letters, "m n", "B n+m" or "" for one
              number; or a function of a random generator that draws it; or what is given
              as it is (indices, a length)
    hints     from a nudge to nearly the answer
    sizes     of letters, where another size than usual is needed
    mistakes  programs that are wrong in a way of their own, by what to say of them
    seen      what is compared, a function of the result: what a model answers, where
              the same answers can be had with other weights

    >>> def backward(y_bar, x):
    ...     return 2 * x * y_bar
    >>> exercise = Exercise(backward, shapes={"y_bar": "n", "x": "n"})
    >>> print(exercise.check(lambda y_bar, x: x * y_bar))
    not yet
      your result: it lacks the factor 2
    """

    def __init__(
        self,
        solution: Callable[..., Any],
        shapes: Mapping[str, Any],
        hints: Sequence[str] = (),
        sizes: Mapping[str, int] | None = None,
        seen: Callable[[Any], Any] | None = None,
        mistakes: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        self.solution, self.name, self.seen = solution, solution.__name__, seen
        self.mistakes = dict(mistakes or {})
        self.hints, self.sizes = tuple(hints), SIZES | dict(sizes or {})
        self.program = Program(solution)
        names = list(inspect.signature(solution).parameters)
        if names != list(shapes):
            raise TypeError(
                explain(
                    f"Exercise({self.name}, ...), at {user_line()}",
                    {},
                    f"its arguments are {', '.join(names)}, and shapes are given for "
                    f"{', '.join(shapes) or 'none'}.",
                    "give one for each, in this order.",
                )
            )
        self.shapes = dict(shapes)

    @functools.cached_property
    def alike(self) -> dict[str, int]:
        """Sizes of axes with which matrices are square, as far as that can be."""
        letters = sorted(set("".join(self.axes())) & set(string.ascii_letters))
        chosen = itertools.product(range(5), repeat=len(letters))
        every = (self.sizes | dict(zip(letters, each, strict=True)) for each in chosen)
        return min(every, key=self.unlike)

    @functools.cached_property
    def cases(self) -> list[Case]:
        """Arguments at a few points: with axes of their sizes, and of sizes alike."""
        return [
            [self.arguments(np.random.default_rng(k), sizes) for k in range(POINTS)]
            for sizes in (self.sizes, self.alike)
        ]

    def axes(self) -> list[str]:
        """Return the axes of all arguments, as they are written: "n+m"."""
        shapes = [
            each.split() for each in self.shapes.values() if isinstance(each, str)
        ]
        return [axis for axes in shapes for axis in axes]

    def unlike(self, sizes: Mapping[str, int]) -> tuple[int, ...]:
        """Count what is not square with these sizes, and how many sizes there are."""
        of = [
            [_size(axis, sizes) for axis in shape.split()]
            for shape in self.shapes.values()
            if isinstance(shape, str)
        ]
        every = [n for shape in of for n in shape]
        oblong = sum(len(set(shape[-2:])) > 1 for shape in of)
        empty = len(every) if 2 * every.count(0) > len(every) else every.count(0)
        return oblong, empty, len(set(every)), every.count(1), sum(every)

    def arguments(
        self, rng: np.random.Generator, sizes: Mapping[str, int], paper: bool = False
    ) -> list[Any]:
        """Draw arguments; on `paper`, of small whole numbers."""

        def drawn(shape: Any) -> Any:
            if callable(shape):
                return np.asarray(shape(rng), float)
            if not isinstance(shape, str):
                return shape.copy() if isinstance(shape, Array) else shape
            axes = tuple(_size(axis, sizes) for axis in shape.split())
            if paper:
                return rng.integers(1, 4, axes).astype(float) * rng.choice(
                    [-1, 1], axes
                )
            return np.asarray(rng.normal(size=axes))

        return [drawn(shape) for shape in self.shapes.values()]

    @functools.cached_property
    def outputs(self) -> dict[str, str]:
        """The names of what is returned, by place: {"[0]": "W̄", "[1]": "v̄"}."""
        result = run(self.solution, self.cases[0][0])
        values = leaves(self.seen(result) if self.seen else result)
        names = [written(node) for node in self.program.returned()]
        if self.seen:
            names = ["what it answers"]
        elif len(names) != len(values):
            names = list(values) if len(values) > 1 else ["your result"]
        return dict(zip(values, names, strict=True))

    def values(self, result: Any) -> Values:
        """Return the arrays of a result, by the names of outputs."""
        places = leaves(self.seen(result) if self.seen else result)
        if list(places) != list(self.outputs):
            one = len(self.outputs) == 1
            raise WrongForm(
                f"{self.name} must return {', '.join(self.outputs.values())}"
                f"{'' if one else ', in this order'}, and returns "
                f"{len(places)} value{'s' * (len(places) != 1)}"
            )
        return {self.outputs[place]: np.asarray(v) for place, v in places.items()}

    @functools.cache  # noqa: B019  an exercise lasts as long as the program that checks
    def right(self, k: int) -> list[Values]:
        """Return what the solution gives at each point of case k."""
        return [self.values(run(self.solution, args)) for args in self.cases[k]]

    @functools.cache  # noqa: B019  an exercise lasts as long as the program that checks
    def mutants(self, k: int) -> list[Mutant]:
        """Make every slip of the solution; keep those that run, and change something."""
        case, found = self.cases[k], []
        right = self.right(k)
        for words, function in self.mistakes.items():
            outputs = [self.values(run(function, args)) for args in case]
            found.append(Mutant(Mutation("mistake", words, ()), outputs, function))
        for mutation in self.program.mutations(case[0]):
            with suppress(Exception), self.program.changed([mutation]) as function:
                outputs = [self.values(run(function, args)) for args in case]
                if not all(map(same_values, outputs, right)):
                    found.append(Mutant(mutation, outputs))
        return found

    def check(self, answer: Callable[..., Any], exact: bool = True) -> Any:
        """Compare an answer with the solution, and say what is wrong: a Diagnosis."""
        from minigrad.exercising.diagnosis import diagnosed

        return diagnosed(self, answer, exact)


class WrongForm(Exception):
    """An answer that returns something other than what was asked."""


def _size(axis: str, sizes: Mapping[str, int]) -> int:
    """Return the size of an axis: n, 4, or n+m.

    >>> _size("n+m", {"n": 3, "m": 2})
    5
    """
    terms = axis.replace("*", "+").split("+")
    numbers = [int(each) if each.isdigit() else sizes.get(each, 2) for each in terms]
    return int(np.prod(numbers)) if "*" in axis else sum(numbers)


def same(a: Array, b: Array) -> bool:
    """Are two arrays of one shape, and equal but for rounding?"""
    if a.shape != b.shape or a.dtype == object or b.dtype == object:
        return False
    return bool(np.allclose(a, b, rtol=1e-9, atol=1e-11, equal_nan=True))


def same_values(a: Values, b: Values) -> bool:
    """Are all outputs the same?"""
    return a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)


def run(function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
    """Call on copies, in peace: a wrong program may divide by zero."""
    copies = [x.copy() if isinstance(x, Array) else x for x in arguments]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return function(*copies)


# ------------------------------------------------------------------ programs as text


class Program:
    """A function and its text: the tree, the comments, and what its names mean."""

    def __init__(self, function: Any) -> None:
        self.function = function
        text = textwrap.dedent(inspect.getsource(function))
        (self.tree,) = ast.parse(text).body
        assert isinstance(self.tree, ast.FunctionDef)
        self.tree.decorator_list = []
        self.comments = dict(_comments(text))
        for each in ast.walk(self.tree):
            if isinstance(each, ast.arg):
                each.annotation = None

    def returned(self) -> list[ast.expr]:
        """Return the expressions after the last `return`, one for each output."""
        (*_, last) = (n for n in ast.walk(self.tree) if isinstance(n, ast.Return))
        match last.value:
            case ast.Tuple(parts) | ast.List(parts) | ast.Dict(_, parts):
                return parts
            case ast.Call(args=[], keywords=[_, *_] as parts):
                return [each.value for each in parts]
            case ast.Name() | ast.Subscript() as named:
                return [named]
        return []

    def mutations(self, arguments: Sequence[Any]) -> list[Mutation]:
        """Return every slip that the program admits."""
        seen = traced(self.function, arguments)
        shapes = {name: np.shape(value) for name, value in seen if _is_array(value)}
        return mutations(self.tree, Facts(shapes, self.comments))

    @contextmanager
    def slipped(self, several: Iterable[Mutation]) -> Iterator[ast.FunctionDef]:
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
        with self.slipped(several) as tree:
            code = compile(ast.Module([tree], []), f"<{tree.name}>", "exec")
        names = namespace(self.function, exact) | OF_SLIPS
        exec(code, names)
        yield names[self.tree.name]


OF_SLIPS = {
    "_tanh": np.tanh,
    "_exp": np.exp,
    "_sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "_sum": np.sum,
    "_mean": np.mean,
}


def _comments(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.lstrip("# ").rstrip(".")


def _is_array(value: Any) -> bool:
    return isinstance(value, Array | float | np.floating)


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
            names[name] = rebound(value, names)
    return names


def rebound(function: Any, names: dict[str, Any]) -> Any:
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
    return rebound(function, namespace(function, exact=True))


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
