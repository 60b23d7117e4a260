"""A program is shown to equal the tape; a wrong rewrite is refused, each of them."""

import numpy as np
import pytest
from compile_cases import arrays, normal
from test_compile_loops import KINDS, program

import minigrad as mg
from lstm import LSTM, Recurrent
from lstm.others import GRUCell
from minigrad.compiling import (
    algebra,
    columns,
    invariants,
    lanes,
    over_time,
    overwriting,
    program_lines,
    programs,
    simplify,
)
from minigrad.compiling.identities import IDENTITIES
from minigrad.compiling.line import Ref
from minigrad.compiling.program_proof import WrongProgram
from minigrad.proving import ProofFailed

LAYER = LSTM(2, 3, rng=0)
for parameter in LAYER.parameters():
    parameter.data = normal(*parameter.shape)  # a b of zeros would hide its sign
BATCH = (normal(2, 4, 2), normal(2, 4, 3))


def learning(layer):
    def step(x, target):
        y, _ = layer(x)
        loss = mg.squared_error(y, target)
        return loss, mg.grad(loss, layer)

    return step


@pytest.mark.parametrize("name", IDENTITIES)
def test_each_identity_is_proved(name):
    assert IDENTITIES[name].prove()


def test_every_rewrite_has_an_identity():
    rewrites = {each.__name__ for each in programs.LINES}
    assert rewrites | {"shared", "one_sum", "at_once"} <= IDENTITIES.keys()


@pytest.mark.parametrize("layer", [LAYER, Recurrent(GRUCell(2, 3, rng=0))])
def test_a_whole_training_step_equals_its_tape(layer):
    shown = mg.compile(learning(layer)).prove(*BATCH)
    assert shown.chance < -40
    assert "The program equals the tape, gradient included" in str(shown)
    *_, taken, last = str(shown).splitlines()
    assert taken == "Taken as they were: 0 decisions. Not covered: rounding."
    assert last == "That the Python does what the lines say was compared in floats."


def test_decisions_are_taken_as_they_were():
    steps = [(kind, 1, 2) for kind in sorted(KINDS)]
    given = normal(3, 3, 4), np.ones((3, 3, 4), bool), np.array([0, 3, 1])
    shown = mg.compile(program(steps, 1, True)).prove(*given)
    assert shown.decisions > 10 and shown.chance < -20


def test_what_might_agree_by_chance_is_not_shown():
    def power(x):
        for _ in range(30):
            x = x * x
        return x

    with pytest.raises(ProofFailed, match="not shown, and not refuted") as failed:
        mg.compile(power).prove(np.full(2, 0.9))
    assert failed.value.undecided


# --------------------------------------------------------------- planted wrong rewrites


def another_column(before):
    def wrong(lines, with_one):
        before(lines, with_one)
        for line in lines.all:
            index = line.options.get("index")
            if isinstance(index, tuple) and index[1:] == (5,):
                line.options = {"index": (slice(None), 4)}

    return wrong


def half_as_much(before):
    return lambda term, number, line: before(term, number / 2, line)


def another_constant(before):
    def wrong(found):
        before(found)
        for line in found.all:
            if line.op is mg.TABLE["add"] and line.args[1] == 0.5:
                line.args = [line.args[0], 0.25]

    return wrong


def first_for_last(op):
    def plant(before):
        def wrong(found):
            before(found)
            for line in found.all:
                if line.op is op and len(line.args) > 1 and line.times:
                    line.args = [*line.args[:-1], line.args[0]]
                    break

        return wrong

    return plant


def as_a_difference(before):
    def wrong(found):
        before(found)
        sums = [each for each in found.all if each.op is simplify.total]
        next(each for each in sums if len(each.args) == 2).op = mg.TABLE["subtract"]

    return wrong


def lanes_in_another_order(before):
    def wrong(run, lines, lanes):
        before(run, lines, lanes)
        rows = [line.options for line in run]
        for line, other in zip(run, rows[::-1], strict=True):
            line.options = other

    return wrong


def matrices_in_another_order(before):
    def wrong(parts, axis, line):
        return before(parts[::-1] if axis == 1 else parts, axis, line)

    return wrong


def other_rows(before):
    def wrong(found):
        before(found)
        for line in found.all:
            if line.options.get("index") == (slice(0, 3), slice(None)):
                line.options = {"index": (slice(3, 6), slice(None))}

    return wrong


