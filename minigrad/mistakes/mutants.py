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

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

import numpy as np

from minigrad.gradient import grad
from minigrad.messages import explained
from minigrad.mistakes.rule_slips import Planting, Slip, Uses, slips
from minigrad.parameter import Parameter
from minigrad.proving.proof import prove
from minigrad.shapes import random_tensors, tensors
from minigrad.table import multiply, sum
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor


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
    planned = list(slips(_uses(points, asked)))
    equivalent = _without_effect(planned, points)  # before a test may train Parameters
    test = test or points[0].proved
    _require_passing(test, asked)
    noticed: list[Slip] = []
    missed: list[Slip] = []
    for slip, planted in planned:
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
    return list(slips(uses, forgotten=True))


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


# ------------------------------------------------------------- equivalent mutants


def _without_effect(planned: Sequence[Planting], points: Sequence[Point]) -> list[Slip]:
    """Return the slips with which f's gradients at all points stay what they are."""
    right = [point.gradient() for point in points]
    equivalent = []
    for slip, planted in planned:
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
