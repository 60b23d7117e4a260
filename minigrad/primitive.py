"""A primitive is a row: what it computes, and how it differentiates.

There are two kinds of row, and only two.

**Elementwise**, y = f(a, b): one partial derivative per argument. With partials
p_a, p_b the engine derives both modes, which therefore cannot disagree:

    reverse   a_bar = y_bar * p_a                (then summed over broadcast axes)
    forward   y_dot = p_a * a_dot + p_b * b_dot

**Linear**, y = A x: one adjoint per argument, <y_bar, A x_dot> = <A* y_bar, x_dot>.
The forward mode of a linear map is the map itself. The row says *which* linearity:
`jointly` in all arguments (concatenate: missing tangents are zero), or in each
argument while the others stay (matmul: y_dot = a_dot @ b + a @ b_dot).

A rule is written with operators and other primitives only. So the same line runs on
arrays (a fast first derivative), on Tensors (a derivative that is itself recorded), on
SymPy expressions (a lemma) and on field elements (a proof).

Broadcasting, dtypes and what a rule may return are settled once, in the engine.
"""

from __future__ import annotations

import functools
import inspect
import operator
from collections import UserDict
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from minigrad.messages import explained
from minigrad.numpy_protocol.array_like import zero_like
from minigrad.numpy_protocol.numpy_calls import NUMPY_FACE
from minigrad.recording import parameters_of, recorder
from minigrad.rows.onnx_forms import Form, form_of
from minigrad.rows.samples import Sample
from minigrad.rows.stacked import Stacked, same
from minigrad.types import Args, Code, Operation, Options, Partial, Rule, Value

Tangents: TypeAlias = Sequence[Value | None]  # None of what does not move


