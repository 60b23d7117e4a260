"""The frameworks themselves, on weights that came from here or went there.

PyTorch and Flax compute in float64 and differ from ours by rounding, in outputs and in
every gradient. So does Keras where it hands its loop to PyTorch (its "fused" way);
Keras's own loop takes constants in float32 and agrees to 1e-7 only. What runs files of
ONNX is compared in test_onnx_file.py.
"""

import copy
import re
from pathlib import Path

import numpy as np
import pytest
from conftest import peer
from exchange_cases import as_states, batch_of, close, leaves, recurrent
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from lstm import (
    IRNNCell,
    Recurrent,
    Stack,
    State,
)
from lstm.exchange import (
    from_flax,
    from_onnx,
    from_torch,
    read_onnx,
    to_flax,
    to_torch,
)
from lstm.exchange.models import sweeps
from minigrad.files import npz

pytestmark = pytest.mark.compare
few = settings(max_examples=12)
sizes = st.integers(1, 4)


@pytest.fixture(scope="module")
def linen(jax):
    return peer("flax.linen")


def with_numbers(model, arrays):
    """Return a model like this one, holding these arrays: here, gradients."""
    like = copy.deepcopy(model)
    for path, parameter in like.named_parameters():
        parameter.data = arrays[path]
    return like


# -------------------------------------------------------------------- the documentation

PAGE = Path(__file__).parents[1] / "docs" / "know" / "keras-and-pytorch.md"
PROGRAMS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
PACKAGES = "torch|safetensors|keras|flax|onnxruntime"


def about(program):
    return re.findall(rf"^(?:import|from) ({PACKAGES})", program, re.M)[0]


@pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")
@pytest.mark.parametrize("program", PROGRAMS, ids=about)
def test_what_the_page_shows_for_a_framework_runs(
    torch, program, monkeypatch, tmp_path
):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    peer(about(program))
    monkeypatch.chdir(tmp_path)
    exec(program, {})


# ------------------------------------------------------------------------------ PyTorch


def torch_net(torch, model):
    layers = sweeps(model)
    first = layers[0].cells[0]
    net = torch.nn.LSTM(
        first.n,
        first.m,
        num_layers=len(layers),
        bidirectional=len(layers[0].cells) == 2,
        batch_first=True,
    )
    net.load_state_dict({k: torch.from_numpy(a) for k, a in to_torch(model).items()})
    return net


@few
@given(n=sizes, m=sizes, layers=st.integers(1, 3), both=st.booleans(), seed=sizes)
def test_outputs_and_every_gradient_are_those_of_nn_lstm(
    torch, n, m, layers, both, seed
):
    model = recurrent(n, m, layers, both, seed=seed)
    x, start, weights = batch_of(model)
    net = torch_net(torch, model)

    def flat(numbers, part):
        return torch.tensor(np.array([w[part] for layer in numbers for w in layer]))

    x_t, h_0, c_0 = torch.tensor(x), flat(start, 0), flat(start, 1)
    for leaf in (x_t, h_0, c_0):
        leaf.requires_grad_()
    output, (h, c) = net(x_t, (h_0, c_0))
    loss = (
        (output**2).sum() + (h * flat(weights, 0)).sum() + (c * flat(weights, 1)).sum()
    )
    loss.backward()

    states, x_ours = as_states(model, start), mg.Tensor(x)
    y, end = model(x_ours, states)
    close(y, output.detach())
    begin, last = leaves(states), leaves(end)
    close(np.stack([leaf.data for leaf in last[0::2]]), h.detach())
    close(np.stack([leaf.data for leaf in last[1::2]]), c.detach())
    ours = (y * y).sum() + sum(
        (leaf * w).sum() for leaf, w in zip(last, _each(weights), strict=True)
    )
    parameters = dict(model.named_parameters())
    slopes = mg.grad(ours, {"x": x_ours, **dict(enumerate(begin)), **parameters})
    close(slopes["x"], x_t.grad)
    close(np.stack([slopes[k] for k in range(0, len(begin), 2)]), h_0.grad)
    close(np.stack([slopes[k] for k in range(1, len(begin), 2)]), c_0.grad)
    moved = to_torch(with_numbers(model, {path: slopes[path] for path in parameters}))
    for name, parameter in net.named_parameters():
        # Each of the two biases has the gradient of our one.
        close(moved[name.replace("bias_hh", "bias_ih")], parameter.grad)


