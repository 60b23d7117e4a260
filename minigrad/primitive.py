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
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.context import SETTING
from minigrad.messages import explain, named, user_line
from minigrad.tensor import UNRECORDED, Tensor, clock

TABLE: dict[str, Primitive] = {}

_new = object.__new__
_ndarray = np.ndarray
_OPERANDS = frozenset({np.ndarray, float, int, complex, np.float64, np.float32})


class Primitive:
    """What the two kinds of row share.

    name      how code and messages call it
    symbol    how a picture writes it: "+", "tanh", "W v"
    function  what it computes on arrays of any dtype
    apply     the same, recorded when an argument is a Tensor: what users call
    """

    name: str
    symbol: str
    function: Callable[..., Any]
    apply: Callable[..., Any]
    rules: Any
    together: dict[int, Callable[..., Any]]
    parts: Callable[..., Any] | None

    def vjp(self, i: int, g: Any, y: Any, args: Any, options: Any) -> Any:
        """Return what the cotangent `g` of y contributes to argument `i`."""
        raise NotImplementedError

    def jvp(self, tangents: Sequence[Any], y: Any, args: Any, options: Any) -> Any:
        """Return y's tangent; an argument that does not move has tangent None."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__.lower()} primitive {self.name}>"

    def __reduce__(self) -> Any:
        return TABLE.__getitem__, (self.name,)


class Elementwise(Primitive):
    """A row given by one partial derivative per argument.

    `meaning` is the scalar function as SymPy reads it, in the letters a, b;
    `domain` says where it is differentiable, if not everywhere.
    """

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        meaning: str,
        partials: Sequence[Callable[..., Any]],
        symbol: str | None = None,
        domain: str = "",
    ) -> None:
        self.name = name
        self.function = function
        self.meaning = meaning
        self.partials = self.rules = tuple(partials)
        self.symbol = symbol or name
        self.domain = domain
        self.together = {}
        self.parts = None
        self.apply = _recorder(self)

    def vjp(self, i: int, g: Any, y: Any, args: Any, options: Any) -> Any:
        slope = self.partials[i](y, *args)
        if type(slope) is int:  # a constant slope of 1 or -1 needs no multiplication
            return g if slope == 1 else -g if slope == -1 else g * slope
        return g * slope

    def jvp(self, tangents: Sequence[Any], y: Any, args: Any, options: Any) -> Any:
        return functools.reduce(
            lambda total, term: total + term,
            (
                tangent * partial(y, *args)
                for tangent, partial in zip(tangents, self.partials, strict=True)
                if tangent is not None
            ),
        )


class Linear(Primitive):
    """A row given by one adjoint per argument; `jointly` says which linearity holds.

    together  where the sum of adjoint i over many uses of one argument is cheaper than
              its terms: {i: function(uses, part)}, where a use is (node, g, args,
              options) and `part` indexes the entries that are asked for
    parts     where the result holds its arguments' entries as they are:
              parts(i, args, options) is the index of argument i's
    """

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        adjoints: Any,
        jointly: bool,
        symbol: str | None = None,
        together: dict[int, Callable[..., Any]] | None = None,
        parts: Callable[..., Any] | None = None,
    ) -> None:
        self.name = name
        self.function = function
        self.adjoints = self.rules = adjoints
        self.jointly = jointly
        self.symbol = symbol or name
        self.together = together or {}
        self.parts = parts
        self.apply = _recorder(self)

    def vjp(self, i: int, g: Any, y: Any, args: Any, options: Any) -> Any:
        return self.adjoints[i](g, *args, **options)

    def jvp(self, tangents: Sequence[Any], y: Any, args: Any, options: Any) -> Any:
        if self.jointly:
            moved = (
                np.zeros_like(getattr(arg, "data", arg)) if tangent is None else tangent
                for tangent, arg in zip(tangents, args, strict=True)
            )
            return self.apply(*moved, **options)
        return functools.reduce(
            lambda total, term: total + term,
            (
                self.apply(*args[:i], tangent, *args[i + 1 :], **options)
                for i, tangent in enumerate(tangents)
                if tangent is not None
            ),
        )


class each:
    """The adjoints of a primitive with any number of arguments: one rule, told which.

    >>> each(lambda i, g: (i, g))[2]("g")
    (2, 'g')
    """

    def __init__(self, rule: Callable[..., Any]) -> None:
        self.rule = rule

    def __getitem__(self, i: int) -> Callable[..., Any]:
        return functools.partial(self.rule, i)


def elementwise(name: str, function: Any, meaning: str, partials: Any, **more: Any) -> Any:
    """Enter an elementwise row in the table and return the function users call."""
    row = Elementwise(name, function, meaning, partials, **more)
    takes = getattr(function, "nin", len(row.partials))
    if takes != len(row.partials):
        raise TypeError(
            explain(
                f"the row {name!r} with {len(row.partials)} partials",
                {},
                f"{name} takes {takes} arguments, and each needs its partial.",
                f"give {takes} functions, each called as partial(y, a, b, ...).",
            )
        )
    return _entered(row)


def linear(name: str, function: Any, adjoints: Any, *, jointly: bool, **more: Any) -> Any:
    """Enter a linear row in the table and return the function users call."""
    return _entered(Linear(name, function, adjoints, jointly, **more))


def _entered(row: Primitive) -> Callable[..., Any]:
    if row.name in TABLE:
        raise ValueError(
            explain(
                f"a second row named {row.name!r}",
                {},
                "the name identifies the primitive in tapes, proofs and pictures.",
                "choose another name, or delete TABLE[name] first.",
            )
        )
    TABLE[row.name] = row
    return row.apply


def _recorder(row: Any) -> Callable[..., Any]:
    """Return the function that applies a primitive: compute, and remember how.

    Given no Tensor it computes only, which is how rules run on plain arrays.
    One and two arguments are written out: they are most of all steps.
    """
    function = row.function
    if isinstance(row, Elementwise) and len(row.partials) == 1:

        def apply(a: Any) -> Any:
            if not isinstance(a, Tensor):
                return function(a)
            try:
                value = function(a.data)
            except Exception as error:
                raise _refused(row, (a,), {}, error) from error
            return record(row, value, (a,), _NO_OPTIONS)

    elif isinstance(row, Elementwise) and len(row.partials) == 2:

        def apply(a: Any, b: Any) -> Any:
            x = a.data if isinstance(a, Tensor) else a
            y = b.data if isinstance(b, Tensor) else b
            if x is a:
                if y is b:
                    return function(a, b)
                if type(a) not in _OPERANDS:
                    a = x = np.asarray(a)
            elif y is b and type(b) not in _OPERANDS:
                b = y = np.asarray(b)
            try:
                value = function(x, y)
            except Exception as error:
                raise _refused(row, (a, b), {}, error) from error
            return record(row, value, (a, b), _NO_OPTIONS)

    else:
        signature = inspect.signature(function)
        names = tuple(signature.parameters)
        variadic = any(p.kind is p.VAR_POSITIONAL for p in signature.parameters.values())
        arity = None if variadic else len(row.rules)
        option_names = names[arity:] if arity else ()

        def apply(*args: Any, **options: Any) -> Any:
            if arity is not None and len(args) > arity:  # options given by position
                options.update(zip(option_names, args[arity:], strict=False))
                args = args[:arity]
            values = []
            tracked = False
            for a in args:
                if isinstance(a, Tensor):
                    tracked = True
                    values.append(a.data)
                elif type(a) in _OPERANDS:
                    values.append(a)
                else:
                    return apply(*map(_operand, args), **options)
            if not tracked:
                return function(*args, **options)
            try:
                value = function(*values, **options)
            except Exception as error:
                raise _refused(row, args, options, error) from error
            return record(row, value, args, options)

    apply.__name__ = apply.__qualname__ = row.name
    apply.__doc__ = function.__doc__
    apply.primitive = row  # type: ignore[attr-defined]
    return apply


def _operand(a: Any) -> Any:
    """Return a list, a fraction, ... as the array that NumPy would make of it."""
    return a if isinstance(a, Tensor) or type(a) in _OPERANDS else np.asarray(a)


_NO_OPTIONS: dict[str, Any] = {}


def record(row: Primitive, value: Any, args: Any, options: dict[str, Any]) -> Tensor:
    """Return the Tensor that remembers how `value` was made."""
    setting = SETTING.get()
    node = _new(Tensor)
    node.data = value if type(value) is _ndarray else np.asarray(value)
    node.tick = clock()
    node.scope = setting.scope
    node.name = node.witness = None
    if not setting.recording:
        node.primitive, node.args, node.options = None, (), UNRECORDED
        return node
    node.primitive = row
    node.args = args
    node.options = options
    if setting.checker is not None:
        setting.checker.recorded(node)
    return node


def _refused(row: Any, args: Any, options: Any, error: Exception) -> Exception:
    """Say NumPy's refusal in the terms of the primitive and its operands."""
    shown = ", ".join(f"{key}={value!r}" for key, value in options.items())
    if isinstance(error, (ArithmeticError, Warning)):
        return error  # np.errstate or a warnings filter asked for it: not a misuse
    kind = type(error) if type(error) in (TypeError, IndexError) else ValueError
    return kind(
        explain(
            f"{row.name}({shown}), at {user_line()}",
            named(args),
            f"{error}",
            _likely_fix(args, error),
        )
    )


def _likely_fix(args: Any, error: Exception) -> str:
    arrays = [getattr(a, "data", a) for a in args]
    if any(getattr(a, "dtype", None) == object for a in arrays):
        return (
            "elements of an object array need the operation themselves: for SymPy use "
            "minigrad.symbolic.expressions(...), or stay with + - * /."
        )
    if isinstance(error, IndexError):  # NumPy's AxisError is one too
        return "axes and entries count from 0, or backwards from -1, within the shape."
    return (
        "make the shapes agree: x.reshape(...), x.transpose(...), x[..., None], or "
        "mg.matvec(W, v) for W v over the last axis."
    )
