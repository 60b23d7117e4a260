"""Arrays that Tensors can be written into do what arrays of NumPy do."""

import numpy
import pytest

import minigrad as mg
from minigrad import numpy as np


def test_lists_of_tensors_and_numbers_may_be_written():
    th = mg.Tensor(0.3)
    T = np.eye(3)
    T[:2, :2] = [[np.cos(th), -np.sin(th)], [np.sin(th), np.cos(th)]]
    T[:2, 2] = [th, 1]
    T[2] = (th * 0, 2, 3)
    c, s = numpy.cos(0.3), numpy.sin(0.3)
    right = [[c, -s, 0.3], [s, c, 1.0], [0.0, 2.0, 3.0]]
    numpy.testing.assert_array_equal(T.data, right)
    assert mg.grad(T[1, 0] + T[0, 2], th) == c + 1


def test_what_was_read_before_a_write_keeps_its_numbers():
    x = mg.Tensor([1.0, 2.0])
    out = np.zeros(2)
    out[0] = x[0]
    before = out * 1.0
    out[0] = x[1]
    assert before.data.tolist() == [1.0, 0.0]
    assert out.data.tolist() == [2.0, 0.0]


def test_a_value_that_does_not_fit_says_so():
    out = np.zeros(2)
    with pytest.raises(ValueError, match="must lie within shape"):
        out[:] = mg.Tensor([1.0, 2.0, 3.0])
