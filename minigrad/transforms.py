"""Functions in, derivatives out: grad(f), jvp, vjp, hvp, jacobian, hessian.

Each runs the function once on fresh Tensors and reads the tape. Given plain arrays,
the results are plain arrays. Given a Tensor, or a function that uses one from outside,
the results are recorded, so transforms nest to any order: each walk carries its own
tangents, and two cannot be confused. `.data` of a result is the plain array.

An argument may be a structure, a tuple, list or dict of arrays; its derivative has the
same structure. Of a Module, `grad(f)` gives the gradients of the Parameters by path.

A function that returns a plain array or a number is refused, since what it computed is
not recorded. One that is constant on purpose returns `mg.Tensor(3.0)`: its derivatives
are zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad import gradient
from minigrad.functions import stack
from minigrad.gradient import grad, pushforward
from minigrad.habits import taught
from minigrad.messages import explained
from minigrad.numpy_protocol.array_like import as_array
from minigrad.numpy_protocol.arrays import numbers
from minigrad.retracing.run_once import (
    Function,
    in_structure,
    is_array,
    is_recorded,
    positions_of,
    require_function,
    run_on_fresh,
)
from minigrad.shapes import is_module, mapped
from minigrad.tape import Tape
from minigrad.tensor import Tensor


@taught
def value_and_grad(
    f: Function,
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    record: bool = False,
) -> Function:
    """Return the function that gives f's value, one number, and its gradient.

    argnums  the argument to differentiate by, or several; others are handed on as they
             are. Of several the gradient is a tuple
    has_aux  f returns (value, other), and the result is ((value, other), gradient)
    record   record the gradient, also where only arrays are given

    >>> value_and_grad(lambda w, x: (w * x).sum())(np.array([1.0, 2.0]), 3.0)
    (array(9.), array([3., 3.]))

    The function is called with the arguments of f; `grad(f)` gives the gradient alone.
    """
    positions = positions_of(f, argnums, "value_and_grad")

    def of(*args: Any, **options: Any) -> Any:
        run = run_on_fresh(f, args, "value_and_grad(f)", positions, options, has_aux)
        gradients = grad(run.output, run.inputs, record=run.recorded or record)
        value = _given(run.output, run.recorded)
        found = in_structure([args[i] for i in positions], gradients)
        return (value, run.other) if has_aux else value, _as_asked(argnums, found)

    return of


def _grad_of_function(
    f: Function, argnums: Any, record: bool, seed: Any, asked: str = "grad(f)"
) -> Function:
    """Return the function that gives the gradient of f: what `grad(f)` is."""
    argnums = 0 if argnums is None else argnums
    positions = positions_of(f, argnums, "grad")

    def of(*args: Any, **options: Any) -> Any:
        run = run_on_fresh(f, args, asked, positions, options)
        recorded = run.recorded or record
        gradients = grad(run.output, run.inputs, record=recorded, seed=seed)
        found = in_structure([args[i] for i in positions], gradients)
        return _as_asked(argnums, found)

    return of


gradient.of_function = _grad_of_function


@taught
def jvp(
    f: Function, primals: Sequence[Any], tangents: Sequence[Any]
) -> tuple[Any, Any]:
    """Return f(*primals) and its derivative in the direction of the tangents.

    >>> jvp(lambda x: x * x, (3.0,), (1.0,))
    (array(9.), array(6.))
    """
    _require_tuples("jvp", f, primals, tangents)
    run = run_on_fresh(f, primals, "jvp(f)")
    recorded = run.recorded or is_recorded(tangents)
    directions = _directions(tangents, run.inputs, recorded)
    moved = pushforward(Tape(run.output, *run.inputs), directions)
    tangent = moved.get(run.output)
    if tangent is None:
        tangent = np.zeros_like(run.output.data)
    if recorded and not isinstance(tangent, Tensor):
        tangent = Tensor(tangent)
    return _given(run.output, recorded), tangent if recorded else np.copy(tangent)


@taught
def vjp(f: Function, *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """Return f(*primals) and the function that pulls its cotangent back.

    >>> y, pull = vjp(lambda x, w: x * w, 2.0, 5.0)
    >>> pull(1.0)
    (array(5.), array(2.))
    """
    require_function(f, "vjp")
    if not primals:
        why = "f is run at its arguments, and none were given."
        fix = "y, pull = mg.vjp(f, x); x_bar, = pull(y_bar)."
        raise explained(TypeError, "vjp(f)", {"f": f}, why, fix)
    run = run_on_fresh(f, primals, "vjp(f)")

    def pull(cotangent: Any) -> tuple[Any, ...]:
        record = run.recorded or is_recorded([cotangent])
        found = grad(run.output, run.inputs, record=record, seed=cotangent)
        return tuple(in_structure(primals, found))

    return _given(run.output, run.recorded), pull


@taught
def hvp(f: Function, primals: Sequence[Any], vectors: Sequence[Any]) -> tuple[Any, ...]:
    """Return the Hessian of scalar f times the vectors, forward over reverse.

    >>> hvp(lambda x: (x * x * x).sum(), ([1.0, 2.0],), ([1.0, 1.0],))
    (array([ 6., 12.]),)
    """
    _require_tuples("hvp", f, primals, vectors)
    run = run_on_fresh(f, primals, "hvp(f)")
    recorded = run.recorded or is_recorded(vectors)
    gradients = grad(run.output, run.inputs, record=True)
    directions = _directions(vectors, run.inputs, recorded)
    moved = pushforward(Tape(*gradients, *run.inputs), directions)
    products: list[Any] = [moved.get(g, np.zeros_like(g.data)) for g in gradients]
    if recorded:
        products = [p if isinstance(p, Tensor) else Tensor(p) for p in products]
    else:
        products = [np.copy(product) for product in products]
    return tuple(in_structure(primals, products))


@taught
def jacobian(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Return the function that gives all first derivatives of f in an argument.

    Its result has shape output.shape + input.shape; one reverse walk an output entry.
    Of several argnums it is a tuple.

    >>> jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    positions = positions_of(f, argnums, "jacobian")

    def of(*args: Any, **options: Any) -> Any:
        run = run_on_fresh(f, args, "jacobian(f)", positions, options)
        _require_arrays(run.inputs, [args[i] for i in positions])
        output = run.output
        units = np.eye(output.size, dtype=output.dtype)
        rows = [
            grad(output, run.inputs, record=run.recorded, seed=unit)
            for unit in units.reshape(output.size, *output.shape)
        ]
        join = stack if run.recorded else np.stack
        found = []
        for i, x in enumerate(run.inputs):
            shape = output.shape + x.shape
            each = [row[i] for row in rows]
            found.append(
                join(each).reshape(shape) if rows else np.zeros(shape, x.dtype)
            )
        return _as_asked(argnums, found)

    return of


@taught
def hessian(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Return the function that gives all second derivatives of scalar f.

    Of several argnums it is a tuple of tuples, as in JAX.

    >>> hessian(lambda x: x[0] * x[0] * x[1])(np.array([3.0, 5.0]))
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    positions = positions_of(f, argnums, "hessian")
    slopes = [_grad_of_function(f, i, False, None, "hessian(f)") for i in positions]
    rows = [jacobian(slope, argnums) for slope in slopes]

    def of(*args: Any, **options: Any) -> Any:
        return _as_asked(argnums, [row(*args, **options) for row in rows])

    return of


def _given(value: Tensor, recorded: bool) -> Any:
    return value if recorded else value.data


def _as_asked(argnums: Any, found: Sequence[Any]) -> Any:
    return tuple(found) if isinstance(argnums, list | tuple) else found[0]


def _directions(
    vectors: Sequence[Any], inputs: Sequence[Tensor], record: bool
) -> dict[Tensor, Any]:
    """Return the direction in which each input moves."""
    asked = "a directional derivative"
    found: list[Any] = []
    for each in vectors:
        mapped(lambda _, v: found.append(v), each, "", is_array)
    found = [
        v if isinstance(v, Tensor) else numbers(v, asked, f"direction {i}")
        for i, v in enumerate(found)
    ]
    shapes = [np.shape(vector) for vector in found]
    if shapes != [each.shape for each in inputs]:
        raise explained(
            ValueError,
            asked,
            {f"primal {i}": each for i, each in enumerate(inputs)},
            f"the directions have shapes {shapes}: one of the same shape is needed "
            "for each primal.",
            "give a direction for every primal; zeros for one that stays.",
        )
    directions = {}
    for vector, each in zip(found, inputs, strict=True):
        if not isinstance(vector, Tensor):
            vector = as_array(vector, each.dtype)
        fixed = isinstance(vector, Tensor) or not record
        directions[each] = vector if fixed else Tensor(vector)
    return directions


def _require_tuples(name: str, f: Any, primals: Any, vectors: Any) -> None:
    require_function(f, name)
    if isinstance(primals, list | tuple) and isinstance(vectors, list | tuple):
        return
    raise explained(
        TypeError,
        f"{name}(f, primals, {'tangents' if name == 'jvp' else 'vectors'})",
        {"primals": primals, "vectors": vectors},
        "they are as many as f has arguments, so each is a tuple.",
        f"write mg.{name}(f, (x,), (v,)).",
    )


def _require_arrays(inputs: Sequence[Any], structures: Sequence[Any]) -> None:
    if all(is_array(each) and not is_module(each) for each in structures):
        return
    raise explained(
        TypeError,
        "jacobian(f) of a structure",
        {f"input {i}": each for i, each in enumerate(inputs)},
        "its result has the axes of one array after those of the output.",
        "give each array as an argument of its own, and argnums=(0, 1); or take "
        "gradients, mg.grad(f), which have the structure.",
    )
