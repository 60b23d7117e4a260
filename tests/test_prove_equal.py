"""`mg.prove_equal`: one function written twice, and two that only look alike."""

import contextlib
import json
from fractions import Fraction
from random import Random

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from lstm import LSTM, LSTMCell, State
from minigrad.primitive import TABLE
from minigrad.shapes import is_shape, random_tensors, tensors
from minigrad.symbolic import NotEqual, NotShown, ProofFailed
from minigrad.symbolic.equality import keyed_replay
from minigrad.symbolic.rings import keyed
from minigrad.symbolic.rings.keyed import Keyed


def refused(f, g, *shapes, **more):
    """Return the failure of a proof of equality."""
    with pytest.raises(NotShown) as failed:
        mg.prove_equal(f, g, *shapes, **more)
    return failed.value


def naive_softmax(a):
    raised = mg.exp(a)
    return raised / mg.sum(raised, axis=-1, keepdims=True)


# ------------------------------------------------------------- the LSTM, written twice


def gates(cell):
    return cell.forget, cell.input, cell.output, cell.candidate


def fused(cell, x, state, order=(0, 1, 2, 3), joined=lambda x, y: [x, y]):
    """The cell with one matrix, one product and one tanh for all four gates."""
    m, own = cell.m, gates(cell)
    W = mg.concatenate([own[k].W for k in order])
    b = mg.concatenate([own[k].b for k in order])
    v = mg.concatenate(joined(x, state.y), axis=-1)
    t = mg.tanh((mg.matvec(W, v) + b) * np.repeat([0.5, 0.5, 0.5, 1.0], m))
    sigma, c_tilde = (1 + t) / 2, t[..., 3 * m :]
    f, i, o = (sigma[..., k * m : (k + 1) * m] for k in range(3))
    c = f * state.c + i * c_tilde
    return State(o * mg.tanh(c), c)


@pytest.mark.parametrize("batch", [(), (2,)], ids=["one example", "a batch"])
@pytest.mark.parametrize(("n", "m"), [(3, 2), (1, 1), (2, 4)])
def test_the_fused_lstm_cell_is_the_lstm_cell(n, m, batch):
    cell = LSTMCell(n, m, rng=0)
    shapes = (*batch, n), State((*batch, m), (*batch, m))
    certificate = mg.prove_equal(lambda x, s: fused(cell, x, s), cell, *shapes)
    count = m * int(np.prod(batch))
    assert certificate
    assert certificate.functions == {"exp": 5 * count}  # f, i, o, c~ and tanh(c)
    assert certificate.outputs == (
        ("output.y", (*batch, m)),
        ("output.c", (*batch, m)),
    )
    weights = 4 * m * (n + m) + 4 * m
    assert certificate.variables == weights + (n + 2 * m) * int(np.prod(batch))
    assert certificate.chance < -40


def test_a_fused_layer_is_the_layer_over_time():
    cell = LSTMCell(2, 2, rng=0)

    def unrolled(step):
        def run(x, state):
            ys = []
            for x_t in x:
                state = step(x_t, state)
                ys.append(state.y)
            return mg.stack(ys), state

        return run

    by_hand = unrolled(lambda x, s: fused(cell, x, s))
    certificate = mg.prove_equal(by_hand, unrolled(cell), (6, 2), State((2,), (2,)))
    assert certificate.functions == {"exp": 6 * 5 * 2}
    assert certificate.chance < -35


