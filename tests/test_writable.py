"""Arrays that can be written to, compared with the same programs on NumPy's arrays.

A program is given NumPy, or `minigrad.numpy`, and t: an array, or a Tensor. So what is
right is what NumPy itself does, and the slopes are those of the complex step.
"""

import copy

import numpy
import pytest
from every import every
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
import minigrad.numpy as ours
from minigrad.testing import assert_proved

T = numpy.array([[0.5, -1.5, 2.5], [1.25, 0.75, -0.25], [-2.0, 3.0, 1.0]])


def loss(program, *args):
    """Return one number of a program's result: each entry with a weight of its own."""
    y = program(*args)
    return (y * numpy.cos(numpy.arange(numpy.size(y))).reshape(numpy.shape(y))).sum()


def check(program, t=T, order=2):
    right, y = program(numpy, t.copy()), program(ours, mg.Tensor(t, "t"))
    assert numpy.shape(y) == numpy.shape(right)
    assert y.dtype == right.dtype
    numpy.testing.assert_array_equal(y.data, right)
    if not right.size:
        return
    mg.check_gradients(lambda t: loss(program, ours, t), t, order=order)


# --------------------------------------------------------------------- what can be said


def a_loop_fills_it(np, t):
    out = np.zeros(5)
    out[0] = t[0, 0]
    for i in range(1, 5):
        out[i] = out[i - 1] * t[0, 1] + t[1, 1]
    return out


def a_list_is_its_value(np, t):
    out = np.zeros((2, 3))
    out[1] = [t[0, 0], 2.0, t[0, 0] * t[1, 1]]
    return out


def a_rotation_is_written_as_lists(np, t):
    th = t[0, 0]
    x = np.eye(3)
    x[:2, :2] = [[np.cos(th), -np.sin(th)], [np.sin(th), np.cos(th)]]
    x[:2, 2] = [th, 1]
    x[2] = (th * 0, 2, t[1, 1])
    return x @ t


def a_view_is_written_through(np, t):
    x = t.copy()
    row = x[1]
    row[0] = t[0, 0] * t[0, 1]
    row[1:][::-1] = t[2, :2]
    return x * x


def a_copy_by_columns_has_other_views(np, t):
    x = np.zeros((2, 3))
    x[...] = t[:2]
    by_columns = [
        x.reshape((3, 2), order="F"),
        np.copy(x.T),
        np.array(x.T),
        np.zeros_like(x.T),
        np.zeros_like(t[0], shape=(3, 2)),
        np.ones((3, 2), order="F"),
        x.T.astype(float),
    ]
    for y in by_columns:
        y.ravel()[0] = t[2, 2]  # a copy of it, in NumPy
        y.T.ravel()[1] = t[2, 1]
    return np.stack(by_columns)


def a_view_sees_a_later_write(np, t):
    x = t.copy()
    column = x[:, 1]
    x[...] = t * t
    x[1, 1] = 0.5
    return column


def what_was_read_stays(np, t):
    x = t.copy()
    before = x * 1.0
    x[...] = 0.0
    return before + x


def an_array_is_moved_within_itself(np, t):
    x = t.copy()
    x[1:] = x[:-1]
    x[:, :-1] = x[:, 1:]
    x[0] = x[0, ::-1]
    return x * t


def views_of_views(np, t):
    x = np.zeros((3, 3))
    x.T.reshape(3, 3)[1:, None][0, 0, :2] = t[0, :2]
    x.swapaxes(0, 1)[2].T[...] = t[1]
    np.flip(np.moveaxis(x, 0, 1))[0, 0] = t[2, 2]
    np.split(x, 3)[1][0, 2] += 3.0
    return x * x


def a_row_of_all_entries(np, t):
    x = t.copy()
    x.ravel()[::4] = 1.0
    x.flatten()[...] = 7.0
    x.reshape(-1)[1] = x[2, 2] * 2.0
    return x


def rows_in_a_loop(np, t):
    x = t.copy()
    for row in x:
        row /= row.sum()
        row[0] *= 2.0
    return x


def arithmetic_in_place(np, t):
    x = t.copy()
    x += t
    x *= x
    x[0] -= x[1]
    x[:, 1] /= 2.0
    x[2, 2] **= 2
    x[t > 0] *= 3.0
    x @= t
    return x


