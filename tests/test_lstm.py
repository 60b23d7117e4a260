"""The LSTM: its numbers, shapes, starts, words and messages."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lstm_cases import (
    INPUTS,
    LETTERS,
    disagreements,
    layer_with,
    our_answer,
    our_loss,
    plain_answer,
    plain_lstm,
    random_case,
    weighted,
)

import minigrad as mg
from lstm import LSTM, Gate, LSTMCell, State
from lstm.initial import orthogonal

SHAPES = {
    "n < m": {"n": 2, "m": 3},
    "n > m": {"n": 3, "m": 2},
    "n = m": {"n": 2, "m": 2},
    "one sequence": {"batch": ()},
    "one step": {"steps": 1},
    "one of each": {"n": 1, "m": 1, "batch": (1,), "steps": 1},
}
every_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)

# ---------------------------------------------------- the six equations, in plain NumPy


@every_shape
def test_outputs_are_those_of_the_six_equations(shape):
    inputs, _ = random_case(**shape)
    y, last = layer_with(inputs)(inputs["x"], State(inputs["y_0"], inputs["c_0"]))
    for ours, theirs in zip((y, *last), plain_lstm(inputs), strict=True):
        np.testing.assert_allclose(ours.data, theirs, rtol=0, atol=1e-15, strict=True)


@every_shape
def test_every_gradient_is_that_of_the_complex_step(shape):
    case = random_case(**shape)
    assert disagreements(our_answer(case), plain_answer(case), tolerance=1e-13) == []


@every_shape
def test_derivatives_of_order_2_agree_with_the_complex_step(shape):
    inputs, weights = random_case(**shape)

    def lstm(*values):
        return our_loss(dict(zip(INPUTS, values, strict=True)), weights)

    mg.check_gradients(lstm, *(inputs[name] for name in INPUTS))


def test_the_cell_is_one_step_of_the_layer():
    inputs, _ = random_case(steps=1)
    layer = layer_with(inputs)
    start = State(inputs["y_0"], inputs["c_0"])
    y, last = layer(inputs["x"], start)
    one = layer.cell(inputs["x"][:, 0], start)
    np.testing.assert_array_equal(one.y.data, y.data[:, 0])
    np.testing.assert_array_equal(one.c.data, last.c.data)


def test_a_sequence_in_two_halves_is_the_sequence():
    inputs, _ = random_case(steps=6)
    layer = layer_with(inputs)
    whole, end = layer(inputs["x"])
    first, state = layer(inputs["x"][:, :2])
    second, state = layer(inputs["x"][:, 2:], state)
    halves = np.concatenate([first.data, second.data], axis=1)
    np.testing.assert_allclose(halves, whole.data, rtol=0, atol=1e-15)
    np.testing.assert_allclose(state.c.data, end.c.data, rtol=0, atol=1e-15)


def test_without_a_state_the_layer_starts_from_zeros():
    inputs, _ = random_case()
    layer = layer_with(inputs)
    y, _ = layer(inputs["x"])
    from_zeros, _ = layer(inputs["x"], State.zeros(2, batch=(4,)))
    np.testing.assert_array_equal(y.data, from_zeros.data)


def test_sequences_of_a_batch_do_not_see_each_other():
    inputs, _ = random_case(batch=(3,))
    layer = layer_with(inputs)
    together, last = layer(inputs["x"])
    alone, last_alone = layer(inputs["x"][1])
    np.testing.assert_allclose(together.data[1], alone.data, rtol=0, atol=1e-15)
    np.testing.assert_allclose(last.c.data[1], last_alone.c.data, rtol=0, atol=1e-15)


def test_outputs_do_not_depend_on_later_inputs():
    inputs, _ = random_case(batch=(), steps=5)
    y, _ = layer_with(inputs)(x := mg.Tensor(inputs["x"]))
    slope = mg.grad(y[2].sum(), x)
    assert np.all(slope[:3] != 0)
    assert np.all(slope[3:] == 0)


def test_saturated_gates_neither_warn_nor_leave_their_range():
    layer = LSTM(1, 2, rng=0)
    with np.errstate(all="raise", under="ignore"):
        y, last = layer(np.full((1, 4, 1), -1e4))
        mg.grad((y * y).sum(), list(layer.parameters().values()))
    assert np.all(np.abs(y.data) < 1) and np.all(np.isfinite(last.c.data))


# -------------------------------------------------------------------- PyTorch's numbers


def torch_loss(torch, inputs, weights):
    """Return the loss by PyTorch's LSTM, from our matrices (its gates: i, f, g, o)."""
    n = inputs["x"].shape[-1]
    W = [inputs[f"W_{letter}"] for letter in "ifco"]
    b = torch.cat([inputs[f"b_{letter}"] for letter in "ifco"])
    flat = [
        torch.cat([each[:, :n] for each in W]),
        torch.cat([each[:, n:] for each in W]),
        b,
        torch.zeros_like(b),
    ]
    start = (inputs["y_0"][None], inputs["c_0"][None])
    y, last_y, last_c = torch.lstm(
        inputs["x"], start, flat, True, 1, 0.0, False, False, True
    )
    weights = {name: torch.tensor(value) for name, value in weights.items()}
    return weighted(y, last_y[0], last_c[0], weights)


