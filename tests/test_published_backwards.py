"""Wrong backward passes of others, beside the gradient of their own forward pass."""

import inspect

import numpy as np
import pytest
from published_backwards import PUBLISHED

import minigrad as mg

every_case = pytest.mark.parametrize("case", PUBLISHED, ids=lambda case: case.name)


@every_case
def test_the_gradient_of_the_forward_pass_finds_what_is_wrong_and_where(case):
    args = list(case.args)
    x = args[case.by] = mg.Tensor(args[case.by])
    y = case.forward(*args)
    g = np.random.default_rng(0).normal(size=y.shape)
    gradient = mg.grad(y, x, seed=g)
    wrong, right = (f(g, *case.args) for f in (case.wrong, case.right))
    np.testing.assert_allclose(gradient, right, rtol=1e-12, atol=1e-15)
    differs = ~np.isclose(gradient, wrong, rtol=1e-6, atol=1e-12)
    expected = np.zeros(gradient.shape, bool)
    expected[case.wrong_at] = True
    np.testing.assert_array_equal(differs, expected)


@every_case
def test_nothing_stops_and_shapes_fit_so_only_numbers_can_tell(case):
    g = np.ones(np.shape(case.forward(*case.args)))
    assert case.wrong(g, *case.args).shape == case.args[case.by].shape
    assert len(inspect.getdoc(case.story).splitlines()) > 2
