"""What is built of cells explained: its layers, and what is handed on between them.

A table with one line for each part that computes, the count of its Parameters with the
numbers put in, and what is handed on between layers and from step to step.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from lstm.explain import Explained, Explanation, explanation
from lstm.explain.parameter_count import of_shapes
from minigrad import Module
from minigrad.console import table
from minigrad.parameter import Parameter

SHAPES = "x_t, y_t: whole vectors, one for each step and each sequence of a batch."


class Part(NamedTuple):
    """One layer of a composite: its path, and the layer."""

    path: str
    layer: Any


class LayerExplanation(Explanation):
    """A table of the layers that a composite is made of, and what they hand on.

    parts  every layer that computes, from x to y, by its path

    >>> from lstm import LSTM, Stack
    >>> from minigrad import Dense
    >>> LayerExplanation(Stack(LSTM(3, 4), Dense(4, 2))).total
    138
    """

    def __init__(self, layer: Module) -> None:
        super().__init__(layer)
        self.parts = list(parts(layer))
        self.formula = "; ".join(
            f"{path or 'parameters'}: {count(part)}" for path, part in self.parts
        )

    def lines(self) -> Iterable[str]:
        """Yield a head, the table, the counts, and what is handed on."""
        reads, says = _space(width_in(self.model)), _space(width_out(self.model))
        kind = type(self.model).__name__
        header = ("part", "layer", "reads", "says", "carries", "parameters")
        rows = [header, *map(_row, self.parts), ("all", *[""] * 4, str(self.total))]
        yield f"{kind}: at every step reads {reads}, says {says}."
        yield from ("", table(rows, right=[2, 3, 5]), "")
        yield from (*self.formula.split("; "), "")
        for text in (SHAPES, *dict.fromkeys(readings(self.model))):
            yield from textwrap.wrap(text, 88, subsequent_indent="  ")


def parts(layer: Module, path: str = "") -> Iterator[Part]:
    """Yield the layers below that are not made of layers, in the order of reading."""
    inner = layer.parts() if hasattr(layer, "parts") else {}
    if not inner:
        yield Part(path, layer)
    for name, each in inner.items():
        yield from parts(each, f"{path}.{name}".lstrip("."))


def readings(layer: Module) -> Iterator[str]:
    """Yield what a layer, and those that it is made of, say of their lines."""
    yield from layer.readings() if hasattr(layer, "readings") else ()
    for each in layer.parts().values() if hasattr(layer, "parts") else ():
        yield from readings(each)


def count(layer: Any) -> str:
    """Return the number of Parameters as a formula: a cell's own, or that of shapes.

    >>> from lstm import LSTM
    >>> from minigrad import Dense
    >>> count(LSTM(n=3, m=2))
    '4(nm + m^2 + m) = 4(3*2 + 2^2 + 2) = 48'
    >>> count(Dense(3, 2))
    '2*3 + 2 = 8'
    """
    inside = vars(getattr(layer, "cell", getattr(layer, "module", layer))).values()
    if any(hasattr(box, "letter") for box in inside):
        formula, *deeper = explanation(layer).formula.split(";")
        return formula + (f", with its deeper boxes {numbers(layer)}" if deeper else "")
    groups = [box.parameters() for box in inside if isinstance(box, Module)]
    return str(of_shapes([*groups, [p for p in inside if isinstance(p, Parameter)]]))


def numbers(layer: Module) -> int:
    """Return how many numbers there are to train."""
    return sum(p.size for p in layer.parameters())


def _row(part: Part) -> tuple[str, ...]:
    layer = part.layer
    cell = getattr(layer, "cell", None)
    inner = getattr(layer, "module", layer if cell is None else cell)
    name = type(inner).__name__
    if cell is not None:
        name += ", x_T first" if layer.reverse else ", x_1 first"
    elif inner is not layer:
        name += ", at every step"
    return (
        part.path or "itself",
        name,
        _number(width_in(layer)),
        _number(width_out(layer)),
        _carried(layer),
        str(numbers(layer)),
    )


def _carried(layer: Module) -> str:
    if not hasattr(layer, "start"):
        return "nothing"
    start = layer.start()
    widths: dict[str, list[str]] = {}
    for field, value in zip(start._fields, start, strict=True):
        widths.setdefault("x".join(map(str, value.shape)), []).append(field)
    return "; ".join(f"{', '.join(names)} in R^{k}" for k, names in widths.items())


def width_in(layer: object) -> int | None:
    """Return the size of x_t, if the layer says it or has a matrix W to tell."""
    W = getattr(getattr(layer, "module", layer), "W", None)
    return getattr(layer, "n", None if W is None else W.shape[1])


def width_out(layer: object) -> int | None:
    """Return the size of y_t, if the layer says it or has a matrix W to tell."""
    W = getattr(getattr(layer, "module", layer), "W", None)
    return getattr(layer, "m", None if W is None else W.shape[0])


def unread_widths(names: Sequence[str], layers: Sequence[Any]) -> Iterator[str]:
    """Say which layers read another number of entries than the one below makes.

    >>> from lstm import LSTM
    >>> list(unread_widths(["low", "high"], [LSTM(3, 4), LSTM(5, 2)]))
    ['high reads 5 numbers, and low makes 4']
    """
    layer_before, wide = "", None
    for name, layer in zip(names, layers, strict=True):
        known = isinstance(layer, Explained) or hasattr(layer, "cell")
        known = known or type(layer).__name__ == "Dense"
        reads = width_in(layer) if known else None
        if None not in (wide, reads) and wide != reads:
            yield f"{name} reads {reads} numbers, and {layer_before} makes {wide}"
        several = getattr(layer, "merge", "") is None or getattr(layer, "rank", 1) != 1
        layer_before, wide = name, width_out(layer) if known and not several else None


def _number(width: int | None) -> str:
    return "?" if width is None else str(width)


def _space(width: int | None) -> str:
    return "what it is given" if width is None else f"R^{width}"
