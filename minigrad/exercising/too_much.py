"""What an answer has too much, found from its numbers; and where it differs at all.

The table of slips takes away. What somebody adds can be anything; but it is mostly
something that the program knows. So the answer is divided by what is right, and the
quotient looked up among the values of all expressions of the solution, and the
difference likewise. A hit is only a guess, and becomes a slip like any other: the
program is made and compared.
"""

from __future__ import annotations

import ast
import itertools
import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from minigrad.exercising.answer import Answer, histories
from minigrad.exercising.answer_notation import letter, written
from minigrad.exercising.exercise import same
from minigrad.exercising.mutations import Mutation
from minigrad.exercising.patterns import filled, parsed
from minigrad.exercising.program_text import run, traced
from minigrad.exercising.tree_places import Place
from minigrad.types import Array

FEW = 8  # numbers that are shown
SEEDS = 5
EXTRA: list[tuple[str, Callable[[Any, Any], Any], type[ast.operator] | None]] = [
    ("is {}", lambda right, part: part, None),
    ("has the term {} too much", operator.add, ast.Add),
    ("has the term −{} too much", operator.sub, ast.Sub),
    ("has the factor {} too much", operator.mul, ast.Mult),
    ("is divided by {}, which is too much", operator.truediv, ast.Div),
]


def too_much(answer: Answer) -> Iterator[Mutation]:
    """Yield slips that might explain the first variable, or an output, that differs.

    If an output is right but for a number, so may be any variable that it comes from.
    """
    program = answer.exercise.program
    assigned = [
        (place.statement.targets[0], place)
        for place in program.places
        if isinstance(place.statement, ast.Assign)
        and place.is_whole
        and isinstance(place.node, ast.expr)
    ]
    if found := answer.first_variable(answer.case):
        for target, place in assigned:
            if ast.unparse(target) == found[0]:
                for guess in _guesses(answer, *found[1:], place.node):
                    yield _slip(target, place, guess)
    returned = program.returned()
    if len(returned) != len(answer.exercise.names):
        return
    for name, place in zip(answer.exercise.names, returned, strict=True):
        if name in answer.wrong:
            mine = [values[name] for values in answer.given]
            right = [values[name] for values in answer.right]
            for guess in _guesses(answer, mine, right, place.node):
                yield _slip(place.node, place, guess)
                if isinstance(guess.part, ast.Constant) and guess.op:
                    for target, source in assigned:
                        yield _slip(target, source, guess)


class _Guess(NamedTuple):
    """What is said of an expression, and how it becomes another: op(it, part)."""

    words: str
    op: type[ast.operator] | None
    part: ast.expr


def _slip(target: ast.AST, place: Place, guess: _Guess) -> Mutation:
    new = guess.part
    if guess.op:
        assert isinstance(place.node, ast.expr)
        new = ast.BinOp(place.node, guess.op(), guess.part)
    words = f"your {written(target)} {guess.words}"
    return Mutation("too much", words, (place.edit(new),))


def _guesses(
    answer: Answer, mine: Sequence[Array], right: Sequence[Array], node: ast.AST
) -> Iterator[_Guess]:
    """Yield what one value has more than the other, which this expression makes."""
    if [a.shape for a in mine] != [b.shape for b in right]:
        return
    values = np.concatenate([a.ravel() for a in mine])
    if values.size and np.ptp(values) == 0:
        words = f"is {values[0]:g}, whatever the numbers are"
        yield _Guess(words, None, ast.Constant(float(values[0])))
    with np.errstate(all="ignore"):
        ratios = values / np.concatenate([b.ravel() for b in right])
    ratios = ratios[np.isfinite(ratios)]
    if ratios.size > 1 and ratios[0] and np.ptp(ratios) < 1e-9 * abs(ratios[0]):
        ratio, said = _rounded(float(ratios[0]))
        words = f"is right but for a factor {said}"
        yield _Guess(words, ast.Mult, ast.Constant(ratio))
    yield from _in_a_region(mine, right)
    factors = set(_factors(node, answer.exercise.program.definitions()))
    for part, its in _parts(answer):
        for words, made, op in EXTRA:
            with suppress(ValueError), np.errstate(all="ignore"):
                if all(map(same, map(np.asarray, map(made, right, its)), mine)):
                    if op is ast.Div and ast.unparse(part) in factors:
                        words = "lacks the factor {}"
                    yield _Guess(words.format(written(part)), op, part)


def _in_a_region(mine: Sequence[Array], right: Sequence[Array]) -> Iterator[_Guess]:
    """Yield a factor that some rows, columns or entries have too much."""
    with np.errstate(all="ignore"):
        ratios = np.stack(mine) / np.stack(right)
    ratio = ratios[0]
    if (
        not ratio.ndim
        or not np.isfinite(ratios).all()
        or np.ptp(ratios, 0).max() > 1e-9
    ):
        return
    other = ~np.isclose(ratio, 1, rtol=1e-9)
    factors = ratio[other]
    if not 0 < factors.size < ratio.size or np.ptp(factors) > 1e-9:
        return
    nouns = [("row", "rows"), ("column", "columns")]
    for axis, noun in enumerate(nouns if ratio.ndim > 1 else [("entry", "entries")]):
        wrong = other.swapaxes(0, axis).reshape(ratio.shape[axis], -1)
        if (wrong == wrong[:, :1]).all():
            factor, said = _rounded(float(factors[0])) if factors[0] else (0.0, "")
            some = np.flatnonzero(wrong[:, 0])
            several = len(some) > 1
            where = f"{noun[several]} {', '.join(map(str, some))}"
            what = f"right but for a factor {said}" if said else "0"
            what = f"{'they are' if several else 'it is'} {what}"
            matrix = np.where(other, factor, 1.0).tolist()
            words = f"is wrong in its {where} alone: {what}"
            yield _Guess(words, ast.Mult, parsed(f"_array({matrix})"))


