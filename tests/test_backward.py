"""The view backward: cotangents mirrored beneath what ran, each by its rule."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from test_views import tape
from view_cases import CELLS, LAYERS, Stacked, loss, sequence

import minigrad as mg
from minigrad.drawing import VIEWS, draw
from minigrad.drawing.safe import SMALL, width


def mirrored(made):
    return VIEWS["backward"].sheet(tape(made))


def half(sheet, letter):
    """Return the nodes of the upper half, n, or of the lower, b, by their ids."""
    return {id[1:]: (at, look) for id, at, _, look in sheet.nodes if id[0] == letter}


def squared(made):
    total = (made * made).sum()
    total.name = "loss"
    return total


@pytest.mark.parametrize("make", [loss, lambda: squared(sequence(2))])
def test_every_step_has_its_cotangent_mirrored_beneath(make):
    sheet = mirrored(make())
    above, below = half(sheet, "n"), half(sheet, "b")
    assert above.keys() == below.keys()
    for id, ((x, y), _) in above.items():
        assert below[id][0] == (x, -y)


@pytest.mark.parametrize("steps", [1, 2, 40])
def test_a_backward_line_says_its_rule_and_leads_the_other_way(steps):
    sheet = mirrored(squared(sequence(steps)))
    forward = {(tail[1:], head[1:]) for tail, head, _ in sheet.edges if tail[0] == "n"}
    back = {(tail[1:], head[1:]) for tail, head, _ in sheet.edges if tail[0] == "b"}
    assert back == {(head, tail) for tail, head in forward}


def test_the_rules_are_those_of_the_blackboard():
    edges = mirrored(loss()).edges
    rules = {look["tooltip"] for tail, _, look in edges if tail[0] == "b"}
    assert rules == {"matrix product", "σ′ = σ (1 − σ)", "product", "as it is",
                     "adjoint of sum"}  # fmt: skip
    for tail, _, look in edges:
        if tail[0] == "b":
            assert ("label" in look) == (look["tooltip"] in rules - {"as it is"})
    assert "a dashed arrow without words: passed on as it is" in mirrored(loss()).notes


def test_a_cotangent_is_summed_where_its_value_was_broadcast():
    x, b = mg.Tensor(np.ones(3), name="x"), mg.Tensor(0.5, name="b")
    back = [look for tail, _, look in mirrored(x + b).edges if tail[0] == "b"]
    assert {look["tooltip"] for look in back} == {"as it is", "summed"}


def words(look):
    """Return what a line says."""
    return re.sub("<.*?>", "", look.get("label", "<>")[1:-1])


def forward_words(made):
    edges = mirrored(made).edges
    return sorted(words(look) for tail, _, look in edges if tail[0] == "n")


def test_the_forward_half_says_the_order_of_operands_and_the_shapes():
    a, b = mg.Tensor(np.ones(3), name="a"), mg.Tensor(2.0, name="b")
    assert forward_words(mg.exp(a) / b) == ["", "1: (3,)", "2"]
    assert forward_words(b / mg.exp(a)) == ["", "1", "2: (3,)"]


def test_what_is_read_twice_has_two_lines_and_each_its_rule():
    sheet = mirrored(squared(mg.Tensor(np.ones(2), name="c")))
    back = [look for tail, _, look in sheet.edges if tail[0] == "b"]
    assert [words(look) for look in back].count("product") == 2
    assert len(sheet.edges) == len({look["pos"] for _, _, look in sheet.edges}) == 6
    c = mg.Tensor(3.0, name="c")
    assert [words(look) for *_, look in mirrored(c - c).edges] == [
        "1", "", "2", "times −1"]  # fmt: skip


def test_the_output_is_bold_and_the_legend_explains_it():
    sheet = mirrored(loss())
    bold = [look["label"] for _, _, _, look in sheet.nodes if "penwidth" in look]
    assert len(bold) == 1 and "loss" in bold[0]
    assert "the output" in sheet.entries


def areas_of_words(sheet):
    """Yield what is written on each line, and the box that it fills."""
    for _, _, look in sheet.edges:
        if "lp" in look:
            x, y = map(float, look["lp"].split(","))
            wide = SMALL * width(words(look))
            yield words(look), (x - wide / 2, y - 6, x + wide / 2, y + 6)


class Own(mg.Module):
    """A cell that nobody has drawn: four products side by side, no box."""

    def __init__(self, n, m):
        rng = np.random.default_rng(0)
        for name, wide in zip("WUVT", (n, m, n, m), strict=True):
            setattr(self, name, mg.Parameter(rng.normal(size=(m, wide)), name))

    def forward(self, x, y):
        u = mg.sigmoid(mg.matvec(self.W, x) + mg.matvec(self.U, y))
        return u * y + (1 - u) * mg.tanh(mg.matvec(self.V, x) + mg.matvec(self.T, y))


@pytest.mark.parametrize("make", [
    lambda: Own(3, 2)(mg.Tensor(np.ones(3), "x"), mg.Tensor(np.ones(2), "y_prev")),
    lambda: LAYERS["bidirectional"](3),
    lambda: CELLS["LSTM"]()[0],
], ids=["own cell", "bidirectional", "LSTM"])  # fmt: skip
def test_words_lie_on_no_node_and_on_no_other_words(make):
    sheet = mirrored(squared(make()))
    nodes = [(id, (x - w / 2, y - h / 2, x + w / 2, y + h / 2))
             for id, (x, y), (w, h), _ in sheet.nodes]  # fmt: skip
    written = list(areas_of_words(sheet))
    assert written
    for one, other in itertools.chain(
        itertools.combinations(written, 2), itertools.product(written, nodes)
    ):
        (a, b, c, d), (e, f, g, h) = one[1], other[1]
        assert c <= e or g <= a or d <= f or h <= b, (one, other)


def cotangents(made):
    labels = [look["label"] for _, look in half(mirrored(made), "b").values()]
    return [re.sub("<.*?>", " ", label[1:-1]).split() for label in labels]


def test_what_is_read_several_times_has_a_sum():
    assert sum("Σ" in words for words in cotangents(loss())) == 1  # y * y


def test_a_gradient_that_was_not_computed_is_not_a_zero():
    made = loss()
    assert sum(words[-2:] == ["not", "yet"] for words in cotangents(made)) == 2
    made.backward()
    assert not any("yet" in words for words in cotangents(made))
    assert sum("norm" in words or "[0" in words for words in cotangents(made)) >= 1


@pytest.mark.parametrize(("steps", "drawn"), [(2, 8), (3, 4)])
def test_the_parts_of_a_gradient_are_added_at_the_first_time_step(steps, drawn):
    """Of 2 steps every Parameter is drawn, of 3 steps every box: each at every step."""
    made = squared(sequence(steps))
    words = cotangents(made)
    assert sum(each[-2:] == ["not", "yet"] for each in words) == drawn
    assert sum(each[-2:] == ["a", "part"] for each in words) == drawn * (steps - 1)
    made.backward()
    words = [" ".join(each) for each in cotangents(made)]
    assert sum("norm" in each or "[" in each for each in words) == drawn
    assert not any("yet" in each for each in words)


def test_the_sum_of_the_parts_stands_left_of_them():
    sheet = mirrored(squared(sequence(2)))
    places = {"yet": [], "part": []}
    for at, look in half(sheet, "b").values():
        for word, found in places.items():
            if word in look["label"]:
                found.append(at[0])
    assert max(places["yet"]) < min(places["part"])


@pytest.mark.parametrize("make", [
    lambda: squared(CELLS["LSTM"]()[0]),
    lambda: squared(sequence(2)),
    lambda: squared(sequence(40)),
])  # fmt: skip
def test_a_line_of_the_backward_view_runs_through_no_node(make):
    sheet = mirrored(make())
    places = {id: (at, area) for id, at, area, _ in sheet.nodes}
    for tail, head, look in sheet.edges:
        path = [np.array(p.split(","), float) for p in look["pos"].split()[1:]]
        for id, ((x, y), (wide, high)) in places.items():
            if id not in (tail, head):
                inside = [abs(p[0] - x) < wide / 2 - 1 and abs(p[1] - y) < high / 2 - 1
                          for p in path]  # fmt: skip
                assert not any(inside), (tail, head, id)


@pytest.mark.parametrize(
    ("steps", "folded"),
    [(2, 0), (3, 1), (40, 2)],  # nothing; gates; time, then gates
)
def test_a_long_tape_is_folded_before_it_is_mirrored(steps, folded):
    notes = mirrored(squared(sequence(steps))).notes
    assert sum(note.startswith("folded") for note in notes) == folded


def test_a_layer_hands_its_cotangent_back_to_itself():
    edges = mirrored(squared(Stacked()(np.ones((4, 3))))).edges
    loops = [(tail, look["label"]) for tail, head, look in edges if tail == head]
    assert sum("to t + 1" in label for id, label in loops if id[0] == "n") == 2
    assert sum("from t + 1" in label for id, label in loops if id[0] == "b") == 2


def test_what_cannot_be_folded_is_not_mirrored():
    made = mg.Tensor(0.5, name="a")
    for _ in range(130):
        made = mg.tanh(made)
    with pytest.raises(ValueError, match=r"(?s)drawn twice.*fix.*one time step.*scope"):
        draw(made, "backward")
