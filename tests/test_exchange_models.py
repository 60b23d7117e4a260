"""Modules, models, checkpoints and files of other frameworks; what has two readings.

The frameworks are played by small objects with the methods that are asked for; the real
ones are in test_exchange_compare.py.
"""

import re
import sys

import numpy as np
import pytest
from exchange_cases import recurrent, scrambled

import minigrad as mg
from lstm import (
    LSTM,
    Bidirectional,
    GRUCell,
    IRNNCell,
    LSTMCell,
    Recurrent,
    ResetAfterGRUCell,
    RNNCell,
    Stack,
)
from lstm.exchange import from_keras, from_torch, to_keras, to_torch
from minigrad import Dense, Sequential
from minigrad.files import npz

RNG = np.random.default_rng(4)
X = RNG.standard_normal((2, 5, 3))


def same(ours, theirs):
    ours, theirs = (
        each[0] if isinstance(each, tuple) else each for each in (ours, theirs)
    )
    np.testing.assert_array_equal(ours.data, theirs.data, strict=True)


def head(n, m=1, activation=None, seed=9):
    layer = Dense(n, m, activation, rng=seed)
    layer.b.data = np.arange(1.0, m + 1)
    return layer


# ------------------------------------------------------------------- PyTorch, played


def played(name, bases=(), module="torch.nn.modules"):
    return type(name, bases, {"__module__": module})


class Torch:
    """What a module of PyTorch is asked for."""

    def __init__(self, own=(), **children):
        self.own, self.children = dict(own), children
        vars(self).update(children)

    def named_children(self):
        return self.children.items()

    def state_dict(self):
        below = {
            f"{name}.{k}": array
            for name, child in self.children.items()
            for k, array in child.state_dict().items()
        }
        return {**self.own, **below}


def torch_class(name):
    return type(name, (Torch,), {"__module__": "torch.nn.modules"})


NN = {
    name: torch_class(name)
    for name in (
        *("LSTM", "GRU", "RNN", "LSTMCell", "Linear", "Sequential", "ReLU", "Softmax"),
        *("Softplus", "Dropout", "GELU", "Embedding", "BatchNorm1d", "DataParallel"),
    )
}


class Net(Torch):
    """A module of somebody's own."""


def linear(layer):
    return NN["Linear"]({"weight": layer.W.data, "bias": layer.b.data})


def lstm_of(model):
    return NN["LSTM"](to_torch(model))


def told(module, **options):
    vars(module).update(options)
    return module


def in_row(*modules):
    return NN["Sequential"](**{str(k): each for k, each in enumerate(modules)})


LAYER, DEEP = recurrent(), recurrent(layers=2, both=True)
ANSWER, WIDE = head(2), head(4)


def net():
    return Net(lstm=lstm_of(DEEP), drop=NN["Dropout"](), fc=linear(WIDE))


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


WHOLE = {
    "a module of one's own": net,
    "its state dict": lambda: net().state_dict(),
    "wrapped for many devices": lambda: NN["DataParallel"](module=net()),
    "the state dict of that": lambda: NN["DataParallel"](module=net()).state_dict(),
    "a checkpoint": lambda: {
        "epoch": 3,
        "optimizer": {"state": {0: {"step": 1}}, "param_groups": []},
        "model_state_dict": net().state_dict(),
    },
    "a trainer's, with a prefix": lambda: {
        "state_dict": {f"model.{k}": a for k, a in net().state_dict().items()}
    },
    "names in the order of the alphabet": lambda: dict(
        sorted(net().state_dict().items())
    ),
}


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


class Keras:
    """What a layer of Keras is asked for."""

    def __init__(self, weights=(), name="", **config):
        self.weights, self.config = list(weights), config
        self.name = name or type(self).__name__.lower()

    def get_weights(self):
        return self.weights

    def get_config(self):
        return self.config


class KerasModel(Keras):
    def __init__(self, *layers):
        super().__init__()
        self.layers = list(layers)

    def get_weights(self):
        return [array for layer in self.layers for array in layer.get_weights()]


