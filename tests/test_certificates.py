"""What a certificate shows of whole models: rows, cells, second order, in floats."""

import json
import math
import os
import subprocess
import sys
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_symbolic import MISTAKES, PROGRAMS, lstm_loss, plant, tensor, unchecked

import minigrad as mg
from lstm import LSTM, LSTMCell, State
from minigrad import cotangents
from minigrad import gradient as engine
from minigrad.primitive import TABLE, Linear
from minigrad.symbolic import LemmaFailed, ProofFailed, prove
from minigrad.symbolic.proving import proof, rules
from minigrad.symbolic.proving.network import NetworkShown
from minigrad.symbolic.proving.rows import SAMPLES, check_adjoints, show_row
from minigrad.symbolic.rings.duals import Dual, Dual2
from minigrad.symbolic.rings.field import Field
from minigrad.symbolic.rings.polynomials import NotPolynomial, Polynomials
from minigrad.testing import assert_proved

RNG = np.random.default_rng(0)


class Peephole(mg.Module):
    """Gers and Schmidhuber 2000: the gates also look at the cell state."""

    def __init__(self, n, m):
        self.n, self.m = n, m
        for letter in "fico":
            W = mg.Parameter(RNG.normal(size=(m, n + m)), name=f"W_{letter}")
            setattr(self, f"W_{letter}", W)
            setattr(self, f"b_{letter}", mg.Parameter(np.zeros(m), name=f"b_{letter}"))
        for letter in "fio":
            p = mg.Parameter(RNG.normal(size=m), name=f"p_{letter}")
            setattr(self, f"p_{letter}", p)

    def forward(self, x, state):
        v = mg.concatenate([x, state.y], axis=-1)
        f = mg.sigmoid(mg.matvec(self.W_f, v) + self.p_f * state.c + self.b_f)
        i = mg.sigmoid(mg.matvec(self.W_i, v) + self.p_i * state.c + self.b_i)
        c = f * state.c + i * mg.tanh(mg.matvec(self.W_c, v) + self.b_c)
        o = mg.sigmoid(mg.matvec(self.W_o, v) + self.p_o * c + self.b_o)
        return State(o * mg.tanh(c), c)


def lstm(T=3):
    return LSTM(2, 2, rng=0)(RNG.normal(size=(T, 2)))[0].sum()


def stacked():
    x = mg.Tensor(RNG.normal(size=(3, 2)), name="x")
    y = LSTM(3, 2, rng=1)(LSTM(2, 3, rng=0)(x)[0])[0]
    return mg.squared_error(y, np.zeros((3, 2)))


def peephole():
    return LSTM(Peephole(2, 2))(RNG.normal(size=(3, 2)))[0].sum()


def deep_gate():
    cell = LSTMCell(2, 2, hidden={"forget": (6,)}, rng=0)
    return LSTM(cell)(RNG.normal(size=(3, 2)))[1].y.sum()


def classifier():
    scores = mg.Dense(4, 3, rng=0)(RNG.normal(size=(5, 4)))
    return mg.cross_entropy(scores, [0, 1, 2, 1, 0])


MODELS = {
    "LSTM": (lstm, {"LSTM": 3}),
    "stacked LSTM": (stacked, {"LSTM": 3}),
    "peephole cell": (peephole, {"LSTM": 3}),
    "deep gate": (deep_gate, {"LSTM": 3}),
    "softmax classifier": (classifier, {}),
}


# ------------------------------------------------------------------- whole models


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("model", MODELS)
def test_a_model_has_a_certificate(model, order):
    build, _ = MODELS[model]
    certificate = prove(build(), order=order)
    assert certificate.order == order
    assert certificate.chance < -40
    assert ("second derivative" in str(certificate)) == (order == 2)
    assert json.loads(certificate.to_json())["order"] == order


@pytest.mark.parametrize("model", MODELS)
def test_there_is_no_false_alarm_over_seeds(model):
    loss = MODELS[model][0]()
    assert all(prove(loss, order=1 + seed % 2, seed=seed) for seed in range(20))


