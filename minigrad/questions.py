"""What a reading is asked: of which outputs, and with respect to which inputs.

Every reading takes outputs and inputs in the structures in which models return them and
hold them: (y, state), a NamedTuple, a list, a dict; and for inputs a Module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from minigrad.messages import explained
from minigrad.refusals import inputs_in, outputs_in, require_kept, require_recorded
from minigrad.tape import Tape
from minigrad.tensor import Tensor
from minigrad.types import Structure

if TYPE_CHECKING:
    from minigrad.module import Module

Outputs: TypeAlias = Structure[Tensor]
Inputs: TypeAlias = "Module | Structure[Tensor] | None"  # every leaf if None


def tape_of(output: Outputs, reading: str) -> Tape:
    """Return the tape of a Tensor, or of all Tensors in a structure.

    >>> len(tape_of([Tensor(1.0), {"b": Tensor(2.0)}], "draw"))
    2

    Raises TypeError for what is no Tensor, ValueError for one without a record.
    """
    outputs = list(dict.fromkeys(outputs_in(output, reading)))
    for each in outputs:
        require_recorded(each, reading)
    tape = Tape(*outputs)
    require_kept(tape, reading)
    return tape


def chosen_inputs(
    tape: Tape, wrt: Inputs, reading: str, asked: str, why: str
) -> list[Tensor]:
    """Return the Tensors of a tape to differentiate by, each once.

    wrt      a Tensor, a Module, or a structure of such; every leaf if None
    reading  what asks, as code; asked: the whole call
    why      what it means that the output was not computed from a Tensor

    >>> a, b = Tensor(1.0), Tensor(2.0)
    >>> len(chosen_inputs(Tape(a, b), {"a": a, "again": a}, "prove", "prove(...)", ""))
    1

    Raises TypeError for what is no Tensor, ValueError for one that is not on the tape.
    """
    if wrt is None:
        return tape.leaves
    on_tape = set(tape)
    inputs = inputs_in(wrt, reading)
    for each in inputs:
        if each not in on_tape:
            raise explained(
                ValueError,
                asked,
                {"output": tape.outputs[0], "wrt": each},
                f"the output was not computed from this wrt{why}",
                "pass the very Tensors that the computation used; list(mg.Tape("
                "output)) shows them.",
            )
    return list(dict.fromkeys(inputs))
