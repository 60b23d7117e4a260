"""What a picture says: names, shapes, numbers and equations, as short plain text.

Nothing here knows Graphviz. A text may hold anything a user typed; making it safe and
giving `W_f` its subscript is the business of `dot.py`.
"""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from minigrad.calls import function_of
from minigrad.context import path
from minigrad.primitive import Elementwise, Primitive
from minigrad.recording import parameters_of
from minigrad.structure.loops import name_in_time
from minigrad.tensor import Array, Tensor

FEW = 6  # a tensor with more entries is summarised
LONG = 32  # letters: a longer explanation would make a legend a page


class Label(NamedTuple):
    """What a node says: a large symbol, the value's name, a small remark."""

    symbol: str = ""
    name: str = ""
    remark: str = ""


def shape_text(value: Any) -> str:
    """Write a shape as NumPy does.

    >>> shape_text(np.zeros((2, 5)))
    '(2, 5)'
    """
    return str(tuple(int(n) for n in np.shape(getattr(value, "data", value))))


def number(value: Any) -> str:
    """Write one number in at most four digits.

    >>> number(1 / 3), number(2.0), number(-0.0), number(1e-9)
    ('0.3333', '2', '0', '1e-09')
    """
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value)).lower()
    try:
        return f"{value + 0:.4g}"
    except (TypeError, ValueError):  # a fraction, an expression, a field element
        text = str(value)
        return text if len(text) <= 24 else text[:23] + "…"


def is_number(value: Any) -> bool:
    """Is this constant a single number, which a label can say?"""
    return int(np.size(value)) == 1


def values_text(array: Array) -> str:
    """Write few entries in full and many as a summary.

    >>> values_text(np.array([0.5, 1 / 3]))
    '[0.5, 0.3333]'
    >>> values_text(np.arange(100.0))
    'from 0 to 99, mean 49.5'
    """
    if array.ndim == 0:
        return number(array.item())
    if array.size <= FEW:
        entries = [number(entry) for entry in array.ravel().tolist()]
        return "[" + ", ".join(entries) + "]"
    if array.dtype.kind == "b":
        return f"{int(array.sum())} of {array.size} true"
    if array.dtype.kind not in "fiu":
        return f"{array.size} numbers, {array.dtype}"
    finite = array[np.isfinite(array)]
    if finite.size == 0:
        return "nothing finite"
    low, high, mean = (number(f(finite)) for f in (np.min, np.max, np.mean))
    odd = array.size - finite.size
    warning = f", {odd} not finite" if odd else ""
    return f"from {low} to {high}, mean {mean}{warning}"


def constant_text(value: Any) -> str:
    """Write a constant argument: few numbers in full, otherwise its shape.

    >>> constant_text(0.5), constant_text(np.eye(3))
    ('0.5', 'array (3, 3)')
    """
    array = np.asarray(value)
    if array.size == 1:
        return number(array.item())
    return values_text(array) if array.size < FEW else f"array {shape_text(array)}"


def option_text(value: Any) -> str:
    """Write an option's value as a program would.

    >>> option_text((Ellipsis, slice(0, 3)))
    '..., 0:3'
    """
    if isinstance(value, tuple):
        return ", ".join(map(option_text, value)) or "()"
    if value is Ellipsis:
        return "..."
    if isinstance(value, slice):
        ends = ["" if end is None else str(end) for end in (value.start, value.stop)]
        return ":".join(ends if value.step is None else [*ends, str(value.step)])
    if isinstance(value, np.ndarray):
        return f"array {shape_text(value)}"
    text = str(value)
    return text if len(text) <= 40 else text[:39] + "…"


def is_infix(primitive: Primitive) -> bool:
    """Is the symbol an operator sign, written between its two operands?"""
    return len(primitive.symbol) == 1 and not primitive.symbol.isalpha()


def explained(primitive: Primitive) -> str:
    """Explain a symbol that is neither the row's name nor a sign from school.

    An elementwise row says its meaning, a linear one what its function does.

    >>> from minigrad.primitive import TABLE
    >>> explained(TABLE["sigmoid"]), explained(TABLE["concatenate"])
    ('sigmoid: 1 / (1 + exp(-a))', 'concatenate: join along an existing axis')
    >>> explained(TABLE["tanh"]), explained(TABLE["add"])
    ('', '')
    """
    if primitive.symbol == primitive.name:
        return ""
    if isinstance(primitive, Elementwise):
        return "" if is_infix(primitive) else f"{primitive.name}: {primitive.meaning}"
    says = _does(primitive)
    if not says or says.startswith(primitive.name):
        return says or primitive.name
    return f"{primitive.name}: {says}"


def _does(primitive: Primitive) -> str:
    """Return what a row's function says of itself: the beginning of its docstring."""
    doc = (inspect.getdoc(primitive.function) or "").partition("\n")[0]
    says = re.split(r"[:;]|\.( |$)", doc)[0].removeprefix("Return ")
    if len(says) > LONG:
        return ""
    return says[:1].lower() + says[1:] if says[1:2].islower() else says


