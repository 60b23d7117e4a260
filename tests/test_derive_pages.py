"""Derivations on paper: LaTeX, PDF, and one expression for every entry."""

import itertools
import shutil
import subprocess

import numpy as np
import pytest
from derive_cases import (
    MODELS,
    classifier,
    layer_norm,
    lstm_loss,
    one_step,
    require_readable,
    stacked,
    tensor,
)
from every import every

import minigrad as mg
from lstm import LSTM, LSTMCell, State
from minigrad.deriving.formula import At, Letter
from minigrad.deriving.formula_styles import LATEX, TEXT
from minigrad.primitive import TABLE
from minigrad.proving import ProofFailed

# ------------------------------------------------------------------------- on paper


@pytest.mark.slow
@every("model", MODELS)
def test_the_latex_can_be_set(model):
    derivation = mg.derive(model())
    for each in derivation:
        for whole in (each.left, each.right):
            require_readable(LATEX.write(whole))
    assert r"\begin{align*}" in derivation.latex()


def test_a_fragment_a_document_and_a_notebook_hold_the_same_lines():
    derivation = mg.derive(lstm_loss())
    line = r"\bar{c}_{t} &= \bar{c}_{t+1} \odot f_{t+1} + \bar{y}_{t} \odot o_{t} \odot"
    for text in (derivation.latex(), derivation.document(), derivation._repr_latex_()):
        assert line in text
    assert derivation.document().startswith(r"\documentclass")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex")
@pytest.mark.parametrize("model", [lstm_loss, stacked, classifier, layer_norm])
def test_the_document_compiles(model, tmp_path):
    mg.derive(model()).save(tmp_path / "board.tex")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "board.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]


def test_names_from_users_do_no_harm():
    x = mg.Tensor([1.0, 2.0], name=r"50 % of_{it} & $\more$ σ 😀")
    derivation = mg.derive((x * x).sum())
    assert derivation.latex()
    for each in derivation:
        require_readable(LATEX.write(each.right))


@pytest.mark.slow
def test_the_pdf_has_text_that_can_be_found_and_fonts_of_its_own(tmp_path):
    from pypdf import PdfReader

    derivation = mg.derive(lstm_loss(), level="layer", seed=1)
    path = derivation.save(tmp_path / "derivation.pdf")
    pages = PdfReader(path).pages
    text = "\n".join(page.extract_text() for page in pages)
    assert "Backward" in text
    assert "tanh" in text
    assert "sum over time" in text
    fonts = [
        font.get_object()
        for page in pages
        for font in page["/Resources"]["/Font"].values()
    ]
    for font in fonts:
        below = font.get("/DescendantFonts", [font])[0].get_object()
        assert "/FontFile2" in below["/FontDescriptor"].get_object()


def test_the_same_derivation_is_the_same_pdf(tmp_path):
    derivation = mg.derive(mg.tanh(tensor("x", 2) * tensor("w", 2)).sum())
    once, again = (derivation.save(tmp_path / f"{k}.pdf") for k in (1, 2))
    assert once.read_bytes() == again.read_bytes()


def test_what_mathtext_cannot_set_is_written_as_plain_text(tmp_path, monkeypatch):
    from minigrad.deriving import pdf_pages

    measured = pdf_pages._measured
    monkeypatch.setattr(
        pdf_pages, "_measured", lambda text: None if "odd" in text else measured(text)
    )
    y = mg.tanh(mg.Tensor(0.5, "odd")) * mg.tanh(mg.Tensor(0.5, "x"))
    y.name = "y"
    items = [item[1] for _, line in pdf_pages._lines(mg.derive(y)) for item in line]
    assert "tanh(odd) tanh(x)" in items and "bar(odd)" in items
    assert r"$\tanh(\mathrm{odd})\,\tanh(x)$" not in items and r"$\bar{y}$" in items


@pytest.mark.parametrize("suffix", ["tex", "txt"])
def test_it_can_be_saved_as_text(suffix, tmp_path):
    derivation = mg.derive(one_step())
    assert derivation.save(tmp_path / f"d.{suffix}").read_text(encoding="utf-8")


def test_the_same_seed_gives_the_same_page():
    loss = lstm_loss()
    assert str(mg.derive(loss, seed=3)) == str(mg.derive(loss, seed=3))
    assert max(map(len, str(mg.derive(loss)).splitlines())) <= 130


def test_equations_of_a_tape_that_is_derived_twice_are_equal():
    loss = lstm_loss()
    once, again = list(mg.derive(loss)), list(mg.derive(loss))
    assert once == again and once[0] != again[1]
    assert [e.lines for e in once] == [e.lines for e in again]


