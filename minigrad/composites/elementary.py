"""Entry by entry: angles, and hyperbolic functions, made of a few rows of the table.

Two things decide how a function is written. No digits may be lost where the result is
near 0, so sinh is made of exp(a) - 1, not of exp(a). And a branch (which side of 0,
which of two is larger) is chosen once and recorded as a constant, so no rule compares.

Where a slope is infinite it stays infinite: arcsin and arccos at -1 and 1, arccosh at
1. At the origin, where arctan2 has none, it is 0.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from minigrad.composite import composite
from minigrad.composites.powers import hypot, sign_of
from minigrad.functions import array_of, of_one_width, where
from minigrad.table import arctan, cos, exp, expm1, log, log1p, sin, sqrt
from minigrad.table import sum as total
from minigrad.types import Array, Given
from minigrad.writable_arrays.gathering import as_operand

__all__ = [
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan2", "arctanh", "cosh", "deg2rad",
    "degrees", "i0", "rad2deg", "radians", "sinc", "sinh", "tan",
]  # fmt: skip


# --------------------------------------------------------------------------- angles


@composite
def deg2rad(x: Given) -> Given:
    """Return an angle in radians, given in degrees.

    >>> deg2rad(Tensor(180.0))
    Tensor(3.14159265, made by multiply)
    """
    return x * (math.pi / 180)


@composite
def rad2deg(x: Given) -> Given:
    """Return an angle in degrees, given in radians.

    >>> rad2deg(Tensor(np.pi))
    Tensor(180., made by multiply)
    """
    return x * (180 / math.pi)


radians, degrees = deg2rad, rad2deg


@composite
def tan(x: Given) -> Given:
    """Return the tangent, sin(x) / cos(x).

    >>> tan(Tensor([0.0]))
    Tensor([0.], made by divide)
    """
    return sin(x) / cos(x)


@composite
def arcsin(x: Given) -> Given:
    """Return the angle in [-pi/2, pi/2] whose sine is x.

    >>> rad2deg(arcsin(Tensor(0.5)))
    Tensor(30., made by multiply)
    """
    return 2 * arctan(x / (1 + sqrt((1 - x) * (1 + x))))


@composite
def arccos(x: Given) -> Given:
    """Return the angle in [0, pi] whose cosine is x.

    >>> rad2deg(arccos(Tensor([1.0, 0.5, -1.0])))
    Tensor([  0.,  60., 180.], made by multiply)
    """
    side = sign_of(array_of(x))
    size = x * side
    angle = 2 * arctan(sqrt((1 - size) / (1 + size)))
    return angle * side + (side < 0) * np.asarray(math.pi, side.dtype)


@composite
def arctan2(x1: Any, x2: Any) -> Any:
    """Return the angle of the point (x2, x1), from -pi to pi; slope 0 at the origin.

    It is the arctangent of the smaller coordinate over the larger one, turned by a
    constant: by which is chosen when it is recorded.

    >>> rad2deg(arctan2(Tensor([1.0, 1.0, -1.0]), Tensor([1.0, 0.0, 0.0])))
    Tensor([ 45.,  90., -90.], made by multiply)
    """
    x1, x2 = of_one_width(x1, x2)
    y, x = array_of(x1), array_of(x2)
    kind = np.result_type(y, x, np.float16)
    steep = np.abs(y) > np.abs(x)
    top, bottom = where(steep, x2, x1), where(steep, x1, x2)
    fixed = ((x == 0) & (y == 0)) | (np.isinf(x) & np.isinf(y))
    if np.any(fixed):  # 0 / 0 and inf / inf: the limit along the diagonal
        limit = np.copysign(np.isinf(y), y) * np.copysign(1, x)
        top, bottom = where(fixed, limit.astype(kind), top), where(fixed, 1, bottom)
    turn = np.where(steep, np.pi / 2, np.where(np.signbit(x), np.pi, 0))
    turned: Array = np.copysign(turn, y).astype(kind)
    return arctan(top / bottom) * np.where(steep, -1, 1).astype(kind) + turned


@composite
def sinc(x: Given) -> Given:
    """Return sin(pi x) / (pi x), which is 1 at 0.

    Near 0 the quotient and its slopes would lose their digits. There sin(z) / z is
    written as what it is, the mean of cos(z t) for t from 0 to 1, by Gauss's rule.

    >>> sinc(Tensor([0.0, 0.5]))
    Tensor([1.        , 0.63661977], made by where)
    """
    near = np.abs(array_of(x)) < 0.5
    z = x * math.pi
    apart = where(near, 1, z)
    quotient: Given = sin(apart) / apart
    if not np.any(near):
        return quotient
    nodes, weights = (each.astype(array_of(z).dtype) for each in _gauss())
    angles = where(near, z, 0)[..., None] * nodes
    return where(near, total(cos(angles) * weights, axis=-1), quotient)


@functools.cache
def _gauss() -> tuple[Array, Array]:
    """Return nodes in (0, 1) and weights, exact for even polynomials of degree 22."""
    nodes, weights = np.polynomial.legendre.leggauss(12)
    return nodes[6:], weights[6:]


@composite
def i0(x: Given) -> Given:
    """Return the Bessel function I_0(x): the mean of exp(x cos t) over a full turn.

    The mean of equally spaced angles t is exact to all digits, once there are enough of
    them: more than five times the root of the largest x.

    >>> i0(Tensor(1.0))
    Tensor(1.26606588, made by sum)
    """
    numbers = array_of(x)
    largest = np.max(np.abs(numbers), initial=0, where=np.isfinite(numbers))
    n = 16 + int(5 * math.sqrt(float(largest)))
    cosines = np.cos(math.pi / n * (np.arange(n) + 0.5)).astype(numbers.dtype)
    return total(exp(as_operand(x)[..., None] * cosines) / n, axis=-1)


# -------------------------------------------------------------- hyperbolic functions


def _rise(x: Any) -> tuple[Any, Any]:
    """Return exp(x/2) - 1 and exp(-x/2) - 1, to all digits."""
    half = x * 0.5
    return expm1(half), expm1(-half)


@composite
def sinh(x: Given) -> Given:
    """Return (exp(x) - exp(-x)) / 2, to all digits near 0.

    >>> sinh(Tensor([0.0, 1e-12]))
    Tensor([0.e+00, 1.e-12], made by multiply)
    """
    up, down = _rise(x)
    return (up - down) * (1 + (up + down) * 0.5)


@composite
def cosh(x: Given) -> Given:
    """Return (exp(x) + exp(-x)) / 2, which is 1 + 2 sinh(x/2)**2.

    >>> cosh(Tensor(0.0))
    Tensor(1., made by add)
    """
    up, down = _rise(x)
    difference = up - down
    return 1 + difference * (difference * 0.5)


def _finite(function: Any, x: Any) -> Any:
    """Return a function that is infinite at infinity, with slope 0 there."""
    infinite = np.isinf(array_of(x))
    return where(infinite, array_of(x), function(where(infinite, 1, x)))


@composite
def arcsinh(x: Given) -> Given:
    """Return log(x + sqrt(x**2 + 1)), to all digits near 0.

    >>> arcsinh(Tensor([0.0, -1e-12]))
    Tensor([ 0.e+00, -1.e-12], made by multiply)
    """
    if np.any(np.isinf(array_of(x))):
        return _finite(arcsinh, x)
    side = sign_of(array_of(x))
    size = x * side
    rest = size / (1 + hypot(1.0, size)) * (size / (1 + size))
    return (log1p(size) + log1p(rest)) * side


@composite
def arccosh(x: Given) -> Given:
    """Return log(x + sqrt(x**2 - 1)) of numbers from 1 on, to all digits near 1.

    >>> arccosh(Tensor(1.0))
    Tensor(0., made by add)
    """
    infinite = array_of(x) == np.inf
    if np.any(infinite):
        return where(infinite, np.inf, arccosh(where(infinite, 1, x)))
    return log(x) + log1p(sqrt(x - 1) * sqrt(x + 1) / x)


@composite
def arctanh(x: Given) -> Given:
    """Return log((1 + x) / (1 - x)) / 2, to all digits near 0.

    >>> arctanh(Tensor([0.0, 1e-12]))
    Tensor([0.e+00, 1.e-12], made by multiply)
    """
    return (log1p(x) - log1p(-x)) * 0.5
