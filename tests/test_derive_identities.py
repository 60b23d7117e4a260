"""What derive writes shorter than the tape has it: softmax, one-hot rows, roots."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from derive_cases import layer_norm, lines, tensor
from every import every
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.deriving import checking, formula, moving, softmax, transcribe
from minigrad.deriving.evaluating import evaluate
from minigrad.deriving.formula import Letter, Number, OneHot, Softmax, power
from minigrad.deriving.formula_styles import TEXT
from minigrad.deriving.roots import root_of
from minigrad.deriving.through_time import rebuilt
from minigrad.proving import ProofFailed

ROWS, LABELS = np.arange(4), np.array([0, 2, 1, 1])


def z():
    return tensor("z", 3)


def Z():
    return tensor("Z", 4, 3)


# --------------------------------------------------------------------- cross-entropy

ONE_EXAMPLE = [
    lambda z: mg.cross_entropy(z, 1),
    lambda z: -mg.log_softmax(z)[1],
    lambda z: -mg.log(mg.softmax(z))[1],
    lambda z: -(z - mg.log(mg.exp(z).sum()))[1],
    lambda z: mg.logsumexp(z) - z[1],
    lambda z: -(z - 5.0 - mg.log(mg.exp(z - 5.0).sum()))[1],
]
A_BATCH = [
    lambda Z: mg.cross_entropy(Z, LABELS),
    lambda Z: -mg.log_softmax(Z)[ROWS, LABELS].mean(),
    lambda Z: -mg.log_softmax(Z)[ROWS, LABELS].sum() / 4.0,
    lambda Z: -mg.log(mg.softmax(Z))[ROWS, LABELS].mean(),
]


@every("loss", ONE_EXAMPLE)
def test_cross_entropy_of_one_example_reads_p_minus_onehot(loss):
    derivation = mg.derive(loss(z()))
    assert "p = softmax(z)" in lines(derivation)
    assert lines(derivation)[-1] == "z̄ = p − onehot(2)"
    assert {each.checked for each in derivation} == {"exactly"}
    assert "onehot(2): 1 at the label, 0 elsewhere" in str(derivation)


@every("loss", A_BATCH)
def test_cross_entropy_of_a_batch_is_divided_by_its_size(loss):
    derivation = mg.derive(loss(Z()))
    assert lines(derivation)[-1] == "Z̄ = (p − onehot(1 3 2 2))/4"
    assert {each.checked for each in derivation} == {"exactly"}
    assert "in each row 1 at the label" in str(derivation)


def test_labels_of_a_sequence_in_a_batch_are_one_hot_too():
    scores = tensor("Z", 2, 3, 4)
    assert lines(mg.derive(mg.cross_entropy(scores, [[0, 1, 2], [3, 3, 1]])))[-1] == (
        "Z̄ = (p − onehot(1 2 3 4 4 2))/6"
    )


def test_many_labels_have_a_letter_that_is_said_once_for_all():
    labels = [0, 2, 1, 1, 0, 2, 2, 1]
    derivation = mg.derive(mg.cross_entropy(tensor("Z", 8, 3), labels))
    assert lines(derivation)[-1] == "Z̄ = (p − onehot(k))/8"
    assert "log(p)[each,k]" in str(derivation)
    legend = " ".join(str(derivation).split())
    assert "k: the entries that the program chose: 1, 3, 2, 2, 1, 3, …, 8" in legend
    assert "each: every row in turn" in legend


def test_the_programs_own_letters_are_not_taken():
    scores = tensor("k", 8, 3) * tensor("p", 3)
    scores.name = "z"
    derived = lines(mg.derive(mg.cross_entropy(scores, [0, 2, 1, 1, 0, 2, 2, 1])))
    assert "q = softmax(z)" in derived
    assert "z̄ = (q − onehot(j))/8" in derived


def test_what_is_subtracted_against_overflow_is_seen_nowhere():
    W, x = tensor("W", 3, 2), tensor("x", 4, 2)
    derivation = mg.derive(mg.cross_entropy(mg.matvec(W, x) + tensor("b", 3), LABELS))
    assert "p = softmax(t_4)" in lines(derivation)
    assert "t_4 = W x + b" in lines(derivation)
    assert "K" not in "".join(lines(derivation))


def test_a_softmax_with_a_name_keeps_it_and_has_its_textbook_adjoint():
    p = mg.softmax(Z())
    p.name = "p"
    derived = lines(mg.derive((p * p).sum()))
    assert "p = softmax(Z)" in derived
    assert derived[-1] == "Z̄ = p ⊙ (p̄ − Σ[axis 2] (p̄ ⊙ p))"


def test_a_softmax_within_a_softmax_has_a_letter_of_its_own():
    inner = mg.softmax(z())
    derivation = mg.derive(-mg.log(mg.softmax(inner * 2.0))[1])
    assert "p = softmax(z)" in lines(derivation)
    assert "p⁽²⁾ = softmax(2 p)" in lines(derivation)
    assert {each.checked for each in derivation} == {"exactly"}


def test_a_softmax_along_another_axis_says_so():
    p = mg.softmax(Z(), axis=0)
    p.name = "p"
    assert "p = softmax[axis 1](Z)" in lines(mg.derive((p * p).sum()))


def test_a_loss_at_each_time_has_a_softmax_at_each_time():
    h, W, losses = tensor("h_0", 3), tensor("W", 3, 3), []
    for t in range(1, 5):
        with mg.scope("cell", t):
            h = mg.tanh(W @ h)
            h.name = "h"
            losses.append(mg.cross_entropy(h, 1))
    derivation = mg.derive(sum(losses[1:], losses[0]), level="layer")
    assert "p[t] = softmax(h[t])" in lines(derivation)
    assert "ū_1[4] = (p[4] − onehot(2)) ⊙ (1 − h[4]²)" in lines(derivation)
    assert {each.checked for each in derivation} == {"exactly"}


def test_what_differs_along_the_axis_stays_in_a_softmax():
    Z, row = Letter("Z", of=(4, 3)), Letter("r", of=(3,))
    column = Letter("c", of=(4, 1))
    assert softmax.softmax(Z - row - column - 1, -1) == Softmax(Z - row, -1)
    assert softmax.softmax(Z - row - column, -2) == Softmax(Z - column, -2)


def test_exponentials_over_another_sum_are_no_softmax():
    x, y = tensor("x", 3), tensor("y", 3)
    assert lines(mg.derive(mg.exp(x) / mg.exp(y).sum()))[0] == (
        "t_5 = exp(x)/(Σ exp(y))"
    )
    raised = mg.exp(tensor("S", 3, 3))
    derived = lines(mg.derive((raised / raised.sum(axis=1)).sum()))
    assert not any("softmax" in line for line in derived)


def test_a_softmax_of_something_else_is_not_put_on_the_board(monkeypatch):
    monkeypatch.setattr(
        transcribe, "simplified", lambda whole: turned(softmax.simplified(whole))
    )
    with pytest.raises(ProofFailed):
        mg.derive(mg.cross_entropy(Z(), LABELS))


def test_another_label_is_not_put_on_the_board(monkeypatch):
    right = moving._constant

    def wrong(whole):
        found = right(whole)
        is_onehot = isinstance(found, OneHot)
        return replace(found, places=found.places[::-1]) if is_onehot else found

    monkeypatch.setattr(moving, "_constant", wrong)
    with pytest.raises(ProofFailed):
        mg.derive(-mg.log_softmax(Z())[ROWS, LABELS].mean())


def test_a_shift_that_is_none_is_not_left_out(monkeypatch):
    monkeypatch.setattr(softmax, "_size", lambda part, axis: len(part.shape))
    raised = mg.exp(Z() - np.array([1.0, 2.0, 3.0]))
    with pytest.raises(ProofFailed):
        mg.derive(raised / raised.sum(axis=1, keepdims=True))


def turned(whole):
    """Write softmax(-v) for softmax(v)."""

    def wrong(part):
        is_softmax = isinstance(part, Softmax)
        return replace(part, inside=-part.inside) if is_softmax else None

    return rebuilt(whole, wrong)


# ------------------------------------------------------------------------------ roots


@given(st.integers(1, 1000), st.integers(1, 1000), st.sampled_from([1, -1]))
def test_the_nearest_float_to_a_root_is_read_as_that_root(p, q, sign):
    square = Fraction(p, q)
    value = sign * math.sqrt(p / q)
    rational = math.isqrt(square.numerator) ** 2 == square.numerator and (
        math.isqrt(square.denominator) ** 2 == square.denominator
    )
    assert root_of(value) == (None if rational else square)
    written = evaluate(formula.formula(value), {}, float)
    np.testing.assert_allclose(written, value, rtol=1e-15)


@given(st.floats(1e-3, 1e3))
def test_other_numbers_are_no_roots(value):
    found = root_of(value)
    assert found is None or abs(math.sqrt(found) - value) <= math.ulp(value)


@every("number, said", [
    (1 / 3**0.5, "x/√3"),
    (1 / 3, "x/3"),
    (0.75**0.5, "√3 x/2"),
    (8**0.5, "2 √2 x"),
    (-(2**0.5), "−√2 x"),
    (2 / 3, "(2/3) x"),
    (0.5, "x/2"),
    (0.1, "0.1 x"),
    (math.pi, "3.14159… x"),
])  # fmt: skip
def test_a_number_is_exact_or_says_that_it_is_rounded(number, said):
    y = tensor("x", 2) * number
    y.name = "y"
    derivation = mg.derive(y)
    assert lines(derivation)[0] == f"y = {said}"
    assert ("rounded" in str(derivation)) == ("…" in said)
    assert {each.checked for each in derivation} == {"exactly"}


def test_a_wrong_root_is_not_put_on_the_board(monkeypatch):
    monkeypatch.setattr(
        formula, "root_of", lambda value: Fraction(2) if value == 1.5 else None
    )
    with pytest.raises(ProofFailed):
        mg.derive(tensor("x", 2) * 1.5)


@every("made, said", [
    (lambda x: mg.sqrt(x) * mg.sqrt(x), "x"),
    (lambda x: x / mg.sqrt(x), "√x"),
    (lambda x: mg.sqrt(x) ** 3, "√x³"),
    (lambda x: x**0.5 / x, "1/√x"),
    (lambda x: mg.sqrt(x * x + 1.0), "√(x² + 1)"),
])  # fmt: skip
def test_roots_cancel_and_the_page_says_where_that_holds(made, said):
    y = made(tensor("x", 2))
    y.name = "y"
    derivation = mg.derive(y)
    assert lines(derivation)[0] == f"y = {said}"
    by_roots = any(each.checked == "in floats" for each in derivation)
    assert ("√a √a is a where a is positive" in " ".join(str(derivation).split())) == (
        by_roots
    )


def test_layer_norm_is_checked_exactly_with_its_roots():
    derivation = mg.derive(layer_norm(), level="layer")
    assert "√(Σ[axis 2]" in str(derivation)
    assert {each.checked for each in derivation} == {"exactly"}


def test_a_wrong_line_of_a_tape_with_roots_is_noticed(monkeypatch):
    right = formula.power
    monkeypatch.setattr(
        transcribe, "power", lambda base, k: right(base, Number(Fraction(3, 2)))
    )
    with pytest.raises(ProofFailed):
        mg.derive(mg.sqrt(tensor("x", 2)))


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from([-1, -0.5, 0.5, 1, 1.5, 2])),
        min_size=1,
    )
)
def test_a_product_of_powers_is_worth_what_its_factors_are(factors):
    values = {Letter("a"): np.array(2.0), Letter("b"): np.array(3.0)}
    whole = formula.multiply(
        power(Letter(name), formula.formula(k)) for name, k in factors
    )
    expected = math.prod(float(values[Letter(name)]) ** k for name, k in factors)
    np.testing.assert_allclose(evaluate(whole, values, float), expected, rtol=1e-12)
    assert "√(a) √(a)" not in TEXT.write(whole)


@given(
    st.lists(
        st.tuples(
            st.integers(-3, 3),
            st.sampled_from("ab"),
            st.sampled_from("cd"),
            st.sampled_from([-1, 0, 1]),
        ),
        min_size=1,
    )
)
def test_a_sum_is_worth_what_its_terms_are_whatever_stands_outside(terms):
    values = {
        Letter(name): np.array(k)
        for name, k in zip("abcd", (2.0, 3.0, 5.0, 7.0), strict=True)
    }
    parts = [n * Letter(a) * Letter(b) ** k for n, a, b, k in terms]
    expected = sum(
        n * float(values[Letter(a)]) * float(values[Letter(b)]) ** k
        for n, a, b, k in terms
    )
    found = evaluate(formula.add(parts), values, float)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


# -------------------------------------------------------------------------- one entry


def test_a_picked_entry_is_found_through_what_only_moves_it():
    x = tensor("x", 2, 3)
    y = mg.tanh(x.T.reshape((3, 2)))[2, 1]
    y.name = "y"
    assert lines(mg.derive(y))[0] == "y = tanh(x[2,3])"


def test_entries_where_a_mask_holds_have_a_legend():
    y = tensor("E", 3)[np.array([True, False, True])]
    assert "mask, as an index: the entries where" in str(mg.derive(y.sum()))


def test_a_long_list_of_chosen_rows_is_said_in_the_legend():
    chosen = [4, 0, 1, 1, 0, 2, 3, 3]
    derivation = mg.derive(tensor("E", 5, 2)[chosen].sum())
    assert "Σ E[k]" in str(derivation)
    assert "k: the entries that the program chose: 5, 1, 2, 2, 1, 3, …" in str(
        derivation
    )


def test_checking_says_how_many_lines_hold_by_roots():
    check = mg.derive((mg.sqrt(tensor("x", 2)) ** 2).sum()).check
    assert check.by_roots == 1
    assert isinstance(check, checking.Check)
