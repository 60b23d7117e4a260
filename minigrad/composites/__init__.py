"""What NumPy's functions mean on Tensors: composites, ordered by what they are about.

    powers       entry by entry: cbrt, log2, logaddexp, hypot
    elementary   likewise: tan, arctan2, sinh, arcsinh, sinc
    choices      likewise, with a choice: mod, copysign, fmax, nan_to_num
    axes         other shapes and orders of axes: squeeze, ravel, swapaxes, meshgrid
    arranging    where entries stand: flip, roll, repeat, tile, delete
    diagonals    of matrices: diag, trace, tril
    joining      several into one and back: hstack, split, pad, append
    ordering     by size and place: sort, take_along_axis, select
    grouping     by value: unique, bincount, histogram
    quantiles    median, quantile, percentile
    contraction  tensordot, inner, einsum
    products     dot, vdot, outer, kron, cross
    linalg       inv, solve, det, cholesky
    norms        norm, vector_norm, matrix_norm
    matrices     matrix_power, cond, tensorsolve
    statistics   std, average, nanmean, cov
    accumulating products and running sums: prod, cumprod, cumsum
    ranges       rows of numbers: linspace, logspace, geomspace
    calculus     along an axis: diff, gradient, trapezoid, interp
    polynomials  rows of coefficients: convolve, polyval, polymul
    applying     of functions: piecewise, apply_along_axis
    numpy_functions, numpy_answers   which of NumPy's names is which of these, or what
    numpy_loops  loops that ask no array how: nditer, vectorize

`minigrad.functions` and `minigrad.reductions` have those that a network needs. Names,
order of arguments and options are NumPy's. A function listed in `__all__` is what
NumPy's of the same name means on Tensors, and what a method of that name does.
"""

from minigrad.composites import (
    accumulating,
    applying,
    arranging,
    axes,
    calculus,
    choices,
    contraction,
    diagonals,
    elementary,
    grouping,
    joining,
    linalg,
    matrices,
    norms,
    ordering,
    polynomials,
    powers,
    products,
    quantiles,
    ranges,
    statistics,
)
from minigrad.composites.accumulating import *
from minigrad.composites.applying import *
from minigrad.composites.arranging import *
from minigrad.composites.axes import *
from minigrad.composites.calculus import *
from minigrad.composites.choices import *
from minigrad.composites.contraction import *
from minigrad.composites.diagonals import *
from minigrad.composites.elementary import *
from minigrad.composites.grouping import *
from minigrad.composites.joining import *
from minigrad.composites.linalg import *
from minigrad.composites.matrices import *
from minigrad.composites.norms import *
from minigrad.composites.ordering import *
from minigrad.composites.polynomials import *
from minigrad.composites.powers import *
from minigrad.composites.products import *
from minigrad.composites.quantiles import *
from minigrad.composites.ranges import *
from minigrad.composites.statistics import *

MODULES = (
    powers, elementary, choices, axes, arranging, diagonals, joining, ordering,
    grouping, quantiles, contraction, products, linalg, norms, matrices, statistics,
    accumulating, ranges, calculus, polynomials, applying,
)  # fmt: skip

# Not `__all__`: the names that it would add up are none to type checkers.
NAMES = [name for module in MODULES for name in module.__all__]
