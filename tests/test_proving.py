"""`mg.prove`: what is shown, and every kind of wrong gradient that is refused."""

import math

import numpy as np
import pytest
from every import every
from hypothesis import given
from hypothesis import strategies as st
from samples import ROWS, SAMPLES, ids

import minigrad as mg
from lstm import LSTM
from minigrad.mistakes.planting import rule_of, rules_from
from minigrad.primitive import TABLE, Elementwise
from minigrad.proving import Certificate, LemmaFailed, ProofFailed, prove
from minigrad.proving.residues import Residues


def tensor(name, *shape, seed=0, dtype=float):
    numbers = np.random.default_rng(seed).uniform(0.5, 1.5, shape)
    return mg.Tensor(numbers.astype(dtype), name=name)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def weighted(y):
    """A loss in which every entry of y counts differently."""
    return (y * mg.Tensor(normal(*y.shape), name="w")).sum()


def lstm_loss(n=2, m=2, T=3, layers=1, batch=()):
    """A loss of a small LSTM from its equations, with its leaves."""
    x = [tensor("x", *batch, n, seed=t) for t in range(T)]
    for layer in range(layers):
        size = n if layer == 0 else m
        W = {k: tensor(f"W_{k}", m, size + m, seed=ord(k) + layer) for k in "fico"}
        b = {k: tensor(f"b_{k}", m, seed=ord(k)) for k in "fico"}
        y, c = tensor("y_0", *batch, m), tensor("c_0", *batch, m)
        outputs = []
        for x_t in x:
            v = mg.concatenate([x_t, y], axis=-1)
            z = {k: mg.matvec(W[k], v) + b[k] for k in "fico"}
            f, i, o = (mg.sigmoid(z[k]) for k in "fio")
            c = f * c + i * mg.tanh(z["c"])
            c.name = "c"
            y = o * mg.tanh(c)
            outputs.append(y)
        x = outputs
    difference = mg.stack(x) - tensor("target", T, *batch, m)
    return mg.mean(difference * difference)


def trained(T=4, B=2, n=3, m=3):
    """The loss of a layer of the package, and its Parameters."""
    layer = LSTM(n, m, rng=0)
    x = mg.Tensor(normal(B, T, n), name="x")
    return weighted(layer(x)[0]), layer.parameters()


def refuted(loss, *asked, **options):
    with pytest.raises(ProofFailed) as failed:
        prove(loss, *asked, **options)
    return failed.value


def words(told):
    return " ".join(str(told).split())


@pytest.fixture
def own_row():
    """Enter rows of one's own; they leave the table after the test."""
    made = []

    def enter(name, *args, kind=mg.elementwise, **more):
        made.append(f"tests.{name}")
        return kind(made[-1], *args, **more)

    yield enter
    for name in made:
        del TABLE[name]


# --------------------------------------------------------------------- what is proved


@pytest.mark.parametrize("order", [1, 2])
@every("sample", SAMPLES, ids=ids(SAMPLES), parts=6)
def test_every_row_and_composite_is_proved(sample, order):
    loss = weighted(sample(*(mg.Tensor(arg) for arg in sample.args)))
    assert prove(loss, order=order).chance < -45


PROGRAMS = {
    "softplus and its sigmoid": lambda a, b: mg.softplus(a * b) * mg.sigmoid(a),
    "powers": lambda a, b: a**3 + b**-2 + a**0.5 + b**2.5,
    "a power with a moving exponent": lambda a, b: a**b + 2.0**a,
    "constants that floats only approximate": lambda a, b: (a / 3 + 0.1 * b) * 0.7,
    "branches": lambda a, b: mg.relu(a - 1) + mg.maximum(a, b) + mg.absolute(b),
    "a mask without a False": lambda a, b: mg.where([True] * 3, a, b[0, 0]) * a,
    "indices": lambda a, b: a[:, [0, 0, 2]] * b[0] + mg.cumsum(a, axis=1),
    "broadcasting": lambda a, b: a * b[0] + a[:, :1] * b + mg.sum(a),
    "one value, many uses": lambda a, b: a * a * a + a * b - a,
    "two views of one array": lambda a, b: (a.T @ b) * (b.T @ a),
    "two precisions": lambda a, b: mg.exp(a.astype(np.float32)).astype(float) * b,
    "an entry times itself": lambda a, b: a[0, 0] * a[0, 0],
    "an axis of a single number": lambda a, b: mg.sum(mg.sum(a * b) ** 2, axis=0),
    "a masked infinity": lambda a, b: mg.softmax(mg.where(a.data > 1, a, -np.inf)) * b,
    "a recorded gradient": lambda a, b: (
        mg.grad((mg.tanh(a) ** 3).sum(), a, record=True) * b
    ),
}


