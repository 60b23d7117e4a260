"""A compiled program gives what its function gives: for every input, or it refuses."""

import importlib
import pkgutil
import re
import warnings

import numpy as np
import numpy_cases
import pytest
from compile_cases import RANDOM, WIDE, V, W, arrays, assert_same, b, normal
from every import every
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg


def classifier(activation):
    def f(x, labels):
        loss = mg.cross_entropy(activation(mg.matvec(W, x) + b), labels)
        return loss, mg.grad(loss, {"W": W, "b": b})

    return f


ACTIVATIONS = [
    mg.relu, mg.tanh, mg.sigmoid, mg.softplus, abs, mg.softmax, mg.silu, np.sort,
    lambda z: mg.clip(z, -0.5, 0.5), lambda z: mg.maximum(z, 0.1), lambda z: z**3,
    lambda z: mg.minimum(z, mg.tanh(z)), lambda z: z / (1 + z * z), np.sinh,
    lambda z: mg.where(z > 0.2, z, -z), lambda z: z - z.max(axis=1, keepdims=True),
    lambda z: z * np.argmax(z, axis=1)[:, None], lambda z: np.cumprod(z, axis=1),
    lambda z: z * np.median(z), lambda z: (z - z.mean(0)) / z.std(0), np.sign,
]  # fmt: skip


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_what_depends_on_the_input_is_computed_anew(activation):
    f = classifier(activation) if activation is not np.sign else lambda x, _: np.sign(x)
    step = mg.compile(f, normal(6, 5), RANDOM.integers(0, 4, 6))
    for _ in range(3):
        x, labels = normal(6, 5), RANDOM.integers(0, 4, 6)
        assert_same(step(x, labels), f(x, labels))
    assert len(step.programs) == 1


def masked(x, mask):
    y = mg.where(mask, mg.matvec(W, x), 0.0)
    return y, mg.grad((y * y).sum(), W)


def taken(x, index):
    y = mg.matvec(W, x)
    return y[index], mg.grad((y[np.arange(6), index] ** 2).sum(), W)


def chosen(x, mask):
    y = mg.matvec(W, x)[mask]
    return y.sum(), mg.grad(y.sum(), W)


def largest(x, _):
    y = mg.matvec(W, x).max(axis=1)
    return y, mg.grad(y.sum(), W), np.argmax(y)


def written(x, _):
    out = mg.zeros((2, 4))
    out[0], out[1] = mg.matvec(W, x[0]), b
    return mg.grad((out * out).sum(), [W, b])


def second_order(x, _):
    return mg.hvp(lambda z: (mg.sin(z) * z).sum(), (x,), (x * x,))


def of_functions(x, _):
    f = lambda z: mg.sin(z[0]) * z[1]  # noqa: E731
    one, all_at_once = mg.value_and_grad(lambda z: f(z).sum())(x), mg.jacobian(f)(x)
    return one, all_at_once, mg.jvp(f, (x,), (x,))


def over(axis, keepdims):
    """Return a function that adds up the cotangents of its steps in its own way."""

    def f(x, _):
        y, sums = mg.Tensor(np.zeros((4, 4))), []
        for t in range(len(x)):
            with mg.scope("loop", t):
                joined = mg.concatenate([x[t], y], axis=-1)
                sums.append(mg.matvec(WIDE, joined) + b)
                y = mg.tanh(sums[-1])
        first, *bars = mg.grad((y * y).sum(), [WIDE, b, *sums])
        return first, sum(bars[2:], bars[1]).sum(axis=axis, keepdims=keepdims)

    return f


