"""Files of ONNX, run by what is documented of its operators, and by onnxruntime.

The package `onnx` is not needed for the first: a stand-in keeps what its helpers are
told as plain data, and the graph is run in NumPy. With the extra `compare` the same
tests are run on the real file.
"""

import pickle
import re
import sys
from collections.abc import Mapping
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from conftest import peer
from exchange_cases import (
    ACTIVATIONS,
    as_states,
    batch_of,
    close,
    leaves,
    onnx_node,
    recurrent,
    scrambled,
)

import minigrad as mg
from lstm import (
    LSTM,
    Bidirectional,
    CoupledCell,
    PeepholeCell,
    Stack,
    TimeDistributed,
)
from lstm.exchange import from_onnx, read_onnx, write_onnx
from lstm.exchange.models import sweeps
from minigrad import Dense


class DecodeError(Exception):
    """As in google.protobuf."""


class StandIn:
    """What `onnx` offers, where every message is plain data."""

    def __init__(self, monkeypatch):
        self.helper, self.numpy_helper = self, self
        self.checker = SimpleNamespace(check_model=self.check_model)
        self.message = ModuleType("google.protobuf.message")
        self.message.DecodeError = DecodeError
        monkeypatch.setitem(sys.modules, "onnx", self)
        for name in ("google", "google.protobuf", "google.protobuf.message"):
            monkeypatch.setitem(sys.modules, name, self.message)

    @staticmethod
    def check_model(model, full_check):
        """A file without its version would be read as the newest one."""
        assert full_check and model.opset_imports and model.ir_version
        assert model.producer_name and model.producer_version

    np_dtype_to_tensor_dtype = staticmethod(np.dtype)
    make_opsetid = staticmethod(lambda domain, version: (domain, version))
    to_array = staticmethod(lambda tensor: tensor.array)
    get_attribute_value = staticmethod(lambda attribute: attribute.value)

    @staticmethod
    def make_tensor_value_info(name, element, shape):
        return SimpleNamespace(name=name, dtype=element, shape=tuple(shape))

    @staticmethod
    def from_array(array, name):
        return SimpleNamespace(name=name, array=array)

    @staticmethod
    def make_node(op_type, inputs, outputs, name="", **attributes):
        attribute = [
            SimpleNamespace(name=name, value=encoded(value), t=value)
            for name, value in attributes.items()
        ]
        return SimpleNamespace(
            op_type=op_type,
            input=list(inputs),
            output=list(outputs),
            name=name,
            attribute=attribute,
        )

    @staticmethod
    def make_graph(nodes, name, inputs, outputs, initializer=()):
        return SimpleNamespace(
            node=nodes, input=inputs, output=outputs, initializer=list(initializer)
        )

    @staticmethod
    def make_model(graph, **about):
        def content(deterministic):
            return pickle.dumps(graph)

        return SimpleNamespace(graph=graph, SerializeToString=content, **about)

    @staticmethod
    def save(model, path):
        path.write_bytes(pickle.dumps(model.graph))

    @staticmethod
    def load(path):
        content = path.read_bytes()
        if content[:1] != pickle.PROTO:
            raise DecodeError("no message")
        return SimpleNamespace(graph=pickle.loads(content))

    def run(self, path, given):
        """Return the outputs of the file's graph; every shape is as declared."""
        graph = self.load(path).graph
        known = {each.name: each.array for each in graph.initializer} | given
        assert [each.name for each in graph.input] == list(given)
        for node in graph.node:
            options = {each.name: decoded(each.value) for each in node.attribute}
            inputs = [known[name] if name else None for name in node.input]
            found = OPERATORS[node.op_type](*inputs, **options)
            found = found if isinstance(found, tuple) else (found,)
            known |= dict(zip(node.output, found, strict=False))
        for each in (*graph.input, *graph.output):
            assert known[each.name].dtype == each.dtype
            sizes = zip(known[each.name].shape, each.shape, strict=True)
            assert all(n == m for n, m in sizes if isinstance(m, int))
        return {each.name: known[each.name] for each in graph.output}


def encoded(value):
    if isinstance(value, list):
        return [encoded(each) for each in value]
    return value.encode() if isinstance(value, str) else value


def decoded(value):
    if isinstance(value, list):
        return [decoded(each) for each in value]
    return value.decode() if isinstance(value, bytes) else value


def reduced(function):
    return lambda x, axes, keepdims: function(x, axis=tuple(axes), keepdims=keepdims)


OPERATORS = ACTIVATIONS | {
    "Transpose": lambda x, perm: x.transpose(perm),
    "Reshape": lambda x, to: x.reshape([n or x.shape[k] for k, n in enumerate(to)]),
    "ReduceSum": reduced(np.sum),
    "ReduceProd": reduced(np.prod),
    "ReduceMean": reduced(np.mean),
    "Equal": np.equal,
    "Where": np.where,
    "MatMul": np.matmul,
    "Add": np.add,
    "LSTM": onnx_node,
}


