"""Is what stands on the blackboard what the tape computes? Every line is evaluated.

Twice, each time with the tape's own numbers for the letters: modulo a random prime,
where two numbers are equal or not, and in the floating-point numbers of the record. The
left side is what the engine has, the value or the cotangent of that very entry; the
right side is the displayed formula. That the rules themselves are derivatives is what
the lemmas say, which are proved first.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np

from minigrad.context import clean_recording
from minigrad.deriving.blackboard import Blackboard, Line
from minigrad.deriving.equations import Equation
from minigrad.deriving.evaluating import evaluate
from minigrad.deriving.formula import Letter, Sum
from minigrad.deriving.plain_text import Text
from minigrad.deriving.through_time import instance
from minigrad.deriving.unmeasured import Unmeasured
from minigrad.gradient import grad
from minigrad.messages import explain
from minigrad.primitive import Elementwise
from minigrad.symbolic.arrays.large import work
from minigrad.symbolic.failures import ProofFailed, where_made
from minigrad.symbolic.proving.identity import exact, fresh
from minigrad.symbolic.proving.memory import memory
from minigrad.symbolic.proving.rules import check_rules
from minigrad.symbolic.rings.domains import Exact
from minigrad.symbolic.rings.keyed import Keyed
from minigrad.symbolic.rings.primes import random_prime
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor

EXACT_UP_TO = 60_000  # operations on entries, some 35 microseconds each
RULES = 5_000  # work that rules by themselves may take, some 25 microseconds each
ROUNDING = 1e4  # so many units in the last place may terms of one line differ


@dataclass(frozen=True)
class Check:
    """How the lines were compared with the tape.

    lines     how many lines were evaluated, each time step by itself
    prime     the modulus; None if nothing was compared exactly
    floats    were they compared in the record's own floating-point numbers?
    seed      what every random number came from
    why_not   why there was no exact comparison
    rules_left  how many applications of rules were too large to be tried by themselves
    """

    lines: int
    prime: int | None
    floats: bool
    seed: int
    why_not: str = ""
    rules_left: int = 0

    def told(self) -> str:
        """Say it in a sentence."""
        ways = [f"exactly, modulo the random prime {self.prime}"] if self.prime else []
        ways += ["in the floating-point numbers of the record"] if self.floats else []
        if not ways:
            return f"NOT checked: {self.why_not}."
        why = f" Not exactly: {self.why_not}." if self.why_not else ""
        return (
            f"Checked: each of {self.lines} lines, every time step by itself, "
            "was evaluated as it is written, and equals what the tape has for its left "
            "side: "
            f"{' and '.join(ways)} (seed {self.seed}). {self._rules()}{why}"
        )

    def _rules(self) -> str:
        if self.rules_left < 0:
            return "SymPy proved the slopes; adjoints were not tried by themselves."
        told = (
            "SymPy proved the slopes; adjoints were compared with their maps, exactly"
        )
        few = f", but for {self.rules_left} too large" if self.rules_left else ""
        return f"{told}{few}."


@dataclass(frozen=True)
class Numbers:
    """A domain in which lines are evaluated.

    values      what stands for each letter
    lift        brings an exact number into the domain
    tolerance   what rounding may change, relative to the largest term; None: nothing
    """

    values: dict[Letter, Any]
    lift: Callable[[Fraction], Any]
    tolerance: float | None

    def same(self, found: Array, expected: Array, terms: Sequence[Array]) -> bool:
        """Are both sides of a line equal, as far as the domain can tell?"""
        if self.tolerance is None:
            return np.array_equal(found, expected)
        scale = max(float(np.max(np.abs(term), initial=0.0)) for term in terms)
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
    prime, why_not = random_prime(random), _too_large(board.tape)
    rules_left = _prove_rules(board.tape, seed)
    exactly = None
    if not why_not:
        try:
            exactly = _in_the_field(board, Keyed(prime, random, Unmeasured()))
        except Exception as error:  # compiled code may raise anything on objects
            reason = str(error).partition("\n")[0]
            why_not = f"a row does not run on exact numbers ({reason})"
    shown = []
    for each in equations:
        for line in _as_displayed(each):
            for numbers in filter(None, (floats, exactly)):
                _compare(line, numbers, board.tape)
        how = "exactly" if exactly else "in floats" if floats else ""
        shown.append(replace(each, checked=how))
    count = sum(len(each.lines) for each in equations)
    modulus = prime if exactly else None
    return shown, Check(count, modulus, bool(floats), seed, why_not, rules_left)


def _as_displayed(equation: Equation) -> Iterator[Line]:
    """Yield what is displayed, at each time at which it is said to hold."""
    if not equation.times:
        yield replace(equation.lines[0], left=equation.left, right=equation.right)
        return
    for t, line in zip(equation.times, equation.lines, strict=True):
        left, right = instance(equation.left, t), instance(equation.right, t)
        yield replace(line, left=left, right=right)


def _prove_rules(tape: Tape, seed: int) -> int:
    """Prove the rules that the lines are made of; return how many were too large.

    Slopes by SymPy, adjoints where they stand on the tape, each by itself.
    """
    from minigrad.symbolic.lemmas import prove_row

    for row in dict.fromkeys(step.primitive for step in tape):
        if isinstance(row, Elementwise):
            prove_row(row)
    try:
        return check_rules(tape, Random(seed), memory(), RULES).left
    except (TypeError, ValueError, ZeroDivisionError):  # a row that needs floats
        return -1


def _too_large(tape: Tape) -> str:
    count = work(tape)
    if count <= EXACT_UP_TO:
        return ""
    return (
        f"the tape performs some {count:,.0f} operations on numbers, and exact ones "
        f"are slow above {EXACT_UP_TO:,}"
    )


def _in_floats(board: Blackboard, random: Random) -> Numbers | None:
    """Return the tape's own numbers for every letter: values and cotangents."""
    if any(step.dtype.kind != "f" for step in board.tape):
        return None
    rng = np.random.default_rng(random.getrandbits(64))

    def seed(output: Tensor) -> Array:
        drawn = (
            rng.normal(size=output.shape) if board.is_given else np.ones(output.shape)
        )
        return drawn.astype(output.dtype)

    same = {step: step for step in board.tape}
    constants = {letter: np.asarray(k) for letter, k in board.constants.items()}
    eps = max(float(np.finfo(step.dtype).eps) for step in board.tape)
    return Numbers(_values(board, same, seed) | constants, float, ROUNDING * eps)