def test_a_certificate_is_the_same_in_every_process():
    program = """if True:
        import minigrad as mg
        from lstm import LSTM
        loss = LSTM(2, 2, rng=0)([[1.0, 2.0], [3.0, 4.0]])[0].sum()
        print(mg.prove(loss, order=2, seed=1).to_json())
    """
    run = [sys.executable, "-c", program]
    texts = {
        subprocess.run(run, capture_output=True, text=True, check=True, env=env).stdout
        for env in ({**os.environ, "PYTHONHASHSEED": seed} for seed in "12")
    }
    assert len(texts) == 1


# ------------------------------------------------------- one time step, as polynomials


@pytest.mark.parametrize("model", MODELS)
def test_all_time_steps_of_a_cell_are_alike_and_written_out(model):
    build, steps = MODELS[model]
    cells = prove(build()).cells
    assert all(cell.monomials and not cell.not_shown for cell in cells)
    assert {cell.cell: cell.steps for cell in cells} == steps
    assert len(cells) == (2 if model == "stacked LSTM" else len(steps))


def test_the_cell_is_the_same_for_any_number_of_steps():
    short, long = prove(lstm(T=2)).cells[0], prove(lstm(T=7)).cells[0]
    assert (short.steps, long.steps) == (2, 7)
    assert short.monomials == long.monomials
    assert short.program == long.program
    assert long.inputs == 4 * 2 * 4 + 4 * 2 + 2 + 2 + 2
    assert (long.outputs, long.generators) == (2 + 2, 5 * 2)
    assert "by induction over t" in " ".join(str(prove(lstm())).split())


def test_a_step_that_reads_one_of_many_inputs_is_like_the_others():
    x = mg.Tensor(RNG.normal(size=(2, 4, 2)), name="x")
    (cell,) = prove(LSTM(2, 2, rng=0)(x)[0].sum()).cells
    assert cell.steps == 4


def equal_layers(first, second):
    x = mg.Tensor(RNG.normal(size=(3, 2)), name="x")
    return second(first(x)[0])[0].sum()


def test_two_equal_layers_are_two_loops_of_one_program():
    loss = equal_layers(LSTM(2, 2, rng=0), LSTM(2, 2, rng=1))
    cells = prove(mg.sum(loss * loss)).cells
    assert [(cell.steps, cell.loops) for cell in cells] == [(6, 2)]
    told = " ".join(str(prove(loss)).split())
    assert "LSTM (2 loops of the same program, 6 time steps in all, sha256" in told


def test_a_layer_used_twice_is_two_loops_and_one_layer_is_one():
    layer = LSTM(2, 2, rng=0)
    assert [cell.loops for cell in prove(equal_layers(layer, layer)).cells] == [2]
    assert [cell.loops for cell in prove(lstm()).cells] == [1]


def test_a_loop_that_runs_backwards_in_time_is_one_loop():
    h = tensor("h_0", 2)
    for t in reversed(range(4)):
        with mg.scope("loop", t):
            h = mg.tanh(h * 2.0)
    (cell,) = prove(h.sum()).cells
    assert (cell.steps, cell.loops) == (4, 1)


def test_a_last_step_that_does_less_is_another_cell():
    _, state = LSTM(2, 2, rng=0)(RNG.normal(size=(4, 2)))
    assert [cell.steps for cell in prove(state.c.sum()).cells] == [3, 1]


def test_a_tape_without_time_has_no_cell():
    certificate = prove(classifier())
    assert certificate.cells == ()
    assert "\ncell" not in str(certificate)


def decaying(divide, T=3):
    h, a = tensor("h_0", 2), tensor("a", 2)
    for t in range(T):
        with mg.scope("loop", t):
            h = divide(h, a)
    return h.sum()