BATCHED = {name: shape for name, shape in SHAPES.items() if "batch" not in shape}
batched = pytest.mark.parametrize("shape", BATCHED.values(), ids=BATCHED)


@pytest.mark.compare
@batched
@pytest.mark.parametrize("seed", range(3))
def test_loss_and_every_gradient_are_those_of_torch(torch, shape, seed):
    inputs, weights = case = random_case(**shape, seed=seed)
    leaves = {name: torch.tensor(value) for name, value in inputs.items()}
    for leaf in leaves.values():
        leaf.requires_grad_()
    loss = torch_loss(torch, leaves, weights)
    gradients = torch.autograd.grad(loss, list(leaves.values()))
    theirs = dict(zip(leaves, (g.numpy() for g in gradients), strict=True))
    assert disagreements(our_answer(case), (loss.item(), theirs)) == []


@pytest.mark.compare
@batched
def test_hessian_vector_products_are_those_of_torch(torch, shape):
    inputs, weights = random_case(**shape, seed=1)
    rng = np.random.default_rng(2)
    vectors = [rng.standard_normal(inputs[name].shape) for name in INPUTS]

    def ours(*values):
        return our_loss(dict(zip(INPUTS, values, strict=True)), weights)

    def theirs(*values):
        return torch_loss(torch, dict(zip(INPUTS, values, strict=True)), weights)

    found = mg.hvp(ours, [inputs[name] for name in INPUTS], vectors)
    _, expected = torch.autograd.functional.hvp(
        theirs,
        tuple(torch.tensor(inputs[name]) for name in INPUTS),
        tuple(map(torch.tensor, vectors)),
    )
    for name, product, reference in zip(INPUTS, found, expected, strict=True):
        np.testing.assert_allclose(
            product, reference.numpy(), rtol=1e-12, atol=1e-12, err_msg=name
        )


@pytest.mark.compare
@batched
def test_outputs_are_those_of_torch_nn_lstm(torch, shape):
    inputs, _ = random_case(**shape)
    m, width = inputs["W_f"].shape
    n = width - m
    theirs = torch.nn.LSTM(n, m, batch_first=True)
    stacked = np.concatenate([inputs[f"W_{letter}"] for letter in "ifco"])
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(torch.tensor(stacked[:, :n]))
        theirs.weight_hh_l0.copy_(torch.tensor(stacked[:, n:]))
        b = np.concatenate([inputs[f"b_{letter}"] for letter in "ifco"])
        theirs.bias_ih_l0.copy_(torch.tensor(b))
        theirs.bias_hh_l0.zero_()
        start = torch.tensor(inputs["y_0"])[None], torch.tensor(inputs["c_0"])[None]
        expected, (last_y, last_c) = theirs(torch.tensor(inputs["x"]), start)
    y, last = layer_with(inputs)(inputs["x"], State(inputs["y_0"], inputs["c_0"]))
    np.testing.assert_allclose(y.data, expected.numpy(), rtol=0, atol=1e-14)
    np.testing.assert_allclose(last.y.data, last_y[0].numpy(), rtol=0, atol=1e-14)
    np.testing.assert_allclose(last.c.data, last_c[0].numpy(), rtol=0, atol=1e-14)


