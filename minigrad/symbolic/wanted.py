"""With respect to what? The Tensors a reader names, or every leaf of the tape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minigrad.messages import explain
from minigrad.refusals import WRT, require_tensor
from minigrad.tape import Tape
from minigrad.tensor import Tensor


def wanted(tape: Tape, wrt: Any, reading: str, asked: str, why: str) -> list[Tensor]:
    """Return the Tensors of a tape to differentiate by, each once.

    wrt      a Tensor, or a list, tuple or dict of them; every leaf if None
    reading  what asks, as code; asked: the whole call
    why      what it means that the output was not computed from a Tensor

    >>> a, b = Tensor(1.0), Tensor(2.0)
    >>> len(wanted(Tape(a, b), {"a": a, "again": a}, "prove", "prove(...)", ""))
    1

    Raises TypeError for what is no Tensor, ValueError for one that is not on the tape.
    """
    if wrt is None:
        return tape.leaves
    if isinstance(wrt, Mapping):
        wrt = list(wrt.values())
    elif not isinstance(wrt, list | tuple):
        wrt = [wrt]
    on_tape = set(tape)
    for each in wrt:
        require_tensor(each, f"{reading}(output, wrt)", WRT)
        if each not in on_tape:
            raise ValueError(
                explain(
                    asked,
                    {"output": tape.outputs[0], "wrt": each},
                    f"the output was not computed from this wrt{why}",
                    "pass the very Tensors that the computation used; list(mg.Tape("
                    "output)) shows them.",
                )
            )
    return list(dict.fromkeys(wrt))
