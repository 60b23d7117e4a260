"""`mg.derive`: what a teacher writes, read from the tape, and every line evaluated."""

import re
import unicodedata

import numpy as np
import pytest
from derive_cases import (
    MODELS,
    RNG,
    lines,
    lstm_loss,
    one_step,
    peephole,
    require_readable,
    stacked,
    tensor,
)
from every import every
from samples import COMPOSITES, ROWS

import minigrad as mg
from lstm import LSTM
from minigrad.deriving.formula_styles import LATEX, TEXT
from minigrad.primitive import TABLE

# ------------------------------------------------------------------- as on a blackboard


def test_the_gate_level_is_what_stands_on_the_blackboard():
    assert lines(mg.derive(one_step(), level="gate")) == [
        "v = [x, y_0]", "z_f = W_f v + b_f", "f = σ(z_f)", "z_i = W_i v + b_i",
        "i = σ(z_i)", "z_c = W_c v + b_c", "c̃ = tanh(z_c)", "c = f ⊙ c_0 + i ⊙ c̃",
        "z_o = W_o v + b_o", "o = σ(z_o)", "y = o ⊙ tanh(c)", "ȳ = g_y",
        "ō = ȳ ⊙ tanh(c)", "z̄_o = ō ⊙ o ⊙ (1 − o)",
        "c̄ = g_c + ȳ ⊙ o ⊙ (1 − tanh²(c))", "c̃̄ = c̄ ⊙ i", "z̄_c = c̃̄ ⊙ (1 − c̃²)",
        "ī = c̄ ⊙ c̃", "z̄_i = ī ⊙ i ⊙ (1 − i)", "f̄ = c̄ ⊙ c_0",
        "z̄_f = f̄ ⊙ f ⊙ (1 − f)", "v̄ = W_oᵀ z̄_o + W_cᵀ z̄_c + W_iᵀ z̄_i + W_fᵀ z̄_f",
        "x̄ = v̄₁…₃", "ȳ_0 = v̄₄…₅", "W̄_f = z̄_f vᵀ", "b̄_f = z̄_f", "W̄_i = z̄_i vᵀ",
        "b̄_i = z̄_i", "W̄_c = z̄_c vᵀ", "b̄_c = z̄_c", "c̄_0 = c̄ ⊙ f",
        "W̄_o = z̄_o vᵀ", "b̄_o = z̄_o",
    ]  # fmt: skip


def test_the_layer_level_is_backpropagation_through_time():
    derivation = mg.derive(lstm_loss(), level="layer")
    backward = [each for each in derivation if not each.forward]
    assert lines(backward) == [
        "bar(loss) = 1", "Ȳ = (Y − K)/4", "ȳ[4] = Ȳ₄", "ȳ[t] = Ȳ[t] + v̄[t+1]₄…₅",
        "ȳ[0] = v̄[1]₄…₅", "z̄_o[t] = ȳ[t] ⊙ tanh(c[t]) ⊙ o[t] ⊙ (1 − o[t])",
        "c̄[4] = ȳ[4] ⊙ o[4] ⊙ (1 − tanh²(c[4]))",
        "c̄[t] = c̄[t+1] ⊙ f[t+1] + ȳ[t] ⊙ o[t] ⊙ (1 − tanh²(c[t]))",
        "c̄[0] = c̄[1] ⊙ f[1]", "z̄_c[t] = c̄[t] ⊙ i[t] ⊙ (1 − c̃[t]²)",
        "z̄_i[t] = c̄[t] ⊙ c̃[t] ⊙ i[t] ⊙ (1 − i[t])",
        "z̄_f[t] = c̄[t] ⊙ c[t−1] ⊙ f[t] ⊙ (1 − f[t])",
        "v̄[t] = W_oᵀ z̄_o[t] + W_cᵀ z̄_c[t] + W_iᵀ z̄_i[t] + W_fᵀ z̄_f[t]",
        "x̄[t] = v̄[t]₁…₃", "W̄_f = Σ[t=1…4] z̄_f[t] v[t]ᵀ", "b̄_f = Σ[t=1…4] z̄_f[t]",
        "W̄_i = Σ[t=1…4] z̄_i[t] v[t]ᵀ", "b̄_i = Σ[t=1…4] z̄_i[t]",
        "W̄_c = Σ[t=1…4] z̄_c[t] v[t]ᵀ", "b̄_c = Σ[t=1…4] z̄_c[t]",
        "W̄_o = Σ[t=1…4] z̄_o[t] v[t]ᵀ", "b̄_o = Σ[t=1…4] z̄_o[t]",
    ]  # fmt: skip
    times = {
        line: each.times for line, each in zip(lines(backward), backward, strict=True)
    }
    assert times["ȳ[t] = Ȳ[t] + v̄[t+1]₄…₅"] == (1, 2, 3)
    assert times["x̄[t] = v̄[t]₁…₃"] == (1, 2, 3, 4)


