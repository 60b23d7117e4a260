"""Functions that move, join and cut: what the table of idioms does not say."""

from fractions import Fraction

import numpy as np
import pytest
from every import every

import minigrad as mg
from minigrad.composites import MODULES

X = np.arange(1.0, 10.0).reshape(3, 3)


def test_each_function_of_each_module_is_a_name_of_minigrad():
    for module in MODULES:
        for name in module.__all__:
            assert getattr(mg, name, None), f"{module.__name__}.{name}"


ONE_ROW = {
    "squeeze": lambda x: np.squeeze(x[None]),
    "swapaxes": lambda x: np.swapaxes(x, 0, 1),
    "flip": lambda x: np.flip(x, axis=(0, 1)),
    "roll": lambda x: np.roll(x, (1, 2), axis=(0, 1)),
    "repeat": lambda x: np.repeat(x, [1, 0, 2], axis=1),
    "tile": lambda x: np.tile(x, (2, 2)),
    "delete": lambda x: np.delete(x, 1, axis=0),
    "diagonal": lambda x: np.diag(x, -1),
    "tril": np.tril,
    "zeros around": lambda x: np.pad(x, 1),
    "edges around": lambda x: np.pad(x, 1, mode="edge"),
    "block": lambda x: np.hstack([x, x, x]),
    "split": lambda x: np.split(x, 3)[1],
}


@every("name", ONE_ROW)
def test_what_only_moves_entries_is_one_row_or_two(name):
    assert (
        len(mg.Tape(ONE_ROW[name](mg.Tensor(X)))) <= 4
    )  # with what prepares it, and x


def test_a_read_of_one_row_is_a_slice():
    x = mg.Tensor(X)
    assert np.flip(x, 1).options["index"] == (slice(None), slice(None, None, -1))
    assert np.split(x, 3)[1].options["index"] == slice(1, 2)
    assert np.roll(x, 1, axis=0).options["index"].tolist() == [2, 0, 1]


def test_numbers_lists_and_arrays_may_stand_beside_tensors():
    t = mg.Tensor([1.0, 2.0])
    w = mg.zeros(2)
    w[1] = t[0]
    joined = np.concatenate([t, np.array([3.0]), w], axis=None)
    np.testing.assert_array_equal(joined.data, [1.0, 2.0, 3.0, 0.0, 1.0])
    np.testing.assert_array_equal(mg.grad(joined.sum(), t), [2.0, 1.0])
    blocks = mg.block([[t, 0.0], [1.0, 2.0, t[0]]])
    np.testing.assert_array_equal(blocks.data, [[1.0, 2.0, 0.0], [1.0, 2.0, 1.0]])
    assert mg.atleast_2d(t, 5.0)[1].shape == (1, 1)
    np.testing.assert_array_equal(mg.flip([t[0], 5.0]).data, [5.0, 1.0])
    np.testing.assert_array_equal(mg.insert(t, 0, values=w).data, [0, 1, 1, 2])
    np.testing.assert_array_equal(np.pad(t, 1, constant_values=t[0]).data, [1, 1, 2, 1])


def test_exact_numbers_stay_exact():
    t = mg.Tensor(np.array([Fraction(1, 2), Fraction(1, 3)], object))
    padded = np.pad(np.diag(t), 1, constant_values=Fraction(1, 7))
    assert np.trace(padded[1:, 1:]).item() == Fraction(5, 6) + Fraction(1, 7)
    assert (np.tril(np.tile(t, (2, 1))).data == [[t.data[0], 0], t.data]).all()


def test_a_padding_may_be_given_by_axis():
    if np.lib.NumpyVersion(np.__version__) < "2.3.0":
        pytest.skip("NumPy 2.3 began it")
    for widths in ({-1: 2}, {0: (1, 0), 1: (0, 2)}):
        for more in ({}, {"constant_values": 3.0}, {"mode": "edge"}):
            y = np.pad(mg.Tensor(X), widths, **more)
            np.testing.assert_array_equal(y.data, np.pad(X, widths, **more))


def test_no_entries_have_a_gradient_too():
    x = mg.Tensor(np.zeros((0, 3)))
    for f in (np.ravel, np.tril, lambda x: np.repeat(x, 2, axis=1)):
        assert mg.grad(f(x).sum(), x).shape == (0, 3)
    copy = x.copy()
    assert mg.grad((copy[:0] * 2.0).sum(), x).shape == (0, 3)
