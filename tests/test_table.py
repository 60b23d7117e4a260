"""Every row of the table: its value, its derivatives, and its domains.

The derivative of a row is compared with numbers that share no rule with it: the complex
step, exact arithmetic in integers, in fractions, in a prime field, and SymPy's own.
"""

from fractions import Fraction

import numpy as np
import pytest
import sympy
from every import every
from hypothesis import given
from hypothesis import strategies as st
from samples import COMPOSITES, ROWS, SAMPLES, ids, some

import minigrad as mg
from minigrad import functions, reductions
from minigrad.checks import check_adjoint_identity
from minigrad.gradient import pushforward
from minigrad.primitive import TABLE, Elementwise, Linear
from minigrad.recording import record


def test_every_row_has_a_sample():  # bug 51
    assert {sample.name for sample in ROWS} == set(TABLE)


def test_every_public_composite_has_a_sample():  # bug 51
    homes = {functions.__name__, reductions.__name__}
    public = {
        name
        for name in mg.__all__
        if getattr(getattr(mg, name), "__module__", "") in homes
    }
    by_other_names = {"power"}  # x**3
    assert public - by_other_names <= {sample.name for sample in COMPOSITES}


@every("sample", SAMPLES, ids=ids(SAMPLES))
def test_derivatives_of_order_1_and_2_agree_with_the_complex_step(sample):  # bug 51
    mg.check_gradients(sample, *sample.args)


@every("sample", ROWS, ids=ids(ROWS))
def test_a_row_computes_on_tensors_what_it_computes_on_arrays(sample):
    on_tensors = sample(*map(mg.Tensor, sample.args))
    np.testing.assert_array_equal(on_tensors.data, sample(*sample.args), strict=True)


LINEAR = [sample for sample in ROWS if isinstance(TABLE[sample.name], Linear)]


@every("sample", LINEAR, ids=ids(LINEAR))
def test_a_linear_row_and_its_adjoint_agree_exactly_in_integers(sample):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        check_adjoint_identity(TABLE[sample.name], sample.args, sample.options, rng)


JOINT = [sample for sample in LINEAR if TABLE[sample.name].jointly]


@every("sample", JOINT, ids=ids(JOINT))
def test_a_jointly_linear_row_maps_sums_to_sums(sample):
    whole = [np.arange(arg.size).reshape(arg.shape) * 3 - 4.0 for arg in sample.args]
    other = [np.arange(arg.size).reshape(arg.shape) ** 2.0 for arg in sample.args]
    together = [a + b for a, b in zip(whole, other, strict=True)]
    np.testing.assert_array_equal(sample(*together), sample(*whole) + sample(*other))


@every("sample", LINEAR, ids=ids(LINEAR))
def test_forward_mode_of_a_linear_row_is_the_row_itself(sample):
    args = [np.round(4 * arg) for arg in sample.args]
    for i, moved in enumerate(args):
        value, tangent = mg.jvp(
            lambda a, i=i: sample(*args[:i], a, *args[i + 1 :]), (moved,), (moved,)
        )
        others = [
            arg if i == j or not TABLE[sample.name].jointly else 0 * arg
            for j, arg in enumerate(args)
        ]
        np.testing.assert_array_equal(tangent, sample(*others), strict=True)
        assert value.shape == tangent.shape


@every("sample", SAMPLES, ids=ids(SAMPLES))
def test_no_rule_changes_what_it_is_given(sample):  # bug 37
    inputs = [mg.Tensor(arg) for arg in sample.args]
    output = sample(*inputs)
    seed = np.full(output.shape, 0.5)
    before = [node.data.copy() for node in mg.Tape(output)]
    mg.grad(output, inputs, seed=seed)
    mg.jvp(sample, sample.args, sample.args)
    for node, data in zip(mg.Tape(output), before, strict=True):
        np.testing.assert_array_equal(node.data, data)
    np.testing.assert_array_equal(seed, 0.5)


@every("sample", SAMPLES, ids=ids(SAMPLES))
def test_rules_work_on_read_only_arrays(sample):  # bug 37
    frozen = []
    for arg in sample.args:
        array = arg.copy()
        array.flags.writeable = False
        frozen.append(array)
    inputs = [mg.Tensor(array) for array in frozen]
    for x, array in zip(inputs, frozen, strict=True):
        x.data = array
    output = sample(*inputs)
    seed = np.ones(output.shape)
    seed.flags.writeable = False
    for x, g in zip(inputs, mg.grad(output, inputs, seed=seed), strict=True):
        assert g.flags.writeable and g.shape == x.shape