class Primitive:
    """What the two kinds of row share.

    name      how code and messages call it
    symbol    how a picture writes it: "+", "tanh", "W v"
    function  what it computes on arrays of any dtype
    apply     the same, recorded when an argument is a Tensor: what users call
    into      how a program computes it into an array: into(out, *args, **options)
    stacked   how one call computes it of stacked arguments: see minigrad.rows.stacked
    composite how programs compute it of other rows, if it is no single call
    onnx      its operator in ONNX, or how several say it: see minigrad.rows.onnx_forms
    """

    name: str
    symbol: str
    function: Code
    apply: Operation
    rules: tuple[Rule, ...] | tuple[Partial, ...]
    batched_adjoints: dict[int, Code]
    slice_of_argument: Callable[..., tuple[slice, ...]] | None = None
    into: Code | None = None
    stacked: Stacked | None = None
    composite: Code | None = None
    onnx: Form | None = None
    written = ""
    is_elementwise = False
    variadic = False
    meaning = ""

    def vjp(self, i: int, g: Value, y: Value, args: Args, options: Options) -> Value:
        """Return what the cotangent `g` of y contributes to argument `i`."""
        raise NotImplementedError

    def jvp(self, tangents: Tangents, y: Value, args: Args, options: Options) -> Value:
        """Return y's tangent; an argument that does not move has tangent None."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__.lower()} primitive {self.name}>"

    def __reduce__(self) -> tuple[Callable[[str], Primitive], tuple[str]]:
        return TABLE.__getitem__, (self.name,)


class Table(UserDict[str, Primitive]):
    """Every primitive by its name.

    The first row to compute a NumPy ufunc is what that ufunc means on Tensors.
    """

    def __setitem__(self, name: str, row: Primitive) -> None:
        super().__setitem__(name, row)
        if isinstance(row.function, np.ufunc):
            NUMPY_FACE.setdefault(row.function, row.apply)

    def __delitem__(self, name: str) -> None:
        row = self[name]
        super().__delitem__(name)
        if NUMPY_FACE.get(row.function) is row.apply:
            del NUMPY_FACE[row.function]


TABLE = Table()


class Elementwise(Primitive):
    """A row given by one partial derivative per argument.

    `meaning` is the scalar function as SymPy reads it, in the letters a, b;
    `domain` says where it is differentiable, if not everywhere; `onnx` its operator, if
    its function is not known to have one.
    """

    is_elementwise = True

    def __init__(
        self,
        name: str,
        function: Code,
        meaning: str,
        partials: Sequence[Partial],
        symbol: str | None = None,
        domain: str = "",
        onnx: str = "",
    ) -> None:
        self.name = name
        self.function = function
        self.meaning = meaning
        self.partials = self.rules = tuple(partials)
        self.symbol = symbol or name
        self.domain = domain
        self.batched_adjoints = {}
        self.into, self.stacked = getattr(function, "into", None), same
        self.composite = getattr(function, "composite", None)
        self.onnx = onnx or form_of(function)
        self.apply = recorder(self)

    def vjp(self, i: int, g: Value, y: Value, args: Args, options: Options) -> Value:
        try:
            slope = self.partials[i](y, *args)
        except (ZeroDivisionError, OverflowError):
            # Python's numbers raise where arrays are infinite.
            arrays = (a if hasattr(a, "shape") else np.asarray(a) for a in args)
            slope = self.partials[i](y, *arrays)
        if type(slope) is int:  # a constant slope of 1 or -1 needs no multiplication
            return g if slope == 1 else -g if slope == -1 else g * slope
        return g * slope

    def jvp(self, tangents: Tangents, y: Value, args: Args, options: Options) -> Value:
        terms = (
            self.vjp(i, tangent, y, args, options)  # a slope multiplies either way
            for i, tangent in enumerate(tangents)
            if tangent is not None
        )
        return functools.reduce(operator.add, terms)


class Linear(Primitive):
    """A row given by one adjoint per argument; `jointly` says which linearity holds.

    variadic  it takes any number of arguments, as its function does: its one adjoint is
              told which argument is meant, adjoint(i, g, args, **options)
    batched_adjoints   where the sum of adjoint i over many uses of one argument is
              cheaper than its terms: {i: function(uses, part)}, where a use is (node,
              g, args, options) and `part` indexes the entries that are asked for
    slice_of_argument  where the result holds its arguments' entries as they are:
              slice_of_argument(i, args, options) is the index of argument i's
    written   how a blackboard writes it: "{} {}" puts its arguments side by side;
              {...} is a list of them, {axis} an option; name(a, b) if not given
    rule      what a textbook calls its adjoint
    samples   arguments to try it on: samples(random) gives shapes and options
    """

    def __init__(
        self,
        name: str,
        function: Code,
        adjoints: Sequence[Rule],
        jointly: bool,
        symbol: str | None = None,
        batched_adjoints: dict[int, Code] | None = None,
        slice_of_argument: Callable[..., tuple[slice, ...]] | None = None,
        written: str = "",
        rule: str = "",
        samples: Callable[..., Sample] | None = None,
    ) -> None:
        self.name = name
        self.function = function
        self.rules = self.adjoints = tuple(adjoints)
        self.jointly = jointly
        kinds = {each.kind for each in parameters_of(function).values()}
        self.variadic = inspect.Parameter.VAR_POSITIONAL in kinds
        self.symbol = symbol or name
        self.batched_adjoints = batched_adjoints or {}
        self.slice_of_argument = slice_of_argument
        self.written = written
        self.rule = rule or f"adjoint of {name}"
        self.samples = samples
        self.into = getattr(function, "into", None)
        self.stacked = getattr(function, "stacked", None)
        self.onnx = form_of(function)
        self.apply = recorder(self)

    def vjp(self, i: int, g: Value, y: Value, args: Args, options: Options) -> Value:
        if self.variadic:
            return self.adjoints[0](i, g, args, **options)
        return self.adjoints[i](g, *args, **options)

    def jvp(self, tangents: Tangents, y: Value, args: Args, options: Options) -> Value:
        if self.jointly:
            moved = (
                zero_like(arg) if tangent is None else tangent
                for tangent, arg in zip(tangents, args, strict=True)
            )
            return self.apply(*moved, **options)
        terms = (
            self.apply(*args[:i], tangent, *args[i + 1 :], **options)
            for i, tangent in enumerate(tangents)
            if tangent is not None
        )
        return functools.reduce(operator.add, terms)


def elementwise(
    name: str, function: Code, meaning: str, partials: Sequence[Partial], **more: str
) -> Operation:
    """Enter an elementwise row in the table and return the function users call."""
    if callable(partials) or not all(map(callable, partials)):
        raise explained(
            TypeError,
            f"the row {name!r} with partials={partials!r}",
            "partials is a tuple of functions, one for each argument.",
            "mind the comma in a tuple of one: (lambda y, a: ...,)",
        )
    row = Elementwise(name, function, meaning, partials, **more)
    takes = getattr(function, "nin", len(row.partials))
    if takes != len(row.partials):
        raise explained(
            TypeError,
            f"the row {name!r} with {len(row.partials)} partials",
            f"{name} takes {takes} arguments, and each needs its partial.",
            f"give {takes} functions, each called as partial(y, a, b, ...).",
        )
    return _entered(row)


def linear(
    name: str, function: Code, adjoints: Sequence[Rule], *, jointly: bool, **more: Any
) -> Operation:
    """Enter a linear row in the table and return the function users call."""
    return _entered(Linear(name, function, adjoints, jointly, **more))


def _entered(row: Primitive) -> Operation:
    if row.name in TABLE:
        raise explained(
            ValueError,
            f"a second row named {row.name!r}",
            "the name identifies the primitive in tapes, proofs and pictures.",
            "choose another name, or delete TABLE[name] first.",
        )
    TABLE[row.name] = row
    row.apply.__module__ = __name__  # where pickle looks for it: see __getattr__
    return row.apply


def __getattr__(name: str) -> Operation:
    """Let pickle find the function of a row, in a model with `activation=mg.tanh`."""
    if name in TABLE:
        return TABLE[name].apply
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