def _each(weights):
    return [part for layer in weights for way in layer for part in way]


@few
@given(
    n=sizes, m=sizes, layers=st.integers(1, 3), both=st.booleans(), bias=st.booleans()
)
def test_a_model_is_built_from_the_state_dict_of_any_nn_lstm(
    torch, n, m, layers, both, bias
):
    torch.manual_seed(n)
    net = torch.nn.LSTM(n, m, layers, bias, True, bidirectional=both)
    model = from_torch(net.state_dict())
    x = np.random.default_rng(m).standard_normal((2, 4, n))
    close(model(x)[0], net(torch.tensor(x))[0].detach())
    if bias:
        sums = to_torch(model)
        for name, tensor in net.state_dict().items():
            if "bias_hh" in name:
                one = name.replace("hh", "ih")
                both_biases = (net.state_dict()[one] + tensor).numpy()
                np.testing.assert_array_equal(sums[one], both_biases)
            elif "weight" in name:
                np.testing.assert_array_equal(sums[name], tensor.numpy())


def test_lengths_are_a_packed_sequence(torch):
    model = recurrent(layers=2, both=True)
    x, *_ = batch_of(model)
    lengths = [5, 2, 3]
    rnn = torch.nn.utils.rnn
    packed = rnn.pack_padded_sequence(
        torch.tensor(x), lengths, batch_first=True, enforce_sorted=False
    )
    output, (h, _) = torch_net(torch, model)(packed)
    padded, _ = rnn.pad_packed_sequence(output, batch_first=True)
    y, end = model(x, lengths=lengths)
    real = np.arange(5) < np.array(lengths)[:, None]
    close(y.data * real[..., None], padded.detach())
    close(np.stack([leaf.data for leaf in leaves(end)[0::2]]), h.detach())


def test_a_cell_is_nn_lstm_cell(torch):
    cell = recurrent().cell
    net = torch.nn.LSTMCell(3, 2)
    net.load_state_dict({k: torch.from_numpy(a) for k, a in to_torch(cell).items()})
    x = np.random.default_rng(0).standard_normal((4, 3))
    h, c = net(torch.tensor(x))
    y, state_c = cell(x, State.zeros(2, (4,)))
    close(y, h.detach())
    close(state_c, c.detach())


def test_float32_goes_as_float32(torch):
    model = recurrent(dtype=np.float32)
    net = torch_net(torch, model).float()
    x = np.random.default_rng(0).standard_normal((4, 5, 3)).astype(np.float32)
    close(model(x)[0], net(torch.tensor(x))[0].detach(), 1e-6)
    assert from_torch(net.state_dict()).cell.dtype == np.float32


def test_half_precision_is_told_and_a_gradient_is_left_behind(torch):
    net = torch.nn.LSTM(3, 2)
    same = from_torch(dict(net.named_parameters()))
    np.testing.assert_array_equal(
        to_torch(same)["weight_ih_l0"], net.weight_ih_l0.detach().numpy()
    )
    with pytest.raises(ValueError, match="BFloat16"):
        from_torch(net.bfloat16().state_dict())


def torch_models(torch):
    nn = torch.nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(3, 4, 2, batch_first=True, bidirectional=True)
            self.drop, self.head = nn.Dropout(0.5), nn.Linear(8, 2)

        def forward(self, x):
            y, _ = self.lstm(x)
            return self.head(self.drop(y))

    net = Net().eval()
    mlp = nn.Sequential(
        nn.Linear(3, 4),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Sequential(nn.Linear(4, 4), nn.Softplus(), nn.Linear(4, 2), nn.Softmax(-1)),
    )
    return {
        "LSTM + Linear": (net, net),
        "its state dict": (net, net.state_dict()),
        "a checkpoint": (net, {"epoch": 1, "model": net.state_dict()}),
        "many devices": (net, nn.DataParallel(net)),
        "TorchScript": (net, torch.jit.script(net)),
        "an MLP": (mlp.eval(), mlp),
        "a Linear without a bias": (one := nn.Linear(3, 2, bias=False), one),
    }