def test_a_step_that_divides_is_said_not_to_be_written_out():
    (cell,) = prove(decaying(lambda h, a: h / a)).cells
    assert (cell.monomials, cell.not_shown) == (0, "it divides")
    text = " ".join(str(prove(decaying(lambda h, a: h / a))).split())
    assert "not done, because it divides" in text
    assert prove(decaying(lambda h, a: h / 3.0 - a)).cells[0].monomials


def test_a_step_that_is_too_large_is_said_not_to_be_written_out():
    loss = LSTM(10, 10, rng=0)(RNG.normal(size=(2, 10)))[0].sum()
    (cell,) = prove(loss).cells
    assert cell.not_shown == "it has 890 numbers, and up to 700 are written out"


def unseen(*rest):
    """Stands for the level of the network: nothing was shown there."""
    return NetworkShown((2**61 - 1,), {}, 0, 0, Fraction(0), (), {})


def test_a_walk_that_forgets_one_of_several_outputs_is_found_in_the_cell(monkeypatch):
    real, asked = engine._seed, []

    def forgetful(output, given, record):
        asked.append(output)
        return real(output, given, record) * (0 if len(asked) % 2 else 1)

    loss = lstm()
    monkeypatch.setattr(proof, "check_rules", unchecked)
    monkeypatch.setattr(proof, "check_network", unseen)
    monkeypatch.setattr(proof, "check_start", lambda output: None)
    monkeypatch.setattr(proof, "show_rows", lambda *rest: ((), []))
    monkeypatch.setattr(proof, "memory", dict)
    monkeypatch.setattr(engine, "_seed", forgetful)
    with pytest.raises(
        ProofFailed, match="In the cell LSTM: its first such step begins"
    ):
        prove(loss)


@pytest.mark.parametrize(
    "mistake", [m for m in MISTAKES if m != "sign of a difference"]
)
def test_a_wrong_rule_is_found_in_the_cell_too(monkeypatch, mistake):
    loss = lstm()
    plant(monkeypatch, *MISTAKES[mistake])
    monkeypatch.setattr(proof, "check_rules", unchecked)
    monkeypatch.setattr(proof, "check_network", unseen)
    monkeypatch.setattr(proof, "show_rows", lambda *rest: ((), []))
    monkeypatch.setattr(proof, "lemmas_of", lambda tape: [])
    monkeypatch.setattr(TABLE["matvec"], "together", {})
    with pytest.raises((ProofFailed, TypeError)):
        prove(loss)


def test_constants_of_a_step_are_letters_where_that_is_a_polynomial():
    masks = RNG.normal(size=(3, 2))
    h = tensor("h_0", 2)
    for t, mask in enumerate(masks):
        with mg.scope("loop", t):
            h = mg.tanh(h * mask) / (1.0 + masks[0] ** 2) + mask
    (cell,) = prove(h.sum()).cells
    assert (cell.steps, cell.inputs) == (3, 2 + 2 + 2)


@given(st.integers(-9, 9), st.integers(-9, 9), st.fractions())
def test_polynomials_are_a_ring(n, m, q):
    R = Polynomials()
    a, b = R.fresh("a"), R.fresh("b")
    assert (a + n) * (b - m) == a * b - m * a + n * b - n * m
    assert (a * q + b) ** 2 == a * a * q * q + 2 * q * a * b + b * b
    assert a - a == 0
    assert (a + q) - q == a


def test_a_polynomial_has_no_quotient_but_by_a_number():
    R = Polynomials(limit=10)
    a = R.fresh("a")
    assert 2 * a / 4 == a * 0.5
    with pytest.raises(NotPolynomial, match="it divides"):
        1 / a
    with pytest.raises(NotPolynomial, match="more than 10 products"):
        (a + 1) ** 9
    with pytest.raises(NotPolynomial, match="its degree reaches 256"):
        Polynomials().fresh("a") ** 256


# ------------------------------------------------------- rows at other shapes


