"""NumPy's functions on Tensors beside JAX: gradients and second derivatives.

What the values are, NumPy says itself: see test_numpy_idioms.
"""

import numpy as np
import pytest
from every import every
from test_numpy_idioms import SMOOTH, loss, parts

import minigrad as mg

SMOOTH_WITH_JAX = [each for each in SMOOTH if each.values[0].jax]
pytestmark = pytest.mark.compare


@every("case", SMOOTH_WITH_JAX, parts=8)
def test_gradients_are_those_of_jax(case, jax):
    def theirs(*args):
        total = 0.0
        for part in parts(case(*args, space=jax.numpy)):
            weights = np.cos(np.arange(part.size)).reshape(part.shape)
            total = total + (part * weights).sum()
        return total

    args = [np.asarray(arg, float) for arg in case.args]
    v = [np.sin(np.arange(arg.size) + 1.0).reshape(arg.shape) for arg in args]
    gradient = jax.grad(theirs, tuple(range(len(args))))
    if case.order < 2:
        wanted, second = gradient(*args), None
    else:
        wanted, second = jax.jvp(gradient, tuple(args), tuple(v))
    leaves = [mg.Tensor(arg) for arg in args]
    gradients = mg.grad(loss(case)(*leaves), leaves, record=True)
    for one, other in zip(gradients, wanted, strict=True):
        np.testing.assert_allclose(one.data, other, rtol=1e-8, atol=1e-10)
    if second is None:
        return
    along = sum((g * w).sum() for g, w in zip(gradients, v, strict=True))
    ours = mg.grad(along, leaves) if along.primitive else [0 * arg for arg in args]
    for one, other in zip(ours, second, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-9)