K = {
    name: type(name, (Keras,), {})
    for name in (
        *("LSTM", "GRU", "SimpleRNN", "Bidirectional", "Dense", "Dropout", "RNN"),
        *("InputLayer", "Activation", "Masking", "Embedding", "TimeDistributed"),
    )
}


class Row(KerasModel):
    """A keras.Sequential."""


Row.__name__ = "Sequential"


class Functional(KerasModel):
    """A model whose calls are listed, each with the layers that it reads."""

    def __init__(self, **reads):
        super().__init__(*(layer for layer, _ in reads.values()))
        for layer, name in zip(self.layers, reads, strict=True):
            layer.name = name
        self.reads = {name: inputs for name, (_, inputs) in reads.items()}

    def get_config(self):
        def node(names):
            history = [{"config": {"keras_history": [name, 0, 0]}} for name in names]
            return {"args": [history], "kwargs": {}}

        entries = [
            {"name": name, "inbound_nodes": [node(each)] if each else []}
            for name, each in self.reads.items()
        ]
        return {"layers": entries}


class Own(KerasModel):
    """A model with a call of somebody's own."""


USUAL = {"activation": "tanh", "recurrent_activation": "sigmoid"}


def keras_layer(model, kind="LSTM", **options):
    return K[kind](to_keras(model), **{"return_sequences": True, **USUAL, **options})


def keras_both(model, merge="concat", **options):
    way = {"return_sequences": True, **USUAL, **options}
    return K["Bidirectional"](
        to_keras(model),
        merge_mode=merge,
        layer={"class_name": "LSTM", "config": way},
        backward_layer={"class_name": "LSTM", "config": {**way, "go_backwards": True}},
    )


def keras_dense(layer, activation="linear"):
    weights = [layer.W.data.T.copy(), layer.b.data]
    return K["Dense"](weights, activation=activation)


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


def keras_net():
    both, answer = keras_both(recurrent(both=True)), keras_dense(WIDE, "softmax")
    return [K["InputLayer"](), both, K["Dropout"](), answer]


def our_net():
    answer = Dense(4, 1, mg.softmax)
    answer.W.data, answer.b.data = WIDE.W.data, WIDE.b.data
    return Stack(recurrent(both=True), answer)


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


# ------------------------------------------------------------------ what is refused

FLAT = [array for layer in to_keras(recurrent(2, 2, layers=2)) for array in layer]
ONE = to_keras(recurrent())
SAME = [np.ones((2, 8)), np.ones((2, 8)), np.ones(8)]
DENSE_LIST = [np.ones((3, 4)), np.ones(4)]
two_lstms = Net(lstm1=lstm_of(recurrent(2, 2)), lstm2=lstm_of(recurrent(2, 2)))
mlp = Net(fc1=linear(head(3, 4)), fc2=linear(head(4, 1)))
either = Net(a=linear(head(3, 3)), lstm=lstm_of(recurrent(3, 3)))


def junk(tmp_path, name):
    path = tmp_path / name
    path.write_text("junk", "utf-8")
    return path


