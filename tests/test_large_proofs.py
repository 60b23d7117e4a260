"""Large tapes are proved on whole arrays, with the verdicts of the small prover."""

from fractions import Fraction
from random import Random

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from samples import ROWS, SAMPLES, ids

import minigrad as mg
from lstm import LSTM
from minigrad.cotangents import Cotangents
from minigrad.primitive import TABLE, Elementwise, each
from minigrad.symbolic import ProofFailed, prove
from minigrad.symbolic.arrays import large as prover
from minigrad.symbolic.arrays.bound_array import ArraySizes, Height, larger
from minigrad.symbolic.arrays.dual_array import DualArray
from minigrad.symbolic.arrays.field_array import LONGEST, ArrayField, dyadic
from minigrad.symbolic.arrays.large import check_tape
from minigrad.symbolic.rings.chance import chance
from minigrad.symbolic.rings.primes import SHORT_BITS, SHORT_PRIMES, random_prime
from minigrad.symbolic.rings.sizes import Sizes

P = 2**31 - 1


def of_one(size):
    """The chance that one trial errs."""
    return chance(size, SHORT_BITS, SHORT_PRIMES)


def check(loss, wrt=None, seed=0, **more):
    tape = mg.Tape(loss)
    return check_tape(tape, wrt or tape.leaves, Random(seed), **more)


def weighted(y):
    """A loss in which every entry of y counts differently."""
    weights = mg.Tensor(np.random.default_rng(0).normal(size=y.shape), name="w")
    return (y * weights).sum()


def loss_of(sample):
    return weighted(sample(*(mg.Tensor(arg) for arg in sample.args)))


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


# ------------------------------------------------------------------- right gradients


@pytest.mark.parametrize("sample", SAMPLES, ids=ids(SAMPLES))
def test_every_row_and_composite_is_proved_as_by_the_small_prover(sample):
    loss = loss_of(sample)
    small = prove(loss, seed=0)
    for seed in range(3):
        shown = check(loss, seed=seed)
        assert sum(shown.generators.values()) == sum(small.generators.values())
        assert tuple(row.name for row in shown.opaque) == small.opaque
        assert shown.degree >= small.degree
        assert shown.height_bits >= small.height_bits


def layer_normalised(x):
    mean = mg.mean(x, axis=-1, keepdims=True)
    return (x - mean) / mg.sqrt(mg.var(x, axis=-1, keepdims=True) + 1e-5)


def stacked_classifier():
    """Two LSTM layers with layer norm between, a mask, and a softmax."""
    first, second = LSTM(n=3, m=4, rng=0), LSTM(n=4, m=2, rng=1)
    classify = mg.Dense(2, 3, rng=2)
    y, state = second(layer_normalised(first(random(5, 4, 3))[0]))
    mask = random(5, 3, seed=1) > 0
    scores = mg.where(mask, mg.relu(classify(state.y)), -1.5) + mg.max(y)
    return mg.cross_entropy(scores, [0, 1, 2, 1, 0])


def bag_of_words():
    """Rows of a table taken again and again, added up along the sentence."""
    table = mg.Parameter(random(6, 4), name="E")
    words = np.array([[0, 2, 2, 5], [2, 1, 0, 0]])
    running = table[words].cumsum(axis=1)
    return mg.sum(mg.softplus(running) * mg.sin(running))


def along_the_gradient():
    """A tape with a recorded gradient on it: what a Hessian-vector product walks."""
    x, W = mg.Tensor(random(3, 2), name="x"), mg.Parameter(random(4, 2), name="W")
    loss = mg.sum(mg.tanh(mg.matvec(W, x)) ** 3)
    return weighted(mg.grad(loss, W, record=True))


def in_two_precisions():
    x = mg.Tensor(random(3, 4), name="x")
    return mg.sum(mg.exp(x.astype(np.float32)).astype(float) * x)


MODELS = [stacked_classifier, bag_of_words, along_the_gradient, in_two_precisions]


@pytest.mark.parametrize("model", MODELS)
def test_models_have_no_false_alarm(model):
    loss = model()
    assert prove(loss)
    for seed in range(10):
        assert check(loss, seed=seed).opaque == ()


