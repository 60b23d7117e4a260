"""Exact numbers: residues are what Python's integers say, jets differentiate, and the
bounds of a polynomial are bounds."""

import math
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from conftest import peer
from every import every
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sympy import ZZ, ring

from minigrad.exact import meant
from minigrad.proving import bounds
from minigrad.proving.bounds import BITS, PRIMES, SLACK, VARIABLE, ZERO, Bound, chance
from minigrad.proving.jets import Jet
from minigrad.proving.residues import LONGEST, Field

LARGEST = 2**26 - 5  # the largest prime that a field may have
seeds = st.integers(0, 2**32)


def field(seed=0):
    return Field.drawn(Random(seed), 3)


def modulo(k, a):
    """Residues modulo the k-th prime as Python's integers."""
    return np.asarray(a.residues()[k]).astype(object)


def agrees(found, right, *arrays):
    """Is an array what `right` makes of the others in Python's integers?"""
    for k, p in enumerate(found.field.primes):
        expected = np.asarray(right(*(modulo(k, a) for a in arrays)) % p)
        assert found.shape == expected.shape
        assert np.array_equal(modulo(k, found), expected)
    assert np.all(2 * abs(found.raw) < found.field.primes)  # balanced


# ----------------------------------------------------------------- residues

ARITHMETIC = {
    "a + b": lambda a, b: a + b,
    "a - b": lambda a, b: a - b,
    "a b": lambda a, b: a * b,
    "-a": lambda a, b: -a,
    "a^5": lambda a, b: a**5,
    "a^0": lambda a, b: a**0,
    "3 - a": lambda a, b: 3 - a,
    "sums": lambda a, b: a.sum() + b.sum(),
    "in place": lambda a, b: np.add(a, b, out=a.copy()) if a.shape == b.shape else a,
}


@pytest.mark.parametrize("compute", ARITHMETIC.values(), ids=ARITHMETIC)
@given(seeds, hnp.mutually_broadcastable_shapes(num_shapes=2, max_side=4))
def test_residues_calculate_as_integers_do(compute, seed, shapes):
    F = field(seed)
    a, b = (F.draw(shape) for shape in shapes.input_shapes)
    agrees(compute(a, b), compute, a, b)


@given(seeds, hnp.array_shapes(min_dims=0, max_dims=2, max_side=4))
def test_quotients_and_means_are_undone_by_products(seed, shape):
    a, b = (F := field(seed)).draw(shape), F.draw(shape)
    for found, right in [
        (1 / a * a, F.filled(1, shape)),
        (a / b * b, a),
        (a**-2 * a * a, F.filled(1, shape)),
        (a.mean() * a.size, a.sum()),
        (a * 0.375 * 8, 3 * a),
        (a / 3 * 3, a),
    ]:
        assert found.equals(right).all()


def test_there_is_no_quotient_by_zero():
    F = field()
    with pytest.raises(ZeroDivisionError):
        1 / (F.draw((3,)) * F.lift([1, 0, 1]))
    with pytest.raises(ZeroDivisionError, match="is 0 modulo 7"):
        Field([7], Random(0)).lift(Fraction(1, 14))


MATRICES = [
    ((3, 4), (4, 2)), ((4,), (4, 2)), ((3, 4), (4,)), ((4,), (4,)), ((0, 3), (3, 2)),
    ((2, 0), (0, 2)), ((2, 3, 4), (4, 2)), ((2, 1, 3, 4), (5, 4, 2)), ((4,), (2, 4, 3)),
    ((5, 3, 4), (4,)), ((3, 200), (200, 2)), ((2, 1, 2, 9), (3, 9, 2)),
]  # fmt: skip


@pytest.mark.parametrize("shapes", MATRICES, ids=str)
@given(seed=seeds)
def test_matrix_products_are_those_of_integers(shapes, seed):
    F = field(seed)
    a, b = (F.draw(shape) for shape in shapes)
    agrees(a @ b, np.matmul, a, b)