@pytest.mark.filterwarnings("ignore")  # of TorchScript, which PyTorch will replace
def test_whole_models_of_torch_compute_the_same_here(torch):
    x = np.random.default_rng(0).standard_normal((2, 5, 3))
    for net, source in torch_models(torch).values():
        model = from_torch(source)
        returned = model(x)
        y = returned[0] if isinstance(model, Stack) else returned
        close(y, net(torch.tensor(x)).detach())


@pytest.mark.filterwarnings("ignore")
def test_files_of_torch_are_read_and_nothing_in_them_is_run(torch, tmp_path):
    save_file = peer("safetensors.torch").save_file
    net, _ = torch_models(torch)["LSTM + Linear"]
    expected = to_torch(from_torch(net, prefix="lstm."))
    torch.save(net.state_dict(), tmp_path / "a.pt")
    torch.save({"state_dict": net.state_dict(), "step": 1}, tmp_path / "a.ckpt")
    save_file(net.state_dict(), tmp_path / "a.safetensors")
    for name in ("a.pt", "a.ckpt", "a.safetensors"):
        model = from_torch(tmp_path / name)
        assert isinstance(model, Stack) and len(model.layers) == 3
        again = to_torch(Stack(*model.layers[:2]))
        np.testing.assert_array_equal(again["bias_ih_l1"], expected["bias_ih_l1"])

    class Trap:
        def __reduce__(self):
            return (tmp_path / "sprung").touch, ()

    torch.save({"weight": Trap()}, tmp_path / "trap.pt")
    torch.save(torch.nn.LSTM(3, 2), tmp_path / "whole.pth")
    torch.jit.script(net).save(tmp_path / "script.pt")
    (tmp_path / "junk.pt").write_text("junk", "utf-8")
    for name in ("trap.pt", "whole.pth", "script.pt", "junk.pt"):
        with pytest.raises(ValueError, match="the file cannot be read"):
            from_torch(tmp_path / name)
    assert not (tmp_path / "sprung").exists()


OTHER_MODULES = {
    "projections": (lambda nn: nn.LSTM(3, 4, proj_size=2), None),
    "both directions projected": (
        lambda nn: nn.LSTM(3, 4, num_layers=2, proj_size=2, bidirectional=True),
        None,
    ),
    "GRU": (lambda nn: nn.GRU(3, 2, num_layers=2, bidirectional=True), None),
    "RNN": (lambda nn: nn.RNN(3, 2, num_layers=2), None),
    "RNN of relu": (
        lambda nn: nn.RNN(3, 2, nonlinearity="relu"),
        lambda: Recurrent(IRNNCell(3, 2)),
    ),
}


@pytest.mark.parametrize("name", OTHER_MODULES)
def test_other_modules_of_torch_and_their_gradients(torch, name):
    make, into = OTHER_MODULES[name]
    torch.manual_seed(0)
    net = make(torch.nn)
    net.batch_first = True
    model = from_torch(net.state_dict(), into=into and into())
    x = np.random.default_rng(1).standard_normal((2, 5, 3))
    output, _ = net(torch.tensor(x))
    y, _ = model(x)
    close(y, output.detach())

    (output**2).sum().backward()
    slopes = mg.grad((y * y).sum(), dict(model.named_parameters()))
    moved = to_torch(with_numbers(model, slopes))
    for key, parameter in net.named_parameters():
        ours = moved[key]
        if "bias_hh" in key:  # zero where our one bias is in bias_ih
            ours = np.where(ours == 0, moved[key.replace("hh", "ih")], ours)
        close(ours, parameter.grad)