@pytest.mark.parametrize(
    ("state", "inputs"), [("", (7, 2)), ("h", (7, 2)), ("", (7, 4, 2))]
)
@pytest.mark.parametrize("every", [False, True])
def test_equal_steps_are_told_once_whether_or_not_their_state_has_a_name(
    state, inputs, every
):
    """Neither where a formula would be too long, nor at the last step, is it cut."""
    W, U = mg.Parameter(np.ones((3, 2)), "W"), mg.Parameter(np.ones((3, 3)), "U")
    h = mg.Tensor(np.zeros((*inputs[1:-1], 3)), name="h_0")
    losses = []
    for t, x in enumerate(np.ones(inputs), 1):
        with mg.scope(t):
            h = mg.tanh(mg.matvec(W, x) + mg.matvec(U, h))
            h.name = state or None
            losses.append((h * h).sum())
    loss = sum(losses) if every else losses[-1]
    loss.name = "L"
    text = str(mg.derive(loss))
    first = 1 if state else 2
    assert len([line for line in text.splitlines() if "= W K" in line]) == first
    assert f"t = {first}, …, 7" in text.partition("Backward")[0]
    assert "W̄      = Σ[t=1…7] ū_3[t] K[t]ᵀ " in text
    assert ("L      = Σ[t=1…7] Σ " in text) == every
    assert text.count("a batch has its examples in rows") == (len(inputs) == 3)


def test_axes_are_said_to_count_from_1_and_only_rows_of_a_batch_to_be_added_up():
    x = mg.Tensor(np.ones((4, 3)), name="x")
    text = str(mg.derive(mg.sum(mg.mean(x @ mg.Tensor(np.ones((3, 2))), axis=0))))
    assert "Axes are counted from 1." in text and "rows" not in text


def test_the_margin_names_the_rules():
    notes = {
        TEXT.write(each.left): [TEXT.note(note) for note in each.notes]
        for each in mg.derive(one_step())
    }
    assert notes["z̄_f"] == ["σ′ = σ (1 − σ)"]
    assert notes["c̄"] == ["product", "tanh′ = 1 − tanh²", "sum over uses"]
    assert notes["v̄"] == ["matrix product", "sum over uses"]
    assert notes["W̄_f"] == ["matrix product"]
    assert notes["x̄"] == ["adjoint of concatenate"]


def test_the_op_level_has_a_line_for_every_entry():
    loss = lstm_loss(T=2)
    derivation = mg.derive(loss, level="op")
    made = [step for step in mg.Tape(loss) if step.primitive]
    forward = [line for each in derivation if each.forward for line in each.lines]
    assert {line.step for line in forward} == set(made)
    backward = [line for each in derivation if not each.forward for line in each.lines]
    assert {line.step for line in backward} == set(mg.Tape(loss))


def test_fewer_things_asked_make_fewer_lines():
    loss = lstm_loss()
    W_f = next(leaf for leaf in mg.Tape(loss).leaves if leaf.name == "W_f")
    asked = lines(mg.derive(loss, W_f))
    assert "W̄_f = Σ[t=1…4] z̄_f[t] v[t]ᵀ" in asked
    assert not any(line.startswith(("x̄", "W̄_i", "b̄")) for line in asked)
    assert len(mg.derive(loss, level="layer")) < len(mg.derive(loss, level="gate"))


