"""Modules, models, checkpoints and files of other frameworks; what has two readings.

The frameworks are played by small objects with the methods that are asked for; the real
ones are in test_exchange_compare.py.
"""

import sys

import numpy as np
import pytest
from exchange_cases import recurrent, scrambled
from played_frameworks import (
    ANSWER,
    DEEP,
    LAYER,
    NN,
    RNG,
    USUAL,
    WHOLE,
    WIDE,
    Functional,
    K,
    Net,
    Own,
    Row,
    X,
    head,
    in_row,
    keras_both,
    keras_dense,
    keras_layer,
    keras_net,
    linear,
    lstm_of,
    net,
    our_net,
    same,
)

import minigrad as mg
from lstm import (
    LSTM,
    Bidirectional,
    GRUCell,
    IRNNCell,
    Recurrent,
    ResetAfterGRUCell,
    RNNCell,
    Stack,
)
from lstm.exchange import from_keras, from_torch, to_keras, to_torch
from minigrad import Dense, Sequential
from minigrad.files import npz

# ------------------------------------------------------------------- PyTorch, played


def test_a_module_is_taken_for_its_state_dict():
    same(from_torch(lstm_of(LAYER))(X), LAYER(X))
    same(from_torch(NN["LSTMCell"](to_torch(LAYER.cell))).forget.W, LAYER.cell.forget.W)
    same(from_torch(linear(ANSWER))(X[..., :2]), ANSWER(X[..., :2]))
    assert type(from_torch(linear(ANSWER))) is Dense


def test_a_module_says_which_function_it_has():
    model = scrambled(Recurrent(IRNNCell(3, 2, rng=0)))
    module = NN["RNN"](to_torch(model))
    assert type(from_torch(module).cell) is RNNCell
    module.nonlinearity = "relu"
    same(from_torch(module)(X), model(X))


@pytest.mark.parametrize("name", WHOLE)
def test_a_model_of_recurrent_and_dense_layers_is_built_from(name):
    built = from_torch(WHOLE[name]())
    assert type(built) is Stack
    same(built(X), Stack(DEEP, WIDE)(X))


def test_functions_between_layers_take_no_weights_from_a_module():
    layers = head(3, 4, seed=1), head(4, 1, seed=2)
    module = in_row(linear(layers[0]), NN["ReLU"](), linear(layers[1]))
    into = Sequential(Dense(3, 4), mg.relu, Dense(4, 1))
    same(from_torch(module, into=into)(X), Sequential(layers[0], mg.relu, layers[1])(X))


def test_dense_layers_in_a_sequential_follow_each_other_with_nothing_between():
    layers = head(3, 4, seed=1), head(4, 1, seed=2)
    built = from_torch(in_row(*map(linear, layers)))
    same(built(X), Sequential(*layers)(X))


def test_a_network_of_dense_layers_is_built_with_the_functions_between():
    layers = head(3, 4, seed=1), head(4, 2, seed=2)
    module = in_row(linear(layers[0]), NN["ReLU"](), NN["Dropout"](), linear(layers[1]))
    built = from_torch(in_row(module, NN["Softmax"]()))
    assert type(built) is Sequential
    same(built(X), mg.softmax(layers[1](mg.relu(layers[0](X)))))


def test_a_function_upon_a_recurrent_layer_keeps_its_place():
    module = Net(lstm=lstm_of(LAYER), act=NN["ReLU"](), fc=linear(ANSWER))
    same(from_torch(module)(X), ANSWER(mg.relu(LAYER(X)[0])))


