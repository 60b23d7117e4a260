"""Residues with functions: equal arguments have equal functions.

To compare two programs, sigma(z) must be the same number wherever it is asked of the
same z, by whatever way z was computed. So a function is *keyed by the value* of its
argument. The first time exp is asked at an entry, a random residue is drawn and kept.
Asked there again, by either program, it is the same. What is known of each function:

    exp     exp(0) = 1, exp(-z) = 1 / exp(z), exp(log(w)) = w
    log     log(1) = 0, log(1 / w) = -log(w), log(exp(z)) = z
    others  f(0), and whether f is odd or even, as SymPy knows it
    a ** r  exp(log(a) / q) ** p, for r = p / q between -1 and 1

and what is written with these (closed_forms.py): sigma, tanh, softplus, sin, ... With
`laws`, sums inside exp and products inside log are taken apart as well (laws.py). Every
value given is a true identity of real functions, and the drawn ones are independent
variables. So two programs that agree at the random point are the same function, but for
chance: some question "are these two numbers equal?" was answered wrongly, because two
different quotients of polynomials may have one value. The questions are counted.
"""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sympy.ntheory.modular import crt

from minigrad.exact import meant
from minigrad.numpy_protocol.array_like import DOMAINS
from minigrad.primitive import TABLE, Elementwise, Primitive
from minigrad.proving import bounds
from minigrad.proving.bounds import Bound
from minigrad.proving.closed_forms import closed_form, evaluate, facts
from minigrad.proving.formulas import LETTERS
from minigrad.proving.laws import Laws
from minigrad.proving.residues import Field, Residues
from minigrad.types import Array, Axis, Index, Operand, Real, Shape

DECIMALS = 10**12  # a float with so few decimals is the decimal that it is written as
INVERSE = {"exp": "log", "log": "exp"}
Cell = tuple[int, ...]  # the residues of one number modulo every prime, from 0 to p - 1


class Entry(NamedTuple):
    """One number of the field, and how large it can be as a polynomial."""

    cell: Cell
    bound: Bound


class KeyedResidues(Residues):
    """Residues that know functions of themselves, and how they were written.

    written   the operation and the operands that made this array, if laws are used
    """

    __slots__ = ("written",)

    field: KeyedField

    def __init__(self, raw: Array, field: KeyedField, bound: Bound) -> None:
        super().__init__(raw, field, bound)
        self.written: tuple[Any, ...] | None = None

    def function(self, row: Primitive | np.ufunc, *others: Operand) -> KeyedResidues:
        rows = TABLE.values() if isinstance(row, np.ufunc) else (row,)
        for each in rows:
            if isinstance(each, Elementwise) and row in (each, each.function):
                return self.field.computed(each.meaning, self, *others)
        raise self._unknown(row)

    def power(self, exponent: Operand) -> KeyedResidues:
        return self.field.power(self, self.like(exponent))

    def plus(self, other: Operand) -> KeyedResidues:
        return self._noted(super().plus(other), "plus", [self, other])

    def times(self, other: Operand) -> KeyedResidues:
        return self._noted(super().times(other), "times", [self, other])

    def whole_power(self, n: int) -> KeyedResidues:
        if n == 1:
            return self
        return self._noted(super().whole_power(n), "power", [self], n)

    def inverse(self) -> KeyedResidues:
        return self._noted(super().inverse(), "inverse", [self])

    def sum(
        self, axis: Axis = None, keepdims: bool = False, **_: object
    ) -> KeyedResidues:
        return self._noted(super().sum(axis, keepdims), "sum", [self])

    def moved(self, call: Callable[..., Array], *others: Operand) -> KeyedResidues:
        result = super().moved(call, *others)
        return self._noted(result, "moved", [self, *others], call)

    def _noted(
        self, result: KeyedResidues, name: str, arrays: Sequence[Operand], *how: object
    ) -> KeyedResidues:
        """Let an array remember how it was written, if laws are used."""
        if self.field.laws is not None:
            result.written = (name, *how, *(self.like(x).as_now() for x in arrays))
        return result

    def reciprocal(self) -> KeyedResidues:
        """Return the inverse, and 1 where a number is zero: nothing is said there."""
        zero = (self.residues() == 0).all(axis=0)
        self.field.compared(self.size, self.bound)
        nonzero = self.moved(
            lambda cells, one: np.asarray(np.where(zero, one, cells)), 1
        )
        return nonzero.inverse()

    def as_now(self) -> KeyedResidues:
        """Return this array as another object, which nobody writes to."""
        now = self.field.array(self.raw, self.bound)
        now.written = self.written
        return now

    def __setitem__(self, index: Index, values: Operand) -> None:
        if self.field.laws is not None:
            self.raw = self.raw.copy()
        super().__setitem__(index, values)
        self.written = None

    def become(self, result: KeyedResidues) -> KeyedResidues:
        super().become(result)
        self.written = None
        return self