def test_a_value_in_the_middle_can_be_asked_for():
    y, c = one_step()
    assert "c̄ = ȳ ⊙ o ⊙ (1 − tanh²(c))" in lines(mg.derive(y, c))


# -------------------------------------------------------------- any model on the tape


@pytest.mark.slow
@pytest.mark.parametrize("level", ["op", "gate", "layer"])
@every("model", MODELS)
def test_every_line_of_any_model_is_checked(model, level):
    derivation = mg.derive(model(), level=level)
    assert {each.checked for each in derivation} == {"exactly"}
    assert derivation.check.floats
    assert str(derivation)
    assert derivation.latex()


@every("sample", ROWS + COMPOSITES, parts=4)
def test_every_row_and_composite_can_be_derived(sample):
    leaves = [mg.Tensor(a, name=f"x_{k}") for k, a in enumerate(sample.args)]
    derivation = mg.derive(sample(*leaves), leaves, level="op")
    assert {each.checked for each in derivation} <= {"exactly", "in floats"}
    for each in derivation:
        require_readable(LATEX.write(each.right))


def test_the_carry_of_a_peephole_has_its_own_term():
    text = "\n".join(lines(mg.derive(peephole(), level="layer")))
    assert "p_f ⊙" in text
    assert re.search(r"c̄\[t\] = .*z̄_f\[t\+1\] ⊙ p_f", text)


def test_stacked_layers_have_marks_that_say_where_they_are():
    derivation = mg.derive(stacked(), level="layer")
    assert "f⁽²⁾[t] = σ(z_f⁽²⁾[t])" in lines(derivation)
    W = {each.left for each in derivation if each.left.name == "W"}
    assert {letter.mark for letter in W} == {"1", "2"}


def test_the_readers_own_rows_are_written_by_their_names():
    bell = mg.elementwise(
        "bell", lambda a: np.exp(-a * a), "exp(-a**2)", (lambda y, a: -2 * a * y,)
    )
    flip = mg.linear("flip", lambda a: a[::-1], (lambda g, a: flip(g),), jointly=True)
    try:
        x = tensor("x", 3)
        y = flip(bell(x) * x)
        y.name = "y"
        derivation = mg.derive(y, level="gate")
        assert lines(derivation) == [
            "y = flip(bell(x) ⊙ x)",
            "ȳ = g_y",
            "x̄ = flip(ȳ) ⊙ bell(x) − 2 flip(ȳ) ⊙ x² ⊙ bell(x)",
        ]
        assert {each.checked for each in derivation} == {"exactly"}
    finally:
        del TABLE["bell"], TABLE["flip"]


def test_a_row_that_needs_floats_is_checked_by_its_meaning():
    import math

    odd = mg.elementwise(
        "odd",
        np.vectorize(lambda a: math.atan2(a, 2.0)),
        "atan(a/2)",
        (lambda y, a: 2 / (4 + a * a),),
    )
    try:
        derivation = mg.derive(odd(tensor("x", 3)).sum())
        assert {each.checked for each in derivation} == {"exactly"}
    finally:
        del TABLE["odd"]


def test_a_large_tape_is_checked_in_floats_and_says_why():
    derivation = mg.derive(lstm_loss(n=30, m=40, T=12, batch=(8,)), level="layer")
    assert {each.checked for each in derivation} == {"in floats"}
    assert "numbers, and functions of exact ones" in str(derivation)


# ------------------------------------------------------- the printed text, read back


