"""From DOT text to svg, pdf and png, on any machine.

    1. the renderer you choose: an argument, or the environment variable
       MINIGRAD_RENDERER: "dot", "graphviz-pure", or the path of a program like dot
    2. `dot` of an installed Graphviz, if there is one
    3. `graphviz-pure`, which comes with this package as a wheel; it writes svg, and
       `paper.py` makes pdf and png of that

The next is tried when one fails, and also where Graphviz finds no font: in a bare
container it would paint a picture without any words, and say nothing. Each is a process
of its own with a time limit: a layout can take hours, and then it must be possible to
end it.
"""

from __future__ import annotations

import functools
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from minigrad.drawing import paper
from minigrad.drawing.centred import centred
from minigrad.drawing.free_words import with_words_placed
from minigrad.messages import error_message

FORMATS = ("svg", "pdf", "png")
TIME_LIMIT = 20.0  # seconds, for each process
PURE = "graphviz-pure"
DOTS_PER_INCH = "144"
DATE = re.compile(rb"/CreationDate \(D:\d{14}")  # of a pdf, written in plain text
REFUSED = "it ran, and refused: "
MISSING = "ModuleNotFoundError"  # what it ran with is not all there
NO_DATE = b"/CreationDate (D:19700101000000"
ABOUT = re.compile(rb"/Producer \(cairo [^\n]*\n +/CreationDate \([^)]*\)")
FONT = re.compile(rb"/Font(Descriptor|File)|/Length1|/Subtype */(CIDFontType0|Type1)C")
SUBSCRIPT = re.compile(  # of an svg: a text of its own, placed by the width of a letter
    rb'</text>\s*<text [^>]*baseline-shift="sub" (font-size="[\d.]+")[^>]*>([^<]*)'
)


class NotRendered(RuntimeError):
    """No renderer made a picture; the DOT text is unharmed."""


def render(
    dot: str,
    form: str,
    renderer: str | None = None,
    title: str = "",
    page: str = "",
) -> bytes:
    """Return the picture of a DOT text as svg, pdf or png; a pdf is given the title.

    page   for a pdf: "A4", "letter"; without one the paper is as large as the picture

    Raises NotRendered, saying what each renderer said and what to do.
    """
    chosen = renderer or os.environ.get("MINIGRAD_RENDERER") or None
    failures = []
    for name in [chosen] if chosen else ["dot", PURE]:
        program = pure_program() if name == PURE else shutil.which(name)
        if program is None:
            failures.append(f"{name}: not found")
            continue
        try:
            return _rendered(program, dot, form, title, page)
        except subprocess.TimeoutExpired:
            failures.append(f"{name}: not ready after {TIME_LIMIT:g} s")
        except subprocess.CalledProcessError as error:
            failures.append(f"{name}: {REFUSED}{_last_words(error.stderr)}")
        except OSError as error:
            failures.append(f"{name}: {error.strerror or error}")
    raise NotRendered(_advice(form, chosen, failures))


def pure_program() -> str | None:
    """Return where the wheel put its program, also when that is not on the PATH."""
    try:
        files = importlib.metadata.files(PURE) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    places = [Path(str(file.locate())) for file in files if file.stem == PURE]
    places += [Path(sys.executable).with_name(PURE + end) for end in ("", ".exe")]
    found = (str(place.resolve()) for place in places if place.is_file())
    return next(found, None) or shutil.which(PURE)


def _rendered(program: str, dot: str, form: str, title: str, page: str) -> bytes:
    dot, svg = _laid_out(program, dot)
    placed = "layout=nop2" in dot  # by us, and its words with it
    free = svg if placed else with_words_placed(svg)
    if form == "svg":
        return free.encode()
    if Path(program).stem != PURE and not page and free == svg:
        if not _has_fonts(program):
            raise OSError(0, "it finds no font, and would leave out every word")
        dpi = DOTS_PER_INCH if form == "png" else "72"
        picture = _run([program, f"-T{form}", f"-Gdpi={dpi}"], dot.encode())
        return _about(picture, title)
    # By its file, not as a module: half the time went into importing minigrad. And -P:
    # what lies beside it must not stand in for a library of the same name.
    return _run(
        [sys.executable, "-P", paper.__file__, form, title, page], free.encode()
    )


