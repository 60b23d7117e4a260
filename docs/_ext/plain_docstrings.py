"""Docstrings are read in an editor first; this makes them readable on a page too.

They use plain notation, y_t = o_t * tanh(c_t), and set names and remarks in columns:

    n, m    sizes of input and output
    rng     a seed or a Generator

Sphinx would read stars and underscores as markup and melt the columns into one line.
So a block that is indented, or has columns, becomes a literal block, and in running
text what is not markup of ours is escaped. Doctests and `Raises` stay as they are.

A method that is a row of the table (`x.sum`) is shown with the options of that row.
"""

import inspect
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


def row_options(app, what, name, obj, options, arguments, result):
    """Show `x.sum(axis, keepdims)`, where the row takes any `**options`."""
    row = getattr(obj, "primitive", None)
    if what != "method" or row is None:
        return None
    signature = inspect.signature(row.function)
    _, *parameters = signature.parameters.values()  # the first is the Tensor itself
    plain = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in parameters
    ]
    return str(inspect.Signature(plain)), result


def short_property(app, what, name, obj, options, lines):
    """Say of a property that is a row (`x.T`) that it is a method without options."""
    row = getattr(getattr(obj, "fget", None), "primitive", None)
    if what == "property" and row is not None:
        lines[:] = [f"Short for `{row.name}()`, with no options.", ""]


def setup(app):
    """Rewrite docstrings as autodoc finds them."""
    app.connect("autodoc-process-signature", row_options)
    app.connect("autodoc-process-docstring", short_property)
    app.connect("autodoc-process-docstring", rewrite)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
