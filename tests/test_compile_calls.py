"""Around a call: whose results are, what is traced again, and what is refused."""

import operator
import random
import threading
import time

import numpy as np
import pytest
from compile_cases import V, W, assert_same, normal

import minigrad as mg


def test_tensors_come_back_as_tensors_without_a_record():
    step = mg.compile(lambda x: (mg.tanh(x), {"y": x + 1.0}), mg.Tensor([1.0]))
    y, others = step(mg.Tensor([2.0]))
    assert isinstance(y, mg.Tensor) and isinstance(others["y"], mg.Tensor)
    with pytest.raises(ValueError, match="compiled program"):
        mg.grad(y, mg.Tensor([1.0]))


def test_results_are_the_callers_own():
    step = mg.compile(lambda x: (x, x.T, x + 1), np.ones((2, 2)))
    first = step(np.zeros((2, 2)))
    for each in first:
        each += 7.0
    assert_same(step(np.zeros((2, 2))), (np.zeros((2, 2)),) * 2 + (np.ones((2, 2)),))
    assert first[2][0, 0] == 8.0


def test_threads_do_not_disturb_each_other():
    step = mg.compile(lambda x: mg.grad((mg.tanh(mg.matvec(V, x)) ** 2).sum(), V))
    inputs = [normal(50, 4) for _ in range(8)]
    expected = [step(x) for x in inputs]
    wrong = []

    def work(k):
        for _ in range(30):
            if not np.array_equal(step(inputs[k]), expected[k]):
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not wrong


def test_new_shapes_dtypes_and_numbers_are_traced_and_kept():
    f = lambda x, k: x * k  # noqa: E731
    step = mg.compile(f)
    for x in (np.ones(2), np.ones(3), np.ones(2, "f4"), np.ones(2)):
        for k in (2, 3.0):
            assert_same(step(x, k), f(x, k))
    assert len(step.programs) == 6


def scaled(x, scale=2.0, *, shift=None):
    y = x * scale
    return y if shift is None else y + shift


class Holder:
    scaled = staticmethod(scaled)

    def __call__(self, x, **words):
        return scaled(x, **words)


@pytest.mark.parametrize("f", [scaled, Holder.scaled, Holder(), Holder().__call__])
def test_arguments_are_given_by_name_as_well(f):
    step = mg.compile(f)
    for _ in range(2):
        x, shift = normal(3), mg.Tensor(normal(3))
        for words in ({}, {"shift": shift}, {"shift": shift, "scale": normal(3)}):
            assert_same(step(x, **words), f(x, **words))
    assert_same(step(x=x, scale=3.0), f(x, scale=3.0))
    assert step.prove(x, shift=shift).chance < -20


def test_no_name_of_a_user_disturbs_a_program():
    def f(step, copy, add, buffer):
        z = mg.tanh(mg.Tensor(step))
        z.name = "copyto"
        y = z * copy
        y.name = "shaped"
        return y, mg.grad(y.sum() + (y * W[0, :3]).sum(), z)

    compiled = mg.compile(f)
    for _ in range(2):
        given_now = [normal(3) for _ in range(4)]
        assert_same(compiled(*given_now), f(*given_now))


def test_no_name_of_a_program_is_that_of_an_argument():
    def f(v1, v2, v3, v4, v5, y_t, y_m1, y_own, step_, step, x10, *x, **more):
        y, others = mg.Tensor(v1) * v2, [v3, v4, v5, x10, *x, *more.values()]
        for t in range(4):
            with mg.scope("loop", t):
                y = mg.tanh(y * others[t] + others[t + 1])
                y.name = "y"
        loss = (y * y_t * y_m1 * v3 * y_own * step_ * step).sum()
        return loss, y * v5, mg.grad(loss, y)

    compiled = mg.compile(f)
    for _ in range(2):
        given_now, words = [normal(3) for _ in range(13)], {"from": normal(3)}
        before = [each.copy() for each in given_now]
        assert_same(compiled(*given_now, **words), f(*given_now, **words))
        assert_same(given_now, before)


def test_it_says_so_when_it_is_traced_too_often():
    step = mg.compile(lambda x, k: x * k)
    for k in range(16):
        step(np.ones(2), k)
    with pytest.warns(RuntimeWarning, match="traced 16 times"):
        assert step(np.ones(2), 99).tolist() == [99.0, 99.0]
    assert len(step.programs) == 16
    assert step(np.ones(2), 0).tolist() == [0.0, 0.0]


