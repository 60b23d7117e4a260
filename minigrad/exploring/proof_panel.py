"""What was proved of the gradient on the page, or that it was not asked."""

from __future__ import annotations

from collections.abc import Sequence

from minigrad.exploring.data import SEED
from minigrad.exploring.step_panels import text
from minigrad.tape import Tape
from minigrad.tensor import Tensor


def proof_of(tape: Tape, wrt: Sequence[Tensor] | None, asked: bool) -> str:
    """Return, as HTML, the certificate of the tape, or what refuted it."""
    if not asked:
        return (
            "<p>Not proved on this page: with <code>prove=True</code>, "
            "<code>mg.explore</code> runs <code>mg.prove</code> and shows its "
            "certificate here.</p>"
        )
    from minigrad.proving import ProofFailed, prove

    output = tape.outputs[0] if len(tape.outputs) == 1 else list(tape.outputs)
    try:
        certificate = prove(output, wrt, seed=SEED)
    except ProofFailed as error:
        return f'<p class="warning"><b>Refuted.</b></p><pre>{_lines(str(error))}</pre>'
    except (TypeError, ValueError) as error:
        return f"<p>Not proved: it cannot be asked.</p><pre>{_lines(str(error))}</pre>"
    return f'<pre tabindex="0">{_lines(str(certificate))}</pre>'


def _lines(several: str) -> str:
    return "\n".join(map(text, several.split("\n")))
