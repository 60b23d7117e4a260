"""Loops over time: whatever their steps do, at the ends and in between, is right."""

import numpy as np
import pytest
from compile_cases import RANDOM, WIDE, V, W, assert_same, b, normal
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg


def test_what_a_loop_begins_with_is_not_transposed_because_its_values_are():
    def f(y, z):
        for t in range(5):
            with mg.scope("loop", t):
                y = mg.tanh(V @ y + z)
                z = y.T
        return y, z, mg.grad((y * y).sum(), V)

    step = mg.compile(f, np.zeros((4, 4)), np.zeros((4, 4)))
    y, z = normal(4, 4), normal(4, 4)
    assert_same(step(y, z), f(mg.Tensor(y), mg.Tensor(z)))


@pytest.mark.parametrize("axis", [(), (0,), (1,), (-1,), ((-2,),), ((0, 1),)])
def test_a_sum_in_a_loop_keeps_its_axes(axis):
    def f(x):
        y = mg.Tensor(np.zeros((3, 4)))
        for t in range(4):
            with mg.scope("loop", t):
                y = mg.tanh(mg.matvec(V, y) + (y + x[t]).sum(*axis, keepdims=True))
        return y, mg.grad((y * y).sum(), V)

    step, x = mg.compile(f), normal(4, 3, 4)
    assert_same(step(x), f(x))


@given(
    st.lists(st.integers(-7, 6), min_size=2, max_size=6), st.integers(-3, 3),
    st.integers(0, 1),
)  # fmt: skip
def test_entries_that_move_with_time_in_any_way_are_the_entries(entries, first, slope):
    """Also x[t % 4], x[-1 + t]: what moves as a slice does, and then does not."""
    moving = [k + slope * t for t, k in enumerate(entries) if k + slope * t < 7]

    def f(x):
        p, y, kept = mg.Tensor(x[:, 0]), mg.Tensor(np.zeros(3)), []
        for t, k in enumerate(moving, first):
            with mg.scope("loop", t):
                y = mg.tanh(y * p[k] + x[k] * p[t % 4])
                kept.append(y)
        loss = sum((each * each).sum() for each in kept)
        return loss, mg.grad(loss, p)

    if moving:
        step, x = mg.compile(f, np.zeros((7, 3))), normal(7, 3)
        assert_same(step(x), f(x))


PLAIN, ROW = normal(4, 4), normal(4)


WITH_PLAIN_ARRAYS = {
    "a matrix": lambda y, x: mg.matvec(PLAIN, y) + b + x,
    "half of it": lambda y, x: (mg.matvec(PLAIN, y) + x * b) * 0.5,
    "joined": lambda y, x: mg.matvec(np.hstack([PLAIN, PLAIN]), np.hstack([x, y])) + b,
    "rows of it": lambda y, x: np.hstack(
        [mg.matvec(PLAIN, y)[:, :2], mg.matvec(V, x * b)[:, 2:]]
    ),
    "from the right": lambda y, x: y @ PLAIN + x * b,
    "a vector": lambda y, x: mg.matvec(V, ROW) * y + x * b,
    "outer": lambda y, x: np.outer(y[0], ROW)[:3] * b + x,
    "a mask": lambda y, x: mg.where(PLAIN[:3] > 0, y, x * b),
}


@pytest.mark.parametrize("name", WITH_PLAIN_ARRAYS)
def test_a_loop_may_compute_with_plain_arrays(name):
    def f(x):
        y, kept = mg.Tensor(np.zeros((3, 4))), []
        for t in range(4):
            with mg.scope("loop", t):
                y = mg.tanh(WITH_PLAIN_ARRAYS[name](y, mg.Tensor(x[t])))
                kept.append(y)
        loss = (mg.stack(kept) ** 2).sum()
        return loss, mg.grad(loss, [b, V])

    step = mg.compile(f, np.zeros((4, 3, 4)))
    x = normal(4, 3, 4)
    assert_same(step(x), f(x))
    assert step.prove(x).chance < -20


COLUMN = mg.Parameter(normal(1, 4), "C")