def _in_the_field(board: Blackboard, ring: Keyed) -> Numbers:
    """Return the same modulo a prime: the tape over again, from new numbers."""
    with clean_recording():
        leaves: Any = {
            leaf: Tensor(fresh(ring, "input", leaf.shape)) for leaf in board.tape.leaves
        }
        made = board.tape.replay(leaves, lift=exact)

    def seed(output: Tensor) -> Array:
        if board.is_given:
            return fresh(ring, "cotangent", output.shape)
        return np.full(output.shape, ring.lift(1), object)

    constants = {letter: exact(np.asarray(k)) for letter, k in board.constants.items()}
    return Numbers(_values(board, made, seed) | constants, Exact, None)


def _values(
    board: Blackboard, made: dict[Tensor, Tensor], seed: Callable[[Tensor], Array]
) -> dict[Letter, Any]:
    """Return the number behind every letter; of cotangents, the engine's own."""
    values: dict[Letter, Any] = {
        letter: made[step].data for step, letter in board.lettered.items()
    }
    seeds = [seed(output) for output in board.tape.outputs]
    for output, drawn in zip(board.tape.outputs, seeds, strict=True):
        values[board.given_for(output)] = drawn
    asked = board.bars
    with clean_recording():
        outputs = [made[output] for output in board.tape.outputs]
        bars = grad(outputs, [made[step] for step in asked], seed=seeds)
    return values | dict(zip(asked.values(), bars, strict=True))


def _compare(line: Line, numbers: Numbers, tape: Tape) -> None:
    """Evaluate the right side, and compare it with what the tape has on the left."""
    expected = numbers.values[line.left]
    terms = line.right.terms if isinstance(line.right, Sum) else (line.right,)
    parts = [np.asarray(evaluate(term, numbers.values, numbers.lift)) for term in terms]
    found = np.broadcast_to(sum(parts[1:], parts[0]), expected.shape)
    if not numbers.same(found, expected, parts):
        raise _wrong(line, found, expected, tape)


def _wrong(line: Line, found: Any, expected: Any, tape: Tape) -> ProofFailed:
    text = Text()
    left = text.write(line.left)
    position = next(k for k, step in enumerate(tape) if step is line.step)
    entry = np.flatnonzero(np.asarray(found != expected).ravel())[0]
    found, expected = found.ravel()[entry], expected.ravel()[entry]
    return ProofFailed(
        explain(
            f"the derivation of {left} ({where_made(position, line.step)})",
            {},
            f"{left} = {text.write(line.right)} gives {found} at entry {entry}, and "
            f"the tape has {expected}.",
            "every rule is right, so what adds up the contributions is not; "
            "mg.prove(output) says more.",
        ),
        step=position,
        found=found,
        expected=expected,
    )
