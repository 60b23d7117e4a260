"""Faults planted in the engine: the prover refuses each, or it changes no gradient.

The law: on no model does `mg.prove` certify a gradient that a fault has made wrong.
There are two sources of faults. Some are written by hand, one kind of person's mistake
or one kind of array at a time: wrong in float32 only, on transposed arguments only, at
the fourth use only. Others are systematic: every operator, constant, comparison,
condition and statement of the engine, changed one at a time (mutation.py).
"""

import functools
from collections import Counter
from collections.abc import Callable
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pytest
from mutation import Mutant, deepest, of_module, of_table, wrapped

import minigrad as mg
from minigrad import accumulation, gradient, table
from minigrad.accumulation import Cotangents
from minigrad.mistakes.planting import Change, broken
from minigrad.primitive import TABLE, Elementwise
from minigrad.proving import ProofFailed
from minigrad.rows import linear_maps

SHARE = 46  # one of so many systematic mutants is tried in a run; all were, once
ENOUGH = 2  # models on which a gradient changed are enough in a run

# ---------------------------------------------------------------------- the models


class Model(NamedTuple):
    """A loss of arrays, and which of them it is differentiated by."""

    name: str
    function: Callable[..., Any]
    arrays: tuple[np.ndarray, ...]
    wrt: tuple[int, ...]
    order: int = 1

    def recorded(self, arrays: Any = None) -> tuple[mg.Tensor, list[mg.Tensor]]:
        """Return the loss, and what its gradient is asked by."""
        leaves = [mg.Tensor(a) for a in (self.arrays if arrays is None else arrays)]
        loss = self.function(*leaves)
        inside: list[mg.Tensor] = []
        if isinstance(loss, tuple):
            loss, inside = loss
        return loss, [leaves[i] for i in self.wrt] + list(inside)


RNG = np.random.default_rng(11)


def some(*shape: int, dtype: Any = float) -> np.ndarray:
    return RNG.uniform(0.3, 1.7, shape).astype(dtype)


def weighed(*results: Any) -> Any:
    """Return sum of squares of results, weighed so that no two entries are alike."""
    total: Any = 0.0
    for y in results:
        weights = np.linspace(0.5, 1.5, y.size).reshape(y.shape).astype(y.dtype)
        total = total + mg.sum(y * y * weights)
    return total


def through_time(x, *weights):
    """An LSTM's equations over T = 3; weights are W_f, b_f, W_i, b_i, ..."""
    gates = dict(
        zip("fico", zip(weights[::2], weights[1::2], strict=True), strict=True)
    )
    y = c = mg.Tensor(np.zeros((*x.shape[:-2], 3)))
    outputs = []
    for t in range(3):
        v = mg.concatenate([x[..., t, :], y], axis=-1)
        z = {k: mg.matvec(W, v) + b for k, (W, b) in gates.items()}
        f, i, o = (mg.sigmoid(z[k]) for k in "fio")
        c = f * c + i * mg.tanh(z["c"])
        y = o * mg.tanh(c)
        outputs.append(y)
    return weighed(mg.stack(outputs, axis=-2), c)


LSTM_WEIGHTS = (some(3, 5), some(3)) * 4
INDEX = np.array([0, 2, 2, 1, 2])


def attention(x, W_q, W_k, W_v):
    q, k, v = x @ W_q, x @ W_k, x @ W_v
    return weighed(mg.softmax(q @ mg.transpose(k)) @ v)


def taken(x, kernel, n):
    windows = x[..., np.arange(4)[:, None] + np.arange(3)]
    mapped = mg.sum(windows * kernel, axis=-1)
    spread = TABLE["scatter"].apply(mapped[..., 0], shape=(3, 2), index=(INDEX[:2], 1))
    masked = x[np.array([True, False])] if x.ndim == 2 else x[x.data > 1]
    return weighed(
        mapped[:, INDEX - 1], spread, masked, x[-1, ::2], x[..., None], n[()]
    )


def broadcast(a, b, c, d):
    y = a * b + c * d - a / (c + b)
    return weighed(y, mg.where(y.data > 1, a, b), mg.subtract(d, c) * mg.negative(b))


