"""The numbers that one chooses before training, all in one place.

Every field is an option of `python -m lstm train TASK`, and every task says which
values it was tried with. Together with the task's own options and a seed they determine
every number that follows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, TypeVar

from lstm import additions, others, variants
from lstm.cell import Cell, LSTMCell
from lstm.initial import PRESETS
from lstm.layer import Recurrent
from minigrad.feedforward import Rng
from minigrad.messages import explained

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Default = TypeVar("Default")

ABOVE_0 = 5e-324  # the least float above 0

# The factor of the learning rate, in (0, 1], after so many of all epochs.
SCHEDULES: Mapping[str, Callable[[int, int], float]] = {
    "constant": lambda epoch, epochs: 1.0,
    # Half a cosine: Loshchilov and Hutter 2017, equation 5.
    "cosine": lambda epoch, epochs: 0.5 * (1 + math.cos(math.pi * epoch / epochs)),
    # A tenth after half of the epochs, a hundredth after three quarters.
    "steps": lambda epoch, epochs: (
        0.1 ** ((2 * epoch >= epochs) + (4 * epoch >= 3 * epochs))
    ),
}

CELLS: Mapping[str, type[Cell]] = {
    "lstm": LSTMCell,
    "peephole": variants.PeepholeCell,
    "coupled": variants.CoupledCell,
    "no-input-gate": variants.NoInputGateCell,
    "no-forget-gate": variants.NoForgetGateCell,
    "no-output-gate": variants.NoOutputGateCell,
    "linear-candidate": variants.LinearCandidateCell,
    "linear-output": variants.LinearOutputCell,
    "full-gate-recurrence": variants.FullGateRecurrenceCell,
    "layer-norm": additions.LayerNormCell,
    "gru": others.GRUCell,
    "rnn": others.RNNCell,
    "irnn": others.IRNNCell,
}


def option(
    default: Default,
    what: str,
    choices: Sequence[str] | None = None,
    kind: type | None = None,
    least: float = -math.inf,
    most: float = math.inf,
) -> Default:
    """Return a field of a dataclass that is also an option of the command line."""
    metadata: dict[str, object] = {
        "help": what,
        "choices": choices,
        "kind": kind or type(default),
    }
    metadata |= {"least": least, "most": most}
    made: Default = field(default=default, metadata=metadata)  # typed as its default is
    return made


def require_options(settings: DataclassInstance, called: str) -> None:
    """Raise ValueError if an option has a value that it cannot have."""
    for each in fields(settings):
        value, metadata = getattr(settings, each.name), each.metadata
        if not metadata:  # a plain field has no bounds
            continue
        choices, least, most = metadata["choices"], metadata["least"], metadata["most"]
        if choices:
            fits, condition = value in choices, f"one of {', '.join(choices)}"
        elif metadata["kind"] is str or least == -math.inf:
            continue
        else:
            number = isinstance(value, int | float) and not isinstance(value, bool)
            fits = number and least <= value <= most
            condition = f"{least} or more" if most == math.inf else f"{least} to {most}"
            if least == ABOVE_0:
                condition = "above 0"
        if not fits:
            raise explained(
                ValueError,
                f"{called} with {each.name}={value!r}",
                f"{each.name} ({metadata['help']}) must be {condition}.",
                f"its default is {each.default!r}.",
            )


@dataclass(frozen=True)
class Recipe:
    """How a model is made and trained.

    >>> Recipe(hidden=4, epochs=10).learning_rate
    0.01
    """

    hidden: int = option(16, "m, the number of neurons", least=1)
    epochs: int = option(20, "how often to go through the data", least=1)
    batch: int = option(64, "examples in a mini-batch", least=1)
    learning_rate: float = option(0.01, "of Adam", least=ABOVE_0)
    schedule: str = option("constant", "of the learning rate", tuple(SCHEDULES))
    clip: float = option(1.0, "largest norm of the gradient; 0: any", least=0)
    patience: int = option(
        0, "stop after so many epochs without a better one; 0: never", least=0
    )
    cell: str = option("lstm", "what is repeated over time", tuple(CELLS))
    init: str = option("glorot", "how the weights start", tuple(PRESETS))
    forget_bias: float | None = option(
        None, "where b_f starts; None: as init has it", kind=float
    )
    dtype: str = option("float32", "of all numbers", ("float32", "float64"))

    def __post_init__(self) -> None:
        require_options(self, "a Recipe")

    def layer(self, n: int, rng: Rng) -> Recurrent:
        """Return an untrained layer over time that reads n features."""
        cell = CELLS[self.cell](
            n,
            self.hidden,
            init=self.init,
            forget_bias=self.forget_bias,
            rng=rng,
            dtype=self.dtype,
        )
        return Recurrent(cell)

    def rate(self, epoch: int) -> float:
        """Return the learning rate after so many finished epochs."""
        return self.learning_rate * SCHEDULES[self.schedule](epoch, self.epochs)