def values_broadcast(np, t):
    x = np.ones((2, 3, 3))
    x[0] = t[0]
    x[1, :, 1:] = t[:, :1]
    x[:, 2] = t[2, 2]
    x[1, 0, 0] = t[:1, :1][0, 0]
    return x


def a_mask_says_where(np, t):
    x = np.zeros((3, 3))
    x[t > 0] = t[t > 0] ** 2
    x[t < -1.6] = t[0, 0]
    x[numpy.array([True, False, True]), 1] += t[0, :2]
    return x


def the_last_of_repeated_indices_wins(np, t):
    x = np.zeros(3)
    x[[0, 2, 0]] = t[0]
    x[[2, 2]] += t[1, :2]
    return x


def what_repeats_adds_up(np, t):
    x = t.copy()
    np.add.at(x, [0, 2, 0], t)
    np.add.at(x, ([0, 0], [1, 1]), t[0, :2])
    np.subtract.at(x, (slice(None), 1), t[1, 1])
    return x * x


def names_of_one_array(np, t):
    x = np.zeros((3, 3))
    x.view()[0] = t[0]
    x.astype(float, copy=False)[1] = t[1]
    np.array(x, copy=None)[2] = np.array(t[2], ndmin=2)
    np.real(x)[0, 0] = x.real[1, 1]
    np.concatenate([x[:1], t[:1]], out=x[1:])
    x = x.reshape(9)
    x.partition(4)
    return x.copy(order="C") * t[0, 0]


def functions_that_give_views_of_some(np, t):
    x = np.zeros((3, 3))
    transposed, diagonal = np.einsum("ij->ji", x), np.diag(x)
    np.real(x)[0] = t[0]
    transposed[1] = t[1]
    np.einsum("ii->i", x)[2:] = np.nan
    np.nan_to_num(x, copy=False, nan=7.0)
    return np.concatenate([transposed * t, [diagonal], [np.einsum("ij->i", x)]])


def an_operation_comes_again_where_an_index_does(np, t):
    x = np.ones((3, 3))
    np.multiply.at(x, [0, 2, 0], t)
    np.maximum.at(x, ([0, 0, 1], [1, 1, 1]), t[0])
    np.negative.at(x, [1, 1, 0])
    return x * x


def numpy_writes(np, t):
    x = np.zeros((3, 3))
    np.copyto(x, t[0])
    np.copyto(x, t, where=t > 0)
    np.fill_diagonal(x, t[1])
    np.put(x, [1, -1], t[2, 1:])
    np.putmask(x, t > 2, t * t)
    np.place(x, t < -1, [t[0, 0], 2.0])
    np.put_along_axis(x, numpy.array([[0], [1], [2]]), t[:, :1], axis=1)
    x.put([3], t[2, 2])
    return x


def all_entries_are_one_row(np, t):
    x = t.copy().T
    x.flat[::4] += t[0, 0]
    x.flat[1] = x.flat[2] * x.flat[-1]
    x.flat[[5, 6]] = t[:2, 1]
    return x * sum(v * v for v in x.flat) + len(x.flat)


def brackets_join(np, t):
    row = np.r_[0.0, t[0], [t[1, 1], 2.0], 1:3, np.r_[1.0]]
    return np.c_[np.ones(3), t, t[:, 0], np.c_[t[1]]] * row[1:8].sum() + row[-1]


def results_are_written_by_position(np, t):
    x = np.zeros((3, 3))
    np.sum(t, 0, None, x[0])
    np.mean(t, 0, np.float64, x[1])
    np.max(t, 0, x[2])
    np.clip(x, -1.0, 1.0, x)
    np.cumsum(x, 1, None, x)
    np.take(t, [2], 0, x[:1])
    x.cumsum(axis=0, out=x)
    x.sum(axis=1, out=x[0])
    return x + np.max(t, 0, None, True) + np.var(t, 0, None, None, 1)


def results_are_written(np, t):
    x = np.zeros((3, 3))
    np.multiply(t, t, out=x)
    np.add(x[0], t[0], out=x[0])
    np.sum(t, axis=0, out=x[1])
    np.negative(x[1], out=x[2], where=[True, False, True])
    return x


