"""The tape: order, sharing, depth, release, replay, and the same bytes every time."""

import gc
import itertools
import os
import subprocess
import sys
import tracemalloc
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import lstm_cell

import minigrad as mg
from minigrad.primitive import TABLE

# ------------------------------------------------------------------ walking the graph


def test_a_leaf_used_twice_gets_both_contributions():  # bug 1
    x = mg.Tensor(3.0)
    assert mg.grad(x * x + x, x) == 7.0


def test_a_result_used_twice_is_complete_before_it_is_passed_on():  # bug 2
    a = mg.Tensor(1.0)
    b = a + a
    c = b + b
    assert mg.grad(c, a) == 4.0


def test_sixty_doublings_apply_each_rule_once(monkeypatch):  # bug 3
    calls = []
    row = TABLE["add"]
    partials = [
        lambda y, a, b, i=i: calls.append(i) or row_partials[i](y, a, b) for i in (0, 1)
    ]
    row_partials = row.partials
    monkeypatch.setattr(row, "partials", tuple(partials))
    x = mg.Tensor(1.0)
    y = x
    for _ in range(60):
        y = y + y
    assert mg.grad(y, x) == 2.0**60
    assert len(calls) == 2 * 60


@pytest.mark.slow
def test_a_chain_of_100_000_steps_is_walked_and_freed_without_recursion():  # bug 4
    x = mg.Tensor(1.0)
    y = x
    for _ in range(100_000):
        y = y + 1.0
    assert y.item() == 100_001.0
    assert len(mg.Tape(y)) == 100_001
    assert mg.grad(y, x) == 1.0
    del y  # would overflow the stack if Tensors were freed recursively
    assert x.item() == 1.0


def test_backward_twice_doubles_the_parameters_and_nothing_else():  # bug 5
    w = mg.Parameter([1.0, 2.0], name="w")
    hidden = w * w
    loss = (hidden * hidden).sum()
    loss.backward()
    once = w.grad.copy()
    np.testing.assert_array_equal(once, 4 * w.data**3)
    loss.backward()
    np.testing.assert_array_equal(w.grad, 2 * once)
    w.grad = None
    loss.backward()
    np.testing.assert_array_equal(w.grad, once)
    assert not hasattr(hidden, "grad")


def test_asking_twice_gives_the_same_gradient():  # bug 5
    x = mg.Tensor([1.0, 2.0])
    y = (mg.tanh(x * x) * x).sum()
    np.testing.assert_array_equal(mg.grad(y, x), mg.grad(y, x))


def test_a_gradient_of_many_entries_needs_a_seed():  # bug 56
    x = mg.Tensor([1.0, 2.0])
    with pytest.raises(ValueError, match=r"seed=|y\.sum"):
        mg.grad(x * x, x)
    with pytest.raises(ValueError, match=r"seed=|y\.sum"):
        (mg.Parameter([1.0, 2.0]) * 2.0).backward()
    np.testing.assert_array_equal(mg.grad(x * x, x, seed=[1.0, 10.0]), [2.0, 40.0])
    np.testing.assert_array_equal(mg.grad((x * x)[:1], x), [2.0, 0.0])


def test_two_losses_may_share_a_part_of_the_graph():  # bug 6
    x = mg.Tensor(3.0)
    shared = x * x
    first, second = shared * 2.0, shared * shared
    assert mg.grad(first, x) == 12.0
    assert mg.grad(second, x) == 108.0
    assert mg.grad(first, x) == 12.0
    assert mg.grad([first, second], x) == 120.0


def test_an_unused_input_gets_zeros_of_its_shape():  # bug 8
    x, unused = mg.Tensor([1.0, 2.0]), mg.Tensor(np.ones((3, 1), np.float32))
    _, g = mg.grad((x * x).sum(), [x, unused])
    np.testing.assert_array_equal(g, np.zeros((3, 1), np.float32), strict=True)
    recorded = mg.grad((x * x).sum(), unused, record=True)
    assert isinstance(recorded, mg.Tensor) and recorded.shape == (3, 1)
    assert mg.jvp(lambda x: mg.Tensor(1.0), (2.0,), (1.0,))[1] == 0.0


