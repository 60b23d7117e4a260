"""What `prove` may be asked, and what it says where there is nothing to prove."""

from __future__ import annotations

from typing import Any

from minigrad.messages import explain, user_line
from minigrad.parameter import Parameter
from minigrad.refusals import require_recorded, require_unspoilt
from minigrad.shapes import inputs_asked
from minigrad.symbolic.arrays.large import work
from minigrad.tape import Tape
from minigrad.tensor import Tensor

ZERO = ", so its gradient is zero whatever the rules say."
MOST_AT_ORDER_2 = 400_000  # half a minute: some 75 microseconds each, measured


def question(output: Any, wrt: Any, order: int) -> tuple[Tape, list[Tensor]]:
    """Return the tape and the Tensors to differentiate by, or say why there is none."""
    require_recorded(output, "prove")
    asked = f"prove(output, wrt), at {user_line()}"
    name = output.name or "output"
    if output.size != 1:
        raise ValueError(
            explain(
                asked,
                {name: output},
                "a gradient belongs to one number.",
                "prove a loss: y.sum(), or (y * g).sum() with a cotangent g.",
            )
        )
    if output.primitive is None:
        raise ValueError(
            explain(
                asked,
                {name: output},
                "it is a leaf: nothing was computed, so there is nothing to prove.",
                "prove the result of a computation.",
            )
        )
    if order not in (1, 2):
        raise ValueError(
            explain(
                f"prove(output, order={order!r}), at {user_line()}",
                {},
                "the gradient is of order 1, the Hessian times a vector of order 2.",
                "order=1 or order=2; a recorded gradient is a tape of its own, and "
                "<gradient, u> can be proved to order 2 again.",
            )
        )
    tape = Tape(output)
    require_unspoilt(tape.steps, "prove")
    if order == 2 and work(tape) > MOST_AT_ORDER_2:
        raise ValueError(
            explain(
                f"prove(output, wrt, order=2), at {user_line()}",
                {name: output},
                f"its tape is too large: about {work(tape):,.0f} products and sums of "
                "single entries, and second derivatives are proved entry by entry, up "
                f"to {MOST_AT_ORDER_2:,} of them.",
                "prove this tape with order=1, which takes whole arrays, and order=2 "
                "on a model of the same kind with fewer steps, units or examples.",
            )
        )
    by = inputs_asked(tape, wrt, "prove", asked, ZERO)
    made = [each for each in by if each.primitive is not None]
    if order == 2 and made:
        raise ValueError(
            explain(
                f"prove(output, wrt, order=2), at {user_line()}",
                {made[0].name or "wrt": made[0]},
                "it was computed, so its own rule reads it too: a second derivative "
                "by it has no clear meaning.",
                "ask by leaves: inputs and Parameters; t.detach() makes a leaf.",
            )
        )
    return tape, by


def parameters_alone(leaves: list[Tensor]) -> list[Tensor]:
    """Return the Parameters among some leaves, for which training asks; [] if all are.

    >>> parameters_alone([Tensor(1.0)])
    []
    """
    found: list[Tensor] = [each for each in leaves if isinstance(each, Parameter)]
    return found if len(found) < len(leaves) else []


def named_in(tape: Tape, wrt: list[Tensor]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Return name and shape of each; without a name, its step on the tape."""
    position = {step: k for k, step in enumerate(tape)}
    return tuple((each.name or f"t{position[each]}", each.shape) for each in wrt)
