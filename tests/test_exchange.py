"""Weights from and to other frameworks: no framework is needed to be wrong or right."""

import re
import subprocess
import sys

import numpy as np
import pytest
from exchange_cases import (
    flax_lstm,
    keras_lstm,
    onnx_lstm,
    recurrent,
    scrambled,
    torch_lstm,
)
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from lstm import (
    LSTM,
    Bidirectional,
    CoupledCell,
    GRUCell,
    IRNNCell,
    LSTMCell,
    PeepholeCell,
    ProjectedCell,
    Recurrent,
    ResetAfterGRUCell,
    RNNCell,
    Stack,
)
from lstm.exchange import (
    Node,
    flax,
    from_flax,
    from_keras,
    from_onnx,
    from_torch,
    joined,
    keras,
    onnx,
    read_onnx,
    to_flax,
    to_keras,
    to_onnx,
    to_torch,
    torch,
    write_onnx,
)
from lstm.exchange.models import Sweep
from minigrad import Dense

TO = {"torch": to_torch, "keras": to_keras, "flax": to_flax, "onnx": to_onnx}
FROM = {"torch": from_torch, "keras": from_keras, "flax": from_flax, "onnx": from_onnx}
THERE = {
    "torch": torch_lstm,
    "keras": keras_lstm,
    "flax": flax_lstm,
    "onnx": onnx_lstm,
}
MODULES = {"torch": torch, "keras": keras, "flax": flax, "onnx": onnx}
framework = pytest.mark.parametrize("name", TO)
sizes = st.integers(1, 4)


def difference(name, model, x):
    """Return how far another framework's equations are from ours, on our weights."""
    y, _ = model(x)
    return np.max(np.abs(THERE[name](TO[name](model), x) - y.data))


def sequence(model, steps=4, seed=5):
    return np.random.default_rng(seed).standard_normal((steps, width(model)))


def width(model):
    layer = getattr(model, "layers", [model])[0]
    return getattr(layer, "forth", layer).cell.n


def arrays_of(model):
    return {path: p.data for path, p in model.named_parameters()}


def assert_same_arrays(one, other):
    assert one.keys() == other.keys()
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name], err_msg=name, strict=True)


# ------------------------------------------------- the same function, the same numbers


@framework
@given(n=sizes, m=sizes, seed=st.integers(0, 99))
def test_the_weights_give_our_outputs_by_the_equations_of_the_other(name, n, m, seed):
    model = recurrent(n, m, seed=seed)
    assert difference(name, model, sequence(model)) < 1e-14


@pytest.mark.parametrize("name", ["torch", "keras", "onnx"])
@given(n=sizes, m=sizes, layers=st.integers(1, 3), both=st.booleans())
def test_so_do_those_of_layers_and_directions(name, n, m, layers, both):
    model = recurrent(n, m, layers, both)
    assert difference(name, model, sequence(model)) < 1e-14


@framework
@given(n=sizes, m=sizes, single=st.booleans())
def test_there_and_back_every_bit_is_as_before(name, n, m, single):
    model = recurrent(n, m, dtype=np.float32 if single else np.float64)
    again = FROM[name](TO[name](model))
    assert type(again) is LSTM
    assert_same_arrays(arrays_of(again), arrays_of(model))


@pytest.mark.parametrize("name", ["torch", "keras", "onnx"])
@given(n=sizes, m=sizes, layers=st.integers(1, 3), both=st.booleans())
def test_so_it_is_in_layers_and_directions(name, n, m, layers, both):
    model = recurrent(n, m, layers, both)
    twofold = name == "keras" and both and layers == 1 and n == m
    told = {"into": recurrent(n, m, both=True, seed=1)} if twofold else {}
    again = FROM[name](TO[name](model), **told)
    assert_same_arrays(arrays_of(again), arrays_of(model))
    x = sequence(model)
    np.testing.assert_array_equal(again(x)[0].data, model(x)[0].data)


def test_layers_of_different_widths_and_kinds_go_where_there_are_words_for_them():
    model = Stack(
        LSTM(3, 4, rng=0), Bidirectional(LSTM(4, 2, rng=1)), LSTM(4, 5, rng=2)
    )
    scrambled(model)
    for name in ("keras", "onnx"):
        assert difference(name, model, sequence(model)) < 1e-14
        assert_same_arrays(arrays_of(FROM[name](TO[name](model))), arrays_of(model))


