"""Whatever the console, every command comes to its end, and what it prints reads well.

Examples and the demo run elsewhere, in test_examples.py and test_demo.py: with output
in ASCII and in cp1252.
"""

import io
import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from every import every
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from lstm.experiments.demo import _row
from minigrad.console import READABLE, accept_any_text, html_table, shown, table
from minigrad.proving import recheck

ROOT = Path(__file__).parents[1]
CHARACTER_SETS = ("ascii", "cp1252", "latin-1", "cp437", "utf-8")


def spelled(text, character_set="ascii"):
    return text.encode(character_set, READABLE).decode(character_set)


# ------------------------------------------------------------------------- one letter


@every(
    "text, ascii",
    {
        "z̄_f = f̄ ⊙ f ⊙ (1 − f)": "z_bar_f = f_bar * f * (1 - f)",
        "c̃̄ = c̄ ⊙ i": "c~_bar = c_bar * i",
        "ȳ[t] = Ȳ[t] + v̄[t+1]₄…₅   t = 1, …, 4": (
            "y_bar[t] = Y_bar[t] + v_bar[t+1]_4...5   t = 1, ..., 4"
        ),
        "W̄_f = Σ[t=1…5] z̄_f[t] v[t]ᵀ": "W_bar_f = sum[t=1...5] z_bar_f[t] v[t]^T",
        "∂y/∂w = x*(1 - σ(w*x))": "dy/dw = x*(1 - sigma(w*x))",
        "tanh²(c) ≤ 10⁻¹², x¹⁰": "tanh^2(c) <= 10^-12, x^10",
        "f⁽²⁾ ∈ ℝ²ˣ⁵, aᵇ": "f^(2) in R^2x5, a^b",
        "0.5 ± 0.1 × 2 → θ, Λ": "0.5 +- 0.1 x 2 -> theta, Lambda",
        "ẋ, ẍ, x̂, ñ": "x_dot, x_ddot, x_hat, n~",
        "Tōkyō, café, mañana, Łódź": "Tokyo, cafe, manana, Lodz",
        "┌─┐ │ █ ½ ß œ ﬁ": "+-+ | # 1/2 ss oe fi",
        "Да 中 😀": "Dea \\u4e2d [grinning face]",
        "a\u200bb \udc80": "ab \\udc80",
    }.items(),
)
def test_what_ascii_lacks_is_spelled_out(text, ascii):
    assert spelled(text) == ascii
    for form in ("NFC", "NFD"):  # ȳ is one letter, or a y and a macron
        assert spelled(unicodedata.normalize(form, text)) == ascii


def test_what_a_character_set_has_stays():
    assert spelled("mañana ± 2² × ȳ", "cp1252") == "mañana ± 2² × y_bar"
    assert spelled("σ ≤ ∞ ⊙", "cp437") == "σ ≤ ∞ *"
    assert spelled("W̄_fᵀ ⊙ ȳ", "utf-8") == "W̄_fᵀ ⊙ ȳ"


@given(st.text(st.characters()), st.sampled_from(CHARACTER_SETS))
def test_any_text_is_written_in_any_character_set(text, character_set):
    written = spelled(text, character_set)
    asked = sum("?" in unicodedata.normalize("NFKD", letter) for letter in text)
    assert (written.count("?") > 0) == (asked > 0)
    assert spelled(written, character_set) == written


@given(st.text("ȳz̄_₁…²ᵀ⁻ ab\u0304\u0303"))
def test_no_order_of_marks_and_levels_confuses(text):
    assert spelled(text).isascii()


def test_every_letter_of_mathematics_is_spelled_out():
    for code in (*range(0x80, 0x3000), *range(0x1D400, 0x1D800)):
        if unicodedata.category(chr(code)) in ("Ll", "Lu", "Sm", "No"):
            assert spelled(chr(code)).isprintable()
            assert "\\" not in spelled(chr(code))


# ------------------------------------------------------------------------- the streams


def in_character_set(name):
    return io.TextIOWrapper(io.BytesIO(), encoding=name)


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_what_is_shown_is_written_where_it_could_not_be(name, monkeypatch):
    stream = in_character_set("cp1252")
    monkeypatch.setattr(sys, name, stream)
    assert shown("± café") == "± café"
    assert stream.errors == "strict"  # nothing has happened: cp1252 has it all
    assert shown("σ ± café") == "σ ± café"
    print("σ ± café", file=stream, flush=True)
    assert stream.buffer.getvalue() == "sigma ± café\n".encode("cp1252")


@pytest.mark.parametrize(
    "stream", [None, io.StringIO(), io.TextIOWrapper(io.BytesIO())]
)
def test_streams_that_need_nothing_are_left_alone(stream, monkeypatch):
    monkeypatch.setattr(sys, "stdout", stream)
    if isinstance(stream, io.TextIOWrapper):
        stream.close()
    assert shown("σ") == "σ"


def test_somebody_else_checks_a_proof_whatever_the_console(tmp_path, monkeypatch):
    y = mg.tanh(mg.Parameter(0.5, "ω̄"))
    y.name = "σ"
    proof = mg.prove(y).save(tmp_path / "proof.json")
    monkeypatch.setattr(sys, "stdout", in_character_set("ascii"))
    assert recheck.main([str(proof)]) == 0
    sys.stdout.flush()
    said = sys.stdout.buffer.getvalue().decode("ascii")
    assert "the gradient of \\N{GREEK SMALL LETTER SIGMA}" in said


