"""The classic slips of whoever differentiates by hand.

A slip is what stands in a right program, and what is written in its place:

    a term is missing     A + B -> A    your c̄ lacks the term c̄_next ⊙ f_next
    no transpose          A.T -> A      W is not transposed in your x̄

Capital letters are any expressions, `k` is a number, `f` an elementwise function of one
argument (tanh, exp, ...) and `h` any function; `sum(A)` is `A.sum()`, too. In the
words, `{B}` is the expression as mathematics, `{your}` what was being computed, and
`{old}` and `{new}` are the two expressions.

Of two slips that make the same program, the one that stands first here is named.
"""

from __future__ import annotations

STANDS = "{new} stands where {old} belongs in {your}"
REPEATED = (
    "where an index comes twice, your {A} gets only the last contribution: {new} "
)

# (kind, words): right -> wrong; right -> wrong
SLIPS = {
    ("factor", "{your} lacks the factor {A} ⊙ (1 − {A}), the slope of σ"): (
        "B * A * (1 - A) -> B; A * (1 - A) * B -> B"
    ),
    ("factor", "{your} has the factor {B}, on the term {C} too: it is of {A} alone"): (
        "A * B + C -> (A + C) * B; C + A * B -> (A + C) * B"
    ),
    ("factor", "{your} lacks the factor {B}"): (
        "A * B -> A; B * A -> A; A @ B -> A; B @ A -> A; matvec(B, A) -> A; "
        "B / A -> 1 / A; A.T @ B -> A.sum(axis=0); A @ B -> A.sum(axis=1); "
        "outer(A, B) -> A[:, None] + 0 * B"
    ),
    ("factor", "{your} lacks the factor {BC}"): (
        "A * B * C -> A; A * B * C * D -> A * D"
    ),
    ("factor", "{your} is not divided by {B}"): "A / B -> A",
    ("term", "{your} lacks the terms {B} and {C}"): "A + B + C -> A",
    ("term", "{your} lacks the term {B}"): (
        "A + B -> A; B + A -> A; A - B -> A; B - A -> -A; A += B -> pass; "
        "A -= B -> pass"
    ),
    ("term", STANDS): "A - B -> B",
    ("accumulation", "= stands where += belongs: {your} forgets what came before"): (
        "A += B -> A = B"
    ),
    ("accumulation", "*= stands where += belongs: contributions to {your} add up"): (
        "A += B -> A *= B"
    ),
    ("accumulation", REPEATED + "adds once"): "at(A, I, B) -> A[I] += B",
    ("accumulation", REPEATED + "overwrites"): "at(A, I, B) -> A[I] = B",
    ("accumulation", "where an index comes twice, your {A} gets only the first"): (
        "at(A, I, B) -> A[I[::-1]] = B[::-1]"
    ),
    (
        "accumulation",
        "where an index comes twice, your {A} gets the mean, not the sum",
    ): ("at(A, I, B) -> at(A, I, B / (I == I[:, None]).sum(axis=1)[:, None])"),
    ("index", "row k of {B} goes to row k of your {A}, and not to row {I}[k]"): (
        "at(A, I, B) -> A[: B.shape[0]] += B"
    ),
    ("index", "row {I}[k] of {B} goes to row {I}[k] of your {A}, and not row k"): (
        "at(A, I, B) -> at(A, I, B[I])"
    ),
    ("index", "row {I}[k] of {B} goes to row k of your {A}: the other way round"): (
        "at(A, I, B) -> A[: I.shape[0]] = B[I]"
    ),
    ("sign", "in {your} the sign of {B} is wrong"): (
        "A + B -> A - B; B + A -> A - B; A - B -> A + B; A += B -> A -= B; "
        "A -= B -> A += B"
    ),
    ("sign", "the sign is wrong in {your}: {new} for {old}"): "A - B -> B - A",
    ("sign", "the minus before {B} is missing in {your}"): "-B -> B",
    ("sign", "{your} has the wrong sign"): "A = B -> A = -B; A += B -> A -= B",
    ("transpose", "{B} is not transposed in {your}"): "B.T -> B",
    ("transpose", "{B} must not be transposed in {your}"): (
        "A @ B -> A @ B.T; B @ A -> B.T @ A; matvec(B, A) -> matvec(B.T, A)"
    ),
    ("transpose", "{your} is transposed: {new} for {old}"): (
        "outer(A, B) -> outer(B, A)"
    ),
    ("transpose", "{your} is transposed"): "A = B -> A = B.T",
    ("slope", "{your} has {new}, the slope of σ, where that of tanh, {old}, belongs"): (
        "1 - A ** 2 -> A * (1 - A)"
    ),
    ("slope", "{your} has {new}, the slope of tanh, where that of σ, {old}, belongs"): (
        "A * (1 - A) -> 1 - A ** 2; B * A * (1 - A) -> B * (1 - A ** 2)"
    ),
    ("slope", "{your} has {new} itself, where the slope of tanh, {old}, belongs"): (
        "1 - A ** 2 -> A"
    ),
    ("function", "{A} stands where {old} belongs in {your}: {f} is missing"): (
        "f(A) -> A"
    ),
    ("function", "{f} is applied twice to {A} in {your}"): "f(A) -> f(f(A))",
    ("function", "{your} has {new} for {old}: {f} must be of {B} alone"): (
        "A * f(B) -> f(A * B)"
    ),
    ("function", STANDS): (
        "f(A) -> tanh(A); f(A) -> sigmoid(A); f(A) -> relu(A); f(A) -> exp(A); "
        "f(A) -> f(-A)"
    ),
    ("reduction", "the sum {old} is missing in {your}"): "sum(A, **K) -> A",
    ("reduction", "{your} takes the first of {A} alone: the sum is missing"): (
        "sum(A, **K) -> A[0]"
    ),
    ("reduction", "{your} takes the last of {A} alone: the sum is missing"): (
        "sum(A, **K) -> A[-1]"
    ),
    ("reduction", "{your} takes the largest of {A} where the sum {old} belongs"): (
        "sum(A, **K) -> max(A, **K)"
    ),
    ("reduction", "{your} takes the first row alone: the sum over rows is missing"): (
        "A.T @ B -> outer(A[0], B[0])"
    ),
    ("reduction", "{your} takes the mean where the sum {old} belongs"): (
        "sum(A, **K) -> mean(A, **K)"
    ),
    ("reduction", "{your} takes the sum where the mean {old} belongs"): (
        "mean(A, **K) -> sum(A, **K)"
    ),
    ("reduction", "the mean {old} is missing in {your}"): "mean(A, **K) -> A",
    ("reduction", "{your} is summed over an axis: nothing must be summed"): (
        "A = B -> A = B.sum(axis=0); A = B -> A = B.sum(axis=1)"
    ),
    ("reduction", "{old} in {your} must be taken over axis {k} alone"): (
        "h(A, axis=k) -> h(A); h(A, axis=k, keepdims=K) -> h(A)"
    ),
    ("reduction", "the axis is wrong in {your}: {new} for {old}"): (
        "h(A, axis=k) -> h(A, axis=1 - k); h(A, axis=k) -> h(A, axis=-1 - k); "
        "h(A, axis=k, keepdims=K) -> h(A, axis=1 - k, keepdims=K); "
        "h(A, axis=k, keepdims=K) -> h(A, axis=-1 - k, keepdims=K)"
    ),
    ("time", STANDS): (
        "A[k] -> A[k + 1]; A[k] -> A[k - 1]; A[k] -> A[k + 2]; A[k] -> A[k - 2]"
    ),
    ("time", STANDS + ": one step too late"): "A[T] -> A[T + 1]",
    ("time", STANDS + ": one step too early"): "A[T] -> A[T - 1]",
    ("time", "time runs forwards where it must run backwards"): "reversed(A) -> A",
    ("time", "the loop leaves out its first step"): (
        "range(A) -> range(1, A); range(A, B) -> range(A + 1, B)"
    ),
    ("time", "the loop leaves out its last step"): (
        "range(A) -> range(A - 1); range(A, B) -> range(A, B - 1)"
    ),
    ("rule", ""): "",  # a rule of the engine is wrong: see by_tape.py
    ("twice", "{your} has the factor {B} twice"): (
        "A * B -> A * B * B; B * A -> B * B * A"
    ),
    ("twice", "{your} has the term {B} twice"): (
        "A + B -> A + B + B; B + A -> B + B + A"
    ),
    ("name", ""): "",  # another variable of the same shape: made in `mutations`
    ("index", STANDS): (
        "A[T] -> A[0]; A[T] -> A[-1]; A[T:] -> A[:T]; A[:T] -> A[T:]; A[T:] -> A; "
        "A[:T] -> A; A[::-1] -> A"
    ),
    ("order", STANDS + ": matrices do not commute"): "A @ B -> B @ A",
    ("order", STANDS + ": without brackets"): (
        "A @ (B * C) -> A @ B * C; A @ (B * C * D) -> A @ B * C * D"
    ),
    ("order", STANDS): (
        "h(A, B) -> h(B, A); h(A, B, C) -> h(B, A, C); where(M, A, B) -> where(M, B, A)"
    ),
    ("branch", "{your} has {A} everywhere, and not only where {M}"): (
        "where(M, A, B) -> A"
    ),
    ("branch", "{your} has {B} everywhere, and not only where not {M}"): (
        "where(M, A, B) -> B"
    ),
    ("branch", STANDS): (
        "A > B -> A < B; A > B -> A >= B; A < B -> A > B; A >= B -> A > B; "
        "A == B -> A != B"
    ),
    ("power", "{your} has the root of {old}: it is not squared"): (
        "1 - A ** 2 -> sqrt(1 - A ** 2)"
    ),
    ("power", STANDS): (
        "k ** A -> exp(-A); A ** (1 / B) -> A / B; A ** 2 -> abs(A); "
        "A ** B -> A * B; A ** k -> A; A ** k -> A ** (k + 1); A ** k -> A ** (k - 1); "
        "A ** B -> A ** (B - 1); A ** B -> A ** (B + 1); "
        "1 - A ** 2 -> (1 - A) ** 2; 2 * A -> A ** 2; B * 2 * A -> B * A ** 2; "
        "B * 2 * A -> B * 2; 2 * A -> 2"
    ),
    ("constant", STANDS): (
        "len(A) -> A.shape[1]; len(A) -> A.size; k -> k + 1; k -> k - 1; k -> 2 * k; "
        "k -> k / 2; k -> 1 / k; k -> -k; k -> 1 - k"
    ),
    ("constant", "{your} is twice what it should be"): "A = B -> A = 2 * B",
    ("constant", "{your} is half of what it should be"): "A = B -> A = B / 2",
    ("constant", "{your} is 0"): "A = B -> A = 0 * B",
    ("operation", STANDS): (
        "A * B -> A * (1 - B); A * B -> (1 - A) * B; A + B -> A * B; A * B -> A + B; "
        "A * B -> A / B; A / B -> A * B; A / B -> B / A; A ** k -> k * A; "
        "A @ B -> A * B; max(A, **K) -> sum(A, **K); outer(A, B) -> A[:, None] + B"
    ),
    ("accumulation", "+= stands where = belongs: {your} keeps what came before"): (
        "A = B -> A += B"
    ),
    ("statement", "{your} is not set to {B}"): "A = B -> pass",
    ("statement", ""): "",  # one comes too late: made in `mutations`
}
