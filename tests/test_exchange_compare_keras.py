"""Weights taken from Keras and given to it, beside Keras itself."""

import numpy as np
import pytest
from exchange_cases import batch_of, close, leaves, recurrent, scrambled
from hypothesis import given
from hypothesis import strategies as st
from test_exchange_compare import few, sizes, with_numbers

import minigrad as mg
from lstm import (
    LSTM,
    Bidirectional,
    IRNNCell,
    Recurrent,
)
from lstm.exchange import (
    from_keras,
    to_keras,
)
from lstm.exchange.models import sweeps

pytestmark = pytest.mark.compare

# NumPy 2 asks arrays for a keyword that Keras does not know yet.
keras_warns = pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")


def keras_layer(keras, model, **options):
    (sweep,) = sweeps(model)
    cell = sweep.cells[0]
    every = {"return_sequences": True, "return_state": True, "dtype": "float64"}
    layer = keras.layers.LSTM(cell.m, **every, **options)
    if len(sweep.cells) == 2:
        merge = {"average": "ave"}.get(sweep.merge, sweep.merge)
        layer = keras.layers.Bidirectional(layer, merge_mode=merge, dtype="float64")
    layer.build((None, None, cell.n))
    layer.set_weights(to_keras(model))
    return layer


@keras_warns
@few
@given(
    n=sizes, m=sizes, merge=st.sampled_from([None, "concat", "sum", "mul", "average"])
)
def test_outputs_and_every_gradient_are_those_of_keras(keras, torch, n, m, merge):
    forth = LSTM(n, m, rng=0)
    model = scrambled(Bidirectional(forth, merge=merge) if merge else forth)
    layer = keras_layer(keras, model)
    x, *_ = batch_of(model)
    x_t = torch.tensor(x, requires_grad=True)
    output, *states = layer(x_t)
    loss = (output**2).sum() + sum((k + 1) * s.sum() for k, s in enumerate(states))
    loss.backward()

    x_ours = mg.Tensor(x)
    y, end = model(x_ours)
    close(y, output.detach())
    for ours, theirs in zip(leaves(end), states, strict=True):
        close(ours, theirs.detach())
    ours = (y * y).sum() + sum((k + 1) * s.sum() for k, s in enumerate(leaves(end)))
    parameters = dict(model.named_parameters())
    slopes = mg.grad(ours, {"x": x_ours, **parameters})
    close(slopes["x"], x_t.grad)
    moved = to_keras(with_numbers(model, {path: slopes[path] for path in parameters}))
    for array, variable in zip(moved, layer.trainable_variables, strict=True):
        close(array, variable.value.grad)


@keras_warns
def test_keras_own_loop_agrees_to_its_single_precision(keras, torch):
    model = recurrent()
    x, *_ = batch_of(model)
    output, *_ = keras_layer(keras, model, use_cudnn=False)(torch.tensor(x))
    close(model(x)[0], output.detach(), 1e-6)


@keras_warns
def test_activations_are_options_of_the_keras_layer(keras, torch):
    relu = {"candidate": mg.relu, "state": mg.relu}
    model = scrambled(LSTM(3, 2, rng=0, activations=relu))
    x, *_ = batch_of(model)
    output, *_ = keras_layer(keras, model, activation="relu")(torch.tensor(x))
    close(model(x)[0], output.detach(), 1e-6)
    again = from_keras(to_keras(model), into=LSTM(3, 2, activations=relu))
    np.testing.assert_array_equal(again(x)[0].data, model(x)[0].data)


@keras_warns
@pytest.mark.parametrize(
    ("kind", "options", "into"),
    [
        ("GRU", {}, None),
        ("GRU", {"reset_after": False}, None),
        ("SimpleRNN", {}, None),
        ("SimpleRNN", {"activation": "relu"}, lambda: Recurrent(IRNNCell(3, 2))),
    ],
)
def test_other_layers_of_keras(keras, torch, kind, options, into):
    make = getattr(keras.layers, kind)
    layer = make(2, return_sequences=True, dtype="float64", **options)
    layer.build((None, None, 3))
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal(array.shape) for array in layer.get_weights()]
    layer.set_weights(weights)
    model = from_keras(weights, into=into and into())
    x = rng.standard_normal((4, 5, 3))
    close(model(x)[0], layer(torch.tensor(x)).detach(), 1e-6)
    *matrices, bias = to_keras(model)
    for ours, theirs in zip(matrices, weights, strict=False):
        np.testing.assert_array_equal(ours, theirs, strict=True)
    if bias.ndim == 2:  # two: those of the gates count together
        bias, weights[-1] = bias.sum(axis=0), weights[-1].sum(axis=0)
    np.testing.assert_array_equal(bias, weights[-1], strict=True)