@pytest.mark.parametrize(
    ("mistake", "more"),
    [
        ("forget and input swapped", {"order": (1, 0, 2, 3)}),
        ("output and candidate swapped", {"order": (0, 1, 3, 2)}),
        ("[y, x] for [x, y]", {"joined": lambda x, y: [y, x]}),
    ],
)
def test_a_mistake_in_the_fused_cell_has_a_counterexample(mistake, more):
    cell = LSTMCell(2, 2, rng=0)
    failed = refused(
        lambda x, s: fused(cell, x, s, **more), cell, (2,), State((2,), (2,))
    )
    assert isinstance(failed, NotEqual)
    assert list(failed.inputs) == ["x", "s.y", "s.c"]
    assert failed.output in ("output.y", "output.c")
    x = mg.Tensor(failed.inputs["x"])
    state = State(mg.Tensor(failed.inputs["s.y"]), mg.Tensor(failed.inputs["s.c"]))
    both = fused(cell, x, state, **more), cell(x, state)
    field = failed.output.split(".")[1]
    replayed = tuple(getattr(each, field).data[failed.entry] for each in both)
    assert replayed == failed.values
    assert replayed[0] != pytest.approx(replayed[1])


def test_coupled_gates_may_be_written_as_an_interpolation():
    def coupled(f, c, g):
        return f * c + (1 - f) * g

    certificate = mg.prove_equal(
        lambda z, c, z_c: coupled(mg.sigmoid(z), c, mg.tanh(z_c)),
        lambda z, c, z_c: mg.tanh(z_c) + mg.sigmoid(z) * (c - mg.tanh(z_c)),
        *[(3,)] * 3,
    )
    assert certificate.functions == {"exp": 6}
    assert isinstance(
        refused(
            lambda z, c, g: coupled(mg.sigmoid(z), c, g),
            lambda z, c, g: coupled(mg.sigmoid(-z), c, g),
            *[(3,)] * 3,
        ),
        NotEqual,
    )


# -------------------------------------------------------------------- what is provable

EQUAL = {
    "[W, V] [x, y] = W x + V y": (
        lambda W, V, x, y: mg.matvec(mg.concatenate([W, V], 1), mg.concatenate([x, y])),
        lambda W, V, x, y: mg.matvec(W, x) + mg.matvec(V, y),
        [(3, 2), (3, 4), (2,), (4,)],
    ),
    "(A B) C = A (B C)": (
        lambda A, B, C: (A @ B) @ C,
        lambda A, B, C: A @ (B @ C),
        [(2, 3), (3, 4), (4, 2)],
    ),
    "sigma through tanh": (
        mg.sigmoid,
        lambda z: (1 + mg.tanh(0.5 * z)) / 2,
        [(4,)],
    ),
    "sigma through exp, without overflow on either side": (
        mg.sigmoid,
        lambda z: mg.where(z > 0, 1 / (1 + mg.exp(-z)), mg.exp(z) / (1 + mg.exp(z))),
        [(6,)],
    ),
    "sigma(-z) = 1 - sigma(z)": (
        lambda z: mg.sigmoid(-z),
        lambda z: 1 - mg.sigmoid(z),
        [(3,)],
    ),
    "binary cross-entropy": (
        lambda z: -mg.log(mg.sigmoid(z)),
        lambda z: mg.softplus(-z),
        [(3,)],
    ),
    "softmax of two is sigma of nothing but itself": (
        lambda a: 1 - mg.softmax(a)[..., 0],
        lambda a: mg.softmax(a)[..., 1],
        [(3, 2)],
    ),
    "softmax with and without the shift": (naive_softmax, mg.softmax, [(2, 4)]),
    "softmax of tanh, shifted or not": (
        lambda a: naive_softmax(mg.tanh(a)),
        lambda a: mg.softmax(mg.tanh(a)),
        [(4,)],
    ),
    "log(exp(a)) = a, exp(log(a a + 1)) = a a + 1": (
        lambda a: mg.log(mg.exp(a)) + mg.exp(mg.log(a * a + 1)),
        lambda a: a + a * a + 1,
        [(3,)],
    ),
    "sin^2 + cos^2 = 1": (
        lambda a, b: b * mg.sin(a) ** 2 + b * mg.cos(-a) ** 2,
        lambda a, b: b + 0 * a,
        [(3,), (3,)],
    ),
    "1 / sqrt(v) = v^(-1/2) = sqrt(1 / v)": (
        lambda a: [1 / mg.sqrt(a * a + 1), mg.sqrt(1 / (a * a + 1))],
        lambda a: [(a * a + 1) ** -0.5, (a * a + 1) ** -0.5],
        [(3,)],
    ),
    "a power with a moving exponent": (
        lambda a, b: (a * a + 1) ** b,
        lambda a, b: mg.exp(b * mg.log(1 + a * a)),
        [(3,), (3,)],
    ),
    "two branches that were recorded alike": (
        mg.relu,
        lambda a: mg.maximum(a, 0.0),
        [(5,)],
    ),
    "the mean by a matrix": (
        lambda a: mg.mean(a, axis=1),
        lambda a: a @ np.full(4, 0.25),
        [(3, 4)],
    ),
    "a gather is a product with unit vectors": (
        lambda a: a[[2, 0, 2]],
        lambda a: np.eye(3)[[2, 0, 2]] @ a,
        [(3, 2)],
    ),
    "a running sum by a triangle of ones": (
        lambda a: mg.cumsum(a, axis=0),
        lambda a: np.tril(np.ones((4, 4))) @ a,
        [(4,)],
    ),
    "one number, no axis": (lambda a: a * 3 - a, lambda a: 2 * a, [()]),
}


