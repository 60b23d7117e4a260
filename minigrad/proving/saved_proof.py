"""A proof in a file, with every number that somebody else needs to calculate it again.

The file says what identity.py compares, at one random point, modulo a few primes:

    <x_bar, v> = D_v y

steps and wiring of the tape, numbers for the leaves (the point), the direction v, and
the engine's gradient x_bar. `recheck.py` reads it, and imports nothing from here.

The slope of an elementwise step is a free variable to identity.py. In the file it gets
a meaning: it is SymPy's derivative of what the row means, a quotient of polynomials in
letters that stand for the row's arguments and functions,

    d/da 1 / (1 + exp(-a)) = E / (1 + E)^2        E stands for "exp(-a)"

and each step has random numbers of its own in the place of each letter.

Here nothing is judged. A wrong gradient is written down like a right one.
"""

from __future__ import annotations

import functools
import json
import math
import operator
import os
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from minigrad.files import as_path, write_whole
from minigrad.messages import explained
from minigrad.primitive import Elementwise, Primitive
from minigrad.proving.formulas import LETTERS
from minigrad.proving.identity import Slopes, derivative, gradient, trial, values_read
from minigrad.proving.residues import Field, Residues
from minigrad.refusals import require_recorded, require_unspoilt
from minigrad.tape import Tape, made_by
from minigrad.tensor import Tensor
from minigrad.types import Array, Shape

if TYPE_CHECKING:
    import sympy

Json: TypeAlias = Mapping[str, "Json"] | Sequence["Json"] | str | float | None

PRIMES = 3
MOST = 600_000  # entries of all steps of one file
EMPTY: dict[str, Json] = {"args": [], "options": {}, "letters": {}, "values": None}


def write(
    path: str | os.PathLike[str],
    claims: Sequence[tuple[Tape, Sequence[Tensor]]],
    facts: Mapping[str, object],
    seed: int = 0,
) -> Path:
    """Write claims to a file that recheck.py can check; return the path.

    claims  each a tape with one number as its output, and the Tensors to differentiate
            it by
    facts   what else the file should say, as plain data; nobody checks it

    Raises ValueError for a path that does not end in .json, a tape that is too long or
    has no record, or facts or options that JSON cannot say; OSError if the path cannot
    be written. The file is written whole or not at all.
    """
    refused = functools.partial(explained, ValueError, "saving a proof", {})
    path = as_path(path, "saving a proof")
    if path.suffix != ".json":
        why = f"a proof is a file of JSON, and this name ends in {path.suffix!r}."
        raise refused(why, f"name it {str(path.with_suffix('.json'))!r}.")
    # An input is written even if the output does not depend on it.
    longer = [(Tape(*tape.outputs, *wrt), wrt) for tape, wrt in claims]
    for tape, _ in longer:
        require_recorded(tape.outputs[0], "the proof")
        require_unspoilt(tape.steps, "the proof")
    entries = sum(step.size for tape, _ in longer for step in tape)
    if entries > MOST:
        why = f"its steps have {entries:,} entries, and a file holds {MOST:,}."
        raise refused(why, "prove smaller layers, or fewer time steps.")
    random = Random(seed)
    document: dict[str, object] = {
        "format": "minigrad proof 2",
        "facts": dict(facts),
        "seed": seed,
        "claims": [_claim(*each, random) for each in longer],
    }
    try:
        text = json.dumps(document, allow_nan=False)
    except (TypeError, ValueError) as error:
        why = f"JSON has no words for some fact, or for some option: {error}."
        fix = "let facts be texts, finite numbers, lists and dicts; options, integers."
        raise refused(why, fix) from error
    one_step_a_line = text.replace('{"row": ', '\n{"row": ')
    return write_whole(path, one_step_a_line.encode())


