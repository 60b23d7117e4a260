"""Arrays that can be written to: who sees a write, what it costs, what is refused."""

import pickle
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy
import pytest

import minigrad as mg
from minigrad.writable_arrays.writable import Writable

T = numpy.array([[0.5, -1.5, 2.5], [1.25, 0.75, -0.25], [-2.0, 3.0, 1.0]])


# ---------------------------------------------------------------------- other questions


def test_an_array_holds_what_stands_in_it():
    x = mg.zeros((2, 2))
    assert isinstance((x + 1.0).current(), numpy.ndarray)  # nothing to record
    x[0] = mg.Tensor([1.0, 2.0])
    assert isinstance(x + 1.0, mg.Tensor)
    assert (len(x), x.shape, x.ndim, x.size) == (2, (2, 2), 2, 4)
    assert repr(x) == "Writable([[1., 2.],\n          [0., 0.]])"
    assert 2.0 in x and (x > 1).sum() == 1 and float(x[0, 1]) == 2.0


def test_an_entry_that_is_not_filled_is_nan():
    x = mg.empty(2)
    x[0] = mg.Tensor(1.0)
    numpy.testing.assert_array_equal(x.data, [1.0, numpy.nan])


def test_a_value_that_does_not_fit_changes_nothing():
    x, t = mg.Tensor([1.0, 2.0, 3.0]).copy(), mg.Tensor([4.0, 5.0])
    wrong = {
        "x[5] = t[0]": lambda: x.__setitem__(5, t[0]),
        "x[[0, 3]] = t": lambda: x.__setitem__([0, 3], t),
        "x[:] = t": lambda: x.__setitem__(slice(None), t),
        "x[mask] = t": lambda: x.__setitem__([True, False, False], t),
        "x[0] = t": lambda: x.__setitem__(0, t),
        "x += matrix": lambda: x.__iadd__(numpy.ones((2, 3))),
        "x @= x": lambda: x.__imatmul__(x),
        "np.copyto": lambda: numpy.copyto(x, t),
        "np.put": lambda: numpy.put(x, [7], t),
        "np.broadcast_to": lambda: numpy.broadcast_to(x, (2, 3)).fill(t[0]),
    }
    for name, write in wrong.items():
        with pytest.raises((ValueError, IndexError), match="fix") as raised:
            write()
        assert "test_writable_rules.py" in str(raised.value), name
        numpy.testing.assert_array_equal(x.data, [1.0, 2.0, 3.0])


def test_what_cannot_be_written_or_read_is_refused_in_a_sentence():
    x, t = mg.zeros(3), mg.Tensor([1.0, 2.0, 3.0])
    wrong = {
        "an index": lambda: x[t],
        "the index of a value": lambda: x.__setitem__(t, 1.0),
        "complex numbers": lambda: x.fill(1j),
        "words": lambda: x.fill("three"),
        "a Tensor as out": lambda: numpy.add(x, 1.0, out=t),
        "an array as out": lambda: numpy.add(x, 1.0, out=numpy.zeros(3)),
    }
    x[0] = t[0]
    for write in wrong.values():
        with pytest.raises(TypeError, match="fix"):
            write()


def test_a_write_without_a_record_leaves_the_record_of_the_others():
    t = mg.Tensor([1.0, 2.0])
    x = mg.zeros(2)
    x[0] = t[0] * t[1]
    with mg.no_grad():
        assert x.data.tolist() == [2.0, 0.0]
        x[1] = t[1] * 3.0
        assert (x * 1.0).data.tolist() == [2.0, 6.0]
    numpy.testing.assert_array_equal(mg.grad(x[0], t), [2.0, 1.0])
    numpy.testing.assert_array_equal(x.data, [2.0, 6.0])


