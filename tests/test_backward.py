"""The view backward: beside every value its cotangent, on every arrow its factor."""

from __future__ import annotations

import re

import numpy as np
import pytest
from every import every
from test_views import tape
from view_cases import CELLS, LAYERS, Stacked, loss, sequence

import minigrad as mg
from minigrad.accumulation import unbroadcast
from minigrad.deriving.evaluating import evaluate
from minigrad.deriving.formula import Letter
from minigrad.drawing import VIEWS, draw
from minigrad.drawing.backward.chain_rule import DOT, Factors
from minigrad.drawing.backward.forward_and_backward import ForwardAndBackward
from minigrad.drawing.fold import pictures
from minigrad.drawing.project import Picture
from minigrad.structure.sublayers import structure


def both_ways(made):
    return next(pictures(VIEWS["backward"], tape(made))).draw()


def squared(made):
    total = (made * made).sum()
    total.name = "loss"
    return total


def classifier():
    model = mg.Sequential(mg.Dense(3, 4, mg.relu, rng=0), mg.Dense(4, 2, rng=1))
    return mg.cross_entropy(model(np.ones((3, 3))), [0, 1, 0])


TAPES = {
    "Dense": loss,
    "LSTM": lambda: squared(sequence(1)),
    "two steps": lambda: squared(sequence(2)),
    "bidirectional": lambda: squared(LAYERS["bidirectional"](3)),
    "classifier": classifier,
    **{name: lambda name=name: squared(CELLS[name]()[0]) for name in ("peephole", "GRU")
       if name in CELLS},
}  # fmt: skip


@pytest.fixture(params=TAPES)
def made(request):
    return TAPES[request.param]()


def said(made):
    """Return what the arrows of the way back say."""
    return [says for _, _, says in both_ways(made).backward]


def test_every_value_has_its_cotangent_beside_it(made):
    dot = draw(made, "backward", fold=False).dot
    pairs = re.findall(r"\{\s*rank=same\s+(\w+)\s+(\w+)\s*\}", dot)
    nodes = both_ways(made).nodes
    assert sorted(id for pair in pairs for id in pair) == sorted(nodes)
    assert all(
        one[1:] == other[1:] and one[0] + other[0] == "nb" for one, other in pairs
    )


def test_the_way_back_leads_the_other_way(made):
    drawn = both_ways(made)
    forward = [(arrow.tail[1:], arrow.head[1:]) for arrow in drawn.forward]
    assert [(head[1:], tail[1:]) for tail, head, _ in drawn.backward] == forward


def test_what_a_factor_multiplies_is_what_the_rule_gives(made):
    """With random cotangents; the factor is written from this very formula."""
    recorded, rng = tape(made), np.random.default_rng(0)
    factors = Factors(recorded)
    known = {letter: step.data for step, letter in factors.letters.items()}
    for step in recorded.steps:
        if any(np.size(a) > 1 for a in step.args if not isinstance(a, mg.Tensor)):
            continue  # the letter K stands for an array of the program
        bar, dot = rng.normal(size=step.shape), Letter(DOT, of=step.shape)
        operands = [a.data if isinstance(a, mg.Tensor) else a for a in step.args]
        for i, arg in enumerate(step.args if step.primitive else ()):
            if isinstance(arg, mg.Tensor):
                term = factors.term(step, i, dot)
                found = evaluate(term, {**known, dot: bar}, float)
                rule = step.primitive.vjp(i, bar, step.data, operands, step.options)
                rule = unbroadcast(np.asarray(rule), arg.shape)
                np.testing.assert_allclose(
                    np.broadcast_to(found, arg.shape), rule, rtol=1e-12, atol=1e-12
                )


def test_the_factors_of_an_lstm_are_those_of_the_textbook():
    words = set(said(squared(sequence(1))))
    assert words >= {
        "⊙ tanh(c_1)", "⊙ o_1", "⊙ (1 − tanh²(c_1))", "⊙ f_1", "⊙ c_0", "⊙ i_1",
        "⊙ c~_1", "⊙ f_1 ⊙ (1 − f_1)", "⊙ (1 − c~_1²)", "W_fᵀ", "W_oᵀ", "· v_1ᵀ",
        "[1…3]", "",
    }  # fmt: skip
    notes = both_ways(loss()).notes
    assert any("without words: the cotangent is passed on" in note for note in notes)


def test_a_cotangent_is_summed_where_its_value_was_broadcast():
    x, b = mg.Tensor(np.ones(3), name="x"), mg.Tensor(0.5, name="b")
    assert said(x + b) == ["", "Σ"]


def test_the_way_forward_says_the_order_of_operands():
    a, b = mg.Tensor(np.ones(3), name="a"), mg.Tensor(2.0, name="b")
    words = [arrow.operand for arrow in both_ways(mg.exp(a) / b).forward]
    assert sorted(words) == ["", "1", "2"]


