"""retrace(): which numbers left the tape, and what is no mistake."""

import inspect
import math

import numpy as np
import pytest
from every import every

import minigrad as mg
from minigrad.retracing.retrace import NumbersLeft, Retraced, retrace
from minigrad.testing import assert_proved
from minigrad.watching import keeping_lines

v = np.array([0.3, -0.7, 1.1])


def retraced(f, *arrays, **more):
    """Record f at these numbers, and call it again at others."""
    inputs = [mg.Tensor(np.asarray(a, getattr(a, "dtype", float))) for a in arrays]
    named = dict(zip(inspect.signature(f).parameters, inputs, strict=False))
    with keeping_lines():
        results = f(*inputs)
    return retrace(lambda: f(*inputs), results, named, name="f", **more)


def said(f, *arrays):
    return " / ".join(retraced(f, *arrays).findings)


def message(f, *arrays):
    """Return the alarm on one line."""
    with pytest.raises(NumbersLeft) as caught:
        retraced(f, *arrays)
    return " ".join(str(caught.value).split())


# ------------------------------------------------------------------ numbers that left


def layer_norm(x):
    return (x - x.data.mean()) / mg.sqrt(mg.var(x))


def peephole(W, c):
    gate = mg.sigmoid(mg.matvec(W, np.ones(3)) + c.data)
    return gate * mg.tanh(c)


def normalized(W):
    return W / np.sqrt((W.data**2).sum())


def in_a_loop(x):
    h = x
    for _ in range(30):
        h = h + 0.01 * h.data
    return h


def filled(x):
    out = np.zeros(3)
    for i in range(3):
        out[i] = float(x[i]) ** 2
    return x + out


LEFT = {
    "float(x)": (lambda x: x.sum() * float(x.sum()), v),
    "x.item()": (lambda x: x.sum() * x.sum().item(), v),
    "math.exp": (lambda x: x * math.exp(x.sum()), v),
    "x.data": (lambda x: x * x.data, v),
    "x.detach()": (lambda x: x * x.detach(), v),
    "a new Tensor": (lambda x: mg.Tensor(x.data) * 2, v),
    "np.fromiter": (lambda x: x * np.fromiter((float(e) for e in x), float), v),
    "an array filled with numbers": (filled, v),
    "the mean of a layer norm": (layer_norm, v),
    "a norm of the weights": (normalized, np.eye(3) + 0.1),
    "every step of a loop": (in_a_loop, v),
    "beside a mask of -inf": (
        lambda x: mg.softmax(x + np.array([0.0, 0.0, -np.inf])) * x.data,
        v,
    ),
    "in single precision": (lambda x: x * x.data, v.astype(np.float32)),
    "in half precision": (lambda x: x * x.data, v.astype(np.float16)),
    "beside an entry of 0": (lambda x: x * x.data, np.zeros(3)),
}


@every("kind", LEFT)
def test_a_number_that_left_the_tape_is_an_alarm(kind):
    f, at = LEFT[kind]
    (name,) = inspect.signature(f).parameters
    assert f"it depends on {name}, but the tape does not know" in message(f, at)


def test_a_number_that_an_array_was_filled_with_is_an_alarm():
    def fill(x):
        out = np.zeros(3)
        out[:] = float(x.sum())
        return x + out

    assert "argument 1 of add" in message(fill, v)


def test_a_number_that_a_function_written_without_grad_computed_is_an_alarm():
    def f(x):
        with mg.no_grad():
            mean = mg.mean(x)
        return x * mean

    assert "a Tensor made inside" in message(f, v)


def test_an_alarm_names_the_argument_the_line_and_both_numbers():
    def f(x):
        y = x * 2.0
        return y * x.data

    line = inspect.getsourcelines(f)[1] + 2
    with pytest.raises(NumbersLeft) as caught:
        retraced(f, v)
    left = caught.value
    assert left.line == f"test_retrace.py:{line}" and left.argument == 1
    assert left.step.primitive.name == "multiply" and left.was == 0.3 != left.now
    text = " ".join(str(left).split())
    assert f"argument 1 of multiply at step 1, {left.line} at entry [0] was 0.3" in text
    assert "pass it in as an argument" in text


def test_an_alarm_names_the_inputs_that_move_the_number():
    assert "depends on c, but" in message(peephole, np.eye(3), v)
    both = message(lambda a, b, c: a * (b.data + c.data), v, v, v)
    assert "depends on b and c, but" in both


def test_an_alarm_passes_over_the_constant_of_a_softmax():
    assert "argument 1 of multiply" in message(lambda x: mg.softmax(x) * x.data, v)

    def f(x):
        y = mg.log_softmax(x)
        return y * x.data

    assert "argument 1 of multiply" in message(f, v)


def test_a_parameter_from_outside_moves_too_and_stays_as_it_was():
    w = mg.Parameter(v, name="w")
    before, tick = w.data, w.tick
    assert "depends on w, but" in message(lambda x: x * w * w.data, v)
    assert w.data is before and w.tick == tick


