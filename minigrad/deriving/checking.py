"""Is what stands on the blackboard what the tape computes? Every line is evaluated.

Twice, each time with the tape's own numbers for the letters: modulo random primes,
where two numbers are equal or not, and in the floating-point numbers of the record. The
left side is what the engine has, the value or the cotangent of that very entry; the
right side is the displayed formula. And the gradient of this very tape is proved first,
as by `mg.prove`: a wrong rule is refused before anything is displayed.
"""

from __future__ import annotations

import functools
import itertools
import operator
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random

import numpy as np

from minigrad.context import clean_recording
from minigrad.deriving.blackboard import Blackboard, Line
from minigrad.deriving.equations import Equation
from minigrad.deriving.evaluating import ROUNDING, evaluate, magnitude
from minigrad.deriving.formula import (
    HALF,
    Formula,
    Letter,
    Softmax,
    every_part,
    formula,
    meaning,
)
from minigrad.deriving.formula_styles import TEXT
from minigrad.deriving.roots import root_of
from minigrad.deriving.through_time import instance
from minigrad.gradient import grad
from minigrad.messages import explained
from minigrad.primitive import Elementwise
from minigrad.proving.failures import ProofFailed
from minigrad.proving.keyed_functions import KeyedField
from minigrad.proving.program import where_made
from minigrad.proving.proof import certify
from minigrad.proving.residues import Residues
from minigrad.recording import record
from minigrad.tape import Tape, made_by
from minigrad.tensor import Tensor
from minigrad.types import Array, Operand, Value

EXACT_UP_TO = 20_000  # numbers on the tape; a function of one takes some microseconds
PRIMES = 2


@dataclass(frozen=True)
class Check:
    """How the lines were compared with the tape.

    lines     how many lines were evaluated, each time step by itself
    primes    the moduli; () if nothing was compared exactly
    floats    were they compared in the record's own floating-point numbers?
    seed      what every random number came from
    why_not   why there was no exact comparison
    unproved  why the gradient of the tape could not be proved
    by_roots  how many lines hold by √a √a = a, and were compared in floats only
    """

    lines: int
    primes: tuple[int, ...]
    floats: bool
    seed: int
    why_not: str = ""
    unproved: str = ""
    by_roots: int = 0

    def sentence(self) -> str:
        """Say it in a sentence."""
        moduli = " and ".join(map(str, self.primes))
        ways = [f"exactly, modulo the random primes {moduli}"] if self.primes else []
        ways += ["in the floating-point numbers of the record"] if self.floats else []
        if not ways:
            return f"NOT checked: {self.why_not}."
        why = f" Not exactly: {self.why_not}." if self.why_not else ""
        roots = (
            f" {self.by_roots} of them in floating-point numbers only: √a √a is a "
            "where a is positive, and modulo a prime half of all numbers have no root."
        )
        proved = (
            f"The gradient of this tape is NOT proved: {self.unproved}."
            if self.unproved
            else "The gradient of this tape was proved before, as by mg.prove."
        )
        return (
            f"Checked: each of {self.lines} lines, every time step by itself, "
            "was evaluated as it is written, and equals what the tape has for its left "
            "side: "
            f"{' and '.join(ways)} (seed {self.seed})."
            f"{roots * bool(self.by_roots)} {proved}{why}"
        )


@dataclass(frozen=True)
class Numbers:
    """A domain in which lines are evaluated.

    values      what stands for each letter
    lift        brings an exact number into the domain
    tolerance   what rounding may change, relative to what is added; None: nothing
    """

    values: dict[Letter, Value]
    lift: Callable[[Fraction], Operand]
    tolerance: float | None

    def same(self, found: Value, expected: Value, written: Formula) -> bool:
        """Are both sides of a line equal, as far as the domain can tell?"""
        if self.tolerance is None:
            return not _differs(found, expected).any()
        size = magnitude(written, self.values)
        scale = float(np.max(size, where=np.isfinite(size), initial=0.0))
        with np.errstate(invalid="ignore"):
            off = np.abs(found - expected) > self.tolerance * scale
        return not np.any(off & np.isfinite(expected))


