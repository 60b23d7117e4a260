"""Equations of `mg.explore` in MathML: in letters, and with numbers in their place."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np
import pytest
from explorer_cases import half, lstm_loss, written

import minigrad as mg
from minigrad.deriving.formula import Applied, Letter, Number, formula, power
from minigrad.deriving.typeset import Writer
from minigrad.drawing.words import number
from minigrad.exploring.mathml import MATHML, ROOM, SIDE, WithNumbers, fits


def numbers_in(piece):
    return [
        float(each.replace("−", "-"))
        for each in re.findall("<mn[^>]*>([^<]*)</mn>", piece)
    ]


def test_a_matrix_product_in_numbers_is_what_it_says(tmp_path):
    W = np.random.default_rng(1).normal(size=(2, 3))
    v = np.array([0.5, -1.5, 2.0])
    page = written(mg.matvec(mg.Tensor(W, name="W"), mg.Tensor(v, name="v")), tmp_path)
    shown = numbers_in(half(page, 2, "forward").partition("with these numbers")[2])
    left, right, result = shown[:6], shown[6:9], shown[9:11]
    np.testing.assert_allclose(np.reshape(left, (2, 3)) @ right, result, rtol=2e-3)
    np.testing.assert_allclose(result, W @ v, rtol=5e-4)


def test_every_number_in_an_equation_is_one_of_its_step(tmp_path):
    loss = lstm_loss()
    tape = mg.Tape(loss)
    page = written(loss, tmp_path)
    bars = dict(zip(tape, mg.grad(loss, tape.steps), strict=True))
    for k, entry in enumerate(tape):
        near = [entry, *(a for a in entry.args if isinstance(a, mg.Tensor))]
        near += [each for each in tape if any(a is entry for a in each.args)]
        near += [a for each in near for a in each.args if isinstance(a, mg.Tensor)]
        known = {0.0, 1.0, 2.0, 3.0, 6.0}  # the target, 1 - y, squares, means
        known |= {n for each in near for n in map(shown, each.data.flat)}
        known |= {n for each in near for n in map(shown, bars[each].flat)}
        for way in ("forward", "backward"):
            for line in re.findall(
                'these numbers</p><div class="equation">(.*?)</div>', half(page, k, way)
            ):
                line = re.sub("<mtext>.*?</mtext>", "", line)
                assert set(numbers_in(line)) <= known, (k, way)


def shown(value):
    return float(number(value))


def test_a_product_of_numbers_in_a_fraction_has_a_dot():
    a, b, f = Letter("a"), Letter("b"), Letter("f")
    writer = WithNumbers({a: np.array(0.5), b: np.array(3.0), f: np.array(2.0)})
    both = "<mn>0.5</mn><mo>·</mo><mn>3</mn>"
    assert f"<mrow>{both}</mrow></mfrac>" in writer.inline(formula(f) / (a * b))


def test_a_root_is_drawn_as_one(tmp_path):
    x = mg.Tensor(4.0, name="x")
    page = written(mg.sqrt(x), tmp_path)
    assert "<msqrt><mi>x</mi></msqrt>" in half(page, 1, "forward")
    number = "<mn data-of='v0' data-at='0'>4</mn>"
    assert f"<msqrt>{number}</msqrt>" in half(page, 1, "forward")
    assert Writer(MATHML).inline(power(Letter("x"), Number(Fraction(3, 2)))) == (
        "<math><msup><mrow><msqrt><mi>x</mi></msqrt></mrow><mrow><mn>3</mn></mrow>"
        "</msup></math>"
    )


def test_a_product_with_a_batch_is_not_written_in_numbers(tmp_path):
    W = mg.Tensor([[1.0, 2.0], [3.0, 4.0]], name="W")
    X = mg.Tensor([[1.0, 0.5], [2.0, -1.0]], name="X")
    batch = written(mg.matvec(W, X), tmp_path)  # X @ W.T, though written W X
    assert "with these numbers" not in half(batch, 2, "forward")
    product = written(mg.matmul(W, X), tmp_path)
    assert "with these numbers" in half(product, 2, "forward")


def test_of_large_arrays_the_first_entry_is_written_in_numbers(tmp_path):
    a = mg.Tensor(np.arange(2.0, 102.0), name="a")
    page = written(a * mg.Tensor(np.arange(5.0, 105.0), name="b"), tmp_path)
    line = half(page, 2, "forward").partition("its entry 1, with these numbers")[2]
    assert numbers_in(line.partition("</div>")[0]) == [2, 5, 10]


def test_a_power_of_a_matrix_is_marked_as_entry_by_entry(tmp_path):
    x = mg.Tensor([[1.0, 2.0], [3.0, 4.0]], name="x")
    line = half(written(x * x, tmp_path), 1, "forward").partition("these numbers")[2]
    assert "<mrow><mo>⊙</mo><mn>2</mn></mrow>" in line


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1e-5, "<msup><mrow><mn>10</mn></mrow><mrow><mn>−5</mn></mrow></msup>"),
        (2.5e-7, "<mn>2.5</mn><mo>·</mo><msup><mrow><mn>10</mn></mrow>"),
        (np.pi, "<mn>3.14159</mn><mo>…</mo>"),
        (1 / 3, "<mfrac><mrow><mn>1</mn></mrow><mrow><mn>3</mn></mrow></mfrac>"),
    ],
)
def test_small_and_long_numbers_are_written_as_numbers(value, said):
    found = formula(value)
    assert said in Writer(MATHML).inline(found)
    assert Writer(MATHML).inline(found * Letter("x")).startswith("<math>")


def test_a_fraction_needs_no_brackets_and_a_blank_is_a_space():
    a, b, c = map(Letter, "abc")
    assert "<mo>(</mo>" not in Writer(MATHML).inline((a + b) / c)
    blank, dot = Writer(MATHML).signs(" ⊙")
    assert "mspace" in blank and "mspace" not in dot


def test_small_arrays_fit_an_equation_and_others_do_not():
    assert fits(2.0) and fits(np.ones(SIDE)) and fits(np.ones((2, 2)))
    assert SIDE + 1 <= ROOM < SIDE * SIDE
    for none in (None, np.ones(SIDE + 1), np.ones((1, 1, 1)), np.ones((SIDE, SIDE))):
        assert not fits(none)
    assert not fits(np.ones((0, 2)))


def test_numbers_in_place_of_letters_keep_their_brackets():
    a, b = Letter("a"), Letter("b")
    shown = WithNumbers({a: np.array(2.0)}).inline((a + b) * b)
    assert shown.count("<mo>(</mo>") == 1
    column = WithNumbers({a: np.array([1.0, 2.0])})
    assert column.inline(a).count("<mo>(</mo>") == 1
    assert column.put("fenced", column.inline(a)[6:-7]).count("<mo>(</mo>") == 1


def test_a_power_of_a_matrix_is_entry_by_entry_and_that_of_a_number_is_plain():
    a = Letter("a")
    assert "⊙" not in WithNumbers({a: np.array(2.0)}).inline(a**2)
    assert "⊙" in WithNumbers({a: np.array([1.0, 2.0])}).inline(a**2)


@pytest.mark.parametrize(("shape", "on_paper"), [((2,), True), ((3, 2), False)])
def test_an_outer_product_is_one_on_paper_but_in_a_batch(shape, on_paper):
    z, v = Letter("z", of=shape), Letter("v", of=shape)
    numbers = 1.0 + np.arange(np.prod(shape)).reshape(shape)
    values = {z: numbers, v: numbers}
    whole = Applied(mg.primitive.TABLE["outer"], (z, v), (), (2, 2))
    assert WithNumbers(values)._as_on_paper(whole) is on_paper


@pytest.mark.parametrize(("terms", "shortened"), [(8, False), (9, True)])
def test_of_a_long_sum_the_first_terms_and_the_last_are_shown(terms, shortened):
    factors = [mg.Tensor(k + 1.5, name=f"k_{k}") for k in range(terms)]
    x = mg.Tensor(2.0, name="x")
    y = x * factors[0]
    for factor in factors[1:]:
        y = y + x * factor
    y.name = "y"
    assert ("⋯" in mg.explore(y).html) == shortened


def test_where_a_branch_was_chosen_the_formula_says_by_what(tmp_path):
    page = written(mg.relu(mg.Tensor(0.5, name="z")), tmp_path)
    chosen = "<mo>[</mo><mi>z</mi><mo>&gt;</mo><mn>0</mn><mo>]</mo>"
    assert chosen in page.replace("<mrow>", "").replace("</mrow>", "")


@pytest.mark.parametrize(
    ("index", "below"), [(np.s_[1:], "2…3"), (np.s_[:, 1], ":,2"), (np.s_[0], "1")]
)
def test_a_range_in_a_subscript_has_dots_and_a_whole_axis_its_colon(index, below):
    x = mg.Tensor(np.ones((3, 3)), name="x")
    assert (
        f"<msub><mrow><mi>x</mi></mrow><mtext>{below}</mtext>"
        in mg.explore(x[index]).html
    )


def test_the_numbers_of_a_vector_stand_between_its_brackets():
    a = Letter("a")
    column = WithNumbers({a: np.array([1.0, 2.0])}).inline(a)
    assert re.search(r"<mo>\(</mo><mtable>.*</mtable><mo>\)</mo>", column)
