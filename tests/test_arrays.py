"""Arrays from outside are taken for what they are, or refused: nothing is stripped."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from every import every
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minigrad as mg
from minigrad.numpy_protocol.arrays import booleans, floats, integers, numbers


class Quantity(np.ndarray):
    """Like arrays with units: arithmetic means more than that of the numbers."""

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        raise AssertionError("the unit was stripped")


class Recorded:
    """Like a tensor of another library that records what happens to it."""

    requires_grad = True

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")


class Sparse:
    def toarray(self):
        return np.eye(2)


class Column:
    """Like a column of a table: numbers, and an index that we do not need."""

    def __init__(self, values):
        self.values = values

    def __repr__(self):
        return f"Column({self.values})"

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype)


t = mg.Tensor([1.0, 2.0], name="t")
MASKED = np.ma.array([1.0, 5.0], mask=[False, True])
BAD = {  # value: what the message says of it, and what it advises
    "masked entries": (MASKED, "1 of its entries are masked", r"a\.filled"),
    "a masked column": (np.ma.masked_invalid([[1.0, np.nan]] * 2), "2 of its", "mask"),
    "np.matrix": (
        np.ones((1, 2)).view(np.matrix),
        "matrix product",
        r"np\.asarray\(a\)",
    ),
    "units": (np.ones(2).view(Quantity), "a Quantity is more", "units"),
    "another library's record": (Recorded(), "another library records", r"detach\(\)"),
    "sparse": (Sparse(), "sparse", "toarray"),
    "floats kept as objects": (np.array([1.0, 2.0], object), "floats", "data, float"),
    "a float among fractions": ([Fraction(1), 0.5], "some of them floats", "float"),
    "a missing value": ([1.0, None], "objects", "float"),
    "nothing": (None, "None is no number", "fill"),
    "rows of two lengths": ([[1.0], [1.0, 2.0]], "inhomogeneous", "one length each"),
    "a column with strings": (
        Column(["a", "b"]),
        "<U1 entries are no numbers",
        "float",
    ),
    "bytes": (b"12", "no numbers", "float"),
    "dates": (np.array(["2024-01-01"], "M8[D]"), "datetime64", "float"),
    "a table of records": (np.zeros(2, [("a", float)]), "no numbers", "float"),
    "complex": ([1j, 2.0], "conjugates", "real and imaginary parts"),
    "one complex number": (1j, "conjugates", "real and imaginary parts"),
    "complex kept as objects": (np.array([1j], object), "objects", "float"),
    "a list of dicts": ([{}, {}], "{} is no number", "float"),
}
ENTRIES = {
    "Tensor": lambda value: mg.Tensor(value),
    "Parameter": lambda value: mg.Parameter(value),
    "left operand": lambda value: mg.multiply(value, t),
    "right operand": lambda value: t + value,
    "operand of a linear row": lambda value: mg.concatenate([t, value]),
    "operand of a composite": lambda value: mg.maximum(t, value),
    "branch": lambda value: mg.where(np.array([True, False]), t, value),
    "target": lambda value: mg.squared_error(t, value),
    "seed": lambda value: mg.grad(t * 2.0, t, seed=value),
    "tangent": lambda value: mg.jvp(lambda x: x * x, (t,), (value,)),
    "primal": lambda value: mg.vjp(lambda x: x * x, value),
    "input of a layer": lambda value: mg.Dense(2, 1)(value),
    "new numbers of a Parameter": lambda value: setattr(
        mg.Parameter([1.0, 2.0], name="w"), "data", value
    ),
}


@every("entry", ENTRIES)
@every("kind", BAD)
def test_what_is_more_or_less_than_real_numbers_is_refused_where_it_enters(kind, entry):
    value, why, fix = BAD[kind]
    if value is None and entry == "seed":
        return  # no seed
    with pytest.raises(TypeError, match=rf"(?s)test_arrays\.py.*{why}.*fix .*{fix}"):
        ENTRIES[entry](value)


@every(
    "value",
    [
        [0.5, 1.5],
        (0.5, 1),
        Column([0.5, 1.5]),
        np.ma.array([0.5, 1.5]),  # masked, but nothing is
        np.ones(2, np.float16),
        np.ones(2, np.longdouble),
        np.ones(2, ">f8"),
    ],
    ids=repr,
)
def test_real_numbers_are_taken_however_they_are_kept(value):
    array = np.asarray(value)
    assert mg.Tensor(value).data.tolist() == array.tolist()
    assert type((t * value).data) is np.ndarray
    assert (t * value).data.tolist() == (t.data * array).tolist()


@pytest.mark.parametrize("exact", [Fraction(1, 3), Decimal("0.1")], ids=repr)
def test_exact_numbers_are_kept_as_objects(exact):
    x = mg.Tensor([exact, exact])
    assert x.dtype == object
    assert mg.grad((x * x).sum(), x).tolist() == [2 * exact, 2 * exact]


@given(hnp.arrays(st.sampled_from(["f2", "f4", "f8", "i4", "u1", "?"]), (2,)))
def test_numbers_and_masks_pass_as_they_are(array):
    assert numbers(array, "this", "it") is array
    if array.dtype.kind == "b":
        assert booleans(array, "this", "it").tolist() == array.tolist()


@every("value", [[1.0, 2.0], ["a"], [True], None, MASKED, t, 0.5])
def test_a_choice_is_a_whole_number(value):
    with pytest.raises(TypeError, match=r"labels"):
        integers(value, "this", "labels")
    with pytest.raises(TypeError, match=r"labels"):
        mg.cross_entropy(mg.Tensor(np.ones((2, 3))), value)


@every("value", [[0.5, 2.0], ["a", "b"], [2, 3], None, t, MASKED])
def test_a_mask_says_yes_or_no(value):
    with pytest.raises(TypeError, match=r"mask"):
        mg.where(value, t, 0.0)


def test_no_choice_is_a_choice():
    assert integers([], "this", "labels").dtype == int
    assert booleans([], "this", "mask").dtype == bool
    assert booleans([1.0, 0.0], "this", "mask").tolist() == [True, False]


def test_floats_are_asked_for_only_of_what_is_differentiated():
    with pytest.raises(TypeError, match=r"write 1\.0 for 1"):
        floats([1, 2], "this", "data")
    assert (t * np.array([1, 2])).data.tolist() == [1.0, 4.0]


# ---------------------------------------------------------------------- numbers taken


def test_a_number_that_numpy_takes_by_itself_is_refused():
    array, w = np.zeros(2), mg.Tensor(2.0, name="w")

    def fill():
        array.fill(w)

    def from_an_iterator():
        np.fromiter((w for _ in range(2)), float)

    def by_the_method():
        array.__setitem__(0, w)

    for write in (fill, from_an_iterator, by_the_method):
        with pytest.raises((TypeError, ValueError)) as failed:
            write()
        said = str(failed.value.__cause__ or failed.value)
        assert "no longer know how it was made" in said
    assert array.tolist() == [0.0, 0.0]


def test_a_number_that_is_asked_for_by_name_may_be_written():
    array, w = np.zeros(2), mg.Tensor(2.0)
    array.fill(float(w))
    array.__setitem__(0, w.item())
    assert np.fromiter((float(w) for _ in range(2)), float).tolist() == [2.0, 2.0]
    assert array.tolist() == [2.0, 2.0]


def test_a_python_function_made_a_ufunc_is_no_question():
    with pytest.raises(TypeError, match="is not recorded"):
        np.frompyfunc(lambda a: a * 2, 1, 1)(t)


@pytest.mark.parametrize(
    "f", [lambda: np.gcd(t, t), lambda: np.invert(t), lambda: np.nextafter(t, 1.0)]
)
def test_a_ufunc_without_a_row_is_refused_in_four_parts(f):
    with pytest.raises(TypeError, match=r"(?s)of a Tensor, at test_arrays.*why.*fix"):
        f()


# --------------------------------------------------------------------------- float16


def test_sums_of_float16_are_added_up_in_float32():
    many = np.full(4096, 1.0, np.float16)
    many[0] = 2048.0  # beyond it, float16 cannot count by ones
    assert float(mg.sum(mg.Tensor(many)).data) == 6144.0
    assert float(mg.cumsum(mg.Tensor(many), 0).data[-1]) == 6144.0
    x = mg.Tensor(np.zeros((4096, 1), np.float16))
    seed = many.reshape(4096, 1)
    b = mg.Tensor(np.zeros(1, np.float16))
    assert mg.grad(x + b, b, seed=seed).tolist() == [6144.0]


@every(
    "f, array, right",
    [
        (mg.mean, np.full(2, 4e4), 4e4),
        (mg.var, np.array([-3e2, 3e2]), np.inf),  # 9e4 is beyond float16
        (mg.var, np.array([-2e2, 2e2] * 9), 4e4),
        (mg.logsumexp, np.zeros(4096), np.log(4096)),
        (lambda a: mg.softmax(a)[0], np.zeros(70_000), 1 / 70_000),
        (lambda a: mg.log_softmax(a)[0], np.zeros(70_000), -np.log(70_000)),
        (lambda a: mg.squared_error(a, np.zeros(9)), np.full(9, 250.0), 62_500.0),
    ],
)
def test_means_and_softmax_of_float16_do_not_overflow_on_the_way(f, array, right):
    x = mg.Tensor(array.astype(np.float16))
    with np.errstate(over="ignore"):
        y = f(x)
        assert y.dtype == np.float16
        np.testing.assert_allclose(float(y.data), right, rtol=2e-3)
        assert mg.grad(y, x).dtype == np.float16


# ------------------------------------------------------------------------------ clip


bounds = st.one_of(st.none(), st.sampled_from([-1.0, 0.0, 2.0, np.nan, np.inf]))


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=4), bounds, bounds)
def test_clip_is_numpys(entries, low, high):
    x = np.array([*entries, np.nan, -1.0, 2.0])
    if low is None and high is None:
        return
    ours = mg.clip(mg.Tensor(x), low, high)
    np.testing.assert_array_equal(ours.data, np.clip(x, low, high))
    np.testing.assert_array_equal(np.clip(mg.Tensor(x), low, high).data, ours.data)


def test_where_bounds_cross_the_upper_one_moves_the_result():
    x, low, high = (mg.Tensor(a) for a in ([0.0, 2.0, 5.0], 3.0, 1.0))
    y = mg.clip(x, low, high)
    assert y.data.tolist() == [1.0, 1.0, 1.0]
    gradients = mg.grad(y.sum(), [x, low, high])
    assert [g.tolist() for g in gradients] == [[0.0, 0.0, 0.0], 0.0, 3.0]


# --------------------------------------------------- what forward takes, backward gives


@every("f", [mg.sum, mg.mean, mg.var, mg.max, mg.min, mg.logsumexp])
@pytest.mark.parametrize("axis", [0, -1, None, ()])
@pytest.mark.parametrize("keepdims", [False, True])
def test_a_number_may_be_reduced_along_the_axis_it_has_not(f, axis, keepdims):
    x = mg.Tensor(2.0)
    y = f(x, axis=axis, keepdims=keepdims)
    assert y.shape == () and mg.grad(y, x).shape == ()


@pytest.mark.parametrize(("f", "right"), [
    (lambda x: x.sum() / 0, np.inf),
    (lambda x: (x / 0.0).sum(), np.inf),
    (lambda x: (x**2).sum() / 0, np.inf),
    (lambda x: mg.multiply(mg.divide(1.0, x.sum() * 0), 1).sum() * 0, np.nan),
])  # fmt: skip
def test_a_division_by_nothing_has_the_slope_that_numpy_would_give(f, right):
    x = mg.Tensor([1.0, 2.0])
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(mg.grad(f(x), x), [right, right])
        recorded = mg.grad(f(x), x, record=True)
        np.testing.assert_array_equal(recorded.data, [right, right])
        mg.jvp(f, (x.data,), (x.data,))


def test_the_mean_of_nothing_has_an_empty_gradient():
    x = mg.Tensor(np.zeros((0, 2)))
    with np.errstate(all="ignore"):
        y = mg.mean(x)
        assert np.isnan(float(y.data)) and mg.grad(y, x).shape == (0, 2)


@pytest.mark.parametrize("f", [mg.max, mg.min, mg.logsumexp, mg.softmax])
@pytest.mark.parametrize(("shape", "axis"), [((0, 2), 0), ((2,), 1), ((), (0,))])
def test_a_reduction_that_numpy_refuses_is_explained(f, shape, axis):
    with pytest.raises((ValueError, IndexError), match=r"(?s)test_arrays.*why.*fix"):
        f(mg.Tensor(np.zeros(shape)), axis=axis)