@pytest.mark.parametrize("order", [1, 2])
@every("program", PROGRAMS.values(), ids=PROGRAMS)
def test_what_the_table_can_say_is_proved(program, order):
    loss = weighted(program(tensor("a", 2, 3), tensor("b", 2, 3, seed=1)))
    assert prove(loss, order=order).order == order


@pytest.mark.parametrize("dtype", [np.float16, np.float32, float])
def test_every_precision_is_proved(dtype):
    W, x = tensor("W", 3, 3, dtype=dtype), tensor("x", 4, 3, dtype=dtype)
    certificate = prove(mg.softmax(mg.tanh(mg.matvec(W, x)) * 3).sum())
    wider = ["float32"] if dtype == np.float16 else []  # in which sums are added up
    assert list(certificate.dtypes) == [str(np.dtype(dtype)), *wider]


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(0, 2**32))
def test_a_network_of_any_shape_is_proved(n, m, T, seed):
    assert prove(lstm_loss(n, m, T, batch=(2,) * (seed % 2)), seed=seed)


def test_there_is_no_false_alarm_over_seeds():
    loss = lstm_loss(layers=2)
    assert all(prove(loss, order=1 + seed % 2, seed=seed) for seed in range(16))


def test_a_package_model_is_proved_by_its_parameters_and_under_checks():
    first, second = LSTM(n=2, m=3, rng=0), LSTM(n=3, m=2, rng=1)
    classify, x = mg.Dense(2, 3, rng=2), normal(4, 3, 2)
    models = (first, second, classify)
    parameters = [p for model in models for p in model.parameters()]

    def loss():
        y, state = second(first(x)[0])
        scores = classify(mg.relu(state.y)) + mg.max(y)
        return mg.cross_entropy(scores, [0, 1, 2, 1])

    assert len(prove(loss(), first.parameters()).wrt) == 8
    with mg.checked():  # its arrays are read-only
        watched = loss()
        assert prove(watched, parameters, seed=1) == prove(loss(), parameters, seed=1)


def test_a_training_step_of_working_size_is_proved():
    layer = LSTM(n=64, m=128, rng=0)
    loss = mg.squared_error(layer(normal(32, 4, 64))[0], normal(32, 4, 128, seed=1))
    certificate = prove(loss, layer.parameters())
    assert certificate.chance < -40
    assert certificate.slopes > 4 * 32 * 5 * 128


def test_an_intermediate_value_may_be_differentiated_by():
    a = tensor("a", 3)
    h = mg.tanh(a)
    assert prove(mg.sum(h * h * a), [a, h])
    with pytest.raises(ValueError, match="a second derivative by it has no"):
        prove(mg.sum(h * h * a), [a, h], order=2)


@pytest.mark.parametrize("asked", ["a Tensor", "a list", "a tuple", "a dict"])
def test_wrt_may_be_given_in_any_structure(asked):
    a, b = tensor("a", 3), tensor("b", 3)
    wrt = {"a Tensor": a, "a list": [a, b], "a tuple": (a, b), "a dict": {"x": b}}
    names = [name for name, _ in prove((a * b).sum(), wrt[asked]).wrt]
    assert names == {"a Tensor": ["a"], "a dict": ["b"]}.get(asked, ["a", "b"])


def test_a_proof_may_be_asked_for_anywhere_and_leaves_nothing_behind():
    loss, _ = trained()
    numbers = [step.data.copy() for step in mg.Tape(loss)]
    with mg.no_grad():
        assert isinstance(prove(loss), Certificate)
    with mg.scope("elsewhere"), np.errstate(all="raise"):
        assert prove(loss, seed=1) == prove(loss, seed=1)
    for step, before in zip(mg.Tape(loss), numbers, strict=True):
        assert np.array_equal(step.data, before)
        assert step.scope[:1] != ("elsewhere",)


