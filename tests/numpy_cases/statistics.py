"""Sums and means with options, spreads, weighted means, covariances."""

import numpy

from numpy_cases import case, positive, some

HOLES = numpy.array([[True, False, True], [True, True, False], [False, True, True]])


def with_nan(space, a):
    return space.where(HOLES, a, numpy.nan)


CASES = [
    # sums and means
    case("sum of no axis", lambda np, a: np.sum(a, axis=()), some(2, 3)),
    case("sum of two axes", lambda np, a: np.sum(a, axis=(0, -1)), some(3, 2, 3)),
    case("sum kept", lambda np, a: a.sum(-1, keepdims=True), some(3, 3)),
    case("sum where", lambda np, a: np.sum(a, axis=0, where=HOLES), some(3, 3)),
    case("sum from a start", lambda np, a: np.sum(a, 1, initial=2.0), some(3, 3)),
    case("mean of two axes", lambda np, a: a.mean(axis=(0, 2)), some(3, 2, 3)),
    case("mean of no axis", lambda np, a: np.mean(a, axis=()), some(3)),
    case("mean where", lambda np, a: np.mean(a, axis=1, where=HOLES), some(3, 3)),
    case("max of two axes", lambda np, a: np.max(a, axis=(0, 1)), some(3, 2, 3)),
    case("max from a start", lambda np, a: np.max(a, axis=0, initial=0.5), some(3, 3)),
    case(
        "max where",
        lambda np, a: np.max(a, axis=0, where=HOLES, initial=-9.0),
        some(3, 3),
    ),
    case("min from a start", lambda np, a: np.min(a, 1, initial=0.5), some(3, 3)),
    case(
        "min of several axes", lambda np, a: a.min((1, 2), keepdims=True), some(3, 2, 3)
    ),
    case("ptp", lambda np, a: np.ptp(a), some(4)),
    case("ptp of columns", lambda np, a: np.ptp(a, axis=0), some(3, 3)),
    case("ptp of rows", lambda np, a: np.ptp(a, axis=-1, keepdims=True), some(3, 3)),
    # spreads
    case("var", lambda np, a: np.var(a), some(5)),
    case("var, ddof", lambda np, a: np.var(a, axis=0, ddof=1), some(3, 3)),
    case("var, correction", lambda np, a: np.var(a, axis=-1, correction=1), some(3, 3)),
    case("var of a method", lambda np, a: a.var(ddof=1, keepdims=True), some(3, 3)),
    case("var of two axes", lambda np, a: a.var((0, 2)), some(2, 3, 2)),
    case("var where", lambda np, a: np.var(a, axis=0, where=HOLES), some(3, 3)),
    case("std", lambda np, a: np.std(a), some(5)),
    case("std of columns", lambda np, a: np.std(a, axis=0), some(3, 3)),
    case("std, ddof", lambda np, a: a.std(axis=-1, ddof=1), some(3, 3)),
    case("std of two axes", lambda np, a: np.std(a, axis=(0, -1)), some(2, 3, 2)),
    case("std kept", lambda np, a: np.std(a, axis=1, keepdims=True), some(3, 3)),
    case("standardized", lambda np, a: (a - a.mean(0)) / (a.std(0) + 1e-3), some(4, 3)),
    # averages
    case("average", lambda np, a: np.average(a, axis=0), some(3, 3)),
    case(
        "average with weights",
        lambda np, a, w: np.average(a, weights=w),
        *(some(4), positive(4)),
    ),
    case(
        "average with weights of rows",
        lambda np, a, w: np.average(a, axis=0, weights=w),
        *(some(3, 3), positive(3)),
    ),
    case(
        "average with weights of columns",
        lambda np, a, w: np.average(a, axis=-1, weights=w, keepdims=True),
        *(some(3, 3), positive(3)),
    ),
    case(
        "average with a weight each",
        lambda np, a, w: np.average(a, 1, w),
        *(some(3, 3), positive(3, 3)),
    ),
    case(
        "average with weights of two axes",
        lambda np, a, w: np.average(a, axis=(2, 0), weights=w),
        *(some(3, 2, 4), positive(4, 3)),
        jax=False,
    ),
    case(
        "average and the sum of weights",
        lambda np, a, w: np.average(a, axis=0, weights=w, returned=True),
        *(some(3, 3), positive(3)),
    ),
    # NaN
    case("nansum", lambda np, a: np.nansum(with_nan(np, a), axis=0), some(3, 3)),
    case("nanmean", lambda np, a: np.nanmean(with_nan(np, a)), some(3, 3)),
    case("nanmean of rows", lambda np, a: np.nanmean(with_nan(np, a), 1), some(3, 3)),
    case("nanmean without NaN", lambda np, a: np.nanmean(a, axis=0), some(3, 3)),
    case(
        "nanvar", lambda np, a: np.nanvar(with_nan(np, a), axis=0, ddof=1), some(3, 3)
    ),
    case(
        "nanstd",
        lambda np, a: np.nanstd(with_nan(np, a), -1, keepdims=True),
        some(3, 3),
    ),
    case("nanprod", lambda np, a: np.nanprod(with_nan(np, a), axis=1), some(3, 3)),
    # covariances
    case("cov", lambda np, a: np.cov(a), some(3, 4)),
    case("cov of columns", lambda np, a: np.cov(a, rowvar=False), some(4, 3)),
    case("cov with bias", lambda np, a: np.cov(a, bias=True), some(3, 3)),
    case("cov, ddof", lambda np, a: np.cov(a, ddof=0), some(3, 3)),
    case("cov of one variable", lambda np, a: np.cov(a), some(5)),
    case("cov of two", lambda np, a, b: np.cov(a, b), some(5), some(5)),
    case("corrcoef", lambda np, a: np.corrcoef(a), some(3, 5)),
    case("corrcoef of two", lambda np, a, b: np.corrcoef(a, b), some(5), some(5)),
    case("corrcoef of columns", lambda np, a: np.corrcoef(a, rowvar=False), some(5, 3)),
    case(
        "cov, times",
        lambda np, a: np.cov(a, fweights=numpy.array([1, 3, 2, 1])),
        some(3, 4),
    ),
    case(
        "cov, weights",
        lambda np, a, w: np.cov(a, aweights=w, ddof=0),
        *(some(3, 3), positive(3)),
    ),
    case(
        "cov, times and weights",
        lambda np, a, w: np.cov(a, fweights=numpy.array([1, 3, 2]), aweights=w),
        *(some(3, 3), positive(3)),
    ),
]
