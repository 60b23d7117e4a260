"""What layers over time say to the mistakes that people make with them.

A mistake, and words of the answer: what was given, why it cannot be, what to do.
"""

from types import SimpleNamespace

import numpy as np
import pytest

import minigrad as mg
from lstm import (
    LSTM,
    Bidirectional,
    ClippedCell,
    Directions,
    Gate,
    GRUCell,
    IRNNCell,
    LSTMCell,
    ProjectedCell,
    Recurrent,
    Stack,
    State,
    TimeDistributed,
    last,
    truncated,
)
from lstm.exchange import from_flax, from_onnx, from_torch, to_torch
from lstm.masks import (
    Variational,
    Zoneout,
    between,
    variational,
    zoneout,
    zoneout_mean,
)

layer = LSTM(3, 2, rng=0)
both = Bidirectional(LSTM(3, 2, rng=0))
deep = Stack(LSTM(3, 4, rng=0), LSTM(4, 2, rng=1))
X = np.ones((4, 5, 3))
H = np.zeros((4, 2))
MISTAKES = {
    "two axes too few": (lambda: layer(np.ones(3)), r"\(B, T, n\) or \(T, n\)"),
    "no feature axis": (
        lambda: LSTM(1, 2)(np.ones((4, 5))),
        r"with n = 1 (.|\n)*x\[\.\.\., None\]",
    ),
    "four axes": (lambda: layer(np.ones((1, 4, 5, 3))), r"\(B, T, n\) or \(T, n\)"),
    "time first, as the state shows": (
        lambda: layer(np.ones((5, 4, 3)), State(H, H)),
        r"seems to be \(T, B, n\): x\.transpose\(1, 0, 2\)",
    ),
    "PyTorch's h_n": (
        lambda: layer(X, State(H[None], H[None])),
        r"y_0: shape \(1, 4, 2\)(.|\n)*h_n\[0\] is y(.|\n)*batch_first",
    ),
    "(h, c) as PyTorch has it": (lambda: layer(X, (H, H)), r"State\(y, c\)"),
    "[h, c] as Keras has it": (lambda: layer(X, [H, H]), r"Flax(.|\n)*\(c, h\)"),
    "a state of one direction": (
        lambda: both(X, State(H, H)),
        r"Directions\(forward=..., backward=...\)",
    ),
    "a state of one layer": (
        lambda: deep(X, [State(H, H)]),
        r"states for 2 layers(.|\n)*give 2 entries, None where",
    ),
    "two states for one layer": (
        lambda: Stack(layer)(X, [None, None]),
        r"states for 1 layer(.|\n)*give 1 entry, None where",
    ),
    "a bare state for a stack": (
        lambda: deep(X, State(H, H)),
        r"list with one entry for each layer",
    ),
    "a mask of numbers": (
        lambda: layer(X, mask=np.ones((4, 5))),
        r"mask: shape \(4, 5\), float64(.|\n)*compare, for instance mask != 0",
    ),
    "a mask that is a Tensor": (
        lambda: layer(X, mask=mg.Tensor(np.ones((4, 5)))),
        r"answers yes or no for each step",
    ),
    "a mask with time first": (
        lambda: layer(X, mask=np.ones((5, 4), bool)),
        r"\(4, 5\) steps(.|\n)*mask\.T turns \(T, B\) into \(B, T\)",
    ),
    "a mask of features": (
        lambda: layer(X, mask=np.ones((4, 5, 3), bool)),
        r"without the axis of features",
    ),
    "a mask of one sequence for a batch": (
        lambda: layer(X, mask=np.ones(5, bool)),
        r"one boolean for each",
    ),
    "lengths and a mask": (
        lambda: layer(X, mask=np.ones((4, 5), bool), lengths=[5, 5, 5, 5]),
        r"both say which steps are real",
    ),
    "lengths beyond T": (
        lambda: layer(X, lengths=[5, 6, 1, 1]),
        r"T = 5 steps(.|\n)*look for 6",
    ),
    "negative lengths": (lambda: layer(X, lengths=[5, 5, -1, 1]), r"look for -1"),
    "lengths that are not whole": (
        lambda: layer(X, lengths=[5.0, 1.0, 1.0, 1.0]),
        r"lengths are whole numbers(.|\n)*mask\.sum\(axis=-1\)",
    ),
    "lengths that are missing": (
        lambda: layer(X, lengths=[5, np.nan, 1, 1]),
        r"are float64 entries(.|\n)*count the real steps",
    ),
    "lengths that are masked": (
        lambda: layer(X, lengths=np.ma.array([5, 1, 1, 1], mask=[0, 1, 0, 0])),
        r"lengths: shape \(4,\)(.|\n)*1 of its entries are masked",
    ),
    "lengths as objects": (
        lambda: both(X, lengths=np.array([5, 1, 1, 1], object)),
        r"these are object entries",
    ),
    "lengths that are booleans": (
        lambda: deep(X, lengths=[True] * 4),
        r"these are bool entries",
    ),
    "a mask that is masked": (
        lambda: layer(X, mask=np.ma.array(X[..., 0] > 0, mask=X[..., 0] > 0)),
        r"mask: shape \(4, 5\)(.|\n)*20 of its entries are masked",
    ),
    "a ragged mask": (
        lambda: layer(X, mask=[[True] * 5, [True]]),
        r"rows need one\s+length each",
    ),
    "x with entries that are masked": (
        lambda: deep(np.ma.array(X, mask=X > 0)),
        r"layer\(x\.filled\(0\.0\), mask=~np\.ma\.getmaskarray\(x\)",
    ),
    "sequences of different lengths": (
        lambda: both([np.ones((5, 3)), np.ones((4, 3))]),
        r"by a mask or\s+by\s+lengths",
    ),
    "a PackedSequence": (
        lambda: layer(SimpleNamespace(data=X, batch_sizes=[4] * 5)),
        r"pad_packed_sequence(.|\n)*lengths=lengths\.numpy\(\)",
    ),
    "a column of objects": (
        lambda: layer(X.astype(object)),
        r"x: shape \(4, 5, 3\), object(.|\n)*np\.asarray\(data, float\)",
    ),
    "complex numbers": (lambda: layer(X * 1j), r"needs conjugates"),
    "a state that is masked": (
        lambda: layer(X, State(H, np.ma.array(H, mask=H == 0))),
        r"c_0: shape \(4, 2\)(.|\n)*8 of its entries are masked",
    ),
    "a state of objects": (
        lambda: layer(X, State(H.astype(object), H)),
        r"y_0: shape \(4, 2\), object",
    ),
    "weights that are masked": (
        lambda: Gate("f", 2, 2, W=np.ma.array(np.ones((2, 4)), mask=np.eye(2, 4))),
        r"W_f: shape(.|\n)*2 of its entries are masked",
    ),
    "masks of dropout that are masked": (
        lambda: layer(
            X, dropout=Variational(np.ma.array(X[:, 0], mask=X[:, 0] > 0), H)
        ),
        r"d_x: shape \(4, 3\)(.|\n)*entries are masked",
    ),
    "weights from elsewhere that are masked": (
        lambda: from_torch(
            {k: np.ma.array(a, mask=a != 0) for k, a in to_torch(layer).items()}
        ),
        r"weight_ih_l0: shape \(8, 3\)(.|\n)*24 of its entries are masked",
    ),
    "lengths of another batch": (lambda: layer(X, lengths=[5, 1]), r"shape \(4,\)"),
    "a list of lengths for one sequence": (
        lambda: layer(X[0], lengths=[5]),
        r"a\s+bare integer",
    ),
    "a stack, lengths and no time axis": (
        lambda: deep(np.ones(3), lengths=2),
        r"x: shape \(3,\)(.|\n)*\(B, T, n\) or \(T, n\)(.|\n)*x\[None\]",
    ),
    "a stack, a mask and no time axis": (
        lambda: deep(np.ones(3), mask=np.array(True)),
        r"\(B, T, n\) or \(T, n\)",
    ),
    "truncated without a time axis": (
        lambda: truncated(layer, np.ones(3), 2),
        r"\(B, T, n\) or \(T, n\)",
    ),
    "truncated without a step": (
        lambda: truncated(layer, np.ones((0, 3)), 2),
        r"with T > 0",
    ),
    "a size for the sizes of hidden layers": (
        lambda: LSTM(3, 2, hidden={"forget": 6}),
        r"gate 'f': 6(.|\n)*a tuple(.|\n)*\(6,\)",
    ),
    "a memory of no number of steps": (
        lambda: LSTM(3, 2, chrono=float("nan")),
        r"chrono=nan(.|\n)*at least 2",
    ),
    "a memory without an end": (
        lambda: LSTM(3, 2, chrono=float("inf")),
        r"chrono=inf(.|\n)*at least 2",
    ),
    "a sum of unequal widths": (
        lambda: Bidirectional(LSTM(3, 2), LSTM(3, 4, reverse=True), merge="sum"),
        r"forth\.m: 2(.|\n)*back\.m: 4(.|\n)*merge=\"concat\"",
    ),
    "other outputs": (lambda: LSTM(3, 2, outputs="zeros"), r'"hold"(.|\n)*"zero"'),
    "two layers that read forward": (
        lambda: Bidirectional(LSTM(3, 2), LSTM(3, 2)),
        r"LSTM\(n, m, reverse=True\)",
    ),
    "one cell for both directions": (
        lambda: Bidirectional(layer, LSTM(layer.cell, reverse=True)),
        r"a cell of its own",
    ),
    "a second direction of a cell of one's own": (
        lambda: Bidirectional(Recurrent(LSTMCell(3, 2))),
        r"give both",
    ),
    "Keras's names of merges": (
        lambda: Bidirectional(LSTM(3, 2), merge="ave"),
        r"'concat', 'sum', 'mul', 'average', None",
    ),
    "a pair for the layer above": (
        lambda: Stack(Bidirectional(LSTM(3, 2), merge=None), LSTM(4, 2))(X),
        r"Directions of Tensors(.|\n)*merge=\"concat\" does",
    ),
    "a list of layers": (lambda: Stack([layer]), r"Stack\(\*layers\)"),
    "no layers": (Stack, r"one or more layers"),
    "a rate for dropout": (
        lambda: layer(X, dropout=0.5),
        r"draws no random numbers(.|\n)*variational\(layer",
    ),
    "a complex mask between layers": (
        lambda: deep(X, between=[np.ones((4, 5, 4), complex)]),
        r"with  mask: shape \(4, 5, 4\), complex128",
    ),
    "a rate between layers": (
        lambda: deep(X, between=[0.5]),
        r"for this shape: between\(\(4, 5, 4\), rate, rng,\s+dtype='float64'\)",
    ),
    "one mask too many": (
        lambda: deep(X, between=[None, None]),
        r"between for 1 gaps?",
    ),
    "masks of another batch": (
        lambda: layer(X, dropout=variational(layer, (2,), rng=0)),
        r"dropout on x_t(.|\n)*the shape \(4, 3\)(.|\n)*batch=\(B,\)",
    ),
    "zoneout of another batch": (
        lambda: layer(X, dropout=zoneout(layer, (2, 5), rng=0)),
        r"dropout on y_t",
    ),
    "zoneout for too few steps": (
        lambda: layer(X, dropout=zoneout(layer, (4, 3), rng=0)),
        r"mask: shape \(4, 3, 2\)(.|\n)*the shape \(4, 5, 2\)",
    ),
    "zoneout of what is not there": (
        lambda: zoneout(layer, (4, 5), h=0.5, rng=0),
        r"has y and c",
    ),
    "everything dropped": (lambda: between((4, 5), 1.0, rng=0), r"0 <= rate < 1"),
    "percent": (lambda: between((4, 5), 50, rng=0), r"rate=50"),
    "percent of zoneout": (lambda: zoneout(layer, (4, 5), y=5, rng=0), r"rate y=5"),
    "zoneout of everything": (lambda: zoneout_mean(layer, c=1.0), r"rate c=1\.0"),
    "truncating what reads from the end": (
        lambda: truncated(both, X, 2),
        r"reads from the end",
    ),
    "truncating a stack that reads from the end": (
        lambda: truncated(Stack(both, LSTM(4, 1)), X, 2),
        r"needs the whole sequence",
    ),
    "pieces of no length": (lambda: truncated(layer, X, 0), r"1, 2, 3, \.\.\."),
    "the last of a state": (lambda: last(np.ones(2)), r"\(B, T, m\) or \(T, m\)"),
    "the last of nothing": (
        lambda: last(np.ones((2, 5, 2)), [5, 0]),
        r"length 0 has no last step",
    ),
    "PyTorch's options": (
        lambda: LSTM(10, 20, num_layers=2, bidirectional=True, batch_first=True),
        r"batch_first: x is always \(B, T, n\)(.|\n)*write "
        r"Stack\(Bidirectional\(LSTM\(10, 20\)\), Bidirectional\(LSTM\(40, 20\)\)\)",
    ),
    "PyTorch's sizes": (
        lambda: LSTM(input_size=10, hidden_size=20),
        r"hidden_size: n is the size of x_t(.|\n)*write LSTM\(10, 20\)",
    ),
    "PyTorch's sizes and its number of layers": (
        lambda: LSTM(input_size=10, hidden_size=20, num_layers=9),
        r"Stack\(LSTM\(10, 20\), LSTM\(20, 20\), LSTM\(20, 20\), \.\.\.\)",
    ),
    "PyTorch's third number": (
        lambda: LSTM(10, 20, 2),
        r"reverse=2(.|\n)*num_layers, are a Stack",
    ),
    "PyTorch's projection": (
        lambda: LSTM(3, 4, proj_size=2),
        r"Recurrent\(ProjectedCell\(n, m, p\)\)",
    ),
    "Keras's one size": (lambda: LSTM(64), r"Keras calls units(.|\n)*LSTM\(n, 64\)"),
    "Keras's name of the size": (lambda: LSTM(units=64), r"write LSTM\(n, 64\)"),
    "all steps, as Keras is asked": (
        lambda: LSTM(64, return_sequences=True, return_state=True),
        r"LSTM\(64, return_sequences=True(.|\n)*y,\s+state = layer\(x\)(.|\n)*"
        r"write LSTM\(n, 64\)",
    ),
    "one step, as Keras is asked": (
        lambda: LSTM(3, 2, return_sequences=False),
        r'write LSTM\(3, 2, outputs="last"\)',
    ),
    "Keras's word for reverse": (
        lambda: LSTM(3, 2, go_backwards=True),
        r"y stays in the order of x(.|\n)*write LSTM\(3, 2, reverse=True\)",
    ),
    "Keras's dropout": (
        lambda: LSTM(3, 2, dropout=0.5, recurrent_dropout=0.5),
        r"dropout: masks are sampled first",
    ),
    "Keras's activation": (
        lambda: LSTM(3, 2, activation="relu"),
        r'activations=\{"candidate": f, "state": f\}',
    ),
    "Keras's GRU": (
        lambda: GRUCell(3, 2, reset_after=True),
        r"write ResetAfterGRUCell\(3, 2\)",
    ),
    "what is as usual there": (
        lambda: LSTM(3, 2, bias=True, dropout=0.0, activation="tanh"),
        r"write LSTM\(3, 2\)",
    ),
    "what another model computes": (
        lambda: LSTM(3, 2, bidirectional=True, activation="relu"),
        r'activations=\{"candidate": f, "state": f\}(.|\n)*the options: reverse',
    ),
    "Keras's merge mode": (
        lambda: Bidirectional(LSTM(3, 2), merge_mode="sum"),
        r"merge=\.\.\.(.|\n)*options: forth, back, merge",
    ),
    "a cell of Keras": (lambda: GRUCell(units=4), r"write GRUCell\(n, 4\)"),
    "an option that is misspelt": (
        lambda: LSTM(3, 2, hiden={}),
        r"hiden: there is no such option; perhaps hidden\?(.|\n)*options: reverse",
    ),
    "Keras's initial state": (
        lambda: layer(X, initial_state=[H, H]),
        r"layer\(initial_state=\.\.\.\)(.|\n)*layer\(x, state\), a State\(y, c\)",
    ),
    "a stack of one state": (
        lambda: deep(X, state=[None, None]),
        r"stack\(x, states\)",
    ),
    "Keras's training": (
        lambda: both(X, training=True),
        r"computes the same in training",
    ),
    "options beside a cell": (
        lambda: LSTM(LSTMCell(3, 2), 7, init="torch"),
        r"LSTM\(cell, m=7, init='torch'\)(.|\n)*has its own",
    ),
    "directions of other inputs": (
        lambda: Bidirectional(LSTM(3, 2), LSTM(4, 2, reverse=True)),
        r"back\.n: 4(.|\n)*both read the\s+same x",
    ),
    "widths that do not follow": (
        lambda: Stack(LSTM(3, 4), both),
        r"layer 1 reads 3 numbers, and layer 0 makes 4(.|\n)*follow each other",
    ),
    "a class in a stack": (lambda: Stack(LSTM, LSTM), r"of the class: LSTM\(3, 4\)"),
    "a function in a stack": (
        lambda: Stack(layer, mg.tanh),
        r"layer 1: <function tanh(.|\n)*mg\.Sequential\(function\)",
    ),
    "PyTorch's options of a stack": (
        lambda: Stack(layer, num_layers=2),
        r"num_layers: a Stack has as many layers",
    ),
    "dropout for all layers at once": (
        lambda: deep(X, dropout=0.5),
        r"dropout: 0\.5(.|\n)*give 2 entries(.|\n)*variational\(layer, \.\.\.\)",
    ),
    "a class in both directions": (
        lambda: Bidirectional(LSTM),
        r"of the class: LSTM\(3, 2\)",
    ),
    "a merge in the second place": (
        lambda: Bidirectional(layer, "sum"),
        r"Bidirectional\(layer, merge='sum'\)",
    ),
    "steps with fewer than no axes": (
        lambda: TimeDistributed(mg.Dense(3, 2), rank=-1),
        r"rank counts the axes of x_t",
    ),
    "a number at every step": (
        lambda: TimeDistributed(3),
        r"a Module is called at every step",
    ),
    "a class at every step": (
        lambda: TimeDistributed(mg.Dense),
        r"TimeDistributed\(mg\.Dense\(3, 2\)\)",
    ),
    "lengths at every step": (
        lambda: TimeDistributed(mg.Dense(3, 2))(X, lengths=[1]),
        r"lengths=\.\.\.(.|\n)*has no option",
    ),
    "truncated the other way round": (
        lambda: truncated(X, layer, 2),
        r"layer: shape \(4, 5, 3\)(.|\n)*no layer over time",
    ),
    "pieces of no size": (lambda: truncated(layer, X), r"argument: 'k'"),
    "a rate in pieces": (
        lambda: list(truncated(layer, X, 2, dropout=0.5)),
        r"draws no random numbers",
    ),
    "the last of what a layer returns": (
        lambda: last(layer(X)),
        r"of a tuple(.|\n)*y, state = layer\(x\); last\(y, lengths\)",
    ),
    "one length for all": (
        lambda: layer(X, lengths=5),
        r"np\.full\(\(4,\), 5\)",
    ),
    "an array of masks around the cell": (
        lambda: layer(X, dropout=between((4, 5, 3), 0.5, 0)),
        r"dropout: shape \(4, 5, 3\)(.|\n)*between layers of a Stack",
    ),
    "a rate for all of a state": (
        lambda: zoneout(layer, (4, 5), 0.1, rng=0),
        r"zoneout\(layer, shape, y=0\.1, c=0\.1, rng=rng\)",
    ),
    "a rate by another name": (
        lambda: variational(layer, (4,), rate=0.2, rng=0),
        r"has no option of that name(.|\n)*it takes layer, batch, x, y, rng",
    ),
    "masks that nobody draws": (
        lambda: variational(layer, (4,), x=0.2),
        r"argument: 'rng'",
    ),
    "a seed that is none": (lambda: LSTM(3, 2, rng="a"), r"rng='a'(.|\n)*write rng=0"),
    "a start in a list": (lambda: LSTM(3, 2, init=["keras"]), r"glorot, keras, torch"),
    "a bias for each neuron": (
        lambda: LSTM(3, 2, forget_bias=np.ones(2)),
        r"forget_bias: shape \(2,\)(.|\n)*cell\.forget\.b\.data",
    ),
    "a forget bias without a forget gate": (
        lambda: GRUCell(3, 2, forget_bias=1.0),
        r"its boxes are reset, update, candidate(.|\n)*leave it away",
    ),
    "a memory in words": (lambda: LSTM(3, 2, chrono="a"), r"chrono is one number"),
    "one size for all gates": (
        lambda: LSTM(3, 2, hidden=6),
        r"hidden: 6(.|\n)*hidden=\{'forget': \(6,\)\}",
    ),
    "one activation for all gates": (
        lambda: LSTM(3, 2, activations=mg.relu),
        r"activations=\{'forget':\s+mg\.relu\}",
    ),
    "an activation by its name": (
        lambda: LSTM(3, 2, activations={"candidate": "relu"}),
        r"gate 'c': 'relu'(.|\n)*pass the function, mg\.relu",
    ),
    "a hidden layer of no size": (
        lambda: LSTM(3, 2, hidden={"forget": (4, 0)}),
        r"gate 'f', hidden=\(4, 0\)(.|\n)*0 is no size",
    ),
    "weights that are whole numbers": (
        lambda: LSTM(3, 2, dtype=int),
        r"LSTMCell\(\.\.\., dtype=<class 'int'>\)(.|\n)*\"float32\" or \"float64\"",
    ),
    "PyTorch's size of a projection": (
        lambda: ProjectedCell(3, 4, proj_size=2),
        r"proj_size: p, the size of y",
    ),
    "a projection without its size": (
        lambda: ProjectedCell(3, 4),
        r"p = None is no size(.|\n)*ProjectedCell\(n=3, m=2, p=1\)",
    ),
    "a bound in words": (
        lambda: ClippedCell(3, 2, clip_c="a"),
        r"give a positive number, or None",
    ),
    "a cell from one size": (lambda: IRNNCell(3), r"IRNNCell\(n, 3\)"),
    "a name of PyTorch's layer": (
        lambda: layer.hidden_size,
        r"LSTM has no hidden_size(.|\n)*write layer\.m",
    ),
    "PyTorch's weights": (
        lambda: layer.weight_ih_l0,
        r"to_torch\(layer\): of lstm\.exchange",
    ),
    "a method of PyTorch's layer": (
        lambda: layer.flatten_parameters(),
        r"leave it out: every gate",
    ),
    "a stateful layer": (
        lambda: layer.reset_states(),
        r"y, state = layer\(x\): a layer keeps no state",
    ),
    "a part of a model for the model": (
        lambda: from_torch(to_torch(layer), "lstm."),
        r"into: 'lstm\.'(.|\n)*prefix='lstm\.'",
    ),
    "weights of Flax in a list": (lambda: from_flax([X]), r"variables\['params'\]"),
    "no nodes of ONNX": (lambda: from_onnx([X]), r"what to_onnx or read_onnx returns"),
    "no steps to distribute over": (
        lambda: TimeDistributed(mg.Dense(3, 2))(np.ones((4, 0, 3))),
        r"T > 0",
    ),
}


@pytest.mark.parametrize(("mistake", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_answered_with_its_reason_and_its_fix(mistake, words):
    with pytest.raises((TypeError, ValueError, AttributeError), match=words) as caught:
        mistake()
    text = str(caught.value)
    assert "test_lstm_layer_words.py:" in text.split("\n")[0] + text.split("\n")[1]
    assert "\n  why   " in text and "\n  fix   " in text
    assert max(map(len, text.split("\n"))) <= 88


def test_a_batch_may_be_a_number_of_sequences():
    assert layer.start(4).c.shape == State.zeros(2, 4).c.shape == (4, 2)
    assert variational(layer, 4, x=0.5, rng=0).x.shape == (4, 3)
    assert LSTMCell(3, 2).start(4).y.shape == (4, 2)


def test_masks_of_ones_own_are_welcome():
    ones = Variational(np.ones((4, 3)), np.ones((4, 2)))
    kept = Zoneout(State(np.zeros((4, 5, 2), bool), np.zeros((4, 5, 2), bool)))
    y, _ = layer(X, dropout=[ones, kept])
    np.testing.assert_array_equal(y.data, layer(X)[0].data)
    named = both(X, dropout=Directions(backward=ones))
    assert named[0].shape == (4, 5, 4)