def test_an_output_that_is_a_leaf_is_its_own_derivative():  # bug 9
    x = mg.Tensor(5.0)
    assert mg.grad(x, x) == 1.0
    assert mg.jvp(lambda x: x, (5.0,), (3.0,))[1] == 3.0
    np.testing.assert_array_equal(mg.jacobian(lambda x: x)(np.ones(2)), np.eye(2))


def test_a_constant_output_has_derivative_zero():  # bug 10
    x = mg.Tensor([1.0, 2.0])
    np.testing.assert_array_equal(mg.grad(mg.Tensor(7.0) * 2.0, x), [0.0, 0.0])
    np.testing.assert_array_equal(
        mg.jacobian(lambda x: mg.Tensor(7.0))(np.ones(2)), [0.0, 0.0]
    )


def test_the_gradient_of_an_intermediate_value_can_be_asked_for():
    x = mg.Tensor(3.0)
    y = x * x
    z = y * y + y
    y_bar, x_bar, z_bar = mg.grad(z, [y, x, z])
    assert (y_bar, x_bar, z_bar) == (19.0, 19.0 * 6.0, 1.0)


def test_gradients_come_in_the_structure_of_the_inputs():
    x, y = mg.Tensor(2.0), mg.Tensor(5.0)
    z = x * y
    assert mg.grad(z, x) == 5.0
    assert mg.grad(z, [x, y]) == [5.0, 2.0]
    assert mg.grad(z, (x, y)) == (5.0, 2.0)
    assert mg.grad(z, {"x": x, "y": y}) == {"x": 5.0, "y": 2.0}
    assert mg.grad(z, []) == []


def test_only_what_leads_to_a_wanted_input_is_differentiated(monkeypatch):
    x, w = mg.Tensor(2.0), mg.Tensor(3.0)
    y = x * w + mg.exp(w)
    monkeypatch.setattr(TABLE["exp"], "partials", (None,))  # would fail if called
    assert mg.grad(y, x) == 3.0


def test_operands_keep_their_order():  # bug 14
    a, b = mg.Tensor(1.0, name="a"), mg.Tensor(2.0, name="b")
    assert (a - b).args == (a, b) and (b - a).args == (b, a)
    assert str(mg.Tape(b - a)).splitlines()[-1].split()[:5] == [
        *("2", "t2", "subtract", "b,", "a")
    ]
    assert (a + a).args == (a, a)


def test_an_operand_on_both_sides_counts_on_both_sides():  # bug 13
    a = mg.Tensor([[1.0, 2.0], [3.0, 4.0]])
    ones = np.ones((2, 2))
    np.testing.assert_array_equal(mg.grad((a + a).sum(), a), 2 * ones)
    np.testing.assert_array_equal(mg.grad((a * a).sum(), a), 2 * a.data)
    np.testing.assert_array_equal(mg.grad((a - a).sum(), a), 0 * ones)
    np.testing.assert_array_equal(mg.grad((a / a).sum(), a), 0 * ones)
    np.testing.assert_array_equal(mg.grad((a @ a.T).sum(), a), 2 * (ones @ a.data))
    np.testing.assert_array_equal(
        mg.grad((a @ a).sum(), a), ones @ a.data.T + a.data.T @ ones
    )


# ------------------------------------------------------------- random programs, twice


@st.composite
def programs(draw):
    """Return a list of steps: (operation, positions of its operands)."""
    size = draw(st.integers(1, 12))
    operations = st.sampled_from(["+", "-", "*"])
    return [
        (
            draw(operations),
            draw(st.integers(0, step + 1)),
            draw(st.integers(0, step + 1)),
        )
        for step in range(size)
    ]


def run(program, values):
    values = list(values)
    for operation, left, right in program:
        a, b = values[left], values[right]
        values.append({"+": a + b, "-": a - b, "*": a * b}[operation])
    return values[-1]


class Polynomial(dict):
    """Two-variable integer polynomials: {(i, j): coefficient of x^i y^j}."""

    def __add__(self, other):
        keys = {*self, *other}
        return Polynomial({k: self.get(k, 0) + other.get(k, 0) for k in keys})

    def __sub__(self, other):
        return self + Polynomial({k: -n for k, n in other.items()})

    def __mul__(self, other):
        total = {}
        for (a, b), m in self.items():
            for (c, d), n in other.items():
                total[a + c, b + d] = total.get((a + c, b + d), 0) + m * n
        return Polynomial(total)

    def slope_in_x(self, x, y):
        return sum(n * i * x ** max(i - 1, 0) * y**j for (i, j), n in self.items())

    def slope_in_y(self, x, y):
        return sum(n * j * x**i * y ** max(j - 1, 0) for (i, j), n in self.items())


