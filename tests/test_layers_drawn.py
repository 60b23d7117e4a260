"""Several recurrent layers in one picture: none is forgotten, each has its place."""

from __future__ import annotations

import collections
import functools
import itertools
import re
import sys
import xml.etree.ElementTree as ET
from contextlib import nullcontext

import numpy as np
import pytest
from conftest import RENDERERS
from hypothesis import given
from hypothesis import strategies as st
from test_views import PLACED, tape
from test_wires import rectangles
from view_cases import LAYERS, Elman, inputs, over_time, sequence, stack

import minigrad as mg
from lstm import LSTM, Bidirectional, LSTMCell, PeepholeCell, Stack
from minigrad.drawing import VIEWS, draw
from minigrad.drawing.cell.row_of_cells import BETWEEN
from minigrad.numpy_protocol.array_like import plain
from minigrad.structure.layers import Layers
from minigrad.structure.provenance import Provenance
from minigrad.structure.sublayers import structure


def layers(name, steps=3):
    return Layers(mg.Tape(LAYERS[name](steps)))


@functools.cache
def sheet(name, view, steps=3):
    return next(VIEWS[view].sheets(mg.Tape(LAYERS[name](steps))))


def frames(drawn):
    """Return what each frame says, from the lowest up and from left to right."""
    found = sorted((low[1], low[0], look["label"]) for low, _, look in drawn.frames)
    said = [label[1:-1] if label[0] == "<" else label for _, _, label in found]
    return [re.sub("<.*?>", "", label) for label in said]


def boxes(drawn):
    return [id for id, _, _, look in drawn.nodes if look.get("fillcolor") == "#ffeeaa"]


def belts(drawn):
    """Return the thick wires that enter a frame at its side."""
    return [edge for edge in drawn.edges if edge[2].get("penwidth") == "3"]


# ------------------------------------------------------------- which belong together


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("stack", {"layers.0": [0, 1, 2], "layers.1": [0, 1, 2]}),
        ("bidirectional", {"forth": [0, 1, 2], "back": [2, 1, 0]}),
        ("together", {"low": [0, 1, 2], "high": [0, 1, 2]}),
    ],
)
def test_a_step_stands_where_what_it_reads_does(name, columns):
    assert {layer.name: layer.columns for layer in layers(name)} == columns


def test_what_a_second_pair_reads_was_made_by_both_of_the_first():
    first, back, *_ = found = layers("twice")
    assert [layer.backward for layer in found] == [False, True, False, True]
    for layer in found[2:]:
        for makers in layer.fed.values():
            assert [found.layer_of[maker] for maker in makers] == [first, back]


def test_a_decoder_has_columns_of_its_own():
    assert [layer.band for layer in layers("decoder")] == [0, 1]


@given(st.permutations(range(4)))
def test_the_order_of_a_second_layer_is_read_from_its_inputs(order):
    x = inputs(4)
    first, _ = LSTM(3, 2, rng=0)(x)
    second, _ = LSTM(3, 2, rng=1)(x[np.array(order)])
    found = Layers(mg.Tape(first, second))
    if order in ([0, 1, 2, 3], [3, 2, 1, 0]):
        assert found[1].columns == order
        assert found[1].band == 0
    else:
        assert found[1].band == 1


@given(st.data())
def test_marks_move_as_numbers_do(data):
    made = [mg.exp(mg.Tensor(np.full(2, float(i)))) for i in range(4)]
    order = data.draw(st.permutations(range(4)))
    moved = mg.stack(made)[np.array(order)].transpose(1, 0)
    k = data.draw(st.integers(0, 3))
    value = moved[:, k] * 0.5
    assert Provenance(made=set(made)).origins(value) == [made[order[k]]]
    summed = moved.sum(axis=1)
    assert Provenance(made=set(made)).origins(summed) == []


# ------------------------------------------------------------------- what is drawn


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_every_box_of_every_layer_is_drawn_once_when_unrolled(name, steps):
    made = LAYERS[name](steps)
    drawn = next(VIEWS["unrolled"].sheets(mg.Tape(made)))
    place = {entry: i for i, entry in enumerate(mg.Tape(made))}
    recorded = [g for g in structure(mg.Tape(made)) if g.kind == "dense"]
    assert sorted(boxes(drawn)) == sorted(f"n{place[g.entries[0]]}" for g in recorded)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("view", ["gate", "folded"])