@pytest.mark.parametrize(
    "row",
    [row for row in TABLE.values() if isinstance(row, Linear)],
    ids=lambda r: r.name,
)
@given(seed=st.integers(0, 2**32))
def test_every_linear_row_is_exact_at_any_shape_and_option(row, seed):
    shapes, options = row.samples(Random(seed))
    assert check_adjoints(row, shapes, options) >= 0


def tried(name):
    """The options that a proof tries a row with."""
    source = Random(name)
    return [TABLE[name].samples(source)[1] for _ in range(SAMPLES)]


def kinds_of_index(index):
    parts = index if isinstance(index, tuple) else (index,)
    for part in parts:
        if isinstance(part, list | np.ndarray):
            entries = np.ravel(part).tolist()
            mask = np.asarray(part).dtype == bool
            yield "mask" if mask else "array"
            if not mask and len(set(entries)) < len(entries):
                yield "repeated"
        else:
            yield type(part).__name__


def test_what_a_proof_tries_meets_every_kind_of_option():
    axes = [options.get("axis") for options in tried("sum")]
    assert {type(axis) for axis in axes} == {int, tuple, type(None)}
    assert any(isinstance(axis, int) and axis < 0 for axis in axes)
    assert {options.get("keepdims") for options in tried("sum")} == {True, False, None}
    indices = [
        options["index"] for name in ("take", "scatter") for options in tried(name)
    ]
    assert {kind for index in indices for kind in kinds_of_index(index)} == {
        "int", "slice", "ellipsis", "NoneType", "array", "mask", "repeated",
    }  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_every_row_can_be_shown_apart_from_a_tape(name):
    shown, sizes = show_row(TABLE[name], by_lemma=False, seed=0)
    assert shown.shapes == SAMPLES
    assert shown.entries > 0
    assert bool(sizes) == (not isinstance(TABLE[name], Linear))


def test_a_certificate_counts_what_it_tried_of_each_row():
    rows = {row.name: row for row in prove(lstm()).rows}
    assert rows["matvec"].how == "in integers"
    assert rows["tanh"].how == "in the field"
    assert rows["matvec"].entries > 100


def test_a_readers_own_row_without_samples_is_said_to_be_shown_as_recorded(own_linear):
    double = own_linear("tests.double", lambda a: a + a, (lambda g, a: g + g,))
    certificate = prove(double(tensor("a", 3)).sum())
    assert ("tests.double", 0) in {(row.name, row.shapes) for row in certificate.rows}
    assert "at its recorded shapes only: tests.double" in str(certificate)


@pytest.fixture
def own_linear():
    made = []

    def enter(name, function, adjoints):
        made.append(name)
        return mg.linear(name, function, adjoints, jointly=True)

    yield enter
    for name in made:
        del TABLE[name]


def test_a_rule_that_is_wrong_where_the_tape_does_not_go_is_found(monkeypatch):
    row, loss = TABLE["sum"], lstm()

    def wrong_from_the_back(g, a, axis=None, keepdims=False):
        if isinstance(axis, int) and axis < 0:
            g = g * 2
        return right(g, a, axis=axis, keepdims=keepdims)

    right = row.adjoints[0]
    assert prove(loss)
    monkeypatch.setattr(row, "adjoints", (wrong_from_the_back,))
    with pytest.raises(ProofFailed) as failed:
        prove(loss)
    assert failed.value.row == "sum"
    assert mg.Tape(loss).steps[failed.value.step].primitive is row
    assert "First used at step" in str(failed.value)


def test_a_mask_without_a_false_beside_a_scalar_is_proved():
    a, b = tensor("a", 2), tensor("b")
    assert prove((mg.where([True, True], a, b) * a).sum())


# ------------------------------------------------------- second order


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_what_the_table_can_say_is_proved_to_second_order(program):
    loss = program(tensor("a", 2, 3), tensor("b", 2, 3, seed=1))
    assert prove(loss, order=2).chance < -45