def test_a_compiled_function_inside_another_is_part_of_it():
    inner = mg.compile(lambda x: mg.tanh(x) * 2.0, mg.Tensor([1.0]))
    outer = mg.compile(lambda x: mg.grad(inner(x).sum(), x), mg.Tensor([1.0]))
    x = mg.Tensor([0.3])
    assert_same(outer(x), 2 / np.cosh(x.data) ** 2)


def test_a_recorded_tensor_is_refused_since_its_gradient_would_stop():
    step = mg.compile(mg.tanh, mg.Tensor([1.0]))
    with pytest.raises(mg.NotCompiled, match="a gradient would stop here"):
        step(mg.Tensor([1.0]) * 2.0)
    with mg.no_grad():
        step(mg.Tensor([1.0]) * 2.0)


def test_an_array_that_is_more_than_its_numbers_is_refused():
    step = mg.compile(lambda x: x * 2)
    with pytest.raises(mg.NotCompiled, match="more than its numbers"):
        step(np.ma.masked_array([1.0, 2.0], [True, False]))


def test_what_only_fails_when_traced_is_not_compiled():
    with pytest.raises(mg.NotCompiled, match="traced, it raised AttributeError"):
        mg.compile(lambda x: x * x.strides[0], np.ones(2))
    with pytest.raises(ValueError, match="make the shapes agree"):
        mg.compile(lambda x: mg.Tensor(np.ones(3)) + x, np.ones(2))


GENERATOR = np.random.default_rng(3)
OLD = np.random.RandomState(3)
PYTHONS = random.Random(3)
COUNTS = []


def _filled(x):
    array = np.zeros(4)
    array[0] = x.sum()
    return array


def _stepped(x):
    gradient = mg.grad((mg.matvec(V, x) ** 2).sum(), V)
    mg.SGD([V], 0.1).step([gradient])
    return gradient


def _assigned(x):
    V.data = V.data - mg.grad((mg.matvec(V, x) ** 2).sum(), V)
    return x


def _backward(x):
    (mg.matvec(V, x) ** 2).sum().backward()
    return x


def _caught(x):
    try:
        return x * float(x.sum())
    except Exception:
        return x