def test_one_cell_of_every_layer_is_drawn(name, view):
    drawn = sheet(name, view)
    said = frames(drawn)
    for layer in layers(name):
        assert sum(each.startswith(f"{layer.name}: ") for each in said) == 1


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5, 50])
def test_layers_are_rows_and_steps_are_columns(steps):
    said = frames(sheet("stack", "unrolled", steps))
    shown = [1, 2, steps] if steps > 4 else range(1, steps + 1)
    assert said == [f"layers.{k}: t = {t}" for k in (0, 1) for t in shown]


def test_a_backward_layer_runs_from_right_to_left():
    drawn = sheet("bidirectional", "unrolled")
    assert frames(drawn) == [
        f"{k}: t = {t}" for k in ("forth", "back") for t in (1, 2, 3)
    ]
    places = {id: xy for id, xy, _, _ in drawn.nodes}
    height = drawn.frames[3][0][1]  # of the upper row
    for tail, head, _ in belts(drawn):
        to_left = places[tail][0] > places[head][0]
        assert to_left == (places[head][1] > height), (tail, head)


def test_a_layer_that_counts_on_its_own_says_what_it_reads():
    x = inputs(3)
    ahead, back = LSTM(3, 2, rng=0), LSTM(3, 2, rng=1)
    made = mg.concatenate([ahead(x)[0], back(x[::-1])[0]], axis=-1)
    said = frames(next(VIEWS["unrolled"].sheets(mg.Tape(made))))
    assert said == [
        *(f"LSTM #1: t = {t}" for t in (1, 2, 3)),
        *(f"LSTM #2: t = {4 - t}, reads x{t}" for t in (1, 2, 3)),
    ]


@pytest.mark.parametrize(
    ("name", "links"), [("stack", 1), ("three", 2), ("together", 1)]
)
@pytest.mark.parametrize("view", PLACED)
def test_what_one_layer_makes_goes_up_into_the_next(name, links, view):
    drawn = sheet(name, view)
    columns = 3 if view == "unrolled" else 1
    rising = [id for id, _, _, _ in drawn.nodes if id.startswith("rising")]
    assert len(rising) == links * columns
    circles = [look["label"] for id, _, _, look in drawn.nodes if id[0] == "v"]
    assert sum(label.startswith('<<FONT POINT-SIZE="11">x') for label in circles) <= (
        columns
    )


def over_both():
    """Return y of an LSTM that reads both directions, and their states."""
    y, states = Stack(Bidirectional(LSTM(3, 2, rng=0)), LSTM(4, 2, rng=2))(inputs(3))
    return [y, *states[0].forward]


class Skipping(mg.Module):
    """A third layer reads the first and the second, and so does whoever is above."""

    def __init__(self):
        self.a, self.b, self.c = LSTM(3, 2, rng=0), LSTM(2, 2, rng=1), LSTM(4, 2, rng=2)

    def forward(self, x):
        first = self.a(x)[0]
        second = self.b(first)[0]
        third = self.c(mg.concatenate([first, second], axis=-1))[0]
        return mg.concatenate([second, third], axis=-1)


def from_an_array(steps):
    """Return y of two directions that each made leaves of the same array."""
    return Bidirectional(LSTM(3, 2, rng=0))(inputs(steps).data)[0]


JOINED = {
    "bidirectional": lambda: LAYERS["bidirectional"](3),
    "twice": lambda: LAYERS["twice"](3),
    "from an array": lambda: from_an_array(3),
    "over both": over_both,
    "stack": lambda: LAYERS["stack"](3),
    "three": lambda: LAYERS["three"](3),
    "both over one": lambda: Stack(LSTM(3, 4, rng=0), Bidirectional(LSTM(4, 2, rng=1)))(
        inputs(3)
    )[0],
    "skipping": lambda: Skipping()(inputs(3)),
}


def cell_of(entry):
    """Return the cell that recorded an entry: its layer and its time."""
    at = next(
        (k for k, label in enumerate(entry.scope) if isinstance(label, int)), None
    )
    return None if at is None else entry.scope[: at + 1]