def test_an_array_of_a_closure_is_written_by_each_call():
    x = mg.zeros(3)

    def f(t, i):
        x[i] = t * t
        return x

    t = mg.Tensor(3.0)
    f(t, 0)
    assert mg.grad(f(t, 2).sum(), t) == 12.0
    with mg.no_grad():
        assert x.data.tolist() == [9.0, 0.0, 9.0]


def test_a_function_may_return_the_array():
    def f(t):
        x = mg.zeros(2)
        x[1] = t[0] * t[1]
        return x

    numpy.testing.assert_array_equal(
        mg.jacobian(f)(numpy.array([2.0, 3.0])), [[0.0, 0.0], [3.0, 2.0]]
    )
    assert isinstance(f(mg.Tensor([2.0, 3.0])), Writable)


def test_a_loop_that_fills_an_array_records_one_step_for_each_entry():
    n, a = 2000, mg.Tensor(0.999)
    out = mg.zeros(n)
    out[0] = 1.0
    for i in range(1, n):
        out[i] = out[i - 1] * a
    steps = [step.primitive.name for step in mg.Tape(out) if step.primitive]
    assert steps == ["multiply"] * (n - 1) + ["stack"]
    last = mg.grad(out[-1], a)
    numpy.testing.assert_allclose(last, (n - 1) * 0.999 ** (n - 2), rtol=1e-12)


def test_a_window_of_a_long_array_costs_no_more_than_the_window():
    n, a = 300, mg.Tensor([0.3, 0.6])
    out = mg.zeros(n)
    out[:2] = a
    for i in range(2, n):
        out[i] = out[i - 2 : i] @ a
    assert len(mg.Tape(out)) < 4 * n


# ----------------------------------------------------- beside other names and tools


def test_a_gradient_by_an_array_is_by_what_the_output_has_read():
    t = mg.Tensor([1.0, 2.0])
    x = t.copy()
    y, before = (x * x).sum(), x.current()
    assert mg.grad(y, x).tolist() == [2.0, 4.0]
    x[0] = 9.0
    with pytest.raises(ValueError, match=r"(?s)written.*fix.*current"):
        mg.grad(y, [t, x])
    assert mg.grad(y, before).tolist() == [2.0, 4.0]
    assert mg.grad((x * x).sum(), x).tolist() == [18.0, 4.0]


def test_backward_starts_from_an_array():
    p = mg.Parameter(3.0)
    x = mg.zeros(())
    x += p * p
    x.backward()
    assert p.grad == 6.0


def test_a_pickled_array_is_one_of_its_own():
    x = mg.array([1.0, 2.0])
    y = pickle.loads(pickle.dumps(x))
    y[0] = x[1] * 2.0
    assert y.data.tolist() == [4.0, 2.0] and x.data.tolist() == [1.0, 2.0]


def test_threads_write_entries_of_their_own():
    t, x = mg.Tensor(numpy.arange(64.0)), mg.zeros(64)

    def write(first):
        for i in range(first, 64, 8):
            x[i] = t[i] * t[i]
            x.sum()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(write, range(8)))
    finally:
        sys.setswitchinterval(interval)
    assert mg.grad(x.sum(), t).tolist() == (2 * numpy.arange(64.0)).tolist()


def test_what_gives_a_copy_in_numpy_gives_a_copy():
    x = mg.Tensor([1.0, 2.0]).copy()
    y = mg.zeros(2) + x
    assert numpy.shares_memory(x, x[:1]) and not numpy.shares_memory(x, y)
    assert not numpy.shares_memory(x, x.copy()) and not numpy.shares_memory(x[:1], x[1])
    assert not isinstance(numpy.positive(x), Writable)  # a Tensor is never written to
    with pytest.raises(ValueError, match="read-only"):
        x.data[0] = 5.0


def rows_are_changed(t):
    for row in t:
        row /= row.sum()
    return t


def a_transpose_is_changed(t):
    y = t.T
    y += 1.0
    return t


def every_entry_is_changed(t):
    y = numpy.squeeze(t[None]).reshape(-1)
    y -= 1.0
    return t * t


