"""Wrong gradients that hide: each was certified once, and is refused now.

What they have in common: exact numbers, a lemma and the first application of a kind
show nothing. The fault is in floats, in some numbers, or at one place of the tape.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.accumulation import Cotangents
from minigrad.mistakes.planting import Change, broken
from minigrad.primitive import TABLE, Elementwise, elementwise, linear
from minigrad.proving import ProofFailed

right_add, right_vjp = Cotangents.add, Elementwise.vjp


def is_float(a: Any) -> bool:
    return isinstance(a, np.ndarray) and a.dtype.kind == "f"


@contextmanager
def row(kind: Any, *args: Any, **more: Any) -> Iterator[Any]:
    """Enter a row for as long as a test lasts."""
    apply = kind("wrong row", *args, **more)
    try:
        yield apply
    finally:
        del TABLE["wrong row"]


def leaf(*numbers: Any, dtype: Any = float) -> mg.Tensor:
    return mg.Tensor(np.array(numbers, dtype))


def refused(loss: mg.Tensor, **more: Any) -> str:
    """Return why a proof is refused."""
    with np.errstate(all="ignore"), pytest.raises(ProofFailed) as failure:
        mg.prove(loss, seed=0, **more)
    return str(failure.value)


# ---------------------------------------------------------- functions, in some numbers


def in_floats_only(function: Any) -> Any:
    return lambda a: function(a) if is_float(a) else a * 1


def test_an_elementwise_function_that_means_something_else_in_a_later_step():
    clipped = in_floats_only(lambda a: np.clip(a, -3, 3))
    with row(elementwise, clipped, "a", (lambda y, a: 1,)) as f:
        x = leaf(1.0, 2.0)
        assert "its function does not compute" in refused(mg.sum(f(x) + f(5 * x)))


def test_a_linear_function_that_is_not_linear_in_large_numbers():
    clipped = in_floats_only(lambda a: np.clip(a, -4, 4))
    with row(linear, clipped, (lambda g, a: g,), jointly=True) as f:
        assert "its function does not compute" in refused(mg.sum(f(leaf(5.0, 6.0))))


def test_a_linear_row_whose_matrix_changed_after_it_was_recorded():
    matrix = np.array([1.0, 2.0])
    with row(
        linear, lambda a: a * matrix, (lambda g, a: g * matrix,), jointly=True
    ) as f:
        loss = mg.sum(f(leaf(1.0, 3.0)))
        matrix *= 2
        refused(loss)


# ------------------------------------------- where a lemma says nothing: domains, kinks


def test_a_slope_outside_of_its_domain():
    slope = (lambda y, a: 1,)
    with row(elementwise, np.abs, "sqrt(a**2)", slope, domain="a > 0") as f:
        assert "the derivative is -1.0" in refused(mg.sum(f(leaf(-1.0, 2.0))))


def test_a_slope_that_is_wrong_in_one_point():
    with row(elementwise, np.positive, "a", (lambda y, a: np.sign(a) ** 2,)) as f:
        assert "the derivative is 1.0" in refused(mg.sum(f(leaf(0.0, 2.0))))


def test_a_slope_that_has_no_number_where_the_derivative_has():
    slope = (lambda y, a: (a * a) ** 0.5 / (a * a) ** 0.5,)
    with row(elementwise, np.positive, "a", slope) as f:
        assert "the derivative is 1.0" in refused(mg.sum(f(leaf(0.0, 2.0))))


def test_a_slope_that_has_no_number_in_one_point_and_whose_lemma_names_no_domain():
    with row(elementwise, lambda a: 2 * a, "2*a", (lambda y, a: y / a,)) as f:
        assert "the derivative is 2.0" in refused(mg.sum(f(leaf(1.0, 0.0))))


def test_outside_of_a_domain_a_right_slope_is_no_alarm():
    with row(
        elementwise, np.square, "a**2", (lambda y, a: 2 * a,), domain="a > 0"
    ) as f:
        assert mg.prove(mg.sum(f(leaf(-1.0, 2.0))), seed=0).outside


def test_at_a_kink_every_convention_is_accepted():
    half = (lambda y, a: (np.sign(a) + 1) / 2,)
    with row(elementwise, lambda a: np.maximum(a, 0), "Max(a, 0)", half) as f:
        mg.prove(mg.sum(f(leaf(0.0, 2.0, -1.0))), seed=0)


# --------------------------------------------------- faults that other numbers outshine


def adding(wrong: Any) -> Any:
    """Let `wrong` change, in floats, what is added to a cotangent."""

    def add(self: Any, arg: Any, contribution: Any) -> None:
        if arg.tick in self.totals and is_float(contribution):
            contribution = wrong(contribution)
        right_add(self, arg, contribution)

    return broken([Change(Cotangents, "add", add)])


def test_a_wrong_gradient_beside_one_that_is_a_million_billion_times_larger():
    x, w = leaf(1.0, 2.0), leaf(1.0, 2.0)
    loss = mg.sum(x * x * 1e9) + mg.sum(1e-7 * mg.sin(w) + 1e-7 * mg.cos(w))
    with adding(lambda c: 3 * c if np.max(np.abs(c)) < 1e-3 else c):
        refused(loss)


def test_a_wrong_gradient_beside_numbers_that_cancel():
    x, w = leaf(1.0, 2.0), leaf(0.3, 0.4)
    loss = mg.sum(x * 1e17 - x * 1e17) + mg.sum(w * w * w)
    with adding(lambda c: 3 * c if np.max(np.abs(c)) < 1 else c):
        refused(loss)


def test_a_gradient_without_a_number_where_the_derivative_has_one():
    x = leaf(1.0, 2.0)
    with adding(lambda c: c * np.nan):
        refused(mg.sum(x * x * x))


def test_a_wrong_gradient_beside_an_infinite_one():
    x, z = leaf(1.0, 2.0), leaf(0.0)
    with adding(lambda c: 3 * c):
        refused(mg.sum(x * x * x) + mg.sum(mg.sqrt(z)))


def test_an_infinite_gradient_is_no_alarm():
    certificate = mg.prove(mg.sum(mg.sqrt(leaf(0.0, 4.0))), seed=0)
    assert "not finite" in certificate.not_in_floats


def test_a_branch_that_was_not_taken_and_spoils_the_gradient():
    """Zero times infinity: `where` says how to write it (functions.py)."""
    x = leaf(0.0, 2.0)
    with np.errstate(all="ignore"):
        loss = mg.sum(mg.where(x.data > 0, mg.log(x), 0.0))
    refused(loss)


def test_a_forgotten_number_beside_a_large_second_derivative():
    def slope(y: Any, a: Any) -> Any:
        return 2 * (a.data if isinstance(a, mg.Tensor) else a)

    with row(elementwise, np.square, "a**2", (slope,)) as f:
        x, w = leaf(1.0, 2.0), leaf(1.0, 2.0)
        refused(mg.sum(f(x) * 1e-9) + mg.sum(w * w * w), order=2)


# ---------------------------------------------------------------- exact numbers as data


def fractions() -> mg.Tensor:
    return mg.Tensor(np.array([Fraction(1), Fraction(2, 3), Fraction(5)], object))


def test_a_tape_of_fractions_is_looked_at_in_numbers_too():
    x = fractions()
    certificate = mg.prove(mg.sum((3 * x - x * x) / (1 + x * x)), order=2, seed=0)
    assert not certificate.not_in_floats


def test_a_slope_for_three_entries_on_a_tape_of_fractions():
    slope = (lambda y, a: 2 * a if np.shape(a) == (2,) else 3 * a,)
    with row(elementwise, np.square, "a**2", slope) as f:
        refused(mg.sum(f(fractions())))


def test_a_recording_that_forgets_on_a_tape_of_fractions():
    def slope(y: Any, a: Any) -> Any:
        return 2 * (a.data if isinstance(a, mg.Tensor) else a)

    with row(elementwise, np.square, "a**2", (slope,)) as f:
        refused(mg.sum(f(fractions())), order=2)


def test_whole_slopes_dropped_on_a_tape_of_fractions():
    def vjp(self: Any, i: int, g: Any, y: Any, args: Any, options: Any) -> Any:
        slope = self.partials[i](y, *args)
        return g if type(slope) is int else g * slope

    x = fractions()
    with broken([Change(Elementwise, "vjp", vjp)]):
        refused(mg.sum(3 * x - x * x))


# ------------------------------------------------------------------- what walks leave


def test_an_adjoint_that_writes_into_its_argument():
    def adjoint(g: Any, a: Any) -> Any:
        if is_float(a):
            a += 1
        return g * 2

    with row(linear, lambda a: a * 2, (adjoint,), jointly=True) as f:
        refused(mg.sum(f(leaf(1.0, 2.0))))


def test_a_slope_that_writes_into_the_result():
    """The gradient is right, and whoever reads y afterwards reads another number."""

    def slope(y: Any, a: Any) -> Any:
        if is_float(y):
            y += 1
        return 2 * a

    with row(elementwise, np.square, "a**2", (slope,)) as f:
        assert "it writes into" in refused(mg.sum(f(leaf(1.0, 2.0))))


def test_an_adjoint_that_writes_into_what_its_row_keeps():
    kept = []

    def function(a: Any) -> Any:
        kept.append(a)
        return a * 2

    def adjoint(g: Any, a: Any) -> Any:
        if is_float(g):
            kept[0] += 1
        return g * 2

    with row(linear, function, (adjoint,), jointly=True) as f:
        assert "were changed" in refused(mg.sum(f(leaf(1.0, 2.0))))


def test_a_gradient_of_another_dtype():
    wide = lambda self, contribution, *more: contribution  # noqa: E731
    x = leaf(1.0, 2.0, dtype=np.float32)
    with broken([Change(Cotangents, "fit", wide)]):
        assert "dtype float64" in refused(mg.sum(x * np.array([1.0, 2.0])))


def test_a_row_that_makes_complex_numbers_of_real_ones_is_not_proved():
    make = mg.linear(
        "to_complex", lambda a: a + 0j, (lambda g, a: g.real,), jointly=True
    )
    try:
        y = make(mg.Tensor([1.0, 2.0], "x")).sum()
        with pytest.raises(
            ProofFailed, match="to_complex made them at step 1"
        ) as caught:
            mg.prove(y, seed=0)
        assert (caught.value.row, caught.value.step) == ("to_complex", 1)
    finally:
        del mg.TABLE["to_complex"]
