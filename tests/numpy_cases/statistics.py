"""Sums and means with options, spreads, weighted means, covariances."""

import numpy

from numpy_cases import case, positive, some

HOLES = numpy.array([[True, False, True], [True, True, False], [False, True, True]])


def with_nan(space, a):
    return space.where(HOLES, a, numpy.nan)


CASES = [
    # sums and means
    case("np.sum(a, axis=())", some(2, 3)),
    case("np.sum(a, axis=(0, -1))", some(3, 2, 3)),
    case("a.sum(-1, keepdims=True)", some(3, 3)),
    case("np.sum(a, axis=0, where=HOLES)", some(3, 3)),
    case("np.sum(a, 1, initial=2.0)", some(3, 3)),
    case("a.mean(axis=(0, 2))", some(3, 2, 3)),
    case("np.mean(a, axis=())", some(3)),
    case("np.mean(a, axis=1, where=HOLES)", some(3, 3)),
    case("np.max(a, axis=(0, 1))", some(3, 2, 3)),
    case("np.max(a, axis=0, initial=0.5)", some(3, 3)),
    case("np.max(a, axis=0, where=HOLES, initial=-9.0)", some(3, 3)),
    case("np.min(a, 1, initial=0.5)", some(3, 3)),
    case("a.min((1, 2), keepdims=True)", some(3, 2, 3)),
    case("np.ptp(a)", some(4)),
    case("np.ptp(a, axis=0)", some(3, 3)),
    case("np.ptp(a, axis=-1, keepdims=True)", some(3, 3)),
    # spreads
    case("np.var(a)", some(5)),
    case("np.var(a, axis=0, ddof=1)", some(3, 3)),
    case("np.var(a, axis=-1, correction=1)", some(3, 3)),
    case("a.var(ddof=1, keepdims=True)", some(3, 3)),
    case("a.var((0, 2))", some(2, 3, 2)),
    case("np.var(a, axis=0, where=HOLES)", some(3, 3)),
    case("np.std(a)", some(5)),
    case("np.std(a, axis=0)", some(3, 3)),
    case("a.std(axis=-1, ddof=1)", some(3, 3)),
    case("np.std(a, axis=(0, -1))", some(2, 3, 2)),
    case("np.std(a, axis=1, keepdims=True)", some(3, 3)),
    case("(a - a.mean(0)) / (a.std(0) + 1e-3)", some(4, 3)),
    # averages
    case("np.average(a, axis=0)", some(3, 3)),
    case("np.average(a, weights=w)", some(4), positive(4)),
    case("np.average(a, axis=0, weights=w)", some(3, 3), positive(3)),
    case("np.average(a, axis=-1, weights=w, keepdims=True)", some(3, 3), positive(3)),
    case("np.average(a, 1, w)", some(3, 3), positive(3, 3)),
    case(
        "np.average(a, axis=(2, 0), weights=w)",
        *(some(3, 2, 4), positive(4, 3)),
        jax=False,
    ),
    case("np.average(a, axis=0, weights=w, returned=True)", some(3, 3), positive(3)),
    # NaN
    case("np.nansum(with_nan(np, a), axis=0)", some(3, 3)),
    case("np.nanmean(with_nan(np, a))", some(3, 3)),
    case("np.nanmean(with_nan(np, a), 1)", some(3, 3)),
    case("np.nanmean(a, axis=0)", some(3, 3)),
    case("np.nanvar(with_nan(np, a), axis=0, ddof=1)", some(3, 3)),
    case("np.nanstd(with_nan(np, a), -1, keepdims=True)", some(3, 3)),
    case("np.nanprod(with_nan(np, a), axis=1)", some(3, 3)),
    # covariances
    case("np.cov(a)", some(3, 4)),
    case("np.cov(a, rowvar=False)", some(4, 3)),
    case("np.cov(a, bias=True)", some(3, 3)),
    case("np.cov(a, ddof=0)", some(3, 3)),
    case("np.cov(a)", some(5)),
    case("np.cov(a, b)", some(5), some(5)),
    case("np.corrcoef(a)", some(3, 5)),
    case("np.corrcoef(a, b)", some(5), some(5)),
    case("np.corrcoef(a, rowvar=False)", some(5, 3)),
    case("np.cov(a, fweights=np.array([1, 3, 2, 1]))", some(3, 4)),
    case("np.cov(a, aweights=w, ddof=0)", some(3, 3), positive(3)),
    case(
        "np.cov(a, fweights=np.array([1, 3, 2]), aweights=w)",
        *(some(3, 3), positive(3)),
    ),
]
