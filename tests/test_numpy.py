"""A Tensor among NumPy arrays: operators, functions, protocols, dtypes."""

import copy
import math
import operator
import pickle
from fractions import Fraction

import numpy as np
import pytest
from every import every
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.numpy_protocol.numpy_calls import NUMPY_FACE

X = np.array([0.5, 1.5, 2.5])


def check(f, x=X):
    """Check value against the same program on arrays, and the gradient."""
    y = f(mg.Tensor(x))
    assert isinstance(y, mg.Tensor)
    np.testing.assert_array_equal(y.data, f(x), strict=True)
    mg.check_gradients(f, x)


PROGRAMS = [
    "2 - x", "2 / x", "2**x", "2.5**x", "-x", "+x", "x**x", "x**0", "x**1", "x**2",
    "x**-1", "x**0.5", "x ** np.array([0, 1, -2])", "(x - 2) / 2", "0 + x",
    "np.float64(2) * x", "np.float64(2) / x", "np.float64(2) ** x", "np.ones(3) + x",
    "np.arange(3.0) * x", "np.ones((2, 1)) - x", "np.arange(6.0).reshape(2, 3) @ x",
    "x @ np.arange(6.0).reshape(3, 2)", "np.arange(3) * x",
]  # fmt: skip


@every("program", PROGRAMS)
def test_operators_work_from_both_sides(program):  # bugs 11, 12
    check(eval(f"lambda x: {program}"))


def test_negative_numbers_have_integer_powers():  # bug 11
    x = np.array([-2.0, -0.5, 3.0])
    for n in (-3, -2, -1, 0, 1, 2, 3, 2.0):
        check(lambda x, n=n: x**n, x)


def test_zero_has_the_powers_of_the_limit():  # bug 11
    zero = mg.Tensor(0.0)
    assert [(zero**n).item() for n in (0, 1, 2)] == [1.0, 0.0, 0.0]
    assert [float(mg.grad(zero**n, zero)) for n in (0, 1, 2, 3)] == [0.0, 1.0, 0.0, 0.0]
    second = [mg.hvp(lambda x, n=n: x**n, (0.0,), (1.0,))[0] for n in (0, 1, 2, 3)]
    assert second == [0.0, 0.0, 2.0, 0.0]
    base, exponent = mg.Tensor([0.0, 0.0]), mg.Tensor([2.0, 0.0])
    y = base**exponent
    np.testing.assert_array_equal(y.data, [0.0, 1.0])
    for g in mg.grad(y.sum(), [base, exponent]):
        np.testing.assert_array_equal(g, [0.0, 0.0])


def test_a_list_beside_a_tensor_is_an_array():
    x = mg.Tensor([1.0, 2.0])
    np.testing.assert_array_equal((x * [3.0, 4.0]).data, [3.0, 8.0])
    np.testing.assert_array_equal(([3.0, 4.0] * x).data, [3.0, 8.0])


UNARY = "negative exp log sqrt tanh sin cos absolute square positive"


@every("name", UNARY.split())
def test_a_numpy_function_of_a_tensor_is_recorded(name):  # bug 55
    check(getattr(np, name))


@every("name", ["add", "subtract", "multiply", "divide", "power", "maximum", "minimum"])
def test_a_numpy_function_of_two_is_recorded_on_either_side(name):  # bug 55
    f = getattr(np, name)
    other = np.array([1.0, 1.0, 4.0])
    check(lambda x: f(x, other))
    check(lambda x: f(other, x))
    check(lambda x: f(x, 2.0))