def order_matters(primitive: Primitive) -> bool:
    """May the arguments not be swapped? A row is asked, by trying it on numbers."""
    if not isinstance(primitive, Elementwise):
        return True
    try:
        return bool(primitive.function(2.0, 5.0) != primitive.function(5.0, 2.0))
    except Exception:
        return True


def operand_name(primitive: Primitive, i: int) -> str:
    """Return what the row calls argument i: W and v, or a and b; parts have numbers.

    >>> from minigrad.primitive import TABLE
    >>> operand_name(TABLE["matvec"], 1), operand_name(TABLE["subtract"], 1)
    ('v', 'b')
    >>> operand_name(TABLE["concatenate"], 1)
    'part 2'
    """
    if isinstance(primitive, Elementwise):
        return chr(ord("a") + i)  # the letters of its meaning
    named = list(parameters_of(primitive.function).values())
    many = any(each.kind is each.VAR_POSITIONAL for each in named[: i + 1])
    return f"part {i + 1}" if many or i >= len(named) else named[i].name


def by_name(outputs: Sequence[Tensor]) -> dict[str, Tensor]:
    """Call the outputs of a picture by name, for a message; others by number.

    >>> list(by_name([Tensor(1.0, name="y"), Tensor(2.0)]))
    ['y', 'output 2']
    >>> list(by_name([Tensor(1.0, name="y"), Tensor(2.0, name="y")]))
    ['output 1', 'output 2']
    """
    if len(outputs) == 1:
        return {outputs[0].name or "output": outputs[0]}
    names = Counter(each.name for each in outputs)
    return {
        each.name if each.name and names[each.name] == 1 else f"output {i}": each
        for i, each in enumerate(outputs, start=1)
    }


def name_of(entry: Tensor, place: Mapping[Tensor, int]) -> str:
    """Call an entry by its name, or by its place on the tape: t7."""
    return name_in_time(entry) or f"t{place[entry]}"


def label_of(entry: Tensor) -> Label:
    """Say which primitive ran, with the numbers and options it was given.

    >>> import minigrad as mg
    >>> label_of(1.0 - mg.Tensor([0.5])).symbol
    '1 −'
    """
    primitive = entry.primitive
    assert primitive is not None
    symbol = primitive.symbol
    remarks = []
    for i, arg in enumerate(entry.args):
        if isinstance(arg, Tensor):
            continue
        text = constant_text(arg)
        if is_infix(primitive) and len(entry.args) == 2 and is_number(arg):
            symbol = f"{text} {symbol}" if i == 0 else f"{symbol} {text}"
        else:
            remarks.append(f"{operand_name(primitive, i)} = {text}")
    for key, value in entry.options.items():
        if key != "shape" and value is not None and value is not False:
            text = option_text(value)
            remarks.append(f"[{text}]" if key == "index" else f"{key} {text}")
    return Label(symbol, name_in_time(entry), "\n".join(remarks))


def leaf_label(leaf: Tensor) -> Label:
    """Say a leaf's own name (`cell.forget.W` stands in its cluster: W) and shape.

    A single number says itself instead of its shape.
    """
    name = name_in_time(leaf)
    name = name.rpartition(".")[2] or name
    if not name and leaf.size == 1:
        return Label(number(leaf.data.item()))
    return Label("", name, shape_text(leaf) if leaf.ndim else number(leaf.item()))


def equation(entry: Tensor, place: Mapping[Tensor, int]) -> str:
    """Write the step as an equation: `t7 = multiply(f, c_prev)`, or with an infix sign.

    >>> import minigrad as mg
    >>> a = mg.Tensor(3.0, name="a")
    >>> b = a - 1.0
    >>> equation(b, {a: 0, b: 1})
    't1 = a − 1'
    """
    primitive = entry.primitive
    if primitive is None:
        return f"{name_of(entry, place)} = {values_text(entry.data)}"
    words = [
        name_of(arg, place) if isinstance(arg, Tensor) else constant_text(arg)
        for arg in entry.args
    ]
    if is_infix(primitive) and len(words) == 2:
        return f"{name_of(entry, place)} = {f' {primitive.symbol} '.join(words)}"
    words += [f"{key}={option_text(value)}" for key, value in entry.options.items()]
    return f"{name_of(entry, place)} = {primitive.name}({', '.join(words)})"


def tooltip_of(entry: Tensor, place: Mapping[Tensor, int]) -> str:
    """Say all that is known of an entry: equation, shape, value, scope, source line."""
    lines = [equation(entry, place), f"shape {shape_text(entry)}, {entry.dtype}"]
    if entry.primitive is not None:
        lines.append(f"value {values_text(entry.data)}")
    if entry.scope:
        lines.append(f"in {path(entry.scope)}")
    if entry.call:
        lines.append(f"by {function_of(entry)}")
    if entry.line:
        lines.append(f"at {entry.line}")
    return "\n".join(lines)
