"""Walks that are wrong, second derivatives, and numbers that left the tape, refused."""

import math

import numpy as np
import pytest
from every import every
from test_proving import lstm_loss, normal, refuted, tensor, trained, words

import minigrad as mg
from minigrad import accumulation
from minigrad import gradient as engine
from minigrad.accumulation import Cotangents
from minigrad.primitive import TABLE
from minigrad.proving import prove
from minigrad.testing import assert_proved

# ------------------------------------------------------------- walks that are wrong


def accumulation_is_blamed(loss, *asked, **options):
    """Return the Tensor whose cotangent is said to be wrong."""
    failure = refuted(loss, *asked, **options)
    assert failure.row is None
    assert "every rule is right, the accumulation is wrong" in words(failure)
    return mg.Tape(loss).steps[failure.step]


def assign(self, arg, contribution):
    self.totals[arg.tick] = contribution


@pytest.mark.parametrize("seed", range(3))
def test_assigning_instead_of_adding_is_told_from_a_wrong_rule(monkeypatch, seed):
    loss = lstm_loss()
    monkeypatch.setattr(Cotangents, "add", assign)
    failure = refuted(loss, seed=seed)
    assert mg.Tape(loss).steps[failure.step].shape == (3, 2)  # difference * difference
    example = failure.counterexample
    assert example.replay() == (example.found, example.expected)
    assert example.found != pytest.approx(example.expected)
    assert "the engine gives" in words(failure)


def computed(order):
    return [node for node in order if node.primitive is not None]


def lost_edge(monkeypatch, loss, user, lost, when=lambda wanted, record: True):
    """Let the engine's walk over this tape send nothing from one step to another."""
    steps = computed(mg.Tape(loss))
    (at,) = (k for k, step in enumerate(steps) if step is user)
    (i,) = (k for k, arg in enumerate(user.args) if arg is lost)
    right = engine._plan

    def wrong(order, wanted, record):
        plan, own = right(order, wanted, record), computed(order)
        if len(own) != len(steps) or not when(wanted, record):
            return plan
        return [
            (node, args, [e for e in edges if node is not own[at] or e[0] != i])
            for node, args, edges in plan
        ]

    monkeypatch.setattr(engine, "_plan", wrong)


@pytest.mark.parametrize("when", range(3))
def test_a_carry_that_is_dropped_once_is_found_where_it_is_lost(monkeypatch, when):
    """What c_{t+1} = f c_t + ... sends back to c_t is forgotten, at one t."""
    loss = lstm_loss(T=4)
    carried = [step for step in mg.Tape(loss) if step.name == "c"][when]
    users = [s for s in computed(mg.Tape(loss)) if any(a is carried for a in s.args)]
    (product,) = (s for s in users if s.primitive.name == "multiply")
    lost_edge(monkeypatch, loss, product, carried)
    assert accumulation_is_blamed(loss) is carried


def test_a_sum_over_uses_that_forgets_one_is_found(monkeypatch):
    loss, parameters = trained()
    right = TABLE["matvec"].batched_adjoints[0]
    wrong = lambda uses, part=...: right(uses[1:] or uses, part)  # noqa: E731
    monkeypatch.setitem(TABLE["matvec"].batched_adjoints, 0, wrong)
    assert accumulation_is_blamed(loss, parameters) in set(parameters)


def test_a_sum_over_uses_that_drops_every_block_but_one_is_found(monkeypatch):
    """The batched adjoint takes 512 uses at a time: a short loop has one block."""
    right = TABLE["matvec"].batched_adjoints[0]
    wrong = lambda uses, part=...: right(uses[:513], part)  # noqa: E731
    monkeypatch.setitem(TABLE["matvec"].batched_adjoints, 0, wrong)

    def loop(T):
        W, y = mg.Tensor(normal(2, 2), name="W"), mg.Tensor(np.ones(2))
        for _ in range(T):
            y = mg.tanh(mg.matvec(W, y))
        return y.sum(), [W]

    assert prove(*loop(500))
    assert accumulation_is_blamed(*loop(520)).name == "W"


def test_a_walk_that_stops_is_a_failure(monkeypatch):
    loss, _ = trained()
    right = TABLE["matvec"].batched_adjoints[0]

    def of_one_only(uses, part=...):
        (use,) = uses
        return right([use], part)

    monkeypatch.setitem(TABLE["matvec"].batched_adjoints, 0, of_one_only)
    assert "the engine's walk stopped" in words(refuted(loss))