REFUSED = {
    "float": (lambda x: x * float(x.sum()), "x.item|float"),
    "item": (lambda x: x * x.max().item(), "x.item"),
    "a list": (lambda x: x * x.tolist()[0], "tolist"),
    "a plain array": (lambda x: x * np.array(x), "a plain array"),
    "NumPy's index": (lambda x: np.eye(4)[np.argsort(x)], "a plain array"),
    "writing": (lambda x: x.__setitem__(0, 1.0), "never written to"),
    "adding in place": (lambda x: np.add(x, 1, out=x), "never written to"),
    "adding to": (lambda x: operator.iadd(x, 1.0), r"^x \+= value"),
    "adding at": (lambda x: np.add.at(np.zeros(4), [0, 1, 2, 3], x), "never written"),
    "copying into": (lambda x: np.copyto(np.zeros(4), x), "writes into an array"),
    "a weight's numbers": (lambda x: x * np.array(V.data).sum(), "a plain array"),
    "a generator": (lambda x: x * GENERATOR.random(4), "random numbers"),
    "global chance": (lambda x: x * np.random.rand(4), "random"),  # noqa: NPY002
    "a new generator": (
        lambda x: x * np.random.default_rng().random(4),
        "calls.py(.|\n)*others in each run(.|\n)*mask",
    ),
    "an old generator": (lambda x: x * OLD.rand(4), "random numbers"),
    "Python's generator": (lambda x: x * PYTHONS.random(), "random numbers"),
    "what changes": (
        lambda x: x * (COUNTS.append(1) or len(COUNTS)),
        r"with 1 in one run and 3 in the next(.|\n)*np\.array\(number\)",
    ),
    "the time": (lambda x: x * time.time(), r"in one run and"),
    "the time in an array": (lambda x: x + np.full(4, time.time()), "in each run"),
    "the time as it is": (lambda x: (x, time.time()), "in one run and"),
    "the time in nanoseconds": (lambda x: x * time.time_ns(), "in one run and"),
    "another way each time": (
        lambda x: x * 2.0 if COUNTS.append(1) or len(COUNTS) % 2 else x,
        "what changes between calls",
    ),
    "backward()": (_backward, r"mg\.grad\(loss, parameters\)"),
    "nothing": (lambda x: None, "no Tensor or array"),
    "nothing, twice": (lambda x: {"a": [None]}, "no Tensor or array"),
    "another type": (lambda x: (x, object()), "returns an object"),
    "an array that is filled": (_filled, r"^array\[index\] = x(.|\n)*mg\.zeros"),
    "an array of entries": (lambda x: np.array([x[0], x[1]]), r"np\.stack"),
    "what is printed": (lambda x: f"{x.sum():.3f}", r'^f"{x:\.3f}"(.|\n)*outside'),
    "a Tensor that is printed": (
        lambda x: f"{mg.Tensor(x).sum():.3f}",
        r'^f"{x:\.3f}"',
    ),
    "a Tensor's number": (lambda x: x * float(mg.Tensor(x)[0]), r"^float\(x\)"),
    "a step": (_stepped, r"^a Parameter that is changed(.|\n)*step outside"),
    "a Parameter": (_assigned, r"^a Parameter that is changed(.|\n)*step outside"),
    "complex numbers": (lambda x: x * 1j, "real numbers"),
    "a refusal that is caught": (_caught, "float"),
    "a key": (lambda x: x * {0.0: 2.0}.get(x[0], 1.0), "hash"),
    "a set": (lambda x: (x, len({*x})), "hash"),
    "what it is": (lambda x: (x, isinstance(x, np.ndarray)), "isinstance"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_be_wrong_for_other_inputs_is_refused(name):
    f, words = REFUSED[name]
    with pytest.raises(mg.NotCompiled, match=words) as refusal:
        mg.compile(f, normal(4))
    assert "\n  why" in str(refusal.value) and "\n  fix" in str(refusal.value)


def test_a_refused_function_leaves_the_gradients_that_were_there():
    model = mg.Dense(2, 1, rng=0)
    optimizer = mg.Adam(model.parameters(), 0.1)
    mg.squared_error(model(normal(3, 2)), np.zeros((3, 1))).backward()
    before = [p.grad.copy() for p in model.parameters()]

    def step(x):
        optimizer.zero_grad()
        loss = mg.squared_error(model(x), np.zeros((3, 1)))
        loss.backward()
        optimizer.step()
        return loss

    with pytest.raises(mg.NotCompiled, match=r"it calls backward\(\)"):
        mg.compile(step, normal(3, 2))
    assert all(map(np.array_equal, before, (p.grad for p in model.parameters())))
    mg.compile(lambda x: mg.grad(model(x).sum(), model.parameters()), normal(3, 2))


def test_the_refusal_of_chance_names_the_line_that_computes_with_it():
    def f(x):
        mask = GENERATOR.random(4)
        return x * mask

    line = f.__code__.co_firstlineno + 2
    with pytest.raises(mg.NotCompiled, match=rf"calls\.py:{line}\n"):
        mg.compile(f, normal(4))


def squares(x):
    y = mg.zeros(3)
    for k in range(3):
        y[k] = x[k] ** 2
    return y


def rows(x):
    y = mg.zeros((2, 3))
    y[0], y[1, 1:] = x * 2, x[1:]
    y[0] += x
    y[1, :1] = np.argsort(x)[:1]
    return y, y.sum(axis=0), np.where(y > 1.0, y, 0.0)


def first_replaced(x):
    y = mg.array(x)
    y[0] = 5.0
    return y


@pytest.mark.parametrize("f", [squares, rows, first_replaced])
def test_arrays_are_written_into_those_that_can_be_written_to(f):
    step = mg.compile(f, np.ones(3))
    for x in (normal(3), normal(3)):
        result = step(x)
        assert_same(result, f(x))
        each = result if isinstance(result, tuple) else (result,)
        assert all(type(part) is np.ndarray for part in each)


def test_whole_numbers_of_a_tensor_are_asked_for_and_checked():
    step = mg.compile(lambda x: x * 2.0 if x[0] else x[: int(x[1])])
    for first in (0.0, 1.0, 0.0):
        for second in (1.0, 2.0):
            x = mg.Tensor([first, second, 3.0])
            assert_same(step(x), step.function(x))


def test_what_is_no_function_is_not_compiled():
    with pytest.raises(
        TypeError, match=r"compile\(an ndarray\)(.|\n)*mg.compile\(f, x"
    ):
        mg.compile(np.tanh(np.ones(2)), np.ones(2))


def test_a_proof_without_arguments_takes_the_examples_or_asks_for_some():
    assert mg.compile(scaled, np.ones(2)).prove().chance < -20
    with pytest.raises(TypeError, match=r"without arguments(.|\n)*'x'") as missing:
        mg.compile(scaled).prove()
    assert missing.value.__suppress_context__
    with pytest.raises(TypeError, match="missing 1 required") as missing:
        mg.compile(scaled)()
    assert missing.value.__context__ is None