KEEPING = [sample for sample in SAMPLES if sample.name != "cast"]  # asked for float64


@every("sample", KEEPING, ids=ids(KEEPING))
def test_float32_stays_float32_in_every_mode(sample):  # bug 32
    args = [arg.astype(np.float32) for arg in sample.args]
    inputs = [mg.Tensor(arg) for arg in args]
    output = sample(*inputs)
    assert output.dtype == np.float32
    seed = np.ones(output.shape, np.float32)
    gradients = mg.grad(output, inputs, seed=seed)
    recorded = mg.grad(output, inputs, record=True, seed=seed)
    assert {g.dtype for g in [*gradients, *recorded]} == {np.dtype(np.float32)}
    assert mg.jvp(sample, args, args)[1].dtype == np.float32


@every("sample", ROWS, ids=ids(ROWS))
def test_rules_of_complex_numbers_are_the_holomorphic_derivative(sample):
    args = [arg + 0.25j * some(*arg.shape) for arg in sample.args]
    inputs = [record(None, arg, (), {}) for arg in args]  # leaves of the complex domain
    output = sample(*inputs)
    assert output.dtype == complex
    seed = np.ones(output.shape, complex)
    tangents = [some(*arg.shape) + 1j * some(*arg.shape) for arg in args]
    pulled = mg.grad(output, inputs, seed=seed)
    moving = dict(zip(inputs, tangents, strict=True))
    pushed = pushforward(mg.Tape(output), moving)[output]
    reverse = sum(np.sum(g * v) for g, v in zip(pulled, tangents, strict=True))
    np.testing.assert_allclose(reverse, np.sum(pushed), rtol=1e-12)
    h = 1e-6
    ahead, behind = (
        sample(*(a + step * v for a, v in zip(args, tangents, strict=True)))
        for step in (h, -h)
    )
    np.testing.assert_allclose(pushed, (ahead - behind) / (2 * h), rtol=1e-7, atol=1e-8)


EXACT = [sample for sample in SAMPLES if sample.exact]


def as_fractions(array):
    return np.vectorize(lambda a: Fraction(round(8 * a), 8), otypes=[object])(array)


@every("sample", EXACT, ids=ids(EXACT))
def test_forward_mode_in_one_argument_stays_exact(sample):
    args = [as_fractions(arg) for arg in sample.args]
    for i, moved in enumerate(args):
        _, pushed = mg.jvp(
            lambda a, i=i: sample(*args[:i], a, *args[i + 1 :]), (moved,), (moved,)
        )
        inputs = [mg.Tensor(arg) for arg in args]
        output = sample(*inputs)
        seed = as_fractions(some(*output.shape))
        pulled = mg.grad(output, inputs[i], seed=seed)
        assert not contains_floats(pushed)
        assert np.sum(seed * pushed) == np.sum(pulled * moved)


@every("sample", EXACT, ids=ids(EXACT))
def test_fractions_stay_fractions_and_give_the_exact_derivative(sample):
    args = [as_fractions(arg) for arg in sample.args]
    inputs = [mg.Tensor(arg) for arg in args]
    output = sample(*inputs)
    assert not contains_floats(output.data)
    seed = as_fractions(some(*output.shape))
    gradients = mg.grad(output, inputs, seed=seed)
    assert not any(contains_floats(g) for g in gradients)
    in_floats = [mg.Tensor(arg.astype(float)) for arg in args]
    expected = mg.grad(sample(*in_floats), in_floats, seed=seed.astype(float))
    for g, number in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(g.astype(float), number, rtol=1e-14, atol=1e-14)
    pushed = mg.jvp(sample, args, args)[1]
    assert np.sum(seed * pushed) == sum(
        np.sum(g * a) for g, a in zip(gradients, args, strict=True)
    )


def contains_floats(array):
    return any(isinstance(entry, float) for entry in array.flat)


