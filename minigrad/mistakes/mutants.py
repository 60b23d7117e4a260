"""Would your test see a mistake? Plant mistakes, one by one, and look.

A test is worth the mistakes that it notices. Here each one is a *slip* in one rule that
a function's gradient goes through: a slope times 1.5, an adjoint with the wrong sign, a
term left out, two arguments exchanged, a matrix transposed. The slip is planted in the
row itself, the test runs, and the row is mended. If the test still passed, it would
pass with that mistake in the engine, too.

This is mutation testing (DeMillo, Lipton and Sayward 1978), of derivatives instead of
program text. As there, some mutants are *equivalent*: exchange the two slopes of a sum,
1 and 1, and no gradient changes. No test can notice that, so these are not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any, NamedTuple

import numpy as np

from minigrad.gradient import grad
from minigrad.messages import explained
from minigrad.mistakes.planting import Change, broken, rule_of, wrong_rules
from minigrad.parameter import Parameter
from minigrad.primitive import Primitive
from minigrad.proving.proof import prove
from minigrad.shapes import random_tensors, tensors
from minigrad.table import multiply, sum, transpose
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor

Uses = dict[tuple[Primitive, int], list[Tensor]]  # the steps that use (row, argument)
Planting = tuple["Slip", Callable[[], AbstractContextManager[None]]]  # while it lasts


class Slip(NamedTuple):
    """A mistake in the rule of one row for one of its arguments.

    >>> print(Slip("tanh", 0, "slope negated"))
    tanh, argument 0: slope negated
    """

    row: str
    argument: int
    kind: str

    def __str__(self) -> str:
        return f"{self.row}, argument {self.argument}: {self.kind}"


@dataclass(frozen=True)
class Mutants:
    """The slips that a test noticed and those that it missed; true if it missed none.

    equivalent  slips that change no gradient of the function, which are not counted
    """

    noticed: tuple[Slip, ...]
    missed: tuple[Slip, ...]
    equivalent: tuple[Slip, ...]

    def __len__(self) -> int:
        return len(self.noticed) + len(self.missed)

    def __bool__(self) -> bool:
        return not self.missed

    def __str__(self) -> str:
        lines = [f"your test notices {len(self.noticed)} of {len(self)} mistakes"]
        if self.missed:
            lines[0] += f"; it would not see {len(self.missed)}:"
            lines += [f"  {slip}" for slip in self.missed]
        if self.equivalent:
            lines += ["not counted, since they change nothing here:"]
            lines += [f"  {slip}" for slip in self.equivalent]
        return "\n".join(lines)


def mutants(
    f: Callable[..., Any],
    *shapes: Any,
    test: Callable[[], object] | None = None,
    seed: int = 0,
) -> Mutants:
    """Plant every slip in every rule that f's gradient uses; report what `test` sees.

    f       a function of Tensors, or a Module; it is called on random numbers, three
            times, to learn which rows it uses, for which of their arguments
    shapes  one for each argument of f, as in `minigrad.testing.assert_proved`
    test    a function without arguments that raises when it notices something, in this
            process; if it skips itself, it has noticed nothing. If not given, the test
            is a proof of f's gradient.
    seed    what the random numbers come from

    >>> import minigrad as mg
    >>> def rises():
    ...     x = mg.Tensor([0.5, -1.0])
    ...     assert np.all(mg.grad(mg.tanh(x).sum(), x) > 0)
    >>> print(mutants(mg.tanh, (2,), test=rises))
    your test notices 2 of 3 mistakes; it would not see 1:
      tanh, argument 0: slope times 1.5

    Raises ValueError if the test fails without a slip, or if no result of f depends on
    an input; TypeError if the test returns a truth value, which nobody would hear.
    """
    name = getattr(f, "__name__", type(f).__name__)
    asked = f"mutants({name}, ...)"
    points = [_point(f, shapes, seed + k) for k in range(3)]
    slips = list(_slips(_uses(points, asked)))
    equivalent = _without_effect(slips, points)  # before a test may train Parameters
    test = test or points[0].proved
    _require_passing(test, asked)
    noticed: list[Slip] = []
    missed: list[Slip] = []
    for slip, planted in slips:
        if slip in equivalent:
            continue
        with planted():
            (noticed if _notices(test, asked) else missed).append(slip)
    return Mutants(tuple(noticed), tuple(missed), tuple(equivalent))


def plantings(f: Callable[..., Any], *shapes: Any, seed: int = 0) -> list[Planting]:
    """Return every slip in a rule that f's gradient uses, with what plants it.

    One more than `mutants` has: a slope that is 1, which a pupil forgot.

    >>> import minigrad as mg
    >>> for slip, planted in plantings(mg.tanh, ()):
    ...     with planted():
    ...         print(slip.kind, mg.grad(mg.tanh(x := mg.Tensor(0.0)), x))
    slope times 1.5 1.5
    slope negated -1.0
    slope dropped 0.0
    slope forgotten 1.0
    """
    name = getattr(f, "__name__", type(f).__name__)
    uses = _uses([_point(f, shapes, seed)], f"plantings({name}, ...)")
    return list(_slips(uses, forgotten=True))


# ------------------------------------------------------- what the function uses


class Point(NamedTuple):
    """What f recorded once: its results, their random cotangents, and its inputs."""

    outputs: list[Tensor]
    cotangents: list[Tensor]
    inputs: list[Tensor]

    def gradient(self) -> list[Array]:
        """Return the gradient of sum(y * y_bar) over the results y, by each input."""
        result: list[Array] = grad(self.outputs, self.inputs, seed=self.cotangents)
        return result

    def proved(self) -> None:
        """Prove this gradient: the test of whoever brings none."""
        loss = Tensor(0.0)
        for y, y_bar in zip(self.outputs, self.cotangents, strict=True):
            loss = loss + sum(multiply(y, y_bar))
        prove(loss, self.inputs)


def _point(f: Any, shapes: Any, seed: int) -> Point:
    random = Random(seed)
    arguments = [random_tensors(shape, random) for shape in shapes]
    outputs = list(tensors(f(*arguments), "result", others=True).values())
    given = set(tensors(arguments, "arguments", others=True).values())
    leaves = Tape(*outputs).leaves
    inputs = [leaf for leaf in leaves if leaf in given or isinstance(leaf, Parameter)]
    return Point(outputs, [random_tensors(y.shape, random) for y in outputs], inputs)


def _uses(points: Sequence[Point], asked: str) -> Uses:
    """Return the steps through which a gradient flows, by row and argument."""
    uses: Uses = {}
    for point in points:
        moving = set(point.inputs)
        for step in Tape(*point.outputs):
            for i, arg in enumerate(step.args):
                if isinstance(arg, Tensor) and arg in moving:
                    assert step.primitive is not None
                    uses.setdefault((step.primitive, i), []).append(step)
                    moving.add(step)
    if not uses:
        raise explained(
            ValueError,
            asked,
            {f"result {i}": y for i, y in enumerate(points[0].outputs)},
            "no row leads from an argument or Parameter of the function to a "
            "Tensor that it returns, so there is no rule to make a mistake in.",
            "look for .data or .detach(), which cut the tape, and give shapes as "
            "tuples, (3,) for a vector of 3.",
        )
    return uses


# --------------------------------------------------------------------- the slips


def _slips(uses: Uses, forgotten: bool = False) -> Iterator[Planting]:
    """Yield every slip, with a block in which the row has other attributes."""
    for (row, i), steps in uses.items():
        operands = [step.args for step in steps]
        noun = "slope" if row.is_elementwise else "adjoint"
        every = list(_wrong_by_itself(row, i, operands))
        if forgotten and row.is_elementwise:
            every.append(("forgotten", lambda y, *args: np.ones(np.shape(y))))
        for kind, wrong in every:
            changes = wrong_rules(row, {i: wrong})
            yield Slip(row.name, i, f"{noun} {kind}"), _planted(changes)
        for j in (i - 1, i + 1):
            planted_from_j = j < i and (row, j) in uses
            fits = any(_exchangeable(row, i, j, args) for args in operands)
            if fits and not planted_from_j:
                kind = f"{noun} exchanged with that of argument {j}"
                changes = _exchanged(row, i, j)
                yield Slip(row.name, i, kind), _planted(changes)
        sums = row.batched_adjoints
        for kind, batched in _wrong_sums(sums[i]) if i in sums else ():
            changes = [Change(row, "batched_adjoints", {**sums, i: batched})]
            slip = Slip(row.name, i, f"batched adjoint {kind}")
            yield slip, _planted(changes)


def _wrong_by_itself(row: Any, i: int, operands: Any) -> Iterator[tuple[str, Any]]:
    """Yield what may be wrong with rule i by itself, and the rule that is."""
    right = rule_of(row, i)
    yield "times 1.5", lambda *args, **options: right(*args, **options) * 1.5
    yield "negated", lambda *args, **options: -right(*args, **options)
    yield "dropped", lambda *args, **options: right(*args, **options) * 0
    if row.is_elementwise:
        return
    if any(_is_square(args[i]) for args in operands):
        yield "transposed", lambda *args, **more: _transposed(right(*args, **more))
    others = [a for args in operands for k, a in enumerate(args) if k != i]
    if not row.jointly and any(map(_is_square, others)):

        def with_others_transposed(g: Any, *args: Any, **options: Any) -> Any:
            turned = (a if k == i else _transposed(a) for k, a in enumerate(args))
            return right(g, *turned, **options)

        yield "with the other argument transposed", with_others_transposed


def _wrong_sums(right: Any) -> Iterator[tuple[str, Any]]:
    """Yield what may be wrong with the sum of an adjoint over many uses."""

    def without_one(uses: Any, part: Any = ...) -> Any:
        return right(uses[1:], part) if uses[1:] else right(uses, part) * 0

    yield "times 1.5", lambda uses, part=...: right(uses, part) * 1.5
    yield "negated", lambda uses, part=...: -right(uses, part)
    yield "without one of its uses", without_one


def _exchangeable(row: Any, i: int, j: int, args: Any) -> bool:
    """Would the engine let rules i and j stand in each other's place?"""
    if not 0 <= min(i, j) < max(i, j) < len(args):
        return False
    answer: bool = row.is_elementwise or np.shape(args[i]) == np.shape(args[j])
    return answer