# ------------------------------------------------------------------------------- shapes


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 3), st.integers(1, 4))
def test_shapes_follow_from_n_m_batch_and_steps(n, m, batch, steps):
    layer = LSTM(n, m, rng=0)
    y, last = layer(np.ones((batch, steps, n)))
    assert y.shape == (batch, steps, m)
    assert last.y.shape == last.c.shape == (batch, m)
    y, last = layer(np.ones((steps, n)))
    assert y.shape == (steps, m)
    assert last.y.shape == last.c.shape == (m,)


def test_the_last_output_is_the_states():
    layer = LSTM(3, 2, rng=0)
    y, last = layer(np.random.default_rng(0).standard_normal((4, 5, 3)))
    np.testing.assert_array_equal(y.data[:, -1], last.y.data)


def test_float32_stays_float32():
    layer = LSTM(3, 2, rng=0, dtype=np.float32)
    y, last = layer(np.ones((4, 5, 3), np.float32))
    assert y.dtype == last.y.dtype == last.c.dtype == np.float32
    parameters = layer.parameters()
    for path, g in mg.grad((y * y).mean(), parameters).items():
        assert g.dtype == parameters[path].dtype == np.float32, path


# ------------------------------------------------------------------------------- starts


def recurrent(gate, n):
    return gate.W.data[:, n:]


def gates(cell):
    return [cell.forget, cell.input, cell.candidate, cell.output]


def test_glorot_starts_each_gate_as_a_dense_layer_of_its_own():
    n, m = 30, 20
    cell = LSTMCell(n, m, init="glorot", rng=0)
    limit = np.sqrt(6 / (n + m))
    for gate in gates(cell):
        from_x = gate.W.data[:, :n]
        assert 0.95 * limit < np.max(np.abs(from_x)) <= limit
        assert abs(np.mean(from_x)) < 0.1 * limit
        square = recurrent(gate, n)
        np.testing.assert_allclose(square @ square.T, np.eye(m), rtol=0, atol=1e-14)
    assert len({gate.W.data[0, 0] for gate in gates(cell)}) == 4


def test_keras_starts_the_four_gates_as_one_layer():
    n, m = 30, 20
    cell = LSTMCell(n, m, init="keras", rng=0)
    limit = np.sqrt(6 / (n + 4 * m))
    blocks = [recurrent(gate, n) for gate in gates(cell)]
    jointly = sum(block.T @ block for block in blocks)
    np.testing.assert_allclose(jointly, np.eye(m), rtol=0, atol=1e-14)
    assert all(np.linalg.norm(block, 2) < 0.99 for block in blocks)
    for gate in gates(cell):
        assert 0.95 * limit < np.max(np.abs(gate.W.data[:, :n])) <= limit


def test_torch_starts_everything_uniform_with_the_sum_of_two_biases():
    n, m = 30, 400
    cell = LSTMCell(n, m, init="torch", rng=0)
    limit = 1 / np.sqrt(m)
    for gate in gates(cell):
        assert 0.99 * limit < np.max(np.abs(gate.W.data)) <= limit
        assert np.var(gate.W.data) == pytest.approx(limit**2 / 3, rel=0.05)
        assert limit < np.max(np.abs(gate.b.data)) <= 2 * limit
        assert np.var(gate.b.data) == pytest.approx(2 * limit**2 / 3, rel=0.25)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 1.0),
        ({"init": "keras"}, 1.0),
        ({"forget_bias": 0.0}, 0.0),
        ({"init": "torch", "forget_bias": 3}, 3.0),
    ],
    ids=str,
)
def test_the_forget_bias_replaces_what_the_preset_gives(options, expected):
    cell = LSTMCell(3, 5, rng=0, **options)
    assert np.all(cell.forget.b.data == expected)
    if options.get("init") != "torch":
        assert not any(np.any(gate.b.data) for gate in gates(cell)[1:])


