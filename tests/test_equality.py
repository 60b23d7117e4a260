"""`mg.prove_equal`: one function written twice, and two that only look alike."""

import functools
import json

import numpy as np
import pytest
import sympy
from every import every
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from lstm import LSTM, LSTMCell, State
from minigrad.primitive import TABLE
from minigrad.proving.disproof import NotEqual, NotShown
from minigrad.proving.equality import prove_equal
from minigrad.proving.failures import ProofFailed


def refused(f, g, *shapes, **more):
    """Return the failure of a proof of equality."""
    with pytest.raises(NotShown) as failed:
        prove_equal(f, g, *shapes, **more)
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
    certificate = prove_equal(lambda x, s: fused(cell, x, s), cell, *shapes)
    count = m * int(np.prod(batch))
    assert certificate
    assert certificate.functions == {"exp": 5 * count}  # f, i, o, c~ and tanh(c)
    assert certificate.outputs == (("output.y", (*batch, m)), ("output.c", (*batch, m)))
    weights = 4 * m * (n + m) + 4 * m
    assert certificate.variables == weights + (n + 2 * m) * int(np.prod(batch))
    assert certificate.chance < -40


def test_what_might_agree_by_chance_is_not_shown():
    def power(x, by):
        for _ in range(by):
            x = x * x
        return x

    def other(x, by):
        for _ in range(by // 2):
            x = (x * x) * (x * x)
        return x

    mg.prove_equal(lambda x: power(x, 12), lambda x: other(x, 12), np.ones(2))
    with pytest.raises(NotShown, match="a chance of 2\\^0"):
        mg.prove_equal(lambda x: power(x, 30), lambda x: other(x, 30), np.ones(2))


def test_a_fused_cell_is_the_cell_over_time():
    cell = LSTMCell(2, 2, rng=0)

    def last_state(step):
        return lambda xs, state: functools.reduce(lambda s, x: step(x, s), xs, state)

    by_hand = last_state(lambda x, s: fused(cell, x, s))
    certificate = prove_equal(by_hand, last_state(cell), [(2,)] * 5, State((2,), (2,)))
    assert certificate.functions == {"exp": 5 * 5 * 2}
    assert certificate.chance < -35


@pytest.mark.parametrize(("mistake", "more"), [
    ("forget and input swapped", {"order": (1, 0, 2, 3)}),
    ("output and candidate swapped", {"order": (0, 1, 3, 2)}),
    ("[y, x] for [x, y]", {"joined": lambda x, y: [y, x]}),
])  # fmt: skip
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


# -------------------------------------------------------------------- what is provable


def program(text):
    """Return a function of a, b, c and A, written in minigrad's names."""
    names = {"mg": mg, "np": np, "naive": naive_softmax} | {
        name: getattr(mg, name) for name in mg.__all__
    }
    return eval(f"lambda a, b, c, A: {text}", names)


SHAPES = (2,), (2,), (2,), (2, 3)
EQUAL = [
    ("A @ (A.T @ a)", "(A @ A.T) @ a"),
    ("concatenate([a, b]) @ concatenate([b, c])", "a @ b + b @ c"),
    ("cumsum(a, axis=0)", "np.tril(np.ones((2, 2))) @ a"),
    ("sigmoid(a)", "(1 + tanh(0.5 * a)) / 2"),
    ("sigmoid(a)", "where(a > 0, 1 / (1 + exp(-a)), exp(a) / (1 + exp(a)))"),
    ("-log(sigmoid(a))", "softplus(-a)"),
    ("naive(A)", "softmax(A)"),
    ("log(exp(a)) + exp(log(a * a + 1))", "a + a * a + 1"),
    ("b * sin(a) ** 2 + b * cos(-a) ** 2", "b + 0 * a"),
    ("1 / sqrt(a * a + 1)", "(a * a + 1) ** -0.5"),
    ("sqrt(1 / (a * a + 1))", "(a * a + 1) ** -0.5"),
    ("(a * a + 1) ** b", "exp(b * log(1 + a * a))"),
    ("a ** np.array([2, 3])", "stack([a[0] * a[0], a[1] * a[1] * a[1]])"),
    ("relu(A)", "maximum(A, 0.0)"),
]
BY_LAWS = [
    ("exp(a + b)", "exp(a) * exp(b)"), ("exp(2 * a)", "exp(a) ** 2"),
    ("exp(a / 2) ** 2", "exp(a / 6) ** 6"),
    ("exp(a + 1) / exp(a)", "exp(a * 0 + 1) + 0 * a"),
    ("log(a * b)", "log(a) + log(b)"), ("log(a / b)", "log(a) - log(b)"),
    ("log(a ** 2)", "2 * log(a)"), ("log(2 * exp(a)) - a", "log(0 * a + 2)"),
    ("sqrt(a * b)", "sqrt(a) * sqrt(b)"),
    ("(a * b) ** 1.5", "a * b * sqrt(a) * sqrt(b)"),
    ("softplus(a)", "a + softplus(-a)"), ("log(sum(exp(A), axis=-1))", "logsumexp(A)"),
    ("log(softmax(a))", "log_softmax(a)"),
    ("naive(A - max(A, axis=-1, keepdims=True))", "softmax(A)"),
    ("naive(stack([a[0] - b[0], 2 * a[0] - b[0]]))", "naive(stack([a[0], 2 * a[0]]))"),
    ("-log(naive(a))[1]", "cross_entropy(a.reshape(1, 2), [1])"),
    ("log(sum(exp(a))) - a[1]", "cross_entropy(a.reshape(1, 2), [1])"),
    ("-mean(log(naive(A)[[0, 1], [2, 0]]))", "cross_entropy(A, [2, 0])"),
    ("log(exp(-a * a / (2 * b * b)) / b)", "-a * a / (2 * b * b) - log(b)"),
]  # fmt: skip


@every("f, g", EQUAL, parts=4)
def test_two_ways_to_write_a_function_are_one(f, g):
    for seed in range(3):
        assert prove_equal(program(f), program(g), *SHAPES, seed=seed).chance < -40


@every("f, g", BY_LAWS, parts=4)
def test_sums_in_exp_and_products_in_log_are_taken_apart(f, g):
    for pair in [(f, g), (g, f)]:
        certificate = prove_equal(*map(program, pair), *SHAPES, seed=0)
        assert certificate.chance < -40
        assert certificate.laws


@every("f, g", EQUAL + BY_LAWS, parts=4)
def test_no_such_pair_survives_a_small_change(f, g):
    changed = program(f"({g}) * (1 + 1e-12)")
    assert isinstance(refused(program(f), changed, *SHAPES, seed=0), NotEqual)


NEVER = [
    ("exp(a - a[0]) / sum(exp(a))", "softmax(a)"),
    ("softmax(A, axis=0)", "softmax(A)"),
    ("log(a + b)", "log(a) + log(b)"),
    ("log(mean(exp(a)))", "logsumexp(a)"),
    ("exp(a * b)", "exp(a) * exp(b)"),
    ("exp(log(a) * b)", "a * b"),
    ("sqrt(a * a)", "a"),
    ("log(a * a)", "2 * log(where(a.data > 0, a, -a)) + 1e-9"),
    ("sqrt(a * b) * sqrt(b * c) * sqrt(a * c)", "a * b * c"),
    ("where(a.data > 0, log(where(a.data > 0, a, 1)), sqrt(a * a))",
     "where(a.data > 0, log(where(a.data > 0, a, 1)), a)"),
    ("log(a)[0] + sqrt(a[1] * a[1])", "log(a)[0] + a[1]"),
    ("-log(softmax(a))[0]", "cross_entropy(a.reshape(1, 2), [1])"),
]  # fmt: skip


@every("f, g", NEVER, parts=4)
@pytest.mark.parametrize("seed", [0, 1])
def test_what_only_looks_alike_is_refuted(f, g, seed):
    failed = refused(program(f), program(g), *SHAPES, seed=seed)
    assert isinstance(failed, NotEqual)


NOT_SHOWN = [
    ("sqrt(a * a + 1) ** 2", "a * a + 1"),
    ("sin(2 * a)", "2 * sin(a) * cos(a)"),
    ("exp((a + b) * c)", "exp(a * c) * exp(b * c)"),
]


@every("f, g", NOT_SHOWN, parts=4)
def test_an_identity_that_is_not_known_is_no_disproof(f, g):
    failed = refused(program(f), program(g), *SHAPES)
    assert type(failed) is NotShown
    assert isinstance(failed, ProofFailed)
    assert failed.undecided
    assert failed.values[0] == pytest.approx(failed.values[1], rel=1e-12)
    assert "not shown, and not refuted" in str(failed)
    assert "sqrt(a) sqrt(a) = a" in str(failed)


# ------------------------------------------------------------------- what is different


DIFFERENT = [
    ("exp(a)", "exp(-a)"), ("exp(a + 1)", "exp(a)"), ("exp(a + 1)", "exp(a + 2)"),
    ("exp(a * a)", "exp(a)"), ("a * exp(0 * a + 1)", "a * exp(0 * a - 1)"),
    ("log(1 / a)", "log(a)"), ("log(a)", "a"), ("tanh(a)", "tanh(2 * a)"),
    ("sigmoid(a)", "tanh(a)"), ("sin(a)", "sin(-a)"), ("sin(a)", "cos(a)"),
    ("cos(a)", "-cos(a)"), ("sqrt(1 / a)", "sqrt(a)"), ("sqrt(a)", "a ** (1 / 3)"),
    ("a**0.25", "a**0.75"), ("2.0**a", "3.0**a"), ("softplus(a)", "relu(a)"),
]  # fmt: skip


@every("f, g", DIFFERENT, parts=4)
def test_different_functions_of_one_argument_are_told_apart(f, g):
    at = np.array([0.5, 1.25])
    failed = refused(program(f), program(g), at, *SHAPES[1:])
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


TERM = st.recursive(
    st.sampled_from(["a", "b", "c", "2", "0.5"]),
    lambda part: st.builds("({} {} {})".format, part, st.sampled_from("+-*"), part),
    max_leaves=6,
)


def expanded(text):
    return sympy.expand(sympy.sympify(text, rational=True))


@given(TERM, st.sampled_from(["tanh", "exp", "sin"]))
def test_products_may_be_multiplied_out_inside_a_function(term, function):
    f, g = (
        program(f"{function}({term} + 0 * a)"),
        f"{function}({expanded(term)} + 0 * a)",
    )
    assert prove_equal(f, program(g), *SHAPES)


@given(TERM, TERM)
def test_polynomials_are_equal_if_and_only_if_sympy_says_so(first, second):
    f, g = (program(f"{term} + 0 * a") for term in (first, second))
    try:
        found = bool(prove_equal(f, g, *SHAPES))
    except NotEqual:
        found = False
    assert found == (expanded(first) == expanded(second))


# ------------------------------------------------------- what is a variable, what not


def test_a_parameter_in_both_programs_is_one_variable():
    W = mg.Parameter(np.ones((2, 3)), name="W")
    certificate = prove_equal(
        lambda x: mg.matvec(W, x) * 2, lambda x: mg.matvec(W, x + x), (3,)
    )
    assert certificate.variables == 6 + 3


def test_a_tensor_made_anew_in_each_call_with_the_same_numbers_is_a_constant():
    certificate = prove_equal(
        lambda x: x * mg.Tensor([1.0, 2.0], name="w"),
        lambda x: np.array([1.0, 2.0]) * x,
        (2,),
    )
    assert certificate.chance < -40
    assert type(refused(lambda x: x * mg.Tensor([1.0, 2.0]), lambda x: x, (2,))) is (
        NotEqual
    )


def test_a_layer_that_starts_from_its_own_zeros_is_a_function_of_its_inputs():
    lstm = LSTM(2, 2, rng=0)
    assert prove_equal(lambda x: lstm(x)[0], lambda x: lstm(x)[0], (2, 2))


def test_a_program_that_draws_random_numbers_is_not_called_another_function():
    rng = np.random.default_rng(0)
    failed = refused(lambda x: x * rng.normal(), lambda x: x * 1.0, (2,))
    assert type(failed) is NotShown
    assert "it draws random numbers, or it keeps something" in " ".join(
        str(failed).split()
    )


def test_an_argument_that_nobody_uses_is_named_in_the_claim():
    certificate = prove_equal(lambda x, y: x, lambda x, y: x * 2 / 2, (2,), (3,))
    assert certificate.unused == ("y",)
    assert "(no output depends on y)" in " ".join(str(certificate).split())


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
        certificate = prove_equal(
            lambda a: [gelu(a) * 2, angle(a, a + a), cosh(a)],
            lambda a: [a - a * erf(-a), angle(a, 2 * a), (mg.exp(a) + mg.exp(-a)) / 2],
            (3,),
        )
    finally:
        for each in made:
            del TABLE[each.primitive.name]
    assert certificate.functions == {"erf": 3, "atan2": 3, "exp": 3}


def test_arguments_without_a_name_are_counted():
    certificate = prove_equal(
        lambda x1, *rest: x1 * rest[0], lambda *x: x[1] * x[0], (2,), (2,)
    )
    assert certificate.arguments == (("x1", (2,)), ("argument 1", (2,)))


def test_the_seed_gives_the_certificate_again():
    once = prove_equal(naive_softmax, mg.softmax, (2, 4))
    assert prove_equal(naive_softmax, mg.softmax, (2, 4), seed=once.seed) == once
    data = json.loads(once.to_json())
    assert data["primes"] == list(once.primes)
    assert data["programs"] == ["naive_softmax", "softmax"]


def test_a_certificate_of_equality_reads_from_claim_to_limits():
    text = str(prove_equal(mg.sigmoid, lambda z: (1 + mg.tanh(z / 2)) / 2, (3,)))
    labels = [line.split("  ")[0] for line in text.splitlines() if line[0] != " "]
    assert labels[0] == "proved"
    assert labels[-2:] == ["trusted", "not covered"]
    assert max(map(len, text.splitlines())) <= 88


def test_a_program_that_does_not_record_is_refused():
    with pytest.raises(ValueError, match="computed under no_grad"):
        prove_equal(mg.exp, mg.no_grad()(mg.exp), (2,))


# ----------------------------------------------------------------- what cannot be asked


@every("f, g, error, words", [
    ("exp(a)", "a[None]", ValueError, "the same number of Tensors"),
    ("exp(a)", "[a, a]", ValueError, "the same number of Tensors"),
    ("log(-1 - a * a)", "a", ValueError, "give arrays in the place of shapes"),
    ("a.nonsense", "a", AttributeError, "nonsense"),
    ("exp(a)", "a.data", TypeError, "ndarray is no leaf"),
    ("a / (a + 0.1 - 0.1 - a)", "exp(a)", ValueError, "divided by zero"),
])  # fmt: skip
def test_what_cannot_be_compared_is_explained(f, g, error, words):
    with pytest.raises(error, match=words) as failed:
        prove_equal(program(f), program(g), np.array([0.3]), *SHAPES[1:])
    assert "fix" in str(failed.value) or error is AttributeError
