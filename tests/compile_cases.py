"""What tests of compiled programs share: Parameters, and how results are compared."""

import numpy as np

import minigrad as mg

RANDOM = np.random.default_rng(0)
W = mg.Parameter(RANDOM.standard_normal((4, 5)), "W")
V = mg.Parameter(RANDOM.standard_normal((4, 4)), "V")
b = mg.Parameter(RANDOM.standard_normal(4), "b")
WIDE = mg.Parameter(RANDOM.standard_normal((4, 8)), "U")


def normal(*shape):
    return RANDOM.standard_normal(shape)


def arrays(result):
    """Return the arrays of a nested result."""
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, tuple | list):
        return [array for each in result for array in arrays(each)]
    return [] if result is None else [np.asarray(getattr(result, "data", result))]


def assert_same(found, expected):
    found, expected = arrays(found), arrays(expected)
    assert len(found) == len(expected)
    size = max([1.0, *(np.max(np.abs(e), initial=0) for e in expected)])
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape and one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12 * size)