UNLIKE = {  # y (3, 4), x (T, 3, 4), rows (T, 3), mask (T, 3, 4), t
    "a number before the masks": lambda y, x, i, m, t: y * (m[t] if t else 0.7) + b,
    "a number before float32": lambda y, x, i, m, t: (
        mg.matvec(V, y) * (mg.cast(x[t], dtype=np.float32) if t else 0.1)
    ),
    "another shape first": lambda y, x, i, m, t: (
        mg.matvec(V, y) * (x[t] if t else x[0, :1]).sum(axis=0, keepdims=True)
    ),
    "rows of a Parameter": lambda y, x, i, m, t: mg.matvec(V, y) + V[i[t]],
    "rows of new arrays": lambda y, x, i, m, t: (
        mg.matvec(V, y) + mg.Tensor(np.eye(4))[i[t]]
    ),
    "parts of numbers": lambda y, x, i, m, t: y[0, 0][...] * mg.matvec(V, y) + x[t],
    "half, broadcast": lambda y, x, i, m, t: (mg.matvec(COLUMN, y) + x[t]) * 0.5,
    "half of two, broadcast": lambda y, x, i, m, t: (
        (mg.matvec(COLUMN, y) + mg.matvec(V, y * x[t])) * 0.5 + y
    ),
    "half of a moving matrix": lambda y, x, i, m, t: (
        (mg.matvec(x[t].T @ x[t], y) + mg.matvec(V, y)) * 0.5
    ),
    "half of a step before": lambda y, x, i, m, t: (
        (mg.matvec(V, y) + mg.matvec(V, x[t])) * 0.5 + mg.matvec(V, x[t + 1])
    ),
    "joined, and a longer bias": lambda y, x, i, m, t: (
        mg.matvec(WIDE[:1], mg.concatenate([x[t], y], axis=-1)) + b
    ),
    "rows of columns, and all": lambda y, x, i, m, t: (
        (z := mg.matvec(V, y) + x[t]) * mg.tanh(z[1]) + mg.tanh(z[1:]).sum(axis=0)
    ),
    "no entries": lambda y, x, i, m, t: mg.matvec(V[:, :0], y[:, :0] * x[t, :, :0]) + y,
}


@pytest.mark.parametrize("name", UNLIKE)
def test_a_step_of_a_loop_may_be_unlike_the_others(name):
    def f(x, rows, mask):
        y, kept = mg.tanh(b * x[0]), []
        for t in range(len(x) - 1):
            with mg.scope("loop", t):
                y = mg.tanh(UNLIKE[name](y, x, rows, mask, t))
                kept.append(y)
        loss = (mg.stack(kept) ** 2).sum()
        return loss, mg.grad(loss, [V, b, COLUMN])

    step = mg.compile(f)
    for _ in range(2):
        given = normal(5, 3, 4), RANDOM.integers(0, 4, (5, 3)), normal(5, 3, 4) > 0
        assert_same(step(*given), f(*given))
    assert len(step.programs) == 1


KINDS = {
    "add": lambda a, b_, m, i: a + b_,
    "multiply": lambda a, b_, m, i: a * b_,
    "subtract": lambda a, b_, m, i: a - 0.5 * b_,
    "tanh": lambda a, b_, m, i: mg.tanh(a),
    "sigmoid": lambda a, b_, m, i: mg.sigmoid(a),
    "relu": lambda a, b_, m, i: mg.relu(a),
    "maximum": lambda a, b_, m, i: mg.maximum(a, b_),
    "mask": lambda a, b_, m, i: mg.where(m, a, b_),
    "decision": lambda a, b_, m, i: mg.where(a > b_, a, 0.5 * b_),
    "product": lambda a, b_, m, i: mg.matvec(V, a),
    "dense": lambda a, b_, m, i: mg.matvec(V, a) + b,
    "joined": lambda a, b_, m, i: mg.matvec(WIDE, mg.concatenate([a, b_], axis=-1)),
    "clip": lambda a, b_, m, i: mg.clip(a, -0.3, 0.4),
    "softmax": lambda a, b_, m, i: mg.softmax(a),
    "largest": lambda a, b_, m, i: a - a.max(axis=1, keepdims=True),
    "parts": lambda a, b_, m, i: mg.concatenate([a[:, 2:], b_[:, :2]], axis=-1),
    "first": lambda a, b_, m, i: a[:1] * b_,
    "two rows": lambda a, b_, m, i: mg.concatenate([a[:2] * b_[0], b_[2:]]),
    "plain": lambda a, b_, m, i: mg.matvec(PLAIN, a),
    "column": lambda a, b_, m, i: a * b_[np.arange(3), i][:, None],
}