def products(A, B, u, v):
    return weighed(A @ B, A @ v, u @ A, v @ B, u @ v[:2], mg.outer(u, v))


def products_of_batches(A, B, v):
    return weighed(
        A @ B, B @ v, mg.outer(A[:, 0], B[:, :, 0]), mg.matvec(B[0], A), v @ B
    )


def reductions(x):
    return weighed(
        mg.sum(x, axis=-1),
        mg.sum(x, axis=(0, -1), keepdims=True),
        mg.mean(x, axis=1),
        mg.max(x, axis=-2),
        mg.sum(x),
        mg.cumsum(x, -1),
        mg.cumsum(x, 0),
        mg.broadcast_to(mg.sum(x, axis=0, keepdims=True), (2, *x.shape)),
        mg.var(x, axis=0),
    )


def moved(x, y):
    return weighed(
        mg.transpose(x, (2, 0, -2)),
        mg.transpose(x),
        mg.reshape(x, (-1, 2)),
        mg.stack([x, x * 2, x], axis=-1),
        mg.stack([y, y], axis=1),
        mg.concatenate([x, y[:, None]], axis=1),
        mg.concatenate([y, x[:, 0], y], axis=-1),
    )


def joined_in_part(W, x, y):
    """[x, y] in several products, and only y is asked for: a part of the cotangent."""
    v = mg.concatenate([x, y], axis=-1)
    return weighed(mg.matvec(W, v), mg.matvec(W * 2, v), mg.matvec(W[:2], v))


def joined_otherwise(W, V, x, y):
    """Other rows that add up uses for a part: takes, a joined W, joined examples."""
    v = mg.concatenate([x, y], axis=-1)
    both = mg.concatenate([x, 2 * y[..., :2]], axis=0)
    wide, high = mg.concatenate([W, V], axis=1), mg.concatenate([W, V], axis=0)
    return weighed(
        v[..., 1:], v[..., ::2], v[0, [1, 4, 4]],
        mg.matvec(wide, y[0, [0, 1, 2, 0]]), mg.matvec(wide, np.ones(4)),
        mg.matvec(high, both), mg.matvec(W, both), mg.matvec(high, np.ones(2)),
    )  # fmt: skip


def joined_and_read(W, x, y):
    """The same, but [x, y] is read in other ways, too."""
    v = mg.concatenate([x, y], axis=-1)
    return weighed(mg.matvec(W, v), v * 3, v[..., 1:]), [v]


def in_blocks(W, x):
    """More vectors in all than one block of `matvec_adjoints_W` holds."""
    y = x
    for _ in range(5):
        y = mg.tanh(mg.matvec(W, y))
    return weighed(y)


def inside(x, w):
    """Values inside are asked for, and are used before and after."""
    a = x * w
    b = a + a * a
    c = b + a + mg.exp(-b)
    return weighed(a, b, c, c), [b, a, c]


def used_often(x, w):
    y = x
    for k in range(6):
        y = y + x * w + mg.reshape(x, (1, 3)) * (k + 1)
    return weighed(y, x, x * w, x + 1)


def curves(a, b):
    return weighed(
        mg.exp(-a), mg.log(a), mg.sqrt(b), mg.tanh(a), mg.sigmoid(b), mg.softplus(a),
        mg.sin(b), mg.cos(a), a**b, a / b, -a, a - b, a**2, 2**b,
    )  # fmt: skip


def of_two_widths(a, b):
    wide = TABLE["cast"].apply(a, dtype=np.float64)
    return weighed(wide * b, a * a, a * b, mg.matvec(b[None] * a[:, None], a))


