"""Two programs are one function: structures of shapes, branches, domains, chance."""

import contextlib
import math
import operator
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from every import every
from hypothesis import given
from hypothesis import strategies as st
from test_equality import BY_LAWS, SHAPES, naive_softmax, program, refused

import minigrad as mg
from lstm import State
from minigrad.context import clean_recording
from minigrad.proving import closed_forms
from minigrad.proving import keyed_functions as keyed
from minigrad.proving.closed_forms import Facts, closed_form
from minigrad.proving.disproof import NotEqual, NotShown
from minigrad.proving.equality import prove_equal
from minigrad.proving.keyed_functions import KeyedField
from minigrad.proving.laws import Laws
from minigrad.recording import record
from minigrad.shapes import is_shape, random_tensors, tensors

# -------------------------------------------------------------- structures of shapes


def test_a_structure_of_shapes_becomes_one_of_tensors():
    shapes = {"x": [(2, 3), (4,)], "state": State((), (2,))}
    made = random_tensors(shapes, Random(0), "s")
    named = {name: each.shape for name, each in tensors(made, "s").items()}
    assert list(named) == ["s['x'][0]", "s['x'][1]", "s['state'].y", "s['state'].c"]
    assert list(named.values()) == [(2, 3), (4,), (), (2,)]
    again = random_tensors(shapes, Random(0))
    assert np.array_equal(again["x"][1].data, made["x"][1].data)
    assert is_shape((2, 3))
    assert not is_shape([2, 3])


# -------------------------------------------------------------------- branches


def test_a_function_of_positive_numbers_is_compared_at_positive_numbers():
    certificate = prove_equal(mg.log, lambda a: -mg.log(1 / a), (20,), seed=0)
    assert certificate.undefined
    assert certificate.points > 4
    assert "others one was not defined" in " ".join(str(certificate).split())


@every("f, g", [
    ("abs(a)", "a"),
    ("relu(a)", "a * 1.0"),
    ("maximum(a, 0.0)", "a * 1.0"),
    ("a + np.sign(a.data[0])", "a + 1"),
    ("a if a.data[0] > 0 else -a", "a * 1.0"),
    ("max(a) + 0 * a", "a[0] + 0 * a"),
])  # fmt: skip
@pytest.mark.parametrize("numbers", [(2,), np.array([1.5, 1.25])])
def test_a_function_on_one_branch_is_not_the_function(f, g, numbers):
    for seed in range(3):
        failed = refused(program(f), program(g), numbers, *SHAPES[1:], seed=seed)
        assert isinstance(failed, NotEqual)


def test_the_weights_from_outside_have_branches_too():
    W = mg.Parameter(np.ones((2, 3)), name="W")
    failed = refused(
        lambda x: mg.matvec(abs(W), x), lambda x: mg.matvec(W, x), (3,), seed=0
    )
    assert isinstance(failed, NotEqual)
    assert (failed.inputs["W"] < 0).any()
    assert (W.data == 1).all()


def test_every_branch_that_occurred_is_proved_and_counted():
    certificate = prove_equal(lambda x: abs(x) * abs(x), lambda x: x * x, (1,), seed=0)
    assert certificate.branches == certificate.branches_shown == 2
    assert certificate.masked
    text = " ".join(str(certificate).split())
    assert "ON THE 2 BRANCHES THAT OCCURRED AT 16 POINTS ONLY" in text
    assert "other branches than those that occurred are not covered" in text


def test_of_many_branches_it_is_said_how_many_were_proved():
    certificate = prove_equal(mg.relu, lambda x: mg.maximum(x, 0.0), (20,), seed=0)
    assert certificate.branches_shown == 8 < certificate.branches
    assert f"8 OF {certificate.branches} BRANCHES" in str(certificate).splitlines()[0]


@pytest.mark.parametrize(("f", "g", "masked"), [
    ("relu(a)", "where(a.data > 0, a, 0.0)", True),
    ("where(a.data > -1e9, a, 0.0)", "a", True),
    ("tanh(a)", "tanh(a)", False),
    ("a[[0, 1]]", "a", False),
])  # fmt: skip
def test_an_equality_of_branches_says_so_in_its_first_line(f, g, masked):
    certificate = prove_equal(program(f), program(g), *SHAPES)
    assert certificate.masked == masked
    assert ("ON THE" in str(certificate).splitlines()[0]) == masked


def test_a_constant_that_moves_with_the_inputs_is_a_variable():
    certificate = prove_equal(naive_softmax, mg.softmax, (4,), seed=0)
    assert certificate.moving == 1
    assert certificate.branches == 1
    text = " ".join(str(certificate).split())
    assert "constants that moved with the inputs (1) may be anything" in text


# ----------------------------------------------------------- numbers that left the tape


@pytest.mark.parametrize(("f", "g"), [
    ("a * a.data", "a * a"),
    ("a * float(a.sum())", "a * a.sum()"),
    ("Tensor(np.exp(a.data)) * a", "exp(a) * a"),
])  # fmt: skip
def test_a_number_that_left_the_tape_is_named(f, g):
    for pair in [(f, g), (g, f)]:
        failed = refused(*map(program, pair), *SHAPES, seed=0)
        assert type(failed) is NotShown
        assert "a number left the tape" in " ".join(str(failed).split())