@pytest.mark.parametrize("axis", [0, 1, -1, None, (0, 1)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_a_sum_over_other_axes_is_not_the_gradient_of_the_bias(axis, keepdims):
    f = over(axis, keepdims)
    step = mg.compile(f, np.zeros((5, 4, 4)), None)
    for _ in range(2):
        x = normal(5, 4, 4)
        assert_same(step(x, None), f(x, None))


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


def tied(x):
    """Return what has ties in most examples, though not in each."""
    largest = mg.maximum(mg.matvec(W, x), 0.0).max(axis=0) + x.max(axis=1)[:4]
    return largest, mg.grad(mg.maximum(mg.matvec(W, x), 0.0).max(axis=0).sum(), W)


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


def test_a_float64_may_be_computed_from_float32():
    w = mg.Parameter(normal(40, 40).astype("f4"), "w")
    f = lambda x: mg.matvec(w, x).sum(axis=-1) * np.ones(3)  # noqa: E731
    step, x = mg.compile(f), normal(3, 40).astype("f4")
    np.testing.assert_allclose(step(x).data, f(x).data, rtol=0, atol=1e-4)


PROGRAMS = {
    "ties": (lambda x, _: tied(np.round(x)), lambda: None),
    "a mask": (masked, lambda: RANDOM.random((6, 4)) < 0.5),
    "an index": (taken, lambda: RANDOM.integers(0, 4, 6)),
    "a choice of entries": (chosen, lambda: RANDOM.random((6, 4)) < 0.5),
    "the largest": (largest, lambda: None),
    "a number in a new axis": (lambda x, _: np.flip(W.sum())[None], lambda: None),
    "a sum of a number": (lambda x, _: mg.matvec(W, x).sum().sum(axis=0), lambda: None),
    "an array that is filled": (written, lambda: None),
    "a second derivative": (second_order, lambda: None),
    "derivatives of functions": (of_functions, lambda: None),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_hold_for_other_inputs(name):
    f, other = PROGRAMS[name]
    step = mg.compile(f)
    for _ in range(5):
        x, more = normal(6, 5), other()
        assert_same(step(x, more), f(x, more))


def test_parameters_are_read_at_each_call():
    p = mg.Parameter([1.0, 2.0], "p")
    step = mg.compile(lambda x: mg.grad((p * p * x).sum(), p), np.ones(2))
    p.data = [3.0, 4.0]
    assert step(np.ones(2)).tolist() == [6.0, 8.0]
    with_data = mg.compile(lambda x: x * p.data.sum(), np.ones(2))
    p.data = [5.0, 5.0]
    assert with_data(np.ones(2)).tolist() == [10.0, 10.0]


def test_an_if_that_goes_another_way_is_traced_again():
    f = lambda x: x * 2 if x.sum() > 0 else x * x  # noqa: E731
    step = mg.compile(f, np.ones(3))
    for x in (np.ones(3), -np.ones(3), np.full(3, -2.0), np.full(3, 5.0)):
        assert_same(step(x), f(x))
    assert len(step.programs) == 2


def test_a_number_that_chooses_shapes_is_checked():
    f = lambda x, n: x[: int(n.max())].sum()  # noqa: E731
    step = mg.compile(f)
    for n in (2, 3, 2, 4):
        arguments = np.arange(5.0), np.array([1, n])
        assert_same(step(*arguments), f(*arguments))
    assert len(step.programs) == 3


def test_what_has_as_many_entries_as_numbers_say_is_checked():
    sizes = {
        "where": lambda x: x * 2 if len(np.where(x > 0)[0]) else x * 3,
        "a mask": lambda x: x * x[x > 0].size,
        "different ones": lambda x: x * np.unique(x).shape[0],
        "zeros around": lambda x: np.trim_zeros(mg.Tensor(x)),
        "several results": lambda x: (
            x * len(np.unique(x, return_counts=True).counts)
            if hasattr(np.unique(x, return_counts=True), "counts")
            else x * len(np.unique(x, return_counts=True)[1])
        ),
    }
    for f in sizes.values():
        step = mg.compile(f, np.zeros(3))
        for x in ([1.0, 0.0, -1.0], [0.0, 0.0, 2.0], [1.0, 2.0, 3.0], [0.0] * 3):
            assert_same(step(np.array(x)), f(np.array(x)))


def test_ties_make_one_more_program_however_they_fall():
    def f(x):
        z = mg.relu(mg.matvec(W, x))
        largest = [mg.max(z[k]) * mg.maximum(z[k, 0], z[k, 1]) for k in range(4)]
        return sum(largest), mg.grad(sum(largest) + np.nanmax(z), W)

    step = mg.compile(f, normal(4, 5))
    for x in (normal(4, 5), np.zeros((4, 5)), *np.eye(4)[:, :, None] * np.ones(5)):
        assert_same(step(x), f(x))
    assert len(step.programs) <= 2


def density(x, a):
    """A normal density, as in the README: of a matrix whose order is by numbers."""
    covariance = a @ a.T + np.eye(3)
    x = mg.Tensor(x)
    z = np.linalg.solve(covariance, x)
    loss = x @ z + np.linalg.slogdet(covariance)[1] + np.linalg.det(a)
    return loss, mg.grad(loss, a), np.linalg.inv(a)


def test_an_order_that_numbers_decide_is_found_anew():
    step = mg.compile(density)
    for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0], [0, 2, 1]):
        x, a = normal(3), mg.Tensor(np.diag([3.0, 2.0, 5.0])[order] + normal(3, 3) / 9)
        assert_same(step(x, a), density(x, a))
    assert len(step.programs) == 2  # straight at first
    with pytest.raises(np.linalg.LinAlgError, match="singular"):
        step(x, mg.Tensor(np.zeros((3, 3))))


def test_zeros_of_a_power_are_taken_as_they_come():
    f = lambda x, y: mg.value_and_grad(lambda x, y: (x**y).sum(), (0, 1))(x, y)  # noqa: E731
    g = lambda x, y: mg.Tensor(x) ** y  # noqa: E731
    step, plain = mg.compile(f), mg.compile(g)
    for x in ([1.0, 2.0], [0.0, 2.0], [3.0, 0.0]):
        for y in ([1.0, 2.0], [2.0, 0.0], [0.0, 3.0]):
            given_now = np.array(x), np.array(y)
            with np.errstate(all="ignore"):
                assert_same(step(*given_now), f(*given_now))
                assert_same(plain(*given_now), g(*given_now))


VIEWS = {
    "T": lambda z: z.T,
    "rows": lambda z: z.reshape(3, 8) if z.shape != (3, 8) else z.reshape(8, 3),
    "by columns": lambda z: np.reshape(z, (4, 6), order="F"),
    "axes": lambda z: z.reshape(2, 3, 4).transpose(2, 0, 1).reshape(6, 4),
    "back": lambda z: z[::-1],
    "some": lambda z: mg.concatenate([z[:, 1:], z[:, :1]], axis=1),
    "tanh": lambda z: mg.tanh(z),
    "product": lambda z: z * z.reshape(z.shape[::-1]).T,
}


@settings(max_examples=40)
@given(st.lists(st.sampled_from(sorted(VIEWS)), min_size=1, max_size=6))
def test_entries_are_moved_as_often_as_one_likes(names):
    """A reshape is a view of what lies in one piece, and a copy of anything else."""

    def f(x):
        z = x
        for name in names:
            z = VIEWS[name](z)
        return z, mg.grad((z * mg.cos(z)).sum(), x)

    step = mg.compile(f, mg.Tensor(np.zeros((4, 6))))
    for _ in range(2):
        x = mg.Tensor(normal(4, 6))
        assert_same(step(x), f(x))


IDIOMS = [
    case
    for _, name, _ in pkgutil.iter_modules(numpy_cases.__path__)
    for case in importlib.import_module(f"numpy_cases.{name}").CASES
]
BY_PLAIN_ARRAYS = "histogram|i0|piecewise.* of \\(\\)|array_equiv"


@pytest.mark.slow
@every("case", IDIOMS, ids=lambda case: case.name, parts=4)
def test_each_idiom_of_numpy_is_compiled_for_other_numbers(case):
    if re.search(BY_PLAIN_ARRAYS, case.name):
        return
    floats = [k for k, a in enumerate(case.args) if a.dtype.kind == "f"]

    def f(*args):
        given = [mg.Tensor(a) if k in floats else a for k, a in enumerate(args)]
        y = case(*given)
        results = [each for each in arrays_of_tensors(y) if each.primitive]
        if not results or not case.order:
            return y
        loss = sum((each * mg.cos(each)).sum() for each in results)
        return y, mg.grad(loss, [given[k] for k in floats])

    random, step = np.random.default_rng(1), mg.compile(f)
    for change in (None, lambda a: a * random.uniform(0.9, 1.1, a.shape),
                   lambda a: random.permutation(a.ravel()).reshape(a.shape),
                   np.negative, np.zeros_like, np.ones_like):  # fmt: skip
        args = [change(a) if change and k in floats else a for k, a in
                enumerate(case.args)]  # fmt: skip
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                expected = f(*args)
            except Exception as error:  # a negative number, a singular matrix
                with pytest.raises(type(error)):
                    step(*args)
                continue
            assert_same(step(*args), expected)


def arrays_of_tensors(structure):
    if isinstance(structure, tuple | list):
        return [tensor for each in structure for tensor in arrays_of_tensors(each)]
    return [structure] if isinstance(structure, mg.Tensor) else []


def test_half_precision_is_added_up_in_float32():
    f = lambda x: mg.Tensor(x).sum() + mg.Tensor(x).mean()  # noqa: E731
    x = normal(4000).astype("f2")
    assert mg.compile(f)(x).data == f(x).data


@pytest.mark.parametrize("n", [1, 20, 64, 65, 128, 129])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_short_rows_are_reduced_as_long_ones_are(n, dtype):
    def f(x):
        y = mg.Tensor(x) * 2.0
        return [np.max(y.data, axis=-1), y.sum(axis=-1, keepdims=True), y.sum(axis=0)]

    step = mg.compile(f, normal(3, 2, n).astype(dtype))
    x = normal(3, 2, n).astype(dtype)
    x[0, 0, -1], x[1, 1, 0], x[2, 0, 0] = np.nan, np.inf, -1e3
    tolerance = 1e-3 if dtype == "f4" else 1e-11
    for found, expected in zip(arrays(step(x)), arrays(f(x)), strict=True):
        assert found.shape == expected.shape and found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
    assert "largest_into" in step.source


def test_a_gradient_that_nearly_vanishes_is_right_but_for_rounding():
    x, labels = np.random.default_rng(0).standard_normal((3, 20)), np.array([1, 1, 1])
    x[:, 1] = 30.0
    f = lambda x, labels: mg.grad(mg.cross_entropy(x, labels), x)  # noqa: E731
    step = mg.compile(f, mg.Tensor(x), labels)
    assert abs(step(mg.Tensor(x), labels)).max() < 1e-10


def test_a_gradient_whose_steps_cancel_is_right_but_for_rounding():
    def f(x):
        steps = [mg.matvec(W, x[t]) for t in range(30)]
        return steps, mg.grad(sum((each * b).sum() for each in steps), W)

    x = normal(30, 5)
    x[-1] = -x[:-1].sum(axis=0)
    assert_same(mg.compile(f)(x), f(x))


def test_labels_outside_are_refused_as_the_function_refuses_them():
    step = mg.compile(classifier(mg.tanh), normal(6, 5), np.zeros(6, int))
    with pytest.raises(ValueError, match="labels must be integers"):
        step(normal(6, 5), np.full(6, 4))


# ---------------------------------------------------------------------- random programs

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


def test_what_a_loop_starts_with_is_written_above_it():
    step = mg.compile(lambda x: mg.grad((running(b, x) ** 2).sum(), b), normal(9, 4))
    lines = [line.strip() for line in str(step).splitlines()]
    forwards, backwards = (k for k, e in enumerate(lines) if e.startswith("for t"))
    assert lines[forwards - 1].endswith("[−1] = b")
    assert lines[backwards - 1].startswith("b_bar[T+1] = ")
    zeros = mg.compile(lambda x: running(np.zeros(4), x), normal(9, 4))
    assert re.search(r"\[0\] = zeros\(4\)\n    for t = 0", str(zeros))
    assert re.search(r"0\.5   t = 1, …, T\n", str(zeros))  # a line in it begins later


def test_the_times_of_a_loop_are_no_name_of_a_value():
    step = mg.compile(lambda t: running(t[0], t), normal(9, 4))
    assert "for s = " in str(step) and "[s−1]" in str(step)
    assert "for s = " in mg.draw(step).dot


def test_questions_are_written():
    asked = mg.compile(lambda x, n: x * int(n[0]) if x.sum() > 0 else x)
    asked(np.ones(3), np.array([4]))
    assert re.search(r"v\d+ must be True\n    int\(n\[0\]\) must be 4\n", str(asked))
    sized = mg.compile(lambda x: x[x > 0.5], np.ones(3))
    assert "must have the shape (3,)" in str(sized)


def test_a_long_program_without_a_loop_says_what_marks_one():
    def unmarked(x):
        y = b
        for t in range(60):
            y = mg.tanh(y * 0.5 + x[t])
        return y

    x = normal(60, 4)
    assert "mg.scope(t)" in mg.compile(unmarked, x).explain().splitlines()[-1]
    assert "mg.scope(t)" not in mg.compile(lambda x: running(b, x), x).explain()
    assert "mg.scope(t)" not in mg.compile(lambda x: mg.tanh(b + x), x).explain()


def test_calls_are_counted_alike_after_each_rewrite():
    step = mg.compile(lambda x: x[0] + x[1] + x[2] + x[3], normal(4, 3))
    assert {stage.calls for stage in step.program.stages} == {3}
    rows, _, below = step.explain().partition("as many calls and bytes after: ")
    assert "shared" in below and "shared" not in rows


def test_a_constant_is_written_as_what_it_is():
    w, unread = mg.Parameter(np.ones(3), "w"), mg.Parameter(np.ones(2), "unread")
    step = mg.compile(lambda x: mg.grad((x * w).sum(), [w, unread]), np.ones(3))
    assert str(step).endswith("return x, zeros(2)")


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