def averaged(g, shape):
    rows = g.reshape((-1, *shape))
    return mg.sum(rows, axis=0) / rows.shape[0]


@pytest.mark.parametrize("use", [mg.add, mg.multiply, mg.divide])
def test_a_wrong_sum_over_broadcast_axes_is_not_blamed_on_the_rule(monkeypatch, use):
    x, b = tensor("x", 4, 2), tensor("b", 2)
    loss = mg.sum(use(x, b) * x)
    monkeypatch.setattr(accumulation, "unbroadcast", averaged)
    failure = refuted(loss)
    assert mg.Tape(loss).steps[failure.step] is b
    told = words(failure)
    assert "the rule for argument 1 is right, and what is made of it is wrong" in told
    assert "the engine gives" in told and "`unbroadcast`" in told
    assert failure.counterexample.found == pytest.approx(
        failure.counterexample.expected / 4
    )


def test_an_engine_that_is_wrong_in_floats_only_is_found(monkeypatch):
    right = accumulation.unbroadcast

    def mean_of_floats(g, shape):
        total = right(g, shape)
        floats = isinstance(g, np.ndarray) and g.dtype.kind == "f"
        return total * (total.size / g.size) if floats else total

    loss = mg.tanh(tensor("A", 2, 3) + tensor("b", 3)).sum()
    monkeypatch.setattr(accumulation, "unbroadcast", mean_of_floats)
    assert refuted(loss).row is None


@pytest.mark.parametrize("recorded", [False, True])
def test_a_walk_that_starts_wrongly_without_a_seed_is_found(monkeypatch, recorded):
    right = engine._seed

    def wrong(output, given, record):
        start = right(output, given, record)
        return start * 2 if given is None and record == recorded else start

    monkeypatch.setattr(engine, "_seed", wrong)
    assert refuted(lstm_loss(), order=2).row is None


def shifted(monkeypatch):
    """Let the sum over many uses take another part than asked for, where one is."""
    row = TABLE["matvec"]
    right = row.batched_adjoints[1]

    def wrong(uses, part=...):
        whole = right(uses)
        if part is not ... and not isinstance(whole, mg.Tensor):
            whole = whole[..., [*range(1, whole.shape[-1]), 0]]
        return whole[part]

    monkeypatch.setattr(row, "batched_adjoints", {**row.batched_adjoints, 1: wrong})


def test_the_walk_to_the_parameters_alone_is_proved_too(monkeypatch):
    """There x needs no cotangent, so the engine asks for a part of [x, y] only."""
    loss, parameters = trained()
    assert prove(loss).alone == len(parameters) == 8
    assert prove(loss, parameters).alone == prove(lstm_loss()).alone == 0
    shifted(monkeypatch)
    assert accumulation_is_blamed(loss) is not None


@pytest.mark.parametrize("record", [False, True])
def test_at_second_order_all_walks_to_the_parameters_alone_are_proved(
    monkeypatch, record
):
    loss, parameters = trained()
    assert prove(loss, order=2).alone == len(parameters)
    product = next(s for s in computed(mg.Tape(loss)) if s.primitive is TABLE["matvec"])
    alone = lambda wanted, r: len(wanted) == 8 and r == record  # noqa: E731
    lost_edge(monkeypatch, loss, product, product.args[0], alone)
    assert accumulation_is_blamed(loss, order=2) is product.args[0]
    assert prove(loss) if record else refuted(loss)


def test_the_second_derivative_by_the_parameters_alone_is_proved_too(monkeypatch):
    loss, _ = trained(T=2)
    right, first = engine._plan, len(mg.Tape(loss))

    def wrong(order, wanted, record):
        plan = right(order, wanted, record)
        if len(wanted) == 8 and len(order) > first:
            k = next(k for k, (_, _, edges) in enumerate(plan) if len(edges) > 1)
            plan[k] = (*plan[k][:2], plan[k][2][1:])
        return plan

    monkeypatch.setattr(engine, "_plan", wrong)
    assert prove(loss)
    assert "<gradient of the output, v>" in words(refuted(loss, order=2))


# ----------------------------------------------------------------- second derivatives