def test_a_model_that_is_told_is_filled_part_by_part():
    into = Stack(LSTM(3, 2, rng=5), LSTM(2, 2, rng=6), head(2, 3, mg.tanh))
    source = Stack(*(scrambled(LSTM(n, 2, rng=0), n) for n in (3, 2)), head(2, 3))
    low, high, top = source.layers
    module = Net(a=lstm_of(low), b=lstm_of(high), act=NN["GELU"](), c=linear(top))
    assert from_torch(module, into=into) is into
    same(into(X), mg.tanh(source(X)[0]))
    mlp = Sequential(head(3, 4, mg.relu, seed=1), head(4, 2, seed=2))
    dense = Net(fc1=linear(mlp.layers[0]), fc2=linear(mlp.layers[1]))
    twin = Sequential(Dense(3, 4, mg.relu), Dense(4, 2))
    for each in (dense, dense.state_dict()):
        same(from_torch(each, into=twin)(X), mlp(X))


def test_a_part_is_picked_by_the_beginning_of_its_names():
    module = NN["DataParallel"](module=net())
    for source in (module, module.state_dict()):
        same(from_torch(source, prefix="lstm.")(X), DEEP(X))
        assert type(from_torch(source, prefix="fc.")) is Dense
    inner = Net(encoder=net(), table=NN["Embedding"]({"weight": np.ones((9, 3))}))
    same(from_torch(inner, prefix="encoder.")(X), Stack(DEEP, WIDE)(X))


def test_a_tensor_that_has_a_gradient_or_lies_elsewhere_is_read():
    class Elsewhere:
        def __init__(self, array, at=("gpu", "tape")):
            self.array, self.at = array, at
            self.shape, self.ndim = array.shape, array.ndim

        def detach(self):
            return Elsewhere(self.array, [at for at in self.at if at != "tape"])

        def cpu(self):
            return Elsewhere(self.array, [at for at in self.at if at != "gpu"])

        def __array__(self, dtype=None, copy=None):
            assert not self.at
            return self.array

    state = {name: Elsewhere(array) for name, array in to_torch(LAYER).items()}
    same(from_torch(state)(X), LAYER(X))


def test_a_file_of_arrays_is_read(tmp_path):
    path = tmp_path / "net.npz"
    path.write_bytes(npz(net().state_dict()))
    for each in (path, str(path)):
        same(from_torch(each)(X), Stack(DEEP, WIDE)(X))
    lists = [array for layer in to_keras(DEEP) for array in layer]
    np.savez(tmp_path / "keras.npz", *lists)
    same(from_keras(tmp_path / "keras.npz")(X), DEEP(X))


@pytest.mark.parametrize(
    ("read", "name", "package"),
    [
        (from_torch, "a.pt", "torch"),
        (from_torch, "a.safetensors", "safetensors"),
        (from_keras, "a.keras", "keras"),
        (from_keras, "a.h5", "keras"),
    ],
)
def test_a_file_needs_the_package_of_its_format(
    monkeypatch, tmp_path, read, name, package
):
    for module in (package, f"{package}.numpy"):
        monkeypatch.setitem(sys.modules, module, None)
    beginning = {"keras": b"PK", "h5": b"\x89HDF"}.get(name.partition(".")[2], b"")
    (tmp_path / name).write_bytes(beginning)
    with pytest.raises(ModuleNotFoundError, match=f"pip install {package}") as refusal:
        read(tmp_path / name)
    assert refusal.value.__cause__ is not None


# --------------------------------------------------------------------- Keras, played


def test_a_layer_says_its_functions_and_its_outputs():
    same(from_keras(keras_layer(LAYER))(X), LAYER(X))
    last = from_keras(keras_layer(LAYER, return_sequences=False))
    same(last(X), LAYER(X)[1].y)
    zero = from_keras(keras_layer(LAYER, zero_output_for_mask=True))
    assert not zero(X, lengths=[5, 1])[0].data[1, 1:].any()
    back = from_keras(keras_layer(LAYER, return_sequences=False, go_backwards=True))
    same(back(X), LSTM(LAYER.cell, reverse=True)(X)[1].y)
    functions = dict.fromkeys(("candidate", "state"), mg.relu)
    functions |= dict.fromkeys(("forget", "input", "output"), mg.softplus)
    model = scrambled(LSTM(3, 2, rng=0, activations=functions))
    other = {"activation": "relu", "recurrent_activation": "softplus"}
    same(from_keras(keras_layer(model, **other))(X), model(X))