REFUSED = {
    "two LSTMs or one in both directions": (
        lambda: from_keras(FLAT),
        r"two readings: Bidirectional\(LSTM\(2, 2\)\) and Stack\(LSTM\(2, 2\), "
        r"LSTM\(2, 2\)\).*into=Bidirectional.* or into=Stack.* decides",
    ),
    "two LSTM modules": (
        lambda: from_torch(two_lstms),
        r"lstm1 and lstm2 may read one what the other makes.*into=Stack",
    ),
    "dense layers, by their arrays": (
        lambda: from_torch(mlp.state_dict()),
        r"between fc1 and fc2 there may be a function.*weights alone.*into=Sequential",
    ),
    "dense layers of a module of one's own": (
        lambda: from_torch(mlp),
        r"what forward calls by itself cannot be seen.*into=Sequential",
    ),
    "dense layers of Keras, by their arrays": (
        lambda: from_keras([DENSE_LIST, [np.ones((4, 1)), np.ones(1)]]),
        r"between two Dense layers.*into=Sequential",
    ),
    "a matrix alone": (
        lambda: from_torch({"a.weight": np.ones((4, 3))}),
        r"a\.weight \(4, 3\) without a bias.*dense layer, or the table.*into=",
    ),
    "a GRU without a bias": (
        lambda: from_keras([np.ones((3, 6)), np.ones((2, 6))]),
        r"two readings.*ResetAfterGRUCell.*into=Recurrent\(ResetAfterGRUCell",
    ),
    "parts in no order": (
        lambda: from_torch(
            {
                **{f"z.{k}": a for k, a in to_torch(recurrent(3, 1)).items()},
                "a.weight": np.ones((4, 4)),
                "a.bias": np.ones(4),
            }
        ),
        r"a reads 4 numbers, and z makes 1.*convert the parts",
    ),
    "two models in a checkpoint": (
        lambda: from_torch(
            {"model": net().state_dict(), "ema": net().state_dict(), "step": 1}
        ),
        r"several: 'model', 'ema'.*checkpoint\['model'\] or checkpoint\['ema'\]",
    ),
    "an embedding": (
        lambda: from_torch(
            Net(table=NN["Embedding"]({"weight": np.ones((9, 3))}), lstm=lstm_of(LAYER))
        ),
        r"table \(a torch\.Embedding\): weight \(9, 3\).*prefix='lstm\.'",
    ),
    "a function without a name here": (
        lambda: from_torch(
            in_row(linear(head(3, 4)), NN["GELU"](), linear(head(4, 1)))
        ),
        r"1 \(a torch\.GELU\): no weights",
    ),
    "a softmax over another axis": (
        lambda: from_torch(in_row(linear(WIDE), told(NN["Softmax"](), dim=0))),
        r"1 \(a torch\.Softmax\): no weights",
    ),
    "a steeper softplus": (
        lambda: from_torch(in_row(linear(WIDE), told(NN["Softplus"](), beta=2))),
        r"1 \(a torch\.Softplus\): no weights",
    ),
    "a beginning that no name has": (
        lambda: from_torch(net(), prefix="encoder."),
        r"no name begins with 'encoder\.', they begin with: lstm\. fc\.",
    ),
    "a model of other layers": (
        lambda: from_torch(net(), into=Sequential(Dense(3, 4), Dense(4, 1))),
        r"here: Dense, Dense given: lstm \(recurrent\), fc \(dense\)",
    ),
    "a model of other sizes": (
        lambda: from_torch(
            Net(lstm=lstm_of(LAYER), fc=linear(ANSWER)),
            into=Stack(LSTM(3, 4), Dense(4, 1)),
        ),
        r"lstm\.weight_ih_l0: \(16, 3\) here.*fc\.weight: \(1, 4\) here",
    ),
    "arrays that are incomplete": (
        lambda: from_torch(
            {k: a for k, a in to_torch(LAYER).items() if k != "bias_hh_l0"}
        ),
        r"bias_hh_l0: missing given.*arrays of whole layers",
    ),
    "a module of Keras": (
        lambda: from_torch(keras_layer(LAYER)),
        r"that is from_keras",
    ),
    "a module of PyTorch": (lambda: from_keras(net()), r"that is from_torch"),
    "no state dict": (lambda: from_torch([1, 2]), r"no state dict in a list of 2"),
    "no weights": (lambda: from_keras(None), r"a NoneType is neither a layer of Keras"),
    "a layer that was not built": (
        lambda: from_keras(K["LSTM"](**USUAL)),
        r"lstm has none.*build it first",
    ),
    "a layer that is unknown": (
        lambda: from_keras(Row(K["Embedding"]([np.ones((9, 3))]), keras_layer(LAYER))),
        r"embedding: an Embedding",
    ),
    "a mask in a model": (
        lambda: from_keras(Row(K["Masking"](), keras_layer(LAYER))),
        r"masking: a Masking layer; a mask is given to the call here",
    ),
    "an activation that is unknown": (
        lambda: from_keras(keras_layer(LAYER, recurrent_activation="hard_sigmoid")),
        r"known here by its name: hard_sigmoid.*with into=",
    ),
    "outputs in the order they were made": (
        lambda: from_keras(keras_layer(LAYER, go_backwards=True)),
        r"go_backwards=True and return_sequences=True.*y\[:, ::-1\]",
    ),
    "a graph with branches": (
        lambda: from_keras(
            Functional(
                i=(K["InputLayer"](), []),
                a=(keras_layer(LAYER), ["i"]),
                b=(keras_layer(LAYER), ["i"]),
            )
        ),
        r"b reads i.*from_keras\(layer\)",
    ),
    "a call of somebody's own with two LSTMs": (
        lambda: from_keras(Own(keras_layer(LAYER), keras_layer(recurrent(2, 2)))),
        r"what Own\.call does with them",
    ),
    "too few arrays for a model": (
        lambda: from_keras([*ONE, ONE[0]], into=Stack(LSTM(3, 2), Dense(2, 1))),
        r"as many arrays as were given.*5 here, 4 given",
    ),
    "arrays of no layers": (
        lambda: from_keras([np.ones((3, 8)), np.ones(4)]),
        r"no layers one upon another have these arrays.*\(3, 8\), \(4,\)",
    ),
    "layers that do not fit": (
        lambda: from_keras([SAME, [np.ones((5, 1)), np.ones(1)]]),
        r"layer 1 reads 5 numbers, and layer 0 makes 2.*convert the parts",
    ),
    "a file that is not there": (
        lambda: from_torch("nowhere.pt"),
        r"there is no such file.*this program runs in",
    ),
    "a file of a suffix that says nothing": (
        lambda: from_torch("a.txt"),
        r"'\.txt' is none of \.npz.*read the file",
    ),
    "a file of Keras": (lambda: from_torch("a.keras"), r"that is from_keras"),
    "a file of PyTorch": (lambda: from_keras("a.safetensors"), r"that is from_torch"),
    "junk for arrays": (
        lambda tmp_path: from_torch(junk(tmp_path, "a.npz")),
        r"no readable|not a readable \.npz",
    ),
    "junk for a model": (
        lambda tmp_path: from_keras(junk(tmp_path, "a.keras")),
        r"begins otherwise than a \.keras file does",
    ),
    "weights of Keras without their model": (
        lambda tmp_path: from_keras(hdf(tmp_path)),
        r"not which layers they belong to.*model\.load_weights\(path\)",
    ),
}