def _exchanged(row: Any, i: int, j: int) -> list[Change]:
    def rule(k: int, first: Any, *args: Any, **options: Any) -> Any:
        among = args[0] if row.variadic else args
        chosen = i + j - k if _exchangeable(row, i, j, among) else k
        return right[chosen](first, *args, **options)

    right = {k: rule_of(row, k) for k in (i, j)}
    return wrong_rules(row, {k: partial(rule, k) for k in (i, j)})


def _is_square(a: Any) -> bool:
    shape = np.shape(a)
    return len(shape) > 1 and shape[-2] == shape[-1] > 1


def _transposed(a: Any) -> Any:
    """Exchange the last two axes, where that leaves the shape as it is."""
    if not _is_square(a):
        return a
    *front, rows, columns = range(len(np.shape(a)))
    return transpose(a, (*front, columns, rows))


def _planted(changes: Sequence[Change]) -> Callable[[], AbstractContextManager[None]]:
    """Return a function that makes a block inside which the row is changed."""

    @contextmanager
    def planted() -> Iterator[None]:
        with broken(changes), np.errstate(all="ignore"):  # a slip may divide by zero
            yield

    return planted


# ------------------------------------------------------------- equivalent mutants


def _without_effect(slips: Sequence[Planting], points: Sequence[Point]) -> list[Slip]:
    """Return the slips with which f's gradients at all points stay what they are."""
    right = [point.gradient() for point in points]
    equivalent = []
    for slip, planted in slips:
        with planted(), suppress(Exception):  # it may raise: an effect
            if all(map(_are_equal, [point.gradient() for point in points], right)):
                equivalent.append(slip)
    return equivalent


