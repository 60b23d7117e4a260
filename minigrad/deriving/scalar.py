"""The gradient of tiny models, entry by entry, as SymPy expressions.

The tape is run on symbols, one for each number, and so is its reverse walk: what comes
out is the formula that the tape computes, written out. SymPy then differentiates the
forward formula on its own, by the slopes that lemmas have shown, and both are evaluated
at a random point modulo random primes.

Functions stay opaque: sigma(z), not 1 / (1 + exp(-z)), so that formulas are as short as
they can be. They are still long. Each time step of the smallest LSTM multiplies their
length by more than twenty (expression_size.py counts it before anything is written), so
only tiny shapes are written out, such as one time step of an LSTM with n = m = 2. For
all others there are the other levels.
"""

from __future__ import annotations

import functools
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from random import Random

import numpy as np
import sympy
from sympy.printing.latex import LatexPrinter

from minigrad.console import shown
from minigrad.context import clean_recording
from minigrad.deriving import page
from minigrad.deriving.expression_size import Growth, growth
from minigrad.deriving.formula import Letter
from minigrad.deriving.formula_styles import LATEX
from minigrad.deriving.letters import letters
from minigrad.deriving.typeset import symbol_of
from minigrad.exact import meant
from minigrad.expressions import Arithmetic
from minigrad.files import saved
from minigrad.gradient import grad
from minigrad.messages import explained
from minigrad.primitive import TABLE, Elementwise
from minigrad.proving.failures import ProofFailed
from minigrad.proving.formulas import LETTERS
from minigrad.proving.keyed_functions import KeyedField, KeyedResidues
from minigrad.proving.lemmas import prove_row
from minigrad.proving.proof import prove_rows
from minigrad.tape import Tape
from minigrad.tensor import Tensor
from minigrad.types import Array, Operand, Printer, Real

LARGEST = 15_000  # operations written out, in all entries together: some seconds


@dataclass(frozen=True)
class Entry:
    """The derivative of the output by one number."""

    by: sympy.Symbol
    derivative: sympy.Expr


class ScalarDerivation:
    """The derivative by every number, as a SymPy expression.

    entries   in the order of wrt, each array row by row
    output    the formula that was differentiated
    growth    how many operations this is, written out and on the tape

    >>> w, x = mg.Tensor(0.5, name="w"), mg.Tensor(2.0, name="x")
    >>> y = mg.sigmoid(w * x)
    >>> y.name = "y"
    >>> print(mg.derive(y, w, level="scalar"))
    y = σ(w*x)
    <BLANKLINE>
    ∂y/∂w = x*(1 - σ(w*x))*σ(w*x)
    <BLANKLINE>
    Checked, 1 of 1: equal to SymPy's derivative of the formula, at a random point ...
    Operations: 8 written out, 6 on the tape.
    """

    def __init__(
        self, name: str, output: sympy.Expr, entries: Sequence[Entry], grown: Growth
    ) -> None:
        self.name, self.output = name, output
        self.entries = list(entries)
        self.growth = grown

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __repr__(self) -> str:
        return shown(f"<ScalarDerivation of {self.name} by {len(self)} numbers>")

    def __str__(self) -> str:
        lines = [f"{self.name} = {self.output}", ""]
        lines += [f"∂{self.name}/∂{entry.by} = {entry.derivative}" for entry in self]
        return shown("\n".join([*lines, "", *self._remarks()]))

    def document(self) -> str:
        """Return a whole LaTeX document."""
        return page.standing_alone("", self.latex(), self._remarks())

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it: .tex (a document) or .txt, all or nothing.

        Raises ValueError for another ending, OSError where it cannot be written.
        """
        return saved(path, {".tex": self.document, ".txt": lambda: f"{self}\n"})

    def latex(self) -> str:
        r"""Return an `align*`, to be put into a document with amsmath."""
        return f"\\begin{{align*}}\n{self._rows()}\n\\end{{align*}}"

    def _repr_latex_(self) -> str:
        return f"$$\\begin{{aligned}}\n{self._rows()}\n\\end{{aligned}}$$"

    def _repr_pretty_(self, printer: Printer, cycle: bool) -> None:
        printer.text(str(self))

    def _rows(self) -> str:
        name = sympy.latex(sympy.Symbol(self.name))
        rows = [f"{name} &= {sympy.latex(self.output)}"]
        for entry in self:
            by = rf"\frac{{\partial {name}}}{{\partial {sympy.latex(entry.by)}}}"
            rows.append(f"{by} &= {sympy.latex(entry.derivative)}")
        return " \\\\\n".join(rows)

    def _remarks(self) -> list[str]:
        return [
            f"Checked, {len(self)} of {len(self)}: equal to SymPy's derivative of the "
            "formula, at a random point modulo random primes.",
            f"Operations: {self.growth.written_out} written out, {self.growth.shared} "
            "on the tape.",
        ]


def derive_scalars(tape: Tape, wrt: list[Tensor], seed: int | None) -> ScalarDerivation:
    """Write out the derivative of a tape's one output by every entry of `wrt`."""
    output = tape.outputs[0]
    if len(tape.outputs) > 1 or output.size != 1:
        raise _several(tape)
    prove_rows(tape)  # a wrong slope is refused before anything is written out
    grown = growth(output, wrt)
    if grown.written_out > LARGEST:
        raise _too_large(output, grown)
    lettered = letters(tape)
    taken: set[str] = set()
    symbols = {leaf: _symbols(lettered[leaf], taken) for leaf in tape.leaves}
    with clean_recording():
        leaves = {leaf: Tensor(array) for leaf, array in symbols.items()}
        made = tape.replay(leaves, lift=_constants)
        seed_bar = np.full(output.shape, Opaque(sympy.Integer(1)), object)
        bars = grad(made[output], [made[each] for each in wrt], seed=seed_bar)
    value = made[output].data.item().sympy
    entries = [
        Entry(by.sympy, Opaque.plain(bar))
        for each, array in zip(wrt, bars, strict=True)
        for by, bar in zip(made[each].data.flat, array.flat, strict=True)
    ]
    _compare(value, entries, seed)
    return ScalarDerivation(output.name or "output", value, entries, grown)


