"""Where did the tape leave a row's domain? There its lemma says nothing.

`sqrt(a**2)` with the slope 1, "a > 0", is right for a > 0 and wrong below. The identity
that `prove` shows is one of formulas: it holds on the domain, whatever numbers were
recorded. But the reader trains at the numbers that were recorded, so the certificate
says where these lie outside.

That is no refusal. A kink is outside too (sqrt at 0, whose slope is infinite), and a
tape that meets one has a gradient elsewhere, which is what was proved.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from minigrad.numpy_protocol.array_like import plain
from minigrad.primitive import Elementwise
from minigrad.proving.domains import cases
from minigrad.proving.program import where_made
from minigrad.tape import Tape
from minigrad.tensor import Tensor


def outside(tape: Tape, wrt: Collection[Tensor]) -> tuple[str, ...]:
    """Say of each step whose recorded floats lie outside its row's domain which it is.

    Only arguments that depend on `wrt` have slopes that matter. Numbers other than
    floats (objects, complex numbers) are not looked at.

    >>> x = mg.Tensor([0.0, 4.0])
    >>> outside(Tape(mg.sqrt(x)), [x])
    ('sqrt at step 1 (1 of 2 entries; a > 0)',)
    """
    moving = set(wrt)
    found = []
    for position, step in enumerate(tape):
        moves = [isinstance(a, Tensor) and a in moving for a in step.args]
        if not any(moves):
            continue
        moving.add(step)
        row = step.primitive
        arrays = [np.asarray(plain(a)) for a in step.args]
        if not (isinstance(row, Elementwise) and row.domain) or any(
            a.dtype.kind not in "fiub" for a in arrays
        ):
            continue
        inside = np.zeros(step.shape, bool)
        for case in cases(len(row.partials), row.domain):
            if all(case.moves(i) for i, is_moving in enumerate(moves) if is_moving):
                inside |= case.holds(arrays)
        if not inside.all():
            place, count = where_made(position, step), np.count_nonzero(~inside)
            entries = f"{count} of {step.size} entries"
            found.append(f"{row.name} at {place} ({entries}; {row.domain})")
    return tuple(found)
