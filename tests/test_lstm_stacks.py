"""Layers above each other and in both directions."""

import re

import numpy as np
from layer_cases import (
    RNG,
    X,
    same,
)

import minigrad as mg
from lstm import (
    LSTM,
    Bidirectional,
    Directions,
    Stack,
    State,
    TimeDistributed,
)
from lstm.masks import (
    between,
)

# --------------------------------------------------------------------- both directions


def test_a_reversed_layer_is_the_layer_on_the_reversed_sequence():
    forth = LSTM(2, 3, rng=0)
    back = LSTM(forth.cell, reverse=True)
    y, state = back(X)
    flipped, end = forth(X[:, ::-1])
    np.testing.assert_array_equal(y.data, flipped.data[:, ::-1])
    same(state, end)
    np.testing.assert_array_equal(y.data[:, 0], state.y.data)


def test_outputs_of_a_reversed_layer_do_not_depend_on_earlier_inputs():
    y, _ = LSTM(2, 3, rng=0, reverse=True)(x := mg.Tensor(X[0]))
    slope = mg.grad(y[2].sum(), x)
    assert np.all(slope[:2] == 0)
    assert np.all(slope[2:] != 0)


def test_each_direction_has_its_own_cell_and_state():
    both = Bidirectional(LSTM(2, 3, rng=0))
    y, state = both(X)
    same(y[..., :3], both.forth(X)[0])
    same(y[..., 3:], both.back(X)[0])
    same(state.forward, both.forth(X)[1])
    same(state.backward, both.back(X)[1])
    assert np.any(both.forth.cell.forget.W.data != both.back.cell.forget.W.data)
    np.testing.assert_array_equal(state.forward.y.data, y.data[:, -1, :3])
    np.testing.assert_array_equal(state.backward.y.data, y.data[:, 0, 3:])


def test_what_a_second_direction_is_made_like():
    options = {"init": "torch", "forget_bias": 2.0, "hidden": {"forget": (4,)}}
    both = Bidirectional(LSTM(2, 3, rng=0, outputs="zero", **options))
    assert both.back.reverse and both.back.outputs == "zero"
    assert np.all(both.back.cell.forget.b.data == 2)
    assert len(both.back.cell.forget.hidden) == 1
    same_again = Bidirectional(LSTM(2, 3, rng=0, outputs="zero", **options))
    np.testing.assert_array_equal(
        both.back.cell.forget.W.data, same_again.back.cell.forget.W.data
    )


def test_starts_are_given_by_direction():
    both = Bidirectional(LSTM(2, 3, rng=0))
    start = State(np.ones((3, 3)), np.ones((3, 3)))
    _, state = both(X, Directions(backward=start))
    same(state.forward, both.forth(X)[1])
    same(state.backward, both.back(X, start)[1])


# ------------------------------------------------------------------------------- stacks


def test_a_stack_is_its_layers_one_after_the_other():
    below, above = LSTM(2, 3, rng=0), LSTM(3, 4, rng=1)
    y, states = Stack(below, above)(X, lengths=[5, 2, 3])
    middle, first = below(X, lengths=[5, 2, 3])
    top, second = above(middle, lengths=[5, 2, 3])
    same(y, top)
    same(states[0], first)
    same(states[1], second)


def test_states_of_a_stack_go_back_where_they_came_from():
    stack = Stack(LSTM(2, 3, rng=0), mg.Dense(3, 2, rng=1), LSTM(2, 3, rng=2))
    whole, end = stack(X)
    first, states = stack(X[:, :2])
    assert states[1] is None
    second, states = stack(X[:, 2:], states)
    halves = np.concatenate([first.data, second.data], axis=1)
    np.testing.assert_allclose(halves, whole.data, atol=1e-15)
    np.testing.assert_allclose(states[2].c.data, end[2].c.data, atol=1e-15)