def test_importing_does_not_touch_the_streams():
    program = "import sys, minigrad, lstm; print(sys.stdout.errors, sys.stderr.errors)"
    assert run(["-c", program], "ascii").stdout.split() == [
        "strict",
        "backslashreplace",
    ]


# -------------------------------------------------------------------------- commands


def run(arguments, character_set, folder=None):
    """Run Python with its output redirected, in a character set."""
    done = subprocess.run(
        [sys.executable, "-X", "warn_default_encoding", *arguments],
        capture_output=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": character_set},
        timeout=120,
    )
    out, err = (each.decode(character_set) for each in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


PRINTED = """
import sys, warnings
import numpy as np
import minigrad as mg
from lstm import LSTM, LSTMCell, PeepholeCell, Stack, State

LSTM(n=3, m=2).explain()
PeepholeCell(3, 2).explain()
Stack(LSTM(3, 2), mg.Dense(2, 1)).explain()
state = LSTMCell(3, 2, rng=0)(np.ones(3), State.zeros(2))
derivation = mg.derive(state)
print(derivation)
for equation in derivation:
    print(equation)
w, x = mg.Parameter(0.5, "ω̄"), mg.Tensor(2.0, "x₁")
y = mg.sigmoid(w * x)
y.name = "ŷ"
print(mg.derive(y, w, level="scalar"))
print(mg.Tape(y))
print(mg.prove(y))
print(repr(w), repr(mg.Tape(y)), mg.draw(y))
"""
UNCAUGHT = """
import logging, warnings
import minigrad as mg

try:
    mg.Tensor([1.0, 2.0], "ȳ") + mg.Tensor([1.0, 2.0, 3.0], "θ̄")
except ValueError as error:
    logging.error("caught: %s", error)
    warnings.warn(str(error))
    raise
"""


def test_what_a_program_prints_of_ours_reads_well():
    done = run(["-c", PRINTED], "ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "z_bar_f = f_bar * f * (1 - f)" in done.stdout
    assert "f = sigma(W_f v + b_f)" in " ".join(done.stdout.split())
    assert "c~_bar = c_bar * i" in done.stdout
    assert "?" not in done.stdout


def test_logs_warnings_and_tracebacks_with_our_messages_read_well():
    done = run(["-c", UNCAUGHT], "ascii")
    assert done.returncode == 1
    assert done.stderr.count("(theta_bar): shape (3,)") == 3
    assert "\\u" not in done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("σ")
    (folder / "model.py").write_text(
        "import minigrad as mg\n\n"
        "def loss():\n    return mg.sigmoid(mg.Parameter(0.5, 'ω̄') * 2.0)\n\n"
        "def broken():\n    raise ValueError('no σ̄ ≤ 1')\n",
        "utf-8",
    )
    return folder


TRAIN = ["lstm", "train", "parity", "--epochs", "1", "--hidden", "2", "--updates", "3"]


@every("command, code, says", [
    (["lstm", "--help"], 0, "train on a task"),
    (["lstm", "train", "--list"], 0, "parity"),
    ([*TRAIN, "--out", "out-σ"], 0, "wrote out-sigma"),
    (["lstm", "train", "σ"], 2, "sigma"),
    (["minigrad", "draw", "--help"], 0, "views"),
    (["minigrad", "draw", "model:loss", "-o", "ω̄.svg"], 0, "wrote omega_bar.svg"),
    (["minigrad", "draw", "model:broken"], 1, "no sigma_bar <= 1"),
    (["minigrad", "explore", "model:loss", "-o", "σ.html"], 0, "wrote sigma.html"),
])  # fmt: skip
def test_a_command_comes_to_its_end_in_ascii(folder, command, code, says):
    done = run(["-m", *command], "ascii", folder)
    assert done.returncode == code, done.stderr
    assert says in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert not re.search(rf"{ROOT}/(minigrad|lstm).*EncodingWarning", done.stderr)


# -------------------------------------------------------------------------- tables


def test_a_table_is_aligned_by_what_is_seen():
    assert table([("z̄", "1"), ("abc", "20")], right=[1]).splitlines() == [
        "z̄     1",
        "abc  20",
    ]


def test_a_table_is_aligned_by_what_a_console_spells_out(monkeypatch):
    rows = [("f = σ(z̄)", "1"), ("g = tanh(a)", "20")]
    monkeypatch.setattr(sys, "stdout", in_character_set("ascii"))
    print(table(rows, right=[1]), flush=True)
    assert sys.stdout.buffer.getvalue().decode().splitlines() == [
        "f = sigma(z_bar)   1",
        "g = tanh(a)       20",
    ]


def test_the_columns_of_the_demo_are_aligned_in_ascii(monkeypatch):
    monkeypatch.setattr(sys, "stdout", in_character_set("ascii"))
    accept_any_text()
    _row("mean ± sd", ["1 ± 2", "0.1"])
    _row("persistence", ["1", "0.1"])
    sys.stdout.flush()
    first, second = sys.stdout.buffer.getvalue().decode().splitlines()
    assert len(first) == len(second) and first.endswith("+- 2            0.1")


def test_a_long_table_in_a_notebook_shows_where_it_begins_and_ends():
    page = html_table(["k"], [[str(k)] for k in range(1000)])
    assert page.count("<tr>") == 202
    assert ">99<" in page and ">100<" not in page and ">(800 more)<" in page
    assert ">899<" not in page and ">900<" in page and ">999<" in page


def test_nothing_in_a_table_is_taken_for_html():
    a = mg.Tensor(1.0, "<script>")
    assert "<script>" not in mg.Tape(a * a)._repr_html_()
    assert "&lt;script&gt;" in mg.Tape(a * a)._repr_html_()
