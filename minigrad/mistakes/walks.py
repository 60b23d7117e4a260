"""Wrong walks: every rule is right, and what adds up their answers is not.

Backpropagation is "each use sends back its contribution; add them all". These mistakes
lose a use, add too early, or write where somebody still reads. Through time they are
the natural ones: the state is used twice at every step, and the weights at all of them.
"""

from __future__ import annotations

import minigrad as mg
from minigrad import Tensor, accumulation
from minigrad.accumulation import Cotangent, Cotangents
from minigrad.mistakes import small_models
from minigrad.mistakes.mistake import Mistake, walk
from minigrad.mistakes.planting import Change, Plan, all_uses, lost, made_by, planned
from minigrad.types import Shape, Value


def _overwrite(self: Cotangents, arg: Tensor, contribution: Cotangent) -> None:
    self.totals[arg.tick] = contribution


def _add_in_place(self: Cotangents, arg: Tensor, contribution: Cotangent) -> None:
    if arg.tick in self.totals:
        self.totals[arg.tick] += contribution
    else:
        self.totals[arg.tick] = contribution


def _nearest_first(plan: Plan) -> Plan:
    """Order steps by their distance from the output, whoever still uses them."""
    distance = {plan[-1][0].tick: 0}
    for step, _, edges in reversed(plan):
        for _, arg in edges:
            further = distance[step.tick] + 1
            distance[arg.tick] = min(further, distance.get(arg.tick, further))
    return sorted(plan, key=lambda entry: -distance[entry[0].tick])


def _carries_c(step: Tensor, i: int, arg: Tensor) -> bool:
    """Is this the edge from f * c_prev back to c_prev, a result of the step before?"""
    return made_by(step, "multiply") and i == 1 and made_by(arg, "add")


def _carries_the_first_c(step: Tensor, i: int, arg: Tensor) -> bool:
    return _carries_c(step, i, arg) and arg.args[0].args[1].primitive is None


def _carries_y(step: Tensor, i: int, arg: Tensor) -> bool:
    """Is this the edge from [x, y_prev] back to y_prev?"""
    return made_by(step, "concatenate") and i == 1 and made_by(arg, "multiply")


def _is_second_use(step: Tensor, i: int, arg: Tensor) -> bool:
    return any(arg is earlier for earlier in step.args[:i])


def _first_example(g: Value, shape: Shape) -> Value:
    return g.reshape((-1, *shape))[0]


def _mean_over_examples(g: Value, shape: Shape) -> Value:
    rows = g.reshape((-1, *shape))
    return mg.sum(rows, axis=0) / rows.shape[0]


WALKS = [
    Mistake(
        "the carry of c dropped",
        "c_bar forgets what c does for the next step, `f * c`.",
        lost(_carries_c),
        small_models.lstm,
        walk("c[3]"),
    ),
    Mistake(
        "one carry of c dropped",
        "As before, but from the second step to the first only.",
        lost(_carries_the_first_c),
        small_models.lstm,
        walk("c[1]"),
    ),
    Mistake(
        "a carry dropped long ago",
        "The same slip, where 14 more steps follow and only the last one is judged.",
        lost(_carries_the_first_c),
        small_models.last_of_sixteen,
        walk("c[1]"),
    ),
    Mistake(
        "the carry of y dropped",
        "y_bar forgets that the next step reads y too, in [x, y].",
        lost(_carries_y),
        small_models.lstm,
        walk("y[3]"),
    ),
    Mistake(
        "= for +=",
        "The cotangent of a value used twice is what the last use says.",
        [Change(Cotangents, "add", _overwrite)],
        small_models.lstm,
        walk("error"),
    ),
    Mistake(
        "+= into somebody else's array",
        "z_bar is b_bar's first summand: adding the next one in place changes both.",
        [Change(Cotangents, "add", _add_in_place)],
        small_models.lstm,
        walk("outputs"),
    ),
    Mistake(
        "a a counted once",
        "The arguments were kept in a set, which has each of them once.",
        lost(_is_second_use),
        small_models.lstm,
        walk("error"),
    ),
    Mistake(
        "nearest first",
        "Walking back breadth first: a value is passed on before all its uses have "
        "reported.",
        planned(_nearest_first),
        small_models.lstm,
        walk("x[4]"),
    ),
    Mistake(
        "W_bar from the last time step",
        "The same W works at every step, and its gradient was asked of one.",
        all_uses("matvec", 0, lambda uses: uses[:1]),
        small_models.lstm,
        walk("W_o"),
    ),
    Mistake(
        "off by one in time",
        "`for t in range(1, T)`: the first step never reaches W_bar.",
        all_uses("matvec", 0, lambda uses: uses[:-1] or uses),
        small_models.lstm,
        walk("W_o"),
    ),
    Mistake(
        "b_bar of one example",
        "b serves a whole batch, and got the cotangent of its first example.",
        [Change(accumulation, "unbroadcast", _first_example)],
        small_models.batch,
        walk("b"),
    ),
    Mistake(
        "b_bar averaged over the batch",
        "The loss had its mean already; this is a second one.",
        [Change(accumulation, "unbroadcast", _mean_over_examples)],
        small_models.batch,
        walk("b"),
    ),
]