@pytest.mark.parametrize("asked", ["leaves", "parameters"])
def test_an_lstm_of_working_size_is_proved(asked):
    lstm = LSTM(n=64, m=128, rng=0)
    y, _ = lstm(random(32, 5, 64))
    loss = mg.squared_error(y, random(32, 5, 128, seed=1))
    wrt = list(lstm.parameters().values()) if asked == "parameters" else None
    shown = check(loss, wrt)
    assert shown.generators == {
        "sigmoid": 32 * 5 * 3 * 128,
        "tanh": 32 * 5 * 2 * 128,
    }
    assert shown.chance < Fraction(1, 2**40)
    assert shown.trials == len(set(shown.primes)) == 2


def test_a_gradient_may_be_asked_for_inside_the_tape():
    a = mg.Tensor(random(3), "a")
    h = mg.tanh(a)
    loss = mg.sum(h * h * a)
    assert check(loss, [a, h]).degree == prove(loss, [a, h]).degree


def test_a_check_is_reproduced_by_its_random_source():
    loss = bag_of_words()
    assert check(loss, seed=3).primes == check(loss, seed=3).primes


def test_a_proof_may_be_asked_for_inside_any_setting():
    loss = stacked_classifier()
    with mg.no_grad(), mg.checked(), mg.scope("elsewhere"):
        assert check(loss)


def test_the_work_of_a_tape_counts_its_products():
    W, v = mg.Tensor(random(5, 7), "W"), mg.Tensor(random(7), "v")
    assert prover.work(mg.Tape(mg.matvec(W, v))) == 5 * 7 + (5 * 7 + 7 + 5)


# ------------------------------------------------------------------- wrong gradients


def lstm_loss():
    lstm = LSTM(n=3, m=3, rng=0)
    y, _ = lstm(random(2, 4, 3))
    return weighted(y)


LOSSES = [lstm_loss(), *(model() for model in MODELS)]


def places():
    """Every (row, argument) in which a Tensor stands on some tape, with its loss."""
    found = {}
    for loss in LOSSES + [loss_of(sample) for sample in ROWS]:
        for step in mg.Tape(loss):
            for i, arg in enumerate(step.args[:2]):
                if isinstance(arg, mg.Tensor):
                    found.setdefault((step.primitive.name, i), loss)
    del found["power", 1]  # a ** b with a moving b enters by its lemma
    return found


PLACES = places()


def spoil(monkeypatch, name, i, change):
    """Let `change` act on what rule i of a row returns, however it is computed."""
    row = TABLE[name]
    right = row.rules
    if isinstance(row, Elementwise):
        wrong = tuple(
            (lambda *a, rule=rule: change(rule(*a))) if k == i else rule
            for k, rule in enumerate(right)
        )
        monkeypatch.setattr(row, "partials", wrong)
        return

    def rule(k, *args, **options):
        return (change if k == i else lambda g: g)(right[k](*args, **options))

    monkeypatch.setattr(row, "adjoints", each(rule))
    if i in row.together:
        together = row.together[i]
        monkeypatch.setitem(row.together, i, lambda *a: change(together(*a)))


@pytest.mark.parametrize(("name", "i"), PLACES)
def test_a_rule_a_little_too_large_is_named(monkeypatch, name, i):
    loss = PLACES[name, i]
    spoil(monkeypatch, name, i, lambda g: g * (1 + 1e-5))
    with pytest.raises(ProofFailed) as failed:
        check(loss)
    assert (failed.value.row, failed.value.argument) == (name, i)
    assert failed.value.found is not None
    assert f"mend the rule for argument {i}" in str(failed.value)


def transposed(g):
    return mg.transpose(g) if g.ndim == 2 else g


def test_every_row_is_spoilt():
    assert {name for name, _ in PLACES} == set(TABLE)


@pytest.mark.parametrize("square", [True, False])
def test_a_forgotten_transpose_is_named(monkeypatch, square):
    W = mg.Tensor(random(4, 4 if square else 3), name="W")
    loss = weighted(mg.tanh(mg.matvec(W, mg.Tensor(random(5, W.shape[1]), name="v"))))
    spoil(monkeypatch, "matvec", 0, transposed)
    with pytest.raises(ProofFailed) as failed:
        check(loss)
    assert (failed.value.row, failed.value.argument) == ("matvec", 0)


def test_a_rule_that_does_not_run_is_named(monkeypatch):
    loss = weighted(mg.Tensor(random(4, 3), "a") @ mg.Tensor(random(3, 2), "b"))
    monkeypatch.setattr(
        TABLE["matmul"], "adjoints", (lambda g, a, b: g @ b, lambda g, a, b: a @ g)
    )
    with pytest.raises(ProofFailed, match="does not run") as failed:
        check(loss)
    assert (failed.value.row, failed.value.argument) == ("matmul", 0)


