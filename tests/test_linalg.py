"""Inverses, systems and determinants: what their table of idioms does not say."""

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from every import every
from numpy_cases import definite, some

import minigrad as mg
from minigrad.testing import assert_proved


def fractions(n, seed):
    random = np.random.default_rng(seed)
    entries = [Fraction(int(p), int(q)) for p, q in random.integers(1, 9, (n * n, 2))]
    a = np.array(entries, object).reshape(n, n)
    a[0, 0] = Fraction(0)  # no pivot without another order
    return a


def by_permutations(a):
    """Return the determinant as Leibniz defines it."""
    n, total = len(a), 0
    for order in permutations(range(n)):
        sign = (-1) ** sum(order[i] > order[j] for j in range(n) for i in range(j))
        total += sign * np.prod([a[i, order[i]] for i in range(n)])
    return total


@pytest.mark.parametrize("n", [2, 3, 5])
def test_fractions_are_inverted_exactly(n):
    a = mg.Tensor(fractions(n, seed=n))
    product = (a @ np.linalg.inv(a)).data
    assert (product == np.eye(n, dtype=int)).all()
    assert not any(isinstance(entry, float) for entry in product.flat)
    b = mg.Tensor(fractions(n, seed=n + 10))
    assert ((a @ np.linalg.solve(a, b)).data == b.data).all()


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_the_determinant_of_fractions_and_its_gradient_are_exact(n):
    a = fractions(n, seed=n)
    a[0, 0] += n == 1
    t = mg.Tensor(a)
    det = np.linalg.det(t)
    assert det.item() == by_permutations(a)
    assert (mg.grad(det, t) == det.item() * np.linalg.inv(t).data.T).all()


def test_whole_numbers_are_divided_into_fractions_and_never_into_floats():
    a = mg.Tensor(np.array([[0, 1, 2], [3, 1, 1], [1, 1, 5]], object))
    assert (a @ np.linalg.inv(a) == np.eye(3, dtype=int)).all()
    assert type(np.linalg.det(a).item()) is Fraction


def test_a_small_pivot_is_not_divided_by():
    a = mg.Tensor([[1e-20, 1.0], [1.0, 1.0]])
    np.testing.assert_allclose(np.linalg.solve(a, [1.0, 2.0]).data, [1.0, 1.0])
    np.testing.assert_allclose(
        mg.grad(np.linalg.inv(a).sum(), a), [[0, 0], [0, -1]], atol=1e-15
    )


@pytest.mark.parametrize("n", [2, 3, 4])
def test_the_gradient_of_the_determinant_of_a_singular_matrix_is_its_adjugate(n):
    a = some(n, n)
    a[-1] = 2.0 * a[0]
    minors = np.array(
        [
            [
                (-1) ** (i + j) * by_permutations(np.delete(np.delete(a, i, 0), j, 1))
                for j in range(n)
            ]
            for i in range(n)
        ]
    )
    np.testing.assert_allclose(mg.grad(np.linalg.det)(a), minors, atol=1e-13)


def test_its_second_derivatives_are_right_where_two_pivots_are_zero():
    hessian = mg.hessian(np.linalg.det)(np.diag([2.0, 3.0, 0.0, 0.0]))
    assert hessian[2, 2, 3, 3] == 6.0 and hessian[2, 3, 3, 2] == -6.0
    assert np.count_nonzero(hessian) == 4
    batch = mg.Tensor(np.array([np.zeros((4, 4)), np.diag([1.0, 0.0, 0.0, 0.0])]))
    assert not mg.grad(np.linalg.det(batch).sum(), batch).any()


def test_the_logarithm_of_the_determinant_of_a_singular_matrix_is_minus_infinity():
    for a in (np.zeros((3, 3)), np.ones((2, 3, 3))):
        ours, right = np.linalg.slogdet(mg.Tensor(a)), np.linalg.slogdet(a)
        np.testing.assert_array_equal(ours.sign, right.sign)
        np.testing.assert_array_equal(ours.logabsdet.data, right.logabsdet)