@keras_warns
def test_a_masked_sequence_is_masked_in_keras(keras, torch):
    model = Bidirectional(
        LSTM(3, 2, rng=0, outputs="zero"),
        LSTM(3, 2, rng=1, reverse=True, outputs="zero"),
    )
    x, *_ = batch_of(scrambled(model))
    mask = np.arange(5) < np.array([5, 2, 3])[:, None]
    output, *states = keras_layer(keras, model)(
        torch.tensor(x), mask=torch.tensor(mask)
    )
    y, end = model(x, mask=mask)
    close(y, output.detach(), 1e-6)
    for ours, theirs in zip(leaves(end), states, strict=True):
        close(ours, theirs.detach(), 1e-6)


@keras_warns
def test_a_stack_is_built_from_the_layers_of_a_keras_model(keras, torch):
    layers = keras.layers
    net = keras.Sequential(
        [
            layers.Input((None, 3), dtype="float64"),
            layers.LSTM(4, return_sequences=True, dtype="float64"),
            layers.Bidirectional(
                layers.LSTM(2, return_sequences=True, dtype="float64")
            ),
        ]
    )
    lists = [layer.get_weights() for layer in net.layers]
    model = from_keras(lists)
    x = np.random.default_rng(0).standard_normal((2, 5, 3))
    close(model(x)[0], net(torch.tensor(x)).detach(), 1e-6)
    for ours, theirs in zip(to_keras(model), lists, strict=True):
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(one, other, strict=True)


def keras_models(keras):
    L = keras.layers

    def row(*layers, shape=(None, 3)):
        return keras.Sequential([L.Input(shape), *layers])

    x = keras.Input((None, 3))
    y = L.Dense(2, "softplus")(L.GRU(4, return_sequences=True)(x))
    return {
        "LSTM + Dense": row(L.LSTM(4), L.Dense(2, activation="sigmoid")),
        "at every step": row(L.LSTM(4, return_sequences=True), L.Dense(2)),
        "in both directions": row(
            L.Bidirectional(L.LSTM(4, return_sequences=True), merge_mode="ave"),
            L.Dropout(0.5),
            L.Bidirectional(L.GRU(3, reset_after=False)),
            L.Dense(2),
            L.Activation("softmax"),
        ),
        "other functions": row(L.LSTM(4, "softplus", "tanh", go_backwards=True)),
        "a simple one": row(L.RNN(L.SimpleRNNCell(3, "relu"), return_sequences=True)),
        "a graph": keras.Model(x, y),
        "an MLP": row(L.Dense(4, "relu"), L.Dense(2, "softmax"), shape=(3,)),
    }


@keras_warns
def test_whole_models_of_keras_compute_the_same_here(keras, torch, tmp_path):
    rng = np.random.default_rng(0)
    for k, net in enumerate(keras_models(keras).values()):
        net.set_weights([rng.standard_normal(a.shape) for a in net.get_weights()])
        x = np.float32(rng.standard_normal((2, *[5] * (len(net.input_shape) - 2), 3)))
        net.save(path := tmp_path / f"{k}.keras")
        expected = net(torch.tensor(x)).detach()
        for source in (net, net.layers, path):
            model = from_keras(source)
            returned = model(x)
            pair = isinstance(returned, tuple)
            close(returned[0] if pair else returned, expected, 1e-5)


@keras_warns
def test_what_a_keras_model_does_besides_is_refused(keras, torch):
    L = keras.layers
    x = keras.Input((None, 3))
    y = L.LSTM(4, return_sequences=True)(x)
    branched = keras.Model(x, L.Add()([y, L.LSTM(4, return_sequences=True)(x)]))
    for source, said in (
        (branched, "add reads"),
        (keras.Sequential([L.Input((None, 3)), L.Masking(), L.LSTM(4)]), "Masking"),
        (L.LSTM(4), "build it first"),
        (torch.nn.LSTM(3, 2), "that is from_torch"),
    ):
        with pytest.raises((ValueError, TypeError), match=said):
            from_keras(source)