def test_assigning_where_one_should_add_is_found(monkeypatch):
    loss = lstm_loss()

    def assign(self, arg, contribution):
        self.totals[arg.tick] = contribution

    monkeypatch.setattr(Cotangents, "add", assign)
    with pytest.raises(ProofFailed, match="every rule is right") as failed:
        check(loss)
    assert failed.value.row is None
    assert failed.value.step is not None


@pytest.mark.parametrize("which", range(3))
def test_a_dropped_carry_is_found_where_it_is_lost(monkeypatch, which):
    """What c_t hands on to c_{t+1} is forgotten once, at one step in time."""
    loss = lstm_loss()
    carries = [
        step for step in mg.Tape(loss)
        if step.primitive is TABLE["add"] and step.name == "c"
    ]  # fmt: skip
    right = Cotangents.add
    (position,) = (k for k, step in enumerate(mg.Tape(loss)) if step is carries[which])
    twin = prover.twin

    def marking(*args):
        made = twin(*args)
        lost.append(made.steps[carries[which]].tick)
        return made

    def forgetful(self, arg, contribution):
        if arg.tick not in lost:
            right(self, arg, contribution)

    lost = []
    monkeypatch.setattr(prover, "twin", marking)
    monkeypatch.setattr(Cotangents, "add", forgetful)
    with pytest.raises(ProofFailed, match="every rule is right") as failed:
        check(loss)
    assert failed.value.step == position


def test_a_sum_of_adjoints_that_forgets_a_use_is_found(monkeypatch):
    loss = lstm_loss()
    right = TABLE["matvec"].together[0]

    def all_but_one(uses, part=...):
        return right(uses[1:] or uses, part)

    monkeypatch.setitem(TABLE["matvec"].together, 0, all_but_one)
    with pytest.raises(ProofFailed, match="every rule is right") as failed:
        check(loss)
    assert failed.value.row is None


def test_a_walk_that_stops_is_a_failure(monkeypatch):
    loss = lstm_loss()
    right = TABLE["matvec"].together[0]

    def of_one_only(uses, part=...):
        (use,) = uses
        return right([use], part)

    monkeypatch.setitem(TABLE["matvec"].together, 0, of_one_only)
    with pytest.raises(ProofFailed, match="the engine's walk stopped"):
        check(loss)


# ------------------------------------------------------------- what cannot be run


@pytest.fixture
def own_row():
    made = []

    def enter(kind, name, *args, **more):
        made.append(name)
        return kind(name, *args, **more)

    yield enter
    for name in made:
        del TABLE[name]


def test_a_function_without_generator_enters_by_its_lemma(own_row):
    angle = own_row(
        mg.elementwise,
        "tests.angle",
        np.arctan2,
        "atan2(a, b)",
        [lambda y, a, b: b / (a * a + b * b), lambda y, a, b: -a / (a * a + b * b)],
    )
    a = mg.Tensor(random(3), "a")
    loss = mg.sum(angle(a, a * a) * mg.tanh(a))
    assert [row.name for row in check(loss).opaque] == ["tests.angle"]


def test_a_partial_that_leaves_the_field_is_not_trusted(own_row):
    """np.asarray would make bare residues of the array: bounds make it NaN."""
    own = own_row(
        mg.elementwise,
        "tests.cube",
        lambda a: a * a * a,
        "a**3",
        [lambda y, a: 3 * np.asarray(a) * np.asarray(a)],
    )
    loss = mg.sum(own(mg.Tensor(random(3), "a")))
    assert [row.name for row in check(loss).opaque] == ["tests.cube"]


def test_a_linear_row_that_needs_floats_is_refused_in_words(own_row):
    twice = own_row(
        mg.linear,
        "tests.twice",
        lambda a: np.einsum("i->i", a) * 2,
        (lambda g, a: g * 2,),
        jointly=True,
    )
    with pytest.raises(TypeError, match="not einsum"):
        check(mg.sum(twice(mg.Tensor(random(3), "a"))))


def test_a_linear_rule_that_leaves_the_field_is_refused_in_words(own_row):
    twice = own_row(
        mg.linear,
        "tests.twice",
        lambda a: a * 2,
        (lambda g, a: np.asarray(g) * 2,),
        jointly=True,
    )
    with pytest.raises(TypeError, match="need floating-point numbers"):
        check(mg.sum(twice(mg.Tensor(random(3), "a"))))