@pytest.mark.parametrize("name", ["GRUCell", "RNNCell"])
def test_other_cells_of_torch(torch, name):
    net = getattr(torch.nn, name)(3, 2)
    cell = from_torch(net.state_dict())
    x = np.random.default_rng(1).standard_normal((4, 3))
    y = cell(x, cell.start((4,))).y
    close(y, net(torch.tensor(x)).detach())


def test_a_checkpoint_is_read_without_running_it(torch, tmp_path):
    net = torch.nn.LSTM(3, 2)
    torch.save(net.state_dict(), tmp_path / "lstm.pt")
    model = from_torch(torch.load(tmp_path / "lstm.pt", weights_only=True))
    close(model(np.ones((1, 3)))[0], net(torch.ones(1, 3))[0].detach())


def test_safetensors_hold_a_state_dict(torch, tmp_path):
    files = peer("safetensors.numpy")
    model = recurrent()
    files.save_file(to_torch(model), tmp_path / "lstm.safetensors")
    again = from_torch(files.load_file(tmp_path / "lstm.safetensors"))
    assert npz({"W": again.cell.forget.W.data}) == npz({"W": model.cell.forget.W.data})


# --------------------------------------------------------------------------------- Flax


@pytest.mark.parametrize(
    ("kind", "n", "m"), [("LSTMCell", 2, 2), ("OptimizedLSTMCell", 3, 2)]
)
def test_outputs_and_every_gradient_are_those_of_flax(jax, linen, kind, n, m):
    model = recurrent(n, m)
    x, [[start]], [[weights]] = batch_of(model)
    net = linen.RNN(getattr(linen, kind)(m), return_carry=True)

    def loss(params, x, carry):
        (c, h), y = net.apply({"params": {"cell": params}}, x, initial_carry=carry)
        return (y**2).sum() + (h * weights[0]).sum() + (c * weights[1]).sum()

    params, carry = to_flax(model), (start[1], start[0])
    slopes, x_bar, (c_bar, h_bar) = jax.grad(loss, (0, 1, 2))(params, x, carry)
    state, x_ours = State(*map(mg.Tensor, start)), mg.Tensor(x)
    y, end = model(x_ours, state)
    ours = (y * y).sum() + (end.y * weights[0]).sum() + (end.c * weights[1]).sum()
    close(ours, loss(params, x, carry))
    parameters = dict(model.named_parameters())
    found = mg.grad(ours, {"x": x_ours, "y_0": state.y, "c_0": state.c, **parameters})
    for name, expected in {"x": x_bar, "y_0": h_bar, "c_0": c_bar}.items():
        close(found[name], expected)
    moved = to_flax(with_numbers(model, {path: found[path] for path in parameters}))
    for part, kinds in slopes.items():
        for each, expected in kinds.items():
            close(moved[part][each], expected)


def test_a_layer_is_built_from_the_params_of_flax(jax, linen):
    cell = linen.LSTMCell(2)
    x = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)
    zeros = np.zeros((4, 2), np.float32)
    variables = cell.init(jax.random.key(0), (zeros, zeros), x)
    model = from_flax(variables["params"])
    assert model.cell.dtype == np.float32
    _, y = cell.apply(variables, (zeros, zeros), x)
    close(model(x[:, None])[0].data[:, 0], y, 1e-6)
    for part, kinds in to_flax(model).items():
        for kind, array in kinds.items():
            there = np.asarray(variables["params"][part][kind])
            np.testing.assert_array_equal(array, there, strict=True)


# --------------------------------------------------------------------------------- ONNX


@pytest.mark.filterwarnings("ignore")  # of this exporter, which PyTorch will replace
def test_a_file_that_pytorch_exported_is_read(torch, tmp_path):
    peer("onnx")
    net = torch.nn.LSTM(3, 2, num_layers=2, bidirectional=True, batch_first=True)
    x = torch.randn(4, 5, 3)
    torch.onnx.export(net, (x,), str(tmp_path / "a.onnx"), dynamo=False)
    model = from_onnx(read_onnx(tmp_path / "a.onnx"))
    close(model(x.numpy())[0], net(x)[0].detach())
