"""What cannot be differentiated, and why: the refusals of the tape."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from minigrad.messages import explain, user_line
from minigrad.tensor import RELEASED, UNRECORDED, Tensor

OUTPUT = "call the Module, model(x), and give what it returns"
WRT = "of a Module pass model.parameters()"


def require_tensor(value: Any, asked: str, of_module: str = OUTPUT) -> None:
    """Refuse what carries no record; of a Module, say what to give in its place."""
    if not isinstance(value, Tensor):
        kind = type(value).__name__
        article = "an" if kind[0] in "aeiou" else "a"
        raise TypeError(
            explain(
                f"{asked} of {article} {kind}, at {user_line()}",
                {"value": value},
                "only a Tensor remembers how it was made.",
                f"make the inputs Tensors before computing, x = mg.Tensor(x); "
                f"{of_module}.",
            )
        )


def require_recorded(output: Any, asked: str = "the gradient") -> None:
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
    return ValueError(
        explain(
            f"{asked} of a Tensor without a record, at {user_line()}",
            {node.name or "output": node},
            "its tape was released."
            if released
            else "it was computed under no_grad(), so nothing was recorded.",
            "ask before Tape.release(); to go on from a state, cut the tape "
            "with state.detach()."
            if released
            else "compute it outside no_grad().",
        )
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
    return ValueError(
        explain(
            f"a derivative of a tape that used {arg.name or 'a Parameter'}, "
            f"at {user_line()}",
            {arg.name or "parameter": arg, "used by": node},
            "the Parameter was updated after this tape was recorded, so the numbers "
            "that were used are gone.",
            "differentiate before the update, or compute the loss again after it.",
        )
    )


def bad_rule(node: Tensor, i: int, arg: Tensor, why: str) -> TypeError:
    """Say what is wrong with what a rule returned."""
    name = node.primitive.name if node.primitive else ""
    return TypeError(
        explain(
            f"the rule of {name} for its argument {i}",
            {"argument": arg, "result": node},
            why + f" A cotangent has its argument's shape, here {arg.shape}.",
            f"mend that rule in the row {name!r}: it is called as "
            "partial(y, *args) in an elementwise row, adjoint(g, *args, **options) "
            "in a linear one.",
        )
    )