def test_the_second_derivative_is_of_leaves():
    a = tensor("a", 2)
    h = mg.tanh(a)
    with pytest.raises(ValueError, match="second derivative"):
        prove((h * h).sum(), [a, h], order=2)
    with pytest.raises(ValueError, match="order 2"):
        prove((h * h).sum(), order=3)


def test_a_power_with_a_moving_exponent_is_proved_to_second_order_by_its_lemma():
    a, b = tensor("a", 2), tensor("b", 2)
    certificate = prove((a**b * b).sum(), order=2)
    assert certificate.opaque == ("power",)


def test_a_rule_of_the_gradients_tape_is_named(monkeypatch):
    """Second derivatives meet rows that the forward tape does not have."""
    a = tensor("a", 4)
    loss = (a[:2] * a[1:3] * a[2:]).sum()
    row = TABLE["scatter"]
    wrong = (lambda g, x, shape, index: 2 * mg.take(g, index),)
    monkeypatch.setattr(row, "adjoints", wrong)
    assert prove(loss)
    with pytest.raises(ProofFailed) as failed:
        prove(loss, order=2)
    assert failed.value.row == "scatter"


def test_a_second_derivative_that_hides_in_a_constant_is_found(monkeypatch):
    """A rule may be right and yet forget how it depends on its argument."""
    row, a = TABLE["tanh"], tensor("a", 3)
    loss = mg.tanh(a).sum()

    def forgetful(y, a):
        return 1.0 - y * (y.detach() if isinstance(y, mg.Tensor) else y)

    monkeypatch.setattr(row, "partials", (forgetful,))
    assert prove(loss)
    with pytest.raises(ProofFailed, match="every rule is right") as failed:
        prove(loss, order=2)
    found, expected = failed.value.counterexample.replay()
    assert found == pytest.approx(expected / 2)


def test_two_directions_are_not_confused():
    F = Field(2**61 - 1, Random(0))
    a, u, w, zero = F.fresh("a"), F.fresh("u"), F.fresh("w"), F.lift(0)
    inner = Dual(a, u)
    outer = Dual2(inner, Dual(w, zero))
    product = outer * inner  # the inner factor moves along u only
    assert product.tangent.value == w * a
    assert product.tangent.tangent == w * u
    assert (inner * outer).tangent.tangent == product.tangent.tangent


# ------------------------------------------------------- who is to blame


def averaged(g, shape):
    rows = g.reshape((-1, *shape))
    return mg.sum(rows, axis=0) / rows.shape[0]


@pytest.mark.parametrize("use", [mg.add, mg.multiply, mg.divide])
def test_a_wrong_sum_over_broadcast_axes_is_not_blamed_on_the_rule(monkeypatch, use):
    x, b = tensor("x", 4, 2), tensor("b", 2)
    loss = mg.sum(use(x, b) * x)
    monkeypatch.setattr(cotangents, "unbroadcast", averaged)
    failure = refuted(loss)
    assert (failure.row, failure.argument) == (None, None)
    assert mg.Tape(loss).steps[failure.step] is b
    text = " ".join(str(failure).split())
    assert "the rule for argument 1 is right, and what is made of it is wrong" in text
    assert "the engine gives" in text and "`unbroadcast`" in text
    example = failure.counterexample
    assert example.found == pytest.approx(example.expected / 4)


def test_a_wrong_rule_of_a_broadcast_argument_is_blamed(monkeypatch):
    plant(monkeypatch, "multiply", [lambda y, a, b: b, lambda y, a, b: b])
    monkeypatch.setattr(proof, "lemmas_of", lambda tape: [])
    failure = refuted((tensor("x", 4, 2) * tensor("b", 2)).sum())
    assert (failure.row, failure.argument) == ("multiply", 1)


# ------------------------------------------------------- what cannot be asked


@pytest.mark.parametrize("ask", [mg.prove, mg.derive, mg.grad])
def test_a_tape_older_than_its_parameter_is_refused_in_the_same_words(ask):
    W = mg.Parameter(np.eye(2), name="W")
    loss = mg.matvec(W, tensor("x", 2)).sum()
    W.data = W.data * 2
    with pytest.raises(ValueError, match="was updated after this tape was recorded"):
        ask(loss, W)