def test_only_the_seed_decides_the_start():
    def start(seed):
        return np.concatenate(
            [p.data.ravel() for p in LSTM(3, 2, rng=seed).parameters().values()]
        )

    np.testing.assert_array_equal(start(1), start(1))
    assert np.any(start(1) != start(2))


@given(st.integers(1, 6), st.integers(1, 6))
def test_an_orthogonal_start_has_orthonormal_rows_or_columns(rows, columns):
    q = orthogonal(rows, columns, np.random.default_rng(0))
    assert q.shape == (rows, columns)
    shorter = q @ q.T if rows <= columns else q.T @ q
    np.testing.assert_allclose(shorter, np.eye(len(shorter)), rtol=0, atol=1e-14)


def test_every_orthogonal_matrix_is_equally_likely():
    rng = np.random.default_rng(0)
    signs = [np.sign(orthogonal(3, 3, rng)[0, 0]) for _ in range(400)]
    assert abs(np.mean(signs)) < 0.15  # without the sign of r it is always the same


# ------------------------------------------------------------------------- deeper gates


def test_a_deeper_gate_is_a_dense_net_in_its_box():
    gate = Gate("f", n=3, m=2, hidden=(6, 4), rng=0)
    v = np.random.default_rng(1).standard_normal((7, 5))
    first, second = gate.hidden
    inside = np.tanh(v @ first.W.data.T + first.b.data)
    inside = np.tanh(inside @ second.W.data.T + second.b.data)
    expected = 1 / (1 + np.exp(-(inside @ gate.W.data.T + gate.b.data)))
    np.testing.assert_allclose(gate(v).data, expected, rtol=1e-14)


def test_gradients_reach_every_parameter_of_a_deeper_gate():
    layer = LSTM(3, 2, rng=0, hidden={"forget": (6,), "output": (4, 3)})
    x = np.random.default_rng(1).standard_normal((2, 4, 3))
    parameters = layer.parameters()
    assert len(parameters) == 8 + 2 * 3
    for path, g in mg.grad((layer(x)[0] ** 2).sum(), parameters).items():
        assert np.any(g != 0), path

    def loss(W):
        layer.cell.output.hidden[0].W = W
        return (layer(x)[0] ** 2).sum()

    mg.check_gradients(loss, layer.cell.output.hidden[0].W)


def test_a_deeper_gate_keeps_the_forget_bias():
    cell = LSTMCell(3, 2, hidden={"forget": (6,)}, rng=0)
    assert cell.forget.W.shape == (2, 6)
    assert np.all(cell.forget.b.data == 1)


# ------------------------------------------------------------------------- explanations


@given(st.integers(1, 50), st.integers(1, 50))
def test_the_explanation_counts_as_the_formula_does(n, m):
    layer = LSTM(n, m, rng=0)
    text = str(layer.explanation())
    count = 4 * (n * m + m * m + m)
    assert layer.explanation().total == count
    assert sum(p.size for p in layer.parameters().values()) == count
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
    total = sum(p.size for p in layer.parameters().values())
    assert f"this cell has {total}" in text


@given(st.integers(1, 2000), st.integers(1, 200))
def test_the_explanation_fits_a_terminal(n, m):
    assert max(map(len, str(LSTM(n, m, rng=0).explanation()).split("\n"))) <= 88


def test_explain_prints_the_explanation(capsys):
    layer = LSTM(3, 2, rng=0)
    layer.explain()
    assert capsys.readouterr().out == f"{layer.explanation()}\n"


# -------------------------------------------------------------- the tape, and the state