def _are_equal(found: Sequence[Array], right: Sequence[Array]) -> bool:
    """Are two gradients equal, but for rounding?"""
    sizes = [np.max(np.abs(g[np.isfinite(g)]), initial=0.0) for g in right]
    rounding = 1e-12 * max(sizes, default=0.0)
    return all(
        np.allclose(a, b, rtol=1e-9, atol=rounding, equal_nan=True)
        for a, b in zip(found, right, strict=True)
    )


# ---------------------------------------------------------------------- the test


def _require_passing(test: Callable[[], object], asked: str) -> None:
    raised = _raised(test, asked)
    if raised is not None:
        raise explained(
            ValueError,
            asked,
            {},
            "the test does not pass as things are, before any slip: it raised "
            f"{type(raised).__name__}: {raised}",
            "let it pass first; a test that always fails, or skips itself, says "
            "nothing of a slip.",
        ) from raised


def _notices(test: Callable[[], object], asked: str) -> bool:
    kinds = {kind.__name__ for kind in type(_raised(test, asked)).__mro__}
    return not kinds & {"NoneType", "Skipped", "SkipTest", "XFailed"}


def _raised(test: Callable[[], object], asked: str) -> BaseException | None:
    """Run the test; return what it raised, if it did."""
    try:
        verdict = test()
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as raised:  # pytest.fail() raises one that is no Exception
        return raised
    if isinstance(verdict, bool | np.bool_):
        raise explained(
            TypeError,
            asked,
            {"test()": verdict},
            "nobody hears the truth value of a test: it notices by raising.",
            "write `assert` before it.",
        )
    return None