def single(dtype: Any, *arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(a.astype(dtype) for a in arrays)


MATRICES = (some(2, 3), some(3, 2), some(2), some(3))
MODELS = [
    Model("LSTM", through_time, (some(3, 2), *LSTM_WEIGHTS), tuple(range(9)), 2),
    Model("batch LSTM", through_time, (some(2, 3, 2), *LSTM_WEIGHTS), tuple(range(9))),
    Model("weights alone", through_time, (some(2, 3, 2), *LSTM_WEIGHTS), (1, 2, 5)),
    Model("LSTM in float32", through_time,
          single(np.float32, some(2, 3, 2), *LSTM_WEIGHTS), tuple(range(9))),
    Model("attention", attention, (some(4, 3), some(3, 2), some(3, 2), some(3, 2)),
          (0, 1, 2, 3), 2),
    Model("takes", taken, (some(2, 6), some(3), some()), (0, 1, 2), 2),
    Model("takes in float32", taken, single(np.float32, some(2, 6), some(3), some()),
          (0, 1, 2)),
    Model("broadcasting", broadcast, (some(3, 1, 2), some(1, 4, 1), some(2), some()),
          (0, 1, 2, 3), 2),
    Model("broadcasting, transposed", broadcast,
          (some(2, 4, 3).T, some(1, 4, 1), some(2), some(1)), (0, 2, 3)),
    Model("products", products, (some(2, 3), some(3, 2), some(2), some(3)),
          (0, 1, 2, 3), 2),
    Model("products of batches", products_of_batches,
          (some(2, 2, 3), some(2, 3, 3), some(3)), (0, 1, 2), 2),
    Model("products, transposed", products_of_batches,
          (some(3, 2, 2).T, np.asfortranarray(some(2, 3, 3)), some(6)[::2]), (0, 1, 2)),
    Model("reductions", reductions, (some(3, 2, 4),), (0,), 2),
    Model("reductions, size 1", reductions, (some(1, 2, 1),), (0,)),
    Model("reductions in float32", reductions, single(np.float32, some(5, 2, 6)), (0,)),
    Model("moves", moved, (some(2, 3, 2), some(2, 2)), (0, 1), 2),
    Model("moves, one asked", moved,
          (some(2, 3, 2), some(2, 2).T), (1,)),
    Model("a part of [x, y]", joined_in_part,
          (some(3, 5), some(2, 2), some(2, 3)), (2,)),
    Model("a part of a vector", joined_in_part, (some(3, 5), some(2), some(3)), (2, 0)),
    Model("a part, otherwise", joined_otherwise,
          (some(3, 2), some(3, 2), some(2, 2), some(2, 3)), (1, 3)),
    Model("the other part", joined_otherwise,
          (some(3, 2), some(3, 2), some(2, 2), some(2, 3)), (0, 2)),
    Model("[x, y] inside", joined_and_read, (some(3, 5), some(2, 2), some(2, 3)), (2,)),
    Model("blocks", in_blocks, (some(2, 2) / 2, some(512, 2)), (0, 1)),
    Model("values inside", inside, (some(3), some(2, 1)), (0, 1)),
    Model("used often", used_often, (some(3), some()), (0, 1), 2),
    Model("curves", curves, (some(4), some(4)), (0, 1), 2),
    Model("two widths", of_two_widths, (some(3, dtype=np.float32), some(3)), (0, 1)),
]  # fmt: skip
V = np.random.default_rng(3).standard_normal(300)


def gradients(model: Model) -> list[np.ndarray]:
    """Return loss, gradient and, to order 2, recorded gradient and Hessian times v."""
    loss, wrt = model.recorded()
    found = [loss.data.copy(), *mg.grad(loss, wrt)]
    if model.order == 2:
        bars = mg.grad(loss, wrt, record=True)
        along: Any = sum(mg.sum(b * np.resize(V, b.shape)) for b in bars)
        found += [*(b.data.copy() for b in bars), *mg.grad(along, wrt)]
    return found


with np.errstate(all="ignore"):
    RIGHT = {model.name: gradients(model) for model in MODELS}


def differs(model: Model, found: list[Any]) -> bool:
    return not all(
        (np.shape(a), a.dtype) == (np.shape(b), b.dtype)
        and np.allclose(a, b, 1e-9 if b.dtype == float else 1e-4, 1e-12, equal_nan=True)
        for a, b in zip(found, RIGHT[model.name], strict=True)
    )


def is_derivative(model: Model) -> bool:
    """Is the gradient that of what is computed now? By differences, in float64."""
    loss, wrt = model.recorded()
    narrow = any(a.dtype != float for a in model.arrays)
    h, close = (1e-2, 1e-2) if narrow else (1e-6, 1e-5)
    bars = mg.grad(loss, wrt[: len(model.wrt)])
    for i, bar in zip(model.wrt, bars, strict=True):
        v = np.resize(V, bar.shape).astype(bar.dtype)
        ends = []
        for step in (h, -h):
            arrays = list(model.arrays)
            arrays[i] = (arrays[i] + step * v).astype(v.dtype)
            ends.append(model.recorded(arrays)[0].item())
        slope = (ends[0] - ends[1]) / (2 * h)
        if not np.isclose(np.sum(bar * v), slope, close, close):
            return False
    return True


# ----------------------------------------------------------------------- the verdict


def verdict(model: Model) -> str:
    """Say what becomes of a model while a fault is planted."""
    try:
        found = gradients(model)
        changed = differs(model, found)
    except Exception:
        changed = True
    if not changed:
        return "equal"
    try:
        loss, wrt = model.recorded()
        mg.prove(loss, wrt, seed=1)
        if model.order == 2:
            mg.prove(loss, wrt, order=2, seed=1)
    except ProofFailed:
        return "refused"
    except Exception:
        return "error"
    try:
        if is_derivative(model):
            return "another function"
    except Exception:
        return "CERTIFIED"
    return "CERTIFIED"


def verdicts(planted: Any, enough: int = len(MODELS)) -> dict[str, str]:
    """Return the verdict on each model, until so many gradients have changed."""
    found: dict[str, str] = {}
    with np.errstate(all="ignore"), planted:
        for model in MODELS:
            found[model.name] = deepest(lambda model=model: verdict(model))
            if sum(each != "equal" for each in found.values()) == enough:
                break
    return found


def summary(found: dict[str, str]) -> str:
    """Return the strongest verdict over the models."""
    for each in ("CERTIFIED", "refused", "error", "another function"):
        if each in found.values():
            return each
    return "equal"


def require_law(fault: Any, found: dict[str, str]) -> None:
    wrong = [name for name, each in found.items() if each == "CERTIFIED"]
    assert not wrong, f"{fault}: a wrong gradient was certified on {wrong}"


# ------------------------------------------------------------------------- systematic


@functools.cache
def mutants() -> list[Mutant]:
    modules = (gradient, accumulation, linear_maps)
    return [*chain.from_iterable(map(of_module, modules)), *of_table(table)]


def test_no_mutant_of_the_engine_is_certified_where_a_gradient_changed():
    """When all 889 ran, 551 were refused, 34 raised an error, 304 changed nothing."""
    counts: Counter[str] = Counter()
    for mutant in mutants()[::SHARE]:
        found = verdicts(mutant.planted(), ENOUGH)
        require_law(mutant, found)
        counts[summary(found)] += 1
    assert 3 * counts["refused"] > counts.total(), counts


def test_a_mutant_is_planted_and_mended():
    mutant = next(
        m for m in mutants() if "a_bar = g b^T" in m.change or m.name == "tanh[0]"
    )
    x = mg.Tensor([0.5])
    right = mg.grad(mg.tanh(x).sum(), x)
    with mutant.planted():
        assert not np.array_equal(mg.grad(mg.tanh(x).sum(), x), right)
    assert np.array_equal(mg.grad(mg.tanh(x).sum(), x), right)


# ------------------------------------------------- wrong for one kind of array only


def arrays_in(args: Any) -> list[np.ndarray]:
    """Return the arrays of floats among arguments, also inside lists of uses."""
    found = []
    for a in args:
        if isinstance(a, np.ndarray) and a.dtype.kind == "f":
            found.append(a)
        elif isinstance(a, list):
            found += [g for _, g, _, _ in a if arrays_in([g])]
    return found


KINDS: dict[str, Callable[[np.ndarray], bool]] = {
    "floats": lambda a: True,
    "float32": lambda a: a.dtype == np.float32,
    "two axes": lambda a: a.ndim == 2,
    "a batch": lambda a: a.ndim > 2,
    "no axis": lambda a: a.ndim == 0,
    "an axis of length 1": lambda a: 1 in a.shape,
    "five or more": lambda a: a.ndim > 0 and a.shape[-1] >= 5,
    "not contiguous": lambda a: not a.flags.c_contiguous,
    "in Fortran's order": lambda a: a.ndim > 1 and a.flags.f_contiguous,
    "negative numbers": lambda a: bool((a < 0).any()),
}


def scaled(result: Any) -> Any:
    return result * 1.001 if isinstance(result, np.ndarray) else result


def last_lost(result: Any) -> Any:
    if isinstance(result, np.ndarray) and result.ndim:
        result = result.copy()
        result[..., -1] = 0
    return result


def reversed_order(result: Any) -> Any:
    return result[::-1] if isinstance(result, np.ndarray) and result.ndim else result


def not_a_number(result: Any) -> Any:
    return result * np.nan if isinstance(result, np.ndarray) else result


SPOILT = [scaled, last_lost, reversed_order, not_a_number]
TARGETS: list[Any] = [
    linear_maps.sum_adjoint, linear_maps.join_adjoint, linear_maps.stack_adjoint,
    linear_maps.scatter, linear_maps.take_adjoints, linear_maps.backwards,
    linear_maps.matmul_adjoint_a, linear_maps.matmul_adjoint_b, linear_maps.outer,
    linear_maps.matvec_adjoints_W, linear_maps.matvec_adjoints_v, linear_maps._plus,
    accumulation.unbroadcast, accumulation._cast, Cotangents.fit, Cotangents.complete,
    gradient._hand_over, Elementwise.vjp,
]  # fmt: skip


def only_for(kind: Callable[[np.ndarray], bool], spoil: Callable[[Any], Any]) -> Any:
    def wrapper(right: Any, *args: Any, **options: Any) -> Any:
        spoilt = any(map(kind, arrays_in(args)))
        result = right(*args, **options)
        return spoil(result) if spoilt and arrays_in([result]) else result

    return wrapper


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_for_one_kind_of_array_is_never_certified(kind):
    counts: Counter[str] = Counter()
    for k, target in enumerate(TARGETS):
        if (k + list(KINDS).index(kind)) % 2:
            continue
        spoil = SPOILT[(k + len(kind)) % len(SPOILT)]
        found = verdicts(wrapped(target, only_for(KINDS[kind], spoil)), ENOUGH)
        require_law(f"{target.__qualname__}, {spoil.__name__} for {kind}", found)
        counts[summary(found)] += 1
    assert counts["refused"]


# ---------------------------------------------------------------------- faults by hand


def is_float(a: Any) -> bool:
    return isinstance(a, np.ndarray) and a.dtype.kind == "f"


def patched(owner: Any, name: str, wrong: Callable[..., Any]) -> Any:
    """Let `wrong(right, ...)` stand in an attribute's place."""
    right = getattr(owner, name)
    return broken([Change(owner, name, lambda *a, **o: wrong(right, *a, **o))])


def rule_of(name: str, i: int, wrong: Callable[..., Any]) -> Any:
    """Let `wrong(right, ...)` stand for rule i of a row, and for its sum over uses."""
    row: Any = TABLE[name]
    kind = "partials" if row.is_elementwise else "adjoints"
    rules = list(getattr(row, kind))
    right = rules[i]
    rules[i] = lambda *a, **o: wrong(right, *a, **o)
    batched = {k: f for k, f in row.batched_adjoints.items() if k != i}
    changed = Change(row, kind, tuple(rules))
    return broken([changed, Change(row, "batched_adjoints", batched)])


def fourth_use_lost(right, self, arg, contribution):
    """From the fourth contribution on, floats are not added any more."""
    counts = COUNTS.setdefault(id(self.totals), Counter())
    counts[arg.tick] += 1
    if counts[arg.tick] < 4 or not is_float(contribution):
        right(self, arg, contribution)


COUNTS: dict[int, Counter[int]] = {}


def into_the_first(right, self, arg, contribution):
    """Add in place to an array that may be somebody else's."""
    total = self.totals.get(arg.tick)
    fits = is_float(total) and total.shape == np.shape(contribution)
    if fits and total.flags.writeable:
        total += contribution
        return
    right(self, arg, contribution)


def handed_out_as_it_is(right, wanted, cotangents):
    g = cotangents.totals.get(wanted.tick)
    return g if is_float(g) and g.shape == wanted.shape else right(wanted, cotangents)


def uses_of(chosen: Callable[[list[Any]], list[Any]]) -> Callable[..., Any]:
    return lambda right, uses, *part: right(chosen(uses), *part)


def float_uses(uses: list[Any]) -> bool:
    return is_float(uses[0][1])


def mean_over_axes(right, g, shape):
    found = right(g, shape)
    return found * (found.size / g.size) if is_float(g) and g.size else found


def overwritten(right, total, index, g):
    if is_float(g):
        total[index] = g
    else:
        right(total, index, g)


def plan_without(lost: Callable[[Any, int, Any], bool]) -> Callable[..., Any]:
    def wrong(right, order, wanted, record):
        return [
            (node, operands, [edge for edge in edges if not lost(node, *edge)])
            for node, operands, edges in right(order, wanted, record)
        ]

    return wrong


def second_operand_of_a_square(node: Any, i: int, arg: Any) -> bool:
    return i == 1 and is_float(arg.data) and node.args[0] is node.args[1]


def late_steps(node: Any, i: int, arg: Any) -> bool:
    return i == 1 and node.primitive.name == "multiply" and is_float(node.data) \
        and node.size == 1 and node.ndim == 2  # fmt: skip


def in_place(right, y, *args):
    """A slope that is computed inside the array of the result."""
    if is_float(y) and y.ndim:
        np.multiply(y, y, out=y)
        return np.subtract(1.0, y, out=y)
    return right(y, *args)


def doubled_cotangent(right, g, *args, **options):
    """An adjoint that writes into the cotangent that it was given."""
    found = right(g, *args, **options)
    if is_float(g) and g.flags.writeable:
        g *= 2
    return found


def by_shape(right, y, a, *more):
    return right(y, a, *more) * (2 if np.shape(a) != np.shape(y) else 1)


def forgets(right, y, *args):
    """A slope whose recording does not know its numbers."""
    found = right(y, *args)
    return found.data if isinstance(found, mg.Tensor) else found


def in_memory(right, y, a, *more):
    found = right(y, a, *more)
    if is_float(a) and a.ndim > 1:
        return np.ravel(found, order="K").reshape(found.shape)
    return found


def second_half(right, y, *args):
    found = right(y, *args)
    if is_float(found) and found.size > 4:
        found = found.copy()
        found.reshape(-1)[4:] *= 1.01
    return found


def half_where_it_is_small(right, y, *args):
    found = right(y, *args)
    return np.where(np.abs(found) < 0.2, found / 2, found) if is_float(found) else found


def float_only(change: Callable[[Any], Any]) -> Callable[..., Any]:
    def wrong(right, *args, **options):
        found = right(*args, **options)
        return change(found) if is_float(found) else found

    return wrong


def swapped(right, g, *args, **options):
    found = right(g, *args, **options)
    square = is_float(found) and found.ndim == 2 and found.shape[0] == found.shape[1]
    return found.T if square else found


matvec, take, concatenate = TABLE["matvec"], TABLE["take"], TABLE["concatenate"]
HAND: dict[str, Callable[[], Any]] = {
    "the fourth use is lost": lambda: patched(Cotangents, "add", fourth_use_lost),
    "added into another's array": lambda: patched(Cotangents, "add", into_the_first),
    "handed out as it is": lambda: patched(gradient, "_hand_over", handed_out_as_it_is),
    "a mean over broadcast axes": lambda: wrapped(
        accumulation.unbroadcast, mean_over_axes
    ),
    "repeated indices overwrite": lambda: wrapped(linear_maps._add_at, overwritten),
    "no index repeats": lambda: wrapped(
        linear_maps._may_repeat, lambda right, index: False
    ),
    "one of x * x": lambda: wrapped(
        gradient._plan, plan_without(second_operand_of_a_square)
    ),
    "the first argument alone": lambda: wrapped(
        gradient._plan, plan_without(lambda node, i, arg: i > 0)
    ),
    "a late edge": lambda: wrapped(gradient._plan, plan_without(late_steps)),
    "W sees its first use alone": lambda: wrapped(
        linear_maps.matvec_adjoints_W, uses_of(lambda u: u[:1] if float_uses(u) else u)
    ),
    "W loses its last use": lambda: wrapped(
        linear_maps.matvec_adjoints_W,
        uses_of(lambda u: u[:-1] if float_uses(u) and len(u) > 4 else u),
    ),
    "v loses its last matrix": lambda: wrapped(
        linear_maps.matvec_adjoints_v,
        uses_of(lambda u: u[:-1] if float_uses(u) and len(u) > 1 else u),
    ),
    "takes lose the third": lambda: wrapped(
        linear_maps.take_adjoints, uses_of(lambda u: u[:2] if float_uses(u) else u)
    ),
    "tanh's slope in y's array": lambda: rule_of("tanh", 0, in_place),
    "exp's slope in y's array": lambda: rule_of("exp", 0, in_place),
    "reshape writes into g": lambda: rule_of("reshape", 0, doubled_cotangent),
    "stack writes into g": lambda: wrapped(
        linear_maps.stack_adjoint, lambda r, i, g, *p, **o: doubled_cotangent(
            lambda g: r(i, g, *p, **o), g)),
    "add, where it is broadcast": lambda: rule_of("add", 1, by_shape),
    "multiply, where it is broadcast": lambda: rule_of("multiply", 0, by_shape),
    "divide, where it is broadcast": lambda: rule_of("divide", 1, by_shape),
    "tanh forgets": lambda: rule_of("tanh", 0, forgets),
    "multiply forgets": lambda: rule_of("multiply", 0, forgets),
    "exp forgets": lambda: rule_of("exp", 0, forgets),
    "multiply in memory's order": lambda: rule_of("multiply", 1, in_memory),
    "sigmoid from the fifth entry on": lambda: rule_of("sigmoid", 0, second_half),
    "tanh where it is flat": lambda: rule_of("tanh", 0, half_where_it_is_small),
    "log, in floats": lambda: rule_of("log", 0, float_only(lambda s: s * (1 + 1e-9))),
    "sin, in floats": lambda: rule_of("sin", 0, float_only(np.square)),
    "cos, in floats": lambda: rule_of("cos", 0, float_only(np.negative)),
    "sqrt, in float16's precision": lambda: rule_of(
        "sqrt", 0, float_only(lambda s: s.astype(np.float16).astype(s.dtype))
    ),
    "softplus, clipped": lambda: rule_of(
        "softplus", 0, float_only(lambda s: np.minimum(s, 0.7))
    ),
    "power, in floats": lambda: rule_of("power", 1, float_only(np.negative)),
    "square outer products": lambda: wrapped(linear_maps.outer, swapped),
    "square matrix products": lambda: rule_of("matmul", 1, swapped),
    "transpose of floats": lambda: rule_of("transpose", 0, swapped),
    "sum, in float32": lambda: rule_of(
        "sum", 0, float_only(lambda s: s.astype(np.float32) if s.size > 6 else s)
    ),
    "where, both branches": lambda: rule_of(
        "where", 0, lambda r, g, *rest, **o: g if is_float(g) else r(g, *rest, **o)
    ),
    "cumsum not turned back": lambda: rule_of(
        "cumsum", 0,
        lambda r, g, a, axis: np.cumsum(g, axis) if is_float(g) else r(g, a, axis),
    ),
    "slices one too far": lambda: patched(
        concatenate,
        "slice_of_argument",
        lambda right, i, parts, options: right(0, parts, options),
    ),
    "no slices": lambda: broken([Change(concatenate, "slice_of_argument", None)]),
    "nothing batched": lambda: broken([
        Change(matvec, "batched_adjoints", {}), Change(take, "batched_adjoints", {})
    ]),
    "seeds of two": lambda: wrapped(
        gradient._seed,
        lambda right, y, g, *record: right(y, g, *record) * (2.0 if g is None else 1),
    ),
    "an edge of constants": lambda: wrapped(
        gradient._needs_slices, lambda right, node, edges, totals, keep:
        node.primitive.slice_of_argument is not None and len(edges) < len(node.args)
    ),
}  # fmt: skip
EQUAL = {"no slices", "nothing batched"}


@pytest.mark.slow
@pytest.mark.parametrize("name", HAND)
def test_a_fault_planted_by_hand_is_refused(name):
    found = verdicts(HAND[name](), ENOUGH)
    require_law(name, found)
    assert (summary(found) in ("refused", "error")) is (name not in EQUAL)