class Modulo:
    """An element of the integers modulo the prime 10007."""

    prime = 10007

    def __init__(self, number):
        self.number = int(number) % self.prime

    @staticmethod
    def _of(other):
        return other.number if isinstance(other, Modulo) else int(other)

    def __add__(self, other):
        return Modulo(self.number + self._of(other))

    def __sub__(self, other):
        return Modulo(self.number - self._of(other))

    def __rsub__(self, other):
        return Modulo(self._of(other) - self.number)

    def __mul__(self, other):
        return Modulo(self.number * self._of(other))

    def __truediv__(self, other):
        return self * pow(self._of(other), -1, self.prime)

    def __rtruediv__(self, other):
        return Modulo(self._of(other)) / self

    def __pow__(self, exponent):
        return Modulo(pow(self.number, int(exponent), self.prime))

    def __neg__(self):
        return Modulo(-self.number)

    def __eq__(self, other):
        return self.number == self._of(other) % self.prime

    __radd__, __rmul__, __hash__ = __add__, __mul__, None


FIELD = [sample for sample in ROWS if sample.exact]


@every("sample", FIELD, ids=ids(FIELD))
def test_field_elements_satisfy_reverse_equals_forward_exactly(sample):
    elements = np.vectorize(Modulo, otypes=[object])
    rng = np.random.default_rng(0)
    args = [elements(rng.integers(1, Modulo.prime, a.shape)) for a in sample.args]
    tangents = [elements(rng.integers(0, Modulo.prime, a.shape)) for a in sample.args]
    inputs = [mg.Tensor(arg) for arg in args]
    output = sample(*inputs)
    seed = elements(rng.integers(0, Modulo.prime, output.shape))
    gradients = mg.grad(output, inputs, seed=seed)
    pushed = mg.jvp(sample, args, tangents)[1]
    reverse = sum(
        (np.sum(g * v) for g, v in zip(gradients, tangents, strict=True)), Modulo(0)
    )
    assert reverse == np.sum(np.asarray(seed * pushed))


def test_sympy_expressions_go_through_rules_unchanged():
    a, b = sympy.symbols("a b")
    x = mg.Tensor(np.array([a, b]))
    y = (x[0] * x[1] + x[0] / x[1] - x[0] ** 3).sum()
    a_bar, b_bar = mg.grad(y, x)
    expected = a * b + a / b - a**3
    assert sympy.simplify(a_bar - sympy.diff(expected, a)) == 0
    assert sympy.simplify(b_bar - sympy.diff(expected, b)) == 0


ELEMENTWISE = [row for row in TABLE.values() if isinstance(row, Elementwise)]


@every("row", ELEMENTWISE, ids=lambda row: row.name)
def test_the_partials_of_a_row_are_sympys_derivatives_of_its_meaning(row):
    letters = sympy.symbols("a b")[: len(row.partials)]
    meaning = sympy.sympify(row.meaning)
    rng = np.random.default_rng(1)
    for _ in range(5):
        numbers = rng.uniform(0.3, 2.0, len(letters))
        y = row.function(*numbers)
        at = dict(zip(letters, numbers, strict=True))
        np.testing.assert_allclose(float(y), float(meaning.subs(at)), rtol=1e-14)
        for letter, partial in zip(letters, row.partials, strict=True):
            slope = float(sympy.diff(meaning, letter).subs(at))
            np.testing.assert_allclose(float(partial(y, *numbers)), slope, rtol=1e-13)


TOGETHER = [sample for sample in LINEAR if TABLE[sample.name].batched_adjoints]


@every("sample", TOGETHER, ids=ids(TOGETHER))
def test_adjoints_of_many_uses_together_are_the_sum_of_each(sample):
    inputs = [mg.Tensor(np.round(4 * arg)) for arg in sample.args]
    whole, scaled = [*inputs], [x * 2.0 for x in inputs]
    uses = [sample(*args) for args in (whole, scaled, whole, whole)]
    y = sum(k * use * use for k, use in enumerate(uses, start=1)).sum()
    one_by_one = mg.grad(y, inputs, record=True)  # recording puts nothing together
    for together, each in zip(mg.grad(y, inputs), one_by_one, strict=True):
        np.testing.assert_array_equal(together, each.data)


# ------------------------------------------------------------------ broadcasting

