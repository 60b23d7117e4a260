"""A compiled program gives what its function gives: for every input, or it refuses."""

import importlib
import pkgutil
import re
import warnings

import numpy as np
import numpy_cases
import pytest
from compile_cases import RANDOM, WIDE, W, arrays, assert_same, b, normal
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


def tied(x):
    """Return what has ties in most examples, though not in each."""
    largest = mg.maximum(mg.matvec(W, x), 0.0).max(axis=0) + x.max(axis=1)[:4]
    return largest, mg.grad(mg.maximum(mg.matvec(W, x), 0.0).max(axis=0).sum(), W)


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