@every("length", [1, 8, 9, 13, 2**13, 2**15, 2**15 + 3, 2**17 + 1])
@pytest.mark.parametrize("signs", [(1, 1), (1, -1), (-1, -1)])
def test_products_and_sums_are_exact_at_the_largest_residues(length, signs):
    """All terms of a sum have one sign, and both halves of a factor are large."""
    F, rng = Field([LARGEST], Random(0)), np.random.default_rng(0)
    large = LARGEST // 2, 4095 * 2**13 + 4095
    x, y = (
        sign * (each - rng.integers(0, 9, (2, length)))
        for sign, each in zip(signs, large, strict=True)
    )
    a, b = (F.lift(each) for each in (x, y))
    for compute in (
        lambda a, b: a @ b.T,
        lambda a, b: a[0] @ b[0],
        lambda a, b: a.sum(axis=1) - b.sum(),
        lambda a, b: (a * b).sum(),
        lambda a, b: np.cumsum(a, axis=1)[:, -9:] + np.cumsum(b, axis=0)[:, -9:],
        lambda a, b: a + a - b,
    ):
        agrees(compute(a, b), compute, a, b)


def test_a_long_sum_is_exact():
    F = Field([LARGEST], Random(0))
    many = F.filled(LARGEST // 2, (2**21,))
    assert many.sum().residues() == 2**21 * (LARGEST // 2) % LARGEST
    total = np.zeros_like(F.draw((2,)))
    np.add.at(total, np.zeros(2**17, int), many[: 2**17])
    assert total.residues().tolist() == [[2**17 * (LARGEST // 2) % LARGEST, 0]]


MOVES = {
    "concatenate": lambda a: np.concatenate([a, 2 * a, a[:1]]),
    "stack": lambda a: np.stack([a, 2 * a], -1),
    "transpose": lambda a: a.T,
    "reshape": lambda a: a.reshape(-1),
    "indices that repeat": lambda a: a[[0, -1, 0]],
    "a negative step": lambda a: a[..., ::-1],
    "broadcast": lambda a: np.broadcast_to(a, (2, *a.shape)),
    "running sums": lambda a: np.cumsum(a, axis=-1),
    "sums over an axis": lambda a: a.sum(axis=-1, keepdims=True) + a.sum(axis=(0, 1)),
    "split": lambda a: np.split(a, [1], axis=-1)[1],
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
@given(seeds, hnp.array_shapes(min_dims=2, max_dims=3, max_side=3))
def test_entries_are_moved_as_numpy_moves_them(move, seed, shape):
    a = field(seed).draw(shape)
    agrees(move(a), move, a)


@given(seeds, st.lists(st.integers(0, 3), min_size=1))
def test_masks_and_scatters_are_those_of_integers(seed, index):
    F = field(seed)
    a, mask = F.draw((4, 2)), np.arange(8).reshape(4, 2) % 3 == 0

    def scattered(a):
        total = np.zeros_like(a)
        np.add.at(total, (index, slice(None)), a[index])
        return total

    agrees(np.where(mask, a, -1), lambda a: np.where(mask, a, -1), a)
    agrees(scattered(a), scattered, a)


def test_what_was_calculated_from_an_array_is_forgotten_when_it_changes():
    F = field()
    a = F.draw((2, 2))
    assert a.T is a.T and a.inverse() is a.inverse()
    before, row = a @ a, F.draw((2,))
    a.T, a.inverse()
    a[0] = row
    assert a.T[:, 0].equals(row).all() and (a.inverse() * a).equals(F.lift(1)).all()
    agrees(a @ a, np.matmul, a, a)
    assert not (a @ a).equals(before).all()


def test_random_residues_are_even_and_come_from_the_seed():
    F = Field([7, 11], Random(0))
    sevens, elevens = F.draw((70_000,)).residues()
    for residues, p in ((sevens, 7), (elevens, 11)):
        counts = np.bincount(residues, minlength=p)
        assert np.all(abs(counts - 70_000 / p) < 5 * math.sqrt(70_000 / p))
    assert np.array_equal(field(3).draw((9,)).raw, field(3).draw((9,)).raw)
    assert not np.array_equal(F.draw((9,)).raw, F.draw((9,)).raw)


FLOATS = hnp.arrays(
    st.sampled_from([np.float16, np.float32, np.float64, np.int8, np.int64]),
    hnp.array_shapes(min_dims=0),
    elements={"allow_nan": False, "allow_infinity": False},
)


@given(seeds, FLOATS)
def test_numbers_enter_exactly_as_the_fractions_that_they_stand_for(seed, numbers):
    F = field(seed)
    lifted = F.lift(numbers)
    assert lifted.shape == numbers.shape
    for k, p in enumerate(F.primes):
        for number, residue in zip(
            numbers.ravel(), lifted.residues()[k].ravel(), strict=True
        ):
            q = meant(number)
            assert int(residue) * q.denominator % p == q.numerator % p


def test_a_short_decimal_is_itself_and_no_binary_fraction():
    F = field()
    assert (F.lift(0.1) * 10).equals(F.lift(1))
    assert (F.lift(np.float32(1 / 3)) * 3).equals(F.lift(1))
    assert F.lift(2.0**-60).equals(1 / F.lift(2) ** 60)
    for bad in (np.nan, np.inf):
        with pytest.raises((ValueError, OverflowError)):
            F.lift(bad)


def test_what_is_not_listed_is_refused():
    a = field().draw((2, 2))
    for call in (
        lambda: np.einsum("ij->i", a), lambda: np.linalg.inv(a), lambda: np.floor(a),
        lambda: np.maximum(a, 0), lambda: np.sort(a), lambda: np.tanh(a),
        lambda: np.asarray(a), lambda: bool(a), lambda: a < a, lambda: a**0.5,
        lambda: Jet(a) > 0, lambda: float(a[0, 0]),
    ):  # fmt: skip
        with pytest.raises(TypeError, match="exact numbers know"):
            call()


@pytest.mark.compare
@pytest.mark.parametrize("length", [7, 900, LONGEST + 3])
def test_matrix_products_are_those_of_flint(length):
    flint = peer("flint")
    F = field()
    a, b = F.draw((3, length)), F.draw((length, 2))
    found = (a @ b).residues()
    for k, p in enumerate(F.primes):
        left, right = (
            flint.nmod_mat(*x.shape, x.residues()[k].ravel().tolist(), p)
            for x in (a, b)
        )
        assert [[int(x) for x in row] for row in (left * right).tolist()] == found[
            k
        ].tolist()


# --------------------------------------------------------------------- jets

KNOWN = {
    "x^3": (lambda x: x * x * x, lambda x, v: 3 * x * x * v),
    "1 / x": (lambda x: 1 / x, lambda x, v: -v / (x * x)),
    "x^-2": (lambda x: x**-2, lambda x, v: -2 * v / (x * x * x)),
    "x / (x + 1)": (lambda x: x / (x + 1), lambda x, v: v / ((x + 1) * (x + 1))),
    "x . x": (lambda x: x @ x, lambda x, v: 2 * (x @ v)),
    "sum, broadcast": (lambda x: x.sum() * x, lambda x, v: v.sum() * x + x.sum() * v),
    "running sums": (
        lambda x: np.cumsum(x * x, axis=0),
        lambda x, v: np.cumsum(2 * x * v, axis=0),
    ),
    "where": (
        lambda x: np.where([True, False, True], x * x, 3 * x),
        lambda x, v: np.where([True, False, True], 2 * x * v, 3 * v),
    ),
    "indices that repeat": (lambda x: x[[0, 0]] * x[1], lambda x, v: (
        v[[0, 0]] * x[1] + x[[0, 0]] * v[1]
    )),
    "a constant beside it": (
        lambda x: np.concatenate([x, np.ones(2)]) * 2,
        lambda x, v: np.concatenate([2 * v, np.zeros(2)]),
    ),
    "nothing": (lambda x: x - x + 4, lambda x, v: 0 * v),
}  # fmt: skip


@every("f, slope", KNOWN.values(), ids=KNOWN)
def test_jets_differentiate(f, slope):
    F = field()
    x, v = F.draw((3,)), F.draw((3,))
    jet = f(Jet(x, v))
    assert jet.value.equals(f(x)).all()
    assert jet.tangent.equals(F.lift(0) + slope(x, v)).all()
    x, v = np.array([0.5, -2.0, 3.0]), np.array([1.0, 0.5, -1.5])
    np.testing.assert_allclose(f(Jet(x, v)).tangent, slope(x, v), rtol=1e-14)


def test_a_matrix_product_of_jets_has_two_terms():
    F = field()
    a, b, u, v = (F.draw((2, 3, 3)) for _ in range(4))
    assert (Jet(a, u) @ Jet(b, v)).tangent.equals(u @ b + a @ v).all()
    assert (Jet(a, u) @ b).tangent.equals(u @ b).all()
    assert (a @ Jet(b, v)).tangent.equals(a @ v).all()


def test_a_jet_that_does_not_move_has_no_tangent_to_calculate_with():
    a = Jet(field().draw((3,)))
    assert (a * a + 1).tangent is None
    assert np.concatenate([a, a]).tangent is None
    assert a.full_tangent().equals(a.value * 0).all()


def test_writing_into_a_jet_moves_its_tangent_along():
    F = field()
    u, total = F.draw((2,)), Jet(F.lift([0, 0, 0]).copy())
    np.add.at(total, [0, 0], Jet(u, u))
    total[2] = Jet(u[1], 3 * u[1])
    assert total.value.equals(np.stack([u.sum(), F.lift(0), u[1]])).all()
    assert total.tangent.equals(np.stack([u.sum(), F.lift(0), 3 * u[1]])).all()


# ------------------------------------------------------------------- bounds


def steps():
    """Random programs on two by two matrices of polynomials."""
    n = st.integers(-6, 6)
    return st.lists(
        st.sampled_from(
            [
                lambda a, b: a + b,
                lambda a, b: a - b * b,
                lambda a, b: a * b,
                lambda a, b: a @ b,
                lambda a, b: a * a.sum(axis=0) - b,
                lambda a, b: np.cumsum(a, axis=1) + b.T,
                lambda a, b: np.concatenate([a, 5 * b])[[0, 3]],
                lambda a, b: np.where([True, False], a, 3 * b * b),
            ]
        )
        | n.map(lambda n: lambda a, b: n * a + b)
        | n.map(lambda n: lambda a, b: a - n),
        min_size=1,
        max_size=5,
    )


def check_bounds(program, variables, terms):
    """Run a program on residues, and on polynomials: are the bounds bounds?"""
    F = field()
    exact = np.empty((2, 2, 2), object)
    exact.flat = variables
    a, b, x, y = F.draw((2, 2)), F.draw((2, 2)), *exact
    for step in program:
        a, b, x, y = step(a, b), a, step(x, y), x
    for entry in np.ravel(x):
        powers, coefficients = terms(entry)
        height = sum(abs(int(c)) for c in coefficients)
        assert a.bound.degree >= max(map(sum, powers), default=0)
        assert not height or a.bound.bits >= math.log2(height)
    assert a.bound.denominator().degree == 0


@given(steps())
def test_degree_and_height_bound_those_of_the_polynomial(program):
    R, *variables = ring("a:h", ZZ)
    check_bounds(program, variables, lambda p: (R(p).monoms(), R(p).coeffs()))


@pytest.mark.compare
@given(steps())
def test_degree_and_height_bound_those_that_flint_finds(program):
    flint = peer("flint")
    context = flint.fmpz_mpoly_ctx.get(tuple("abcdefgh"), flint.Ordering.lex)

    def terms(p):
        found = (context.constant(0) + p).to_dict()
        return found.keys(), found.values()

    check_bounds(program, context.gens(), terms)


def test_the_bound_of_a_matrix_product_is_that_of_its_entries():
    a, b = field().draw((2, 5)), field().draw((5, 3))
    assert (a @ b).bound.degree == 2
    assert (a @ b).bound.bits == pytest.approx(math.log2(5))
    assert np.concatenate([a, (a @ b)[:, :1]], 1).bound.degree == 2


def test_a_quotient_is_measured_over_its_common_denominator():
    a, b = VARIABLE, VARIABLE.inverse(1)
    quotient = a * b + b + bounds.of_number(Fraction(1, 2))  # (2 a + 2 + b) / (2 b)
    assert (quotient.degree, quotient.denominator().degree) == (1, 1)
    assert quotient.bits == pytest.approx(math.log2(2 + 2 + 1))
    assert quotient.denominator().bits == 1


def test_quotients_of_an_array_share_one_denominator():
    total = (1 / field().draw((3,))).sum()  # (bc + ac + ab) / abc
    assert total.bound.degree == 2
    assert total.bound.bits == pytest.approx(math.log2(3))
    assert total.bound.denominator().degree == 3
    assert total.bound.or_(VARIABLE).degree == 4  # a variable, over that denominator


@given(st.lists(st.integers(-(10**40), 10**40), min_size=1), st.integers(1, 10**6))
def test_heights_are_never_too_small(numbers, times):
    """Up to the rounding that the slack of a chance covers."""
    of = [bounds.of_number(Fraction(n)) for n in numbers]
    total, product = ZERO, Bound(0, 0.0)
    for each in of:
        total, product = total + each, product * each
    for bound, n in [
        (total, sum(map(abs, numbers))),
        (product, abs(math.prod(numbers))),
        (of[0].repeated(times), abs(numbers[0]) * times),
    ]:
        assert n == 0 or math.log2(n) <= bound.bits * SLACK
        assert n == 0 or bound.bits <= math.log2(n) + 1e-9 * max(1, math.log2(n))


def test_a_long_loop_has_bounds_of_a_few_digits():
    """A number of 2^k bits would be out of reach after 60 squarings."""
    a = VARIABLE
    for _ in range(60):
        a = a * a + VARIABLE
    assert a.degree == 2**60 and 2**60 > a.bits > 2**58


# ------------------------------------------------------------------- chance


def test_the_number_of_primes_is_what_a_sieve_counts():
    odd = np.ones(2**BITS, bool)  # odd[k] stands for 2 k + 1
    odd[0] = False
    for k in range(1, 2**12):
        if odd[k]:
            odd[2 * k * (k + 1) :: 2 * k + 1] = False
    assert np.count_nonzero(odd[2 ** (BITS - 1) :]) == PRIMES
    assert 2 * int(np.flatnonzero(odd)[-1]) + 1 == LARGEST
    drawn = bounds.random_primes(Random(0), 500)
    assert len(set(drawn)) == 500 and odd[np.array(drawn) // 2].all()
    assert all(2**25 < p < 2**26 for p in drawn)
    assert 200 < sum(p > 1.5 * 2**25 for p in drawn) < 300
    assert bounds.random_primes(Random(0), 500) == drawn


@given(st.integers(0, 10**6), st.floats(0, 10**6), st.integers(1, 9))
def test_the_chance_is_that_of_a_bad_prime_or_a_bad_point(degree, bits, primes):
    """Of as many primes as drawn, at two attempts."""
    one = Fraction(math.ceil(bits / 25), PRIMES) + Fraction(degree, 2**25)
    found = chance(Bound(degree, bits), primes)
    if one == 0:
        assert found == -math.inf
    elif one < Fraction(1, 4):
        assert 1 + primes * math.log2(one) <= found + 1e-9
        assert found <= 1 + primes * (math.log2(one) + 2 / max(1, bits / 25) + 1e-4)
    assert found <= 0


def test_a_chance_is_stated_only_where_there_is_one():
    assert chance(ZERO) == -math.inf
    assert chance(VARIABLE, 3) == pytest.approx(1 - 3 * 25, abs=1e-4)
    assert chance(Bound(2**25, 0.0), 3) == chance(Bound(0, 1e9), 3) == 0