@pytest.mark.parametrize(
    "program", [rows_are_changed, a_transpose_is_changed, every_entry_is_changed]
)
def test_a_part_of_a_tensor_is_not_changed_in_place(program):
    t = mg.Tensor(T)
    with pytest.raises(TypeError, match=r"(?s)= other of a part of.*fix.*\.copy\(\)"):
        program(t)
    with mg.no_grad(), pytest.raises(TypeError, match="part of a Tensor"):
        program(t * 1.0)
    assert numpy.array_equal(program(t.copy()).data, program(T.copy()))


def test_what_nobody_else_holds_is_another_tensor_of_that_name():
    y = (mg.Tensor(T) * 2.0).T.reshape(-1)[1:]
    y *= y
    assert numpy.array_equal(y.data, (2.0 * T).T.reshape(-1)[1:] ** 2)
    total = mg.Tensor(T)[0, 0]
    total += 1.0  # a number of NumPy's does not change either
    assert total.item() == T[0, 0] + 1.0


def test_a_second_name_that_misses_a_change_is_found_by_the_check():
    def step(w):
        w -= 1.0

    def trained(t):
        w = t * 2.0
        step(w)
        return w

    with pytest.raises(AssertionError, match=r"(?s)plain arrays.*under each"):
        mg.check_gradients(trained, T)
    mg.check_gradients(lambda t: (t * 2.0) - 1.0, T)


def test_a_list_of_tensors_is_an_array_beside_others():
    t = mg.Tensor([1.0, 2.0], "t")
    f = {
        "-": lambda t: t - [t[1], 1.0],
        "*": lambda t: [[t[0]], [2.0]] * t,
        "concatenate": lambda t: numpy.concatenate([t, [t[0] * t[1]]]),
        "hstack": lambda t: numpy.hstack([t, [t[0]], 3.0, t[1]]),
        "where": lambda t: numpy.where([True, False], [t[1], t[1]], t),
    }
    for name, each in f.items():
        array = each(t.data)
        numpy.testing.assert_array_equal(each(t).data, array, err_msg=name)
        mg.check_gradients(each, t.data)


def test_the_shape_is_set_where_no_copy_is_needed():
    x = mg.zeros((2, 3))
    x.shape = 6
    x[5] = mg.Tensor(2.0)
    assert x.shape == (6,) and x.data[5] == 2.0
    turned = mg.zeros((2, 3)).T
    with pytest.raises(AttributeError, match="only a copy could"):
        turned.shape = (6,)


def test_pieces_of_few_sizes_are_stacked_for_joining_n_parts_costs_n_times_n():
    r, out = mg.Tensor([0.9, 1.1], "r"), mg.zeros((80, 2))
    out[0] = r
    for i in range(1, 80):
        out[i] = out[i - 1] * r
        out[i, 0] += 1.0
    joins = [
        len(each.args)
        for each in mg.Tape(out.sum())
        if each.primitive and each.primitive.name == "concatenate"
    ]
    assert joins and max(joins) <= 3


def test_a_copy_of_what_is_trained_keeps_its_numbers():
    p = mg.Parameter([1.0, 2.0], "p")
    best, row = p.copy(), mg.zeros((2, 2))
    row[0] = p
    loss = (best * best).sum()
    assert mg.grad(loss, p).tolist() == [2.0, 4.0]
    p.data = numpy.array([7.0, 8.0])
    assert best.data.tolist() == row.data[0].tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="updated after this tape was recorded"):
        mg.grad((row * 3.0).sum(), p)


def test_whole_numbers_are_a_plain_array_and_a_second_size_is_answered():
    assert type(mg.zeros(3, int)) is type(mg.full(2, 1)) is numpy.ndarray
    with pytest.raises(TypeError, match=r"mg\.zeros\(\(2, 3\)\)"):
        mg.zeros(2, 3)
