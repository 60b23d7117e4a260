"""A composite has its name on the record, and every reading can say it."""

import functools

import numpy as np
import pytest

import minigrad as mg
from minigrad.calls import closed, function_of


@mg.composite
def mish(x):
    """Return x tanh(softplus(x)) (Misra 2019)."""
    return x * mg.tanh(mg.softplus(x))


X = mg.Tensor([[0.5, -1.0, 2.0], [1.0, 0.0, -2.0]], "x")


def functions(output):
    return [function_of(step) for step in mg.Tape(output) if step.primitive]


def test_what_a_function_records_carries_its_name():
    assert functions(mg.softmax(X)) == ["softmax"] * 4
    assert functions(mish(X)) == ["mish"] * 3
    assert functions(X * 2.0) == [""]


def test_a_function_that_calls_another_says_both():
    assert set(functions(mg.cross_entropy(X, [0, 2]))) == {
        "cross_entropy",
        "cross_entropy > log_softmax",
        "cross_entropy > mean",
    }


def test_two_calls_of_one_function_are_two():
    y = mish(mish(X))
    calls = closed(mg.Tape(y * 1.0).steps)
    assert [call.name for call in calls] == ["mish", "mish"]
    assert [len(steps) for steps in calls.values()] == [3, 3]


def test_a_name_ends_with_the_call_even_if_it_raises():
    with pytest.raises(ValueError, match="cross_entropy"):
        mg.cross_entropy(X, [0, 7])
    assert (X * 2.0).call is None


def test_a_gradient_that_is_recorded_belongs_to_no_function():
    y = mish(X).sum()
    assert set(functions(mg.grad(y, X, record=True))) == {"mish", ""}


def test_a_tape_prints_the_functions_and_without_any_no_column():
    assert "function" in str(mg.Tape(mg.relu(X))).splitlines()[0]
    assert "function" not in str(mg.Tape(X * 2.0)).splitlines()[0]


@pytest.mark.parametrize("view", [None, "op"])
def test_a_picture_draws_one_node_for_a_function(view):
    y = mish(X @ mg.Tensor(np.ones((3, 3)), "W")) * 2.0
    drawn = mg.draw(y, view)
    assert repr(drawn).startswith("<Drawing: 5 nodes, 4 arrows")
    assert ">mish<" in drawn.dot and ">softplus<" not in drawn.dot


def test_a_picture_opens_functions_when_asked():
    y = mish(X) * 2.0
    closed_, opened = mg.draw(y, "op"), mg.draw(y, "step")
    assert len(closed_.dot) < len(opened.dot)
    assert "3 nodes" in repr(closed_) and "5 nodes" in repr(opened)


def test_what_is_nothing_but_one_call_is_drawn_open():
    assert "5 nodes" not in repr(mg.draw(mish(X) * 2.0, "op"))
    assert "4 nodes" in repr(mg.draw(mish(X), "op"))


def test_equations_say_the_function_in_the_margin():
    y = mish(X)
    y.name = "y"
    (line,) = (row for row in str(mg.derive(y)).splitlines() if row.startswith("  y "))
    assert line.endswith("mish")


def test_an_error_inside_a_function_names_it():
    @mg.composite
    def weighted(x):
        return x @ mg.Tensor(np.ones((4, 1)))

    with pytest.raises(ValueError, match=r"matmul\(\) in weighted, at test_composites"):
        weighted(X)


def test_the_readers_own_errors_stay_as_they_are():
    @mg.composite
    def strict(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        strict(X)


def test_methods_partial_functions_and_objects_are_named():
    class Scaled:
        @mg.composite
        @classmethod
        def of_class(cls, x):
            return x * 2.0

        @mg.composite
        @staticmethod
        def of_none(x):
            return x * 3.0

        def __call__(self, x):
            return x * 4.0

    x = mg.Tensor(1.0)
    partial = mg.composite(functools.partial(mg.multiply, 5.0))
    named = [Scaled.of_class(x), Scaled().of_none(x), partial(x)]
    named.append(mg.composite(Scaled())(x))
    assert [y.item() for y in named] == [2.0, 3.0, 5.0, 4.0]
    names = [y.call.name for y in named]
    assert names == ["of_class", "of_none", "multiply", "Scaled"]


def test_a_generator_and_a_coroutine_are_refused():
    def generator(x):
        yield x * 2.0

    async def coroutine(x):
        return x * 2.0

    for function in (generator, coroutine):
        with pytest.raises(TypeError, match=r"(?s)returns before it computes.*fix"):
            mg.composite(function)


def test_a_copy_that_is_recorded_says_so():
    copied = X.copy()
    copied[0] = 1.0
    assert functions(copied.current())[0] == "copy"
    assert ">copy<" in mg.draw(copied.current() * 2.0, "op").dot