def test_a_tape_recorded_before_can_still_be_differentiated():
    w = mg.Parameter(v, name="w")
    loss = (w * w).sum()
    retrace(lambda: (w * w).sum(), loss, {"w": w})
    np.testing.assert_array_equal(mg.grad(loss, w), 2 * v)


def test_a_plain_number_among_the_results_is_an_alarm_if_it_moves():
    assert "output [1] is a plain float that depends on x" in message(
        lambda x: (x * 2.0, float(x.sum())), v
    )
    assert "output ['y'] is a plain array that depends on x" in message(
        lambda x: {"y": x.data * 2.0, "loss": x.sum()}, v
    )
    assert retraced(lambda x: (x * 2.0, 3.0, "label", None), v).findings == ()
    assert retraced(lambda x: (x * 2.0, int(np.argmax(x))), v).findings == ()


# -------------------------------------------------------------------- not a function


def test_random_numbers_drawn_inside_are_an_alarm():
    rng = np.random.default_rng(0)
    assert "draws random numbers inside" in message(lambda x: x + rng.normal(), v)
    dropout = message(lambda x: mg.where(rng.random(3) < 0.5, x, 0.0), v)
    assert "the mask of where at step 0" in dropout and "same arguments" in dropout
    assert retraced(lambda x: x * np.random.default_rng(0).normal(), v).findings == ()


def test_a_counter_that_the_function_keeps_is_an_alarm():
    count = [0.0]

    def f(x):
        count[0] += 1
        return x * count[0]

    assert "was 1.0 and is 2.0" in message(f, v)


def test_an_array_that_is_used_again_for_every_call_is_an_alarm():
    buffer = np.zeros(3)

    def f(x):
        buffer[:] = x.data
        return x * buffer

    assert "argument 1 of multiply" in message(f, v)


def test_a_parameter_that_the_function_itself_changes_is_an_alarm():
    w = mg.Parameter(1.0, name="w")

    def f(x):
        w.data = w.data + 1
        return x * w

    assert "with the same arguments" in message(f, v)


def test_steps_that_differ_at_the_same_numbers_are_an_alarm():
    calls = []

    def f(x):
        calls.append(x)
        return x * 2.0 if len(calls) == 1 else x * 2.0 + 1.0

    assert "they recorded other steps" in message(f, v)


def test_a_second_call_that_raises_is_an_alarm():
    numbers = iter([1.0])
    assert "the second raised StopIteration" in message(lambda x: x * next(numbers), v)


# ------------------------------------------------------------------------ no mistake

CLEAN = {
    "an unused argument": (lambda x, y: mg.tanh(x), v, v),
    "a constant": (lambda x: x * np.arange(3.0) + 2.0, v),
    "softmax": (mg.softmax, v),
    "softmax written by hand": (
        lambda x: mg.exp(x - x.data.max()) / mg.sum(mg.exp(x - x.data.max())),
        v,
    ),
    "the sum of a softmax, which is 1": (lambda x: mg.softmax(x).sum() - 1.0, v),
    "logsumexp": (mg.logsumexp, v),
    "logsumexp of large numbers": (mg.logsumexp, 1e6 * v),
    "softmax in single precision": (mg.softmax, v.astype(np.float32)),
    "cross entropy": (lambda a: mg.cross_entropy(a, [0, 2]), np.outer([1, 2], v)),
    "a mask of -inf": (lambda x: mg.softmax(x + np.array([0, 0, -np.inf])), v),
    "a mask of -1e9": (lambda x: mg.softmax(x + np.array([0, 0, -1e9])), v),
    "numbers that do not reach the result": (
        lambda x: mg.where(np.array([True, True, False]), x, 0 * x.data),
        v,
    ),
    "no entries": (lambda x: x * 2.0, np.zeros(0)),
}


@every("kind", CLEAN)
def test_a_function_that_keeps_to_the_tape_passes(kind):
    f, *at = CLEAN[kind]
    retraced(f, *at)


BRANCHES = {
    "relu": (mg.relu, v, "the mask of where at step 0"),
    "abs": (abs, v, "argument 1 of multiply at step 0"),
    "sorting": (lambda x: x[np.argsort(x)], v, "the index of take"),
    "a sign": (lambda x: x + np.sign(x.data[0]), v, "argument 1 of add"),
    "rounding": (lambda x: x * np.round(x.data), v, "argument 1 of multiply"),
    "an if": (lambda x: x * 2 if x.sum() > 0 else x * 3 + 1, v, "other steps"),
}


@every("kind", BRANCHES)
def test_another_branch_is_said_and_is_no_alarm(kind):
    f, at, words = BRANCHES[kind]
    assert f"another branch at other points: {words}" in said(f, at)


@pytest.mark.parametrize(
    "f",
    [mg.relu, abs, mg.max, lambda x: mg.clip(x, 0.0, 1.0)],
    ids=["relu", "abs", "max", "clip"],
)
def test_on_a_kink_the_other_branch_is_nearby(f):
    assert "another branch at nearby points" in said(lambda x: f(x) * 1.0, np.zeros(3))


