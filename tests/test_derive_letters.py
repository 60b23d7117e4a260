"""Each letter of a derivation is one thing, and a line that is not true is refused."""

import itertools
import unicodedata
from dataclasses import replace

import numpy as np
import pytest
from derive_cases import (
    MODELS,
    lines,
    lstm_loss,
    one_step,
    tensor,
)
from every import every
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from lstm import LSTM
from minigrad.accumulation import Cotangents
from minigrad.deriving import equations, formula, through_time
from minigrad.deriving.evaluating import evaluate
from minigrad.deriving.formula import Letter
from minigrad.deriving.formula_styles import LATEX, TEXT
from minigrad.primitive import TABLE
from minigrad.proving import LemmaFailed, ProofFailed

# ----------------------------------------------------------- each letter is one thing


@pytest.mark.parametrize("writer", [TEXT, LATEX], ids=["text", "latex"])
@pytest.mark.parametrize("level", ["op", "gate", "layer"])
def test_two_things_are_never_written_alike(level, writer):
    """Whatever the program calls its values, even as the page calls its own."""
    names = ["t", "x_1", "x[1]", "K", "g_y", "g", "t_3", "u_1", "a b", "a-b", "a$", "ȳ",
             "y", "y", "x", "", "$", "?", "β", "h_0", "h_10", "1", "~"]  # fmt: skip
    y = tensor("h_-1", 2)
    for t, name in enumerate(names):
        with mg.scope("part", t + 1):
            y = mg.tanh(y * tensor(name, 2) + np.array([1.0, 2.0]))
            y.name = "h"
    leaf = [tensor(name, 2) for name in names]
    y = y * sum(leaf[1:], leaf[0])
    y.name = "y"
    derivation = mg.derive(y, level=level)
    assert {each.checked for each in derivation} == {"exactly"}
    seen = {each.left for each in derivation}
    for each in derivation:
        seen.update(formula.letters_in(each.right))
    assert len({writer.write(letter) for letter in seen}) == len(seen)


def test_a_sequence_and_its_entries_are_told_apart():
    x = tensor("x", 4, 2)
    derivation = mg.derive(LSTM(2, 2, rng=0)(x)[0].sum(), level="layer")
    assert "x⁽²⁾[t] = x⁽¹⁾[t]" in lines(derivation)


def test_states_before_the_first_step_are_letters_in_time():
    h = [tensor("h_-1", 2), tensor("h_0", 2)]
    for t in range(1, 5):
        with mg.scope("cell", t):
            h.append(mg.tanh(h[-1] * h[-2]))
            h[-1].name = "h"
    assert "u_1[t] = h[t−1] ⊙ h[t−2]" in lines(mg.derive(h[-1], level="layer"))


def test_an_output_that_is_a_leaf_or_stands_there_twice():
    x = tensor("x", 2)
    assert lines(mg.derive(x)) == ["x̄ = g_x"]
    y = x * x
    y.name = "y"
    assert lines(mg.derive([y, y, x]))[1:] == ["ȳ = g_y", "x̄ = g_x + 2 ȳ ⊙ x"]


def test_what_has_no_name_is_given_one_before_it_grows():
    x = tensor("x", 2)
    for _ in range(30):
        x = mg.tanh(x * x + x)
    assert len(mg.derive(x.sum())) < 200


@every("model", MODELS)
def test_a_page_of_text_fits_a_terminal(model):
    for line in str(mg.derive(model(), level="layer")).splitlines():
        assert sum(not unicodedata.combining(sign) for sign in line) <= 100


# -------------------------------------------------------------- a line that is not true


def test_a_wrong_rule_is_not_put_on_the_board(monkeypatch):
    row = TABLE["tanh"]
    monkeypatch.setattr(row, "partials", (lambda y, a: 1.0 - y,))
    with pytest.raises(LemmaFailed):
        mg.derive(lstm_loss())