def test_what_functions_of_ones_own_do_to_floats_warns_nobody(own_linear):
    """After a loop over objects NumPy asks the processor what floats did meanwhile."""

    def noisily(a):
        assert math.isnan(float("inf") - float("inf"))
        return a + a

    double = np.vectorize(noisily)
    own = own_linear("tests.noisy", double, (lambda g, a: own(g),))
    with np.errstate(all="ignore"):
        loss = mg.sum(own(tensor("a", 3)) ** 2)
    with np.errstate(all="raise"):
        assert prove(loss, order=2)
        assert mg.derive(loss)
        assert mg.prove_equal(own, lambda a: 2 * a, (3,))


# ------------------------------------------------------- counterexamples, in floats


def refuted(loss, **asked):
    with pytest.raises(ProofFailed) as failed:
        prove(loss, **asked)
    return failed.value


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("lemmas", [True, False])
def test_a_wrong_rule_has_a_counterexample_that_replays(monkeypatch, mistake, lemmas):
    loss = lstm_loss()
    plant(monkeypatch, *MISTAKES[mistake])
    if not lemmas:
        monkeypatch.setattr(proof, "lemmas_of", lambda tape: [])
    failure = refuted(loss)
    if mistake == "matvec without transpose":  # 2 x 4: it does not run
        assert "does not run" in str(failure)
        return
    example = failure.counterexample
    assert example.replay() == (example.found, example.expected)
    assert example.found != pytest.approx(example.expected, rel=1e-9)
    assert "In floats: at" in " ".join(str(failure).split())


def test_the_sentence_says_which_numbers(monkeypatch):
    plant(monkeypatch, "multiply", [lambda y, a, b: a, lambda y, a, b: b])
    a, b = mg.Tensor([2.0], name="a"), mg.Tensor([3.0], name="b")
    failure = refuted((a * b).sum())
    assert isinstance(failure, LemmaFailed)
    assert str(failure.counterexample) == (
        "In floats: at a = 2.0, b = 3.0, the rule for a (reverse mode) gives 2 and the "
        "derivative by a is 3 (complex step)."
    )


def test_code_that_knows_no_complex_numbers_is_differenced(own_linear):
    def half(a):
        return np.vectorize(lambda x: float(x) / 2 if isinstance(x, float) else x / 2)(
            a
        )

    wrong = own_linear("tests.half", half, (lambda g, a: g,))
    failure = refuted(wrong(tensor("a", 3)).sum())
    assert failure.counterexample.expected == pytest.approx(0.5)


def test_a_wrong_accumulation_has_a_counterexample(monkeypatch):
    def add(self, arg, contribution):
        self.totals[arg.tick] = contribution

    loss = lstm_loss()
    monkeypatch.setattr(engine.Cotangents, "add", add)
    failure = refuted(loss)
    example = failure.counterexample
    assert example.replay() == (example.found, example.expected)
    assert example.found != pytest.approx(example.expected)
    assert "the engine gives" in " ".join(str(failure).split())


def test_what_floats_do_not_show_is_said(monkeypatch):
    """At 1e-30 beside 1 no float differs; the field still does."""
    plant(monkeypatch, "negative", [lambda y, a: -1 + 1e-30 * a])
    monkeypatch.setattr(proof, "lemmas_of", lambda tape: [])
    failure = refuted((-tensor("a", 2)).sum())
    assert failure.counterexample is None
    assert "no difference was found in float64" in " ".join(str(failure).split())


def test_a_leaf_without_a_name_is_called_by_its_step(monkeypatch):
    monkeypatch.setattr(
        engine.Cotangents, "add", lambda self, a, g: self.totals.update({a.tick: g})
    )
    x, y = mg.Tensor([2.0, 3.0]), mg.Tensor([1.0, 2.0])
    example = refuted((x * y * y).sum()).counterexample
    assert example.wrt[0] == "t1"


