"""Loops of NumPy's over Tensors, and over arrays that can be written to."""

import numpy
import pytest
from every import every

import minigrad as mg
import minigrad.numpy as ours

T = numpy.array([[0.5, -1.5, 2.5], [1.25, 0.75, -0.25]])


def doubled(np, t):
    x = np.zeros((2, 3))
    x[...] = t
    with np.nditer(x.T, op_flags=["readwrite"]) as entries:
        for entry in entries:
            entry[...] = 2.0 * entry
    return x


def by_their_index(np, t):
    x = np.zeros_like(t)
    it = np.nditer(t, flags=["multi_index"], op_flags=["readonly"])
    while not it.finished:
        x[it.multi_index] = it[0] * t[it.multi_index] * len(it)
        it.iternext()
    return x


def in_memory_order(np, t):
    return np.array([1.0 * entry for entry in np.nditer(t.T)])


def one_is_moved(np, t):
    x = np.zeros((2, 3)) + t
    y = np.zeros((2, 3))
    y[...] = x
    it = np.nditer(y, flags=["multi_index"], op_flags=["readwrite"])
    it[0] = it[0] + 1.0
    return y


def enumerated(np, t):
    return sum(i * entry + j * entry**2 for (i, j), entry in np.ndenumerate(t))


def vectorized(np, t):
    soft = np.vectorize(lambda a, b: a * b if a > b else a + b)
    return soft(t, t[0]) + soft(t[0, 0], 2.0)


def vectorized_by_a_decorator(np, t):
    @np.vectorize(otypes=[float])
    def square(a):
        return a * a

    return square(t) * square([2.0, 3.0, 4.0])


def vectorized_in_two(np, t):
    first, second = np.vectorize(lambda a: (a, a * a))(t)
    choice = np.vectorize(lambda a: 1 if a > 0 else 0)(t)
    return first + second * choice


def contiguous(np, t):
    x = np.zeros((2, 3))
    np.ascontiguousarray(x)[0] = t[0]
    np.ascontiguousarray(x.T)[:, 1] = 7.0
    np.asanyarray(x)[1] = t[1]
    return x * np.ascontiguousarray(t)


@every("program", [
    doubled, by_their_index, in_memory_order, one_is_moved, enumerated, vectorized,
    vectorized_by_a_decorator, vectorized_in_two, contiguous,
])  # fmt: skip
def test_a_loop_means_what_it_means_in_numpy(program):
    right, y = program(numpy, T.copy()), program(ours, mg.Tensor(T))
    numpy.testing.assert_array_equal(y.data, right)
    mg.check_gradients(lambda t: program(ours, t), T)


def test_plain_arrays_are_looped_over_by_numpy():
    assert isinstance(ours.nditer(T), numpy.nditer)
    assert dict(ours.ndenumerate(T))[0, 2] == 2.5
    assert ours.vectorize(lambda a: a + 1)([1, 2]).tolist() == [2, 3]


def test_a_loop_over_several_arrays_is_refused_in_a_sentence():
    with pytest.raises(TypeError, match=r"(?s)np\.nditer of several.*why.*fix.*zip"):
        ours.nditer([mg.Tensor(T), T])
