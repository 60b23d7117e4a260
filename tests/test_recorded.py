"""What was recorded before a program raised: noted, drawn, and printed as a tape."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg


def noted(program):
    """Run a program that raises; return what was noted, and the error."""
    with pytest.raises((ValueError, TypeError, KeyError)) as raised:  # noqa: SIM117
        with mg.recording() as recorded:
            program()
    return recorded, raised.value


def matrices_that_do_not_fit():
    x = mg.Tensor(np.ones(3), name="x")
    y = mg.tanh(x)
    mg.matvec(mg.Tensor(np.ones((2, 4)), name="W"), y)


def test_what_could_not_be_computed_is_a_red_node_with_its_operands():
    recorded, error = noted(matrices_that_do_not_fit)
    assert recorded.failure.error is error is recorded.error
    drawing = mg.draw(recorded)
    assert drawing.dot.count("it raised here") == 1  # in the legend
    assert "could not compute" in drawing.dot
    assert "ValueError" in drawing.dot
    W, y = recorded.failure.step.args
    assert (W.name, y.primitive.name) == ("W", "tanh")
    assert "matvec could not compute" in repr(recorded)
    assert [step.name for step in recorded.tape().leaves] == ["x", "W"]


@pytest.mark.parametrize("view", ["op", "step", "dense", "layer", "gate", "folded"])
def test_every_view_draws_it(view):
    recorded, _ = noted(matrices_that_do_not_fit)
    assert "ValueError" in mg.draw(recorded, view).dot


def test_an_error_of_the_program_is_said_below_the_picture():
    def program():
        mg.exp(mg.Tensor(1.0, name="a"))
        return {}["missing"]

    recorded, _ = noted(program)
    assert recorded.failure is None
    assert "it ended here: KeyError" in mg.draw(recorded).dot


def test_what_was_caught_inside_is_no_failure():
    with mg.recording() as recorded:
        with pytest.raises(ValueError, match="matvec"):
            matrices_that_do_not_fit()
        y = mg.exp(mg.Tensor(1.0))
    assert recorded.failure is recorded.error is None
    assert any(each is y for each in recorded.tape().outputs)
    assert "raised" not in mg.draw(recorded).dot


def test_a_program_that_ends_is_its_tape():
    with mg.recording() as recorded:
        y = mg.tanh(mg.Tensor([1.0, 2.0], name="x"))
        z = y * y
    (output,) = recorded.tape().outputs
    assert output is z
    assert mg.draw(recorded).dot == mg.draw([z]).dot
    assert repr(recorded) == "<recording: 2 steps>"


def test_nothing_is_noted_outside_and_gradients_are_the_same():
    w = mg.Parameter(np.random.default_rng(0).normal(size=3), name="w")
    with mg.recording() as recorded:
        inside = mg.tanh(w * w).sum()
        found = mg.grad(inside, w)
    outside = mg.tanh(w * w).sum()
    np.testing.assert_array_equal(found, mg.grad(outside, w))
    assert len(recorded.steps) == 3


def test_a_block_that_is_checked_is_checked_inside_too():
    with mg.checked(), mg.recording() as recorded:
        with pytest.raises(FloatingPointError):
            mg.log(mg.Tensor([0.0]))
        y = mg.exp(mg.Tensor([1.0]))
    assert y.line
    assert any(each is y for each in recorded.steps)


def test_what_is_checked_inside_is_noted_too():
    with mg.recording() as recorded:
        with mg.checked():
            y = mg.exp(mg.Tensor([1.0], name="a"))
        z = y * 2.0
    assert [each is known for each, known in zip(recorded.steps, (y, z), strict=True)]
    assert len(recorded.steps) == 2
    assert y.line


def test_leaves_can_be_written_again_after_both_blocks():
    leaf = mg.Tensor([1.0])
    with mg.checked(), mg.recording():
        mg.exp(leaf)
        assert not leaf.data.flags.writeable
    assert leaf.data.flags.writeable
