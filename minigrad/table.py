"""THE TABLE: every primitive, one row each.

Read a row as a line of a calculus book: the name, what it computes, and how it
differentiates. `a, b` are the arguments, `y` the result, `g` the cotangent of y.

Everything else is made from these rows: operators, `np.tanh(t)`, gradients of every
order in both modes, proofs, pictures, the table in the documentation. To add an
operation, add a row.

Rules never compare and never branch on values. Where a function has branches, the
branch is chosen once, when it is recorded, and `where` remembers the mask.
"""

from __future__ import annotations

import numpy as np

from minigrad.primitive import elementwise, linear
from minigrad.rows import linear_maps as maps
from minigrad.rows import samples
from minigrad.rows import scalar_functions as scalar

# ---------------------------------------------------------------- elementwise rows

add = elementwise(
    "add", np.add, "a + b", (lambda y, a, b: 1, lambda y, a, b: 1), symbol="+"
)
subtract = elementwise(
    "subtract",
    np.subtract,
    "a - b",
    (lambda y, a, b: 1, lambda y, a, b: -1),
    symbol="−",
)
multiply = elementwise(
    "multiply", np.multiply, "a * b", (lambda y, a, b: b, lambda y, a, b: a), symbol="×"
)
divide = elementwise(
    "divide",
    np.true_divide,
    "a / b",
    (lambda y, a, b: 1 / b, lambda y, a, b: -y / b),
    symbol="÷",
    domain="b != 0",
)
negative = elementwise("negative", np.negative, "-a", (lambda y, a: -1,), symbol="−")
power_row = elementwise(
    "power",
    np.power,
    "a ** b",
    (lambda y, a, b: b * a ** (b - 1), lambda y, a, b: y * log(a)),
    symbol="aᵇ",
    domain="a > 0, or b integer and a != 0, or b integer and b > 0",
)
exp = elementwise("exp", np.exp, "exp(a)", (lambda y, a: y,))
log = elementwise("log", np.log, "log(a)", (lambda y, a: 1.0 / a,), domain="a > 0")
sqrt = elementwise(
    "sqrt", np.sqrt, "sqrt(a)", (lambda y, a: 0.5 / y,), symbol="√", domain="a > 0"
)
tanh = elementwise("tanh", np.tanh, "tanh(a)", (lambda y, a: 1.0 - y * y,))
sigmoid = elementwise(
    "sigmoid",
    scalar.sigmoid,
    "1 / (1 + exp(-a))",
    (lambda y, a: y * (1.0 - y),),
    symbol="σ",
)
softplus = elementwise(
    "softplus", scalar.softplus, "log(1 + exp(a))", (lambda y, a: sigmoid(a),)
)
sin = elementwise("sin", np.sin, "sin(a)", (lambda y, a: cos(a),))
cos = elementwise("cos", np.cos, "cos(a)", (lambda y, a: -sin(a),))
arctan = elementwise("arctan", np.arctan, "atan(a)", (lambda y, a: 1 / (1 + a * a),))
# Near a = 0, exp(a) - 1 and log(1 + a) would lose all digits: no composite will do.
expm1 = elementwise("expm1", np.expm1, "exp(a) - 1", (lambda y, a: y + 1,))
log1p = elementwise(
    "log1p", np.log1p, "log(1 + a)", (lambda y, a: 1 / (1 + a),), domain="a > -1"
)

# --------------------------------------------------------------------- linear rows
# Some come in pairs, each the other's shadow: sum and broadcast, take and scatter,
# matvec and outer.

sum = linear(
    "sum",
    maps.add_up,
    (maps.sum_adjoint,),
    jointly=True,
    samples=samples.sum,
    symbol="Σ",
    written="Σ{axis} {}",
)
broadcast = linear(
    "broadcast",
    maps.repeated,
    (lambda g, a, shape: g,),  # the engine sums what was spread
    jointly=True,
    written="{}",
    samples=samples.broadcast,
)
reshape = linear(
    "reshape",
    maps.reshaped,
    (lambda g, a, shape: reshape(g, a.shape),),
    jointly=True,
    samples=samples.reshape,
)
transpose = linear(
    "transpose",
    maps.permute,
    (lambda g, a, axes=None: transpose(g, maps.inverse(axes)),),
    jointly=True,
    samples=samples.transpose,
    symbol="ᵀ",
    written="{}ᵀ{axes}",
)
concatenate_row = linear(
    "concatenate",
    maps.join,
    (maps.join_adjoint,),
    jointly=True,
    samples=samples.concatenate,
    symbol="[ , ]",
    slice_of_argument=maps.place_of,
    written="[{...}]",
)
stack_row = linear(
    "stack", maps.pile_up, (maps.stack_adjoint,), jointly=True, samples=samples.stack
)
take = linear(
    "take",
    maps.entries,
    (lambda g, a, index: scatter(g, a.shape, index),),
    jointly=True,
    samples=samples.take,
    symbol="[i]",
    batched_adjoints={0: maps.take_adjoints},
    written="{}{index}",
)
scatter = linear(
    "scatter",
    maps.scatter,
    (lambda g, a, shape, index: take(g, index),),
    jointly=True,
    samples=samples.scatter,
)
select = linear(
    "where",
    maps.choose,
    (
        lambda g, a, b, mask: select(g, 0, mask),
        lambda g, a, b, mask: select(0, g, mask),
    ),
    jointly=True,
    samples=samples.where,
)
cumsum = linear(
    "cumsum",
    maps.running_sum,
    (lambda g, a, axis: maps.backwards(cumsum(maps.backwards(g, axis), axis), axis),),
    jointly=True,
    samples=samples.cumsum,
)
cast = linear(
    "cast",
    maps.cast,
    (lambda g, a, dtype: cast(g, a.dtype),),
    jointly=True,
    samples=samples.cast,
    written="{}",
)
matmul = linear(
    "matmul",
    maps.product,
    (maps.matmul_adjoint_a, maps.matmul_adjoint_b),
    jointly=False,
    samples=samples.matmul,
    symbol="@",
    written="{} {}",
    rule="matrix product",
)
matvec = linear(
    "matvec",
    maps.matvec,
    (lambda g, W, v: outer(g, v), lambda g, W, v: matvec(transpose(W), g)),
    jointly=False,
    samples=samples.matvec,
    symbol="W v",
    batched_adjoints={0: maps.matvec_adjoints_W, 1: maps.matvec_adjoints_v},
    written="{} {}",
    rule="matrix product",
)
outer = linear(
    "outer",
    maps.outer,
    (lambda g, z, v: matvec(g, v), lambda g, z, v: matvec(transpose(g), z)),
    jointly=False,
    samples=samples.outer,
    symbol="z vᵀ",
    written="{} {}ᵀ",
    rule="matrix product",
)
