"""What NumPy's functions do on Tensors, idiom by idiom: see numpy_cases."""

import importlib
import pkgutil

import numpy as np
import numpy_cases
import pytest
from every import every

import minigrad as mg
from minigrad.messages import is_explained
from minigrad.numpy_protocol.array_like import current
from minigrad.testing import assert_proved

TABLES = [each.name for each in pkgutil.iter_modules(numpy_cases.__path__)]
CASES = [
    pytest.param(case, id=f"{table}-{case.name}")
    for table in TABLES
    for case in importlib.import_module(f"numpy_cases.{table}").CASES
]
SMOOTH = [each for each in CASES if each.values[0].order]
every_case = every("case", CASES, parts=8)
every_smooth_case = every("case", SMOOTH, parts=12)


def tensors(case, dtype=None):
    return [
        mg.Tensor(np.asarray(arg, dtype), f"a{i}") for i, arg in enumerate(case.args)
    ]


def parts(result):
    return list(result) if isinstance(result, (list, tuple)) else [result]


def loss(case):
    """Return the function with one number: every output with weights of its own."""

    def of(*args):
        total = 0.0
        for part in parts(case(*args)):
            weights = np.cos(np.arange(np.size(part))).reshape(np.shape(part))
            total = total + (part * weights).sum()
        return total

    return of


@every_case
def test_an_idiom_of_numpy_means_on_tensors_what_it_means_on_arrays(case):
    ours, right = parts(case(*tensors(case))), parts(case(*case.args))
    assert len(ours) == len(right)
    for one, other in zip(ours, right, strict=True):
        assert isinstance(current(one), mg.Tensor) == bool(case.order)
        numbers = getattr(one, "data", one) if case.order else one
        assert np.shape(numbers) == np.shape(other)
        tolerance = {"rtol": 0} if case.exactly else {"rtol": 1e-12, "atol": 1e-14}
        np.testing.assert_allclose(numbers, other, **tolerance)


@every_smooth_case
def test_its_gradient_is_its_derivative(case):
    mg.check_gradients(loss(case), *case.args, order=case.order)


@every_smooth_case
def test_it_is_proved_drawn_and_derived(case):
    if case.proved == "proved":
        assert_proved(case, *case.args)
    outputs = parts(case(*tensors(case)))
    assert "digraph" in mg.draw(outputs).dot
    assert str(mg.derive(outputs))


@every_smooth_case
@every("dtype", ["f4", "f2"])
def test_it_keeps_the_precision(case, dtype):
    args = tensors(case, dtype)
    outputs = parts(case(*args))
    assert [each.dtype for each in outputs] == [np.dtype(dtype)] * len(outputs)
    used = [each for each in args if each in set(mg.Tape(outputs))]
    gradients = mg.grad(outputs, used, seed=[np.ones(o.shape, dtype) for o in outputs])
    assert [g.dtype for g in gradients] == [np.dtype(dtype)] * len(used)


OTHERS = {  # arguments that are unusual, made of those of an idiom
    "empty": lambda a: a[:0] if a.ndim else a,
    "a single number": lambda a: np.asarray(a.ravel()[0]),
    "an axis less": lambda a: a[0] if a.ndim else a,
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@every_case
@every("others", OTHERS)
def test_unusual_arguments_give_what_numpy_gives_or_are_refused_in_words(case, others):
    args = [OTHERS[others](arg) for arg in case.args]
    refusals = ArithmeticError, ValueError, TypeError, IndexError, RuntimeError
    right, theirs = [], None
    try:
        right = parts(case(*args))
    except refusals as error:
        theirs = error
    try:
        ours = parts(case(*(mg.Tensor(np.asarray(arg, float)) for arg in args)))
    except refusals as error:
        # NumPy's own words are heard where it has not asked us: np.where(t > 0).
        assert is_explained(error) or str(error) == str(theirs)
        return
    if theirs is not None:
        return  # what NumPy refuses we may take
    for one, other in zip(ours, right, strict=True):
        numbers = getattr(current(one), "data", one)
        assert np.shape(numbers) == np.shape(other)
        np.testing.assert_allclose(numbers, other, rtol=1e-12, atol=1e-14)
