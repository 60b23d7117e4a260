"""Boxes, joins and operations: the structure that the views draw."""

from __future__ import annotations

import itertools
import math
import re

import numpy as np
import pytest
from test_views import boxes, step, tape
from view_cases import (
    MORE,
    Elman,
    dense,
    over_time,
    sequence,
)

import minigrad as mg
from lstm import Gate, State
from minigrad.drawing import draw
from minigrad.drawing.view import label, tooltip
from minigrad.structure.sublayers import structure
from minigrad.structure.time_steps import steps

# ------------------------------------------------------------------------- structure


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("LSTM", ["σ W_f, b_f", "σ W_i, b_i", "tanh W_c, b_c", "σ W_o, b_o"]),
        ("deeper", ["tanh → σ 2 layers", "σ W_i, b_i", "tanh W_c, b_c", "σ W_o, b_o"]),
        ("coupled", ["σ W_f, b_f", "tanh W_c, b_c", "σ W_o, b_o"]),
        ("peephole", ["σ W_f, b_f", "σ W_i, b_i", "tanh W_c, b_c", "σ W_o, b_o"]),
        ("Elman", ["tanh W_y, b_y"]),
        ("strange", ["σ W, U, b", "tanh V"]),
        (
            "peephole p * c",
            ["σ W_f, p_f, b_f", "σ W_i, p_i, b_i", "tanh W_c, b_c", "σ W_o, p_o, b_o"],
        ),
        (
            "normalised",
            [
                "… → σ W_f, g_f, b_f",
                "… → σ W_i, g_i, b_i",
                "… → tanh W_c, g_c, b_c",
                "… → σ W_o, g_o, b_o",
            ],
        ),
        ("fused", ["W v + b W, b"]),
    ],
)
def test_a_dense_sub_layer_is_one_box_with_its_own_weights(name, labels):
    found = [group for group in step(name).groups if group.kind == "dense"]
    assert [f"{label(g).symbol} {label(g).name}" for g in found] == labels


def test_scopes_are_not_needed_to_find_the_boxes():
    W, b = mg.Parameter(np.eye(2), "W"), mg.Parameter(np.ones(2), "b")
    x = mg.Tensor([1.0, 2.0], "x")
    f, g = mg.sigmoid(mg.matvec(W, x) + b), mg.tanh(mg.matvec(W, x) + b)
    assert len(boxes(f * g)) == 2
    assert len(boxes(1 - f)) == 1


def test_an_activation_made_of_several_primitives_is_in_the_box():
    layer = mg.Dense(2, 2, mg.relu, rng=0)
    groups = structure(tape(layer(mg.Tensor([1.0, 2.0], "x"))))
    assert [group.kind for group in groups] == ["dense"]


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (mg.relu, "relu"),
        (mg.silu, "silu"),
        (abs, "absolute"),
        (lambda z: mg.where(z.data <= 0, 1.0, z), "where"),
        (lambda z: z * mg.sigmoid(z + 1.0), "σ → ×"),
    ],
)
@pytest.mark.parametrize("shape", [(3,), (5, 3)])
def test_a_box_says_which_function_was_called(function, says, shape):
    x = mg.Tensor(np.random.default_rng(3).normal(size=shape), "x")
    (box,) = boxes(mg.Dense(3, 4, function, rng=0)(x))
    assert label(box).symbol == says


def test_an_activation_of_the_readers_own_has_its_name():
    @mg.composite
    def leaky_relu(z):
        return mg.where(z.data <= 0, 0.1 * z, z)

    (box,) = boxes(mg.Dense(3, 4, leaky_relu, rng=0)(mg.Tensor(np.ones(3), "x")))
    assert label(box).symbol == "leaky relu"


def test_what_several_steps_share_says_its_parameters_and_what_ran_in_which_order():
    recorded = tape(MORE["normalised"]())
    several = next(p for p in structure(recorded) if p.kind == "several")
    says = tooltip(several, {entry: k for k, entry in enumerate(recorded)})
    ran = "Σ → ÷ 2 → − → × → Σ → ÷ 2 → + 1e-05 → √ → ÷ → × → +"
    assert says.split("\n")[:3] == ["g (2,)", "b (2,)", ran]


def test_a_box_without_a_bias_says_so():
    X, W = mg.Tensor(np.ones((3, 2)), "X"), mg.Parameter(np.ones((2, 4)), "W_Q")
    b = mg.Parameter(np.ones(4), "b")
    says = [label(boxes(made)[0]).symbol for made in (X @ W, X @ W + b)]
    assert says == ["W v", "W v + b"]


def test_a_layer_says_how_many_vectors_it_multiplies_and_needs_no_operand_numbers():
    X, W = mg.Tensor(np.ones((3, 2)), "X"), mg.Parameter(np.ones((2, 4)), "W_K")
    U = mg.Parameter(np.ones((4, 2)), "U")
    for made in (X @ W, (X @ W).T, U @ mg.Tensor(np.ones((2, 3)), "X")):
        dot = draw(made, "layer").dot
        assert "for 3 vectors" in dot
        assert "label=1 " not in dot