def checked(
    board: Blackboard, equations: Sequence[Equation], seed: int | None
) -> tuple[list[Equation], Check]:
    """Evaluate every line; return the equations, told how each was checked.

    Raises LemmaFailed if a rule is not the derivative, ProofFailed if a line is not
    what the tape computes.
    """
    seed = secrets.randbits(64) if seed is None else seed
    random = Random(seed)
    floats = _in_floats(board, random)
    why_not, unproved = _too_large(board.tape), _prove(board, seed)
    field = KeyedField.drawn(random, PRIMES)
    if _has_softmax(board):  # alike after every shift: exp(a + b) = exp(a) exp(b)
        field.use_laws()
    exactly = None
    if not why_not:
        try:
            exactly = _in_the_field(board, field)
        except Exception as error:  # compiled code may raise anything on exact arrays
            reason = str(error).partition("\n")[0]
            why_not = f"a row does not run on exact numbers ({reason})"
    shown = []
    rooted = floats and any(map(_has_root, board.tape))
    for each in equations:
        how = "exactly" if exactly else "in floats" if floats else ""
        for line in _as_displayed(each):
            if line.left in board.defined:
                continue
            if floats:
                _compare(line, floats, board.tape)
            if not exactly:
                continue
            try:
                _compare(line, exactly, board.tape)
            except ProofFailed:
                if not rooted:
                    raise
                if not _holds_by_roots(line, exactly):
                    how = "in floats"  # for √a √a is not a in the field
        shown.append(replace(each, checked=how))
    lines = (line for each in equations for line in each.lines)
    count = sum(line.left not in board.defined for line in lines)
    primes = field.primes if exactly else ()
    by_roots = sum(each.checked == "in floats" for each in shown) if exactly else 0
    return shown, Check(count, primes, bool(floats), seed, why_not, unproved, by_roots)


def _as_displayed(equation: Equation) -> Iterator[Line]:
    """Yield what is displayed, at each time at which it is said to hold."""
    if not equation.times:
        yield replace(equation.lines[0], left=equation.left, right=equation.right)
        return
    for t, line in zip(equation.times, equation.lines, strict=True):
        left, right = instance(equation.left, t), instance(equation.right, t)
        yield replace(line, left=left, right=right)


def _prove(board: Blackboard, seed: int) -> str:
    """Prove the gradient of the tape; return why it cannot be asked, if so.

    Raises LemmaFailed or ProofFailed.
    """
    with clean_recording():
        terms = [
            (output * Tensor(np.ones_like(output.data), "g")).sum()
            for output in board.tape.outputs
        ]
        product = functools.reduce(operator.add, terms)
        product.name = board.tape.outputs[0].name
    try:
        by = list(board.bars) or board.tape.leaves
        certify(product, by, seed=seed, recorded=True)
    except (TypeError, ValueError) as error:  # a row that needs floats, complex numbers
        return str(error).partition("why ")[2].strip().partition(". ")[0].rstrip(".")
    return ""


def _has_root(step: Tensor) -> bool:
    """Is a step a square root, or does it have the root of a number as a constant?"""
    numbers = [np.asarray(a) for a in step.args if not isinstance(a, Tensor)]
    alone = [a.item() for a in numbers if a.size == 1]
    half = any(isinstance(k, float) and k % 1 == HALF for k in alone)
    computes = meaning(step.primitive)
    if "sqrt(" in computes or (half and computes == "a ** b"):
        return True
    return any(root_of(k) is not None for k in alone)


def _too_large(tape: Tape) -> str:
    count = sum(step.size for step in tape)
    if count <= EXACT_UP_TO:
        return ""
    return (
        f"the tape has {count:,} numbers, and functions of exact ones are slow above "
        f"{EXACT_UP_TO:,}"
    )


def _in_floats(board: Blackboard, random: Random) -> Numbers | None:
    """Return the tape's own numbers for every letter: values and cotangents."""
    if any(step.dtype.kind != "f" for step in board.tape):
        return None
    rng = np.random.default_rng(random.getrandbits(64))

    def seed(output: Tensor) -> Array:
        drawn = (
            rng.normal(size=output.shape) if board.has_seeds else np.ones(output.shape)
        )
        return drawn.astype(output.dtype)

    same = {step: step for step in board.tape}
    constants = {letter: np.asarray(k) for letter, k in board.constants.items()}
    eps = max(float(np.finfo(step.dtype).eps) for step in board.tape)
    values = _values(board, same, seed) | constants
    for letter, definition in board.defined.items():
        values[letter] = evaluate(definition, values, float)
    return Numbers(values, float, ROUNDING * eps)