def _claim(tape: Tape, wrt: Sequence[Tensor], random: Random) -> Json:
    """Return a claim as JSON says it, at a new point and in a new direction."""
    field = Field.drawn(random, PRIMES)
    letters: dict[Tensor, dict[str, Residues]] = {}
    made = trial(field, tape, wrt, functools.partial(_slopes, letters))
    read, output = values_read(tape), tape.outputs[0]
    one = [field.filled(1, output.shape)]
    steps: list[Json] = []
    position: dict[Tensor, int] = {}

    def add(row: str, shape: Shape, **parts: Json) -> int:
        """Add a step; return its number."""
        name = f"step {len(steps)}"
        steps.append({"row": row, "name": name, "shape": shape, **EMPTY, **parts})
        return len(steps) - 1

    def argument(step: Tensor, i: int) -> int:
        """Return the number of a step's argument; a constant becomes a step."""
        given, number = step.args[i], made.copies[step].args[i]
        if isinstance(given, Tensor):
            return position[given]
        if isinstance(step.primitive, Elementwise):  # its slopes do not read it
            return add("input", np.shape(given))
        if isinstance(number, Residues):  # drawn for a floating-point constant
            return add("input", number.shape, values=_numbers(number))
        return add("constant", np.shape(given), values=_numbers(field.lift(given)))

    for step in tape:
        row: Primitive | None = step.primitive
        parts: dict[str, Json] = {"name": step.name} if step.name else {}
        if row is not None:
            parts["args"] = [argument(step, i) for i in range(len(step.args))]
            parts["options"] = {k: option(v) for k, v in step.options.items()}
        if step in letters:
            parts["letters"] = {k: _numbers(a) for k, a in letters[step].items()}
        if step in read and (row is None or step in letters):
            value = made.jets[step].value
            assert isinstance(value, Residues)
            parts["values"] = _numbers(value)
        position[step] = add(row.name if row else "input", step.shape, **parts)
    return {
        "primes": list(field.primes),
        "output": position[output],
        "wrt": [position[x] for x in wrt],
        "steps": steps,
        "direction": [_numbers(made.directions[x]) for x in wrt],
        "gradient": [_numbers(bar) for bar in gradient(made, [output], wrt, one)],
        "D_v y": _numbers(derivative(made, [output], one))[0],
    }


def _numbers(array: Residues) -> list[int]:
    """Return all entries modulo the product of the primes (Chinese remainders)."""
    primes, n = array.field.primes, math.prod(array.field.primes)
    units = [n // p * pow(n // p, -1, p) for p in primes]  # 1 modulo p, 0 modulo others
    entries = array.residues().reshape(len(primes), -1).T.tolist()
    return [sum(map(operator.mul, units, residues)) % n for residues in entries]


def option(value: Any) -> Json:
    """Return an axis, a shape, an index, a mask or a dtype as JSON says it.

    >>> option((slice(1, None), ..., np.array([0, 2])))
    [{'slice': [1, None, None]}, '...', {'shape': [2], 'entries': [0, 2]}]
    """
    if value is Ellipsis:
        return "..."
    if isinstance(value, tuple | list):
        return [option(each) for each in value]
    if isinstance(value, slice):
        return {"slice": option((value.start, value.stop, value.step))}
    if isinstance(value, type | np.dtype):
        return np.dtype(value).name
    if isinstance(value, Array | np.generic) and value.dtype.kind in "iub":
        return {"shape": list(value.shape), "entries": value.ravel().tolist()}
    plainly: Json = value
    return plainly


def _slopes(
    letters: dict[Tensor, dict[str, Residues]],
    field: Field,
    step: Tensor,
    moving: Sequence[bool],
) -> Slopes:
    """Return the slopes by the arguments that move, of letters drawn for this step."""
    zeros = field.zeros(step.shape)
    letters[step] = drawn = dict[str, Residues]()
    pairs = zip(derivatives(made_by(step).meaning, len(moving)), moving, strict=True)
    try:
        return [
            zeros + _value(field, step.shape, slope, drawn) if moves else None
            for slope, moves in pairs
        ]
    except ZeroDivisionError:  # a denominator is 0 by accident: draw again
        return _slopes(letters, field, step, moving)


@functools.lru_cache(maxsize=1024)
def derivatives(meaning: str, count: int) -> tuple[sympy.Expr, ...]:
    """Return SymPy's derivatives of a meaning by its letters.

    >>> derivatives("log(1 + exp(a))", 1), derivatives("nonsense of (", 1)
    ((exp(a)/(exp(a) + 1),), (slope a,))
    """
    import sympy

    symbols = {letter: sympy.Symbol(letter, real=True) for letter in LETTERS[:count]}
    try:
        y = sympy.sympify(meaning, locals=dict(symbols), rational=True)
        return tuple(y.diff(symbol) for symbol in symbols.values())
    except Exception:  # SymPy may raise anything about words
        return tuple(sympy.Symbol(f"slope {letter}") for letter in symbols)


def _value(
    field: Field, shape: Shape, formula: sympy.Expr, drawn: dict[str, Residues]
) -> Residues:
    """Return a formula's value in the field; what is no + * or integer power is drawn.

    A number that is no fraction, such as pi, is one number for all entries.
    """
    if formula.is_Rational:
        return field.lift(Fraction(int(formula.p), int(formula.q)))
    if formula.is_Add or formula.is_Mul:
        parts = [_value(field, shape, each, drawn) for each in formula.args]
        return functools.reduce(operator.add if formula.is_Add else operator.mul, parts)
    if formula.is_Pow and formula.exp.is_Integer:
        return _value(field, shape, formula.base, drawn) ** int(formula.exp)
    if formula.is_Pow and formula.exp.is_Rational and formula.exp < 0:
        return _value(field, shape, 1 / formula, drawn).inverse()
    letter = str(formula)
    if letter not in drawn:
        drawn[letter] = field.draw(shape if formula.free_symbols else ())
    return drawn[letter]
