r"""Mathematics without scripts: LaTeX becomes MathML while the pages are built.

The browser draws MathML by itself, so a page needs no JavaScript and no network,
and an unknown command stops the build instead of puzzling a reader. What a
browser does need is a font that knows how braces, roots and brackets grow. Few
Linux systems have one, so the site brings STIX Two Math along, cut down to the
characters of this project. The font is never committed: it is taken from the
installed ``ziamath`` package and written into the built site, with its licence
named inside the file and beside it.
"""

import hashlib
import importlib.resources
import io
import logging
import re
import shutil
from html import escape
from pathlib import Path

from docutils import nodes
from fontTools import subset as fonttools
from math_core import LatexError, LatexToMathML
from sphinx.locale import _
from sphinx.util.logging import getLogger
from sphinx.util.math import get_node_equation_number

log = getLogger(__name__)
latex_to_mathml = LatexToMathML(fancy_error=False)

# -- Formulas ----------------------------------------------------------------

ENVIRONMENT = re.compile(r"\\begin\{(\w+\*?)\}.*?\\end\{\1\}", re.DOTALL)


def convert(latex, node, display):
    """Return MathML for one formula; warn at its line if it cannot be read."""
    latex = latex.strip()
    try:
        mathml = latex_to_mathml.convert_with_local_state(latex, displaystyle=display)
    except LatexError as error:
        report = "cannot read the formula %s, at character %s"
        log.warning(report, latex, error, location=place(node), type="mathml")
        return f"<math><merror><mtext>{escape(latex)}</mtext></merror></math>"
    # Firefox would draw the Hadamard product as large as a sum.
    return mathml.replace(">⊙<", ' largeop="false">⊙<')


def place(node):
    """Find the nearest node that knows its line: an inline formula often does not."""
    while node.line is None and node.parent is not None:
        node = node.parent
    return node


def equations(latex):
    r"""Separate the formulas of one display: blank lines part them, as in Sphinx.

    A ``\\`` outside every environment would be dropped in silence, so such a
    formula is set as ``aligned``.
    """
    for formula in filter(str.strip, latex.split("\n\n")):
        broken = r"\\" in ENVIRONMENT.sub("", formula)
        yield rf"\begin{{aligned}}{formula}\end{{aligned}}" if broken else formula


def visit_inline(self, node):
    """Write a formula that runs along with the text."""
    self.body.append(convert(node.astext(), node, display=False))
    raise nodes.SkipNode


def visit_display(self, node):
    """Write a formula on lines of its own, with its number if it has a label."""
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node.get("number"):
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, _("Link to this equation"))
        self.body.append("</span>")
    self.body.append('<div class="formulas">')
    formulas = equations(node.astext())
    self.body += [convert(formula, node, display=True) for formula in formulas]
    self.body.append("</div></div>\n")
    raise nodes.SkipNode


# -- The font ----------------------------------------------------------------

FONT = "stix-two-math.woff2"

CHARACTERS = (
    (0x0020, 0x007E),  # ASCII
    (0x00A0, 0x00FF),  # Latin-1: × · ¬ ±
    (0x0131, 0x0131),  # dotless i, under an accent
    (0x0237, 0x0237),  # dotless j
    (0x02C6, 0x02DD),  # accents, standing alone
    (0x0300, 0x0338),  # accents, combining
    (0x0391, 0x03F6),  # Greek
    (0x2002, 0x2063),  # spaces, primes, dots, invisible operators
    (0x2102, 0x2138),  # letters that Unicode set apart: ℎ ℝ ℒ
    (0x2190, 0x21D5),  # arrows
    (0x2200, 0x22FF),  # operators: ∂ ∇ ∑ ∈ ⊙ ⊤
    (0x2308, 0x230B),  # ceiling, floor
    (0x239B, 0x23B5),  # pieces of tall brackets
    (0x23DC, 0x23E1),  # over- and underbraces
    (0x27E6, 0x27EF),  # brackets
    (0x27F5, 0x27FF),  # long arrows
    (0x2A7D, 0x2A7E),  # slanted comparisons: ⩽ ⩾
    (0x1D400, 0x1D503),  # letters: bold, italic, script
    (0x1D538, 0x1D56B),  # letters: double-struck
    (0x1D670, 0x1D6A3),  # letters: typewriter
    (0x1D6A4, 0x1D755),  # dotless i and j, Greek: bold, italic
    (0x1D7CE, 0x1D7E1),  # digits: bold, double-struck
)

# What MathML asks of a font's layout rules: letters redrawn for small indices,
# dotless letters and flat marks for accents; and a prime that custom.css asks for.
FEATURES = ["ssty", "dtls", "flac", "ss04"]

# Records of a font's name table that must travel with it.
FULL_NAME, VERSION, COPYRIGHT, LICENCE, LICENCE_URL = 4, 5, 0, 13, 14


def subset(font_bytes):
    """Cut the font down to `CHARACTERS`: the WOFF2 file, and the text of its credit."""
    options = fonttools.Options(
        flavor="woff2",
        layout_features=FEATURES,
        name_IDs=[*range(7), COPYRIGHT, LICENCE, LICENCE_URL],
        hinting=False,
    )
    font = fonttools.load_font(io.BytesIO(font_bytes), options)
    cutter = fonttools.Subsetter(options)
    unicodes = [c for low, high in CHARACTERS for c in range(low, high + 1)]
    cutter.populate(unicodes=unicodes)
    cutter.subset(font)
    small = io.BytesIO()
    fonttools.save_font(font, small, options)

    records = FULL_NAME, VERSION, COPYRIGHT, LICENCE, LICENCE_URL
    credit = ["A subset of this font:", *map(font["name"].getDebugName, records), ""]
    return small.getvalue(), "\n".join(credit)


def write_font(app, exception):
    """Put the font and its licence into the finished site.

    Cutting takes about a second, so the result is kept among Sphinx's own caches.
    """
    if exception or app.builder.format != "html":
        return
    source = importlib.resources.files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf"
    font_bytes = source.read_bytes()
    what = font_bytes + repr((CHARACTERS, FEATURES)).encode()
    key = hashlib.sha256(what).hexdigest()[:16]
    cached = Path(app.doctreedir) / f"{key}-{FONT}"
    if not cached.exists():
        small, credit = subset(font_bytes)
        cached.with_suffix(".txt").write_text(credit, encoding="utf-8")
        cached.write_bytes(small)
    static = Path(app.outdir) / "_static"
    shutil.copyfile(cached, static / FONT)
    shutil.copyfile(cached.with_suffix(".txt"), static / "stix-two-math.txt")


def setup(app):
    """Register the renderer; ``html_math_renderer = "mathml"`` chooses it."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_display, None))
    app.connect("build-finished", write_font)
    # Otherwise it lists every glyph.
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
