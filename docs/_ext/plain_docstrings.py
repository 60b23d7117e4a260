"""Docstrings are read in an editor first; this makes them readable on a page too.

They use plain notation, y_t = o_t * tanh(c_t), and set names and remarks in columns:

    n, m    sizes of input and output
    rng     a seed or a Generator

Sphinx would read stars and underscores as markup and melt the columns into one line.
So a block that is indented, or has columns, becomes a literal block, and in running
text what is not markup of ours is escaped. Doctests and `Raises` stay as they are.
"""

import re

COLUMNS = re.compile(r"^\S.*? {2,}\S")
MARKUP = re.compile(  # `code`, **strong**, *emphasis*
    r"(:\w+:`[^`]+`|`[^`]+`|\*\*[^*\s][^*]*\*\*|\*[A-Za-z][^*\n]*[A-Za-z.]\*)"
)


def blocks(lines):
    """Yield the runs of lines between empty ones."""
    block = []
    for line in [*lines, ""]:
        if line.strip():
            block.append(line)
        elif block:
            yield block
            block = []


def is_literal(block):
    """Does this block say something by its spacing?"""
    return block[0].startswith("    ") or bool(COLUMNS.match(block[0]))


def escaped(line):
    """Keep our markup; make every other star, underscore and bar a plain character."""
    parts = MARKUP.split(line)
    parts[::2] = [re.sub(r"([*_|\\])", r"\\\1", part) for part in parts[::2]]
    return "".join(parts)


def rewrite(app, what, name, obj, options, lines):
    """Rewrite one docstring in place."""
    result = []
    for block in blocks(lines):
        if block[0].startswith(">>>"):
            result += block
        elif is_literal(block):
            result += [".. code-block:: text", "", *("    " + line for line in block)]
        else:
            result += [escaped(line) for line in block]
        result.append("")
    lines[:] = result


def setup(app):
    """Rewrite docstrings as autodoc finds them."""
    app.connect("autodoc-process-docstring", rewrite)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