def test_a_cell_is_an_lstm_cell_there():
    cell = scrambled(LSTM(3, 2, rng=0)).cell
    state = to_torch(cell)
    assert list(state) == ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    again = from_torch(state)
    assert type(again) is LSTMCell
    assert_same_arrays(arrays_of(again), arrays_of(cell))


OTHERS = [
    ("torch", ProjectedCell, {"p": 2}),
    ("torch", ResetAfterGRUCell, {}),
    ("torch", RNNCell, {}),
    ("keras", ResetAfterGRUCell, {}),
    ("keras", GRUCell, {}),
    ("keras", RNNCell, {}),
    ("onnx", PeepholeCell, {}),
    ("onnx", CoupledCell, {}),
]


@pytest.mark.parametrize(("name", "cell", "options"), OTHERS)
def test_other_cells_come_back_as_what_they_were(name, cell, options):
    model = scrambled(Recurrent(cell(3, 4, rng=0, **options)))
    again = FROM[name](TO[name](model))
    assert type(again.cell) is type(model.cell)
    assert_same_arrays(arrays_of(again), arrays_of(model))


def test_a_relu_network_is_told_by_the_model_alone():
    model = scrambled(Recurrent(IRNNCell(3, 2, rng=0)))
    assert type(from_torch(to_torch(model)).cell) is RNNCell
    again = from_torch(to_torch(model), into=Recurrent(IRNNCell(3, 2, rng=1)))
    assert_same_arrays(arrays_of(again), arrays_of(model))


def test_a_reversed_layer_is_a_reversed_node():
    model = scrambled(LSTM(3, 2, rng=0, reverse=True))
    (node,) = to_onnx(model)
    assert node.attributes["direction"] == "reverse"
    x = sequence(model)
    np.testing.assert_allclose(
        onnx_lstm([node], x), model(x)[0].data, rtol=0, atol=1e-14
    )
    assert from_onnx([node]).reverse


def test_activations_travel_with_a_node():
    model = LSTM(3, 2, rng=0, activations={"candidate": mg.relu, "state": mg.softplus})
    (node,) = to_onnx(model)
    assert node.attributes["activations"] == ["Sigmoid", "Relu", "Softplus"]
    x = sequence(model)
    np.testing.assert_array_equal(from_onnx([node])(x)[0].data, model(x)[0].data)


def test_two_biases_are_added():
    state = to_torch(recurrent())
    state["bias_hh_l0"] = np.arange(8.0)
    x = sequence(model := from_torch(state))
    np.testing.assert_allclose(
        model(x)[0].data, torch_lstm(state, x), rtol=0, atol=1e-15
    )
    (node,) = to_onnx(recurrent())
    node.arrays["B"][:, 8:] = np.arange(8.0)
    y = from_onnx([node])(x)[0].data
    np.testing.assert_allclose(y, onnx_lstm([node], x), rtol=0, atol=1e-15)


def test_what_goes_out_is_a_copy():
    model = recurrent()
    before = {name: array.copy() for name, array in arrays_of(model).items()}
    for array in to_torch(model).values():
        array[:] = 0
    for array in to_keras(model):
        array[:] = 0
    assert_same_arrays(arrays_of(model), before)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("both", [False, True])
def test_without_biases_b_is_zero(layers, both):
    model = recurrent(layers=layers, both=both)
    for path, parameter in model.named_parameters():
        if path.endswith(".b"):
            parameter.data = np.zeros(2)
    state = {k: v for k, v in to_torch(model).items() if "bias" not in k}
    assert_same_arrays(arrays_of(from_torch(state)), arrays_of(model))
    lists = [to_keras(model)] if layers == 1 else to_keras(model)
    bare = [[a for a in layer if a.ndim == 2] for layer in lists]
    lists = bare[0] if layers == 1 else bare
    assert_same_arrays(arrays_of(from_keras(lists)), arrays_of(model))
    nodes = to_onnx(model)
    for node in nodes:
        del node.arrays["B"]
    assert_same_arrays(arrays_of(from_onnx(nodes)), arrays_of(model))


def test_an_existing_model_is_filled_and_returned():
    source = recurrent(layers=2, both=True)
    for name in ("torch", "keras", "onnx"):
        target = recurrent(layers=2, both=True, seed=1)
        assert FROM[name](TO[name](source), into=target) is target
        assert_same_arrays(arrays_of(target), arrays_of(source))
    target = LSTM(3, 2, rng=1)
    assert from_flax(to_flax(LSTM(3, 2, rng=0)), into=target) is target
    cell = LSTMCell(3, 2, rng=1)
    assert from_flax(to_flax(target), into=cell) is cell
    assert_same_arrays(arrays_of(cell), arrays_of(target.cell))