REFUSED = {
    "inv of a singular matrix": lambda a: np.linalg.inv(a - a),
    "inv where one of many is singular": lambda a: np.linalg.inv(np.stack([a, a - a])),
    "solve with a singular matrix": lambda a: np.linalg.solve(a - a, [1.0, 2.0]),
    "cholesky of what is not positive": lambda a: np.linalg.cholesky(a - 9.0),
    "inv of what is not square": lambda a: np.linalg.inv(a[:1]),
    "det of a vector": lambda a: np.linalg.det(a[0]),
    "matrix_power of what is not square": lambda a: np.linalg.matrix_power(a[:1], 2),
}


@every("name", REFUSED)
def test_what_numpy_calls_a_linalg_error_is_one_that_says_why(name):
    a = np.array([[2.0, 1.0], [1.0, 3.0]])
    with pytest.raises(np.linalg.LinAlgError):
        REFUSED[name](a)
    with pytest.raises(np.linalg.LinAlgError, match=r"why.*\n(.*\n)*  fix"):
        REFUSED[name](mg.Tensor(a))


def test_the_rank_of_a_matrix_is_a_question():
    assert np.linalg.matrix_rank(mg.Tensor(np.ones((3, 3)))) == 1


@pytest.mark.parametrize("shape", [(0, 0), (2, 0, 0), (0, 3, 3)])
def test_empty_matrices_have_inverses_and_determinants(shape):
    a = np.zeros(shape)
    for f in (np.linalg.inv, np.linalg.det, np.linalg.cholesky):
        np.testing.assert_array_equal(f(mg.Tensor(a)).data, f(a))
    for ours, right in zip(
        np.linalg.slogdet(mg.Tensor(a)), np.linalg.slogdet(a), strict=True
    ):
        np.testing.assert_array_equal(getattr(ours, "data", ours), right)


def test_cholesky_reads_one_triangle():
    a = definite(3)
    for upper in (False, True):
        other = (
            np.triu(np.ones((3, 3)), 1) if not upper else np.tril(np.ones((3, 3)), -1)
        )
        ours = mg.cholesky(mg.Tensor(a + other), upper=upper)
        right = np.linalg.cholesky(a).T if upper else np.linalg.cholesky(a)
        np.testing.assert_allclose(ours.data, right)
        t = mg.Tensor(a)
        assert not mg.grad(mg.cholesky(t, upper=upper).sum(), t)[other == 1.0].any()


def test_a_norm_has_the_slope_zero_at_zero():
    for ord in (None, 1, 3, np.inf):
        assert not mg.grad(lambda x, p=ord: np.linalg.norm(x, p))(np.zeros(3)).any()
    a = np.array([[3.0, 4.0], [0.0, 0.0]])
    slopes = mg.grad(lambda x: np.linalg.norm(x, axis=1).sum())(a)
    np.testing.assert_allclose(slopes, [[0.6, 0.8], [0.0, 0.0]])


@pytest.mark.parametrize(
    "f", [mg.inv, mg.det, lambda a: mg.cholesky(a @ a.T + np.eye(5))]
)
def test_proofs_stay_short_of_larger_matrices_and_of_any_order_of_pivots(f):
    assert_proved(f, (5, 5), seeds=(0, 1, 2))


def test_reductions_by_ufuncs_that_have_no_derivative_here_are_explained():
    t = mg.Tensor([1.0, 2.0])
    for call in (np.divide.reduce, np.hypot.reduce, np.subtract.accumulate):
        with pytest.raises(TypeError, match="not recorded"):
            call(t)
    assert np.add.reduce(mg.Tensor(np.ones((2, 3))), axis=None).item() == 6.0
    assert np.power.outer(t, [1.0, 2.0, 3.0]).shape == (2, 3)