def test_arguments_of_one_name_are_told_apart(monkeypatch):
    W = tensor("W", 2, 2)
    loss = (W @ W).sum()
    row = TABLE["matmul"]
    wrong = (row.adjoints[0], lambda g, a, b: g @ b)
    monkeypatch.setattr(row, "adjoints", wrong)
    assert {"argument 0", "argument 1"} <= set(refuted(loss).counterexample.inputs)


@pytest.mark.parametrize("order", [1, 2])
def test_a_lemma_excuses_no_rule_whose_readings_disagree(monkeypatch, order):
    def slope(y, a):
        return 1 - y if isinstance(y, mg.Tensor) else 1 - y * y

    monkeypatch.setattr(TABLE["tanh"], "partials", (slope,))
    monkeypatch.setattr(proof, "lemmas_of", lambda tape: [])
    monkeypatch.setattr(rules, "has_lemma", lambda row: True)
    with pytest.raises(mg.ProofFailed) as failed:
        mg.prove(mg.tanh(mg.Tensor([0.3, 0.4])).sum(), order=order)
    assert (failed.value.row, failed.value.argument) == ("tanh", 0)


@pytest.mark.parametrize("jointly", [True, False], ids=["take", "matvec"])
def test_an_adjoint_that_is_wrong_on_recorded_cotangents_only_is_named(
    monkeypatch, jointly
):
    row = TABLE["negative"] if jointly else TABLE["matvec"]
    W, x = tensor("W", 2, 2), tensor("x", 2)
    if jointly:
        loss = mg.cumsum(x, axis=0).sum()
        row, right = TABLE["cumsum"], TABLE["cumsum"].adjoints[0]
        rules = (lambda g, a, axis: right(g, a, axis) * (1 + isinstance(g, mg.Tensor)),)
    else:
        loss = mg.tanh(mg.matvec(W, x)).sum()
        first, right = row.adjoints
        rules = (first, lambda g, *to: right(g, *to) * (1 + isinstance(g, mg.Tensor)))
    monkeypatch.setattr(row, "adjoints", rules)
    with pytest.raises(ProofFailed) as failed:
        prove(loss)
    assert (failed.value.row, failed.value.argument) == (row.name, len(rules) - 1)


# ----------------------------------------------------------- outside of a row's domain


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda x: mg.log(x), "log at step 1 (1 of 3 entries; a > 0)"),
        (lambda x: mg.sqrt(x * x * 0), "sqrt at step 3 (3 of 3 entries; a > 0)"),
        (lambda x: 1 / (x - 2.0), "divide at step 2 (1 of 3 entries; b != 0)"),
        (lambda x: x**0.5, "power at step 1 (1 of 3 entries; a > 0, or b integer"),
        (lambda x: 2.0 ** mg.sqrt(x), "sqrt at step 1 (1 of 3 entries; a > 0)"),
    ],
)
def test_numbers_recorded_outside_of_a_domain_are_in_the_claim(make, said):
    with np.errstate(all="ignore"):
        certificate = prove(make(mg.Tensor([-1.0, 2.0, 3.0])).sum())
    (told,) = certificate.outside
    assert told.startswith(said)
    first = " ".join(str(certificate).split("wrt:")[0].split())
    assert "IN THE DOMAINS OF ITS ROWS ONLY" in first and said in first


@pytest.mark.parametrize(
    "make",
    [
        lambda x: x**3 + x**-2 + 1 / x,
        lambda x: mg.log(x * x) + mg.sqrt(x * x),
        lambda x: mg.relu(x - 2.0) + mg.absolute(x),
        lambda x: x * mg.log(mg.Tensor([1.0, 2.0, 3.0])),
    ],
)
def test_of_numbers_inside_nothing_is_said(make):
    certificate = prove(make(mg.Tensor([-1.0, 2.0, 3.0])).sum())
    assert certificate.outside == ()
    assert "DOMAINS" not in str(certificate)