def test_the_work_grows_as_the_tape_does(monkeypatch):
    """Of 40 more time steps each needs as many calculations as the one before."""
    made, init = [], Residues.__init__
    count = lambda *args: made.append(0) or init(*args)  # noqa: E731
    monkeypatch.setattr(Residues, "__init__", count)

    def calculations(T):
        made.clear()
        prove(trained(T)[0], seed=0)
        return len(made)

    few, more, many = map(calculations, (20, 60, 100))
    assert many - more == pytest.approx(more - few, rel=0.02)


# ------------------------------------------------------------- rules that are wrong


def spoil(monkeypatch, name, i, change):
    """Let `change` act on what rule i of a row returns, however it is computed."""
    row = TABLE[name]
    if isinstance(row, Elementwise):
        wrong = tuple(
            (lambda *a, rule=rule: change(rule(*a))) if k == i else rule
            for k, rule in enumerate(row.rules)
        )
        monkeypatch.setattr(row, "partials", wrong)
        return

    def rule(k, *args, **options):
        return (change if k == i else lambda g: g)(rule_of(row, k)(*args, **options))

    monkeypatch.setattr(row, "adjoints", rules_from(row, rule))
    if i in row.batched_adjoints:
        batched = row.batched_adjoints[i]
        monkeypatch.setitem(row.batched_adjoints, i, lambda *a: change(batched(*a)))


def places():
    """Every (row, argument) in which a Tensor stands on some tape, with its loss."""
    found = {}
    losses = [weighted(sample(*map(mg.Tensor, sample.args))) for sample in ROWS]
    for loss in [lstm_loss(), *losses]:
        for step in mg.Tape(loss):
            for i, arg in enumerate(step.args[:2]):
                if isinstance(arg, mg.Tensor):
                    found.setdefault((step.primitive.name, i), loss)
    return found


PLACES = places()


def test_every_row_is_spoilt():
    assert {name for name, _ in PLACES} == set(TABLE)


@pytest.mark.parametrize(("name", "i"), PLACES)
def test_a_rule_a_little_too_large_is_named(monkeypatch, name, i):
    loss = PLACES[name, i]
    spoil(monkeypatch, name, i, lambda g: g * (1 + 1e-5))
    failure = refuted(loss)
    assert (failure.row, failure.argument) == (name, i)
    assert isinstance(failure, LemmaFailed) == isinstance(TABLE[name], Elementwise)
    assert mg.Tape(loss).steps[failure.step].primitive is TABLE[name]
    found, expected = failure.counterexample.replay()
    assert found == pytest.approx(expected * (1 + 1e-5), rel=1e-7)
    assert "mend " in str(failure) and "In floats: at" in words(failure)


@pytest.mark.parametrize("square", [True, False])
def test_a_forgotten_transpose_is_named(monkeypatch, square):
    W = mg.Tensor(normal(4, 4 if square else 3), name="W")
    loss = weighted(mg.tanh(mg.matvec(W, mg.Tensor(normal(5, W.shape[1]), name="v"))))
    transposed = lambda g: mg.transpose(g) if g.ndim == 2 else g  # noqa: E731
    spoil(monkeypatch, "matvec", 0, transposed)
    failure = refuted(loss)
    assert (failure.row, failure.argument) == ("matvec", 0)
    assert ("does not run" in str(failure)) == (not square)


@pytest.mark.parametrize("change", [lambda g: np.ones(g.shape), lambda g: None])
def test_a_rule_that_leaves_exact_numbers_is_refused(monkeypatch, change):
    spoil(monkeypatch, "matmul", 1, change)
    failure = refuted((tensor("a", 2, 2) @ tensor("b", 2, 2)).sum())
    assert (failure.row, failure.argument) == ("matmul", 1)
    assert "does not run" in str(failure)


def test_a_linear_function_that_needs_floats_is_refused_in_words(own_row):
    twice = own_row(
        "twice", lambda a: np.einsum("i->i", a) * 2, (lambda g, a: g * 2,),
        kind=mg.linear, jointly=True,
    )  # fmt: skip
    with pytest.raises(TypeError, match=r"needs\s+floating-point numbers: einsum"):
        prove(twice(tensor("a", 3)).sum())


def verf(a):
    return np.vectorize(math.erf, otypes=[float])(a)


def erf_slope(a):
    return 2 / math.sqrt(math.pi) * np.exp(-a * a)