def _in_the_field(board: Blackboard, field: KeyedField) -> Numbers:
    """Return the same modulo primes: the tape over again, from new numbers."""

    def applied(step: Tensor, args: list[Operand]) -> Tensor:
        row = made_by(step)
        value: Value
        data = [a.data if isinstance(a, Tensor) else a for a in args]
        if isinstance(row, Elementwise):
            value = field.computed(row.meaning, *data)
        else:
            value = row.function(*data, **step.options)
        return record(row, value, tuple(args), step.options)

    with clean_recording():
        leaves = {
            leaf: record(None, field.draw(leaf.shape), (), {})
            for leaf in board.tape.leaves
        }
        made = board.tape.replay(leaves, _with_roots(field), applied)

    def seed(output: Tensor) -> Residues:
        if board.has_seeds:
            return field.draw(output.shape)
        return field.filled(1, output.shape)

    constants = {
        letter: field.lift(np.asarray(k)) for letter, k in board.constants.items()
    }
    values = _values(board, made, seed) | constants
    for letter, definition in board.defined.items():
        values[letter] = evaluate(definition, values, field.lift)
    return Numbers(values, field.lift, None)


def _has_softmax(board: Blackboard) -> bool:
    lines = itertools.chain(board.forward, board.backward)
    return any(
        isinstance(part, Softmax) for line in lines for part in every_part(line.right)
    )


def _with_roots(field: KeyedField) -> Callable[[Operand], Value]:
    """Return what brings numbers of the program into the field: 1.414... as √2."""

    def lifted(value: Operand) -> Value:
        number = np.asarray(value)
        if number.size != 1 or root_of(number.item()) is None:
            return field.lift(value)
        return evaluate(formula(number.item()), {}, field.lift).reshape(number.shape)

    return lifted


def _values(
    board: Blackboard, made: dict[Tensor, Tensor], seed: Callable[[Tensor], Value]
) -> dict[Letter, Value]:
    """Return the number behind every letter; of cotangents, the engine's own."""
    values: dict[Letter, Value] = {
        letter: made[step].data for step, letter in board.lettered.items()
    }
    seeds = [seed(output) for output in board.tape.outputs]
    for output, drawn in zip(board.tape.outputs, seeds, strict=True):
        values[board.seed_of(output)] = drawn
    asked = board.bars
    with clean_recording():
        outputs = [made[output] for output in board.tape.outputs]
        bars = grad(outputs, [made[step] for step in asked], seed=seeds)
    return values | dict(zip(asked.values(), bars, strict=True))


def _compare(line: Line, numbers: Numbers, tape: Tape) -> None:
    """Evaluate the right side, and compare it with what the tape has on the left."""
    expected = numbers.values[line.left]
    found = evaluate(line.right, numbers.values, numbers.lift)
    found = np.broadcast_to(found, expected.shape)
    if not numbers.same(found, expected, line.right):
        raise _wrong(line, found, expected, tape)


def _holds_by_roots(line: Line, numbers: Numbers) -> bool:
    found = evaluate(line.right, numbers.values, numbers.lift, by_roots=True)
    expected = numbers.values[line.left]
    return numbers.same(np.broadcast_to(found, expected.shape), expected, line.right)


def _differs(found: Value, expected: Value) -> Array:
    """Say of each entry whether the two sides differ."""
    if isinstance(found, Residues) and isinstance(expected, Residues):
        return ~found.equals(expected)
    unequal: Array = np.asarray(found) != np.asarray(expected)
    return unequal


def _wrong(line: Line, found: Value, expected: Value, tape: Tape) -> ProofFailed:
    left = TEXT.write(line.left)
    position = next(k for k, step in enumerate(tape) if step is line.step)
    entry = np.flatnonzero(_differs(found, expected))[0]
    found, expected = found.reshape((-1,))[entry], expected.reshape((-1,))[entry]
    return explained(
        ProofFailed,
        f"the derivation of {left} ({where_made(position, line.step)})",
        f"{left} = {TEXT.write(line.right)} gives {found} at entry {entry}, and "
        f"the tape has {expected}.",
        "every rule is right, so what adds up the contributions is not; "
        "mg.prove(output) says more.",
        step=position,
        found=found,
        expected=expected,
    )