class Package:
    """The package itself, and what runs its files."""

    def __init__(self):
        self.runtime, self.onnx = peer("onnxruntime"), peer("onnx")
        self.helper, self.save = self.onnx.helper, self.onnx.save
        self.numpy_helper = self.onnx.numpy_helper

    def run(self, path, given):
        if given["x"].dtype == np.float64:  # onnxruntime has LSTMs of float32 only
            session = peer("onnx.reference").ReferenceEvaluator(str(path))
            names = session.output_names
        else:
            session = self.runtime.InferenceSession(path)
            names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(None, given), strict=True))


@pytest.fixture(
    params=["as documented", pytest.param("package", marks=pytest.mark.compare)]
)
def onnx(request, monkeypatch):
    return Package() if request.param == "package" else StandIn(monkeypatch)


def single(array):
    return np.asarray(array, np.float32)


MODELS: Mapping = {
    "an LSTM": lambda: LSTM(3, 2, rng=0),
    "a reversed one": lambda: LSTM(3, 2, rng=0, reverse=True),
    "both directions": lambda: Bidirectional(LSTM(3, 2, rng=0)),
    "averaged": lambda: Bidirectional(LSTM(3, 2, rng=0), merge="average"),
    "added": lambda: Bidirectional(LSTM(3, 2, rng=0), merge="sum"),
    "multiplied": lambda: Bidirectional(LSTM(3, 2, rng=0), merge="mul"),
    "a stack": lambda: Stack(
        LSTM(3, 4, rng=0), Bidirectional(LSTM(4, 2, rng=1)), LSTM(4, 3, rng=2)
    ),
    "peepholes": lambda: Bidirectional(
        LSTM(PeepholeCell(3, 2, rng=0)), LSTM(PeepholeCell(3, 2, rng=1), reverse=True)
    ),
    "input and forget coupled": lambda: LSTM(CoupledCell(3, 2, rng=0)),
    "other activations": lambda: LSTM(
        3, 2, rng=0, activations={"candidate": mg.relu, "state": mg.softplus}
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_what_runs_the_file_computes_the_same(onnx, tmp_path, name):
    model = scrambled(MODELS[name]())
    x, start, _ = batch_of(model)
    given_states = {
        f"{letter}_0.{k}": single([way[part] for way in layer])
        for k, layer in enumerate(start)
        for part, letter in enumerate("yc")
    }
    path = write_onnx(model, tmp_path / "a.onnx", states=True)
    found = onnx.run(path, {"x": single(x), **given_states})
    assert next(iter(found)) == "y"
    y, end = model(x, as_states(model, start))
    close(y, found.pop("y"), 1e-6)
    last = leaves(end)
    for k, sweep in enumerate(sweeps(model)):
        ours, last = last[: 2 * len(sweep.cells)], last[2 * len(sweep.cells) :]
        close(np.stack([leaf.data for leaf in ours[0::2]]), found.pop(f"y_T.{k}"), 1e-6)
        close(np.stack([leaf.data for leaf in ours[1::2]]), found.pop(f"c_T.{k}"), 1e-6)
    assert not found


@pytest.mark.parametrize("name", ["an LSTM", "a reversed one", "a stack"])
def test_what_runs_the_file_stops_at_the_lengths(onnx, tmp_path, name):
    model = scrambled(MODELS[name]())
    x, *_ = batch_of(model)
    lengths = np.array([5, 2, 3], np.int32)
    path = write_onnx(model, tmp_path / "a.onnx", lengths=True)
    found = onnx.run(path, {"x": single(x), "lengths": lengths})
    y, _ = model(x, lengths=lengths)
    real = np.arange(5) < lengths[:, None]
    close(y.data * real[..., None], found["y"], 1e-6)


@pytest.mark.parametrize("name", ["a reversed one", "both directions", "a stack"])
def test_a_row_of_length_0_ends_as_it_began(onnx, tmp_path, name):
    model = scrambled(MODELS[name]())
    x, start, _ = batch_of(model)
    lengths = np.array([5, 0, 3], np.int32)
    states = {
        f"{letter}_0.{k}": single([way[part] for way in layer])
        for k, layer in enumerate(start)
        for part, letter in enumerate("yc")
    }
    path = write_onnx(model, tmp_path / "a.onnx", lengths=True, states=True)
    found = onnx.run(path, {"x": single(x), "lengths": lengths, **states})
    _, end = model(x, as_states(model, start), lengths=lengths)
    theirs = [
        found[f"{letter}_T.{k}"][d]
        for k, layer in enumerate(start)
        for d in range(len(layer))
        for letter in "yc"
    ]
    for ours, there in zip(leaves(end), theirs, strict=True):
        close(ours, there, 1e-6)
    np.testing.assert_array_equal(found["y_T.0"][:, 1], states["y_0.0"][:, 1])


def test_dense_layers_may_stand_between_and_on_top(onnx, tmp_path):
    model = Stack(
        Dense(3, 4, mg.tanh, rng=0),
        LSTM(4, 2, rng=1),
        TimeDistributed(Dense(2, 3, rng=2)),
        Stack(Bidirectional(LSTM(3, 2, rng=3)), Dense(4, 1, mg.sigmoid, rng=4)),
    )
    x = np.random.default_rng(0).standard_normal((4, 5, 3))
    for dense in (model.layers[0], model.layers[2].module, model.layers[3].layers[1]):
        dense.b.data = np.arange(1.0, 1 + len(dense.b.data))
    found = onnx.run(write_onnx(model, tmp_path / "a.onnx"), {"x": single(x)})
    close(model(x)[0], found["y"], 1e-6)


@pytest.mark.parametrize("name", ["an LSTM", "peepholes", "a stack"])
def test_a_file_in_float64_keeps_every_bit_and_is_computed_to_rounding(
    onnx, tmp_path, name
):
    model = scrambled(MODELS[name]())
    path = write_onnx(model, tmp_path / "a.onnx", dtype=np.float64)
    again = from_onnx(read_onnx(path))
    assert type(again) is type(model)
    named = zip(model.named_parameters(), again.named_parameters(), strict=True)
    for (at, p), (at_again, p_again) in named:
        assert at == at_again
        np.testing.assert_array_equal(p_again.data, p.data, strict=True)
    x, *_ = batch_of(model)
    close(model(x)[0], onnx.run(path, {"x": x})["y"])


def test_a_file_of_onnx_is_the_same_bytes_again(onnx, tmp_path):
    one, other = (
        write_onnx(recurrent(layers=2, both=True), tmp_path / name) for name in "ab"
    )
    assert one.read_bytes() == other.read_bytes()


def test_what_is_no_file_of_onnx_is_refused(onnx, tmp_path):
    (tmp_path / "text").write_text("no model", "utf-8")
    said = r"not a readable file of ONNX(.|\n)*fix +give a file that .*or an exporter"
    with pytest.raises(ValueError, match=said):
        read_onnx(tmp_path / "text")
    with pytest.raises(ValueError, match="not a readable file of ONNX"):
        read_onnx(tmp_path / "nowhere")


def test_what_is_read_is_an_lstm_with_weights_in_the_file(onnx, tmp_path):
    helper, arrays = onnx.helper, onnx.numpy_helper.from_array
    element = helper.np_dtype_to_tensor_dtype(np.dtype("float32"))
    ends = [helper.make_tensor_value_info(name, element, [None]) for name in "xy"]

    def nodes_read(*nodes, held=()):
        graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], held)
        onnx.save(helper.make_model(graph), tmp_path / "a.onnx")
        return read_onnx(tmp_path / "a.onnx")

    with pytest.raises(ValueError, match="it has no LSTM node"):
        nodes_read(helper.make_node("Tanh", ["x"], ["y"]))
    lstm = helper.make_node("LSTM", ["x", "x", "R"], ["y"], hidden_size=1)
    with pytest.raises(ValueError, match=re.escape("LSTM: W = x is computed")) as told:
        nodes_read(lstm, held=[arrays(single([[[1.0]]]), "R")])
    assert "R = " not in str(told.value)
    W, R = np.arange(24.0).reshape(1, 8, 3), np.arange(16.0).reshape(1, 8, 2)
    constant = helper.make_node("Constant", [], ["W"], value=arrays(W, "any"))
    lstm = helper.make_node(
        "LSTM", ["x", "W", "R"], ["y"], hidden_size=2, direction="reverse"
    )
    (node,) = nodes_read(constant, lstm, held=[arrays(R, "R")])
    np.testing.assert_array_equal(node.arrays["W"], W)
    np.testing.assert_array_equal(node.arrays["R"], R)
    assert node.attributes == {"hidden_size": 2, "direction": "reverse"}


def test_what_has_no_place_in_a_file_is_refused(onnx, tmp_path):
    for model, said in (
        (Bidirectional(LSTM(3, 2), merge=None), "layer 0: merge=None"),
        (Stack(LSTM(3, 2), Dense(2, 1, mg.sin)), "one that ONNX has a name for"),
        (Stack(LSTM(3, 2), TimeDistributed(LSTM(2, 1), 2)), "of a TimeDistributed"),
        (LSTM(3, 2, outputs="last"), "layer 0: outputs='last'"),
    ):
        with pytest.raises((TypeError, ValueError), match=said):
            write_onnx(model, tmp_path / "a.onnx")
    assert list(tmp_path.iterdir()) == []