def recorded(made):
    """Return which cell's y and c each cell reads, by the numbers themselves.

    Weights and inputs are random: v = [x, y_{t-1}] of a cell has the entries of a y
    only if this y was handed to it, through whatever joined it and took it out again.
    """
    named = {}
    for entry in mg.Tape(made):
        if (cell := cell_of(entry)) is not None:
            named[cell, entry.name] = set(entry.data.ravel().tolist())
            read = (np.ravel(plain(arg)).tolist() for arg in entry.args)
            named.setdefault((cell, "reads"), set()).update(*read)
    cells = {cell for cell, _ in named}
    return collections.Counter(
        (maker, cell, name)
        for cell, maker in itertools.permutations(cells, 2)
        for name, read in (("y", "v"), ("c", "reads"))
        if named[maker, name] <= named[cell, read]
    )


def drawn_between_cells(sheet):
    """Return which cell's values are led to each cell, following joins outside them."""
    at = {id: made_at(sheet, id) for id in sheet.held if id[0] != "v"}
    into = collections.defaultdict(list)  # what a join outside the cells holds
    for tail, head, look in sheet.edges:
        if head in at and at[head] is None:
            into[head].append((tail, look["tooltip"]))
    found = collections.Counter()
    for tail, head, look in sheet.edges:
        if at.get(head) is None:
            continue
        for maker, says in into.get(tail, [(tail, look["tooltip"])]):
            if maker in at and at[maker] != at[head]:
                name = "c" if says[0] == "c" else "y"  # which the next layer calls x
                found[at[maker], at[head], name] += 1
    return found


@pytest.mark.parametrize("name", JOINED)
def test_every_dependence_between_cells_is_one_wire_and_no_other_is_there(name):
    made = JOINED[name]()
    drawn = next(VIEWS["unrolled"].sheets(mg.Tape(made)))
    assert drawn_between_cells(drawn) == recorded(made)


@pytest.mark.parametrize("view", ["gate", "folded", "unrolled", "cotangents"])
@pytest.mark.parametrize("name", ["bidirectional", "twice", "from an array"])
def test_an_input_that_both_directions_read_is_one_circle_with_two_wires(name, view):
    drawn = next(VIEWS[view].sheets(mg.Tape(JOINED[name]())))
    circles = [
        id for id, _, _, look in drawn.nodes if id[0] == "v" and ">x" in look["label"]
    ]
    assert len(circles) == (3 if view == "unrolled" else 1)
    for circle in circles:
        assert len([edge for edge in drawn.edges if edge[0] == circle]) == 2


@pytest.mark.parametrize("view", ["gate", "folded", "unrolled"])
def test_what_two_directions_join_is_one_square_that_says_so(view):
    drawn = next(VIEWS[view].sheets(mg.Tape(LAYERS["twice"](3))))
    said = [re.sub("<.*?>", "", look["label"][1:-1]) for *_, look in drawn.nodes]
    times = {"gate": "2", "folded": "t", "unrolled": "123"}[view]
    for t in times:
        assert said.count(f"[→y{t}, ←y{t}&#93;") == 2
    assert "holds" not in " ".join(drawn.notes)


@pytest.mark.parametrize(
    ("merge", "said"), [("sum", "+"), ("mul", "×"), ("average", "+ ÷ 2")]
)
def test_what_two_directions_merge_is_one_circle_for_each_column(merge, said):
    both = Bidirectional(LSTM(3, 2, rng=0), merge=merge)
    made = Stack(both, LSTM(2, 2, rng=2))(inputs(3))[0]
    drawn = next(iter(VIEWS["unrolled"].sheets(mg.Tape(made))))
    circles = [id for id, *_ in drawn.nodes if re.fullmatch(r"merge\d", id)]
    assert len(set(circles)) == 3
    label = {
        id: re.sub("<.*?>", "", look["label"][1:-1]).strip()
        for id, _, _, look in drawn.nodes
        if id.startswith("merge")
    }
    wires = collections.Counter(
        (made_at(drawn, tail), made_at(drawn, head), end)
        for tail, head, _ in drawn.edges
        for end in (tail, head)
        if end in circles
    )
    cells = [("layers.0", "forth"), ("layers.0", "back"), ("layers.1",)]
    for t, circle in enumerate(circles, start=1):
        assert f"{label[circle]} {label[circle + '_of']}".strip() == said
        forth, back, above = (("Stack", *cell, t) for cell in cells)
        assert {pair for pair in wires if pair[2] == circle} == {
            (forth, None, circle), (back, None, circle), (None, above, circle),
        }  # fmt: skip
    assert set(wires.values()) == {1}


