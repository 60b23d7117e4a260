"""Functions in, derivatives out: jvp, vjp, hvp, jacobian, hessian.

Each runs the function once on fresh Tensors and reads the tape. Given plain arrays,
the results are plain arrays. Given a Tensor, or a function that uses one from outside,
the results are recorded, so transforms nest to any order: each walk carries its own
tangents, and two cannot be confused. `.data` of a result is the plain array.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.arrays import numbers
from minigrad.functions import stack
from minigrad.gradient import grad, pushforward
from minigrad.messages import explain, user_line
from minigrad.refusals import require_recorded
from minigrad.table import reshape
from minigrad.tape import Tape
from minigrad.tensor import Tensor, clock

Function = Callable[..., Any]


def _fresh(value: Any) -> Tensor:
    """Return a Tensor of the function's own: moving it does not move the original."""
    return reshape(value, value.shape) if isinstance(value, Tensor) else Tensor(value)


def _given(value: Any, recorded: bool) -> Any:
    return value if recorded or not isinstance(value, Tensor) else value.data


def _is_recorded(*groups: Sequence[Any]) -> bool:
    return any(isinstance(value, Tensor) for group in groups for value in group)


def _run(f: Function, primals: Sequence[Any]) -> tuple[list[Tensor], Tensor, bool]:
    """Return the inputs, the output, and whether a Tensor from outside has a part."""
    inputs = [_fresh(primal) for primal in primals]
    start = clock()
    output = f(*inputs)
    if isinstance(output, list | tuple):
        raise TypeError(
            explain(
                f"a derivative of a function, at {user_line()}",
                {"output": output},
                f"it returns {len(output)} values, and a derivative belongs to one.",
                "return one Tensor (mg.concatenate, mg.stack), or differentiate each.",
            )
        )
    if not isinstance(output, Tensor):
        raise TypeError(
            explain(
                f"a derivative of a function, at {user_line()}",
                {"output": output},
                f"it returns a plain {type(output).__name__}, which does not remember "
                "how it was made: the derivative would be 0.",
                "return what is computed from the Tensors: float(x), x.item() and "
                "x.data leave the tape, and so does an array that is filled; mg.stack "
                "joins a list of Tensors. A constant is mg.Tensor(3.0).",
            )
        )
    require_recorded(output)
    own = {each.tick for each in inputs}
    outside = any(step.tick < start and step.tick not in own for step in Tape(output))
    return inputs, output, outside or _is_recorded(primals)


def jvp(
    f: Function, primals: Sequence[Any], tangents: Sequence[Any]
) -> tuple[Any, Any]:
    """Return f(*primals) and its derivative in the direction of the tangents.

    >>> from minigrad import sin
    >>> jvp(lambda x: x * x, (3.0,), (1.0,))
    (array(9.), array(6.))
    """
    primals = tuple(primals)
    inputs, output, recorded = _run(f, primals)
    recorded = recorded or _is_recorded(tangents)
    directions = dict(zip(inputs, _directions(tangents, inputs, recorded), strict=True))
    tangent = pushforward(Tape(output, *inputs), directions).get(output)
    if tangent is None:
        tangent = np.zeros_like(output.data)
    if recorded and not isinstance(tangent, Tensor):
        tangent = Tensor(tangent)
    return _given(output, recorded), tangent if recorded else np.array(tangent)


def vjp(f: Function, *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """Return f(*primals) and the function that pulls its cotangent back.

    >>> y, pull = vjp(lambda x, w: x * w, 2.0, 5.0)
    >>> pull(1.0)
    (array(5.), array(2.))
    """
    inputs, output, recorded = _run(f, primals)

    def pull(cotangent: Any) -> tuple[Any, ...]:
        record = recorded or _is_recorded([cotangent])
        return grad(output, tuple(inputs), record=record, seed=cotangent)

    return _given(output, recorded), pull


def hvp(f: Function, primals: Sequence[Any], vectors: Sequence[Any]) -> tuple[Any, ...]:
    """Return the Hessian of scalar f times the vectors, forward over reverse.

    >>> hvp(lambda x: (x * x * x).sum(), ([1.0, 2.0],), ([1.0, 1.0],))
    (array([ 6., 12.]),)
    """
    inputs, output, recorded = _run(f, tuple(primals))
    recorded = recorded or _is_recorded(vectors)
    gradients = grad(output, tuple(inputs), record=True)
    directions = dict(zip(inputs, _directions(vectors, inputs, recorded), strict=True))
    moved = pushforward(Tape(*gradients, *inputs), directions)
    products = (moved.get(g, np.zeros_like(g.data)) for g in gradients)
    if recorded:
        return tuple(p if isinstance(p, Tensor) else Tensor(p) for p in products)
    return tuple(np.array(product) for product in products)


def jacobian(f: Function, argument: int = 0) -> Function:
    """Return the function that gives all first derivatives of f in one argument.

    Its result has shape output.shape + input.shape; one reverse walk an output entry.

    >>> jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    def of(*primals: Any) -> Any:
        inputs, output, record = _run(f, primals)
        x = inputs[argument]
        units = np.eye(output.size, dtype=output.dtype).reshape(
            output.size, *output.shape
        )
        rows = [grad(output, x, record=record, seed=unit) for unit in units]
        shape = output.shape + x.shape
        if not rows:
            return np.zeros(shape, x.dtype)
        return (stack(rows) if record else np.stack(rows)).reshape(shape)

    return of


def hessian(f: Function, argument: int = 0) -> Function:
    """Return the function that gives all second derivatives of scalar f.

    >>> hessian(lambda x: x[0] * x[0] * x[1])(np.array([3.0, 5.0]))
    array([[10.,  6.],
           [ 6.,  0.]])
    """

    def gradient(*primals: Any) -> Any:
        inputs, output, recorded = _run(f, primals)
        return grad(output, inputs[argument], record=recorded)

    return jacobian(gradient, argument)


def _directions(vectors: Sequence[Any], inputs: Sequence[Tensor], record: bool) -> list:
    asked = "a directional derivative"
    vectors = [
        v if isinstance(v, Tensor) else numbers(v, asked, f"direction {i}")
        for i, v in enumerate(vectors)
    ]
    shapes = [np.shape(vector) for vector in vectors]
    if shapes != [each.shape for each in inputs]:
        raise ValueError(
            explain(
                f"{asked}, at {user_line()}",
                {f"primal {i}": each for i, each in enumerate(inputs)},
                f"the directions have shapes {shapes}: one of the same shape is needed "
                "for each primal.",
                "give a direction for every primal; zeros for one that stays.",
            )
        )
    return [
        vector
        if isinstance(vector, Tensor)
        else Tensor(np.asarray(vector, each.dtype))
        if record
        else np.asarray(vector, each.dtype)
        for vector, each in zip(vectors, inputs, strict=True)
    ]
