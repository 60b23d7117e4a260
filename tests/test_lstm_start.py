"""How the weights of an LSTM start: what each preset promises, exactly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm import (
    LSTM,
    CoupledCell,
    FullGateRecurrenceCell,
    GRUCell,
    IRNNCell,
    LayerNormCell,
    LSTMCell,
    NoForgetGateCell,
    PeepholeCell,
    ProjectedCell,
    ResetAfterGRUCell,
    RNNCell,
)
from lstm.initial import orthogonal

SHAPES = {
    "n < m": {"n": 2, "m": 3},
    "n > m": {"n": 3, "m": 2},
    "n = m": {"n": 2, "m": 2},
    "one sequence": {"batch": ()},
    "one step": {"steps": 1},
    "one of each": {"n": 1, "m": 1, "batch": (1,), "steps": 1},
}
every_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)


def recurrent(gate, n):
    return gate.W.data[:, n:]


def gates(cell):
    return [cell.forget, cell.input, cell.candidate, cell.output]


def test_glorot_starts_each_gate_as_a_dense_layer_of_its_own():
    n, m = 30, 20
    cell = LSTMCell(n, m, init="glorot", rng=0)
    limit = np.sqrt(6 / (n + m))
    for gate in gates(cell):
        from_x = gate.W.data[:, :n]
        assert 0.95 * limit < np.max(np.abs(from_x)) <= limit
        assert abs(np.mean(from_x)) < 0.1 * limit
        square = recurrent(gate, n)
        np.testing.assert_allclose(square @ square.T, np.eye(m), rtol=0, atol=1e-14)
    assert len({gate.W.data[0, 0] for gate in gates(cell)}) == 4


def test_keras_starts_the_four_gates_as_one_layer():
    n, m = 30, 20
    cell = LSTMCell(n, m, init="keras", rng=0)
    limit = np.sqrt(6 / (n + 4 * m))
    blocks = [recurrent(gate, n) for gate in gates(cell)]
    jointly = sum(block.T @ block for block in blocks)
    np.testing.assert_allclose(jointly, np.eye(m), rtol=0, atol=1e-14)
    assert all(np.linalg.norm(block, 2) < 0.99 for block in blocks)
    for gate in gates(cell):
        assert 0.95 * limit < np.max(np.abs(gate.W.data[:, :n])) <= limit


def test_torch_starts_everything_uniform_with_the_sum_of_two_biases():
    n, m = 30, 400
    cell = LSTMCell(n, m, init="torch", rng=0)
    limit = 1 / np.sqrt(m)
    for gate in gates(cell):
        assert 0.99 * limit < np.max(np.abs(gate.W.data)) <= limit
        assert np.var(gate.W.data) == pytest.approx(limit**2 / 3, rel=0.05)
        assert limit < np.max(np.abs(gate.b.data)) <= 2 * limit
        assert np.var(gate.b.data) == pytest.approx(2 * limit**2 / 3, rel=0.25)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 1.0),
        ({"init": "keras"}, 1.0),
        ({"forget_bias": 0.0}, 0.0),
        ({"init": "torch", "forget_bias": 3}, 3.0),
    ],
    ids=str,
)
def test_the_forget_bias_replaces_what_the_preset_gives(options, expected):
    cell = LSTMCell(3, 5, rng=0, **options)
    assert np.all(cell.forget.b.data == expected)
    if options.get("init") != "torch":
        assert not any(np.any(gate.b.data) for gate in gates(cell)[1:])


def test_only_the_seed_decides_the_start():
    def start(seed):
        return np.concatenate(
            [p.data.ravel() for p in LSTM(3, 2, rng=seed).parameters()]
        )

    np.testing.assert_array_equal(start(1), start(1))
    assert np.any(start(1) != start(2))


@given(st.integers(1, 6), st.integers(1, 6))
def test_an_orthogonal_start_has_orthonormal_rows_or_columns(rows, columns):
    q = orthogonal(rows, columns, np.random.default_rng(0))
    assert q.shape == (rows, columns)
    shorter = q @ q.T if rows <= columns else q.T @ q
    np.testing.assert_allclose(shorter, np.eye(len(shorter)), rtol=0, atol=1e-14)


def test_every_orthogonal_matrix_is_equally_likely():
    rng = np.random.default_rng(0)
    signs = [np.sign(orthogonal(3, 3, rng)[0, 0]) for _ in range(400)]
    assert abs(np.mean(signs)) < 0.15  # without the sign of r it is always the same


# ------------------------------------------------------------------------- any variant

CELLS = {
    "peephole": PeepholeCell,
    "coupled": CoupledCell,
    "full gate recurrence": FullGateRecurrenceCell,
    "layer norm": LayerNormCell,
    "projected": lambda n, m, **options: ProjectedCell(n, m, 2, **options),
    "GRU": GRUCell,
    "GRU, reset after": ResetAfterGRUCell,
    "RNN": RNNCell,
}
every_cell = pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)


def boxes(cell):
    return {name: getattr(cell, name) for name in cell.letters}


@every_cell
def test_glorot_starts_every_box_of_a_variant_with_orthogonal_columns(cell):
    built = cell(3, 4, init="glorot", rng=0)
    for name, box in boxes(built).items():
        if box.W.shape[1] == 3:
            continue  # it reads only x
        _, *carried = built.reads(name)
        first, *rest = np.split(box.W.data, np.cumsum([3, *carried])[:-1], axis=1)
        assert np.max(np.abs(first)) <= np.sqrt(6 / 7)
        for part in rest:
            columns = part.T @ part
            np.testing.assert_allclose(
                columns, np.eye(len(columns)), rtol=0, atol=1e-14
            )


@every_cell
def test_keras_starts_the_boxes_that_read_the_same_jointly(cell):
    built = cell(3, 4, init="keras", rng=0)
    alike = {}
    for name in built.letters:
        alike.setdefault(built.reads(name), []).append(name)
    for (n, first, *_), names in alike.items():
        parts = [getattr(built, name).W.data[:, n : n + first] for name in names]
        if names[-1] == "candidate" and isinstance(built, ResetAfterGRUCell):
            parts[-1] = built.recurrent.W.data
        jointly = sum(part.T @ part for part in parts)
        np.testing.assert_allclose(jointly, np.eye(first), rtol=0, atol=1e-14)


@every_cell
def test_torch_starts_every_box_of_a_variant_uniform(cell):
    built = cell(3, 400, init="torch", rng=0)
    for box in boxes(built).values():
        assert 0.99 / 20 < np.max(np.abs(box.W.data)) <= 1 / 20
        assert np.max(np.abs(box.b.data)) <= 2 / 20


@every_cell
@pytest.mark.parametrize("init", ["glorot", "keras", "torch"])
def test_no_matrix_starts_on_one_side_of_zero(cell, init):
    for parameter in cell(30, 40, init=init, rng=0).parameters():
        if parameter.ndim == 2:
            largest = np.max(np.abs(parameter.data))
            assert -parameter.data.min() > 0.7 * largest < parameter.data.max() / 0.7
            assert abs(parameter.data.mean()) < 0.1 * largest


def test_a_deeper_gate_starts_its_last_layer_by_what_that_layer_reads():
    gate = LSTMCell(40, 20, hidden={"forget": (4,)}, rng=0).forget
    assert gate.W.shape == (20, 4)
    assert 0.9 * 0.5 < np.max(np.abs(gate.W.data)) <= 0.5  # sqrt(6 / (4 + 20))


def test_an_irnn_starts_as_the_identity_with_hardly_any_input():
    W = IRNNCell(50, 30, rng=0).output.W.data
    np.testing.assert_array_equal(W[:, 50:], np.eye(30))
    assert np.std(W[:, :50]) == pytest.approx(0.001, rel=0.1)
    glorot = IRNNCell(50, 30, init="glorot", rng=0).output.W.data
    assert np.std(glorot[:, :50]) > 0.1


# ------------------------------------------------------------------------------- chrono


@pytest.mark.parametrize("init", ["glorot", "keras", "torch"])
@pytest.mark.parametrize("cell", [LSTMCell, PeepholeCell, LayerNormCell])
def test_chrono_starts_with_memories_of_two_steps_to_T(cell, init):
    built = cell(3, 200, init=init, chrono=100, rng=0)
    forget = built.forget.b.data
    assert forget.min() >= 0 and forget.max() <= np.log(99)
    np.testing.assert_array_equal(built.input.b.data, -forget)
    steps = 1 / (1 - 1 / (1 + np.exp(-forget)))  # 1 / (1 - f): from 2 to T
    assert 2 <= steps.min() < 5 and 95 < steps.max() <= 100
    assert np.mean(steps) == pytest.approx(51, rel=0.1)  # log U, not U of the logs


def test_the_shortest_memory_that_chrono_knows_is_two_steps():
    cell = LSTMCell(3, 5, chrono=2, rng=0)
    assert cell.forget.b.data.tolist() == cell.input.b.data.tolist() == [0.0] * 5


def test_chrono_changes_no_other_number():
    plain, chrono = LSTMCell(3, 2, rng=0), LSTMCell(3, 2, chrono=20, rng=0)
    for one, other in zip(plain.parameters(), chrono.parameters(), strict=True):
        if one.path not in ("forget.b", "input.b"):
            assert np.array_equal(one.data, other.data), one.path


def test_chrono_of_a_coupled_cell_is_that_of_a_leaky_unit():
    cell = CoupledCell(3, 50, chrono=100, rng=0)
    assert cell.forget.b.data.max() > 3
    assert not cell.output.b.data.any()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: LSTMCell(3, 2, chrono=1.5), "at least 2"),
        (lambda: LSTMCell(3, 2, chrono=9, forget_bias=1.0), "both say where b_f"),
        (lambda: NoForgetGateCell(3, 2, chrono=9), "no forget gate"),
        (lambda: GRUCell(3, 2, forget_bias=1.0), "its boxes are reset, update, cand"),
    ],
)
def test_a_start_that_cannot_be_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        wrong()
