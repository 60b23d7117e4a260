"""The page of `mg.explore`: what it says is what the tape has, and it needs nothing."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from explorer_cases import HOSTILE, Page, half, lstm_loss, named, neuron, written
from hypothesis import example, given, settings
from hypothesis import strategies as st

import minigrad as mg
from lstm import LSTMCell, State
from minigrad.drawing import NotRendered
from minigrad.drawing.words import number
from minigrad.exploring import picture
from minigrad.exploring.tables import table

ROOT = Path(__file__).parents[1]


# --------------------------------------------------------------------- what it says


def test_every_number_of_the_page_is_that_of_numpy(tmp_path):
    loss = lstm_loss()
    tape = mg.Tape(loss)
    tables = Page(written(loss, tmp_path)).tables
    bars = mg.grad(loss, tape.steps)
    for k, (entry, bar) in enumerate(zip(tape, bars, strict=True)):
        values = tables[k, "forward"][-1]
        assert [v for v, _ in values] == entry.data.ravel().tolist()
        cotangents = tables[k, "backward"][-1]
        assert [v for v, _ in cotangents] == bar.ravel().tolist()
        for cells in (*tables[k, "forward"], *tables[k, "backward"]):
            for value, shown in cells:
                assert shown == number(value).replace("-", "−")


def test_what_has_no_name_is_called_the_same_in_equations_and_in_the_outline(tmp_path):
    page = written(lstm_loss(), tmp_path)
    outline = set(re.findall(r"<span>t(\d+)</span>", page))
    equations = set(re.findall(r"<mi>t</mi>(?:</mover>)?<mrow><mn>(\d+)</mn>", page))
    assert outline and equations == outline
    assert "<mi>u</mi>" not in page


def test_a_page_says_what_was_checked_and_what_was_not_proved(tmp_path):
    page = written(neuron(), tmp_path)
    assert "Checked: each of" in page
    assert "Not proved on this page" in page


def test_with_prove_the_certificate_is_on_the_page(tmp_path):
    y = neuron()
    page = written(y, tmp_path, prove=True)
    certificate = str(mg.prove(y, seed=0))
    assert html.escape(certificate.splitlines()[-1].strip()) in page
    assert "P(a wrong chain rule passed)" in page


def test_a_refuted_gradient_is_shown_as_refuted_and_says_what_is_wrong(
    tmp_path, monkeypatch
):
    y = neuron()
    monkeypatch.setattr(mg.TABLE["sigmoid"], "partials", (lambda y, a: y * (1.0 + y),))
    page = written(y, tmp_path, prove=True)
    shown = page.partition('aria-labelledby="shown-title"')[2]
    warning, _, told = shown.partition('<p class="warning"><b>Refuted.</b></p><pre>')
    assert "FAILED." in warning
    assert "sigmoid" in told.partition("</pre>")[0]
    assert "at most 2^" not in shown and "<pre tabindex" not in shown


def test_what_cannot_be_proved_is_still_explored_and_says_why(tmp_path):
    y = mg.tanh(mg.Tensor([0.5, 1.0], name="<x>"))
    page = written(y, tmp_path, prove=True)
    shown = page.partition('aria-labelledby="shown-title"')[2]
    assert "<p>Not proved: it cannot be asked.</p><pre>prove(output, wrt), at" in shown
    assert "a gradient belongs to one number" in shown
    assert "Refuted" not in page and page.count("<article") == 2


def linked(page, k, way, label):
    """Return where a line of links leads, in order."""
    line = half(page, k, way).partition(f"<span>{label}</span>")[2].partition("</p>")[0]
    return re.findall('href="#([^"]*)"', line)


def test_every_step_leads_to_what_it_was_made_from_and_to_what_uses_it(tmp_path):
    page = written(neuron(), tmp_path)  # w, x, w * x, w * x + w, y
    made = [linked(page, k, "forward", "made from") for k in range(5)]
    used = [linked(page, k, "forward", "used by") for k in range(5)]
    assert made == [
        [], [], ["forward-0", "forward-1"], ["forward-2", "forward-0"], ["forward-3"]
    ]  # fmt: skip
    assert used == [
        ["forward-3", "forward-2"], ["forward-2"], ["forward-3"], ["forward-4"], []
    ]  # fmt: skip
    assert "<span>used by</span>" not in half(page, 4, "forward")
    rows = re.findall('<tr><th scope="row">(.*?)</th>', half(page, 0, "backward"))
    froms = [re.search('href="#(.*?)".*argument ([0-9])', row).groups() for row in rows]
    assert sorted(froms) == [("backward-2", "1"), ("backward-3", "2")]
    assert "given, for an output" in half(page, 4, "backward")


@pytest.mark.parametrize(("uses", "rows"), [(12, 12), (13, 12), (40, 12)])
def test_of_many_uses_the_first_and_the_last_are_shown(tmp_path, uses, rows):
    x = mg.Tensor(0.5, name="x")
    total = mg.stack([mg.tanh(x) for _ in range(uses)]).sum()
    page = written(total, tmp_path)
    links = linked(page, 0, "forward", "used by")
    assert links == [f"forward-{k}" for k in range(uses, max(uses - 12, 0), -1)]
    assert (f"and {uses - 12} more" in half(page, 0, "forward")) == (uses > 12)
    body = half(page, 0, "backward").partition("<tbody>")[2].partition("</tbody>")[0]
    shown = re.findall(
        '<tr><th scope="row"([^>]*)>.*?(?:backward-([0-9]+)|… ([0-9]+))', body
    )
    froms = [int(k) for _, k, _ in shown if k]
    assert len(froms) == rows and f"{uses} contributions, which add up" in page
    if uses > 12:
        assert shown[-2] == (' colspan="3"', "", str(uses - 12))


def test_numbers_that_are_not_finite_are_marked_and_accuse_nobody(tmp_path):
    x = mg.Tensor([1.0, np.inf, np.nan, -4.0, 0.0], name="x")
    with np.errstate(all="ignore"):
        page = written(mg.tanh(x * x) * x, tmp_path)
    assert "do not add up" not in page
    cells = re.findall(
        '<td class="([a-z]+)" style="--heat:([0-9.]+)" title="([^"]+)"',
        table(x.data, "", 60),
    )
    assert cells == [
        ("plus", "0.25", "1.0"), ("odd", "0.00", "inf"), ("odd", "0.00", "nan"),
        ("minus", "1.00", "-4.0"), ("plus", "0.00", "0.0"),
    ]  # fmt: skip


def test_a_source_line_is_shown_if_it_was_kept(tmp_path):
    page = written(lstm_loss(), tmp_path)
    assert re.search(r"recorded at cell\.py:\d+ <code>v = concatenate", page)
    assert "Source lines are kept under" in written(neuron(), tmp_path)


def test_what_nobody_asked_for_is_not_shown_as_zero(tmp_path):
    y = neuron()
    w = mg.Tape(y).leaves[0]
    page = written(y, tmp_path, wrt=w)
    assert page.count("Nobody asked for this cotangent") == 1  # that of x


def test_outputs_that_are_no_single_number_say_what_is_given(tmp_path):
    y, c = LSTMCell(n=3, m=2, rng=0)(np.ones(3), State.zeros(2))
    page = written([y, c], tmp_path)
    assert "How y and c were computed" in page
    assert "taken to be 1 in every entry" in page


@given(
    st.lists(st.integers(0, 3), max_size=3).map(tuple),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=25)
def test_a_table_shows_every_entry_of_a_small_array(shape, seed):
    array = np.random.default_rng(seed).normal(size=shape)
    cells = Page(f"{table(array, '', 100)}").tables[None, None][0]
    assert [value for value, _ in cells] == array.ravel().tolist()


def test_rows_and_columns_are_counted_from_1_as_in_the_equations():
    heads = re.findall(r"<th[^>]*>([^<]*)</th>", table(np.ones((2, 3)), "", 60))
    assert heads == ["1", "2", "3", "1", "2"]
    heads = re.findall(r'"row">([^<]*)<', table(np.ones((2, 2, 1)), "", 60))
    assert heads == ["1,1", "1,2", "2,1", "2,2"]


def test_a_large_array_is_summarised_with_its_corners():
    array = np.arange(10_000.0).reshape(100, 100)
    text = table(array, "W", 60)
    assert "10000 numbers, shape (100, 100): from 0 to 9999, mean 5000" in text
    shown = [value for value, _ in Page(text).tables[None, None][0]]
    assert len(shown) == 36
    assert shown[0] == 0
    assert shown[-1] == 9999
    assert "the corners are shown" in text
    assert "the ends are shown" in table(np.ones(100), "", 60)
    assert "are shown" not in table(np.ones((5, 5, 5)), "", 60)


# ----------------------------------------------------------------- how much it says


def test_the_page_of_a_small_lstm_stays_small(tmp_path):
    assert len(written(lstm_loss(), tmp_path, prove=True).encode()) < 950_000  # bytes


@pytest.mark.slow
def test_repeated_time_steps_are_left_out_and_the_page_says_so(tmp_path):
    page = written(lstm_loss(30), tmp_path, max_steps=120)
    assert re.search(r"\d+ of them are not shown\. Folded: 27 time steps of LSTM", page)
    assert page.count("<article") <= 120
    assert "more uses, not shown" in page


def test_a_tape_that_stays_too_long_is_refused_with_a_way_out(tmp_path):
    x = mg.Tensor(1.0)
    for _ in range(50):
        x = mg.tanh(x)
    with pytest.raises(ValueError, match=r"give\s+max_steps=51"):
        written(x, tmp_path, max_steps=20)


def test_what_cannot_be_explored_is_explained(tmp_path):
    with pytest.raises(TypeError, match="only a Tensor remembers"):
        written(3.0, tmp_path)
    with pytest.raises(ValueError, match="no Tensor in it"):
        written([], tmp_path)
    with pytest.raises(ValueError, match="was not computed from this wrt"):
        written(neuron(), tmp_path, wrt=mg.Tensor(1.0))
    y = neuron()
    mg.Tape(y).release()
    with pytest.raises(ValueError, match="released"):
        written(y, tmp_path)
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(OSError, match="cannot be written"):
        mg.explore(neuron(), tmp_path / "file" / "graph.html")


def test_without_a_renderer_the_page_says_so_and_has_all_its_steps(
    tmp_path, monkeypatch
):
    def fails(*_):
        raise NotRendered("no renderer made it")

    monkeypatch.setattr(picture.Drawing, "svg", fails)
    page = written(neuron(), tmp_path)
    assert "There is no picture: no renderer made it" in page
    assert page.count("<article") == 5


# ------------------------------------------------------------------ harmless, the same


@given(st.text(max_size=12))
@settings(max_examples=15)
@example(HOSTILE[0])
@example(HOSTILE[1])
@example(HOSTILE[2])
@example(HOSTILE[3])
@example(HOSTILE[4])
def test_no_name_adds_an_element_to_the_page(tmp_path_factory, name):
    class Tags(HTMLParser):
        def __init__(self, text):
            super().__init__()
            self.found = []
            self.feed(text)

        def handle_starttag(self, tag, attrs):
            self.found.append((tag, tuple(key for key, _ in attrs if key[:2] == "on")))

    folder = tmp_path_factory.mktemp("page")
    tags = Tags(written(named(name), folder)).found
    assert not any(handlers for _, handlers in tags)
    scripts = [tag for tag, _ in tags].count("script")
    assert scripts == 3  # its tape, what its pictures hold, and its own
    assert not {"img", "iframe", "object", "b>"} & {tag for tag, _ in tags}


@pytest.mark.slow
def test_the_same_program_gives_the_same_bytes(tmp_path):
    program = (
        "import sys, minigrad as mg, numpy as np\n"
        "from lstm import LSTM, LSTMCell, Stack, State\n"
        "y, c = LSTMCell(n=3, m=2, rng=0)(np.ones(3), State.zeros(2))\n"
        "mg.explore((y * c).sum(), sys.argv[1], prove=True)\n"
    )
    pages = []
    for seed in ("1", "2"):
        path = tmp_path / f"{seed}.html"
        subprocess.run(
            [sys.executable, "-c", program, path],
            check=True,
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "PATH": "/usr/bin"},
        )
        pages.append(path.read_bytes())
    assert pages[0] == pages[1]


def test_inputs_that_only_left_out_steps_read_are_left_out_too(tmp_path):
    s = mg.Tensor(0.5, name="s_0")
    for t in range(200):
        with mg.scope(t):
            s = mg.tanh(s + mg.Tensor(1.0, name="x"))
    page = written(s, tmp_path, max_steps=20)
    assert page.count("<article") <= 20


def test_one_leaf_is_no_leaves(tmp_path):
    one = mg.explore(mg.tanh(mg.Tensor(0.5, name="a")), tmp_path / "one.html")
    assert "2 entries: 1 leaf and 1 primitive that ran" in one.read_text("utf-8")


def test_the_page_of_a_notebook_is_saved_as_it_would_have_been_written(tmp_path):
    page = mg.explore(neuron())
    assert repr(page) == '<Page: How y was computed; .save("page.html") writes it>'
    saved = page.save(tmp_path / "saved.html").read_text("utf-8")
    assert saved == written(neuron(), tmp_path)
    with pytest.raises(ValueError, match=r"suffix(.|\n)*end the name in \.html"):
        page.save(tmp_path / "saved.txt")