def test_many_steps_of_a_staircase_are_crossed_and_are_no_alarm():
    at = np.linspace(-1.0, 1.0, 5000)
    assert "nearby" in said(lambda x: x * np.floor(x.data * 100), at)


def test_a_tape_of_another_length_at_every_call_is_said():
    def f(x):
        for _ in range(int(str(float(x)).encode()[-1]) % 7):
            x = x * 2.0
        return x

    assert "differs from call to call" in said(f, 0.123456789)


def test_a_point_where_the_function_raises_is_skipped():
    def log(x):
        if (x.data <= 0).any():
            raise ValueError("log of a negative number")
        return mg.log(x)

    assert retraced(log, np.abs(v)) == Retraced(points=2, findings=())


def test_a_function_that_runs_at_one_point_only_is_an_alarm():
    def f(x):
        if x.data[0] != 0.3:
            raise ValueError
        return x * x.data

    with pytest.raises(NumbersLeft, match="cannot be called at any other numbers"):
        retraced(f, v)
    with pytest.raises(AssertionError, match="cannot be called at any other numbers"):
        mg.check_gradients(f, np.array([0.3, 0.4]))


def test_a_generator_from_outside_gives_the_masks_and_they_stay():
    mask = np.random.default_rng(0).random(3) < 0.5
    assert retraced(lambda x: mg.where(mask, x, 0.0), v) == Retraced(3, ())


# ------------------------------------------------- what NumPy would take without asking


def simulated(damping):
    angle = np.zeros(20)
    angle[0] = 0.2
    for k in range(19):
        angle[k + 1] = angle[k] * (1 - 0.1 * damping)
    return angle[-1] * damping


def test_a_simulation_that_fills_an_array_is_refused():
    with pytest.raises(ValueError) as caught:
        mg.grad(simulated(mg.Tensor(0.5)), [])
    assert "array[index] = t of a Tensor" in str(caught.value.__cause__)
    assert "mg.zeros(shape)" in str(caught.value.__cause__)


def write(array, index, value):
    array[index] = value


def add_to(array, index, value):
    array[index] += value


@pytest.mark.parametrize("store", [write, add_to])
@pytest.mark.parametrize("index", [0, (1, 2), ()], ids=str)
@pytest.mark.parametrize("dtype", [float, np.float32])
def test_a_tensor_written_into_an_array_is_refused(store, index, dtype):
    array = np.zeros((2, 3)[: np.size(index)] if index != 0 else 3, dtype)
    w = mg.Tensor(2.0, name="w")
    with pytest.raises((ValueError, TypeError)) as caught:
        store(array, index, w * 3.0)
    assert "a Tensor" in str(caught.value.__cause__ or caught.value)
    assert not array.any()


def test_numbers_that_are_asked_for_by_name_may_be_written():
    w, array, kept = mg.Tensor(2.0), np.zeros(4), {}
    array[0] = float(w)
    array[1] = w.item()
    array[2] = w.data
    kept["loss"] = f"{w:.1f}"
    kept["int"] = int(w)
    kept["tensor"] = w
    with mg.no_grad():
        array[3] = w
    np.testing.assert_array_equal(array, [2.0, 2.0, 2.0, 2.0])
    assert kept == {"loss": "2.0", "int": 2, "tensor": w}


# ------------------------------------------------------------------------- transforms


def plain_array(x):
    out = np.zeros(2)
    out[0] = float(x[0]) ** 2
    return out


@pytest.mark.parametrize("f", [plain_array, lambda x: float(x[0]), lambda x: x.data])
@every("transform", [
    lambda f: mg.jacobian(f)(v), lambda f: mg.hessian(f)(v), lambda f: mg.vjp(f, v),
    lambda f: mg.jvp(f, (v,), (v,)), lambda f: mg.hvp(f, (v,), (v,)),
], ids=["jacobian", "hessian", "vjp", "jvp", "hvp"])  # fmt: skip
def test_a_transform_of_a_function_that_returns_numbers_is_refused(transform, f):
    with pytest.raises(TypeError, match="only a Tensor remembers"):
        transform(f)


def test_a_constant_function_has_the_jacobian_zero():
    np.testing.assert_array_equal(mg.jacobian(lambda x: mg.Tensor(3.0))(v), np.zeros(3))


NARROWED = {
    "float32": lambda x: x * x.data.astype(np.float32),
    "float16": lambda x: x * x.data.astype(np.float16),
    "a mean in float32": lambda x: x * float(x.data.astype(np.float32).mean()),
}


@pytest.mark.parametrize("name", NARROWED)
def test_a_number_that_left_by_a_narrower_dtype_is_noticed(name):
    """No step of a sign: it moves with x, if not as finely as x does."""
    with pytest.raises(AssertionError, match="left the tape"):
        assert_proved(NARROWED[name], (3,))
    for step in (np.floor, np.sign, lambda a: np.round(a, 3), lambda a: a > 0):
        assert_proved(lambda x, step=step: x * step(x.data * 7).astype("f4"), (3,))