def test_what_is_read_twice_has_two_arrows_and_each_its_factor():
    c = mg.Tensor(3.0, name="c")
    assert said(c - c) == ["", "× −1"]
    a = mg.Tensor(np.ones(2), name="a")
    assert said(a * a) == ["⊙ a", "⊙ a"]


def test_a_box_that_reads_a_value_twice_says_each_factor():
    rng, h = np.random.default_rng(0), mg.Tensor(np.ones(3), name="h")
    W, U = (mg.Parameter(rng.normal(size=(3, 3)), name=name) for name in "WU")
    with mg.scope("box"):
        y = mg.tanh(mg.matvec(W, h) + mg.matvec(U, h))
        y.name = "y"
    boxed = Picture(tape(y), structure(tape(y)))
    found = [says for _, _, says in ForwardAndBackward(boxed).backward]
    assert found == ["⊙ (1 − y²), Wᵀ", "⊙ (1 − y²), Uᵀ"]


def test_a_named_function_is_one_node_on_both_ways():
    assert {"through relu", "through cross entropy"} <= set(said(classifier()))


def test_the_output_is_bold_and_the_legend_explains_it():
    dot = draw(loss(), "backward").dot
    assert dot.count("penwidth=2.4") == 1
    assert "the output" in dot


def labels(made):
    drawn = both_ways(made)
    found = (drawn.cotangents.label(node) for node in drawn.picture.nodes)
    return [" ".join(filter(None, label)).replace("\n", " ") for label in found]


def test_what_is_read_several_times_has_a_sum():
    assert sum("Σ" in words for words in labels(loss())) == 1  # y * y


def test_single_numbers_are_said_values_and_cotangents():
    w, x = mg.Parameter(0.5, name="w"), mg.Tensor(2.0, name="x")
    product = w * x
    made = mg.exp(product)
    made.name = "y"
    dot = draw(made, "backward").dot
    assert f"{np.e:.4g}" in dot
    assert sorted(labels(made)) == [
        f"t_2_bar {np.e:.4g}", f"w_bar {2 * np.e:.4g}", f"x_bar {np.e / 2:.4g}",
        "y_bar 1 given",
    ]  # fmt: skip


def test_without_a_single_number_at_the_end_no_cotangent_is_a_number():
    a = mg.Tensor(2.0, name="a")
    assert labels(mg.stack([a, a]))[1:] == ["Σ a_bar"]


def test_a_gradient_that_was_not_computed_is_not_a_zero():
    made = loss()
    assert sum(words.endswith("not yet") for words in labels(made)) == 2
    assert "not yet: backward() has not been called" in draw(made, "backward").dot
    made.backward()
    assert not any("yet" in words for words in labels(made))
    assert sum("norm" in words or "[0" in words for words in labels(made)) >= 1
    assert "not yet" not in draw(made, "backward").dot


@pytest.mark.parametrize(("steps", "drawn"), [(2, 8), (3, 8)])
def test_the_parts_of_a_gradient_are_added_at_one_time_step(steps, drawn):
    """Every Parameter is drawn, at every step."""
    made = squared(sequence(steps))
    words = labels(made)
    assert sum(each.endswith("not yet") for each in words) == drawn
    assert sum(each.endswith("a part") for each in words) == drawn * (steps - 1)
    dot = draw(made, "backward", fold=False).dot
    assert "a part: of a gradient that is added up" in dot
    made.backward()
    words = labels(made)
    assert sum("norm" in each or "[" in each for each in words) == drawn
    assert not any("yet" in each for each in words)


BOXES = "every dense sub-layer is one box"


@every(
    "steps, folded",
    [(1, []), *((T, ["of LSTM t = 2 is drawn", BOXES]) for T in (2, 40))],
)
def test_a_long_tape_is_folded_before_it_is_drawn_both_ways(steps, folded):
    dot = draw(sequence(steps), "backward").dot
    assert re.findall(r"<TD>folded: ([^<,]*)", dot) == folded


def test_a_layer_hands_its_cotangent_back_to_itself():
    made = squared(Stacked()(np.ones((4, 3))))
    *_, last = pictures(VIEWS["backward"], tape(made))
    drawn = last.draw()
    words = [drawn.cotangents.label(node) for node in drawn.picture.nodes]
    assert [each.name for each in words].count("y_0_bar, c_0_bar") == 2
    assert ("", "x_bar", "4 × (3,)") in words
    loops = [arrow.operand for arrow in drawn.forward if arrow.tail == arrow.head]
    assert sum("to t + 1" in words for words in loops) == 2
    back = [says for tail, head, says in drawn.backward if tail == head]
    assert sum("from t + 1" in words for words in back) == 2


def test_what_cannot_be_folded_is_not_drawn_both_ways():
    made = mg.Tensor(0.5, name="a")
    for _ in range(160):
        made = mg.tanh(made)
    with pytest.raises(ValueError, match=r"(?s)of 322 nodes.*fix.*steps.*scope"):
        draw(made, "backward")
