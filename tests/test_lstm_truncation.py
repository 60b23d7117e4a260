"""Truncated backpropagation: where nothing flows back, and what stays the same."""

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from layer_cases import (
    RNG,
    X,
)

import minigrad as mg
from lstm import (
    LSTM,
    Bidirectional,
    Directions,
    Stack,
    State,
    truncated,
)
from lstm.masks import (
    between,
    variational,
    zoneout,
)
from lstm.sequences import TOGETHER

# -------------------------------------------------------------------------- truncation

DEEP = Stack(LSTM(2, 3, rng=0), LSTM(3, 2, rng=1))


@given(st.integers(1, 7))
def test_truncation_changes_no_output(k):
    y, states = DEEP(X, lengths=[5, 2, 4])
    pieces = list(truncated(DEEP, X, k, lengths=[5, 2, 4]))
    joined = np.concatenate([piece.y.data for piece in pieces], axis=1)
    np.testing.assert_allclose(joined, y.data, atol=1e-15)
    np.testing.assert_allclose(pieces[-1].state[1].c.data, states[1].c.data, atol=1e-15)
    assert [p.steps.start for p in pieces] == list(range(0, 5, k))
    assert pieces[-1].steps.stop == 5


def test_nothing_flows_back_past_a_cut():
    layer, x = LSTM(2, 3, rng=0), mg.Tensor(X[0], "x")
    start = State(mg.Tensor(np.ones(3), "y_0"), mg.Tensor(np.ones(3), "c_0"))
    first, second, third = truncated(layer, x, k=2, state=start)
    beyond = mg.grad(second.y.sum(), start)
    assert not np.any(beyond.y) and not np.any(beyond.c)
    assert np.all(mg.grad(first.y.sum(), start).c != 0)
    slope = mg.grad(second.y.sum(), x)
    assert np.all(slope[2:4] != 0)
    assert not np.any(slope[:2]) and not np.any(slope[4:])
    whole, _ = layer(x, start)
    assert np.all(mg.grad(whole[3].sum(), x)[:2] != 0)
    assert not np.any(mg.grad(third.y.sum(), x)[:4])


def test_a_cut_is_a_leaf_of_the_tape_named_by_its_step():
    y = [piece.y for piece in truncated(LSTM(2, 3, rng=0), X[0], k=2)]
    leaves = [leaf.name for leaf in mg.Tape(y[1].sum()).leaves]
    assert {"y_2", "c_2"} <= set(leaves)
    assert "y_0" not in leaves
    times = {entry.scope[1] for entry in mg.Tape(y[1].sum()) if len(entry.scope) > 1}
    assert times == {3, 4}


def test_a_cut_is_seen_in_the_picture_and_no_line_leads_across():
    layer = LSTM(2, 2, rng=0)

    def picture(k, view="unrolled", steps=4):
        pieces = truncated(layer, RNG.standard_normal((steps, 2)), k)
        return mg.draw([piece.y for piece in pieces], view=view, fold=False).dot

    for text, ends, begins in (
        (picture(4), 0, {"y_0", "c_0"}),
        (picture(2), 2, {"y_0", "c_0", "y_2", "c_2"}),
        (picture(6, steps=12), 2, {"y_0", "c_0", "y_6", "c_6"}),  # t = 6 is left out
    ):
        assert text.count("label=<cut>") == ends
        assert set(re.findall(r'tooltip="([yc]_\d+) = \[', text)) == begins
    assert "not folded, because what comes in at t = 3 is not" in picture(2, "folded")


def test_the_truncated_gradient_is_that_of_each_piece_from_a_constant_state():
    layer = LSTM(2, 3, rng=0)
    W = layer.cell.candidate.W
    loss = sum((piece.y**2).sum() for piece in truncated(layer, X, 2))
    expected, state = 0, None
    for steps in (slice(0, 2), slice(2, 4), slice(4, 5)):
        y, state = layer(X[:, steps], state)
        expected = expected + mg.grad((y**2).sum(), W)
        state = State(state.y.data, state.c.data)
    np.testing.assert_allclose(mg.grad(loss, W), expected, rtol=1e-13)
    full = mg.grad((layer(X)[0] ** 2).sum(), W)
    assert np.max(np.abs(full - expected)) > 1e-3