DOMAINS[KeyedResidues] = lambda row, a: a.function(row)


class KeyedField(Field):
    """A field in which equal arguments have equal functions.

    >>> F = KeyedField.drawn(Random(0), 4)
    >>> a, b = F.draw((2,)), F.draw((2,))
    >>> (np.tanh(a * b)).equals(np.tanh(b * a + 0))
    array([ True,  True])
    >>> np.exp(a + b).equals(np.exp(a) * np.exp(b)).any()      # a law, not used here
    np.False_

    drawn_values   how many values of each function stand as independent variables
    laws           how sums and products are taken apart, if they are
    questions      how many pairs of numbers were compared
    largest        degree and bits of the largest numerator or denominator compared
    """

    def __init__(self, primes: Sequence[int], random: Random) -> None:
        super().__init__(primes, random)
        self.drawn_values: Counter[str] = Counter()
        self.laws: Laws | None = None
        self.questions = 0
        self.largest = Bound(0, 0.0)
        self._tables: dict[str, dict[tuple[Cell, ...], Entry]] = {}

    if TYPE_CHECKING:  # its arrays are of one class

        def lift(self, number: Operand) -> KeyedResidues: ...
        def draw(self, shape: Shape = ()) -> KeyedResidues: ...

    def use_laws(self) -> None:
        """Take sums inside exp and products inside log apart."""
        self.laws = Laws(self)

    def array(self, raw: Array, bound: Bound) -> KeyedResidues:
        return KeyedResidues(raw, self, bound)

    def _lifted(self, number: Real) -> tuple[Array, Bound]:
        return super()._lifted(as_written(number))

    # ----------------------------------------------------------------- functions

    def computed(self, meaning: str, *args: Operand) -> KeyedResidues:
        """Return what the meaning of an elementwise row is at these arrays."""
        arrays = [a if isinstance(a, KeyedResidues) else self.lift(a) for a in args]
        form = closed_form(meaning, len(arrays))
        if form is None:
            return self.by_value(meaning, *arrays)
        named = dict(zip(LETTERS, arrays, strict=False))
        shape = np.broadcast_shapes(*(a.shape for a in arrays))
        return _spread(evaluate(form, named, self), shape)

    def function(self, name: str, *arrays: KeyedResidues) -> KeyedResidues:
        """Return the function that SymPy knows by this name, entry by entry."""
        if self.laws is not None and name in INVERSE:
            (z,) = arrays
            return self.laws.exp(z) if name == "exp" else self.laws.log(z)
        return self.by_value(name, *arrays)

    def power(self, a: KeyedResidues, b: KeyedResidues) -> KeyedResidues:
        """Return a ** b, which is exp(b log(a)) if an exponent moves."""
        r = self.number_of(b)
        if r is None and b.size > 1 and _is_constant(b):
            shape = np.broadcast_shapes(a.shape, b.shape)
            pairs = zip(*(_spread(x, shape).reshape(-1) for x in (a, b)), strict=True)
            return a.like(np.stack([self.power(x, k) for x, k in pairs])).reshape(shape)
        if r is None:
            return self.function("exp", b * self.function("log", a))
        whole, part = int(r), r - int(r)
        if not part:
            return a.whole_power(whole)
        root = self.function("exp", self.function("log", a) / part.denominator)
        power = root.whole_power(part.numerator)
        return power * a.whole_power(whole) if whole else power

    def number_of(self, a: KeyedResidues) -> Fraction | None:
        """Return the number that all entries are, if it follows from its residues.

        A fraction is known from its residue modulo the product of all primes, if that
        is larger than twice numerator times denominator (Wang 1981).
        """
        if not _is_constant(a):
            return None
        cells = a.residues().reshape(self.count, -1)
        modulus, bits = math.prod(self.primes), max(a.bound.bits, 0)
        enough = bits + a.bound.denominator().bits + 2 < math.log2(modulus)
        if (cells != cells[:, :1]).any() or not enough:
            return None
        above, below = (modulus, int(crt(self.primes, cells[:, 0].tolist())[0])), (0, 1)
        while above[1] > 2**bits:
            quotient = above[0] // above[1]
            above = above[1], above[0] - quotient * above[1]
            below = below[1], below[0] - quotient * below[1]
        return Fraction(above[1], below[1])

    def by_value(
        self, name: str, *arrays: KeyedResidues, value: KeyedResidues | None = None
    ) -> KeyedResidues:
        """Return f at these arrays: what is known, else a value, else new variables."""
        shape = np.broadcast_shapes(*(a.shape for a in arrays))
        arrays = tuple(_spread(a, shape) for a in arrays)
        known = self.lookup(name, *arrays)
        if None in known:
            if value is None:
                value = self.draw(shape)
                self.drawn_values[name] += self._keep(name, arrays, value)
            else:
                self._keep(name, arrays, _spread(value, shape))
            known = self.lookup(name, *arrays)
        return self.assembled([entry for entry in known if entry], shape)

    def lookup(
        self, name: str, *arrays: KeyedResidues, like: Bound | None = None
    ) -> list[Entry | None]:
        """Return what is known of f at every entry, or None. This asks questions.

        like   a bound for the numbers of which each entry is a quotient, if it is one
        """
        if name not in self._tables:
            pairs = [map(self.lift, pair) for pair in facts(name).known]
            entries = [[self.entries(x)[0] for x in pair] for pair in pairs]
            self._tables[name] = {(at.cell,): value for at, value in entries}
        table, keys = self._tables[name], self._keys(arrays)
        self.compared(len(keys) * len(table), *(like or a.bound for a in arrays))
        return [table.get(key) for key in keys]

    def _keep(
        self, name: str, arrays: tuple[KeyedResidues, ...], y: KeyedResidues
    ) -> int:
        """Keep f(arrays) = y where nothing is known; return at how many entries.

        The mirror image is kept too, f(-z) = 1 / y for exp, and so is z = log(y).
        """
        table, known, inverse = self._tables[name], facts(name), INVERSE.get(name)
        sides = [(arrays, y)]
        if known.mirror and len(arrays) == 1:
            sides.append(((known.mirror(*arrays),), known.back(y)))
        if inverse:
            self.lookup(inverse, y)
        rows = [zip(self._keys(at), self.entries(f), strict=True) for at, f in sides]
        kept = 0
        for images in zip(*rows, strict=True):
            if images[0][0] in table:
                continue
            kept += 1
            for (key, value), (at, _) in zip(images, sides, strict=True):
                table.setdefault(key, value)
                if inverse:
                    argument = Entry(key[0], at[0].bound)
                    self._tables[inverse].setdefault((value.cell,), argument)
        return kept

    # ------------------------------------------------------------ entries of arrays

    def entries(self, a: KeyedResidues) -> list[Entry]:
        """Return the entries of an array, in C order."""
        cells = a.residues().reshape(self.count, -1).T.tolist()
        return [Entry(tuple(cell), a.bound) for cell in cells]

    def _keys(self, arrays: Iterable[KeyedResidues]) -> list[tuple[Cell, ...]]:
        columns = [[cell for cell, _ in self.entries(a)] for a in arrays]
        return list(zip(*columns, strict=True)) if columns else [()]

    def assembled(self, entries: list[Entry], shape: Shape) -> KeyedResidues:
        """Return entries as one array, whose bound holds for all of them."""
        cells = [entry.cell for entry in entries]
        raw = np.array(cells, float).reshape((*shape, self.count))
        moduli = np.array(self.primes, float)
        raw -= moduli * (raw > moduli // 2)
        every = dict.fromkeys(entry.bound for entry in entries)
        return self.array(raw, functools.reduce(Bound.or_, every or [bounds.ZERO]))

    # ------------------------------------------------------------------- the chance

    def compared(self, count: int, *numbers: Bound) -> None:
        """Count comparisons between numbers that are bounded so."""
        self.questions += count
        for each in numbers:
            parts = (self.largest, each, each.denominator())
            degree, bits = max(x.degree for x in parts), max(x.bits for x in parts)
            self.largest = Bound(degree, bits)

    def difference(self) -> Bound:
        """Return a bound for the numerator of every difference that was asked about.

        Compared are a quotient, or the quotient of two, and another.
        """
        return Bound(3 * self.largest.degree, 3 * self.largest.bits + 1)

    def chance(self, primes: int | None = None) -> float:
        """Return log2 of a bound: some question was answered wrongly so rarely.

        primes   modulo how many; without, those of this field
        """
        if not self.questions:
            return -math.inf
        one = bounds.chance(self.difference(), primes or self.count)
        return min(0.0, one + math.log2(2 * self.questions))  # with the mirror images


def _spread(a: KeyedResidues, shape: Shape) -> KeyedResidues:
    if a.shape == shape:
        return a
    return a.moved(functools.partial(np.broadcast_to, shape=shape))


def _is_constant(a: KeyedResidues) -> bool:
    return not a.bound.degree and not a.bound.denominator().degree and a.size > 0


def as_written(number: Real) -> Fraction:
    """Return the fraction that a float stands for: 1/3, 0.044715, or its own value.

    >>> as_written(0.1), as_written(0.044715)
    (Fraction(1, 10), Fraction(8943, 200000))
    """
    simple = meant(number)
    if isinstance(number, (float, np.floating)) and simple == Fraction(float(number)):
        decimal = Fraction(repr(number.item() if hasattr(number, "item") else number))
        return decimal if decimal.denominator <= DECIMALS else simple
    return simple