@pytest.mark.parametrize("name", EQUAL)
def test_two_ways_to_write_a_function_are_one(name):
    f, g, shapes = EQUAL[name]
    for seed in range(3):
        assert mg.prove_equal(f, g, *shapes, seed=seed).chance < -40


@pytest.mark.parametrize("name", EQUAL)
def test_no_such_pair_survives_a_small_change(name):
    f, g, shapes = EQUAL[name]

    def changed(*args):
        result = g(*args)
        if isinstance(result, list):
            return [result[0], result[1] * (1 + 1e-12)]
        return result * (1 + 1e-12)

    assert isinstance(refused(f, changed, *shapes), NotEqual)


NOT_SHOWN = {
    "exp(a + b) = exp(a) exp(b)": (
        lambda a, b: mg.exp(a + b),
        lambda a, b: mg.exp(a) * mg.exp(b),
        [(2,), (2,)],
    ),
    "logsumexp with and without the shift": (
        lambda a: mg.log(mg.sum(mg.exp(a), axis=-1)),
        mg.logsumexp,
        [(4,)],
    ),
    "log of softmax": (lambda a: mg.log(mg.softmax(a)), mg.log_softmax, [(4,)]),
    "sqrt(a) sqrt(a) = a": (
        lambda a: mg.sqrt(a * a + 1) ** 2,
        lambda a: a * a + 1,
        [(2,)],
    ),
    "sin(2 a) = 2 sin(a) cos(a)": (
        lambda a: mg.sin(2 * a),
        lambda a: 2 * mg.sin(a) * mg.cos(a),
        [(2,)],
    ),
}


@pytest.mark.parametrize("name", NOT_SHOWN)
def test_an_identity_that_was_not_told_is_no_disproof(name):
    f, g, shapes = NOT_SHOWN[name]
    failed = refused(f, g, *shapes)
    assert type(failed) is NotShown
    assert isinstance(failed, ProofFailed)
    assert failed.values[0] == pytest.approx(failed.values[1], rel=1e-12)
    assert "not shown, and not refuted" in str(failed)
    assert "exp(a + b) = exp(a) exp(b)" in str(failed)


# ------------------------------------------------------------------- what is different