def _factors(node: ast.AST, definitions: Mapping[str, ast.expr]) -> Iterator[str]:
    """Yield the factors of a product, and those of what they stand for."""
    match node:
        case ast.BinOp(a, ast.Mult() | ast.MatMult(), b):
            yield from _factors(a, definitions)
            yield from _factors(b, definitions)
        case ast.BinOp(a, ast.Div()):
            yield from _factors(a, definitions)
        case ast.Name(name) if name in definitions:
            yield from _factors(definitions[name], definitions)
    yield ast.unparse(node)


def _rounded(ratio: float) -> tuple[float, str]:
    """Return 1/5 exactly for 0.2000000001, and what such a factor may come from."""
    sign = ", with the wrong sign" * (ratio < 0)
    if abs(ratio + 1) < 1e-9:
        return -1, "−1: the sign is wrong"
    if abs(ratio - round(ratio)) < 1e-9:
        return round(ratio), f"{ratio:.0f}: a sum against a mean{sign}?"
    if abs(1 / ratio - round(1 / ratio)) < 1e-9:
        part = round(1 / ratio)
        return 1 / part, f"1/{part}: a mean against a sum{sign}?"
    for base in (2, 10):
        if abs(ratio * math.log(base) - 1) < 1e-9:
            return ratio, f"1 / log {base}: a logarithm to the base {base}?"
    return ratio, f"{ratio:g}"


def _parts(answer: Answer) -> Iterator[tuple[ast.expr, list[Array]]]:
    """Yield each expression of the solution, with its values at the end of a run.

    Beside them the slope of each variable, as if it were a result of tanh or of σ.
    """
    program, seen = answer.exercise.program, set()
    ends = [dict(traced(program.function, args)) for args in answer.case]
    slopes = (
        ast.fix_missing_locations(filled(parsed(slope), {"A": parsed(name)}))
        for name in ends[0]
        for slope in ("A", "1 - A ** 2", "A * (1 - A)")
    )
    for node in itertools.chain(ast.walk(program.tree), slopes):
        if isinstance(node, ast.expr) and ast.dump(node) not in seen:
            seen.add(ast.dump(node))
            with suppress(Exception), np.errstate(all="ignore"):
                code = compile(ast.Expression(node), "<a part>", "eval")
                names = program.function.__globals__
                values = [np.asarray(eval(code, names, each)) for each in ends]
                if all(value.dtype.kind == "f" for value in values):
                    yield node, values


# ------------------------------------------------------------ where nothing explains it


def first_difference(answer: Answer, output: str) -> str:
    """Say where the answer first differs, with numbers small enough for paper."""
    exercise = answer.exercise
    sizes = (exercise.sizes, exercise.alike)[answer.k]
    for seed in range(SEEDS):  # until numbers show it
        args = exercise.arguments(np.random.default_rng(seed), sizes, paper=True)
        with suppress(Exception):
            it = "it"
            if found := answer.first_variable([args]):
                name, (mine,), (right,) = found
                if turned := _turned_round(answer, name, args):
                    return f"no usual slip; but {turned}"
                it = f"the first of your variables that differs is {letter(name)}: it"
            else:
                mine = exercise.values(run(answer.function, args))[output]
                right = exercise.values(run(exercise.solution, args))[output]
            if mine.shape != right.shape:
                return f"{it} has the shape {mine.shape}, and should have {right.shape}"
            different = np.argwhere(~np.isclose(mine, right))
            if not different.size and mine.ndim:
                continue
            if mine.size > FEW:
                entry = tuple(map(int, different[0]))
                it += f" begins to differ at {list(entry)}, where it"
                mine, right = mine[entry], right[entry]
            at = [
                f"\n      at {letter(name)} = {_number(x)}"
                for name, x in zip(exercise.shapes, args, strict=True)
                if np.size(x) <= FEW
            ]
            both = f"is {_number(mine)} and should be {_number(right)}"
            return f"no usual slip; {it} {both}{''.join(at)}"
    return "no usual slip explains it"


def _turned_round(answer: Answer, name: str, args: Sequence[Any]) -> str:
    """Say that a loop over this variable runs the other way round, if it does."""
    programs = answer.function, answer.exercise.solution
    runs = [histories(program, args).items() for program in programs]
    both = [[value for (each, _), value in run if each == name] for run in runs]
    if any(value.ndim for values in both for value in values):
        return ""
    mine, right = ([value.item() for value in values] for values in both)
    while mine and right and mine[0] == right[0]:
        mine, right = mine[1:], right[1:]
    for one, other, ways in (
        (mine, right, "forwards, and must run backwards"),
        (right, mine, "backwards, and must run forwards"),
    ):
        rises = len(one) > 1 and one == sorted(one)
        if rises and len(other) > 1 and other == sorted(other, reverse=True):
            return f"your loop over {letter(name)} runs {ways}"
    return ""


def _number(x: Any) -> str:
    """Write an array in one line.

    >>> _number(np.array([1.0, -0.12345678]))
    '[1, -0.1235]'
    """
    text = np.array2string(
        np.asarray(x, float), separator=", ", formatter={"float_kind": "{:.4g}".format}
    )
    return " ".join(text.split())