@pytest.mark.parametrize("merge", ["concat", "sum", "mul", "ave"])
def test_both_directions_are_merged_as_the_layer_says(merge):
    model = recurrent(both=True)
    model.merge = "average" if merge == "ave" else merge
    same(from_keras(keras_both(model, merge))(X), model(X))


@pytest.mark.parametrize(
    ("cell", "kind", "options"),
    [
        (GRUCell, "GRU", {"reset_after": False}),
        (ResetAfterGRUCell, "GRU", {"reset_after": True}),
        (RNNCell, "SimpleRNN", {}),
    ],
)
def test_other_layers_say_what_they_are(cell, kind, options):
    model = scrambled(Recurrent(cell(3, 2, rng=0)))
    built = from_keras(keras_layer(model, kind, **options))
    assert type(built.cell) is cell
    same(built(X), model(X))


def test_a_cell_in_a_layer_of_cells_is_found():
    cell = {"class_name": "LSTMCell", "config": USUAL}
    layer = K["RNN"](to_keras(LAYER), cell=cell, return_sequences=False)
    same(from_keras(layer)(X), LAYER(X)[1].y)


def test_a_model_is_built_from_a_row_a_graph_and_a_list_of_layers():
    first, *others = keras_net()
    row = Row(*others)
    line = {f"l{k}": each for k, each in enumerate(keras_net())}
    graph = Functional(
        **{
            n: (each, [f"l{k - 1}"] if k else [])
            for k, (n, each) in enumerate(line.items())
        }
    )
    for source in (row, graph, [first, *others], Row(Row(others[0]), *others[1:])):
        built = from_keras(source)
        assert type(built) is Stack
        same(built(X), our_net()(X))


def test_functions_of_their_own_and_dense_layers_at_every_step():
    wide = keras_dense(WIDE)
    inner = {"class_name": "Dense", "config": {"activation": "linear"}}
    steps = K["TimeDistributed"](wide.weights, layer=inner)
    soft = K["Activation"](activation="softmax")
    both = keras_both(recurrent(both=True))
    same(from_keras(Row(both, steps, soft))(X), our_net()(X))


def test_a_flat_list_is_cut_where_its_shapes_allow_it_in_one_way():
    low, high = scrambled(LSTM(3, 4, rng=0)), scrambled(LSTM(4, 2, rng=0), 1)
    both = recurrent(4, 3, both=True)
    for layers in ([low, high], [low, both], [low], [both], [low, high, ANSWER]):
        arrays = [
            array
            for layer in layers
            for array in (
                [layer.W.data.T, layer.b.data]
                if isinstance(layer, Dense)
                else to_keras(layer)
            )
        ]
        model = layers[0] if len(layers) == 1 else Stack(*layers)
        x = RNG.standard_normal((5, 3 if layers[0] is low else 4))
        same(from_keras(arrays)(x), model(x))


def test_two_layers_that_could_be_two_directions_are_told_by_into():
    both, two = (
        recurrent(2, 2, both=True),
        Stack(recurrent(2, 2), recurrent(2, 2, seed=1)),
    )
    flat = [array for layer in to_keras(two) for array in layer]
    x = X[..., :2]
    same(from_keras(flat, into=Stack(LSTM(2, 2), LSTM(2, 2)))(x), two(x))
    same(from_keras(to_keras(two))(x), two(x))  # a list for each layer
    same(from_keras(to_keras(both), into=Bidirectional(LSTM(2, 2)))(x), both(x))


def test_a_model_that_is_told_is_filled_from_anything():
    row = Row(K["Masking"](), *keras_net()[1:])
    into = Stack(Bidirectional(LSTM(3, 2)), Dense(4, 1, mg.softmax))
    branched = Own(*keras_net()[1:], K["Masking"]())
    for source in (row, branched, row.get_weights()):
        assert from_keras(source, into=into) is into
        same(into(X), our_net()(X))