def ends_of_ones(before):
    def wrong(found):
        before(found)
        for line in found.all:
            for ref in line.refs():
                ref.line.ends = {t: np.ones(ref.line.shape) for t in ref.line.ends}

    return wrong


def other_axes(before):
    def wrong(line):
        before(line)
        if line.op is mg.TABLE["transpose"]:
            line.args = [Ref(line.args[0].line, at=line.args[0].at[::-1])]

    return wrong


def a_step_less(before):
    def wrong(each, times, line, all_lines):
        return before(each, times[1:], line, all_lines)

    return wrong


def without_tanh(before):
    def wrong(node):
        found = before(node)
        return node.args[0] if found.op is mg.TABLE["tanh"] else found

    return wrong


def ones_for_zeros(before):
    def wrong(*args):
        terms = before(*args)
        return terms and tuple(1.0 if isinstance(t, float) else t for t in terms)

    return wrong


PLANTED = {
    "lanes are mistaken": (lanes, "_merge", lanes_in_another_order),
    "the first term twice": (
        invariants,
        "invariants_out",
        first_for_last(simplify.total),
    ),
    "the first factor twice": (
        algebra,
        "products_flat",
        first_for_last(invariants.product),
    ),
    "b from another column": (algebra, "_gradients_with_one", another_column),
    "half a matrix": (algebra, "_scaled", half_as_much),
    "another sigmoid": (algebra, "composites_open", another_constant),
    "a difference for a sum": (algebra, "factor_into_matrix", as_a_difference),
    "ones for the first state": (columns, "vectors_as_columns", ends_of_ones),
    "matrices are mistaken": (lanes, "_joined", matrices_in_another_order),
    "gradients are mistaken": (lanes, "outer_products_joined", other_rows),
    "a stack upside down": (over_time, "_one_stack", other_axes),
    "a sum without its first step": (over_time, "_sum_over", a_step_less),
    "tanh left out": (simplify, "_unchanged", without_tanh),
    "something for nothing at the end": (program_lines, "_terms", ones_for_zeros),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_wrong_rewrite_is_refused(name, monkeypatch):
    module, function, plant = PLANTED[name]
    before = getattr(module, function)
    wrong = plant(before)
    wrong.__name__, wrong.__doc__ = before.__name__, before.__doc__
    monkeypatch.setattr(module, function, wrong)
    if before in programs.LINES:
        rewrites = [wrong if each is before else each for each in programs.LINES]
        monkeypatch.setattr(programs, "LINES", rewrites)
    step = mg.compile(learning(LAYER))
    with pytest.raises((WrongProgram, KeyError, ValueError, IndexError)) as refused:
        step.prove(*BATCH)
    assert refused.type is WrongProgram or "at the end" in name
    with pytest.raises(mg.NotCompiled, match="gives other numbers"):
        step(*BATCH)


@pytest.mark.parametrize("check", ["_is_local", "_replaceable"])
def test_what_is_written_over_too_early_gives_other_numbers(check, monkeypatch):
    def wrong(places, line, inside=None):
        if check == "_is_local":
            return not line.ends and line not in places.within
        refs = [(k, a) for k, a in enumerate(line.args) if isinstance(a, Ref)]
        same = [k for k, a in refs if a.shift == 0 and a.line.shape == line.shape]
        return same[0] if same and inside is None else None

    monkeypatch.setattr(overwriting.Overwriting, check, wrong)
    with pytest.raises((mg.NotCompiled, KeyError)) as refused:
        mg.compile(learning(LAYER), *BATCH)
    assert "gives other numbers" in str(refused.value)


def test_what_is_proved_is_what_is_computed():
    f = learning(LAYER)
    for one, other in zip(
        arrays(mg.compile(f)(*BATCH)), arrays(f(*BATCH)), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)


def test_programs_of_empty_arrays_are_proved_or_refused_in_words():
    w = mg.Parameter(normal(4), "w")
    none = np.zeros(4, bool)
    assert mg.compile(lambda m: mg.grad((w[m] ** 2).sum(), w)).prove(none)
    with np.errstate(all="ignore"):
        step = mg.compile(lambda x: mg.mean(mg.Tensor(x)))
        with pytest.raises(ProofFailed, match="divided by zero"):
            step.prove(np.zeros(0))
        with pytest.raises(ProofFailed, match="not finite"):
            mg.compile(lambda x: mg.Tensor(x) + np.inf).prove(np.ones(2))
