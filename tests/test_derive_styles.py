"""One writer of formulas, and a table for each style of writing."""

import xml.etree.ElementTree as ET
from fractions import Fraction

import pytest
from derive_cases import require_readable
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.deriving.formula import (
    ONE,
    At,
    Indicator,
    Letter,
    Number,
    OneHot,
    Softmax,
    Spread,
    TimeSum,
    formula,
)
from minigrad.deriving.formula_styles import LATEX, MATHTEXT, TEXT
from minigrad.deriving.typeset import Writer
from minigrad.exploring.mathml import MATHML

STYLES = {"text": TEXT, "latex": LATEX, "mathtext": MATHTEXT, "mathml": Writer(MATHML)}
NAMES = ["a", "W", "c~", "loss", "σ", "ü", "x'", "β_1"]  # such as letters.py leaves
HOSTILE = ["<b>", "a&b", "'", '"', "]]>", "</math>", "<!--", "&amp;"]

letters = st.builds(
    Letter,
    st.sampled_from(NAMES),
    st.sampled_from(["", "f", "12", *NAMES]),
    mark=st.sampled_from(["", "2"]),
    time=st.sampled_from([None, 3, At(0), At(-1)]),
    bar=st.booleans(),
    of=st.sampled_from([(), (3,), (2, 3)]),  # which go together
)
numbers = st.sampled_from([2, 0.1, 1e-7, 1 / 3, 2**0.5, 3.14159265, 10**20])
formulas = st.recursive(
    letters | numbers.map(formula),
    lambda part: st.one_of(
        st.tuples(part, part).map(lambda pair: pair[0] + pair[1]),
        st.tuples(part, part).map(lambda pair: pair[0] - pair[1]),
        st.tuples(part, part).map(lambda pair: pair[0] * pair[1]),
        part.map(lambda a: a / (1 + Letter("d") ** 2)),
        st.tuples(part, st.sampled_from([2, 0.5, 1.5])).map(lambda p: p[0] ** p[1]),
        part.map(lambda a: Spread(a, (4, *a.shape))),
        part.map(lambda a: TimeSum(a, 1, 4)),
        part.map(lambda a: Indicator(a, Letter("mask", of=a.shape))),
        part.map(lambda a: Softmax(a, -1)),
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("name", STYLES)
def test_every_style_says_how_every_kind_of_part_looks(name):
    kinds = set(TEXT.style) - {"flat"}  # which only text has: quotients on one line
    assert set(STYLES[name].style) - {"flat"} == kinds
    assert ("flat" in STYLES[name].style) == (name == "text")


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(formulas)
def test_what_is_written_can_be_read_in_every_style(whole):
    page = ET.fromstring(STYLES["mathml"].inline(whole))
    assert {each.tag for each in page.iter()} <= {
        "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mover", "msub", "msup",
        "msubsup", "mfrac", "msqrt", "munderover",
    }  # fmt: skip
    require_readable(LATEX.write(whole))
    require_readable(MATHTEXT.write(whole))
    text = TEXT.write(whole)
    assert text.count("(") == text.count(")") and text.count("[") == text.count("]")


@pytest.mark.parametrize(("whole", "text", "latex"), [
    (formula(2) ** Number(Fraction(1, 2)), "√2", r"\sqrt{2}"),
    (Letter("x") ** 1.5, "√x³", r"\sqrt{x}^{3}"),
    (Letter("x") / 4, "x/4", r"\frac{x}{4}"),
    (Letter("x") * 0.1, "0.1 x", r"0.1 \, x"),
    (2 / (3 * Letter("x")), "2/(3 x)", r"\frac{2}{3 \, x}"),
    (OneHot((1,), (3,)), "onehot(2)", r"\mathrm{onehot}(2)"),
    (OneHot((0, 2), (2, 3)), "onehot(1 3)", r"\mathrm{onehot}(1 \, 3)"),
    (Softmax(Letter("z", of=(3,)), -1), "softmax(z)", r"\mathrm{softmax}(z)"),
    (Spread(Letter("s") / 2, (3,)), "s 𝟏/2", r"\frac{s \, \mathbf{1}}{2}"),
    (Spread(ONE, (3,)), "𝟏", r"\mathbf{1}"),
    (Letter("W", "f", of=(2, 2)) ** 2, "W_f²", "W_{f}^{2}"),
])  # fmt: skip
def test_a_part_looks_as_its_style_says(whole, text, latex):
    assert TEXT.write(whole) == text
    assert LATEX.write(whole) == latex


def test_on_paper_a_transpose_stands_above_the_subscript_and_primes_are_large():
    W = LATEX.write(Letter("W", "f"))
    assert LATEX.put("turned", W) == r"W_{f}^{\top}"
    assert MATHTEXT.put("turned", W) == r"W_{f}^{\mathsf{T}}"
    assert MATHTEXT.put("prime") == "′" and LATEX.put("prime") == "'"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_cannot_become_an_element(name):
    plain = ET.fromstring(STYLES["mathml"].inline(Letter("a", "b")))
    hostile = ET.fromstring(STYLES["mathml"].inline(Letter("a", name)))
    assert [each.tag for each in hostile.iter()] == [each.tag for each in plain.iter()]
