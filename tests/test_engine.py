"""engine.js against NumPy and `mg.grad`, in Chromium: one session for all."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
from browser import Browser

import minigrad as mg
from lstm import LSTMCell
from minigrad.composite import Decision
from minigrad.exploring.html_page import part
from minigrad.exploring.tape_data import (
    MOST_NUMBERS,
    NotMoving,
    _printed,
    as_json,
    javascript,
    tape_data,
)
from minigrad.primitive import TABLE

random_numbers = np.random.default_rng(3)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("engine"))
    browser.open("about:blank")
    browser.value(f"{javascript()}\n{part('engine.js')}\nglobalThis.run = null; 0")
    yield browser
    browser.quit()


def ran(browser, loss, script, seed=None):
    """Run a script on the tape of a loss; return what it returns."""
    data = as_json(tape_data(mg.Tape(loss)))
    return browser.value(
        f"(() => {{ const run = MinigradTape({data}); run.forward();"
        f"run.backward(undefined, {json.dumps(seed)}); {script} }})()"
    )


EVERYTHING = (
    "return run.steps.map((_, i) => [[...run.value(i)],"
    " run.cotangent(i) && [...run.cotangent(i)]]);"
)


def agrees(browser, loss, script="", places=1e-12):
    """Every value and every cotangent is NumPy's, after the script too."""
    seed = random_numbers.normal(size=loss.shape)
    tape = mg.Tape(loss)
    found = ran(browser, loss, script + EVERYTHING, seed.ravel().tolist())
    bars = mg.grad(loss, [*tape], seed=seed)
    assert all(cotangent is None for _, cotangent in found[len(tape) :])  # constants
    for entry, bar, (value, cotangent) in zip(tape, bars, found, strict=False):
        close = {"rtol": places, "atol": places}
        np.testing.assert_allclose(value, entry.data.ravel(), **close)
        cotangent = np.zeros(entry.size) if cotangent is None else cotangent
        np.testing.assert_allclose(cotangent, bar.ravel(), **close)


def inside(name, shape):
    """Numbers where the row is defined."""
    numbers = random_numbers.normal(size=shape)
    positive = ("log", "log1p", "sqrt", "power")
    return np.abs(numbers) + 0.1 if name in positive else numbers


@pytest.mark.parametrize(
    "name", [name for name, row in TABLE.items() if row.is_elementwise]
)
@pytest.mark.slow
def test_an_elementwise_row_in_javascript_is_the_row(browser, name):
    row = TABLE[name]
    shapes = [(2, 3), (3,), (2, 1), (), (4, 1, 3)]
    for shape in shapes:
        args = [mg.Tensor(inside(name, shape))]
        args += [mg.Tensor(inside(name, (2, 3))) for _ in row.rules[1:]]
        agrees(browser, row.apply(*args))
        agrees(browser, row.apply(*args[::-1]))
        agrees(browser, row.apply(args[0], *(arg.data for arg in args[1:])))


@pytest.mark.parametrize(
    "name", [name for name, row in TABLE.items() if not row.is_elementwise]
)
@pytest.mark.slow
def test_a_linear_row_in_javascript_is_the_row(browser, name):
    row, source = TABLE[name], random.Random(7)
    for _ in range(12):
        shapes, options = row.samples(source)
        args = [mg.Tensor(random_numbers.normal(size=shape)) for shape in shapes]
        result = row.apply(*args, **options)
        if result.dtype == np.float64:
            agrees(browser, result)
        if len(args) == 2:  # one argument twice, and a constant
            agrees(browser, row.apply(args[0], args[1].data, **options))


def test_every_row_of_the_table_has_its_javascript():
    written = javascript()
    for name, row in TABLE.items():
        assert row.samples if not row.is_elementwise else f'"{name}": {{' in written


def relu_network():
    random_numbers = np.random.default_rng(5)
    W = mg.Parameter(random_numbers.normal(size=(4, 3)), name="W")
    V = mg.Parameter(random_numbers.normal(size=(2, 4)), name="V")
    b = mg.Parameter(random_numbers.normal(size=4), name="b")
    x = mg.Tensor(random_numbers.normal(size=(5, 3)), name="x")

    def loss():
        hidden = mg.relu(mg.matvec(W, x) + b)
        return mg.squared_error(mg.matvec(V, hidden), np.ones((5, 2)))

    return loss, [W, V, b]


def softmax_classifier():
    random_numbers = np.random.default_rng(6)
    W = mg.Parameter(random_numbers.normal(size=(3, 4)), name="W")
    x = mg.Tensor(random_numbers.normal(size=(5, 3)), name="x")
    return lambda: mg.cross_entropy(x @ W, [0, 1, 2, 3, 1]), [W]


def lstm_step():
    cell = LSTMCell(2, 3)
    random_numbers = np.random.default_rng(8)
    for weight in cell.parameters():
        weight.data = random_numbers.normal(size=weight.shape)
    x = mg.Tensor(random_numbers.normal(size=2), name="x")
    start = cell.start()

    def loss():
        state = cell(x, cell(x, start))
        return mg.sum(state.y * state.c)

    return loss, [*cell.parameters()]