def evaluated(text, names):
    """Read a right side as it is printed, and compute it with NumPy."""
    text = unicodedata.normalize("NFD", text)
    text = re.sub(
        r"Σ\[t=(\d+)…(\d+)\] (.*)$", r"sum((\3) for t in range(\1, \2 + 1))", text
    )
    text = re.sub(r"(\w)([\u0303\u0304]+)", _accent, text)
    text = re.sub(r"([\w\]]+)([₀-₉])…([₀-₉])", _range, text)
    text = re.sub(r"(\w+)²\(", r"square_\1(", text)
    text = re.sub(r"(\w[\w\[\]+−]*)²", r"(\1)**2", text)
    text = re.sub(r"(\w+)ᵀ (\w[\w\[\]+−]*)", r"(\1.T @ \2)", text)
    text = re.sub(r"(\w[\w\[\]+−]*) (\w[\w\[\]+−]*)ᵀ", r"outer(\1, \2)", text)
    text = re.sub(r"\b(W_\w) (\w[\w\[\]]*)", r"(\1 @ \2)", text)
    text = re.sub(r"^\[(.*), (.*)\]$", r"join(\1, \2)", text)
    text = text.replace("⊙", "*").replace("−", "-").replace("σ", "sigma")
    functions = {
        "sigma": lambda z: 1 / (1 + np.exp(-z)),
        "tanh": np.tanh,
        "square_tanh": lambda z: np.tanh(z) ** 2,
        "outer": np.outer,
        "join": lambda a, b: np.concatenate([a, b]),
        "sum": lambda terms: np.sum(list(terms), axis=0),
    }
    return eval(text, functions | names)


def _accent(match):
    signs = {"\u0303": "_tilde", "\u0304": "_bar"}
    return match[1] + "".join(signs[sign] for sign in match[2])


def _range(match):
    first, last = (unicodedata.digit(digit) for digit in match.group(2, 3))
    return f"{match[1]}[{first - 1}:{last}]"


def ascii_name(letter):
    text = unicodedata.normalize("NFD", TEXT.write(letter))
    return re.sub(r"(\w)([\u0303\u0304]+)", _accent, text)


def test_the_printed_text_of_four_steps_read_back_gives_the_numbers_of_the_tape():
    """Every line at every time at which it is said to hold."""
    layer = LSTM(3, 2, rng=0)
    _, state = layer(RNG.normal(size=(4, 3)))
    seeds = [RNG.normal(size=2), RNG.normal(size=2)]
    outputs = [state.y, state.c]
    derivation = mg.derive(outputs, level="layer")
    entries = list(mg.Tape(*outputs))
    names = {}
    for output, seed in zip(outputs, seeds, strict=True):
        at_time(names, derivation.board.seed_of(output), seed)
    bars = mg.grad(outputs, entries, seed=seeds)
    for step, bar in zip(entries, bars, strict=True):
        letter = derivation.board.lettered.get(step)
        if letter:
            at_time(names, letter, step.data)
            at_time(names, letter.barred(), bar)
    for each in derivation:
        for t in each.times or (None,):
            found = evaluated(TEXT.write(each.right), {**names, "t": t})
            left = evaluated(TEXT.write(each.left), {**names, "t": t})
            np.testing.assert_allclose(found, left, rtol=1e-12, atol=1e-15)


def at_time(names, letter, value):
    """Put a value where the text looks for it: c[3] is entry 3 of what is called c."""
    name, _, time = ascii_name(letter).partition("[")
    if time:
        names.setdefault(name, {})[int(time[:-1])] = value
    else:
        names[name] = value


def test_the_printed_text_read_back_gives_the_numbers_of_the_tape():
    """Nothing of formula.py is used here: only what a reader of the page can see."""
    y, c = one_step()
    g_y, g_c = RNG.normal(size=2), RNG.normal(size=2)
    derivation = mg.derive([y, c])
    entries = list(mg.Tape(y, c))
    bars = mg.grad([y, c], entries, seed=[g_y, g_c])
    names = {"g_y": g_y, "g_c": g_c}
    for step, bar in zip(entries, bars, strict=True):
        letter = derivation.board.lettered.get(step)
        if letter:
            names[ascii_name(letter)] = step.data
            names[ascii_name(letter.barred())] = bar
    for each in derivation:
        found = evaluated(TEXT.write(each.right), names)
        np.testing.assert_allclose(
            found, names[ascii_name(each.left)], rtol=1e-12, atol=1e-15
        )