def test_cotangents_that_do_not_add_up_are_noticed(monkeypatch):
    def replaced(self, arg, contribution):
        self.totals[arg.tick] = contribution

    loss = lstm_loss(T=2)
    monkeypatch.setattr(Cotangents, "add", replaced)
    with pytest.raises(ProofFailed, match="the accumulation is wrong"):
        mg.derive(loss)


@pytest.mark.parametrize(
    "name", ["multiply", "add"], ids=["a lost number", "a lost term"]
)
def test_a_formula_that_was_tidied_wrongly_is_noticed(name, monkeypatch):
    right = getattr(formula, name)

    def wrong(parts):
        parts = tuple(parts)
        return right(parts[:-1] if len(parts) > 1 else parts)

    loss = lstm_loss(T=2)
    monkeypatch.setattr(formula, name, wrong)
    with pytest.raises(ProofFailed):
        mg.derive(loss)


def test_a_sum_over_time_that_is_off_by_one_is_noticed(monkeypatch):
    right = equations.summed_over_time

    def later(whole):
        found = right(whole)
        shifted = isinstance(found, formula.TimeSum)
        return replace(found, first=found.first + 1) if shifted else found

    loss = lstm_loss()
    monkeypatch.setattr(equations, "summed_over_time", later)
    with pytest.raises(ProofFailed, match=r"Σ\[t=2"):
        mg.derive(loss)


# ---------------------------------------------------------------------- through time


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(-3, 3)), min_size=1),
    st.lists(st.booleans(), min_size=1, max_size=6),
)
def test_joined_equations_are_the_same_equations(parts, moving):
    """At every t the general formula gives back the formula of that t."""
    instances = [
        (t, [Letter(name, time=k + t * moves) for name, k in parts])
        for t, moves in enumerate(moving)
    ]
    joined = through_time.runs(instances)
    assert list(itertools.chain(*(times for _, times in joined))) == list(
        range(len(moving))
    )
    for general, times in joined:
        for t in times:
            assert through_time.instance(general, t) == dict(instances)[t]


def test_what_repeats_is_one_equation_whatever_the_length():
    counts = {len(mg.derive(lstm_loss(T=T), level="layer")) for T in (3, 5, 9)}
    assert len(counts) == 1


# --------------------------------------------------------------------------- questions


@pytest.mark.parametrize(("ask", "words"), [
    (lambda y, c: mg.derive(y, level="neuron"), "there is no level of that name"),
    (lambda y, c: mg.derive(y, mg.Tensor([1.0])), "not computed from this wrt"),
    (lambda y, c: mg.derive([y, c], level="scalar"), "written out for one number"),
    (lambda y, c: mg.derive(y).save("board.docx"), "no format it can be written in"),
])  # fmt: skip
def test_what_cannot_be_asked_is_explained(ask, words):
    with pytest.raises(ValueError, match=words) as error:
        ask(*one_step())
    assert "fix" in str(error.value)


# ----------------------------------------------------------- what a reviewer found


def test_what_divides_stands_in_brackets_with_all_its_factors():
    p = Letter("p", of=(2,))
    quotient = 1 / (formula.formula(5) * p * (1 - p))
    assert TEXT.write(quotient) == "1/(5 p ⊙ (1 − p))"
    x = Letter("x", of=(2,))
    assert TEXT.write(1 / (2 * x ** formula.formula(0.5))) == "1/(2 √x)"


def test_small_numbers_are_powers_of_ten_and_no_differences():
    tiny = formula.formula(1e-5) * Letter("x", of=(2,))
    assert TEXT.write(tiny) == "10⁻⁵ x"
    assert LATEX.write(formula.formula(2.5e-7)) == r"2.5 \cdot 10^{-7}"


def test_powers_whose_exponents_move_are_left_as_the_rule_wrote_them():
    x = tensor("x", 3)
    assert {each.checked for each in mg.derive((x**x).sum())} == {"exactly"}