def test_a_program_that_draws_random_numbers_is_no_function():
    rng = np.random.default_rng(0)
    failed = refused(lambda x: x + 1e-9 * rng.normal(), lambda x: x, (2,), seed=0)
    assert type(failed) in (NotShown, NotEqual)


# --------------------------------------------------------------------- nothing compared


@pytest.mark.parametrize(("f", "g"), [(mg.exp, mg.tanh), (lambda x: [], lambda x: [])])
def test_a_vacuous_equality_says_so_first(f, g):
    text = " ".join(str(prove_equal(f, g, (0,))).split())
    assert "proved VACUOUSLY, for the outputs have no entries" in text


def test_outputs_without_an_argument_are_vacuous():
    w = mg.Tensor([1.0, 2.0]) * 1.0
    certificate = prove_equal(lambda x: w * 2, lambda x: w + w, (2,))
    assert certificate.vacuous == "the outputs depend on no argument"


# ------------------------------------------------------------------------ its domain


def with_laws():
    field = KeyedField.drawn(Random(0), 4)
    field.use_laws()
    return field


def test_a_gradient_over_keyed_residues_is_the_derivative_by_the_law_of_exp():
    field = KeyedField.drawn(Random(0), 4)
    a = field.draw((3,))
    with clean_recording():
        leaf = record(None, a, (), {})
        y = record(mg.TABLE["exp"], np.exp(a), (leaf,), {})
        slope = mg.grad(y, leaf, seed=field.filled(1, (3,)))
    assert slope.equals(1 / np.exp(-a)).all()


def test_constants_are_calculated_where_the_engine_calculates_with_them():
    field = KeyedField.drawn(Random(0), 4)
    a, b = field.draw((2,)), field.lift(2.5)
    assert (a ** (b - 1)).equals(a**1.5).all()
    assert (a ** np.array([2, -1])).equals(np.stack([a[0] * a[0], 1 / a[1]])).all()
    assert field.lift(0.044715).equals(field.lift(44715) / 1000000)


@given(st.integers(-(10**6), 10**6), st.integers(1, 10**6))
def test_a_number_is_read_from_its_residues(above, below):
    field = KeyedField.drawn(Random(0), 4)
    lifted = field.lift([Fraction(above, below)] * 2) / 3 - 1
    assert field.number_of(lifted) == Fraction(above, below) / 3 - 1
    assert field.number_of(lifted * field.draw()) is None
    one = KeyedField.drawn(Random(0), 1)
    assert one.number_of(one.lift(Fraction(1, 3**17))) is None  # too large for a prime


def test_a_function_is_not_moved_where_zeros_are_filled_in():
    field = with_laws()
    a = field.draw((2, 2))
    raised = np.exp(np.tril(a))
    assert raised[0, 1].equals(field.lift(1))
    assert raised[1].equals(np.exp(a[1])).all()


def test_an_array_that_is_written_to_keeps_how_others_were_made_of_it():
    field = with_laws()
    a, b = field.draw((2,)), field.draw((2,))
    own = a + 0
    total = own + b
    own[0] = 5
    assert np.exp(total).equals(np.exp(a) * np.exp(b)).all()


def test_only_what_sympy_cannot_read_is_no_closed_form(monkeypatch):
    assert closed_form("Piecewise((a, a > 0), (0, True))", 1) is None
    assert closed_form("a +", 1) is None
    assert closed_form("b", 1) is None

    def interrupted(*_, **__):
        raise KeyError("not about the words")

    with monkeypatch.context() as patch:
        patch.setattr(closed_forms.sympy, "sympify", interrupted)
        with pytest.raises(KeyError):
            closed_form("a * 17", 1)
    assert closed_form("a * 17", 1) is not None


# -------------------------------------------------------------------- random programs

LEAVES = ["a", "b", "(a + b)", "(a - 2 * b)"]
INNER = [
    "(z + w)", "(z * w)", "(z - w / 2)", "(exp(z) * w)", "exp(z + w)", "exp(z - w)",
    "(exp(z) / exp(w))", "(exp(z) + exp(w))", "exp(2 * z)", "exp(z)**2", "exp(z / 2)",
    "log(exp(z) + exp(w))", "log(1 + z * z)", "(w + log(exp(z - w) + 1))", "abs(z)",
    "sqrt(z * z)", "log((1 + z * z) * (1 + w * w))", "softplus(z - w)", "sqrt(exp(z))",
    "(log(1 + z * z) + log(1 + w * w))", "(log(sigmoid(z)) + w)", "maximum(z, w)",
    "(w - softplus(-z))", "sin(z + w)", "cos(z)", "(1 / (1 + z * z))", "tanh(z)",
]  # fmt: skip
PROGRAM = st.tuples(*map(st.sampled_from, (LEAVES, LEAVES, INNER, INNER)))


def composed(drawn):
    z, w, inner, outer = drawn
    inner = inner.replace("z", z).replace("w", w)
    return program(outer.replace("z", f"({inner} / 4)").replace("w", w))


