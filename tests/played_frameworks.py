"""PyTorch and Keras, played by small objects with the methods that are asked for."""

import numpy as np
from exchange_cases import recurrent

import minigrad as mg
from lstm import (
    Stack,
)
from lstm.exchange import to_keras, to_torch
from minigrad import Dense

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


def keras_net():
    both, answer = keras_both(recurrent(both=True)), keras_dense(WIDE, "softmax")
    return [K["InputLayer"](), both, K["Dropout"](), answer]


def our_net():
    answer = Dense(4, 1, mg.softmax)
    answer.W.data, answer.b.data = WIDE.W.data, WIDE.b.data
    return Stack(recurrent(both=True), answer)