def hdf(tmp_path):
    path = tmp_path / "a.weights.h5"
    path.write_bytes(b"\x89HDF")
    return path


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_in_four_parts(case, tmp_path):
    act, said = REFUSED[case]
    with pytest.raises((ValueError, TypeError, FileNotFoundError)) as refusal:
        act(tmp_path) if act.__code__.co_argcount else act()
    text = str(refusal.value)
    assert re.search(said, " ".join(text.split())), text
    assert "\n  why   " in text and "\n  fix   " in text
    assert not re.search(r"[^.]\.\.\s", text)
    assert "test_exchange_models.py:" in text.splitlines()[0]


def test_what_is_refused_has_changed_nothing():
    into = Stack(LSTM(3, 2, rng=0), Dense(2, 4, rng=1))
    before = {path: p.data for path, p in into.named_parameters()}
    with pytest.raises(ValueError, match="Nothing was changed"):
        from_torch(Net(lstm=lstm_of(LAYER), fc=linear(ANSWER)), into=into)
    for path, parameter in into.named_parameters():
        assert parameter.data is before[path]


def test_a_cell_alone_stays_a_cell_and_in_a_model_runs_over_time():
    cell = NN["LSTMCell"](to_torch(LAYER.cell))
    assert type(from_torch(cell)) is LSTMCell
    same(from_torch(Net(cell=cell, fc=linear(ANSWER)))(X), Stack(LAYER, ANSWER)(X))