def test_a_gradient_with_a_zero_entry_can_be_written_out():
    x = tensor("x", 3)
    entries = mg.derive(x[0] * x[1], x, level="scalar")
    assert [str(entry.derivative) for entry in entries][2] == "0"


def test_a_wrong_adjoint_is_not_put_on_the_board(monkeypatch):
    row = TABLE["matvec"]
    wrong = (row.adjoints[0], lambda g, W, v: mg.matvec(W, g))
    monkeypatch.setattr(row, "adjoints", wrong)
    with pytest.raises(ProofFailed) as failed:
        mg.derive(mg.matvec(tensor("W", 3, 3), tensor("x", 3)).sum())
    assert failed.value.row == "matvec"


def test_a_matrix_times_a_vector_reads_alike_however_it_was_computed():
    W, x = tensor("W", 3, 2), tensor("x", 2)
    y = W @ x
    y.name = "y"
    assert lines(mg.derive(y)) == ["y = W x", "ȳ = g_y", "W̄ = ȳ xᵀ", "x̄ = Wᵀ ȳ"]


@pytest.mark.parametrize(("made", "said"), [
    (lambda x: x * 0.1 * 0.1, "0.01 x"),
    (lambda x: 0.044715 * (3.0 * x), "0.134145 x"),
    (lambda x: x * 20.0 * 1e8 + 0.1, "2000000000 x + 0.1"),
    (lambda x: x / 7.0 + 1e7 / x, "x/7 + 10000000/x"),
])  # fmt: skip
def test_numbers_in_code_are_read_as_they_are_written(made, said):
    y = made(tensor("x", 2))
    y.name = "y"
    equation = next(iter(mg.derive(y)))
    assert equation.checked == "exactly"
    assert str(equation) == f"y = {said}"


def test_whole_numbers_may_divide():
    x = tensor("x", 3)
    assert {each.checked for each in mg.derive(x / np.array([2, 1, 4]))} == {"exactly"}


def test_what_was_chosen_once_and_not_chosen_twice_is_written_out():
    a = tensor("a")
    b = mg.exp(a)
    loss = sum(mg.stack([b, a + k]).max() for k in (0.0, 9.0, 10.0))
    (entry,) = mg.derive(loss, a, level="scalar")
    assert str(entry.derivative) == "exp(a) + 2"
    x = mg.exp(tensor("x", 2))
    loss = sum(mg.stack([x[0], x[1] + k]).max() for k in (9.0, 9.5, -9.0))
    assert len(mg.derive(loss, level="scalar")) == 2


def test_a_constant_matrix_may_stand_on_either_side():
    X, K = tensor("X", 2, 2), np.array([[1.0, 2.0], [3.0, 5.0]])
    assert {each.checked for each in mg.derive((K @ X @ K).sum())} == {"exactly"}


@every("seed", range(5))
def test_what_cancels_exactly_is_not_called_wrong_for_its_rounding(seed):
    v = mg.Tensor(np.random.default_rng(seed).normal(size=3), name="v")
    S = np.array([[2.0, 1.0, 0.3], [1.0, 3.0, 0.1], [0.3, 0.1, 1.0]])
    u = v / (v * v).sum() ** 0.5  # its length is 1, whatever v is
    w = u / (u * u).sum() ** 0.5
    derivation = mg.derive(w @ (S @ w))
    assert {each.checked for each in derivation if each.forward} == {"exactly"}
    assert all(each.checked for each in derivation)


def test_a_transposed_product_is_written_as_the_product_of_the_transposes() -> None:
    rng = np.random.default_rng(5)
    Q, K, V = (mg.Parameter(rng.normal(size=(3, 2)), name=name) for name in "QKV")
    S = Q @ K.T / 2**0.5
    A = mg.softmax(S)
    S.name, A.name = "S", "A"
    derivation = mg.derive((A @ V).sum())
    derived = lines(derivation)
    assert "S = Q Kᵀ/√2" in derived
    assert "A = softmax(S)" in derived
    assert "Ā = 𝟏 Vᵀ" in derived
    assert "S̄ = A ⊙ (Ā − Σ[axis 2] (Ā ⊙ A))" in derived
    assert "K̄ = S̄ᵀ Q/√2" in derived
    assert "rounded" not in str(derivation)