def made_at(drawn, id):
    """Return the cell that a node stands in; None for one between the cells."""
    cells = set(map(cell_of, drawn.held[id]))
    return cells.pop() if len(cells) == 1 else None


@given(st.floats(-2, 2))
def test_a_direction_is_known_where_all_inputs_are_the_same_numbers(number):
    y = Bidirectional(LSTM(3, 2, rng=0))(np.full((3, 3), number))[0]
    assert [layer.columns for layer in Layers(mg.Tape(y))] == [[0, 1, 2], [2, 1, 0]]


def test_the_folded_view_has_a_delay_for_every_state_of_every_layer():
    dot = draw(LAYERS["bidirectional"](3), "folded").dot
    assert dot.count("t → t + 1") == 2
    assert dot.count("t → t − 1") == 2


@pytest.mark.parametrize("view", PLACED)
@pytest.mark.parametrize("name", LAYERS)
def test_no_two_nodes_of_different_layers_overlap(name, view):
    found = rectangles(sheet(name, view))
    for i, one in enumerate(found):
        for other in found[i + 1 :]:
            apart = one[3] <= other[1] or other[3] <= one[1]
            assert apart or one[4] <= other[2] or other[4] <= one[2], (one, other)


@pytest.mark.parametrize("view", PLACED)
@pytest.mark.parametrize("name", LAYERS)
def test_no_wire_runs_through_a_node(name, view):
    drawn = sheet(name, view)
    nodes = [each for each in rectangles(drawn) if each[3] - each[1] > 8]
    for tail, head, look in drawn.edges:
        words = look["pos"].replace("e,", "").split()
        path = [tuple(map(float, word.split(","))) for word in words]
        for id, left, low, right, high in nodes:
            if id in (tail, head):
                continue
            inside = [
                left + 1 < x < right - 1 and low + 1 < y < high - 1 for x, y in path
            ]
            assert not any(inside), (tail, head, id)


def straight(drawn, axis):
    """Return level (0) or upright (1) parts of wires: where, from, to, and whose."""
    for tail, _, look in drawn.edges:
        words = look["pos"].replace("e,", "").split()
        path = [tuple(map(float, word.split(","))) for word in words]
        for one, other in itertools.pairwise(path):
            if one[1 - axis] == other[1 - axis] and abs(one[axis] - other[axis]) > 2:
                yield one[1 - axis], *sorted([one[axis], other[axis]]), tail


@pytest.mark.slow
@pytest.mark.parametrize("view", PLACED)
@pytest.mark.parametrize("name", [*LAYERS, "skipping", "both over one"])
@pytest.mark.parametrize("axis", [0, 1])
def test_no_two_values_share_a_way_from_layer_to_layer(name, view, axis):
    made = LAYERS[name](3) if name in LAYERS else JOINED[name]()
    found = sorted(straight(next(VIEWS[view].sheets(mg.Tape(made))), axis))
    for i, (y, _, end, tail) in enumerate(found):
        for other_y, begin, _, other in found[i + 1 :]:
            if other_y > y or begin >= end - 1:
                break
            assert tail == other, (y, tail, other)


@pytest.mark.parametrize(
    ("made", "lanes"),
    [(LAYERS["stack"](3), 0), (JOINED["skipping"](), 2), (JOINED["twice"](), 2)],
)
def test_time_steps_are_as_far_apart_as_the_lanes_between_them_need(made, lanes):
    first, second, *_ = next(iter(VIEWS["unrolled"].sheets(mg.Tape(made)))).frames
    assert second[0][0] - first[1][0] == pytest.approx(12 * (BETWEEN + lanes))


