"""How many numbers a cell has to train, as a formula: 4(nm + m^2 + m).

A box that reads x in R^n and y in R^m has a W of m x (n+m) and a b of m numbers: that
is nm + m^2 + m. Boxes that read the same are counted together, and what else a cell
has follows: 3m for three peepholes, pm for a projection.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from minigrad.parameter import Parameter

if TYPE_CHECKING:
    from lstm.gate import Gate

Sum: TypeAlias = Counter[tuple[str, ...]]  # nm + 2m^2 is {("n", "m"): 1, ("m", "m"): 2}


class Formula:
    """The number of parameters, in letters, in numbers, and what it comes to.

    boxes  the Gates of a cell
    more   its other Parameters; those of layers within a box are left out
    n, m   sizes of x and of a box; p is that of y

    >>> from lstm.cell import LSTMCell
    >>> cell = LSTMCell(n=3, m=2)
    >>> boxes = [cell.forget, cell.input, cell.candidate, cell.output]
    >>> print(Formula(boxes, [], 3, 2, 2))
    4(nm + m^2 + m) = 4(3*2 + 2^2 + 2) = 48
    """

    def __init__(
        self, boxes: Iterable[Gate], more: Iterable[Parameter], n: int, m: int, p: int
    ) -> None:
        self.values = {"n": n, "p": p, "m": m}
        alike = Counter(tuple(self._box(each.reads).items()) for each in boxes)
        self.boxes = [(Counter(dict(each)), k) for each, k in alike.items()]
        self.more = Counter(tuple(map(self._letter, each.shape)) for each in more)
        self.count = _value(self.more, self.values)
        self.count += sum(k * _value(each, self.values) for each, k in self.boxes)

    def __str__(self) -> str:
        return f"{self._text({})} = {self._text(self.values)} = {self.count}"

    __repr__ = __str__

    def _text(self, values: Mapping[str, int]) -> str:
        terms = [
            f"{k}({_text(each, values)})" if k > 1 else _text(each, values)
            for each, k in self.boxes
        ]
        return " + ".join([*terms, *filter(None, [_text(self.more, values)])])

    def _box(self, reads: tuple[int, ...]) -> Sum:
        """Return nm + m^2 + m for a box that reads x and y."""
        x, *carried = reads
        columns = ["n" if x == self.values["n"] else self._letter(x)]
        columns += map(self._letter, carried)
        return Counter([*((each, "m") for each in columns), ("m",)])

    def _letter(self, size: int) -> str:
        """Return m, p or n for a size; or the size itself, if it has no letter."""
        return {size: each for each, size in self.values.items()}.get(size, str(size))


def _text(total: Sum, values: Mapping[str, int]) -> str:
    """Write a sum in letters, or with their values.

    >>> _text(Counter({("n", "m"): 1, ("m", "m"): 2}), {})
    'nm + 2m^2'
    >>> _text(Counter({("n", "m"): 1, ("m", "m"): 2}), {"n": 3, "m": 2})
    '3*2 + 2*2^2'
    """
    times = "*" if values else ""

    def term(letters: tuple[str, ...], k: int) -> str:
        told = [str(values.get(each, each)) for each in letters]
        square = len(letters) == 2 and letters[0] == letters[1]
        product = f"{told[0]}^2" if square else times.join(told)
        return product if k == 1 else f"{k}{times}{product}"

    return " + ".join(term(letters, k) for letters, k in total.items())


def _value(total: Sum, values: Mapping[str, int]) -> int:
    return sum(
        k * math.prod(values[each] if each in values else int(each) for each in letters)
        for letters, k in total.items()
    )