def test_dropout_between_layers_is_where_it_is_said_to_be():
    below, above = LSTM(2, 3, rng=0), LSTM(3, 4, rng=1)
    mask = between((3, 5, 3), 0.5, rng=0)
    y, _ = Stack(below, above)(X, between=[mask])
    same(y, above(below(X)[0] * mask)[0])
    same(Stack(below, above)(X, between=[None])[0], Stack(below, above)(X)[0])


def test_a_stack_in_a_stack():
    inner = Stack(LSTM(2, 3, rng=0), LSTM(3, 3, rng=1))
    outer = Stack(inner, LSTM(3, 1, rng=2))
    y, states = outer(X, lengths=[5, 4, 1])
    flat = Stack(*inner.layers, outer.layers[1])
    same(y, flat(X, lengths=[5, 4, 1])[0])
    again, _ = outer(X, states, lengths=[5, 4, 1])
    flat_states = [*states[0], states[1]]
    same(again, flat(X, flat_states, lengths=[5, 4, 1])[0])


def test_parameters_of_a_stack_are_named_by_layer_and_direction(tmp_path):
    def build(seed):
        return Stack(Bidirectional(LSTM(2, 3, rng=seed)), LSTM(6, 1, rng=seed + 1))

    stack, other = build(0), build(5)
    paths = list(dict(stack.named_parameters()))
    assert paths[0] == "layers.0.forth.cell.forget.W"
    assert paths[8] == "layers.0.back.cell.forget.W"
    assert paths[16] == "layers.1.cell.forget.W"
    assert len(paths) == 24
    other.load(stack.save(tmp_path / "stack.npz"))
    same(other(X)[0], stack(X)[0])


def test_padding_under_a_layer_without_memory_is_not_read_either():
    deep = Stack(mg.Dense(3, 4, rng=0), LSTM(4, 2, rng=1))
    x = np.random.default_rng(0).normal(size=(2, 5, 3))
    lengths = [2, 5]
    weights = dict(deep.named_parameters())
    clean = mg.grad((deep(x, lengths=lengths)[0] ** 2).sum(), weights)
    x[0, 2:] = np.nan
    found = mg.grad((deep(x, lengths=lengths)[0] ** 2).sum(), weights)
    for path, expected in clean.items():
        np.testing.assert_array_equal(found[path], expected)


def test_two_directions_of_different_widths_are_as_wide_as_what_they_say():
    both = Bidirectional(LSTM(3, 2, rng=0), LSTM(3, 4, reverse=True, rng=1))
    y, _ = both(np.ones((5, 3)))
    assert both.m == y.shape[-1] == 6


def test_the_same_module_at_every_step():
    dense = mg.Dense(2, 3, mg.tanh, rng=0)
    for x in (X, X[0]):
        np.testing.assert_allclose(
            TimeDistributed(dense)(x).data, dense(x).data, atol=1e-15
        )
    matrices = RNG.standard_normal((4, 2, 2))

    class Trace(mg.Module):
        def forward(self, a):
            return a[0, 0] + a[1, 1]

    traces = TimeDistributed(Trace(), rank=2)(matrices)
    np.testing.assert_array_equal(traces.data, np.trace(matrices, axis1=1, axis2=2))


def test_steps_carry_their_time_in_every_layer():
    stack = Stack(Bidirectional(LSTM(2, 1, rng=0)), TimeDistributed(mg.Dense(2, 1)))
    y, _ = stack(X[0, :2])
    scopes = {entry.scope[:4] for entry in mg.Tape(y) if entry.primitive}
    for part in ("forth", "back"):
        for t in (1, 2):
            assert ("Stack", "layers.0", part, t) in scopes
    assert ("Stack", "layers.1", 2, "module") in scopes


def test_a_picture_of_layers_says_what_is_carried_and_where_to():
    stack = Stack(Bidirectional(LSTM(2, 1, rng=0)), TimeDistributed(mg.Dense(2, 1)))
    text = mg.draw(stack(X[0])[0], "layer").dot
    loops = re.findall(r'(n\d+) -> \1 \[label="(.*?):', text)
    assert [label for _, label in loops] == [
        "y, c to t + 1",
        "y, c to t − 1",
    ]  # and none of the layer that carries nothing