def test_what_does_not_move_may_lie_outside():
    x, c = mg.Tensor([2.0, 3.0]), mg.Tensor([-1.0, 0.0])
    with np.errstate(all="ignore"):
        assert prove((x * mg.sqrt(c)).sum(), x).outside == ()


def test_a_domain_of_ones_own_is_read_in_numbers():
    slope = (lambda y, a: 1 / mg.sqrt(1 - a * a),)
    asin = mg.elementwise("asin", np.arcsin, "asin(a)", slope, domain="abs(a) < 1")
    try:
        assert prove(asin(mg.Tensor([0.5, -0.5])).sum()).outside == ()
        (told,) = prove(asin(mg.Tensor([0.5, -1.0])).sum()).outside
    finally:
        del TABLE["asin"]
    assert told == "asin at step 1 (1 of 2 entries; abs(a) < 1)"


# ------------------------------------------------------------ the walks that train


@pytest.mark.parametrize("record", [False, True])
def test_a_walk_that_starts_wrongly_without_a_seed_is_found(monkeypatch, record):
    right = engine._seed

    def wrong(output, given, recorded):
        if given is None and recorded == record:
            given = np.full(output.shape, 2.0)
        return right(output, given, recorded)

    monkeypatch.setattr(engine, "_seed", wrong)
    with pytest.raises(
        ProofFailed, match=r"without one it\s+begins\s+wrongly"
    ) as failed:
        prove(lstm())
    assert (failed.value.row, failed.value.found) == (None, 2)


def shifted(monkeypatch):
    """Let the sum over many uses take another part than asked for, where one is."""
    row = TABLE["matvec"]
    right = row.together[1]

    def wrong(uses, part=...):
        whole = right(uses)
        return (whole if part is ... else np.roll(whole, 1, -1))[part]

    monkeypatch.setattr(row, "together", {**row.together, 1: wrong})


def test_the_walk_to_the_parameters_alone_is_proved_too(monkeypatch):
    layer, xs = LSTM(2, 2, rng=0), mg.Tensor(RNG.normal(size=(3, 2)), name="x")
    loss = layer(xs)[0].sum()
    count = len(layer.parameters())
    certificate = prove(loss)
    assert certificate.alone == count
    text = " ".join(str(certificate).split())
    assert f"asked with respect to the {count} Parameters alone" in text
    assert prove(loss, layer.parameters()).alone == 0
    shifted(monkeypatch)
    with pytest.raises(ProofFailed, match="accumulation is wrong"):
        prove(loss)


def test_assert_proved_asks_for_the_parameters_alone_too(monkeypatch):
    layer = LSTM(2, 2, rng=0)

    shapes = (3, 2), State((2,), (2,))
    shifted(monkeypatch)
    assert assert_proved(layer, *shapes, wrt=["x", "state"])
    with pytest.raises(AssertionError, match="adding up their cotangents"):
        assert_proved(layer, *shapes)


def test_the_parts_of_a_row_are_tried_where_the_tape_does_not_go(monkeypatch):
    row = TABLE["concatenate"]
    right = row.parts

    def wrong(i, parts, options):
        index = right(i, parts, options)
        return index if parts[i].ndim == 1 else index[::-1]

    monkeypatch.setattr(row, "parts", wrong)
    with pytest.raises(ProofFailed, match="and it lies elsewhere") as failed:
        prove(lstm())
    assert failed.value.row == "concatenate"


def test_a_broken_engine_is_found_where_the_tape_does_not_go_after_a_good_proof(
    monkeypatch,
):
    loss = (tensor("x", 2, 3) * tensor("b", 3)).sum()
    assert prove(loss)
    right = cotangents.unbroadcast

    def wrong(g, shape):
        return right(g, shape) * (2 if g.ndim > len(shape) and 1 in shape else 1)

    monkeypatch.setattr(cotangents, "unbroadcast", wrong)
    with pytest.raises(ProofFailed):
        prove(loss)
