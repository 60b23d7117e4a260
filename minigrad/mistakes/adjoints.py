"""Wrong adjoints: what a linear row returns is not the transpose of what it does.

The map y = A x moves numbers about and adds them up; its adjoint takes the cotangents
the same ways back. Most of these mistakes have the right shape, on square matrices and
equal halves at least, and so nothing complains.
"""

from __future__ import annotations

import math
from typing import Any, cast

import minigrad as mg
from minigrad.mistakes import small_models
from minigrad.mistakes.mistake import Mistake, rule
from minigrad.mistakes.planting import Change, adjoint
from minigrad.primitive import TABLE, Linear
from minigrad.rows import linear_maps
from minigrad.types import Array, Index, Shape, Value

_take = cast(Linear, TABLE["take"]).adjoints[0]
_sum = cast(Linear, TABLE["sum"]).adjoints[0]
_concatenate: Any = TABLE["concatenate"]
(_halves,), _places = _concatenate.adjoints, _concatenate.slice_of_argument


def _one_further(g: Value, a: Value, index: Index) -> Value:
    right = _take(g, a, index)
    return mg.concatenate([right[-1:], right[:-1]])


def _column_by_column(g: Value, a: Value, shape: Shape) -> Value:
    """Go back to the old shape in Fortran's order, not in C's."""
    return mg.transpose(mg.reshape(mg.transpose(g), a.shape[::-1]))


def _overwritten(total: Array, index: Index, g: Array) -> None:
    total[index] = g


ADJOINTS = [
    Mistake(
        "the forgotten transpose",
        "`v_bar = W z_bar`: with a square W, every shape is right.",
        adjoint("matvec", 1, lambda g, W, v: mg.matvec(W, g)),
        small_models.simple_rnn,
        rule("matvec", 1),
    ),
    Mistake(
        "outer product the wrong way",
        "`v z_bar^T` for `z_bar v^T`: with a square W, every shape is right.",
        adjoint("matvec", 0, lambda g, W, v: mg.outer(v, g)),
        small_models.simple_rnn,
        rule("matvec", 0),
    ),
    Mistake(
        "the factors of a matrix product",
        "`b^T g` for `g b^T`: matrices do not commute.",
        adjoint("matmul", 0, lambda g, a, b: mg.matmul(b.transpose((0, 2, 1)), g)),
        small_models.attention,
        rule("matmul", 0),
    ),
    Mistake(
        "the halves of [x, y] swapped",
        "x gets the cotangent of y, and y that of x; with n = m, every shape is right.",
        [
            Change(
                _concatenate,
                "adjoints",
                (lambda i, g, *parts, **axis: _halves(1 - i, g, *parts, **axis),),
            ),
            Change(
                _concatenate,
                "slice_of_argument",
                lambda i, parts, options: _places(1 - i, parts, options),
            ),
        ],
        small_models.lstm,
        rule("concatenate", 0),
    ),
    Mistake(
        "one entry too far",
        "What came from a[i] is given back to a[i + 1].",
        adjoint("take", 0, _one_further),
        small_models.lstm,
        rule("take"),
    ),
    Mistake(
        "a word that comes twice",
        "`words_bar[index] = g`: of two equal indices, the last one wins.",
        [Change(linear_maps, "_add_at", _overwritten)],
        small_models.lookup,
        rule("take"),
    ),
    Mistake(
        "a sum taken for a mean",
        "Every summand gets its share of the cotangent, instead of all of it.",
        adjoint(
            "sum",
            0,
            lambda g, a, axis=None, keepdims=False: (
                _sum(g, a, axis, keepdims) / math.prod(a.shape)
            ),
        ),
        small_models.lstm,
        rule("sum"),
    ),
    Mistake(
        "both branches of a where",
        "The branch that was not taken gets the cotangent too.",
        [Change(TABLE["where"], "adjoints", (lambda g, a, b, mask: g,) * 2)],
        small_models.leaky,
        rule("where"),
    ),
    Mistake(
        "running sums not turned back",
        "The adjoint of summing up to t is summing from t on.",
        adjoint("cumsum", 0, lambda g, a, axis: mg.cumsum(g, axis)),
        small_models.leaky,
        rule("cumsum"),
    ),
    Mistake(
        "the same permutation again",
        "Two axes swap back the way they came; three, moved round, do not.",
        adjoint("transpose", 0, lambda g, a, axes=None: mg.transpose(g, axes)),
        small_models.attention,
        rule("transpose"),
    ),
    Mistake(
        "a reshape column by column",
        "Back to the old shape, in Fortran's order.",
        adjoint("reshape", 0, _column_by_column),
        small_models.attention,
        rule("reshape"),
    ),
]
