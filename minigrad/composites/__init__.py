"""What NumPy's functions mean on Tensors: composites, ordered by what they are about.

    elementary   entry by entry: tan, sinh, hypot, mod, logaddexp
    arranging    where entries stand: squeeze, swapaxes, flip, roll, repeat, tril
    joining      several into one and back: hstack, split, pad, append
    ordering     by size: sort, median, take_along_axis
    products     dot, tensordot, outer, kron, einsum
    linalg       inv, solve, det, cholesky, norm
    statistics   std, average, prod, cumprod, cov
    calculus     along an axis: diff, gradient, convolve, interp

`minigrad.functions` and `minigrad.reductions` have those that a network needs. Names,
order of arguments and options are NumPy's. A function listed in `__all__` is what
NumPy's of the same name means on Tensors, and what a method of that name does.
"""

from minigrad.composites import (
    arranging,
    calculus,
    elementary,
    joining,
    linalg,
    ordering,
    products,
    statistics,
)

MODULES = (
    elementary,
    arranging,
    joining,
    ordering,
    products,
    linalg,
    statistics,
    calculus,
)

__all__ = sorted({name for module in MODULES for name in module.__all__})


def __getattr__(name: str) -> object:
    for module in MODULES:
        if name in module.__all__:
            return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
