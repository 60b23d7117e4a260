"""Is the gradient of our cell its derivative? One line each."""

import pytest
from my_cell import PeepholeCell, blend

import minigrad as mg
from lstm import LSTM, State
from minigrad.testing import assert_proved


def test_the_gradient_of_blend_is_its_derivative():
    assert_proved(blend, (3,), (3,), (3,))


def test_also_where_blend_broadcasts():
    assert_proved(blend, (4, 1), (3,), (4, 3))


def test_the_gradient_of_the_cell_is_its_derivative():
    assert_proved(PeepholeCell(n=3, m=2), (3,), State((2,), (2,)))


def test_also_for_a_batch():
    assert_proved(PeepholeCell(n=3, m=2), (4, 3), State((4, 2), (4, 2)))


def test_also_through_time():
    layer = LSTM(PeepholeCell(n=3, m=2))
    assert_proved(layer, (5, 3), State((2,), (2,)))


def test_a_slip_in_blend_would_be_noticed(monkeypatch):
    row = mg.TABLE["blend"]
    slip = (row.partials[0], row.partials[1], lambda y, a, b, c: a)  # for 1 - a
    monkeypatch.setattr(row, "partials", slip)
    with pytest.raises(AssertionError, match="rule for argument 2 of 'blend'"):
        assert_proved(PeepholeCell(n=3, m=2), (3,), State((2,), (2,)))