def test_a_float32_model_stays_float32_when_filled():
    target = from_torch(to_torch(recurrent()), into=LSTM(3, 2, dtype=np.float32))
    assert {p.dtype for p in target.parameters()} == {np.dtype("float32")}


def test_a_prefix_picks_one_part_of_a_larger_model():
    state = {f"encoder.{k}": v for k, v in to_torch(recurrent()).items()}
    state |= {"head.weight": np.ones((1, 2)), "head.bias": np.ones(1)}
    model = from_torch(state, prefix="encoder.")
    assert_same_arrays(arrays_of(model), arrays_of(recurrent()))


def test_joined_gates_are_those_of_any_order():
    cell = recurrent().cell
    W_x, W_y, b, _ = joined(cell, "ocif")
    for k, letter in enumerate("ocif"):
        gate = {
            g.letter: g for g in (cell.forget, cell.input, cell.candidate, cell.output)
        }
        rows = slice(2 * k, 2 * k + 2)
        together = np.hstack([W_x[rows], W_y[rows]])
        np.testing.assert_array_equal(together, gate[letter].W.data)
        np.testing.assert_array_equal(b[rows], gate[letter].b.data)


# ------------------------------------------------------------- mistakes, and their test


def other_gates(block):
    """Return W_y of the gates transposed, each by itself (n = m would hide it)."""
    return block._replace(
        W_y=np.concatenate([part.T for part in np.split(block.W_y, 4)])
    )


PLANTS = {
    "W_y transposed": other_gates,
    "x and y exchanged": lambda block: block._replace(W_x=block.W_y, W_y=block.W_x),
    "bias lost": lambda block: block._replace(b_x=0 * block.b_x),
    "bias twice": lambda block: block._replace(b_y=block.b_x),
}


@framework
@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_mistake_is_noticed(monkeypatch, name, plant):
    model = recurrent(n=2, m=2)
    x = sequence(model)
    assert difference(name, model, x) < 1e-14
    monkeypatch.setattr(
        MODULES[name], "joined", lambda cell, order: PLANTS[plant](joined(cell, order))
    )
    assert difference(name, model, x) > 1e-3


@framework
@pytest.mark.parametrize("pair", ["fi", "fc", "fo", "ic", "io", "co"])
def test_exchanged_gates_are_noticed(monkeypatch, name, pair):
    model = recurrent()
    exchange = str.maketrans(pair, pair[::-1])
    monkeypatch.setattr(
        MODULES[name],
        "joined",
        lambda cell, order: joined(cell, order.translate(exchange)),
    )
    assert difference(name, model, sequence(model)) > 1e-3


@pytest.mark.parametrize("name", ["torch", "keras", "onnx"])
def test_exchanged_directions_are_noticed(monkeypatch, name):
    model = recurrent(both=True)
    cells = property(lambda sweep: tuple(r.cell for r in sweep.directions[::-1]))
    monkeypatch.setattr(Sweep, "cells", cells)
    assert difference(name, model, sequence(model)) > 1e-3


# ----------------------------------------------------------------- what does not fit


def changed(arrays, **changes):
    """Return the dict with some entries replaced; those of None are left out."""
    new = {**arrays, **changes}
    return {name: array for name, array in new.items() if array is not None}


def prefixed(name, arrays):
    return {f"{name}.{key}": array for key, array in arrays.items()}


STATE = to_torch(recurrent())
PARAMS = to_flax(recurrent())
NODE = to_onnx(recurrent())[0]
PEEPING = to_onnx(LSTM(PeepholeCell(3, 2)))[0]
THREE = [np.zeros((3, 6)), np.zeros((2, 6)), np.zeros(6)]
half = {name: array.astype(np.float16) for name, array in STATE.items()}