DIFFERENT = {
    "exp(a) and exp(-a)": (mg.exp, lambda a: mg.exp(-a)),
    "exp(a + 1) and exp(a)": (lambda a: mg.exp(a + 1), mg.exp),
    "exp(a + 1) and exp(a + 2)": (
        lambda a: mg.exp(a + 1),
        lambda a: mg.exp(a + 2),
    ),
    "exp(a a) and exp(a)": (lambda a: mg.exp(a * a), mg.exp),
    "exp and 1 / exp of a constant": (
        lambda a: a * mg.exp(0 * a + 1),
        lambda a: a * mg.exp(0 * a - 1),
    ),
    "log(1 / a) and log(a)": (lambda a: mg.log(1 / a), mg.log),
    "log and a": (mg.log, lambda a: a),
    "tanh(a) and tanh(2 a)": (mg.tanh, lambda a: mg.tanh(2 * a)),
    "sigma and tanh": (mg.sigmoid, mg.tanh),
    "sin(a) and sin(-a)": (mg.sin, lambda a: mg.sin(-a)),
    "sin and cos": (mg.sin, mg.cos),
    "cos and -cos": (mg.cos, lambda a: -mg.cos(a)),
    "sqrt(1 / a) and sqrt(a)": (lambda a: mg.sqrt(1 / a), mg.sqrt),
    "a^(1/2) and a^(1/3)": (mg.sqrt, lambda a: a ** (1 / 3)),
    "a^(1/4) and a^(3/4)": (lambda a: a**0.25, lambda a: a**0.75),
    "2^a and 3^a": (lambda a: 2.0**a, lambda a: 3.0**a),
    "softplus and relu": (mg.softplus, mg.relu),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_different_functions_of_one_argument_are_told_apart(name):
    failed = refused(*DIFFERENT[name], np.array([0.5, 1.25]))
    assert isinstance(failed, NotEqual)
    assert failed.values[0] != pytest.approx(failed.values[1])


@pytest.mark.parametrize("slip", [1e-3, 1e-9, 2.0**-52])
def test_a_wrong_constant_is_refuted_however_small(slip):
    failed = refused(lambda a: 0.1 * a, lambda a: 0.1 * (1 + slip) * a, (2,))
    assert isinstance(failed, NotEqual)
    assert f"output{list(failed.entry)}" in str(failed)
    assert "a = array([" in str(failed)


def test_a_difference_below_the_rounding_of_floats_is_seen_with_more_digits():
    failed = refused(lambda a: a, lambda a: a + 1e-30, np.array([1.0]))
    assert isinstance(failed, NotEqual)
    assert failed.values == (1.0, 1.0)
    assert "the difference is -1.0e-30" in str(failed)


def test_large_inputs_are_kept_with_the_failure_and_not_printed():
    failed = refused(lambda A: A, lambda A: A.T, (9, 9))
    assert "A = failure.inputs, 81 numbers" in str(failed)
    assert failed.inputs["A"].shape == (9, 9)


def expression(depth):
    """A random polynomial as two programs: as drawn, and with products multiplied out.

    A program is a function of a list of three Tensors. Multiplied out, it is a list of
    (coefficient, exponents).
    """
    number = st.integers(-3, 3).map(lambda k: k / 2)
    leaf = st.one_of(
        st.integers(0, 2).map(
            lambda i: (lambda x: x[i], [(1.0, tuple(int(j == i) for j in range(3)))])
        ),
        number.map(lambda c: (lambda x: c + 0 * x[0], [(c, (0, 0, 0))])),
    )
    if depth == 0:
        return leaf
    below = expression(depth - 1)
    return st.one_of(
        leaf, st.builds(added, below, below), st.builds(times, below, below)
    )


def added(a, b):
    return lambda x: a[0](x) + b[0](x), a[1] + b[1]


def times(a, b):
    terms = [
        (c * d, tuple(i + j for i, j in zip(p, q, strict=True)))
        for c, p in a[1]
        for d, q in b[1]
    ]
    return lambda x: a[0](x) * b[0](x), terms


def multiplied_out(terms):
    def program(x):
        total = 0 * x[0]
        for c, powers in terms:
            term = c
            for each, k in zip(x, powers, strict=True):
                for _ in range(k):
                    term = term * each
            total = total + term
        return total

    return program


def as_sympy(terms):
    x = sympy.symbols("x0:3")
    total = sum(
        sympy.Rational(c) * sympy.prod(each**k for each, k in zip(x, p, strict=True))
        for c, p in terms
    )
    return sympy.expand(total)


@given(expression(3), st.sampled_from([mg.tanh, mg.sigmoid, mg.exp, mg.sin]))
def test_products_may_be_multiplied_out_outside_and_inside_a_function(drawn, function):
    program, terms = drawn
    other = multiplied_out(terms)
    assert mg.prove_equal(program, other, [()] * 3)
    assert mg.prove_equal(
        lambda x: function(program(x)) * x[1],
        lambda x: x[1] * function(other(x)),
        [()] * 3,
    )


@given(expression(2), expression(2))
def test_polynomials_are_equal_if_and_only_if_sympy_says_so(first, second):
    truth = as_sympy(first[1]) == as_sympy(second[1])
    try:
        found = bool(mg.prove_equal(first[0], second[0], [()] * 3))
    except NotEqual:
        found = False
    assert found == truth


STEPS = [
    mg.exp, mg.tanh, mg.sigmoid, mg.softplus, mg.sin, mg.cos,
    lambda z: mg.log(1 + z * z), lambda z: mg.sqrt(1 + z * z), lambda z: 1 / (1 + z**2),
    lambda z: -z, lambda z: z + 1.5, lambda z: 2 * z, lambda z: z / 2, lambda z: z * z,
    lambda z: 1 / mg.exp(z), lambda z: mg.log(mg.exp(z) + 1), lambda z: 1 - mg.cos(-z),
]  # fmt: skip
CHAIN = st.lists(st.sampled_from(STEPS), max_size=4)


@given(CHAIN, st.sampled_from(STEPS), st.sampled_from(STEPS), CHAIN)
def test_what_is_accepted_agrees_at_other_inputs(before, step, other, after):
    def through(middle):
        def run(a):
            for each in (*before, middle, *after):
                a = each(a)
            return a

        return run

    f, g = through(step), through(other)
    with contextlib.suppress(ValueError):  # exp(exp(exp(...))) overflows
        assert mg.prove_equal(f, through(lambda z: step(z)), np.array([0.01]))
        with contextlib.suppress(NotShown):
            assert mg.prove_equal(f, g, np.array([0.3, -0.7]))
            x = mg.Tensor([0.11, -0.23, 0.42])
            np.testing.assert_allclose(f(x).data, g(x).data, rtol=1e-9, atol=1e-9)


# ------------------------------------------------------- what is a variable, what not


def test_a_parameter_in_both_programs_is_one_variable():
    W = mg.Parameter(np.ones((2, 3)), name="W")
    certificate = mg.prove_equal(
        lambda x: mg.matvec(W, x) * 2, lambda x: mg.matvec(W, x + x), (3,)
    )
    assert certificate.variables == 6 + 3


def test_a_tensor_made_anew_in_each_program_is_two_variables():
    def scaled(x):
        return x * mg.Tensor([1.0, 2.0], name="w")

    failed = refused(scaled, scaled, (2,))
    assert type(failed) is NotShown
    text = " ".join(str(failed).split())
    assert "w of shape (2,), which only the first uses" in text
    assert "make it an argument" in text


def test_a_layer_that_starts_from_its_own_zeros_says_which_they_are():
    lstm = LSTM(2, 2, rng=0)
    failed = refused(lambda x: lstm(x)[0], lambda x: lstm(x)[0], (2, 2))
    text = " ".join(str(failed).split())
    assert "c_0 of shape (2,), which only the first uses" in text


def test_a_function_of_a_row_is_keyed_by_what_the_row_means():
    made = [
        mg.elementwise(f"tests.{name}", function, meaning, [abs] * count)
        for name, function, meaning, count in [
            ("gelu", np.vectorize(float), "a * (1 + erf(a)) / 2", 1),
            ("erf", np.vectorize(float), "erf(a)", 1),
            ("angle", np.arctan2, "atan2(a, b)", 2),
            ("cosh", np.cosh, "cosh(a)", 1),
        ]
    ]
    gelu, erf, angle, cosh = made
    try:
        certificate = mg.prove_equal(
            lambda a: [gelu(a) * 2, angle(a, a + a), cosh(a)],
            lambda a: [a - a * erf(-a), angle(a, 2 * a), (mg.exp(a) + mg.exp(-a)) / 2],
            (3,),
        )
    finally:
        for each in made:
            del TABLE[each.primitive.name]
    # One more of atan2: what it is where all inputs are 0.
    assert certificate.functions == {"erf": 3, "atan2": 3 + 1, "exp": 3}


def test_arguments_without_a_name_are_counted():
    certificate = mg.prove_equal(
        lambda x1, *rest: x1 * rest[0], lambda *x: x[1] * x[0], (2,), (2,)
    )
    assert certificate.arguments == (("x1", (2,)), ("argument 1", (2,)))


def test_the_seed_gives_the_certificate_again():
    f, g, shapes = EQUAL["softmax with and without the shift"]
    once = mg.prove_equal(f, g, *shapes)
    assert mg.prove_equal(f, g, *shapes, seed=once.seed) == once
    data = json.loads(once.to_json())
    assert data["prime"] == once.prime
    assert data["programs"] == ["naive_softmax", "softmax"]


def test_a_certificate_of_equality_reads_from_claim_to_limits():
    text = str(mg.prove_equal(*EQUAL["sigma through tanh"][:2], (3,)))
    labels = [line.split("  ")[0] for line in text.splitlines() if line[0] != " "]
    assert labels[0] == "proved"
    assert labels[-2:] == ["trusted", "not covered"]
    assert max(map(len, text.splitlines())) <= 88


def test_a_program_that_does_not_record_is_refused():
    with pytest.raises(ValueError, match="computed under no_grad"):
        mg.prove_equal(mg.exp, mg.no_grad()(mg.exp), (2,))


def test_it_may_be_asked_under_any_setting():
    with mg.no_grad():
        assert mg.prove_equal(lambda a: a + a, lambda a: 2 * a, (2,))
    with mg.checked():
        assert mg.prove_equal(lambda a: a + a, lambda a: 2 * a, (2,))


# ----------------------------------------------------------------- what cannot be asked


@pytest.mark.parametrize(
    ("f", "g", "shapes", "error", "words"),
    [
        (mg.exp, lambda a: a[None], [(2,)], ValueError, "the same number of Tensors"),
        (mg.exp, lambda a: [a, a], [(2,)], ValueError, "the same number of Tensors"),
        (mg.log, mg.log, [(20,)], ValueError, "give arrays in the place of shapes"),
        (mg.exp, lambda a: a.data, [(2,)], TypeError, "ndarray is no leaf"),
        (
            lambda a: a / (a + 0.1 - 0.1 - a),  # in floats 0.3 / 5.6e-17
            mg.exp,
            [np.array([0.3])],
            ValueError,
            "something was divided by zero",
        ),
    ],
)
def test_what_cannot_be_compared_is_explained(f, g, shapes, error, words):
    with pytest.raises(error, match=words) as failed:
        mg.prove_equal(f, g, *shapes)
    assert "fix" in str(failed.value)


def test_the_inputs_may_be_given_where_a_function_is_not_everywhere_defined():
    x = np.array([0.5, 2.0])
    assert mg.prove_equal(lambda a: -mg.log(a), lambda a: mg.log(1 / a), x)


# -------------------------------------------------------------- structures of shapes


def test_a_structure_of_shapes_becomes_one_of_tensors():
    shapes = {"x": [(2, 3), (4,)], "state": State((), (2,))}
    made = random_tensors(shapes, Random(0), "s")
    assert isinstance(made["state"], State)
    named = {name: each.shape for name, each in tensors(made, "s").items()}
    assert named == {
        "s['x'][0]": (2, 3),
        "s['x'][1]": (4,),
        "s['state'].y": (),
        "s['state'].c": (2,),
    }
    assert made["x"][0].name == "s['x'][0]"
    assert np.array_equal(
        random_tensors(shapes, Random(0))["x"][1].data, made["x"][1].data
    )


@given(st.lists(st.integers(0, 4)).map(tuple))
def test_a_tuple_of_integers_is_a_shape(shape):
    assert is_shape(shape)
    assert not is_shape([*shape])
    assert not is_shape((shape,))


# -------------------------------------------------------------------- the stated chance


def accepts(p, seed, f, *names):
    """Do two elements of a small field, given as a pair by f, happen to be equal?"""
    ring = Keyed(p, Random(seed))
    try:
        a, b = f(*map(ring.fresh, names))
    except ZeroDivisionError:
        return False
    return a == b


@pytest.mark.parametrize(
    "f",
    [
        lambda a, b: ((a * b).sigmoid(), (a + b).sigmoid()),
        lambda a, b: (a.exp() * b, b.exp() * a),
        lambda a, b: ((a * a + b).log(), (b * b).log()),
        lambda a, b: ((a * a + b).sin(), (a / b).cos()),
    ],
)
def test_in_a_small_field_different_functions_pass_as_rarely_as_stated(f):
    p, runs = 1009, 2000
    passed = sum(accepts(p, seed, f, "a", "b") for seed in range(runs))
    ring = Keyed(p, Random(0))
    a, b = f(ring.fresh("a"), ring.fresh("b"))
    per_point = keyed_replay.chance(ring, (a.size - b.size).degree, 0)
    rate = per_point / keyed_replay.ATTEMPTS * 2**60 / p  # of the points only
    assert passed / runs <= float(rate)
    assert rate < 1


def test_the_chance_of_one_product_is_that_by_hand():
    certificate = mg.prove_equal(lambda a, b: a * b, lambda a, b: b * a, (), ())
    assert (certificate.degree, certificate.height_bits) == (2, 2)
    ring = Keyed(2**61 - 1, Random(0))
    known = sum(2 * len(args) * len(args) * 2 for args in ring.asked.values())
    bits = Fraction(2 + known, 60 * 2**54)  # each of the known values has height 1
    assert keyed_replay.chance(ring, 2, 2) == 2 * (Fraction(2, 2**60) + bits)


MISTAKES = {
    "exp(-z) = exp(z)": {"exp": keyed.EVEN},
    "exp is odd": {"exp": keyed.ODD},
    "log(1 / z) = log(z)": {"log": (keyed._inverse, lambda y: y)},
    "tan is even": {"tan of half": keyed.EVEN},
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_fact_about_a_function_would_show_here(monkeypatch, mistake):
    monkeypatch.setattr(keyed, "MIRRORS", keyed.MIRRORS | MISTAKES[mistake])
    wrong = 0
    for f, g, *_ in DIFFERENT.values():
        with contextlib.suppress(NotShown):
            wrong += bool(mg.prove_equal(f, g, np.array([0.5, 1.25])))
    for f, g, shapes in EQUAL.values():
        try:
            mg.prove_equal(f, g, *shapes)
        except NotShown:
            wrong += 1
    assert wrong


@pytest.mark.parametrize(
    ("f", "g", "masked"),
    [
        (mg.relu, lambda x: x * 1.0, True),
        (lambda x: mg.maximum(x, 0.0), lambda x: x * 1.0, True),
        (mg.tanh, mg.tanh, False),
        (lambda x: x[[0, 1]], lambda x: x, False),
    ],
)
def test_an_equality_of_branches_says_so_in_its_first_line(f, g, masked):
    certificate = mg.prove_equal(f, g, np.array([1.5, 2.5]))
    first = str(certificate).splitlines()[0]
    assert certificate.masked == masked
    assert ("ON THE RECORDED BRANCHES" in first) == masked
