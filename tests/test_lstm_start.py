"""How the weights of an LSTM start: what each preset promises, exactly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm import LSTM, LSTMCell
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
            [p.data.ravel() for p in LSTM(3, 2, rng=seed).parameters().values()]
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