def test_a_denominator_that_is_always_zero_is_reported():
    a = mg.Tensor(random(3), "a")
    with np.errstate(all="ignore"):
        loss = mg.sum(a / (a - a))
    with pytest.raises(ZeroDivisionError):
        check(loss)


def test_a_constant_that_is_not_finite_is_refused_in_words():
    a = mg.Tensor(random(2), "a")
    with pytest.raises(ValueError, match="no finite real number"):
        check(mg.sum(a + np.array([1.0, np.inf])))


# --------------------------------------------------------- arithmetic modulo a prime


def fields():
    return st.builds(
        lambda seed: ArrayField(random_prime(Random(seed), SHORT_BITS), Random(seed)),
        st.integers(0, 2**32),
    )


def exactly(a):
    """The residues as Python integers."""
    return a.raw.astype(object)


@given(fields(), hnp.mutually_broadcastable_shapes(num_shapes=2, max_side=4))
def test_array_arithmetic_is_that_of_integers(field, shapes):
    a, b = (field.fresh("x", shape) for shape in shapes.input_shapes)
    x, y, p = exactly(a), exactly(b), field.p
    for found, right in [
        (a + b, x + y), (a - b, x - y), (a * b, x * y), (-a, -x), (a**5, x**5),
        (a.sum(), x.sum()), (a.mean() * a.size, x.sum()),
        (a * 0.375 * 8, 3 * x), (3 - a, 3 - x),
        (1 / a * a, x * 0 + 1), (a / b * b, x + 0 * y), (a**-2 * a * a, x * 0 + 1),
    ]:  # fmt: skip
        assert found.shape == np.shape(right)
        assert np.array_equal(exactly(found), np.asarray(right) % p)


MATRICES = [
    ((3, 4), (4, 2)), ((4,), (4, 2)), ((3, 4), (4,)), ((4,), (4,)), ((0, 3), (3, 2)),
    ((2, 3, 4), (4, 2)), ((2, 1, 3, 4), (5, 4, 2)), ((3, 200), (200, 2)),
]  # fmt: skip


@pytest.mark.parametrize("shapes", MATRICES)
@given(field=fields())
def test_matrix_products_are_exact(shapes, field):
    a, b = (field.fresh("x", shape) for shape in shapes)
    right = np.matmul(exactly(a), exactly(b))
    assert np.array_equal(exactly(a @ b), np.asarray(right) % field.p)


def test_matrix_products_are_exact_at_the_largest_residues_and_lengths(monkeypatch):
    F = ArrayField(P, Random(0))
    K = LONGEST - 1
    a = F.filled(P - 1, (1, K))
    assert exactly(a @ a.T)[0, 0] == K % P  # (-1)(-1) K times
    monkeypatch.setattr("minigrad.symbolic.arrays.field_array.LONGEST", 8)
    for left, right in [((2, 40), (40, 3)), ((40,), (40,)), ((2, 3, 9), (9,))]:
        a, b = F.fresh("a", left), F.fresh("b", right)
        assert np.array_equal(exactly(a @ b), np.matmul(exactly(a), exactly(b)) % P)


@given(fields(), st.data())
def test_sums_moves_and_scatters_are_exact(field, data):
    a = field.fresh("a", data.draw(hnp.array_shapes(min_dims=2, max_dims=3)))
    axis = data.draw(st.integers(-a.ndim, a.ndim - 1))
    x, p = exactly(a), field.p
    assert np.array_equal(exactly(a.sum(axis=axis)), x.sum(axis=axis) % p)
    assert np.array_equal(exactly(np.cumsum(a, axis=axis)), x.cumsum(axis=axis) % p)
    assert np.array_equal(
        exactly(np.stack([a, 2 * a], axis)), np.stack([x, 2 * x], axis) % p
    )
    mask = x % 2 == 0
    assert np.array_equal(exactly(np.where(mask, a, -1)), np.where(mask, x, p - 1))
    index = data.draw(st.lists(st.integers(0, len(x) - 1), min_size=1))
    total, right = np.zeros_like(a), x * 0
    np.add.at(total, index, a[index])
    np.add.at(right, index, x[index])
    assert np.array_equal(exactly(total), right % p)


FLOATS = hnp.arrays(
    st.sampled_from([np.float16, np.float32, np.float64]),
    hnp.array_shapes(min_dims=0),
    elements={"allow_nan": False, "allow_infinity": False},
)


