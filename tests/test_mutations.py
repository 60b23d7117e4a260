"""Break every rule in every way, and see that the checks notice each one.

A suite that a wrong rule can pass proves nothing (bug 52). For every row, every
argument and every way to be wrong, the rule is replaced and the row's samples are
checked again: the check must fail.
"""

import numpy as np
import pytest
from every import every
from samples import ROWS

import minigrad as mg
from minigrad.mistakes.planting import rule_of
from minigrad.primitive import TABLE, Elementwise


def transposed(value):
    """Swap the last two axes, as a rule would that confuses rows and columns."""
    axes = range(np.ndim(getattr(value, "data", value)))
    if len(axes) < 2:
        return value
    return mg.transpose(value, (*axes[:-2], axes[-1], axes[-2]))


WRONG = {
    "scaled": lambda value: value * 2.0,
    "a millionth too large": lambda value: value * (1 + 1e-6),
    "negated": lambda value: -value,
    "transposed": transposed,
    "dropped": lambda value: value * 0.0,
    "None": lambda value: None,
    "of the wrong shape": lambda value: mg.stack([mg.stack([value, value])] * 2),
}


def rules(row):
    """Return the row's rules, one for each of a sample's arguments."""
    return [rule_of(row, i) for i in range(len(samples_of(row)[0].args))]


def samples_of(row):
    return [sample for sample in ROWS if sample.name == row.name]


def is_constant(row, i):
    """Say whether a partial is the constant 1 or -1, which has no rows and columns."""
    return isinstance(row, Elementwise) and isinstance(
        row.partials[i](1.5, *[2.5] * len(row.partials)), int
    )


def mutants():
    for row in TABLE.values():
        for i in range(len(rules(row))):
            for how in WRONG:
                if not (how == "transposed" and is_constant(row, i)):
                    yield row.name, i, how
            if len(rules(row)) > 1 and row.name != "add":  # its two rules are the same
                yield row.name, i, "swapped"
        for i in row.batched_adjoints:
            for how in WRONG:
                yield row.name, i, f"{how}, batched"


def broken(row, i, how):
    """Return the row's rules with rule i broken."""
    right = rules(row)
    wrong = list(right)
    if how == "swapped":
        wrong[i] = right[(i + 1) % len(right)]
    else:
        wrong[i] = lambda *args, **options: WRONG[how](right[i](*args, **options))
    if row.variadic:
        return (lambda i, *args, **options: wrong[i](*args, **options),)
    return tuple(wrong)


def check(row):
    for sample in samples_of(row):
        mg.check_gradients(sample, *sample.args, order=1, directions=1)


@every("name, i, how", mutants(), parts=6)
def test_the_checks_notice_a_rule_that_is_wrong(name, i, how):  # bugs 52, 53
    row = TABLE[name]
    with pytest.MonkeyPatch.context() as planted:
        plant(row, i, how, planted)
        with pytest.raises((AssertionError, TypeError, ValueError)):
            check(row)


def plant(row, i, how, planted):
    """Break rule i of a row, as long as `planted` lasts."""
    if how.endswith(", batched"):
        right, wrong = row.batched_adjoints[i], WRONG[how.removesuffix(", batched")]
        planted.setitem(row.batched_adjoints, i, lambda *args: wrong(right(*args)))
    else:
        rules_as = "partials" if isinstance(row, Elementwise) else "adjoints"
        planted.setattr(row, rules_as, broken(row, i, how))


def test_every_row_is_mutated():
    assert {name for name, _, _ in mutants()} == set(TABLE)


@every("name", TABLE)
def test_the_checks_pass_a_right_row(name):
    check(TABLE[name])


PLACED = [row.name for row in TABLE.values() if row.slice_of_argument]


@pytest.mark.parametrize("name", PLACED)
def test_the_checks_notice_an_argument_looked_for_in_the_wrong_place(name, monkeypatch):
    row = TABLE[name]
    right = row.slice_of_argument
    monkeypatch.setattr(row, "slice_of_argument", lambda i, *rest: right(i + 1, *rest))

    def joined_to_a_constant(W, x):
        return mg.matvec(W, row.apply(x, np.array([3.0, 4.0])))

    with pytest.raises((AssertionError, TypeError, ValueError)):
        mg.check_gradients(joined_to_a_constant, np.eye(4) + 0.5, [1.0, 2.0])