def test_letters_at_other_times_are_written_relative_to_t():
    assert TEXT.write(Letter("c", time=At(-1))) == "c[t−1]"
    assert LATEX.write(Letter("z", "f", "2", At(1), True)) == r"\bar{z}_{f,t+1}^{(2)}"


# ---------------------------------------------------------------------------- scalars


def test_the_scalar_level_is_sympys_derivative():
    import sympy

    w, x = mg.Tensor(0.5, name="w"), mg.Tensor(2.0, name="x")
    y = mg.tanh(w * x) * w
    y.name = "y"
    by_w, by_x = mg.derive(y, [w, x], level="scalar")
    W, X = by_w.by, by_x.by
    real = sympy.Function("tanh")
    given = by_w.derivative.replace(
        lambda e: str(e.func) == "tanh", lambda e: sympy.tanh(*e.args)
    )
    assert sympy.simplify(given - sympy.diff(sympy.tanh(W * X) * W, W)) == 0
    assert real is not None


def test_one_lstm_cell_can_be_written_out_and_two_steps_cannot():
    cell = LSTMCell(1, 1, rng=0)
    parameters = cell.parameters()
    state = cell(np.ones(1), State.zeros(1))
    loss = state.y.sum()
    derivation = mg.derive(loss, parameters, level="scalar")
    assert len(derivation) == 12
    assert "σ(" in str(derivation)
    assert r"\sigma" in derivation.latex()
    again = cell(np.ones(1), state).y.sum()
    with pytest.raises(ValueError, match="operations, and the tape performs"):
        mg.derive(again, parameters, level="scalar")


@pytest.mark.parametrize(("n", "m"), [(1, 1), (2, 1), (1, 2), (2, 2)])
def test_one_step_of_a_small_lstm_is_written_out_entry_by_entry(n, m):
    y, _ = LSTM(n, m, rng=0)(np.ones((1, n)))
    loss = mg.squared_error(y, np.zeros((1, m)))
    entries = list(mg.derive(loss, level="scalar"))
    numbers = sum(leaf.size for leaf in mg.Tape(loss).leaves)
    assert len(entries) == numbers == len({str(entry.by) for entry in entries})


def test_an_lstm_that_is_too_large_to_write_out_is_told_how_large_is_too_large():
    y, _ = LSTM(1, 1, rng=0)(np.ones((2, 1)))
    with pytest.raises(ValueError, match=r"above\s+15,000 it is not written out"):
        mg.derive((y * y).sum(), level="scalar")


def test_the_formula_explodes_and_the_tape_does_not():
    from minigrad.deriving.expression_size import growth

    def grown(T):
        layer = LSTM(1, 1, rng=0)
        _, state = layer(np.ones((T, 1)))
        return growth(state.y.sum(), layer.parameters())

    sizes = [grown(T) for T in range(1, 6)]
    for before, after in itertools.pairwise(sizes):
        assert after.written_out > 20 * before.written_out
    steps = {b.shared - a.shared for a, b in itertools.pairwise(sizes)}
    assert len(steps) == 1


@every("program", [
    lambda a, b: mg.exp(a * b) / (1 + mg.softplus(a)),
    lambda a, b: mg.sin(a) * mg.cos(b) - mg.log(a) * b**3,
    lambda a, b: mg.sqrt(a) * a**2.5, lambda a, b: a**b + 2.0**a,
    lambda a, b: mg.stack([a, b, a * b])[1:].sum(),
])  # fmt: skip
def test_scalars_of_other_functions_agree_with_sympy(program):
    a, b = mg.Tensor(0.75, name="a"), mg.Tensor(1.25, name="b")
    assert len(mg.derive(program(a, b), [a], level="scalar")) == 1


def test_entries_and_names_are_different_symbols():
    x, x_1 = tensor("x", 2), tensor("x_1")
    derivation = mg.derive(x.sum() * x_1, level="scalar")
    assert [str(each.by) for each in derivation] == ["x_1", "x_2", "x_1'"]


@pytest.mark.parametrize("suffix", ["tex", "txt"])
def test_scalars_can_be_saved_too(suffix, tmp_path):
    derivation = mg.derive(mg.tanh(tensor("x")), level="scalar")
    text = derivation.save(tmp_path / f"d.{suffix}").read_text(encoding="utf-8")
    assert "tanh" in text
    with pytest.raises(ValueError, match="no format it can be written in"):
        derivation.save(tmp_path / "d.pdf")


def test_a_wrong_rule_does_not_survive_the_scalar_level(monkeypatch):
    monkeypatch.setattr(TABLE["sigmoid"], "partials", (lambda y, a: y * (1.0 + y),))
    x = mg.Tensor(0.5, name="x")
    with pytest.raises(ProofFailed, match="the derivative is exp"):
        mg.derive(mg.sigmoid(x), level="scalar")
