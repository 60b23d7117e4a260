"""What an LSTM says: the answer to "neuron or layer?", and to mistakes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from lstm import LSTM, Gate, LSTMCell, State

SHAPES = {
    "n < m": {"n": 2, "m": 3},
    "n > m": {"n": 3, "m": 2},
    "n = m": {"n": 2, "m": 2},
    "one sequence": {"batch": ()},
    "one step": {"steps": 1},
    "one of each": {"n": 1, "m": 1, "batch": (1,), "steps": 1},
}
every_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)

# ------------------------------------------------------------------------- explanations


@given(st.integers(1, 50), st.integers(1, 50))
def test_the_explanation_counts_as_the_formula_does(n, m):
    layer = LSTM(n, m, rng=0)
    text = str(layer.explanation())
    count = 4 * (n * m + m * m + m)
    assert layer.explanation().total == count
    assert sum(p.size for p in layer.parameters()) == count
    assert f"4(nm + m^2 + m) = 4({n}*{m} + {m}^2 + {m}) = {count}\n" in text
    assert text.count(f"{m} x {n + m} ") == 4
    assert f"a layer of {m} neuron" in text
    assert f"R^{n + m}." in text


def test_the_explanation_says_what_each_line_is():
    text = " ".join(str(LSTM(3, 2, rng=0).explanation()).split())
    for words in (
        "y_{t-1} in R^2: the whole layer's output; every neuron reads all of it",
        "c_t in R^2: the line along the top, through x and +: both readings,",
        "So a neuron of an LSTM is row k of every W and b plus one c_k; the cell is "
        "the layer.",
    ):
        assert words in text


def test_the_explanation_shows_deeper_boxes_and_what_they_cost():
    layer = LSTM(3, 2, rng=0, hidden={"forget": (6,)})
    text = str(layer.explanation())
    assert "f = σ(W_f (v -> dense 6) + b_f)" in text
    total = sum(p.size for p in layer.parameters())
    assert f"this cell has {total}" in text


@settings(max_examples=10)
@given(st.integers(1, 2000), st.integers(1, 200))
def test_the_explanation_fits_a_terminal(n, m):
    assert max(map(len, str(LSTM(n, m, rng=0).explanation()).split("\n"))) <= 88


def test_explain_prints_the_explanation(capsys):
    layer = LSTM(3, 2, rng=0)
    layer.explain()
    assert capsys.readouterr().out == f"{layer.explanation()}\n"


# ----------------------------------------------------------------------------- messages

layer = LSTM(3, 2, rng=0)
MISTAKES = {
    "too many features": (
        lambda: layer(np.ones((4, 5, 7))),
        r"\(B, T, n\) or \(T, n\) with n = 3(.|\n)*fix",
    ),
    "no feature axis": (lambda: layer(np.ones(5)), r"x\[\.\.\., None\]"),
    "no steps": (lambda: layer(np.ones((4, 0, 3))), r"T > 0"),
    "state of another batch": (
        lambda: layer(np.ones((4, 5, 3)), State.zeros(2, (3,))),
        r"y_0: shape \(3, 2\)(.|\n)*y_0 \(4, 2\)(.|\n)*the\s+same\s+batch",
    ),
    "state of another size": (
        lambda: layer(np.ones((4, 5, 3)), State.zeros(3, (4,))),
        r"y_0: shape \(4, 3\)(.|\n)*y_0 \(4, 2\)",
    ),
    "state of another batch, for the cell": (
        lambda: layer.cell(np.ones((4, 3)), State.zeros(2, (3,))),
        r"y_\{t-1\}: shape \(3, 2\)(.|\n)*same\s+batch axes",
    ),
    "state of another size, for the cell": (
        lambda: layer.cell(np.ones((4, 3)), State.zeros(3, (4,))),
        r"y, c of shape \(\.\.\., 2\)",
    ),
    "a bare tuple": (
        lambda: layer(np.ones((5, 3)), (np.zeros(2), np.zeros(2))),
        r"State\(y, c\)(.|\n)*PyTorch",
    ),
    "a bare tuple for the cell": (
        lambda: layer.cell(np.ones(3), (np.zeros(2), np.zeros(2))),
        r"State\(y, c\)(.|\n)*PyTorch",
    ),
    "one size": (lambda: LSTM(3), r"two sizes"),
    "unknown start": (lambda: LSTM(3, 2, init="zeros"), r"glorot, keras, torch"),
    "unknown gate": (
        lambda: LSTM(3, 2, hidden={"reset": (4,)}),
        r"no gate called 'reset'(.|\n)*forget, input, candidate, output",
    ),
}


@pytest.mark.parametrize(("mistake", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_answered_with_its_reason_and_its_fix(mistake, words):
    with pytest.raises((TypeError, ValueError), match=words) as caught:
        mistake()
    assert "\n  why   " in str(caught.value)
    assert "\n  fix   " in str(caught.value)


@pytest.mark.parametrize("sizes", [(0, 2), (3, -1), (2.5, 2), ("a", 2), (True, 2)])
def test_sizes_are_whole_numbers(sizes):
    with pytest.raises(ValueError, match="is no size"):
        LSTM(*sizes)


def test_a_cell_brings_its_own_sizes_and_options():
    cell = LSTMCell(3, 2, rng=0)
    for wrong in (
        lambda: LSTM(cell, 7),
        lambda: LSTM(cell, init="torch"),
        lambda: LSTM(3),
    ):
        with pytest.raises(TypeError, match="and nothing else"):
            wrong()


def test_a_given_matrix_fits_its_box():
    with pytest.raises(ValueError, match="W reads 4 numbers"):
        Gate("f", 3, 2, hidden=(4,), W=np.ones((2, 5)))
    assert (Gate("f", 3, 2, hidden=(4,), W=np.ones((2, 4))).W.data == 1).all()
    with pytest.raises(ValueError, match=r"b of shape \(2,\)"):
        Gate("f", 3, 2, b=np.ones(1))


def test_a_cell_of_ones_own_is_run_over_time():
    class Plain(mg.Module):
        n, m = 3, 2

        def __init__(self):
            self.box = Gate("h", 3, 2, mg.tanh, rng=0)

        def start(self, batch=()):
            return State.zeros(self.m, batch)

        def forward(self, x, state):
            y = self.box(mg.concatenate([x, state.y], axis=-1))
            return State(y, state.c)

    layer = LSTM(Plain())
    y, _ = layer(np.ones((4, 3)))
    assert y.shape == (4, 2)
    with pytest.raises(ValueError, match="n = 3 and T > 0"):
        layer(np.ones((4, 5)))


@pytest.mark.parametrize("x", [np.ones((5, 3), int), [[1, 2, 3]]], ids=["ints", "list"])
def test_integers_are_read_as_floating_numbers(x):
    model = LSTM(3, 2, rng=0)
    y, _ = model(x)
    np.testing.assert_array_equal(y.data, model(np.asarray(x, float))[0].data)


def test_a_tensor_of_the_users_keeps_its_name_and_its_steps_are_called_x():
    x, y_0 = mg.Tensor(np.ones((2, 3))), mg.Tensor(np.zeros(2))
    y, _ = LSTM(3, 2, rng=0)(x, State(y_0, mg.Tensor(np.zeros(2))))
    assert x.name is None and y_0.name is None
    tape = mg.Tape(y)
    assert [step.name for step in tape if step.args and step.args[0] is x] == ["x", "x"]
