"""Polynomials, ranges, sets and what comes in pairs: exact numbers, ends and edges."""

from fractions import Fraction

import numpy as np

import minigrad as mg

HALF, THREE = Fraction(1, 2), Fraction(3)
EXACT = mg.Tensor(np.array([HALF, THREE], object))
EMPTY = mg.Tensor(np.zeros(0))
ROW = mg.Tensor([1.0, 2.0])


def test_fractions_stay_exact():
    assert np.poly(EXACT).data.tolist() == [1, -HALF - THREE, HALF * THREE]
    assert np.polyint(EXACT).data.tolist() == [HALF / 2, THREE, 0]
    whole, rest = np.polydiv(np.polymul(EXACT, EXACT), EXACT)
    assert whole.data.tolist() == EXACT.data.tolist() and rest.data.tolist() == [0]
    assert np.linspace(EXACT[0], THREE, 3).data.tolist() == [
        HALF,
        Fraction(7, 4),
        THREE,
    ]


def test_both_ends_of_a_range_are_what_was_given():
    row = np.linspace(mg.Tensor(0.1), 0.7, 7)
    assert row.data[[0, -1]].tolist() == [0.1, 0.7]
    assert np.linspace(mg.Tensor(np.float32(0.1)), 1, 3).dtype == np.float32
    assert np.linspace(ROW, 1.0, 0).shape == (0, 2)


def test_sets_of_nothing_are_empty():
    assert np.union1d(EMPTY, ROW).shape == (2,)
    assert np.intersect1d(EMPTY, ROW).shape == np.setdiff1d(EMPTY, ROW).shape == (0,)


def test_powers_of_two_do_not_overflow_on_the_way():
    assert np.ldexp(mg.Tensor(1e-300), 1500).data == np.ldexp(1e-300, 1500)
    mantissa, exponent = np.frexp(mg.Tensor([0.0, np.inf, -6.0]))
    assert mantissa.data.tolist() == [0.0, np.inf, -0.75]
    assert exponent.tolist() == [0, 0, 3]


def test_the_bessel_function_has_all_digits():
    x = np.array([0.0, 0.1, 1.0, 8.0, 30.0, 100.0, 700.0, np.inf])
    np.testing.assert_allclose(
        np.i0(mg.Tensor(x)).data, [*np.i0(x[:-1]), np.inf], rtol=3e-14
    )