@given(PROGRAM, st.data())
def test_no_random_pair_is_called_equal_that_differs_in_floats(drawn, data):
    other = list(drawn)
    k = data.draw(st.integers(0, 3))
    other[k] = data.draw(st.sampled_from(LEAVES if k < 2 else INNER))
    f, g = composed(drawn), composed(other)
    x, y = map(mg.Tensor, np.random.default_rng(0).normal(size=(2, 40)) * 2)
    with np.errstate(all="ignore"):
        first, second = f(x, y, x, y).data, g(x, y, x, y).data
    fine = np.isfinite(first) & np.isfinite(second)
    same = np.allclose(first[fine], second[fine], rtol=1e-9, atol=1e-12)
    try:
        assert prove_equal(f, g, (), (), (), (), seed=1)
        assert same
    except NotEqual:
        assert not same
    except NotShown:
        pass


# -------------------------------------------------------------------- the stated chance


@every("f, laws", [
    (lambda a, b: (mg.sigmoid(a * b), mg.sigmoid(a + b)), False),
    (lambda a, b: (np.exp(a) * b, np.exp(b) * a), False),
    (lambda a, b: (np.log(a * a + b), np.log(b * b)), False),
    (lambda a, b: (np.sin(a * a + b), np.cos(a / b)), False),
    (lambda a, b: (np.exp(a + b), np.exp(a) + np.exp(b)), True),
    (lambda a, b: (np.log(np.exp(a) * (1 + np.exp(b))), a + b), True),
])  # fmt: skip
def test_in_a_small_field_different_functions_pass_as_rarely_as_stated(f, laws):
    p, runs, passed = 10007, 300, 0
    for seed in range(runs):
        field = KeyedField([p], Random(seed))
        if laws:
            field.use_laws()
        with contextlib.suppress(ZeroDivisionError):
            a, b = f(field.draw(), field.draw())
            field.compared(1, a.bound, b.bound)
            passed += bool(a.equals(b))
    stated = 2 * field.questions * field.difference().degree / p  # of the points only
    assert passed / runs <= stated


def test_the_chance_of_one_product_is_that_by_hand():
    certificate = prove_equal(lambda a, b: a * b, lambda a, b: b * a, (), ())
    assert (certificate.degree, certificate.height_bits) == (6, 1)
    assert len(certificate.primes) == 4
    of_one = 6 / 2**25 * (1 + 2**-20) + 1 / 1_894_120
    by_hand = 4 * math.log2(of_one) + 1 + 1  # a second attempt, and mirror images
    assert certificate.chance == pytest.approx(by_hand)


def test_large_tapes_take_more_primes():
    def power(a):
        for _ in range(17):
            a = a * a
        return a

    certificate = prove_equal(
        power, lambda a: mg.exp(a * 0) * power(a), np.array([0.99999]), seed=0
    )
    assert len(certificate.primes) > 4
    assert certificate.chance < -40


TWINS = [
    lambda a: (np.exp(a), np.exp(-a)),
    lambda a: (np.exp(a), -np.exp(-a)),
    lambda a: (np.log(1 / a), np.log(a)),
    lambda a: (np.sin(a), np.sin(-a)),
    lambda a: (np.cos(a), -np.cos(-a)),
    lambda a: (np.sqrt(1 / a), np.sqrt(a)),
    lambda a: (np.sqrt(a * a), a),
    lambda a: (np.exp(a + 1), np.exp(a + 2)),
    lambda a: (np.tanh(a), np.tanh(2 * a)),
]


def equal_twins():
    """Count the pairs of different functions that a field finds equal."""
    fields = KeyedField.drawn(Random(0), 4), with_laws()
    return sum(
        bool(a.equals(b))
        for field in fields
        for a, b in (f(field.draw()) for f in TWINS)
    )


def test_different_functions_of_residues_differ():
    assert not equal_twins()


@pytest.mark.parametrize(("name", "wrong"), [
    ("exp", Facts(operator.neg, operator.pos)),
    ("exp", Facts(operator.neg, operator.neg)),
    ("log", Facts(operator.methodcaller("reciprocal"), operator.pos)),
    ("tan", Facts(operator.neg, operator.pos)),
])  # fmt: skip
def test_a_wrong_fact_about_a_function_would_show_there(monkeypatch, name, wrong):
    right = keyed.facts
    monkeypatch.setattr(
        keyed, "facts", lambda asked: wrong if asked == name else right(asked)
    )
    assert equal_twins()


@pytest.mark.parametrize(("law", "wrong"), [
    ("_multiple", lambda self, t, c: self.field.by_value("exp", t)),
    ("_is_positive", lambda self, w, depth=0: True),
    ("_by_ratio", lambda self, w: w * 0),
])  # fmt: skip
def test_a_wrong_law_would_show_there(monkeypatch, law, wrong):
    monkeypatch.setattr(Laws, law, wrong)
    shown = 0
    for f, g in BY_LAWS:
        with contextlib.suppress(NotShown):
            shown += bool(prove_equal(program(f), program(g), *SHAPES, seed=0))
    assert equal_twins() or shown < len(BY_LAWS)
