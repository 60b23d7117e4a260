"""The LSTM: the right numbers, in the right shapes, on the right tape."""

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
        mg.grad((y * y).sum(), layer.parameters())
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
    parameters = dict(layer.named_parameters())
    for path, g in mg.grad((y * y).mean(), parameters).items():
        assert g.dtype == parameters[path].dtype == np.float32, path


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
    parameters = dict(layer.named_parameters())
    assert len(parameters) == 8 + 2 * 3
    for path, g in mg.grad((layer(x)[0] ** 2).sum(), parameters).items():
        assert np.any(g != 0), path

    def loss(W):
        vars(layer.cell.output.hidden[0])["W"] = W
        return (layer(x)[0] ** 2).sum()

    mg.check_gradients(loss, layer.cell.output.hidden[0].W)


def test_a_deeper_gate_keeps_the_forget_bias():
    cell = LSTMCell(3, 2, hidden={"forget": (6,)}, rng=0)
    assert cell.forget.W.shape == (2, 6)
    assert np.all(cell.forget.b.data == 1)


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
    parameters = dict(LSTM(3, 2, rng=0).named_parameters())
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
