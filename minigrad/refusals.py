"""What cannot be differentiated, and why: the refusals of the tape."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from minigrad.messages import a_kind, explained
from minigrad.numpy_protocol.array_like import ArrayLike
from minigrad.shapes import holds, is_module, leaves, mapped
from minigrad.tensor import RELEASED, UNRECORDED, Tensor

RETURNED = "f(*args)"  # the role of what a function returned that a reading called


def outputs_in(structure: object, asked: str, role: str = "output") -> list[Tensor]:
    """Return the Tensors of a structure of outputs, or refuse another leaf.

    >>> len(outputs_in((Tensor(1.0), {"c": Tensor(2.0)}), "Tape(output)"))
    2
    """
    found = leaves(structure, open_modules=False)
    if not found:
        why, fix = "there is no Tensor in it.", "give a Tensor, or a structure of some."
        asked = f"{asked} of nothing"
        raise explained(ValueError, asked, {role: structure}, why, fix)
    for place, each in found.items():
        require_tensor(each, asked, role + place)
    return list(found.values())


def inputs_in(structure: object, asked: str) -> list[Tensor]:
    """Return the Tensors to differentiate by, in the order of their structure.

    Of a Module these are its Parameters. Raises TypeError for another leaf.
    """
    found = leaves(structure)
    for place, each in found.items():
        if not isinstance(each, Tensor):
            raise explained(
                TypeError,
                f"{asked} with respect to {a_kind(each)}",
                {f"inputs{place}": each},
                "a gradient belongs to Tensors that the computation used.",
                _input_instead(each),
            )
    return list(found.values())


def require_unwritten(inputs: object, outputs: list[Tensor], plan: list[Any]) -> None:
    """Refuse an array that was written to after the output had read it.

    The gradient is with respect to what is in it now, which would be zero.
    """
    found: list[Any] = []
    mapped(lambda _, each: found.append(each), inputs, "", lambda part: not holds(part))
    written = [each for each in found if _is_writable(each)]
    if not written:
        return
    used = {arg.tick for _, _, edges in plan for _, arg in edges}
    used |= {each.tick for each in outputs}
    for each in written:
        if each.current().tick not in used:
            raise explained(
                ValueError,
                "the gradient with respect to an array",
                {"input": each, "output": outputs[0]},
                "the output does not depend on what is in the array now; perhaps "
                "it was written to after the output had read it.",
                "differentiate by what was read: x = array.current() before, and "
                "then mg.grad(output, x).",
            )


def _is_writable(value: object) -> bool:
    """Is this an array that can be written to?"""
    return isinstance(value, ArrayLike) and not isinstance(value, Tensor)


def require_tensor(value: object, asked: str, role: str = "output") -> None:
    """Refuse what carries no record, and say how to come by what does."""
    if not isinstance(value, Tensor):
        raise explained(
            TypeError,
            f"{asked} of {a_kind(value)}",
            {role: value},
            "only a Tensor remembers how it was made.",
            _output_instead(value, role.startswith(RETURNED)),
        )


def _output_instead(value: object, returned: bool) -> str:
    """Say what to give, or what f should return, in the place of what is no Tensor."""
    if returned and value is None:
        return "return the result: a function without return gives None."
    if returned and not callable(value):
        return (
            "return what is computed from the Tensors: float(x), x.item() and x.data "
            "leave the tape, and so does an array that is filled; mg.stack joins a "
            "list of Tensors. A constant is mg.Tensor(3.0)."
        )
    if isinstance(value, type):
        return f"make one, model = {value.__name__}(...), and give y = model(x)."
    if is_module(value):
        return "call the Module, y = model(x), and give y."
    if callable(value):
        return "call it with Tensors, y = f(mg.Tensor(x)), and give y."
    if hasattr(value, "outputs"):
        return "give the outputs of the tape, tape.outputs."
    if value is None:
        return "give what was computed; a function without return gives None."
    if isinstance(value, str | bytes):
        return "give the Tensor itself; its name is only for people."
    return (
        "make the inputs Tensors before computing, x = mg.Tensor(x), and give what is "
        "computed from them; float(t), t.item() and t.data leave the tape."
    )


def _input_instead(value: object) -> str:
    """Say what to give in the place of an input that is no Tensor."""
    if isinstance(value, str | bytes):
        return "give the Tensor itself; its name is only for people."
    if callable(value):
        return "give the Tensors it was called with; of a function: mg.grad(f)(x)."
    return (
        "give a Tensor, a Module, or a list, tuple or dict of them; of an array the "
        "Tensor that was made of it, x = mg.Tensor(array), before computing with x."
    )


def require_recorded(output: Tensor, asked: str = "the gradient") -> None:
    """Refuse an output whose record was never made, or is gone."""
    require_tensor(output, asked)
    if output.options is UNRECORDED or output.options is RELEASED:
        raise unrecorded(output, asked)


def require_kept(steps: Iterable[Tensor], asked: str) -> None:
    """Refuse a tape of which a part was released."""
    for node in steps:
        if node.options is RELEASED:
            raise unrecorded(node, asked)


def unrecorded(node: Tensor, asked: str = "a derivative") -> ValueError:
    """Say why a Tensor has no record."""
    released = node.options is RELEASED
    return explained(
        ValueError,
        f"{asked} of a Tensor without a record",
        {node.name or "output": node},
        "its tape was released, or a compiled program computed it."
        if released
        else "it was computed under no_grad(), so nothing was recorded.",
        "ask before Tape.release(), or within the function that is compiled; to go "
        "on from a state, cut the tape with state.detach()."
        if released
        else "compute it outside no_grad().",
    )


def require_unspoilt(steps: Sequence[Tensor], asked: str = "a derivative") -> None:
    """Refuse a tape that was released, or is older than a Parameter on it."""
    require_kept(steps, asked)
    for node in steps:
        for arg in node.args:
            if isinstance(arg, Tensor) and arg.tick > node.tick:
                raise stale(arg, node)


def stale(arg: Tensor, node: Tensor) -> ValueError:
    """Say that a Parameter is younger than the step that used it."""
    return explained(
        ValueError,
        f"a derivative of a tape that used {arg.name or 'a Parameter'}",
        {arg.name or "parameter": arg, "used by": node},
        "the Parameter was updated after this tape was recorded, so the numbers "
        "that were used are gone.",
        "differentiate before the update, or compute the loss again after it.",
    )


def bad_rule(node: Tensor, i: int, arg: Tensor, why: str) -> TypeError:
    """Say what is wrong with what a rule returned."""
    name = node.primitive.name if node.primitive else ""
    return explained(
        TypeError,
        f"the rule of {name} for its argument {i}",
        {"argument": arg, "result": node},
        why + f" A cotangent has its argument's shape, here {arg.shape}.",
        f"mend that rule in the row {name!r}: it is called as "
        "partial(y, *args) in an elementwise row, adjoint(g, *args, **options) "
        "in a linear one.",
    )