def test_the_states_of_directions_are_detached_each_as_far_as_it_is_there():
    both = Bidirectional(LSTM(3, 2, rng=0))(np.ones((4, 3)))[1]
    for state in (
        both,
        Directions(both.forward, None),
        Directions(None, both.backward),
    ):
        cut = state.detach()
        assert type(cut) is Directions
        for one, other in zip(state, cut, strict=True):
            assert (one is None) == (other is None)
            if one is not None:
                assert other.y.primitive is None and one.y.primitive is not None
                np.testing.assert_array_equal(one.y.data, other.y.data)


def test_batches_that_follow_each_other_go_on_from_a_detached_state():
    layer = LSTM(2, 3, rng=0)
    long = RNG.standard_normal((3, 12, 2))
    whole, end = layer(long)
    state = None
    for batch in (long[:, :4], long[:, 4:8], long[:, 8:]):
        y, state = layer(batch, state)
        loss = (y * y).mean()
        assert len(mg.Tape(loss)) == len(mg.Tape((layer(batch)[0] ** 2).mean()))
        state = state.detach()
    np.testing.assert_allclose(y.data, whole.data[:, 8:], atol=1e-15)
    np.testing.assert_allclose(state.c.data, end.c.data, atol=1e-15)


def test_pieces_as_long_as_the_sequence_are_the_sequence():
    loss = sum((piece.y**2).sum() for piece in truncated(DEEP, X, 5))
    expected = mg.grad((DEEP(X)[0] ** 2).sum(), DEEP.parameters())
    for g, h in zip(mg.grad(loss, DEEP.parameters()), expected, strict=True):
        np.testing.assert_array_equal(g, h)


def test_dropout_masks_are_cut_into_pieces_as_the_sequence_is():
    stack = Stack(LSTM(2, 3, rng=0), LSTM(3, 2, rng=1))
    below, above = stack.layers
    masks = {
        "dropout": [
            variational(below, (3,), x=0.3, y=0.3, rng=0),
            zoneout(above, (3, 5), y=0.3, c=0.3, rng=1),
        ],
        "between": [between((3, 5, 3), 0.5, rng=2)],
    }
    whole, _ = stack(X, **masks)
    pieces = truncated(stack, X, 2, **masks)
    joined = np.concatenate([piece.y.data for piece in pieces], axis=1)
    np.testing.assert_allclose(joined, whole.data, atol=1e-15)


def test_truncation_is_proved():
    layer = LSTM(1, 2, rng=0)
    loss = sum((piece.y**2).sum() for piece in truncated(layer, X[0, :4, :1], 2))
    assert mg.prove(loss, layer.parameters())


def test_a_tape_grows_linearly_with_time_and_not_at_all_under_truncation():
    layer = LSTM(1, 1, rng=0)

    def size(steps):
        tape = mg.Tape(layer(mg.Tensor(np.ones((steps, 1))))[0])
        arguments = [len(entry.args) for entry in tape]
        assert max(arguments) <= TOGETHER  # each adjoint of n arguments is given all n
        return len(tape), sum(arguments), sum(entry.data.size for entry in tape)

    sizes = np.array([size(steps) for steps in (10, 20, 30, 1030)])
    per_ten = sizes[1] - sizes[0]
    assert np.all(sizes[2] - sizes[1] == per_ten)
    assert np.all(np.abs(sizes[3] - sizes[2] - 100 * per_ten) <= [5, 5, 1030])
    pieces = truncated(layer, np.ones((100, 1)), k=10)
    assert len({len(mg.Tape(piece.y)) for piece in pieces}) == 1