class Leaky(mg.Module):
    """What is subtracted and divided by: operands that may not change places."""

    def __init__(self):
        self.share, self.loss = (Gate(k, 3, 2, mg.sigmoid, rng=0) for k in "sl")

    def forward(self, x, state):
        v = mg.concatenate([x, state.y], axis=-1)
        s, l_ = self.share(v), self.loss(v)
        rest = state.c - l_
        c = rest / s
        y = mg.tanh(c)
        s.name, l_.name, rest.name, c.name, y.name = "s", "l", "r", "c", "y"
        return State(y, c)


@pytest.mark.parametrize(
    ("view", "steps"), [("gate", 1), ("unrolled", 3), ("folded", 1)]
)
def test_operands_that_may_not_be_swapped_are_numbered_where_they_come_in(view, steps):
    state = State(mg.Tensor(np.zeros(2), "y_0"), mg.Tensor(np.ones(2), "c_0"))
    dot = draw(list(over_time(Leaky(), state, 3)), view, fold=False).dot
    at = r'\[.*?pos="(?:e,)?(\S+),(\S+?)[ "]'
    numbers = re.findall(rf"(n\d+)_([12]) {at}", dot)
    assert len(numbers) == 2 * 2 * steps
    found = []
    for circle, number, x, y in numbers:
        ends = re.findall(rf'-> {circle} {at}.*?tooltip="(\w)', dot)
        near = min(
            ends,
            key=lambda e: math.dist((float(x), float(y)), (float(e[0]), float(e[1]))),
        )
        found.append(number + near[2])
    assert sorted(found) == sorted(["1c", "2l", "1r", "2s"] * steps)


class Late(mg.Module):
    """Its output reads c on half of its way: of the last step, the rest is missing."""

    def __init__(self):
        self.forget, self.input = (Gate(k, 3, 2, mg.sigmoid, rng=0) for k in "fi")

    def forward(self, x, state):
        v = mg.concatenate([x, state.y], axis=-1)
        kept = self.forget(v) * state.c
        y, c = mg.tanh(kept), kept + self.input(v)
        kept.name, y.name, c.name = "k", "y", "c"
        return State(y, c)


def test_the_belt_of_a_last_step_goes_as_far_as_its_values_are_read():
    state = State(mg.Tensor(np.zeros(2), "y_0"), mg.Tensor(np.ones(2), "c_0"))
    dot = draw(over_time(Late(), state, 3).y, "unrolled", fold=False).dot
    wires = r'(\w+) -> (\w+) \[.*?penwidth=3 pos="e,(.*?)" .*?tooltip="(\w+) '
    belt = re.findall(wires, dot)
    assert [value for *_, value in belt] == ["c_0", "k_1", "c_1", "k_2", "c_2"]
    points = [point.split(",") for _, _, line, _ in belt for point in line.split()]
    assert len({height for _, height in points}) == 1
    for before, after in itertools.pairwise(belt):
        assert before[1] == after[0]


def test_layers_that_follow_each_other_are_boxes_of_their_own():
    assert [label(group).symbol for group in boxes(dense())] == ["tanh", "σ", "W v + b"]


def test_every_entry_is_in_one_group():
    for make in MORE.values():
        made = make()
        seen = [entry for group in structure(tape(made)) for entry in group.entries]
        assert len(seen) == len(set(seen))
        assert set(seen) == {e for e in tape(made) if e.primitive is not None}


@pytest.mark.parametrize(
    ("name", "carried", "inputs"),
    [
        ("LSTM", [("y_0", "y"), ("c_0", "c")], ["x"]),
        ("peephole", [("y_0", "y"), ("c_0", "c")], ["x"]),
        ("GRU", [("y", "y")], ["x"]),
        ("over time", [("y", "y"), ("c", "c")], ["x"]),
        ("strange", [("b", "b"), ("c", "c"), ("a", "a")], ["x"]),
    ],
)
def test_what_is_carried_is_told_from_what_comes_in(name, carried, inputs):
    found = step(name)
    named = [(state.before.name, state.after.name) for state in found.states]
    assert sorted(named) == sorted(carried)
    assert [each.name for each in found.inputs] == inputs


def test_the_first_step_begins_with_the_initial_state():
    first = steps(tape(sequence(3)))[0]
    assert [state.before.name for state in first.states] == ["y_0", "c_0"]


def test_a_slice_of_an_array_of_inputs_is_an_input():
    layer = mg.Tensor(np.ones((4, 3)), "X")
    cell = Elman(3, 2)
    y = mg.Tensor(np.zeros(2), "y_0")
    for t in range(4):
        with mg.scope(t):
            y = cell(layer[t], y)
    second = steps(tape(y))[1]
    assert len(second.inputs) == 1
    assert "X" in draw(y, "gate").dot