# --------------------------------------------------------------- what is not, is said


def test_what_lies_outside_the_loops_is_named():
    x = mg.Tensor(np.ones((3, 3)), "x")
    made = mg.Sequential(mg.Dense(2, 1, rng=0))(stack(3, 4, 2)(x)[0])
    says = (
        "outside the loops: stack in Stack.layers.1, matvec, add in Sequential.layers.0"
    )
    assert says in draw(made, "gate").dot


def test_too_many_steps_that_differ_are_placed_by_graphviz_and_it_is_said():
    y = mg.Tensor(np.zeros(2), "y_0")
    for t in range(1, 12):
        with mg.scope(t):
            y = Elman(3, 2)(mg.Tensor(np.ones(3), "x"), y)
    drawn = draw(y, "unrolled").dot
    assert "nop2" not in drawn
    assert "placed by Graphviz, because 11 time steps that differ are too many" in drawn


def rnn(weight, shape, in_time=True):
    """A loop over plain arrays: h = tanh(w x_t + u h) m, with m at every step."""
    w, u = (
        weight(np.full((3, n) if shape else (), 0.5), k)
        for n, k in ((2, "w"), (3, "u"))
    )
    m, h = mg.Tensor(np.ones(3), "m"), np.zeros(3)
    for t, x in enumerate(np.ones((5, 2 if shape else 3)), 1):
        with mg.scope(t) if in_time else nullcontext():
            h = mg.tanh(w @ x + u @ h if shape else w * x + u * h) * m
    return h


@pytest.mark.parametrize("view", ["gate", "unrolled", "folded"])
def test_a_loop_that_is_not_drawn_as_one_says_what_to_write(view):
    flat = draw(rnn(mg.Parameter, True, in_time=False), view).dot
    assert (
        "because the loop does not say its time steps: write with mg.scope(t):" in flat
    )
    assert "what is multiplied by w, u is a plain array" in flat
    once = draw(mg.Dense(2, 1)(mg.Dense(2, 2)(np.ones(2))), view).dot
    assert "because nothing is carried from one time step to the next" in once
    for weight, shape in ((mg.Tensor, True), (mg.Parameter, False)):
        drawn = draw(rnn(weight, shape), view).dot
        assert (
            "t = 2 could not be drawn as a cell: no matrix there is an mg.Parameter"
            in drawn
        )
    w, h = mg.Parameter(np.eye(2), "w"), np.ones(2)
    for t in range(1, 4):
        with mg.scope(t):
            h = mg.tanh(h @ w.T)
    assert "made of an mg.Parameter: mg.matvec(W, x) for x @ W.T" in draw(h, view).dot
    drawn = draw(rnn(mg.Parameter, True), view).dot
    assert "placed by" not in drawn and "by w, u is a plain array" in drawn


@pytest.mark.parametrize("many", [1, 2])
def test_what_every_step_reads_has_a_circle_below_each(many):
    """Also below a box, which is so wide that they do not cover each other."""
    m, xs = mg.Tensor(np.ones(3), "m"), [mg.Tensor(np.ones(3), "x") for _ in range(4)]
    for k in range(many):
        W, U, h = (
            mg.Parameter(np.eye(3)),
            mg.Parameter(np.eye(3)),
            mg.Tensor(np.zeros(3)),
        )
        for t in range(4):
            with mg.scope(f"layer{k}", t + 1):
                h = xs[t] = mg.tanh(mg.matvec(W, xs[t]) + mg.matvec(U, h)) * m
    for drawn in VIEWS["unrolled"].sheets(mg.Tape(h)):
        circles = [n for n in drawn.nodes if n[3].get("tooltip", "").startswith("m =")]
        assert len(circles) == 4 * many
        for one, other in itertools.combinations(rectangles(drawn), 2):
            apart = one[3] <= other[1] or other[3] <= one[1]
            assert apart or one[4] <= other[2] or other[4] <= one[2], (one, other)


def test_what_ran_once_is_not_folded_and_it_is_said():
    drawn = draw(sequence(1), "folded").dot
    assert "not folded, because the cell ran once; this is the view gate" in drawn


