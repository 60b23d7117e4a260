"""What cannot be taken from another framework is refused, and nothing has changed."""

import re

import numpy as np
import pytest
from exchange_cases import recurrent
from played_frameworks import (
    ANSWER,
    LAYER,
    NN,
    USUAL,
    WIDE,
    Functional,
    K,
    Net,
    Own,
    Row,
    X,
    head,
    in_row,
    keras_layer,
    linear,
    lstm_of,
    net,
    same,
    told,
)

from lstm import (
    LSTM,
    LSTMCell,
    Stack,
)
from lstm.exchange import from_keras, from_torch, to_keras, to_torch
from minigrad import Dense, Sequential

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
    assert "test_exchange_refused.py:" in text.splitlines()[0]


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