def attention():
    random_numbers = np.random.default_rng(9)
    x = mg.Tensor(random_numbers.normal(size=(4, 3)), name="x")
    Q, K, V = (
        mg.Parameter(random_numbers.normal(size=(3, 3)), name=name) for name in "QKV"
    )

    def loss():
        scores = (x @ Q) @ mg.transpose(x @ K) / np.sqrt(3)
        return mg.mean(mg.tanh(mg.softmax(scores) @ (x @ V)))

    return loss, [Q, K, V]


def layer_norm():
    random_numbers = np.random.default_rng(10)
    a = mg.Parameter(random_numbers.normal(size=(4, 3)), name="a")
    gain = mg.Parameter(random_numbers.normal(size=3), name="gain")

    def loss():
        centred = a - mg.mean(a, axis=-1, keepdims=True)
        spread = mg.sqrt(mg.mean(centred * centred, axis=-1, keepdims=True) + 1e-5)
        return mg.sum(mg.sin(gain * centred / spread))

    return loss, [a, gain]


MODELS = [relu_network, softmax_classifier, lstm_step, attention, layer_norm]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.slow
def test_a_model_follows_its_weights_where_they_are_set(browser, model):
    loss, weights = model()
    tape = mg.Tape(loss())
    places = {entry: i for i, entry in enumerate(tape)}
    data = as_json(tape_data(tape))
    script = ""
    for weight in weights:
        changed = weight.data + 0.7 * random_numbers.normal(size=weight.shape)
        for entry, number in enumerate(changed.ravel().tolist()):
            script += f"run.set({places[weight]}, {entry}, {number});"
        weight.data = changed
    script += "run.forward(); run.backward();"
    again = loss()  # where a relu turns, the tape in Python takes the other branch too
    found = browser.value(
        f"(() => {{ const run = MinigradTape({data}); run.forward(); {script}"
        f"{EVERYTHING} }})()"
    )
    for weight, bar in zip(weights, mg.grad(again, weights), strict=True):
        np.testing.assert_allclose(found[places[weight]][1], bar.ravel(), 1e-10, 1e-12)
    output = places[tape.outputs[0]]
    np.testing.assert_allclose(found[output][0], [again.item()], 1e-12)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.slow
def test_twenty_steps_of_gradient_descent_are_those_of_python(browser, model):
    loss, weights = model()
    first = loss()
    script = "const seen = [];"
    script += (
        "for (let k = 0; k < 20; k++) { run.step(0.05);"
        f"seen.push(run.value({len(mg.Tape(first)) - 1})[0]); }} "
        "run.reset(); "
        f"seen.push(run.value({len(mg.Tape(first)) - 1})[0]); return seen;"
    )
    *found, reset = ran(browser, first, script)
    expected = []
    for _ in range(20):
        bars = mg.grad(loss(), weights)
        for weight, bar in zip(weights, bars, strict=True):
            weight.data = weight.data - 0.05 * bar
        expected.append(loss().item())
    np.testing.assert_allclose(found, expected, 1e-10)
    np.testing.assert_allclose(reset, first.item(), 1e-12)


@pytest.mark.parametrize(("function", "numbers", "turned"), [
    (mg.relu, [1.0, -2.0], [-1.0, 3.0]),
    (mg.relu, [1.0, -2.0], [0.0, 3.0]),
    (lambda a: mg.maximum(a, 0.5), [1.0, -2.0], [-1.0, 3.0]),
    (lambda a: mg.minimum(a, 0.5), [1.0, -2.0], [-1.0, 3.0]),
    (lambda a: mg.clip(a, -1, 1), [0.5, -0.2], [-3.0, 3.0]),
    (lambda a: np.fmax(a, 0.5), [1.0, -2.0], [-1.0, 3.0]),
    (abs, [1.0, -2.0], [-1.0, 3.0]),
    (abs, [1.0, -2.0], [0.0, -0.5]),
    (mg.max, [1.0, -2.0], [1.0, 3.0]),
    (mg.min, [1.0, -2.0], [1.0, 3.0]),
    (lambda a: mg.max(mg.stack([a, -a]), axis=0), [1.0, -2.0], [-1.0, 3.0]),
    (lambda a: mg.min(mg.stack([a, -a]), axis=1), [1.0, -2.0], [-1.0, 3.0]),
    (lambda a: mg.max(mg.stack([a, 2 * a], -1), (0, 1)), [1.0, -2.0], [-1.0, 3.0]),
    (lambda a: mg.max(a, initial=0.5), [0.1, -2.0], [-1.0, 3.0]),
])  # fmt: skip
@pytest.mark.slow
def test_a_named_choice_is_made_again(browser, function, numbers, turned):
    found, data = turned_to(browser, function, numbers, turned)
    assert data["remarks"] == []
    b = mg.Tensor(turned)
    again = mg.sum(function(b) * 3.0)
    (bar,) = mg.grad(again, [b])
    assert found == [0, True, bar.tolist(), again.item()]