def _laid_out(program: str, dot: str) -> tuple[str, str]:
    """Return a DOT text that Graphviz lays out, and the svg.

    It may find no way for an arrow between rows that are told to be level, "in
    routesplines". Without them gates may stand in another order.
    """
    try:
        svg = _run([program, "-Tsvg"], dot.encode())
    except subprocess.CalledProcessError as error:
        loose = re.sub(r"^\s*rank=same\n", "", dot, flags=re.M)
        if loose == dot or b"routesplines" not in error.stderr:
            raise
        return _laid_out(program, loose)
    return dot, centred(_joined(svg).decode())


@functools.cache
def _has_fonts(program: str) -> bool:
    """Is there a font in a pdf with a word in it?"""
    return FONT.search(_run([program, "-Tpdf"], b"digraph { word }")) is not None


def _joined(svg: bytes) -> bytes:
    """Let a subscript follow its letter, however wide that is in the reader's font.

    >>> _joined(b'<text x="1">W</text><text x="9" baseline-shift="sub" '
    ...         b'font-size="8.00">f</text>')
    b'<text x="1">W<tspan dy="2.5" font-size="8.00">f</tspan></text>'
    """
    return SUBSCRIPT.sub(rb'<tspan dy="2.5" \1>\2</tspan>', svg)


def _about(pdf: bytes, title: str) -> bytes:
    """Put a title where a pdf of cairo names its maker and the date, if there is room.

    Everything in a pdf is found by its position, so the length stays. And without the
    date the same program gives the same bytes.
    """

    def titled(old: re.Match[bytes]) -> bytes:
        entry = b"/Title " + _pdf_text(title)
        return entry.ljust(len(old[0])) if len(entry) <= len(old[0]) else old[0]

    return DATE.sub(NO_DATE, ABOUT.sub(titled, pdf))


def _pdf_text(text: str) -> bytes:
    if text.isascii():
        return b"(" + re.sub(rb"([\\()])", rb"\\\1", text.encode()) + b")"
    return b"<FEFF" + text.encode("utf-16-be").hex().encode() + b">"


def _run(command: Sequence[str], given: bytes) -> bytes:
    # The same packages as here, even if only this process knows where they are.
    places = os.pathsep.join(place for place in sys.path if place)
    done = subprocess.run(
        command,
        input=given,
        capture_output=True,
        check=True,
        timeout=TIME_LIMIT,
        env={**os.environ, "PYTHONPATH": places},
    )
    return done.stdout


def _last_words(stderr: bytes) -> str:
    """Return what a program said last: an error may be told on several lines."""
    text = stderr.decode(errors="replace").strip()
    lines = list(dict.fromkeys(filter(None, map(str.strip, text.splitlines()))))
    lines = lines[-1 if "Traceback" in text else -3 :]
    return " ".join(line[:200] for line in lines) or "it failed silently"


def _advice(form: str, chosen: str | None, failures: list[str]) -> str:
    if any("not ready" in failure for failure in failures):
        fix = "draw less (fewer steps, a part of the model), or lay the DOT text out "
        fix += "yourself: dot -Tsvg picture.dot."
    elif any(REFUSED in each and MISSING not in each for each in failures):
        fix = "try another view or a part of the model, or read the DOT text, "
        fix += "drawing.dot, at the place it complains of; to install more will not "
        fix += "help."
        if chosen:
            fix = "leave MINIGRAD_RENDERER and renderer= away: others are tried then."
    elif chosen:
        fix = f"leave MINIGRAD_RENDERER and renderer= away, or install {chosen!r}"
        fix += " and a font."
    else:
        fix = "pip install graphviz-pure reportlab ziafont pypdfium2, or install "
        fix += "Graphviz (graphviz.org) so that `dot` is on the PATH."
    why = "no renderer made it:\n        " + "\n        ".join(failures)
    return error_message(f"a picture as {form}", {}, why, fix)