SHAPES = [(), (1,), (3,), (1, 3), (2, 1), (2, 3), (4, 2, 3), (4, 1, 1), (0, 3)]
BINARY = ["add", "subtract", "multiply", "divide", "power"]


def broadcasts(*shapes):
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        return None


@every("name", BINARY)
@every("left", SHAPES, ids=str)
@every("right", SHAPES, ids=str)
def test_a_gradient_has_its_operands_shape(name, left, right):  # bug 15
    whole = broadcasts(left, right)
    apply = TABLE[name].apply
    a, b = mg.Tensor(np.full(left, 2.0)), mg.Tensor(np.full(right, 3.0))
    if whole is None:
        with pytest.raises(ValueError, match=r"argument 0.*\n.*argument 1"):
            apply(a, b)
        return
    y = apply(a, b)
    assert y.shape == whole
    a_bar, b_bar = mg.grad(y.sum(), [a, b])
    assert (a_bar.shape, b_bar.shape) == (left, right)
    partials = TABLE[name].partials
    times_a = np.prod(whole, dtype=int) / max(a.size, 1)
    times_b = np.prod(whole, dtype=int) / max(b.size, 1)
    value = TABLE[name].function(2.0, 3.0)
    slopes = [partial(value, 2.0, 3.0) for partial in partials]
    np.testing.assert_allclose(a_bar, times_a * slopes[0], rtol=1e-15)
    np.testing.assert_allclose(b_bar, times_b * slopes[1], rtol=1e-15)


def test_both_operands_may_be_broadcast():  # bug 16
    a, b = mg.Tensor([[1.0], [2.0], [3.0]]), mg.Tensor([[10.0, 20.0]])
    a_bar, b_bar = mg.grad((a * b).sum(), [a, b])
    np.testing.assert_array_equal(a_bar, [[30.0], [30.0], [30.0]])
    np.testing.assert_array_equal(b_bar, [[6.0, 6.0]])


def test_a_leaf_used_in_two_shapes_gets_one_gradient_of_its_own_shape():  # bug 16
    a = mg.Tensor([1.0, 2.0])
    wide = mg.Tensor(np.ones((3, 2)))
    tall = mg.Tensor(np.ones((2, 1)))
    y = (a * wide).sum() + (a * tall).sum() + (a * a).sum()
    np.testing.assert_array_equal(mg.grad(y, a), [3.0 + 2.0 + 2.0, 3.0 + 2.0 + 4.0])


@every("left, right", [
    ((3,), (3,)),
    ((1, 3), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3, 4)),
    ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)),
    ((5, 1, 2, 3), (4, 3, 2)),
    ((3,), (5, 3, 2)),
    ((5, 2, 3), (3,)),
    ((0, 3), (3, 2)),
], ids=str)  # fmt: skip
def test_matmul_differentiates_every_shape_numpy_multiplies(left, right):  # bug 18
    a, b = some(*left), some(*right)
    mg.check_gradients(mg.matmul, a, b)
    assert mg.matmul(mg.Tensor(a), mg.Tensor(b)).shape == (a @ b).shape


def test_a_product_over_no_entries_is_zero_and_so_is_its_gradient():
    a, b = mg.Tensor(np.ones((2, 0))), mg.Tensor(np.ones((0, 3)))
    y = mg.matmul(a, b)
    np.testing.assert_array_equal(y.data, np.zeros((2, 3)))
    assert [g.shape for g in mg.grad(y.sum(), [a, b])] == [(2, 0), (0, 3)]


@given(
    m=st.integers(1, 4),
    k=st.integers(1, 4),
    batch=st.lists(st.integers(1, 3), max_size=3),
)
def test_matvec_is_matmul_with_a_vector_on_the_last_axis(m, k, batch):
    rng = np.random.default_rng(m + 5 * k)
    W = rng.integers(-9, 10, (m, k)).astype(float)
    v = rng.integers(-9, 10, (*batch, k)).astype(float)
    g = rng.integers(-9, 10, (*batch, m)).astype(float)
    results = []
    for product in (mg.matvec, lambda W, v: (W @ v[..., None])[..., 0]):
        tensors = mg.Tensor(W), mg.Tensor(v)
        y = product(*tensors)
        results.append((y.data, *mg.grad(y, tensors, seed=g)))
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_array_equal(ours, theirs, strict=True)