def turned_to(browser, function, numbers, turned):
    """Return how often a branch turned, the gradient and the value; and the tape."""
    a = mg.Tensor(numbers, name="a")
    data = tape_data(mg.Tape(mg.sum(function(a) * 3.0)))
    found = browser.value(
        f"(() => {{ const run = MinigradTape({as_json(data)}); run.forward();"
        f"const before = run.flipped().length;"
        f"run.set(0, 0, {turned[0]}); run.set(0, 1, {turned[1]}); run.forward();"
        "run.backward(); return [before, run.flipped().length > 0,"
        " [...run.cotangent(0)],"
        " run.value(run.steps.findLastIndex(s => s.op))[0]]; })()"
    )
    return found, data


@pytest.mark.parametrize("far", [3.0, 40.0, 2000.0])
@pytest.mark.parametrize("function", [
    mg.softmax, mg.log_softmax, lambda a: mg.cross_entropy(a, 1),
    lambda a: mg.softmax(mg.stack([a, -a]), axis=0),
])  # fmt: skip
@pytest.mark.slow
def test_what_is_taken_out_of_a_softmax_is_the_largest_again(browser, function, far):
    found, data = turned_to(browser, function, [1.0, -2.0], [-far, far])
    b = mg.Tensor([-far, far])
    again = mg.sum(function(b) * 3.0)
    (bar,) = mg.grad(again, [b])
    assert data["remarks"] == []
    assert found[:2] == [0, True]
    np.testing.assert_allclose(found[2], bar, 1e-12, 1e-12)
    np.testing.assert_allclose(found[3], again.item(), 1e-12, 1e-12)


@pytest.mark.slow
def test_where_two_became_equal_the_page_takes_the_first(browser):
    found, _ = turned_to(browser, mg.max, [1.0, -2.0], [3.0, 3.0])
    assert found[2:] == [[3.0, 0.0], 9.0]  # both are the slope from one side


@pytest.mark.slow
def test_a_function_of_the_readers_own_says_its_question_too(browser):
    @mg.composite(decides=[Decision("<", of=1, than=0)])
    def hinge(a):
        return mg.where(a.data > 1, 1.0, a)

    found, data = turned_to(browser, hinge, [0.5, 2.0], [4.0, -2.0])
    assert data["remarks"] == ["The recorded branch is kept at t1: " + KEPT]
    assert found[2:] == [[3.0, 0.0], 15.0]  # it asks a > 1, and that is not the answer

    @mg.composite(decides=[Decision(">", of=1, than=0)])
    def hinge_right(a):
        return mg.where(a.data > 1, 1.0, a)

    found, data = turned_to(browser, hinge_right, [0.5, 2.0], [4.0, -2.0])
    assert data["remarks"] == []
    assert found[2:] == [[0.0, 3.0], -3.0]


KEPT = "the page does not know how it was chosen."


def test_a_choice_that_is_not_known_says_that_it_is_kept():
    a = mg.Tensor([1.0, -2.0], name="a")
    tied = mg.maximum(a, a)
    for loss in (mg.where([True, False], a, 0.0), tied):
        remarks = tape_data(mg.Tape(loss))["remarks"]
        assert all("The recorded branch is kept" in each for each in remarks)
        assert len(remarks) == 1


def test_float32_is_run_again_in_float64_and_says_so():
    a = mg.Tensor(np.ones(3, np.float32))
    assert "float32" in tape_data(mg.Tape(a * a))["remarks"][0]


def test_a_large_tape_says_why_it_does_not_move():
    a = mg.Tensor(np.ones(MOST_NUMBERS + 1))
    with pytest.raises(NotMoving, match="more than 2000 numbers"):
        tape_data(mg.Tape(a * 2.0))


@pytest.mark.slow
def test_the_page_carries_its_tape_and_runs_it(tmp_path):
    loss, (W,) = softmax_classifier()
    first = loss()
    opened = Browser(tmp_path / "profile")
    opened.open(mg.explore(first, tmp_path / "page.html").as_uri())
    place = next(i for i, entry in enumerate(mg.Tape(first)) if entry is W)
    bar = opened.value(
        "(() => { const run = MinigradTape(JSON.parse(document.querySelector("
        f"'#tape').textContent)); run.forward(); run.backward();"
        f"return [...run.cotangent({place})]; }})()"
    )
    assert opened.complaints() == []
    opened.quit()
    np.testing.assert_allclose(bar, mg.grad(first, [W])[0].ravel(), 1e-12, 1e-12)


def test_a_page_that_does_not_move_says_why():
    page = mg.explore(mg.sum(mg.Tensor(np.ones(MOST_NUMBERS)) * 2.0)).html
    assert "The numbers on this page stay as they are: the tape has more than" in page
    assert "function MinigradTape" not in page


def test_a_formula_without_a_function_in_javascript_says_so():
    with pytest.raises(NotMoving, match=r"no function for zeta\(a\)"):
        _printed("zeta(a)")