def test_what_is_subtracted_stands_second_and_one_sign_stands_in_front() -> None:
    z, K = mg.Parameter([0.5, 2.0], name="z"), mg.Parameter([1.0, 0.0], name="K")
    derived = str(mg.derive((-K + mg.sigmoid(z)).sum()))
    assert "Σ (σ(z) − K)" in derived
    assert "K̄   = −𝟏" in derived
    assert "entry by entry" in derived  # for z̄ has ⊙
    assert "Axes are" not in derived


def test_a_remark_about_signs_stands_only_where_they_are_printed() -> None:
    x = mg.Parameter([0.5, 2.0], name="x")
    derived = str(mg.derive((x * 1e6).sum()))
    assert "entry by entry" not in derived
    assert "rounded" not in derived


def test_an_unknown_mask_is_written_as_a_mask_and_has_a_remark() -> None:
    x = mg.Parameter([0.5, 2.0], name="x")
    derived = str(mg.derive(mg.where([True, False], x, x * x).sum()))
    assert "mask)" in derived
    assert "mask: recorded truth values" in derived


def test_the_slope_of_relu_is_written_as_where_its_argument_is_positive() -> None:
    rng = np.random.default_rng(7)
    W, b = mg.Parameter(rng.normal(size=(3, 4)), "W"), mg.Parameter([0.1] * 3, "b")
    x = mg.Tensor(rng.normal(size=(5, 4)), name="x")
    derived = str(mg.derive(mg.relu(mg.matvec(W, x) + b).sum()))
    assert "Σ ([t_4 > 0] ⊙ t_4)" in derived
    assert "t̄_4 = [t_4 > 0]" in derived
    assert "[z > 0]: 1 where z is positive" in derived
    assert "mask" not in derived


@pytest.mark.parametrize("level", ["op", "gate", "layer"])
def test_relu_in_a_loop_over_time_is_checked_at_each_time(level: str) -> None:
    rng = np.random.default_rng(8)
    U, h = mg.Parameter(rng.normal(size=(3, 3)), "U"), mg.Parameter([1.0] * 3, "h")
    y = h
    for _ in range(4):
        y = mg.relu(U @ y + 0.5)
    derived = mg.derive((y * y).sum(), level=level)
    assert all(each.checked == "exactly" for each in derived.equations)
    assert "> 0]" in str(derived)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=6))
def test_the_sign_that_is_printed_is_compared_and_not_its_mask(z: list[float]) -> None:
    letter, mask = Letter("z", of=(len(z),)), Letter("mask", of=(len(z),))
    array = np.array(z)
    right = (array > 0).astype(float)
    values = {letter: array, mask: right}
    shown = formula.Indicator(letter, mask)
    assert np.array_equal(evaluate(shown, values, float), right)
    turned = evaluate(formula.Indicator(-letter, mask), values, float)
    assert np.array_equal(turned, (array < 0).astype(float))


@pytest.mark.parametrize("mask", [[True, False, True], [True, True, True]])
def test_a_mask_that_agrees_by_chance_is_not_written_as_a_sign(mask) -> None:
    """Of a dropout or of padding: at other numbers it would not be that of z > 0."""
    z = mg.Parameter(np.where(mask, 2.0, -3.0), name="z")
    derived = str(mg.derive((mg.where(mask, z, 0.0) * z).sum()))
    assert "> 0]" not in derived
    assert "mask)" in derived


def test_a_negated_relu_has_no_mask_of_its_argument() -> None:
    x = mg.Parameter([-1.0, 2.0], name="x")
    derived = str(mg.derive(mg.where(x.data < 0, x, 0.0).sum()))
    assert "> 0]" not in derived
    assert "mask)" in derived
