"""The same program in JAX: what it computes, what it refuses, what JAX does with it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from every import every
from samples import SAMPLES, ids
from test_compile import assert_same, classifier, tied
from test_compile_lstm import LAYERS, B, T, batch, learning, m, n, normal

import minigrad as mg
from lstm import LSTM, Recurrent, State
from lstm import masks as step_masks
from lstm.others import GRUCell
from minigrad.messages import is_explained
from minigrad.numpy_protocol.foreign_arrays import bare, wrapped

RANDOM = np.random.default_rng(2)
PAGE = Path(__file__).parents[1] / "docs" / "do" / "several-devices.md"
compare = pytest.mark.compare
LAYER = LSTM(n, m, rng=0)
E = mg.Parameter(normal(7, n), "E")
Q, K, V = (mg.Parameter(normal(n, n), name) for name in "QKV")


def labels():
    return RANDOM.integers(0, 4, 6)


def attention(x):
    q, k, v = (mg.matvec(W, x) for W in (Q, K, V))
    y = mg.softmax(q @ k.transpose((0, 2, 1))) @ v
    return y, mg.grad((y * y).sum(), [Q, K, V])


def at_a_place_of_its_state(x):
    state = x
    for t in range(1, T + 1):
        with mg.scope(t):
            state = mg.tanh(state + state[:, t][:, None])
    return mg.grad((state * state).sum(), x)


def embedded(words):
    y, _ = LAYER(E[words])
    return mg.grad((y * y).sum(), E)


def from_a_state(x, state):
    y, after = LAYER(x, state)
    return mg.grad((y * y).sum() + after.c.sum(), [*LAYER.parameters(), *state]), after


def with_dropout(x, mask_x, mask_y):
    y, _ = LAYER(x, dropout=step_masks.Variational(mask_x, mask_y))
    return mg.grad((y * y).sum(), LAYER)


def masks():
    return RANDOM.random((B, T)) < 0.7


PROGRAMS = {
    "LSTM": (learning(LSTM(n, m, rng=0)), batch),
    "stack": (learning(LAYERS["two"]), batch),
    "both directions": (learning(LAYERS["both directions"]), batch),
    "GRU": (learning(Recurrent(GRUCell(n, m, rng=0))), batch),
    "mask": (learning(LSTM(n, m, rng=0), "mask"), lambda: (*batch(), masks())),
    "lengths": (
        learning(LSTM(n, m, rng=0, outputs="zero"), "lengths"),
        lambda: (*batch(), RANDOM.integers(1, T + 1, B)),
    ),
    "two steps": (learning(LSTM(n, m, rng=0)), lambda: (normal(2, n), normal(2, m))),
    "a state": (
        from_a_state,
        lambda: (normal(B, T, n), State(*map(mg.Tensor, normal(2, B, m)))),
    ),
    "dropout": (
        with_dropout,
        lambda: (
            normal(B, T, n),
            *(2.0 * (RANDOM.random((B, k)) < 0.5) for k in (n, m)),
        ),
    ),
    "a place that moves": (
        at_a_place_of_its_state,
        lambda: (mg.Tensor(normal(2, T + 2)),),
    ),
    "words": (embedded, lambda: (RANDOM.integers(0, 7, (B, T)),)),
    "MLP": (classifier(mg.relu), lambda: (normal(6, 5), labels())),
    "sorted": (classifier(np.sort), lambda: (normal(6, 5), labels())),
    "ties": (tied, lambda: (RANDOM.integers(0, 2, (6, 5)).astype(float),)),
    "attention": (attention, lambda: (normal(B, T, n),)),
}


@compare
@pytest.mark.parametrize("name", PROGRAMS)
def test_jax_computes_what_the_function_does(name, jax):
    f, arguments = PROGRAMS[name]
    step = mg.to_jax(f, *arguments())
    for _ in range(2):
        given = arguments()
        found = step(*given)
        assert all(isinstance(each, jax.Array) for each in jax.tree.leaves(found))
        assert_same(found, f(*given))


@compare
@every("sample", SAMPLES, ids=ids(SAMPLES))
def test_every_row_and_composite_is_computed_by_jax(sample, jax):
    y = sample(*map(mg.Tensor, sample.args))
    leaves = [t for t in mg.Tape(y).leaves if any(t.data is a for a in sample.args)]
    given = {leaf: jax.numpy.asarray(leaf.data) for leaf in leaves}
    found = mg.Tape(y).replay(given)[y]
    assert isinstance(found, jax.Array) or not leaves
    np.testing.assert_allclose(found, y.data, rtol=1e-13, atol=1e-13)


@compare
def test_jax_differentiates_and_vectorizes_it_again(jax):
    step = mg.to_jax(classifier(mg.tanh), x := normal(6, 5), t := labels())
    loss = lambda parameters, x: step.pure(parameters, x, t)[0]  # noqa: E731
    assert_same(jax.grad(loss)(step.parameters, x), step(x, t)[1])
    both = jax.jit(jax.vmap(lambda x: step(x, t)[0]))(np.stack([x, -x]))
    assert_same(both, np.stack([step(x, t)[0], step(-x, t)[0]]))
    moved = {name: 2 * p for name, p in step.parameters.items()}
    assert step.pure(moved, x, t)[0] != step(x, t)[0]


@compare
def test_parameters_are_those_of_the_call(jax):
    p = mg.Parameter([1.0, 2.0], "p")
    step = mg.to_jax(lambda x: (p * x).sum(), np.ones(2))
    assert "lambda" in repr(step) and "\n" not in repr(step)
    p.data = [3.0, 4.0]
    assert step(np.ones(2)) == 7.0 and step.parameters["p"].tolist() == [3.0, 4.0]


SCALE = 2.0


@compare
def test_what_is_no_argument_is_compared_at_each_call(jax, monkeypatch):
    shift, small, large = [1.0], np.ones(2), np.ones(1000)
    tensor = mg.Tensor(np.ones(2))

    def f(x):
        return SCALE * (x * small + tensor) + shift[0] + large[:2]

    x = normal(2)
    step = mg.to_jax(f, x)
    inside = jax.jit(step)
    program, before = step.program, inside(x)
    assert_same(step(x), f(x))
    assert step.program is program
    changes = {
        "a global": lambda: monkeypatch.setitem(globals(), "SCALE", 3.0),
        "a list": lambda: shift.append(shift.pop() + 1.0),
        "a small array": lambda: small.__setitem__(0, 5.0),
        "a Tensor": lambda: setattr(tensor, "data", 7.0 * np.ones(2)),
        "a larger array": lambda: large.__setitem__(0, 9.0),
    }
    for what, change in changes.items():
        program, frozen = step.program, what == "a larger array"
        change()
        assert np.isclose(f(x).data[0], step(x)[0]) != frozen, what
        assert (step.program is program) is frozen
        assert_same(inside(x), before)


@compare
def test_what_is_refused_now_is_refused_at_the_next_call(jax):
    asks = [False]
    step = mg.to_jax(lambda x: x if asks[0] and x.sum() > 0 else -x, x := np.ones(2))
    asks[0] = True
    for _ in range(2):
        with pytest.raises(mg.NotCompiled, match=r"np\.where"):
            step(x)
    asks[0] = False
    assert step(x).tolist() == [-1.0, -1.0]


@compare
def test_other_parameters_than_before_are_asked_for(jax):
    parts = [mg.Parameter([1.0, 2.0], "p")]
    step = mg.to_jax(lambda x: sum((p * x for p in parts), x), x := np.ones(2))
    before = step.parameters
    parts.append(mg.Parameter([3.0, 4.0], "q"))
    with pytest.raises(mg.NotCompiled, match="there is no q"):
        step.pure(before, x)
    assert step(x).tolist() == [5.0, 7.0]


@compare
def test_what_xla_compiles_is_as_long_whatever_the_length(jax):
    def size(length):
        given = normal(1, length, n), normal(1, length, m)
        step = mg.to_jax(learning(LSTM(n, m, rng=0)), *given)
        text = jax.jit(step.pure).lower(step.parameters, *given).as_text()
        return text.count("\n")

    assert size(8) == size(80)


@compare
def test_what_jax_cannot_do_is_refused(jax):
    x = normal(4)
    refused = {
        "np.where": lambda: mg.to_jax(lambda x: x if x.sum() > 0 else -x, x),
        "must be concrete": lambda: mg.to_jax(lambda x, k: x[k].sum(), x, x > 0),
        r"\(3, 'f'\) now": lambda: mg.to_jax(mg.tanh, x)(x[:3]),
        "'3'": lambda: mg.to_jax(lambda x, k: x * k, x, 2)(x, 3),
    }
    for words, asked in refused.items():
        with pytest.raises(mg.NotCompiled, match=words) as caught:
            asked()
        assert is_explained(caught.value)
    step = mg.to_jax(classifier(mg.tanh), normal(6, 5), labels())
    with pytest.raises(mg.NotCompiled, match="a check of the arguments"):
        step(normal(6, 5), np.full(6, 4))
    assert np.isnan(jax.jit(step)(normal(6, 5), np.full(6, 4))[0])
    with jax.enable_x64(False), pytest.raises(mg.NotCompiled, match="float64"):
        mg.to_jax(mg.tanh, x)
    with jax.enable_x64(False):
        assert mg.to_jax(mg.tanh, x.astype("f"))(x.astype("f")).dtype == np.float32


def test_without_jax_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(ModuleNotFoundError, match=r"minigrad-lstm\[jax\]"):
        mg.to_jax(mg.tanh, np.ones(2))


@compare
def test_on_four_devices_the_gradient_is_that_of_one(tmp_path):
    text = PAGE.read_text("utf-8")
    program, printed = (
        "".join(re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S))
        for language in ("python", "text")
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(PAGE.parents[2])},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == printed


# ----------------------------------------------------------------------------- replayed


@compare
def test_a_tape_is_replayed_by_jax_and_differentiated_by_it(jax):
    x = mg.Tensor(normal(B, T, n), "x")
    y, _ = LSTM(n, m, rng=0)(x)
    loss = (y * y).sum()
    (x_bar,) = mg.grad(loss, [x], record=True)
    tape, numbers = mg.Tape(loss, x_bar), jax.numpy.asarray(normal(B, T, n))
    found, ours = (tape.replay({x: a})[x_bar] for a in (numbers, np.asarray(numbers)))
    assert isinstance(found, jax.Array)
    np.testing.assert_allclose(found, ours, rtol=1e-12, atol=1e-15)
    replayed = jax.jit(jax.grad(lambda x_: mg.Tape(loss).replay({x: x_})[loss]))
    np.testing.assert_allclose(replayed(numbers), ours, rtol=1e-10, atol=1e-14)


class Elsewhere:
    """An array of a library that has no names of NumPy."""

    shape = (2,)

    def __array__(self, *_, **__):
        return np.ones(2)


def test_arrays_that_numpy_would_copy_are_refused():
    x = mg.Tensor(np.ones(2))
    with pytest.raises(TypeError, match="compute with a copy") as caught:
        mg.Tape(x * 2).replay({x: Elsewhere()})
    assert "an Elsewhere of shape (2,)" in str(caught.value)


@compare
def test_tensors_of_torch_are_refused(torch):
    x = mg.Tensor(np.ones(2))
    with pytest.raises(TypeError, match=r"a torch\.Tensor of shape \(2,\)"):
        mg.Tape(mg.tanh(x)).replay({x: torch.ones(2)})


@compare
def test_what_is_written_into_is_another_array(jax):
    before = jax.numpy.zeros(3)
    a = wrapped(before)
    a[1] = 2.0
    np.add.at(a, np.array([0, 0]), np.ones(2))
    np.multiply(a, 2.0, out=a)
    assert bare(a).tolist() == [4.0, 4.0, 0.0] and not before.any()
    with pytest.raises(TypeError, match="the numbers would leave their library"):
        np.asarray(a)
    with pytest.raises(TypeError, match="nothing of the name copyto"):
        np.copyto(a, a)