@given(programs(), st.integers(-3, 3), st.integers(-3, 3))
def test_a_random_program_has_the_derivative_of_its_polynomial(program, x, y):
    if sum(operation == "*" for operation, *_ in program) > 5:
        program = program[:5]
    polynomial = run(program, [Polynomial({(1, 0): 1}), Polynomial({(0, 1): 1})])
    a, b = (mg.Tensor(np.array(n, dtype=object)) for n in (x, y))
    a_bar, b_bar = mg.grad(run(program, [a, b]), [a, b])
    assert int(a_bar) == polynomial.slope_in_x(x, y)
    assert int(b_bar) == polynomial.slope_in_y(x, y)


@given(programs(), st.floats(-2, 2), st.floats(-2, 2))
def test_replay_with_the_same_numbers_gives_the_same_numbers(program, x, y):
    a, b = mg.Tensor(x), mg.Tensor(y)
    program = program[:6]
    z = run(program, [a, b])
    replayed = mg.Tape(z).replay()
    assert all(replayed[step] == step.data for step in mg.Tape(z))


# --------------------------------------------------------------- the same every time

PROGRAM = """
import sys, numpy as np, minigrad as mg
sys.path.insert(0, sys.argv[1])
from samples import lstm_cell
W = mg.Tensor(np.random.default_rng(0).normal(size=(12, 5)), name="W")
x = mg.Tensor([0.3, -0.7], name="x")
leaves = {name: mg.Tensor(float(n)) for n, name in enumerate("abcdef", start=1)}
with mg.scope("cell", 1):
    loss = lstm_cell(W, x).sum()
for name in leaves:
    loss = loss * leaves[name] + leaves[name]
print(mg.Tape(loss))
for g in mg.grad(loss, [W, x, *leaves.values()]):
    print(g.tobytes().hex())
"""


def test_tape_and_gradients_are_the_same_bytes_for_every_hash_seed():  # bug 7
    here = os.path.dirname(__file__)
    root = os.path.dirname(here)
    said = set()
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, here],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": root},
            stdout=subprocess.PIPE,
        )
        for seed in ("0", "1", "20", "random")
    ]
    for process in running:
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        said.add(output)
    assert len(said) == 1


def test_the_order_in_which_leaves_were_made_does_not_matter():  # bug 7
    gradients = []
    for order in itertools.permutations("abc"):
        made = {name: mg.Tensor(0.1 + ord(name)) for name in order}
        a, b, c = made["a"], made["b"], made["c"]
        y = mg.sin(a * b) + c / a
        gradients.append(tuple(float(g) for g in mg.grad(y, [a, b, c])))
    assert len(set(gradients)) == 1


# ------------------------------------------------------------------------- memory


def test_a_tape_is_freed_without_the_garbage_collector():  # bug 45
    gc.collect()
    gc.disable()
    try:
        w = mg.Parameter(np.ones(3), name="w")
        hidden = mg.tanh(w * 2.0)
        loss = (hidden * hidden).sum()
        g = mg.grad(loss, w, record=True)
        watched = [weakref.ref(each) for each in (hidden, loss, g)]
        loss.backward()
        str(mg.Tape(loss))
        mg.Tape(g).replay()
        mg.jvp(lambda v: v * v, (w,), (w,))
        del hidden, loss, g
        assert [each() for each in watched] == [None, None, None]
    finally:
        gc.enable()


def test_a_thousand_training_steps_do_not_grow():  # bug 46
    w = mg.Parameter(np.ones((20, 20)), name="w")
    optimizer = mg.Adam([w], 1e-3)

    def train(steps):
        for _ in range(steps):
            loss = mg.tanh(mg.matvec(w, np.ones(20))).sum()
            optimizer.step(mg.grad(loss, [w]))

    tracemalloc.start()
    try:
        train(20)
        before = tracemalloc.get_traced_memory()[0]
        train(1000)
        after = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert after - before < 20_000  # one tape of this model is larger