def a_number_has_no_axis(np, t):
    x = np.zeros(())
    x[...] = t[0, 0]
    x[()] = x * t[0, 1]
    x += t[1, 1]
    return x * x


def what_is_computed_of_numbers_is_written_to(np, t):
    x = np.zeros((3, 3)) + 0.5
    x[0] = t[0]
    y = -np.exp(np.ones(3)) * np.arange(3.0)
    y[1] = t[1, 1]
    z = np.outer(np.ones(2), np.cumsum(np.ones(3)))
    z[1] = y
    return np.concatenate([x, z])


def another_precision_is_another_array(np, t):
    x = np.zeros(3).astype("f4").astype("f8")
    x[0] = t[0, 0]
    y = x.astype("f8")
    y[1:] = t[0, 1:]
    return np.stack([x, y])


def it_is_filled(np, t):
    x = np.empty_like(t)
    x.fill(t[0, 0])
    x[0] = np.full(3, 2.0)
    return x


def copies_share_nothing(np, t):
    x = t.copy()
    y = copy.deepcopy(x)
    y[0] = 1.0
    x[1] = y[0] * t[2]
    return np.concatenate([x, y, np.copy(x[:1])])


def a_choice_of_entries_is_a_copy(np, t):
    x = t.copy()
    rows = x[[0, 1]]
    rows[0] = 5.0
    return np.concatenate([x, rows])


def an_array_is_asked_while_it_grows(np, t):
    x = np.zeros(4)
    x[0] = t[0, 0]
    for i in range(1, len(x)):
        x[i] = x[:i].sum() * t[0, 1] if x[i - 1] > 0 else x[i - 1] + t[1, 1]
    return x


def a_table_is_filled_by_rows_and_columns(np, t):
    d = np.zeros((4, 4))
    d[0, 1:] = t[0].cumsum(0)
    d[1:, 0] = t[1].cumsum(0)
    for i in range(1, 4):
        for j in range(1, 4):
            d[i, j] = d[i - 1, j] * d[i, j - 1] + d[i - 1, j - 1] * t[i - 1, j - 1]
    return d


PROGRAMS = (
    a_loop_fills_it, a_list_is_its_value, a_rotation_is_written_as_lists,
    a_view_is_written_through, a_copy_by_columns_has_other_views,
    a_view_sees_a_later_write, what_was_read_stays, an_array_is_moved_within_itself,
    views_of_views, a_row_of_all_entries, rows_in_a_loop, arithmetic_in_place,
    values_broadcast, a_mask_says_where, the_last_of_repeated_indices_wins,
    what_repeats_adds_up, names_of_one_array, functions_that_give_views_of_some,
    an_operation_comes_again_where_an_index_does, numpy_writes, all_entries_are_one_row,
    brackets_join, results_are_written, results_are_written_by_position,
    a_number_has_no_axis, what_is_computed_of_numbers_is_written_to,
    another_precision_is_another_array, it_is_filled, copies_share_nothing,
    a_choice_of_entries_is_a_copy, an_array_is_asked_while_it_grows,
    a_table_is_filled_by_rows_and_columns,
)  # fmt: skip
every_program = every("program", PROGRAMS, ids=lambda p: p.__name__)


@every_program
def test_a_program_that_writes_means_what_it_means_in_numpy(program):
    check(program)


@every_program
def test_it_is_proved_drawn_and_derived(program):
    assert_proved(lambda t: program(ours, t), T)
    y = program(ours, mg.Tensor(T, "t"))
    assert "digraph" in mg.draw(y).dot
    assert str(mg.derive(y))


@pytest.mark.parametrize("dtype", ["f2", "f4"])
@every_program
def test_it_keeps_its_precision(program, dtype):
    def with_dtype(np, t):
        return program(np, t).astype(dtype)

    t = mg.Tensor(T.astype(dtype))
    x = t.copy()
    x[0] = program(ours, mg.Tensor(T)).sum()
    assert x.dtype == x[0].dtype == mg.grad(x.sum(), t).dtype == dtype