class Opaque(Arithmetic):
    """A SymPy expression on which every function of the table is a name."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Callable[..., Opaque]:
        row = None if name == "sympy" else _row_of_method(name)
        if row is None:
            raise AttributeError(f"an expression has no {name}")
        return lambda *others: Opaque(
            opaque(row)(self.sympy, *map(Opaque.plain, others))
        )

    @staticmethod
    def plain(value: Arithmetic | Real) -> sympy.Expr:
        """Return the SymPy expression of an entry, which may be a bare number."""
        if isinstance(value, Arithmetic):
            return value.sympy
        number = meant(value)
        return sympy.Rational(number.numerator, number.denominator)


def _row_of_method(method: str) -> Elementwise | None:
    """Return the row that NumPy asks an object for: `np.tanh` calls a.tanh()."""
    ufunc = getattr(np, method, None)
    for row in TABLE.values():
        if isinstance(row, Elementwise) and (
            row.function is ufunc if ufunc else row.name == method
        ):
            return row
    return None


@functools.cache
def opaque(row: Elementwise) -> type[sympy.Function]:
    """Return a SymPy function that is not expanded, and has its row's derivative.

    >>> from minigrad.primitive import TABLE
    >>> z = sympy.Symbol("z")
    >>> opaque(TABLE["tanh"])(z).diff(z)
    1 - tanh(z)**2
    """
    slopes = prove_row(row).rules
    letters = LETTERS[: len(slopes)]

    def fdiff(self: sympy.Function, argindex: int = 1) -> sympy.Expr:
        known = dict(zip(letters, self.args, strict=True)) | {"y": self}
        return sympy.sympify(slopes[argindex - 1], known)

    def latex(self: sympy.Function, printer: LatexPrinter, exp: str = "") -> str:
        args = ", ".join(printer.doprint(arg) for arg in self.args)
        return LATEX.call(symbol_of(row), args, str(exp or ""))

    methods = {"fdiff": fdiff, "row": row, "nargs": len(slopes), "_latex": latex}
    return type(symbol_of(row), (sympy.Function,), methods)


def _constants(value: Operand) -> Array:
    """Return the program's own numbers as expressions, exactly."""
    numbers = np.asarray(value)
    made = np.empty(numbers.shape, object)
    for index, number in np.ndenumerate(numbers):
        made[index] = Opaque(Opaque.plain(number))
    return made