SQUARE = np.array([[0.5, -1.0], [2.0, 1.5]])
FUNCTIONS = [
    "np.sum(x, axis=0)", "np.mean(x, axis=1, keepdims=True)", "np.max(x, axis=0)",
    "np.min(x)", "np.clip(x, -0.5, 1.0)", "np.cumsum(x, axis=1)",
    "np.reshape(x, (4, 1))", "np.transpose(x)", "np.broadcast_to(x, (3, 2, 2))",
    "np.concatenate([x, np.ones((1, 2))], axis=0)", "np.where(SQUARE > 0, x, 0.0)",
    "np.stack([np.ones((2, 2)), x], axis=-1)", "np.matmul(x, SQUARE)",
]  # fmt: skip
METHODS = [
    "x.sum(axis=1)", "x.mean()", "x.max(axis=-1, keepdims=True)", "x.min()",
    "x.cumsum(axis=0)", "x.reshape(1, -1)", "x.reshape((4,))", "x.transpose(1, 0)",
    "x.transpose()", "x.T", "abs(x)",
]  # fmt: skip


@every("program", [*FUNCTIONS, *METHODS])
def test_functions_with_options_and_methods_are_recorded(program):  # bug 55
    check(eval(f"lambda x: {program}"), SQUARE)


def test_the_variance_is_numpys():
    y = np.var(mg.Tensor(SQUARE), axis=0)
    np.testing.assert_allclose(y.data, np.var(SQUARE, axis=0), rtol=1e-15)


def test_questions_about_a_tensor_have_plain_answers():  # bug 55
    x = mg.Tensor([1.0, np.nan])
    for answer in (x > 0, x >= 1, x < 5, x <= 1, x == 1.0, x != 1.0, x == x, x > 0):
        assert type(answer) is np.ndarray and answer.dtype == bool
    for answer in (np.isnan(x), np.isfinite(x), np.greater(x, 0), np.less(0.0, x)):
        assert type(answer) is np.ndarray and answer.dtype == bool
    np.testing.assert_array_equal(x == mg.Tensor([1.0, 2.0]), [True, False])
    assert np.shape(x) == (2,) and np.ndim(x) == 1 and np.size(x) == 2
    assert 1.0 in x and 3.0 not in x
    assert (np.zeros_like(x) == [0.0, 0.0]).all()


def test_a_single_number_converts_and_many_explain_why_not():  # bug 55
    x = mg.Tensor([[2.5]])
    assert float(x) == 2.5 and int(x) == 2 and bool(x) and complex(x) == 2.5 + 0j
    assert x.item() == 2.5 and math.floor(float(x)) == 2
    many = mg.Tensor([1.0, 2.0])
    for convert in (float, int, bool, complex):
        with pytest.raises(TypeError, match=f"{convert.__name__}.*2 entries"):
            convert(many)
    assert len(many) == 2 and len(list(many)) == 2
    with pytest.raises(TypeError, match=r"shape \(\)"):
        len(mg.Tensor(1.0))
    with pytest.raises(TypeError, match=r"shape \(\)"):
        iter(mg.Tensor(1.0))


def test_a_tensor_is_a_dictionary_key_by_identity():  # bug 55
    x, same = mg.Tensor([1.0]), mg.Tensor([1.0])
    found = {x: "x", same: "same"}
    assert found[x] == "x" and found[same] == "same" and len({x, same, x}) == 2


def test_a_tensor_shows_its_numbers_its_name_and_its_maker():  # bug 55
    assert repr(mg.Tensor([1.0, 2.0], name="x")) == "Tensor([1., 2.], name='x')"
    assert repr(mg.Tensor(1.0) + 1.0) == "Tensor(2., made by add)"
    assert len(repr(mg.Tensor(np.zeros(10_000)))) < 100
    assert repr(mg.Parameter([1.0])).startswith("Parameter([1.]")


@every("make", [
    np.asarray, np.array, lambda x: np.array([x, x]),
    lambda x: np.asarray(x, dtype=float), lambda x: np.asarray(x, dtype=object),
    lambda x: np.add(np.ones(2), np.ones(2), out=x), np.fft.fft,
    lambda x: np.linalg.svd(x), lambda x: np.nextafter(x, 1.0),
])  # fmt: skip
def test_an_array_is_never_made_by_accident(make):  # bugs 12, 55
    with pytest.raises(TypeError, match=r"fix"):
        make(mg.Tensor([1.0, 2.0]))


