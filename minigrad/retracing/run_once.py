"""Running a function once, on Tensors of its own.

An argument is an array, a number, or a structure of such: a tuple, list or dict of
arrays. A list of numbers alone is an array, and so is every other leaf; of a Module the
Parameters are the inputs, as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Number
from typing import Any

import numpy as np

from minigrad.messages import a_kind, explained
from minigrad.numpy_protocol.array_like import current
from minigrad.refusals import RETURNED, require_recorded, require_tensor
from minigrad.shapes import is_module, leaves, mapped
from minigrad.table import reshape
from minigrad.tape import Tape
from minigrad.tensor import Tensor, clock

Function = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Run:
    """One run of a function: its inputs and output, and what it returned beside it.

    recorded  whether a Tensor from outside has a part in it
    """

    inputs: list[Tensor]
    output: Tensor
    other: Any
    recorded: bool


def run_on_fresh(
    f: Function,
    args: Sequence[Any],
    asked: str,
    positions: Sequence[int] | None = None,
    options: Any = None,
    has_aux: bool = False,
) -> Run:
    """Call f with fresh Tensors at the positions, at all if None."""
    given, inputs = list(args), []
    for i in range(len(args)) if positions is None else positions:
        if not -len(args) <= i < len(args):
            raise _not_given(asked, i, args)
        given[i], found = fresh(given[i])
        inputs += found
    start = clock()
    try:
        output = f(*given, **(options or {}))
    except TypeError as error:
        if error.__traceback__ is None or error.__traceback__.tb_next is not None:
            raise
        raise _not_callable_so(asked, f, args, error) from error
    other = None
    if has_aux:
        output, other = _pair(output)
    output = output if isinstance(output, list | tuple) else current(output)
    if isinstance(output, list | tuple | dict):
        raise explained(
            TypeError,
            asked,
            {RETURNED: output},
            f"f returns {len(output)} values, and a derivative belongs to one.",
            "return one Tensor (mg.concatenate, mg.stack), or differentiate each; "
            "beside a loss, mg.value_and_grad(f, has_aux=True) takes one more.",
        )
    require_tensor(output, asked, RETURNED)
    require_recorded(output, asked)
    own = {each.tick for each in inputs}
    outside = any(step.tick < start and step.tick not in own for step in Tape(output))
    return Run(inputs, output, other, outside or is_recorded(args))


def fresh(structure: Any) -> tuple[Any, list[Tensor]]:
    """Return the structure with Tensors of the function's own in it, and these.

    Moving them does not move the originals; only a Module's Parameters are themselves.
    """
    found: list[Tensor] = []

    def leaf(_: str, value: Any) -> Any:
        if is_module(value):
            found.extend(value.parameters())
            return value
        tensor = isinstance(value, Tensor)
        found.append(reshape(value, value.shape) if tensor else Tensor(value))
        return found[-1]

    return mapped(leaf, structure, "", is_array), found


def in_structure(structures: Sequence[Any], results: Sequence[Any]) -> list[Any]:
    """Return the results in the structures of the arguments, in which they stand."""
    following = iter(results)

    def leaf(_: str, value: Any) -> Any:
        if is_module(value):
            return {path: next(following) for path, _ in value.named_parameters()}
        return next(following)

    return [mapped(leaf, each, "", is_array) for each in structures]


def is_array(value: Any) -> bool:
    """Is this one array, and no structure: a list of numbers is an array?"""
    if not isinstance(value, list | tuple | dict) or not value:
        return True
    return not isinstance(value, dict) and all(map(_is_number, value))


def _is_number(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_number, value))
    return isinstance(value, Number)


def is_recorded(structure: Any) -> bool:
    """Is a Tensor given, which is not the Parameter of a given Module?"""
    found = leaves(structure, open_modules=False).values()
    return any(isinstance(value, Tensor) for value in found)


# ----------------------------------------------------------- called the other way round


def require_function(
    f: Any, name: str, of_tensor: str = "mg.grad(loss, inputs)"
) -> None:
    """Refuse what is no function where one is differentiated."""
    if callable(f):
        return
    fix = f"give the function that computes it: mg.{name}(f)."
    if isinstance(f, Tensor):
        fix = f"of a Tensor, {of_tensor}; of the function, mg.{name}(f)."
    why = "it takes a function, and runs it."
    asked = f"{name} of {a_kind(f)}"
    raise explained(TypeError, asked, {"f": f}, why, fix)


def positions_of(f: Any, argnums: Any, name: str) -> list[int]:
    """Return the positions of the arguments to differentiate by, or refuse others."""
    require_function(f, name)
    listed = list(argnums) if isinstance(argnums, list | tuple) else [argnums]
    if listed and all(isinstance(i, int | np.integer) for i in listed):
        return listed
    if is_module(f):
        fix = f"mg.{name}(f)(model, x), where f(model, x) is the loss; or of a Tensor, "
        fix += "mg.grad(loss, model)."
    else:
        fix = f"give the arguments to the function that is returned: mg.{name}(f)(x)."
    raise explained(
        TypeError,
        f"{name}(f, argnums) of {a_kind(argnums)}",
        {"argnums": argnums},
        f"{name} returns a function; argnums are positions, 0 or (0, 1).",
        fix,
    )


def _not_given(asked: str, i: int, args: Sequence[Any]) -> TypeError:
    return explained(
        TypeError,
        f"{asked} in argument {i}",
        {f"argument {k}": each for k, each in enumerate(args)},
        f"{len(args)} arguments were given by position, counted from 0.",
        "give that argument by its position, or choose another: argnums=0.",
    )


def _not_callable_so(
    asked: str, f: Any, args: Sequence[Any], error: TypeError
) -> TypeError:
    return explained(
        TypeError,
        asked,
        {f"argument {k}": each for k, each in enumerate(args)},
        f"f cannot be called with these: {error}.",
        "give the arguments of f, and nothing else, in its order.",
    )


def _pair(output: Any) -> tuple[Any, Any]:
    if isinstance(output, list | tuple) and len(output) == 2:
        return output[0], output[1]
    raise explained(
        TypeError,
        "value_and_grad(f, has_aux=True)",
        {RETURNED: output},
        "f returns a pair then: the number to differentiate, and anything else.",
        "return loss, other; or leave has_aux away.",
    )