STEP = st.tuples(st.sampled_from(sorted(KINDS)), st.integers(0, 9), st.integers(0, 9))


def program(steps, carried, scoped):
    """Return a function: the steps again and again, over the first axis of x."""

    def f(x, masks, index):
        x = mg.Tensor(x)
        states = [mg.Tensor(np.zeros((3, 4))) for _ in range(carried)]
        kept = []
        for t in range(len(masks)):
            with mg.scope("loop", t + 1) if scoped else mg.scope("loop"):
                values = [*states, x[t]]
                for kind, i, j in steps:
                    pair = values[i % len(values)], values[j % len(values)]
                    values.append(KINDS[kind](*pair, masks[t], index))
                states = [mg.tanh(each) for each in values[-carried:]]
            kept.append(states[0])
        loss = (mg.stack(kept) ** 2).sum() + (states[-1] * kept[0]).sum()
        return loss, kept[-1], mg.grad(loss, {"V": V, "b": b, "U": WIDE, "x": x})

    return f


@settings(max_examples=60)
@given(
    st.lists(STEP, min_size=1, max_size=6), st.integers(1, 2), st.integers(1, 6),
    st.booleans(), st.integers(0, 10**6),
)  # fmt: skip
def test_random_programs_agree_on_fresh_inputs(steps, carried, length, scoped, seed):
    f, random = program(steps, carried, scoped), np.random.default_rng(seed)
    step = mg.compile(f)
    for _ in range(3):
        given_now = (
            random.standard_normal((length, 3, 4)),
            random.random((length, 3, 4)) < 0.5,
            random.integers(0, 4, 3),
        )
        assert_same(step(*given_now), f(*given_now))


def running(start, x, matrix=None):
    """Return tanh(start / 2 + x_t), step by step: a loop of its own."""
    y = start
    for t in range(len(x)):
        with mg.scope(t):
            y = mg.tanh(y * 0.5 + (x[t] if matrix is None else matrix(x[t])))
    return y


@pytest.mark.parametrize("matrix", [lambda v: W @ v, lambda v: v @ W.T])
def test_of_vectors_at_all_steps_there_is_one_product(matrix):
    f = lambda x: mg.grad((running(b, x, matrix) ** 2).sum(), x)  # noqa: E731
    x = mg.Tensor(normal(30, 5))
    step = mg.compile(f, x)
    assert_same(step(x), f(x))
    assert step.source.count("for ") == 2


def test_a_sum_that_could_be_continued_for_ever_is_not():
    f = program([("add", 0, 0), ("product", 0, 0), ("add", 2, 1)], 1, True)
    given_now = normal(4, 3, 4), np.ones((4, 3, 4), bool), np.array([0, 1, 2])
    assert_same(mg.compile(f)(*given_now), f(*given_now))


ENDS = {
    "has another shape": (
        [("parts", 9, 0), ("largest", 0, 6), ("parts", 1, 6), ("maximum", 5, 1),
         ("tanh", 8, 2)], 1, 3,
    ),
    "is another product": (
        [("softmax", 2, 6), ("relu", 9, 8), ("joined", 3, 2), ("multiply", 5, 2)], 2, 4,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", ENDS)
def test_what_is_read_at_an_end_may_be_another(what):
    steps, carried, length = ENDS[what]
    f = program(steps, carried, True)
    given_now = normal(length, 3, 4), np.ones((length, 3, 4), bool), np.arange(3)
    assert_same(mg.compile(f)(*given_now), f(*given_now))


def test_constants_of_other_shapes_at_other_steps_are_no_one_array():
    def f(x):
        for t in range(6):
            with mg.scope("loop", t + 1):
                x = mg.tanh(x * np.full((3, 4) if t % 2 else (3, 1), t + 1.0))
        return x

    x = mg.Tensor(normal(3, 4))
    assert_same(mg.compile(f)(x), f(x))