def test_under_no_grad_a_tensor_may_become_an_array():
    x = mg.Tensor([1.0, 2.0])
    with mg.no_grad():
        array = np.asarray(x)
        array[0] = 9.0
    assert x.data[0] == 1.0


def test_object_entries_are_only_those_the_user_made():  # bug 55
    with pytest.raises(TypeError):
        mg.Tensor(None)
    with pytest.raises(TypeError):
        mg.Tensor([1.0, None])
    with pytest.raises(TypeError):
        mg.Tensor([[1.0], [1.0, 2.0]])
    x = mg.Tensor([1.0, 2.0])
    for y in (
        x + 1,
        [1.0, 2.0] - x,
        np.float64(1) - x,
        mg.stack([x, x]),
        x * np.ones(2),
    ):
        assert y.dtype == float


@every("data", [1, [1, 2], True, np.arange(3), [True]])
def test_an_integer_or_boolean_leaf_is_refused_with_the_remedy(data):  # bug 34
    with pytest.raises(TypeError, match=r"write 1.0 for 1"):
        mg.Tensor(data)


def test_a_result_without_axes_is_still_an_array():  # bug 17
    x = mg.Tensor([1.0, 2.0])
    w = mg.Parameter(3.0)
    results = [x.sum(), x.sum() * 2.0, x[0], mg.tanh(x[0]), x @ x, x.max(), x.mean()]
    for y in results:
        assert type(y.data) is np.ndarray and y.shape == ()
        assert type(mg.grad(y, y)) is np.ndarray
    for _ in range(2):
        (w * w).backward()
        assert type(w.grad) is np.ndarray
    assert all(type(part) is np.ndarray for part in mg.jvp(mg.sum, (X,), (X,)))


def test_the_users_array_is_copied():  # bugs 38, 39
    array = np.array([1.0, 2.0])
    x = mg.Tensor(array)
    array[0] = 99.0
    assert x.data[0] == 1.0


def test_augmented_assignment_makes_a_new_tensor():  # bug 40
    x = mg.Tensor([1.0, 2.0])
    y = x
    y += 1.0
    y *= x
    np.testing.assert_array_equal(x.data, [1.0, 2.0])
    np.testing.assert_array_equal(mg.grad(y.sum(), x), 2 * x.data + 1)


def test_writing_into_a_tensor_is_refused_and_the_remedy_named():  # bug 40
    x = mg.Tensor([1.0, 2.0])
    with pytest.raises(TypeError, match=r"t\.copy\(\)"):
        x[0] = 5.0
    array = np.ones(2)
    with pytest.raises(TypeError, match="out="):
        array += x
    np.testing.assert_array_equal(array, [1.0, 1.0])


def test_a_leaf_is_copied_and_a_result_says_why_not():  # bug 47
    x = mg.Tensor([1.0], name="x")
    y = x
    for _ in range(5_000):  # a recursive copy would not survive
        y = y * 1.0
    for copied in (copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))):
        twin = copied(x)
        assert twin.primitive is None and twin.data == [1.0] and twin.name == "x"
        assert not np.shares_memory(twin.data, x.data)
        assert copied(y.detach()).data == [1.0]
        with pytest.raises(TypeError, match=r"gradients would silently\s+stop"):
            copied(y)
    assert mg.grad((x * x.detach()).sum(), x) == [1.0]


@given(
    st.sampled_from([np.float16, np.float32, np.float64]),
    st.sampled_from([2, 2.0, np.float32(2), np.float64(2), np.ones(3, np.float32)]),
    st.sampled_from([operator.add, operator.sub, operator.mul, operator.truediv]),
)
def test_dtypes_are_numpys(dtype, other, operation):  # bug 32
    array = np.array([1.0, 2.0, 3.0], dtype)
    x = mg.Tensor(array)
    for left, right in ((x, other), (other, x)):
        plain = [side.data if side is x else side for side in (left, right)]
        y = operation(left, right)
        assert y.dtype == operation(*plain).dtype
        assert mg.grad(y, x, seed=np.ones(3, y.dtype)).dtype == dtype


