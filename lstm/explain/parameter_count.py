"""How many numbers there are to train, as a formula: 4(nm + m^2 + m).

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
    """A number of parameters, in letters, in numbers, and what it comes to.

    sums     of products of letters or sizes; those that are alike are counted together
    letters  the size of each

    >>> box = Counter([("n", "m"), ("m", "m"), ("m",)])
    >>> print(Formula([box] * 4, n=3, m=2))
    4(nm + m^2 + m) = 4(3*2 + 2^2 + 2) = 48
    >>> print(Formula([Counter([("2", "3"), ("2",)])]))
    2*3 + 2 = 8
    """

    def __init__(self, sums: Iterable[Sum], **letters: int) -> None:
        alike = Counter(tuple(each.items()) for each in sums if each)
        self.sums = [(Counter(dict(each)), k) for each, k in alike.items()]
        self.letters = letters
        self.count = sum(k * _value(each, letters) for each, k in self.sums)

    def __str__(self) -> str:
        steps = [self._text({}), self._text(self.letters), str(self.count)]
        return " = ".join(dict.fromkeys(steps))

    __repr__ = __str__

    def _text(self, values: Mapping[str, int]) -> str:
        return " + ".join(
            f"{k}({_text(each, values)})" if k > 1 else _text(each, values)
            for each, k in self.sums
        )


def of_boxes(
    boxes: Iterable[Gate], parameters: Iterable[Parameter], n: int, m: int, p: int
) -> Formula:
    """Return the formula of a cell with these boxes, and these Parameters in all.

    n, m, p  sizes of x, of a box, and of y. Those of layers within a box are left out.

    >>> from lstm import LSTMCell
    >>> cell = LSTMCell(n=3, m=2)
    >>> print(of_boxes([cell.forget, cell.input], [], 3, 2, 2))
    2(nm + m^2 + m) = 2(3*2 + 2^2 + 2) = 24
    """
    letters = {"n": n, "p": p, "m": m}
    of_size = {size: each for each, size in letters.items()}

    def letter(size: int) -> str:
        return of_size.get(size, str(size))

    sums, counted = [], set[Parameter]()
    for box in boxes:
        x, *carried = box.reads
        columns = ["n" if x == n else letter(x), *map(letter, carried)]
        sums.append(Counter([*((each, "m") for each in columns), ("m",)]))
        within = (q for layer in box.hidden for q in layer.parameters())
        counted |= {box.W, box.b, *within}
    alone = (each for each in parameters if each not in counted)
    sums.append(Counter(tuple(map(letter, each.shape)) for each in alone))
    return Formula(sums, **letters)


def of_shapes(groups: Iterable[Iterable[Parameter]]) -> Formula:
    """Return the formula of groups of Parameters, without letters."""
    return Formula(
        Counter(tuple(map(str, each.shape)) for each in group) for group in groups
    )


def _text(total: Sum, values: Mapping[str, int]) -> str:
    """Write a sum in letters, or with their values.

    >>> _text(Counter({("n", "m"): 1, ("m", "m"): 2}), {})
    'nm + 2m^2'
    >>> _text(Counter({("n", "m"): 1, ("m", "m"): 2}), {"n": 3, "m": 2})
    '3*2 + 2*2^2'
    """

    def term(factors: tuple[str, ...], k: int) -> str:
        numbers = [str(values.get(each, each)) for each in factors]
        times = "*" if any(each.isdigit() for each in numbers) else ""
        square = len(factors) == 2 and factors[0] == factors[1]
        product = f"{numbers[0]}^2" if square else times.join(numbers) or "1"
        return product if k == 1 else f"{k}{times}{product}"

    return " + ".join(term(factors, k) for factors, k in total.items())


def _value(total: Sum, letters: Mapping[str, int]) -> int:
    return sum(
        k * math.prod(letters.get(each) or int(each) for each in factors)
        for factors, k in total.items()
    )