def test_a_rule_of_the_gradients_tape_is_named(monkeypatch):
    """Second derivatives meet rows that the forward tape does not have."""

    def f(a):
        return a[:2] * a[1:3] * a[2:]

    wrong = (lambda g, x, shape, index: 2 * mg.take(g, index),)
    monkeypatch.setattr(TABLE["scatter"], "adjoints", wrong)
    assert prove(f(tensor("a", 4)).sum())
    assert refuted(f(tensor("a", 4)).sum(), order=2).row == "scatter"
    with pytest.raises(AssertionError) as failed:
        assert_proved(f, (4,), order=2)
    told = words(failed.value)
    assert "the rule for argument 0 of 'scatter' is not its derivative" in told
    assert "of the tape of <gradient, v>" in told


FORGETFUL = {
    "tanh": lambda y, a: 1.0 - y * (y.detach() if isinstance(y, mg.Tensor) else y),
    "sin": lambda y, a: np.cos(a.data if isinstance(a, mg.Tensor) else a),
}


@pytest.mark.parametrize("name", FORGETFUL)
def test_a_second_derivative_that_hides_in_a_constant_is_found(monkeypatch, name):
    """A rule may be right and yet forget how it depends on its argument."""
    monkeypatch.setattr(TABLE[name], "partials", (FORGETFUL[name],))
    loss = TABLE[name].apply(tensor("a", 3)).sum()
    assert prove(loss)
    assert "a rule used a number that its recording does not" in words(
        refuted(loss, order=2)
    )
    with pytest.raises(AssertionError, match=r"look for \.data, float"):
        assert_proved(TABLE[name].apply, (3,), order=2)


# ---------------------------------------------------------- numbers that left the tape


LEFT = {
    "x * float(x)": (lambda x: x * float(x), ()),
    "x * math.exp(x)": (lambda x: x * math.exp(x), ()),
    "x * x.data": (lambda x: x * x.data, (3,)),
    "a layer norm's mean": (lambda x: (x - x.data.mean()) / mg.sqrt(mg.var(x)), (5,)),
    "a plain result": (lambda x: (x * x, x.data * 2), (3,)),
    "chance": (lambda x: x * np.random.default_rng().random(3), (3,)),
}


@every("f, shape", LEFT.values(), ids=LEFT)
def test_a_number_that_left_the_tape_is_refused_by_who_has_the_function(f, shape):
    """`prove` has the tape alone; test_retrace.py has the other ways to leave it."""
    with pytest.raises(AssertionError, match=r"why  [\s\S]*fix  "):
        assert_proved(f, shape)


# --------------------------------------------------------------- what cannot be asked


def released(inside):
    h = tensor("a", 2) * 2.0
    loss = mg.sum(h * tensor("b", 2))
    mg.Tape(h if inside else loss).release()
    return loss


def unrecorded():
    with mg.no_grad():
        return mg.sum(tensor("a", 2) * 2.0)


def updated():
    W = mg.Parameter(np.eye(2), name="W")
    loss = mg.matvec(W, tensor("x", 2)).sum()
    W.data = W.data * 2
    return loss


REFUSALS = {
    "a number": (lambda: prove(3.0), TypeError, "only a Tensor"),
    "a vector": (lambda: prove(tensor("a", 2) * 2.0), ValueError, "one number"),
    "a leaf": (lambda: prove(tensor("a")), ValueError, "nothing to prove"),
    "a released tape": (lambda: prove(released(False)), ValueError, "was released"),
    "a part released": (lambda: prove(released(True)), ValueError, "was released"),
    "a name": (lambda: prove(mg.sum(tensor("a", 2)), ["a"]), TypeError, "to a str"),
    "a Module that has no part in it": (
        lambda: prove(mg.sum(tensor("a", 2)), mg.Dense(1, 1)), ValueError,
        "not computed from this wrt"),
    "no record": (lambda: prove(unrecorded()), ValueError, "under no_grad"),
    "a stranger": (lambda: prove(tensor("a") * 2.0, tensor("b")), ValueError,
        "not computed from this wrt"),
    "an old tape": (lambda: prove(updated()), ValueError,
        "was updated after this tape was recorded"),
    "a third order": (lambda: prove(-tensor("a"), order=3), ValueError, "of order 2"),
}  # fmt: skip


@every("ask, kind, said", REFUSALS.values(), ids=REFUSALS)
def test_a_question_without_an_answer_is_explained(ask, kind, said):
    with pytest.raises(kind, match=said) as refused:
        ask()
    assert "\n  why   " in str(refused.value)
    assert "\n  fix   " in str(refused.value)