BY_SHAPE = {
    "transposed": (np.square, "a**2", lambda y, a: 2 * a.transpose()),
    "transposed, and no symbols": (verf, "erf(a)", lambda y, a: erf_slope(a).T),
    "half if large": (
        verf, "erf(a)", lambda y, a: (0.5 if np.size(a) > 8 else 1) * erf_slope(a)
    ),
    "in the order of memory": (
        np.square,
        "a**2",
        lambda y, a: 2 * (
            np.ravel(a, "K").reshape(a.shape) if isinstance(a, np.ndarray) else a
        ),
    ),
    "in floats": (
        np.square,
        "a**2",
        lambda y, a: 2 * a + (str(getattr(a, "dtype", "")) == "float64") * 0.5,
    ),
}  # fmt: skip


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("row", BY_SHAPE.values(), ids=BY_SHAPE)
def test_a_slope_that_is_wrong_on_this_tape_only_is_named(own_row, row, order):
    """By shape, size, layout or dtype: its formula is right, and the lemma holds."""
    function, meaning, slope = row
    own = own_row("own", function, meaning, (slope,))
    failure = refuted(own(tensor("A", 3, 3).T).sum(), order=order)
    assert (failure.row, failure.argument) == ("tests.own", 0)


def test_a_slope_that_is_wrong_where_the_tape_does_not_go_is_no_fault_of_it(own_row):
    own = own_row("own", *BY_SHAPE["half if large"][:2], BY_SHAPE["half if large"][2:])
    assert prove(own(tensor("A", 2, 4)).sum())


def test_a_slope_that_is_wrong_where_an_argument_is_broadcast_is_named(monkeypatch):
    right = TABLE["add"].partials
    wrong = lambda y, a, b: 1 if np.shape(a) == np.shape(b) else 2  # noqa: E731
    monkeypatch.setattr(TABLE["add"], "partials", (right[0], wrong))
    failure = refuted(mg.tanh(tensor("A", 2, 3) + tensor("b", 3)).sum())
    assert (failure.row, failure.argument) == ("add", 1)


@pytest.mark.parametrize(("name", "wrong"), [
    ("sigmoid", lambda y, a: y * (1 - y) * (2 if np.shape(a) == (2,) else 1)),
    ("tanh", lambda y, a: (1 - y * y) * (5 if np.ndim(a) == 2 else 1)),
])  # fmt: skip
def test_a_slope_that_is_wrong_at_the_sizes_of_an_lstm_is_named(
    monkeypatch, name, wrong
):
    monkeypatch.setattr(TABLE[name], "partials", (wrong,))
    failure = refuted(lstm_loss(batch=(2,) * (name == "tanh")))
    assert (failure.row, failure.argument) == (name, 0)


@pytest.mark.parametrize(("dtype", "other"), [("f4", "f8"), ("f8", "f4")])
def test_an_adjoint_that_is_wrong_in_one_dtype_only_is_named(monkeypatch, dtype, other):
    row = TABLE["matvec"]
    right = row.adjoints

    def wrong(g, W, v):
        return right[0](g, W, v) * (1 + (getattr(v, "dtype", None) == np.dtype(dtype)))

    def loss(dtype):
        W, v = tensor("W", 2, 3, dtype=dtype), tensor("v", 3, dtype=dtype)
        return mg.tanh(mg.matvec(W, v)).sum()

    monkeypatch.setattr(row, "adjoints", (wrong, right[1]))
    monkeypatch.setattr(row, "batched_adjoints", {})
    failure = refuted(loss(dtype))
    assert (failure.row, failure.argument) == ("matvec", 0)
    assert prove(loss(other))


def test_a_rule_is_read_again_when_what_it_uses_has_changed(own_row):
    factor = [2]
    helper = lambda a: factor[0] * a  # noqa: E731
    own = own_row("own", np.square, "a**2", (lambda y, a: helper(a),))
    loss = own(tensor("a", 3)).sum()
    assert prove(loss)
    factor[0] = 5
    assert refuted(loss).row == "tests.own"


def test_an_array_written_into_after_it_was_recorded_is_not_blamed_on_a_row():
    p = mg.Parameter(np.ones(3), name="p")
    loss = (p * 2.0).sum()
    p.data[:] = 7.0
    with pytest.raises(ProofFailed, match="written into after it was recorded") as e:
        mg.prove(loss)
    assert e.value.row is None