def _symbols(letter: Letter, taken: set[str]) -> Array:
    """Return an array of symbols, one for each entry: W_f_1_2 is row 1, column 2.

    `taken` holds the names of others: x_1 may also be what the program called so.
    """
    name = "_".join(filter(None, (letter.name.replace("~", "tilde"), letter.subscript)))
    if letter.mark:
        name += f"^{letter.mark}"
    if letter.time is not None:
        name += f"[{letter.time}]"
    places = {
        index: "".join(f"_{k + 1}" for k in index) for index in np.ndindex(letter.shape)
    }
    while not taken.isdisjoint(name + place for place in places.values()):
        name += "'"
    made = np.empty(letter.shape, object)
    for index, place in places.items():
        taken.add(name + place)
        made[index] = Opaque(sympy.Symbol(name + place, real=True))
    return made


def _compare(value: sympy.Expr, entries: Sequence[Entry], seed: int | None) -> None:
    """Differentiate with SymPy, and compare at a random point of a prime field."""
    field = KeyedField.drawn(Random(secrets.randbits(64) if seed is None else seed), 2)
    point: dict[sympy.Expr, KeyedResidues] = {}
    for entry in entries:
        expected = _at(sympy.diff(value, entry.by), point, field)
        found = _at(entry.derivative, point, field)
        if not found.equals(expected).all():
            raise explained(
                ProofFailed,
                f"the derivative by {entry.by}",
                f"the tape's formula is {entry.derivative}, SymPy's derivative is "
                f"{sympy.diff(value, entry.by)}; at a random point modulo primes "
                f"they are {found} and {expected}.",
                "mg.prove(output) says which rule is wrong.",
                found=found,
                expected=expected,
            )


def _at(
    expression: sympy.Expr, point: dict[sympy.Expr, KeyedResidues], field: KeyedField
) -> KeyedResidues:
    """Evaluate an expression in the field, at the values of its symbols."""
    if expression in point:
        return point[expression]
    if expression.is_Symbol:
        value = field.draw()
    elif expression.is_Rational:
        value = field.lift(Fraction(int(expression.p), int(expression.q)))
    else:
        args = [_at(arg, point, field) for arg in expression.args]
        if expression.is_Add:
            value = functools.reduce(lambda a, b: a + b, args)
        elif expression.is_Mul:
            value = functools.reduce(lambda a, b: a * b, args)
        elif expression.is_Pow:
            number, moving = expression.exp.as_coeff_Add()
            value = args[0] ** Fraction(int(number.p), int(number.q))
            if moving != 0:  # a**(b - 1) = a**b / a
                value = value * field.power(args[0], _at(moving, point, field))
        elif hasattr(expression, "row"):
            value = field.computed(expression.row.meaning, *args)
        else:  # a function of SymPy's own, from a slope
            letters = ", ".join(LETTERS[: len(args)])
            value = field.computed(f"{type(expression).__name__}({letters})", *args)
    point[expression] = value
    return value


def _several(tape: Tape) -> ValueError:
    return explained(
        ValueError,
        'derive(output, level="scalar")',
        {each.name or "output": each for each in tape.outputs},
        "it is written out for one number, and here are several.",
        "derive a loss, such as y.sum(), or choose another level.",
    )


def _too_large(output: Tensor, grown: Growth) -> ValueError:
    return explained(
        ValueError,
        f'derive({output.name or "output"}, level="scalar")',
        {output.name or "output": output},
        f"written out, its gradient has {grown.written_out:,} operations, and the "
        f"tape performs {grown.shared:,}; above {LARGEST:,} it is not written out. "
        "Of an LSTM with n = m = 2 one time step fits, with n = m = 1 too, and two "
        "do not: every time step multiplies the first number by more than twenty, "
        "and adds to the second.",
        'level="gate" or "layer", whose lines share what is common; or smaller '
        "shapes, one time step, fewer wrt.",
    )