@given(fields(), FLOATS)
def test_floats_enter_the_field_exactly(field, floats):
    lifted = field.lift(floats)
    assert lifted.shape == floats.shape
    for number, residue in zip(floats.ravel().tolist(), lifted.raw.flat, strict=True):
        exact = Fraction(number)
        assert int(residue) * exact.denominator % field.p == exact.numerator % field.p
    odd, _ = dyadic(floats)
    assert np.all((odd % 2 == 1) | (odd == 0))


@given(
    fields(),
    hnp.arrays(
        hnp.integer_dtypes() | hnp.unsigned_integer_dtypes() | hnp.boolean_dtypes(), 5
    ),
)
def test_integers_enter_the_field_exactly(field, integers):
    right = [int(each) % field.p for each in integers]
    assert field.lift(integers).raw.tolist() == right


def test_a_generator_belongs_to_the_very_array():
    F = ArrayField(P, Random(0))
    a = F.fresh("a", (3,))
    assert np.tanh(a) is np.tanh(a)
    assert not np.array_equal(np.tanh(a).raw, np.tanh(a + 0).raw)
    sigmoid, exp = TABLE["sigmoid"].apply(a), np.exp(a)
    assert np.array_equal((exp / (exp + 1)).raw, sigmoid.raw)


def test_dual_arrays_differentiate():
    F = ArrayField(P, Random(0))
    x = DualArray(F.lift([3, 5]), F.lift([1, 0]))
    assert (x * x * x).tangent.raw.tolist() == [27, 0]
    assert (1 / x * 9).tangent.raw.tolist() == [P - 1, 0]
    assert (x @ x).tangent.raw == 6
    assert (x**-1 - 1 / x).tangent.raw.tolist() == [0, 0]


def test_what_is_not_listed_is_refused():
    F = ArrayField(P, Random(0))
    a = F.fresh("a", (2, 2))
    refused = [
        lambda: np.einsum("ij->i", a), lambda: np.linalg.inv(a), lambda: np.floor(a),
        lambda: np.maximum(a, 0), lambda: a.dot(a), lambda: np.sort(a),
    ]  # fmt: skip
    for call in refused:
        with pytest.raises(TypeError, match="exact arrays know"):
            call()


# ------------------------------------------------------------------- bounds


@given(st.integers(0, 10**40), st.integers(0, 10**40), st.integers(0, 9))
def test_heights_are_never_too_small(x, y, power):
    a, b = Height.of(x), Height.of(y)
    for height, number in [
        (a, x), (a + b, x + y), (a * b, x * y), (a**power, x**power), (a + y, x + y),
    ]:  # fmt: skip
        with mpmath.workprec(2000):
            bound = mpmath.mpf(2) ** mpmath.mpf(height.bits)
            assert number <= bound <= number * (1 + mpmath.mpf(1e-9))
        assert height.bit_length() >= number.bit_length()


def test_the_bound_of_a_matrix_product_is_that_of_its_entries():
    S, one = ArraySizes(), Sizes()
    a, b = S.fresh("a", (2, 5)), S.fresh("b", (5, 3))
    entry = sum((one.fresh("a") * one.fresh("b") for _ in range(5)), one.lift(0))
    assert (a @ b).shape == (2, 3)
    assert (a @ b).bound.degree == entry.degree
    assert (a @ b).bound.height.bits == pytest.approx(np.log2(entry.height))


def test_quotients_of_an_array_share_one_denominator():
    S = ArraySizes()
    a = S.fresh("a", (3,))
    total = (1 / a).sum()  # (a2 a3 + a1 a3 + a1 a2) / (a1 a2 a3)
    assert (total.bound.degree, total.bound.height.bits) == (
        2,
        pytest.approx(np.log2(3)),
    )
    assert total.bound.denominator().degree == 3
    assert larger(a.bound, total.bound).degree == 4  # a over that denominator


def test_a_bound_that_is_lost_is_found_out():
    S = ArraySizes()
    bare = np.asarray(S.fresh("a", (3,)))
    with pytest.raises(ValueError, match="no finite real number"):
        S.fresh("b", (3,)) * bare


def test_the_chance_is_computed_from_the_sizes():
    S = ArraySizes()
    assert of_one(S.size(0, 0)) == 0
    assert of_one(S.size(1, 1)) == 2 * Fraction(1, 2**30)
    assert of_one(S.size(0, 2**65)) == 2 * Fraction(2, 46_000_000)
    assert of_one(S.size(2**31, 1)) == 1
    shown = check(stacked_classifier(), trials=5)
    assert shown.trials == 5
    assert (
        shown.chance == of_one(S.size(shown.degree, 2 ** (shown.height_bits - 1))) ** 5
    )