def test_the_numpy_face_is_complete_for_the_ufuncs_of_the_table():
    from minigrad.primitive import TABLE, Elementwise

    for row in TABLE.values():
        if isinstance(row, Elementwise) and isinstance(row.function, np.ufunc):
            assert row.function in NUMPY_FACE


def test_a_row_of_ones_own_brings_its_numpy_name_and_takes_it_along():
    x = mg.Tensor([0.5, 2.0])
    ours = mg.TABLE.pop("arctan")
    try:
        with pytest.raises(TypeError, match=r"np\.arctan is not recorded"):
            np.arctan(x)
        arctan = mg.elementwise(
            "arctan", np.arctan, "atan(a)", (lambda y, a: 1 / (1 + a * a),)
        )
        assert np.arctan(x).primitive is arctan.primitive is not ours
        assert mg.grad(np.arctan(x).sum(), x).tolist() == [1 / 1.25, 1 / 5]
        del mg.TABLE["arctan"]
    finally:
        mg.TABLE["arctan"] = ours
    assert np.arctan(x).primitive is ours


def test_a_second_row_does_not_take_a_numpy_name_from_the_first():
    mg.elementwise("product", np.multiply, "a * b", mg.TABLE["multiply"].partials)
    del mg.TABLE["product"]
    x = mg.Tensor([2.0])
    assert np.multiply(x, x).primitive is mg.TABLE["multiply"]


def test_options_of_numpy_that_a_row_lacks_are_named():
    x = mg.Tensor([[1.0, 2.0]])
    for call in (
        lambda: np.var(x, out=np.zeros(())),
        lambda: np.concatenate([x], out=np.zeros((1, 2))),
        lambda: np.zeros_like(x, subok=False),
    ):
        with pytest.raises(TypeError, match=r"of a Tensor, at test_numpy\.py"):
            call()
    assert np.transpose(x, axes=(1, 0)).shape == (2, 1)
    assert np.clip(x, a_min=0.0, a_max=1.0).data.tolist() == [[1.0, 1.0]]
    assert np.amax(x).data == 2.0


def test_questions_are_answered_without_a_record():
    x = mg.Tensor([1.0, 3.0, 2.0])
    assert np.argmax(x) == 1 and np.allclose(x, x.data)
    assert np.argsort(x).tolist() == [0, 2, 1] and np.sign(x).tolist() == [1, 1, 1]


def test_a_number_is_formatted_as_a_number():
    assert f"{mg.Tensor(1.25):.1f} {mg.Tensor([1.0])}" == "1.2 Tensor([1.])"


def test_an_exact_number_beside_floating_ones_is_refused():
    with pytest.raises(TypeError, match="would become objects"):
        mg.Tensor([1.0]) * Fraction(1, 2)
    exact = mg.Tensor(np.array([Fraction(1, 3)], object))
    assert (exact * Fraction(1, 2)).data[0] == Fraction(1, 6)


@pytest.mark.parametrize("tied", [1.0, 5.0])
def test_the_larger_has_the_same_dtype_with_and_without_a_tie(tied):
    x = mg.Tensor(np.array([1.0, 2.0], np.float32))
    assert mg.maximum(x, tied).dtype == mg.minimum(tied, x).dtype == np.float32


def test_only_floating_dtypes_can_be_cast_to():
    with pytest.raises(TypeError, match="no derivative"):
        mg.Tensor([1.5]).astype(int)


def test_counts_are_plain_numbers_and_their_weights_are_not_forgotten():
    x = mg.Tensor([0.5, 1.5, 1.5])
    counts, _ = np.histogram(x, 2)
    np.testing.assert_array_equal(counts, [1, 2])
    np.testing.assert_array_equal(np.bincount([0, 2]), [1, 0, 1])
    np.testing.assert_array_equal(np.unique(x, return_counts=True)[1], [1, 2])
    with pytest.raises(TypeError, match="not recorded"):
        np.histogram2d([0.0, 1.0, 1.0], [0.0, 0.0, 1.0], weights=x)
