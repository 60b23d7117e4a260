"""What NumPy's functions cannot do with a Tensor: each answer says why, and what to do.

A case is a call as a user writes it, and words that its answer has to have.
"""

import numpy as np
import pytest
from every import every

import minigrad as mg

X = np.arange(1.0, 10.0).reshape(3, 3)
KNOWN = {
    "np": np,
    "none": mg.Tensor([]),
    "t": mg.Tensor([3.0, 1.0, 2.0], "t"),
    "x": mg.Tensor(X),
    "small": mg.Tensor([[2.0, 1.0], [1.0, 3.0]]),
}
REFUSED = {
    # orderings
    "np.quantile(t, 1.5)": "q between 0 and 1",
    "np.percentile(t, 101)": "between 0 and 100",
    "np.quantile(t, 0.5, method='hazen')": "one of linear",
    "np.median(none)": "no entries",
    "np.sort(t, axis=1)": "out of bounds",
    "np.take(t, [3])": "out of bounds",
    "np.take(t, [0.5])": "whole numbers",
    "np.take(t, [0], mode='x')": '"wrap"',
    "np.choose(np.array([3, 0, 0]), [t, t])": "each entry of a is from 0 to 1",
    "t.sort()": "write np.sort(t)",
    "np.nan_to_num(t, copy=False)": "never written into",
    # statistics
    "np.prod(t, axis=1)": "axis 1 is out of bounds",
    "np.prod(t, axis=(0, 0))": "repeated axis",
    "np.max(t, where=[True, False, True])": "where= needs initial=",
    "np.average(t, weights=[1.0, 2.0])": "need an axis",
    "np.average(t, weights=[0.0, 1.0, -1.0])": "sum to 0",
    "np.diff(t, n=-1)": "n is -1",
    "np.gradient(t, edge_order=3)": "edge_order is 1 or 2",
    "np.gradient(t, 1.0, 2.0)": "2 steps or coordinates for 1 axes",
    "np.convolve(t, t, 'most')": "full, same or valid",
    "np.interp(t, t, [1.0])": "a y for each x",
    "np.piecewise(t, [t > 1], [1, 2, 3])": "3 functions for 1",
    "np.sum(t, dtype=int)": "no derivative",
    "np.vectorize(lambda v: v)(t)": "no longer know",
    # what moves entries
    "np.roll(x, 1, axis=2)": "out of bounds",
    "np.flip(x, 3)": "out of bounds",
    "np.squeeze(x, 0)": "not equal to one",
    "np.moveaxis(x, 0, 2)": "out of bounds",
    "np.delete(x, 9)": "out of bounds",
    "np.repeat(x, 0.5)": "whole numbers",
    "np.split(x, 2)": "no 2 equal parts",
    "np.block([[x], x])": "nested equally deep",
    "np.vstack([x, x[0, :2]])": "must match",
    "np.pad(x, -1)": "negative",
    "np.pad(x, 1, mode='mean')": "edge, reflect",
    "np.ravel(x, 'K')": "'F'",
    "x.reshape(-1, order='A')": "'F'",
    "np.fill_diagonal(x, 0.0)": "t.copy()",
    "np.add.at(x, 0, 1.0)": "t.copy()",
    "np.diag(x[None])": "vector or a matrix",
    "np.trim_zeros(x)": "one is needed",
    # polynomials, ranges
    "np.poly(small)": "eigenvalues",
    "np.polymul(none, t)": "both need entries",
    "np.polyder(t, -1)": "an integral",
    "np.polyint(t, 2, [1.0, 2.0, 3.0])": "3 constants",
    "np.geomspace(-1.0, t, 3)": "the same sign",
    "np.linspace(t, 1.0, -1)": "-1 numbers",
    "np.ldexp(2.0, t)": "whole numbers",
    "np.linalg.cond(small)": "singular values",
    "np.astype(t, int)": "have no derivative",
    # matrices
    "np.linalg.solve(small, [1.0, 2.0, 3.0])": "2 equations",
    "np.linalg.solve(small, 1.0)": "b has shape ()",
    "np.linalg.norm(small, 'nuc')": "singular values",
    "np.linalg.norm(small, 2)": "singular values",
    "np.linalg.norm(small, 3)": "matrices have norms",
    "np.linalg.norm(small[0], 'fro')": "vectors have norms",
    "np.linalg.norm(small, axis=2)": "out of bounds",
    "np.linalg.norm(small[None], 1)": "not along 3",
    "np.linalg.matrix_power(small, 0.5)": "a whole number, and is 0.5",
    "np.linalg.multi_dot([small])": "at least two",
    "np.linalg.multi_dot([small, small[:1]])": "do not fit",
    "np.linalg.svd(small)": "not recorded",
    "np.linalg.pinv(small)": "not recorded",
    # products
    "np.dot(x, [1.0, 2.0])": "2 is different from 3",
    "np.vdot(x, [1.0, 2.0])": "2 is different from 9",
    "np.inner(x, [1.0, 2.0])": "sizes [3] of a meet sizes [2] of b",
    "np.tensordot(x, [1.0, 2.0], 1)": "sizes [3] of a meet sizes [2] of b",
    "np.tensordot(x, x, ([0, 0], [0, 1]))": "repeated axis",
    "np.tensordot(x, x, ([0], [0, 1]))": "meet sizes [3, 3] of b",
    "np.tensordot(x, x, 4)": "out of bounds",
    "np.vecdot(x, [1.0])": "vectors of 3 entries meet those of 1",
    "np.cross(x, x, axis=2)": "out of bounds",
    "np.einsum('ij->ij', x, out=np.ones(3))": "with out=",
}


@every("asked", REFUSED)
def test_what_cannot_be_is_explained_in_four_parts(asked):
    kinds = TypeError, ValueError, IndexError, AttributeError, ZeroDivisionError
    with pytest.raises(kinds) as raised:
        eval(compile(asked, __file__, "eval"), KNOWN)
    said = " ".join(str(raised.value).split())
    assert REFUSED[asked] in said
    assert "test_numpy_refusals.py" in said and " why " in said and " fix " in said
