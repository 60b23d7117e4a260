"""Dots and lines: every line a weight that was recorded, every dot an entry."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from measured_svg import struck
from view_cases import CELLS, dense, once, sequence

import lstm
import minigrad as mg
from lstm import LSTM, Bidirectional, LSTMCell, Stack
from lstm.variants import PeepholeCell
from minigrad.drawing import VIEWS, draw
from minigrad.drawing.neuron.lines import path_of
from minigrad.drawing.neuron.network import Network
from minigrad.primitive import Elementwise
from minigrad.structure.provenance import length


def tape(made):
    return mg.Tape(*(made if isinstance(made, list) else [made]))


def threads(sheet):
    """Return what the coloured lines say: one weight each."""
    says = [(tail, head, look["tooltip"]) for tail, head, look in sheet.edges]
    return [(tail, head, text) for tail, head, text in says if "] = " in text]


def test_every_weight_is_one_line_that_says_its_number():
    cell = LSTMCell(3, 2, rng=0)
    said = [
        text for _, _, text in threads(next(VIEWS["neuron"].sheets(tape(once(cell)))))
    ]
    gates = cell.forget, cell.input, cell.candidate, cell.output
    assert sorted(said) == sorted(
        f"{gate.W.name}[{k + 1}, {j + 1}] = {gate.W.data[k, j]:.4g}"
        for gate in gates
        for k in range(2)
        for j in range(5)
    )


def test_a_neuron_reads_every_entry_of_x_and_of_y_and_its_own_entry_of_c():
    sheet = next(VIEWS["neuron"].sheets(tape(once(LSTMCell(3, 2, rng=0)))))
    sources = {}
    for tail, head, _ in threads(sheet):
        sources.setdefault(head, set()).add(tail)
    assert {len(found) for found in sources.values()} == {5}
    assert len(sources) == 8
    loops = [look for tail, head, look in sheet.edges if tail == head]
    assert len(loops) == 2


def test_a_positive_weight_is_blue_and_a_negative_one_orange_and_dashed():
    sheet = next(VIEWS["neuron"].sheets(tape(once(LSTMCell(3, 2, rng=0)))))
    for _, _, look in sheet.edges:
        if "] = " in look["tooltip"]:
            negative = "] = -" in look["tooltip"]
            assert look["color"].startswith("#d55e00" if negative else "#0072b2")
            assert ("style" in look) == negative


def test_a_name_that_is_wider_than_a_dot_is_not_written_on_it():
    names = ("x", "x"), ("x_prev", "x"), ("x_0", "x"), ("target", "")
    for name, written in names:  # a name's end says when, and its dots stand there
        x = mg.Tensor(np.ones(3), name)
        sheet = next(VIEWS["neuron"].sheets(tape(mg.Dense(3, 2, mg.tanh, rng=0)(x))))
        labels = [
            look["label"]
            for *_, look in sheet.nodes
            if f"of {name} " in look.get("tooltip", "")
        ]
        assert len(labels) == 3
        dots = [f">{written}[{k}]<" if written else f">{k}<" for k in (1, 2, 3)]
        assert all(dot in label for dot, label in zip(dots, labels, strict=True))


def test_y_stands_above_its_own_c():
    sheet = next(VIEWS["neuron"].sheets(tape(once(LSTMCell(3, 2, rng=0)))))
    dots = {id: at for id, at, _, look in sheet.nodes if look["shape"] == "ellipse"}
    upright = [
        (tail, head)
        for tail, head, look in sheet.edges
        if look["tooltip"].startswith("c,")
    ]
    assert len(upright) == 2
    assert all(dots[tail][0] == dots[head][0] for tail, head in upright)


@pytest.mark.parametrize("name", CELLS)
def test_no_line_passes_behind_a_dot(name):
    sheet = next(VIEWS["neuron"].sheets(tape(CELLS[name]())))
    dots = {id: at for id, at, _, look in sheet.nodes if look["shape"] == "ellipse"}
    for tail, head, look in sheet.edges:
        if tail == head:
            continue
        words = [word for word in look["pos"].split() if not word.startswith("e,")]
        points = [tuple(map(float, word.split(","))) for word in words]
        curves = [points[k : k + 4] for k in range(0, len(points) - 3, 3)]
        path = np.concatenate([path_of(curve) for curve in curves])
        for id, at in dots.items():
            if id not in (tail, head):
                assert np.hypot(*(path - at).T).min() > 14, look["tooltip"]


def test_a_feed_forward_network_is_drawn_in_the_same_way():
    sheet = next(VIEWS["neuron"].sheets(tape(dense())))
    assert len(threads(sheet)) == 3 * 4 + 4 * 2 + 2 * 1
    assert not any(tail == head for tail, head, _ in sheet.edges)
    heights = [at[1] for id, at, _, look in sheet.nodes if look["shape"] == "ellipse"]
    assert len(set(heights)) == 4


def test_a_deeper_box_has_a_row_of_neurons_more():
    sheet = next(VIEWS["neuron"].sheets(tape(CELLS["deeper"]())))
    assert len(threads(sheet)) == 6 * 5 + 2 * 6 + 3 * 2 * 5


@pytest.mark.parametrize("name", CELLS)
def test_dots_do_not_overlap(name):
    sheet = next(VIEWS["neuron"].sheets(tape(CELLS[name]())))
    dots = [at for _, at, _, look in sheet.nodes if look["shape"] == "ellipse"]
    for one, other in itertools.combinations(dots, 2):
        assert np.hypot(one[0] - other[0], one[1] - other[1]) > 30


@pytest.mark.parametrize("name", CELLS)
def test_all_that_an_entry_reads_has_a_line(name):
    network = Network(tape(CELLS[name]()))
    drawn = set(network.level)
    for value, lines in network.feeds.items():
        for (source, _), _ in lines:
            assert source in drawn or network.before[source] is value


# ------------------------------------------------------------------- several layers


class Stacked(mg.Module):
    def __init__(self):
        self.first, self.second = LSTM(3, 4, rng=0), LSTM(4, 2, rng=1)
        self.answer = mg.Dense(2, 1, mg.sigmoid, rng=0)

    def forward(self, x):
        return self.answer(self.second(self.first(x)[0])[0])


class BothWays(mg.Module):
    def __init__(self):
        self.forth, self.back = LSTM(3, 2, rng=0), LSTM(3, 2, rng=1)
        self.answer = mg.Dense(4, 1, mg.sigmoid, rng=0)

    def forward(self, x):
        forth, back = self.forth(x)[0], self.back(x[::-1])[0]
        return self.answer(mg.concatenate([forth, back[::-1]], axis=-1))


def x(steps=5):
    return mg.Tensor(np.random.default_rng(0).normal(size=(steps, 3)), "X")


def test_a_stack_is_drawn_layer_above_layer():
    made = Stacked()(x())
    network = Network(tape(made))
    assert [step.t for step in network.steps] == [2, 2]
    lower, upper = [
        next(e for g in step.groups for e in g.entries if e.name == "y")
        for step in network.steps
    ]
    assert 0 < network.level[lower] < network.level[upper]
    weights = 4 * 4 * (3 + 4) + 4 * 2 * (4 + 2) + 2
    assert len(threads(next(VIEWS["neuron"].sheets(tape(made))))) == weights


def test_the_upper_layer_reads_what_the_lower_made_at_the_same_time():
    made = Stacked()(x())
    network = Network(tape(made))
    lower, upper = network.steps
    (x_2,) = upper.inputs
    (y_2,) = {owner for owner, _ in network.parts(x_2)}
    assert y_2 in {entry for group in lower.groups for entry in group.entries}
    np.testing.assert_array_equal(x_2.data, y_2.data)


@pytest.mark.parametrize("steps", [2, 3, 5])
def test_a_layer_that_runs_backwards_is_drawn_at_the_step_that_reads_the_same_x(steps):
    network = Network(tape(BothWays()(x(steps))))
    forth, back = network.steps
    assert (forth.t, back.t) == (2, steps - 1)
    inputs = [each for each in network.level if each.name == "x"]
    assert len(inputs) == 1  # both read the same entries of X
    np.testing.assert_array_equal(forth.inputs[0].data, back.inputs[0].data)


@pytest.mark.parametrize("merge", ["concat", "sum", "mul", "average"])
def test_two_directions_are_drawn_where_they_are_merged(merge):
    layer = Bidirectional(LSTM(3, 2, rng=0), LSTM(3, 2, rng=1, reverse=True), merge)
    network = Network(tape(layer(x(5))[0]))
    forth, back = network.steps
    np.testing.assert_array_equal(forth.inputs[0].data, back.inputs[0].data)
    assert len([each for each in network.level if each.name == "x"]) == 1


def test_a_stack_of_lstm_is_drawn_layer_above_layer():
    made = Stack(LSTM(3, 4, rng=0), LSTM(4, 2, rng=1))(x())[0]
    network = Network(tape(made))
    assert len(network.layers) == 8
    assert max(network.level.values()) == 6


def test_steps_that_are_not_real_do_not_change_what_a_real_one_reads():
    layer = LSTM(3, 2, rng=0)
    batch = mg.Tensor(np.ones((2, 4, 3)), "X")
    masked = next(VIEWS["neuron"].sheets(tape(layer(batch, lengths=[4, 2])[0])))
    whole = next(VIEWS["neuron"].sheets(tape(layer(batch)[0])))
    assert threads(masked) == threads(whole)
    assert [(t, h) for t, h, _ in masked.edges] == [(t, h) for t, h, _ in whole.edges]


def test_who_reads_the_last_state_only_is_drawn_at_the_last_step():
    layer, answer = LSTM(3, 2, rng=0), mg.Dense(2, 1, rng=0)
    made = answer(layer(np.ones((4, 3)))[1].y)
    assert "drawn: t = 4, one of 4 time steps" in draw(made, "neuron").dot


def test_a_dense_layer_that_ran_at_every_step_is_drawn_once():
    answer = mg.Dense(2, 1, rng=0)
    y = sequence(4)
    made = mg.stack([answer(y[t]) for t in range(4)])
    sheet = next(VIEWS["neuron"].sheets(tape(made)))
    assert len(threads(sheet)) == 4 * 2 * 5 + 2


def test_a_peephole_is_one_line_for_every_neuron():
    cell = PeepholeCell(3, 2, rng=0)
    for p in (cell.p_f, cell.p_i, cell.p_o):
        p.data = np.array([0.5, -0.25])
    sheet = next(VIEWS["neuron"].sheets(tape(once(cell))))
    said = [text for _, _, text in threads(sheet)]
    for letter in "fio":
        assert {f"p_{letter}[1] = 0.5", f"p_{letter}[2] = -0.25"} <= set(said)
    assert len(said) == 4 * 2 * 5 + 3 * 2


def test_slices_of_one_matrix_product_are_neurons_of_one_layer():
    W, v = mg.Parameter(np.ones((4, 3)), "W"), mg.Tensor([1.0, 2.0, 3.0], "v")
    z = mg.matvec(W, v)
    made = mg.sigmoid(z[:2]) * mg.tanh(z[2:])
    network = Network(tape(made))
    (lines,) = network.feeds.values()
    read = {(j, k) for (_, j), k in lines}
    assert read == {(0, 0), (1, 1), (2, 0), (3, 1)}


# ----------------------------------------------------------------- what is left out


def test_a_crowded_picture_draws_the_dark_neuron_and_counts_the_rest():
    sheet = next(VIEWS["neuron"].sheets(tape(once(LSTMCell(8, 6, rng=0), 8, 6))))
    assert len(threads(sheet)) == 4 * 14
    assert "drawn: 56 of 336 weights, those of neuron 1" in sheet.notes


@pytest.mark.parametrize(("n", "m"), [(12, 10), (30, 64)])
def test_long_vectors_are_shortened_and_the_picture_says_so(n, m):
    made = once(LSTMCell(n, m, rng=0), n, m)
    *_, sheet = VIEWS["neuron"].sheets(tape(made))
    dots = [node for node in sheet.nodes if node[3]["shape"] == "ellipse"]
    assert len(dots) < 60
    assert f"· · ·: entries left out, of up to {max(n, m)}" in sheet.notes
    whole = 4 * m * (n + m)
    assert any(re.fullmatch(rf"drawn: \d+ of {whole} .*", each) for each in sheet.notes)


def test_a_batch_is_drawn_as_one_vector_and_the_picture_says_so():
    made = mg.Dense(3, 2, mg.tanh, rng=0)(mg.Tensor(np.ones((6, 3)), "X"))
    sheet = next(VIEWS["neuron"].sheets(tape(made)))
    assert len(threads(sheet)) == 6
    assert "drawn: one of 6 vectors, all computed alike" in sheet.notes
    batch = LSTM(3, 2, rng=0)(np.ones((4, 5, 3)))[0]
    sheet = next(VIEWS["neuron"].sheets(tape(batch)))
    assert "drawn: one of 4 vectors, all computed alike" in sheet.notes


def test_a_picture_that_shows_everything_says_nothing_of_leaving_out():
    for make in (CELLS["LSTM"], dense):
        sheet = next(VIEWS["neuron"].sheets(tape(make())))
        assert "drawn" not in "".join(sheet.notes)


def test_too_many_layers_are_refused_with_a_way_out():
    network = mg.Sequential(*(mg.Dense(12, 12, mg.tanh, rng=0) for _ in range(110)))
    with pytest.raises(
        ValueError, match=r"(?s)110 dense layers.*why.*fix.*lower layer"
    ):
        draw(network(mg.Tensor(np.ones(12), "x")), "neuron")


@pytest.mark.parametrize("activation", [mg.relu, mg.tanh])
def test_an_activation_mixes_no_neurons_whether_on_or_off(activation):
    model = mg.Sequential(mg.Dense(3, 5, activation, rng=0), mg.Dense(5, 2, rng=1))
    x = mg.Tensor([1.0, -2.0, 0.5], name="x")
    drawn = next(VIEWS["neuron"].sheets(tape(model(x))))
    assert len(drawn.edges) == len(threads(drawn)) == 3 * 5 + 5 * 2


# ------------------------------------------------------------------ what reads what


def projected(*names):
    rng = np.random.default_rng(0)
    X = mg.Tensor(rng.normal(size=(3, 2)), "X")
    return [X @ mg.Parameter(rng.normal(size=(2, 4)), name) for name in names]


def test_attention_is_not_drawn_as_dots_and_says_why():
    """Entry j of K.T is a vector of K, and its dots would be those of one entry."""
    q, k, v = projected("W_Q", "W_K", "W_V")
    dot = draw(mg.softmax(q @ k.T) @ v, "neuron").dot
    because = "several vectors of a matmul (3, 4) stand in one vector of a transpose"
    assert f"because entries of {because} (4, 3)" in " ".join(dot.split())


@pytest.mark.parametrize("many", [1, 2, 3, 5])
def test_a_matrix_times_columns_is_not_drawn_as_dots(many):
    W = mg.Parameter(np.ones((2, 3)), "W")
    dot = draw(W @ mg.Tensor(np.ones((3, many)), "X"), "neuron").dot
    assert "because W does not multiply vectors" in dot


def test_a_product_of_what_was_computed_reads_columns_of_the_second_only():
    """A has 4 columns, V has 4: entry k of A V reads all of A's and V's k-th."""
    (a,) = projected("W_A")
    v = mg.tanh(mg.Parameter(np.ones((4, 4)), "W_V") * mg.Tensor(np.ones((4, 4)), "V"))
    made = mg.matmul(a, v)
    lines = Network(tape(made)).feeds[made]
    read = {owner.shape: set() for (owner, _), _ in lines}
    for (owner, j), k in lines:
        read[owner.shape].add((j, k))
    assert read[(3, 4)] == set(itertools.product(range(4), repeat=2))
    assert read[(4, 4)] == {(k, k) for k in range(4)}


@pytest.mark.parametrize("axis", [0, 1])
def test_a_sum_over_vectors_reads_entry_by_entry_and_one_over_entries_reads_all(axis):
    (v,) = projected("W_V")
    made = mg.exp(v).sum(axis=axis, keepdims=True)
    lines = Network(tape(mg.tanh(made))).feeds
    read = {(j, k) for found in lines.values() for (_, j), k in found}
    pairs = {(k, k) for k in range(4)} if axis == 0 else {(j, 0) for j in range(4)}
    assert read == pairs


def test_a_box_that_ends_in_a_sum_over_its_neurons_is_not_drawn_as_dots():
    (v,) = projected("W_V")
    assert "placed by Graphviz" in draw(mg.tanh(v.sum(axis=1)), "neuron").dot


def test_a_vector_of_weights_is_one_neuron():
    w = mg.Parameter(np.array([0.5, -0.25]), "w")
    sheet = next(VIEWS["neuron"].sheets(tape(mg.tanh(w @ mg.Tensor(np.ones(2), "x")))))
    assert [text for *_, text in threads(sheet)] == ["w[1] = 0.5", "w[2] = -0.25"]


# ---------------------------------------------------------- the true dependencies


def reaching(network):
    """Return for each entry that is drawn the entries from outside that reach it."""
    found = {}

    def of(entry):
        value, k = entry
        if value not in network.layers and value not in network.feeds:
            return {entry}
        if entry not in found:
            if value in network.layers:
                rows = network.lines(network.layers[value])
                read = [row[k : k + 1] if isinstance(product.primitive, Elementwise)
                        else row for product, row in rows]  # fmt: skip
                sources = [each for row in read for each in row]
            else:
                sources = [s for s, n in network.feeds[value] if n == k]
            found[entry] = set().union(*map(of, sources))
        return found[entry]

    for value in [*network.layers, *network.feeds]:
        for k in range(length(value)):
            of((value, k))
    return found


class OwnRNN(mg.Module):
    """Elman 1990, with two matrices that are added."""

    def __init__(self):
        rng = np.random.default_rng(0)
        self.W = mg.Parameter(rng.normal(size=(2, 3)), "W")
        self.U = mg.Parameter(rng.normal(size=(2, 2)), "U")

    def forward(self, x, y):
        return mg.tanh(mg.matvec(self.W, x) + mg.matvec(self.U, y))


def own_rnn(steps=3):
    cell, rng = OwnRNN(), np.random.default_rng(1)
    y = mg.Tensor(rng.normal(size=2), "y_0")
    for t in range(1, steps + 1):
        x = mg.Tensor(rng.normal(size=3), "x")
        with mg.scope("RNN", t):
            y = cell(x, y)
            y.name = "y"
    return y


def variant(cell):
    rng = np.random.default_rng(2)
    for each in cell.parameters():  # no identity, no peephole of zeros
        each.data = rng.normal(size=each.shape)
    start = cell.start()
    parts = zip(start._fields, start, strict=True)
    state = [mg.Tensor(rng.normal(size=np.shape(v)), f"{k}_0") for k, v in parts]
    return cell(mg.Tensor(rng.normal(size=3), "x"), type(start)(*state)).y


def written(sheet):
    """Return what is written, subscripts after a low line."""
    labels = (look["label"].replace("<SUB>", "_") for *_, look in sheet.nodes)
    return {re.sub("<[^>]*>", "", label[1:-1]) for label in labels}


MODELS = {
    # The matrices of the strange one are identities: a weight of 0 is a line, too.
    **{name: lambda name=name: CELLS[name]() for name in CELLS if name != "strange"},
    **{kind.__name__: lambda kind=kind: variant(kind(3, 2, rng=0)) for kind in (
        lstm.LSTMCell, lstm.PeepholeCell, lstm.LayerNormCell, lstm.GRUCell,
        lstm.ResetAfterGRUCell, lstm.RNNCell, lstm.IRNNCell, lstm.CoupledCell,
        lstm.NoOutputGateCell)},
    "own RNN": own_rnn,
    "MLP": lambda: mg.Sequential(mg.Dense(3, 4, mg.tanh, rng=0), mg.Dense(4, 2, rng=1))(
        mg.Tensor(np.random.default_rng(3).normal(size=3), "x")),
    "softmax head": lambda: mg.softmax(mg.Dense(3, 4, rng=0)(
        mg.Tensor(np.random.default_rng(3).normal(size=3), "x"))),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_the_lines_are_the_true_dependencies(name):
    """What reaches an entry along lines is where its Jacobian is not 0."""
    made = MODELS[name]()
    network = Network(tape(made))
    if any(value.ndim != 1 for value in network.level if value.shape):
        pytest.skip("a batch: a dot stands for many entries")
    found = reaching(network)
    assert found
    outside = list(dict.fromkeys(v for each in found.values() for v, _ in each))
    for (value, k), entries in found.items():
        seed = np.zeros(value.shape)
        seed[(k,) if value.shape else ()] = 1.0
        rows = mg.grad(value, outside, seed=seed)
        true = {(v, int(j)) for v, row in zip(outside, rows, strict=True)
                for j in np.flatnonzero(row)}  # fmt: skip
        assert entries <= true, (value.name, k)
        if all(v.primitive is None for v in outside):  # else one may depend on another
            assert true == entries, (value.name, k)


def test_a_plain_rnn_shows_what_it_reads_of_the_step_before_and_the_way_back():
    dot = draw(own_rnn(), "neuron").dot
    sheet = next(VIEWS["neuron"].sheets(tape(own_rnn())))
    assert "y_t−1 (2,)" in written(sheet)
    lines = [look for *_, look in sheet.edges if "U[" in look["tooltip"]]
    assert len(lines) == 4
    assert "what the next time step reads" in dot
    assert "to the next time step" in sheet.entries["back"][1]


def test_entries_stand_in_brackets_and_times_below():
    sheet = next(VIEWS["neuron"].sheets(tape(sequence(3))))
    assert {"x[1]", "y[2]", "f[1]", "c[2]", "x_t (3,)", "y_t−1 (2,)"} <= written(sheet)


def test_what_mixes_its_neurons_is_drawn_mixed():
    """Each gate of the layer-norm cell: a mean and a variance read all of W v."""
    network = Network(tape(variant(lstm.LayerNormCell(3, 2, rng=0))))
    single = [v for v in network.points if length(v) == 1]
    assert len(single) == 2 * 5  # four gates, and c
    for value in single:
        assert {j for (_, j), _ in network.feeds[value]} >= {0, 1} or all(
            s in single for (s, _), _ in network.feeds[value]
        )


def test_a_curve_whose_points_stand_in_line_is_that_line():
    in_line = [(0.0, 3.0), (10.0, 9.0), (20.0, 15.0), (30.0, 21.0)]
    np.testing.assert_allclose(path_of(in_line), path_of([in_line[0], in_line[-1]]))


def test_beside_a_dot_whose_name_does_not_fit_stands_what_it_is():
    x = mg.Tensor([1.0, 2.0], name="x")
    loss = mg.squared_error(mg.Dense(2, 1, rng=0)(x), np.zeros(1))
    made = draw(loss, "neuron").dot
    loss.name = "the_loss_of_it"
    named = draw(loss, "neuron").dot
    assert "squared error ()" in made or "mean ()" in made
    assert "loss" in named
    assert "squared" not in named


@pytest.mark.parametrize("loss", [
    lambda y, target: ((y - target) ** 2).sum(),
    lambda y, target: mg.mean((y - target) ** 2),
    mg.squared_error,
])  # fmt: skip
def test_what_a_loss_adds_up_has_dots(loss):
    """One for each entry: its line comes from that neuron, and from its target."""
    target = mg.Tensor(np.zeros(2), name="target")
    y = mg.Dense(3, 2, mg.tanh, rng=0)(mg.Tensor(np.ones(3), name="x"))
    network = Network(tape(loss(y, target)))
    (squares,) = (v for v in network.points if length(v) == 2)
    read = {(value.name, j, k) for (value, j), k in network.feeds[squares]}
    assert read == {(each, k, k) for each in (y.name, "target") for k in (0, 1)}


def masked(count):
    """An RNN whose state, a product, has no name of its own."""
    W, U = mg.Parameter(np.ones((3, 2)), "W"), mg.Parameter(np.ones((3, 3)), "U")
    m, h = mg.Tensor(np.ones(3), "m"), mg.Tensor(np.zeros(3), "h_0")
    for t in range(1, count + 1):
        with mg.scope(t):
            x = mg.Tensor(np.ones(2), "x")
            h = mg.tanh(mg.matvec(W, x) + mg.matvec(U, h)) * m
    return h


def test_neither_a_way_back_nor_a_curve_runs_through_what_stands_beside_dots():
    h = masked(3)
    assert "what the next time step reads" in draw(h, "neuron").dot
    assert not struck(draw(h, "neuron").svg())
    once = masked(1)
    svg = draw(mg.mean(mg.softmax(once) * once), "neuron").svg()
    assert not struck(svg) and "÷ 3 ()" in svg