def test_the_tape_speaks_in_the_letters_of_the_equations():
    y, last = LSTM(3, 2, rng=0)(np.ones((2, 3)))
    loss = (y * y).sum() + last.c.sum()
    table = str(mg.Tape(loss))
    for word in ("W_f", "b_o", "y_0", "c_0", "v[1]", "f[2]", "c~[2]", "c[2]", "y[1]"):
        assert re.search(rf"(^|\s){re.escape(word)}\s", table), word
    scopes = {step.scope for step in mg.Tape(loss)}
    assert ("LSTM", 2, "cell", "forget") in scopes


def test_unrolled_steps_share_one_set_of_weights():
    layer = LSTM(3, 2, rng=0)
    y, _ = layer(np.ones((5, 3)))
    leaves = mg.Tape(y.sum()).leaves
    assert sum(isinstance(leaf, mg.Parameter) for leaf in leaves) == 8


def test_detach_cuts_the_gradient_and_keeps_the_numbers():
    inputs, _ = random_case(batch=(), steps=4)
    layer = layer_with({name: mg.Parameter(value) for name, value in inputs.items()})
    start = State(mg.Tensor(inputs["y_0"]), mg.Tensor(inputs["c_0"]))
    _, state = layer(inputs["x"][:2], start)
    cut = state.detach()
    np.testing.assert_array_equal(cut.y.data, state.y.data)
    np.testing.assert_array_equal(cut.c.data, state.c.data)
    assert cut.y.primitive is cut.c.primitive is None

    def loss(since):
        return (layer(inputs["x"][2:], since)[0] ** 2).sum()

    through, stopped = (mg.grad(loss(since), start) for since in (state, cut))
    assert isinstance(through, State)
    assert np.all(through.y != 0) and np.all(through.c != 0)
    assert not np.any(stopped.y) and not np.any(stopped.c)
    W = layer.cell.forget.W
    as_constant = State(state.y.data, state.c.data)
    np.testing.assert_array_equal(mg.grad(loss(cut), W), mg.grad(loss(as_constant), W))
    assert np.any(mg.grad(loss(cut), W) != mg.grad(loss(state), W))


def test_detach_passes_plain_arrays_through():
    state = State.zeros(3)
    assert state.detach() == state or np.array_equal(state.detach().y, state.y)


# --------------------------------------------------------------------- saving and names


def test_parameters_are_named_by_their_place_and_their_letter():
    parameters = LSTM(3, 2, rng=0).parameters()
    assert list(parameters) == [
        f"cell.{gate}.{kind}"
        for gate in ("forget", "input", "candidate", "output")
        for kind in "Wb"
    ]
    assert [p.name for p in parameters.values()] == [
        f"{kind}_{letter}" for letter in LETTERS for kind in "Wb"
    ]


def test_saved_weights_give_the_same_outputs(tmp_path):
    x = np.random.default_rng(0).standard_normal((2, 4, 3))
    layer, other = LSTM(3, 2, rng=0), LSTM(3, 2, rng=1)
    other.load(layer.save(tmp_path / "lstm.npz"))
    np.testing.assert_array_equal(other(x)[0].data, layer(x)[0].data)
    assert list(tmp_path.iterdir()) == [tmp_path / "lstm.npz"]


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
        r"y_\{t-1\}: shape \(3, 2\)(.|\n)*same\s+batch axes",
    ),
    "state of another size": (
        lambda: layer(np.ones((4, 5, 3)), State.zeros(3, (4,))),
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
    with pytest.raises(ValueError, match="whole numbers, 1 or more"):
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


def test_a_cell_of_ones_own_is_run_over_time_and_says_what_it_is_not():
    class Plain(mg.Module):
        n, m = 3, 2

        def __init__(self):
            self.box = Gate("h", 3, 2, mg.tanh, rng=0)

        def forward(self, x, state):
            y = self.box(mg.concatenate([x, state.y], axis=-1))
            return State(y, state.c)

    layer = LSTM(Plain())
    y, _ = layer(np.ones((4, 3)))
    assert y.shape == (4, 2)
    with pytest.raises(ValueError, match="n = 3 and T > 0"):
        layer(np.ones((4, 5)))
    with pytest.raises(TypeError, match="has 1 Gates"):
        layer.explain()


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
