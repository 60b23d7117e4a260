"""The table, row by row: partials proved by SymPy, adjoints exact in integers."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.expressions import expressions
from minigrad.primitive import TABLE, Elementwise, Linear, each
from minigrad.symbolic import LemmaFailed, ProofFailed
from minigrad.symbolic.lemmas import prove_row
from minigrad.symbolic.proving.rows import check_adjoints
from minigrad.symbolic.rings.generators import generator, of_row, root

MASK = np.array([[True, False, True], [False, False, True]])

# For each linear row: the shapes of its arguments, and its options.
CASES = {
    "sum": [
        ([(2, 3)], {}),
        ([(2, 3)], {"axis": 0}),
        ([(2, 3)], {"axis": -1, "keepdims": True}),
        ([(2, 3, 2)], {"axis": (0, 2)}),
        ([(2, 3, 2)], {"axis": (-1, 0), "keepdims": True}),
        ([()], {}),
    ],
    "broadcast": [
        ([(3,)], {"shape": (2, 3)}),
        ([(2, 1)], {"shape": (2, 3)}),
        ([()], {"shape": (2, 2)}),
        ([(1, 3, 1)], {"shape": (2, 2, 3, 2)}),
    ],
    "reshape": [([(2, 3)], {"shape": (3, 2)}), ([(2, 3)], {"shape": (-1,)})],
    "transpose": [
        ([(2, 3)], {}),
        ([(2, 3, 4)], {}),
        ([(2, 3, 4)], {"axes": (1, 2, 0)}),
        ([(2, 3, 4)], {"axes": (-1, 0, 1)}),
    ],
    "concatenate": [
        ([(2,), (3,)], {}),
        ([(2, 2), (2, 2)], {"axis": -1}),
        ([(1, 3), (2, 3), (3, 3)], {"axis": 0}),
    ],
    "stack": [
        ([(2,), (2,), (2,)], {}),
        ([(2, 3), (2, 3)], {"axis": 1}),
        ([(2, 3), (2, 3)], {"axis": -1}),
    ],
    "take": [
        ([(4,)], {"index": 2}),
        ([(4,)], {"index": slice(1, None, 2)}),
        ([(3, 4)], {"index": (slice(None), -1)}),
        ([(3, 4)], {"index": (Ellipsis, None, slice(0, 2))}),
        ([(4,)], {"index": np.array([0, 2, 0, 0])}),
        ([(3, 4)], {"index": (np.array([0, 0, 2]), np.array([1, 1, 3]))}),
        ([(3, 4)], {"index": (np.array([[0, 2]]), slice(None, None, -1))}),
        ([(2, 3)], {"index": MASK}),
    ],
    "scatter": [
        ([()], {"shape": (4,), "index": 2}),
        ([(2,)], {"shape": (4,), "index": slice(1, None, 2)}),
        ([(4,)], {"shape": (3,), "index": np.array([0, 2, 0, 0])}),
        ([(3,)], {"shape": (2, 3), "index": MASK}),
    ],
    "where": [([(2, 3), (2, 3)], {"mask": MASK}), ([(3,), ()], {"mask": MASK})],
    "cast": [([(2, 3)], {"dtype": float})],
    "cumsum": [([(3,)], {"axis": 0}), ([(2, 3)], {"axis": -1})],
    "matmul": [
        ([(2, 3), (3, 4)], {}),
        ([(3,), (3, 2)], {}),
        ([(2, 3), (3,)], {}),
        ([(3,), (3,)], {}),
        ([(2, 2, 3), (3, 2)], {}),
        ([(2, 1, 2, 3), (2, 3, 2)], {}),
        ([(3,), (2, 3, 2)], {}),
    ],
    "outer": [([(2,), (3,)], {}), ([(4, 2), (4, 3)], {}), ([(2, 2, 2), (2, 2, 3)], {})],
    "matvec": [([(2, 3), (3,)], {}), ([(2, 3), (4, 3)], {}), ([(2, 3), (2, 2, 3)], {})],
}

ELEMENTWISE = [row for row in TABLE.values() if isinstance(row, Elementwise)]
LINEAR = [row for row in TABLE.values() if isinstance(row, Linear)]


def remade(row, **changed):
    """A copy of a row, with something changed, that is not in the table."""
    copy = object.__new__(type(row))
    vars(copy).update(vars(row) | changed)
    if "function" in changed:
        copy.apply = copy.function
    return copy


# ------------------------------------------------------------------- elementwise rows


@pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
def test_every_elementwise_row_is_proved(row):
    assert len(prove_row(row).rules) == len(row.partials)


SLOPES = {
    "exp": "y",
    "log": "1/a",
    "sqrt": "1/(2*y)",
    "tanh": "1 - y**2",
    "sigmoid": "y*(1 - y)",
    "sin": "cos(a)",
    "cos": "-sin(a)",
}


@pytest.mark.parametrize("name", SLOPES)
def test_the_slope_of_a_generator_is_found_from_what_its_row_means(name):
    assert of_row(TABLE[name]).formula == SLOPES[name]


@pytest.mark.parametrize("name", SLOPES)
def test_a_row_with_a_wrong_partial_has_the_generator_of_the_right_one(name):
    row = remade(TABLE[name], partials=(lambda y, a: a * y,))
    assert of_row(row) is of_row(TABLE[name])


def test_a_power_generator_differentiates_like_a_power():
    assert root(Fraction(2, 3)).formula == "2*y/(3*a)"
    assert root(Fraction(1, 2)).atom == of_row(TABLE["sqrt"]).atom


@pytest.mark.parametrize(
    "meaning", ["erf(a)", "2**a", "3*a", "exp(a) + tanh(a)", "asinh(a)", "(", "pi*a"]
)
def test_what_is_no_quotient_over_the_integers_has_no_generator(meaning):
    assert generator("any", meaning) is None


@pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
@pytest.mark.parametrize(
    "change",
    [lambda slope: slope * (1 + 1e-5), lambda slope: slope + 1, lambda slope: -slope],
    ids=["scaled", "shifted", "negated"],
)
def test_a_changed_partial_is_refuted(row, change):
    for i, right in enumerate(row.partials):

        def wrong(*args, right=right):
            return change(right(*args))

        partials = (*row.partials[:i], wrong, *row.partials[i + 1 :])
        with pytest.raises(LemmaFailed) as failed:
            prove_row(remade(row, partials=partials))
        assert (failed.value.row, failed.value.argument) == (row.name, i)


@pytest.mark.parametrize(
    ("name", "partials"),
    [
        ("tanh", [lambda y, a: 1 - y * y * y]),
        ("sigmoid", [lambda y, a: a * (1 - a)]),
        ("multiply", [lambda y, a, b: a, lambda y, a, b: b]),
        ("subtract", [lambda y, a, b: 1, lambda y, a, b: 1]),
        ("power", [lambda y, a, b: b * a ** (b - 1), lambda y, a, b: y]),
    ],
)
def test_a_classic_mistake_is_refuted_with_both_formulas(name, partials):
    with pytest.raises(LemmaFailed, match=rf"lemma of {name}, partial") as failed:
        prove_row(remade(TABLE[name], partials=tuple(partials)))
    assert failed.value.found != failed.value.expected
    assert "at a = 7/10" in " ".join(str(failed.value).split())


def test_a_function_that_does_not_mean_what_it_says_is_refuted():
    with pytest.raises(LemmaFailed, match="its meaning says a - b"):
        prove_row(remade(TABLE["add"], meaning="a - b"))


def test_a_kernel_that_differs_from_its_meaning_in_floats_only_is_refuted():
    def kernel(a):
        return np.tanh(a) + (1e-9 if np.asarray(a).dtype == float else 0)

    with pytest.raises(LemmaFailed, match=r"at a = -7.25 it computes -0.99999\d+") as f:
        prove_row(remade(TABLE["tanh"], function=kernel))
    assert f.value.found - f.value.expected == pytest.approx(1e-9)


def test_a_slope_that_is_wrong_in_float64_only_is_refuted():
    def slope(y, a):
        return 1 - y * y if y.dtype == object else 1 - y

    with pytest.raises(LemmaFailed, match="on an array of float64 the rule gives") as f:
        prove_row(remade(TABLE["tanh"], partials=(slope,)))
    assert (f.value.row, f.value.argument) == ("tanh", 0)
    assert f.value.found != pytest.approx(f.value.expected)


def test_a_slope_that_is_wrong_on_tensors_of_float64_only_is_refuted():
    def slope(y, a):
        return 1 - y * y if isinstance(y, np.ndarray) or y.dtype == object else 1 - y

    with pytest.raises(LemmaFailed, match="on a Tensor of float64 the rule gives"):
        prove_row(remade(TABLE["tanh"], partials=(slope,)))


def test_a_slope_that_is_wrong_in_a_recorded_gradient_only_is_refuted():
    def slope(y, a):
        return 1 - y if isinstance(y, mg.Tensor) else 1 - y * y

    with pytest.raises(LemmaFailed, match="on Tensors, as in a recorded gradient"):
        prove_row(remade(TABLE["tanh"], partials=(slope,)))


def test_code_that_cannot_run_on_symbols_is_compared_and_said_not_to_be_proved():
    row = remade(TABLE["sin"], function=np.vectorize(math.sin))
    lemma = prove_row(row)
    assert (lemma.meant, lemma.points) == (False, 8)
    assert "NOT proved: that the row's function is this y" in str(lemma)
    assert prove_row(TABLE["sin"]).meant
    with pytest.raises(LemmaFailed, match=r"computes -?[\d.]+, and its\s+meaning says"):
        prove_row(remade(row, function=np.vectorize(math.erf)))


def test_code_is_compared_inside_its_domain_only():
    slope = (lambda y, a: 1 / mg.sqrt(1 - a * a),)
    changed = {"meaning": "asin(a)", "partials": slope, "domain": "abs(a) < 1"}
    row = remade(TABLE["sin"], function=np.vectorize(math.asin), **changed)
    assert prove_row(row).points == 4
    with pytest.raises(LemmaFailed, match="no point was found"):
        prove_row(remade(row, domain="abs(a) > 100"))


def test_code_that_runs_on_no_array_is_refused():
    with pytest.raises(LemmaFailed, match="on an array of float64 it does not run"):
        prove_row(remade(TABLE["sin"], function=math.sin))


def test_the_lemma_of_power_says_where_each_partial_holds():
    by_a, by_b = prove_row(TABLE["power"]).domains
    assert by_a == "a > 0, or b integer and a != 0, or b integer and b > 0"
    assert by_b == "a > 0"


def test_a_meaning_that_cannot_be_read_is_explained():
    with pytest.raises(LemmaFailed, match="cannot read its meaning"):
        prove_row(remade(TABLE["negative"], meaning="-(a"))


def test_a_rule_that_compares_is_explained():
    rule = (lambda y, a: 1 if a > 0 else 0,)
    with pytest.raises(LemmaFailed, match="does not run on symbols"):
        prove_row(remade(TABLE["exp"], partials=rule))


def test_numbers_enter_expressions_exactly():
    a = expressions("a")
    assert str(a * 0.5 + 0.1) == "a/2 + 3602879701896397/36028797018963968"


# ------------------------------------------------------------------------ linear rows


def test_every_linear_row_has_cases():
    assert [row.name for row in LINEAR if row.name not in CASES] == []


@pytest.mark.parametrize("row", LINEAR, ids=lambda row: row.name)
def test_every_adjoint_is_exact_in_integers(row):
    for shapes, options in CASES[row.name]:
        assert check_adjoints(row, shapes, options) > 0


@pytest.mark.parametrize("row", LINEAR, ids=lambda row: row.name)
def test_a_scaled_adjoint_is_refuted(row):
    shapes, options = CASES[row.name][0]
    for i in range(len(shapes)):

        def scaled(k, g, *args, i=i, **options):
            value = row.adjoints[k](g, *args, **options)
            return value * (1 + 1e-5) if k == i else value

        with pytest.raises(ProofFailed) as failed:
            check_adjoints(remade(row, adjoints=each(scaled)), shapes, options)
        assert (failed.value.row, failed.value.argument) == (row.name, i)


@pytest.mark.parametrize("name", ["matvec", "take"])
def test_a_scaled_sum_of_adjoints_is_refuted(name):
    row = TABLE[name]
    shapes, options = CASES[name][0]
    together = {i: lambda uses, f=f: 2 * f(uses) for i, f in row.together.items()}
    assert together
    with pytest.raises(ProofFailed):
        check_adjoints(remade(row, together=together), shapes, options)


def test_a_function_that_is_not_linear_is_refuted():
    row = remade(TABLE["reshape"], function=lambda a, shape: np.reshape(a * a, shape))
    with pytest.raises(ProofFailed, match="declared jointly linear"):
        check_adjoints(row, [(2, 3)], {"shape": (6,)})


@given(
    batch=st.lists(st.integers(1, 2), max_size=2),
    sizes=st.tuples(*[st.integers(1, 3)] * 3),
    seed=st.integers(0, 2**32),
)
def test_matmul_is_exact_at_any_shape(batch, sizes, seed):
    m, k, n = sizes
    assert check_adjoints(TABLE["matmul"], [(*batch, m, k), (k, n)], seed=seed)