REFUSED = {
    "an unknown name": (
        lambda: from_torch(changed(STATE, weight_ih_l2=np.ones((8, 3)))),
        "weight_ih_l2: not in this model",
    ),
    "a missing name": (
        lambda: from_torch(changed(STATE, bias_hh_l0=None)),
        "bias_hh_l0: missing given",
    ),
    "another shape": (
        lambda: from_torch(changed(STATE, bias_hh_l0=np.ones(9))),
        "bias_hh_l0: (8,) here, (9,) given",
    ),
    "half precision": (lambda: from_torch(half), "weight_ih_l0: float16"),
    "integers": (
        lambda: from_torch(changed(STATE, bias_ih_l0=np.arange(8))),
        "bias_ih_l0: int",
    ),
    "text": (lambda: from_torch(changed(STATE, bias_ih_l0="b")), "bias_ih_l0: <U1"),
    "weights of no cell": (
        lambda: from_torch(
            changed(STATE, weight_ih_l0=np.ones((5, 3)), weight_hh_l0=np.ones((5, 2)))
        ),
        "weight_ih_l0 and weight_hh_l0: (5, 3) for x and (5, 2) for y",
    ),
    "a GRU's for an LSTM": (
        lambda: from_torch(to_torch(ResetAfterGRUCell(3, 2)), into=LSTMCell(3, 2)),
        "weight_ih: (8, 3) here, (6, 3) given",
    ),
    "a GRU that resets before": (lambda: to_torch(GRUCell(3, 2)), "a GRUCell"),
    "a prefix forgotten": (
        lambda: from_torch({"norm.weight": np.ones(2), **prefixed("lstm", STATE)}),
        "prefix='lstm.'",
    ),
    "nothing": (lambda: from_torch({}), "(no names)"),
    "layers that do not fit": (
        lambda: from_torch(
            {**STATE, **{k.replace("l0", "l1"): STATE[k] for k in STATE}}
        ),
        "the weights, layer 1 reads 3 numbers, and the weights, layer 0 makes 2",
    ),
    "another model": (
        lambda: from_torch(to_torch(recurrent(both=True)), into=LSTM(3, 2)),
        "weight_hh_l0_reverse: not in this model",
    ),
    "a Keras GRU's for an LSTM": (
        lambda: from_keras(THREE, into=LSTM(3, 2)),
        "0.forward.kernel: (3, 8) here, (3, 6) given",
    ),
    "Keras weights of no cell": (
        lambda: from_keras([np.ones((3, 5)), np.ones((2, 5))]),
        "(3, 5), (2, 5)",
    ),
    "Keras weights of an LSTM with a GRU's biases": (
        lambda: from_keras([np.ones((3, 8)), np.ones((2, 8)), np.ones((2, 8))]),
        "(3, 8), (2, 8), (2, 8)",
    ),
    "a Keras Dense's kernel": (lambda: from_keras(THREE[:1]), "        (3, 6)"),
    "a Keras Dense's bias": (lambda: from_keras([THREE[2:]]), "layer 0: (6,)"),
    "no Keras weights": (lambda: from_keras([]), "0 arrays"),
    "Keras weights of other sizes": (
        lambda: from_keras(to_keras(recurrent()), into=LSTM(4, 2)),
        "0.forward.kernel: (4, 8) here, (3, 8) given",
    ),
    "a Flax cell's variables": (
        lambda: from_flax({"params": PARAMS}),
        "ii.kernel: missing",
    ),
    "a Flax kernel of other size": (
        lambda: from_flax(changed(PARAMS, hg={"kernel": np.ones((3, 2))})),
        "hg.kernel: (2, 2) here, (3, 2) given",
    ),
    "a Flax kernel of one axis": (
        lambda: from_flax(changed(PARAMS, ii={"kernel": np.ones(3)})),
        "ii.kernel: (3,) is no matrix",
    ),
    "peepholes for a cell without": (
        lambda: from_onnx([PEEPING], into=LSTM(3, 2)),
        "node 0, P: not in this model",
    ),
    "peepholes in a coupled cell of ONNX": (
        lambda: from_onnx([Node(PEEPING.arrays, {"input_forget": 1})]),
        "P with input_forget=1",
    ),
    "a coupled cell that is none": (
        lambda: to_onnx(
            LSTM(CoupledCell(3, 2, activations={"forget": mg.relu, "output": mg.relu}))
        ),
        "1 - f is no gate of ONNX unless f is a sigmoid",
    ),
    "a clip of ONNX": (
        lambda: from_onnx([Node(NODE.arrays, {"clip": 2.0})]),
        "clip=2.0: not read here",
    ),
    "an activation of ONNX": (
        lambda: from_onnx(
            [Node(NODE.arrays, {"activations": ["Elu", "Tanh", "Tanh"]})]
        ),
        "activation Elu",
    ),
    "a direction that is none": (
        lambda: from_onnx([Node(NODE.arrays, {"direction": "bidirectional"})]),
        "W: (1, 8, 3), direction='bidirectional'",
    ),
    "no node": (lambda: from_onnx([]), "no node"),
    "a node without weights": (lambda: from_onnx([Node({}, {})]), "R: missing"),
    "a node that reads from the end": (
        lambda: from_onnx([NODE], into=LSTM(3, 2, reverse=True)),
        "node 0: direction='reverse' here, 'forward' given",
    ),
    "PyTorch reads from the end only": (
        lambda: to_torch(LSTM(3, 2, reverse=True)),
        "layer 0: reverse = (True,), there (False,)",
    ),
    "PyTorch's layers are of one size": (
        lambda: to_torch(Stack(LSTM(3, 2), LSTM(2, 4))),
        "= ('LSTMCell', 2, 4, 4), there ('LSTMCell', 2, 2, 2)",
    ),
    "PyTorch joins directions": (
        lambda: to_torch(Bidirectional(LSTM(3, 2), merge="sum")),
        "layer 0: merge = 'sum', there 'concat'",
    ),
    "PyTorch has its own activations": (
        lambda: to_torch(LSTM(3, 2, activations={"candidate": mg.relu})),
        "cell_l0: another activation for candidate",
    ),
    "one activation for three gates": (
        lambda: to_keras(LSTM(3, 2, activations={"input": mg.relu})),
        "forget and input and output have different activations",
    ),
    "Keras reads from the end only": (
        lambda: to_keras(LSTM(3, 2, reverse=True)),
        "layer 0 reads from the end only",
    ),
    "a direction for a Flax cell": (
        lambda: to_flax(Bidirectional(LSTM(3, 2))),
        "it is a Bidirectional",
    ),
    "an activation that ONNX has not": (
        lambda: to_onnx(LSTM(3, 2, activations={"state": mg.sin})),
        "layer 0: the activation of state",
    ),
    "directions of different sizes": (
        lambda: to_onnx(Bidirectional(LSTM(3, 2), LSTM(3, 4, reverse=True))),
        "layer 0: directions of different cells or sizes",
    ),
    "a deeper box": (
        lambda: to_torch(LSTM(3, 2, hidden={"forget": (4,)})),
        "its box f is deeper than W_f v + b_f",
    ),
    "gates that a cell has not": (
        lambda: joined(LSTMCell(3, 2), "rfico"),
        "it has no box r",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused_in_four_parts(case):
    act, said = REFUSED[case]
    with pytest.raises(ValueError) as refusal:
        act()
    text = str(refusal.value)
    assert said in text
    assert "\n  why   " in text and "\n  fix   " in text
    assert "test_exchange.py:" in text.splitlines()[0]
    assert re.match(r"(from|to)_(torch|keras|flax|onnx)|the boxes ", text), text


def test_a_dense_layer_has_no_place_among_recurrent_ones():
    with pytest.raises(TypeError, match=r"copy the W and b of a\s+Dense yourself"):
        to_torch(Stack(LSTM(3, 2), Dense(2, 1)))


def test_a_subclass_of_the_cell_computes_something_else():
    class Mine(LSTMCell):
        pass

    for name in TO:
        with pytest.raises(ValueError, match="a Mine"):
            TO[name](LSTM(Mine(3, 2)))


@framework
def test_what_is_refused_has_changed_nothing(name):
    target = recurrent(n=4, seed=1)
    before = arrays_of(target)
    with pytest.raises(ValueError, match="Nothing was changed"):
        FROM[name](TO[name](recurrent()), into=target)
    assert_same_arrays(arrays_of(target), before)


# --------------------------------------------------------------------- without packages


def test_no_framework_is_imported():
    program = (
        "import sys, lstm, lstm.exchange;"
        "print(*{'torch', 'keras', 'jax', 'flax', 'onnx'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_without_the_package_onnx_a_file_is_refused_with_a_way_out(
    monkeypatch, tmp_path
):
    monkeypatch.setitem(sys.modules, "onnx", None)
    for act in (write_onnx, lambda model, path: read_onnx(path)):
        with pytest.raises(
            ModuleNotFoundError, match=r"pip install 'minigrad-lstm\[onnx\]'"
        ):
            act(LSTM(3, 2), tmp_path / "lstm.onnx")
    assert list(tmp_path.iterdir()) == []