def indices(a):
    i = numpy.array
    return {
        "an integer": 1,
        "one from the end": -1,
        "an integer of NumPy": numpy.int64(2),
        "a slice": slice(1, None),
        "a slice backwards": slice(None, None, -2),
        "nothing": slice(2, 1),
        "everything": ...,
        "the empty tuple": (),
        "a new axis": None,
        "an entry": (0, 2),
        "an entry as an array": (..., 0, 2),
        "a column": (slice(None), 1),
        "a column by its end": (..., -1),
        "two slices": (slice(0, 2), slice(1, 3)),
        "a list": [2, 0],
        "a list of none": [],
        "a matrix of rows": i([[0, 2], [1, 0]]),
        "pairs": ([0, 1], [1, 2]),
        "pairs that repeat": ([0, 1, 0], [1, 2, 1]),
        "rows that repeat": i([1, 1]),
        "a slice and a list": (slice(1, None), [2, 0]),
        "an outer product": numpy.ix_([0, 2], [1, 0]),
        "a list and a new axis": ([0, 1], None, slice(None)),
        "a mask": a > 0,
        "a mask of rows": i([True, False, True]),
        "a mask and a slice": (i([False, True, True]), slice(None, 2)),
        "an empty mask": a > 9,
        "true": True,
    }


every_index = every("name", indices(T))


@every_index
def test_every_index_reads_and_writes_as_in_numpy(name):
    index = indices(T)[name]

    def reads(np, t):
        x = t.copy()
        x[1] = t[0] * t[2]
        return x[index] * 1.0

    def writes(np, t):
        x = np.zeros((3, 3))
        x[index] = t[index] * t[index]
        x[index] += t[0, 0]
        return x * t

    for program in (reads, writes):
        check(program)


# ------------------------------------------------------------------- anything after all

places = st.sampled_from([*indices(T).values()])
views = st.sampled_from(
    [
        lambda np, x: x[1:],
        lambda np, x: x[..., ::-1],
        lambda np, x: x[:, 1:],
        lambda np, x: x.T,
        lambda np, x: np.flip(x),
        lambda np, x: np.rot90(x),
        lambda np, x: x.reshape(-1)[:9].reshape(x.shape),
        lambda np, x: np.expand_dims(x, 0)[0],
        lambda np, x: x.copy(),
    ]
)
values = st.sampled_from(
    [
        lambda x, t: t[0, 0],
        lambda x, t: x * t[1, 1],
        lambda x, t: x[::-1],
        lambda x, t: 0.5,
        lambda x, t: x[:1] + t[2, 2],
        lambda x, t: t[:1, : x.shape[-1]],
    ]
)
acts = st.one_of(
    st.tuples(st.just("write"), st.integers(0, 9), places, values),
    st.tuples(st.just("add"), st.integers(0, 9), places, values),
    st.tuples(st.just("view"), st.integers(0, 9), views, st.none()),
    st.tuples(st.just("read"), st.integers(0, 9), st.none(), st.none()),
)


def run(np, t, script):
    """Write, look and read as the script says; return all that was read."""
    seen, read = [t.copy()], t.sum() * 0.0
    for act, k, how, value in script:
        x = seen[k % len(seen)]
        if act == "view":
            seen.append(how(np, x))
        elif act == "read":
            read = read + loss(lambda x=x: x * x)
        else:
            try:
                if act == "write":
                    x[how] = value(x, t)
                else:
                    x[how] += value(x, t)
            except (ValueError, IndexError, TypeError):
                read = read + 1.0  # what one refuses, the other refuses
    return read + sum(loss(lambda x=x: x * x) for x in seen)


@given(st.lists(acts, max_size=8))
def test_any_sequence_of_writes_views_and_reads_is_numpys(script):
    t = mg.Tensor(T)
    y = run(ours, t, script)
    numpy.testing.assert_allclose(y.data, run(numpy, T, script), rtol=1e-12)
    direction = numpy.sin(numpy.arange(9.0)).reshape(3, 3)
    step = run(numpy, T + 1e-30j * direction, script).imag / 1e-30
    numpy.testing.assert_allclose((mg.grad(y, t) * direction).sum(), step, rtol=1e-9)