def test_a_history_of_losses_that_keeps_its_tapes_is_warned_about():  # bug 46
    w = mg.Parameter(1.0, name="w")
    history = []
    with pytest.warns(ResourceWarning, match="losses are alive"):
        for _ in range(100):
            loss = w * w
            loss.backward()
            history.append(loss)
    assert len(history) == 100


# ------------------------------------------------------------------- release, replay


def test_after_release_the_numbers_stay_and_the_gradient_is_refused():  # bug 50
    x = mg.Tensor([1.0, 2.0])
    y = (x * x).sum()
    mg.Tape(y).release()
    assert y.item() == 5.0
    with pytest.raises(ValueError, match="released"):
        mg.grad(y, x)


def test_a_gradient_never_stops_silently_at_a_released_tensor():  # bug 50
    x = mg.Tensor([1.0, 2.0])
    shared = x * x
    mg.Tape(shared.sum()).release()
    later = (shared * 3.0).sum()
    for derivative in (
        lambda: mg.grad(later, x),
        lambda: mg.grad(later, x, record=True),
        lambda: mg.Tape(later).replay({x: x.data}),
    ):
        with pytest.raises(ValueError, match="released"):
            derivative()


def test_a_recorded_gradient_outlives_the_tape_of_its_output():  # bug 50
    x = mg.Tensor(2.0)
    y = x * x * x
    dy = mg.grad(y, x, record=True)
    del y
    assert mg.grad(dy, x) == 12.0
    z = x * x * x
    dz = mg.grad(z, x, record=True)
    mg.Tape(z).release()
    with pytest.raises(ValueError, match="released"):
        mg.grad(dz, x)


def test_replay_runs_the_record_with_other_numbers():
    x, c = mg.Tensor(3.0), mg.Tensor(2.0)
    y = x * c + 1.0
    tape = mg.Tape(y)
    assert tape.replay({x: 10.0})[y] == 21.0
    assert tape.replay({x: 10.0}, lift=lambda number: number * 10)[y] == 210.0
    assert tape.replay({y: 5.0})[y] == 5.0
    assert y.item() == 7.0


def test_replay_with_tensors_is_recorded():
    x = mg.Tensor(3.0)
    y = x * x
    t = mg.Tensor(5.0)
    again = mg.Tape(y).replay({x: t})[y]
    assert mg.grad(again, t) == 10.0


def test_replay_of_an_lstm_runs_every_batch_of_inputs():
    rng = np.random.default_rng(0)
    W, x = rng.normal(size=(12, 5)), rng.normal(size=2)
    tensors = mg.Tensor(W), mg.Tensor(x)
    y = lstm_cell(*tensors)
    other = rng.normal(size=2)
    replayed = mg.Tape(y).replay({tensors[1]: other})[y]
    np.testing.assert_array_equal(
        replayed, lstm_cell(mg.Tensor(W), mg.Tensor(other)).data
    )


# --------------------------------------------------------------------------- printing


def test_a_printed_tape_names_steps_arguments_shapes_and_scopes():
    x = mg.Tensor([1.0, 2.0], name="x")
    with mg.scope("lstm", 3, "forget"):
        f = mg.sigmoid(x * np.ones(2))
        f.name = "f"
    total = f.sum(axis=0)
    assert [line.split() for line in str(mg.Tape(total)).splitlines()] == [
        ["step", "name", "primitive", "arguments", "shape", "scope"],
        ["0", "x", "(2,)"],
        ["1", "t1", "multiply", "x,", "array(2,)", "(2,)", "lstm[3].forget"],
        ["2", "f[3]", "sigmoid", "t1", "(2,)", "lstm[3].forget"],
        ["3", "t3", "sum", "f[3],", "axis=0", "()"],
    ]


def test_a_tape_lists_its_leaves_and_is_sorted_by_tick():
    x, y = mg.Tensor(1.0), mg.Tensor(2.0)
    z = y * x + y
    tape = mg.Tape(z)
    assert [step.tick for step in tape] == sorted(step.tick for step in tape)
    assert [leaf is x or leaf is y for leaf in tape.leaves] == [True, True]
    assert len(tape) == 4 and tape.outputs == (z,)