def test_what_nothing_reads_after_the_last_step_may_be_missing_there():
    y = LSTM(3, 2, rng=0)(inputs(3), mask=np.arange(3) < 2)[0]
    assert "t = 3 lacks 1 of these nodes: nothing reads them" in draw(y, "folded").dot


@pytest.mark.parametrize("view", PLACED)
def test_long_names_stay_in_their_boxes_and_whole_in_the_tooltip(view):
    cell = LSTMCell(3, 2, rng=0)
    for path, parameter in cell.named_parameters():
        parameter.name = f"the_{path.replace('.', '_')}_of_a_cell_that_remembers"
    drawn = next(VIEWS[view].sheets(mg.Tape(over_time_of(cell))))
    for _, _, (wide, _), look in drawn.nodes:
        if look.get("fillcolor") == "#ffeeaa":
            words = re.sub("<.*?>", "", look["label"][1:-1])
            assert "…" in words
            assert len(words) * 5 < 2 * wide
            assert "of_a_cell_that_remembers" in look["tooltip"]


def over_time_of(cell):
    return LSTM(cell)(inputs(3))[0]


def test_a_value_that_is_read_twice_has_two_arrows_that_keep_apart():
    class Squared(Elman):
        def forward(self, x, y_prev):
            a = super().forward(x, y_prev)
            y = a * a
            a.name, y.name = "a", "y"
            return y

    y = over_time(Squared(3, 2), mg.Tensor(np.zeros(2), "y_0"), 2)
    drawn = next(VIEWS["gate"].sheets(tape(y)))
    ends = [
        tuple(map(float, look["pos"].split()[0][2:].split(",")))
        for _, head, look in drawn.edges
        if look["pos"].startswith("e,") and look["tooltip"].startswith("a_2")
    ]
    assert len(ends) == len(set(ends)) == 2
    assert np.hypot(ends[0][0] - ends[1][0], ends[0][1] - ends[1][1]) > 12


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("name", ["stack", "bidirectional"])
def test_layers_are_painted_by_every_renderer(name, renderer):
    drawing = draw(LAYERS[name](3), "unrolled", fold=False, renderer=renderer)
    groups = [each.get("class") for each in ET.fromstring(drawing.svg()).iter()]
    assert groups.count("cluster") == 6
    assert groups.count("node") == int(repr(drawing).split()[1])


def calls(made, view):
    """Return how many Python functions are called to draw something."""
    count = 0

    def counted(frame, event, arg):
        nonlocal count
        count += event == "call"

    sys.setprofile(counted)
    try:
        draw(made, view)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.slow
@pytest.mark.parametrize("view", PLACED)
def test_twice_the_steps_are_twice_the_work(view):
    short, middle, long = (calls(LAYERS["stack"](t), view) for t in (10, 20, 40))
    assert 1.5 < (long - middle) / (middle - short) < 2.5


def test_a_hybrid_of_everything_is_drawn():
    both = Bidirectional(LSTM(PeepholeCell(3, 2, rng=0)), LSTM(3, 2, True, rng=1))
    assert "nop2" in draw(both(inputs(6))[0], "unrolled").dot


@pytest.mark.parametrize("layer", [LSTM(3, 2, rng=0), Bidirectional(LSTM(3, 2, rng=0))])
@pytest.mark.parametrize("view", PLACED)
def test_of_two_masked_steps_that_is_drawn_which_hands_everything_on(view, layer):
    y, _ = layer(inputs(2), mask=np.ones((2,), bool))
    drawn = next(VIEWS[view].sheets(mg.Tape(y)))
    places = {id for id, *_ in drawn.nodes}
    assert {end for tail, head, _ in drawn.edges for end in (tail, head)} <= places
    if view == "folded":
        assert {"delay1", "delay2"} <= places


def test_the_arrow_of_a_backward_layer_to_itself_goes_back_in_time():
    x = inputs(3)
    ahead, _ = LSTM(3, 2, rng=0)(x)
    back, _ = LSTM(3, 2, rng=0, reverse=True)(x)
    assert "t + 1" in draw(ahead, "layer").dot
    assert "t − 1" not in draw(ahead, "layer").dot
    assert "t − 1" in draw(back, "layer").dot
    assert "t + 1" not in draw(back, "layer").dot
