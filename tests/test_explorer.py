"""The page of `mg.explore`: what it says is what the tape has, and it needs nothing."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from explorer_cases import HOSTILE, lstm_loss, named, neuron, written
from hypothesis import example, given, settings
from hypothesis import strategies as st

import minigrad as mg
from lstm import LSTM, LSTMCell, Stack, State
from minigrad.deriving.formula import Applied, Letter, Number, formula, power
from minigrad.drawing import NotRendered
from minigrad.drawing.project import Arrow
from minigrad.drawing.styles import STYLES
from minigrad.drawing.view import FOLDED
from minigrad.drawing.words import number
from minigrad.exploring import picture
from minigrad.exploring.data import Exploration
from minigrad.exploring.mathml import ROOM, SIDE, MathMl, WithNumbers, fits
from minigrad.exploring.sums import added, contributions
from minigrad.exploring.tables import table
from minigrad.structure.parts import DENSE, every_primitive

ROOT = Path(__file__).parents[1]


class Page(HTMLParser):
    """The tables of numbers in a page, by step and by what they show."""

    VOID = ("meta", "link", "input")

    def __init__(self, text):
        super().__init__()
        self.open, self.step, self.way = [], None, None
        self.captions, self.cells = [], []
        self.tables: dict[tuple[int, str], list[list[float]]] = {}
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag not in self.VOID:
            self.open.append(tag)
        if "data-position" in given and tag == "article":
            self.step = int(given["data-position"])
        if tag == "section" and "way" in given.get("class", ""):
            self.way = given["class"].split()[-1]
        if tag == "table" and given["class"] == "heat":
            self.cells = []
        if tag == "td" and "title" in given:
            self.cells.append([float(given["title"]), ""])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, (tag, self.getpos())
        if tag == "table":
            self.tables.setdefault((self.step, self.way), []).append(self.cells)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_data(self, data):
        if self.open and self.open[-1] == "td" and self.cells:
            self.cells[-1][1] += data


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


def test_the_contributions_of_all_uses_add_up_to_the_cotangent():
    tape = mg.Tape(lstm_loss())
    explored = Exploration(tape, tape.leaves)
    for step in explored.steps:
        assert step.adds_up
        np.testing.assert_allclose(added(list(step.uses)), step.bar, rtol=1e-12)
    W_f = explored.steps[1]
    assert W_f.name == "W_f"
    assert len(W_f.uses) == 3  # one for each time step


@given(st.sets(st.integers(0, 80)))
@settings(max_examples=4, deadline=None)
def test_what_is_not_shown_changes_no_line_of_what_is(places):
    tape = mg.Tape(lstm_loss(4))
    shown = [tape.steps[k] for k in sorted({*places, *range(len(tape) - 5, len(tape))})]
    everything = {step.entry: step for step in Exploration(tape, tape.leaves).steps}
    part = Exploration(tape, tape.leaves, shown)
    assert [step.entry for step in part.steps] == shown
    assert "FAILED" not in part.check
    for step in part.steps:
        whole = everything[step.entry]
        assert (step.position, step.name) == (whole.position, whole.name)
        assert (step.forward, step.backward) == (whole.forward, whole.backward)
        assert step.terms == whole.terms
        np.testing.assert_array_equal(step.bar, whole.bar)


def test_the_equations_of_a_long_tape_cost_no_more_than_their_uses(monkeypatch):
    from minigrad.deriving import blackboard

    def counted(steps):
        calls = []
        transcribed = blackboard.transcribed
        with monkeypatch.context() as patch:
            patch.setattr(
                blackboard,
                "transcribed",
                lambda *a: calls.append(a[0]) or transcribed(*a),
            )
            tape = mg.Tape(lstm_loss(steps))
            Exploration(tape, tape.leaves, tape.steps[:40])
        return len(calls)

    assert counted(40) <= 8 * 40 + 80  # W and b of four gates, at every time step


def test_a_closed_gate_is_a_yellow_box_and_a_closed_time_step_a_green_one():
    tape = mg.Tape(lstm_loss())
    *_, gates, steps = picture.states(tape, "")[0]
    colours = STYLES[DENSE].fill, STYLES[FOLDED].fill
    for state, counts in ((gates, (4 * 3, 0)), (steps, (0, 3))):
        drawn = state.svg.partition("</style>")[2]
        assert tuple(drawn.count(f'="{each}"') for each in colours) == counts


def test_a_picture_of_one_time_step_holds_the_same_parts_at_every_time():
    X = mg.Tensor(np.random.default_rng(0).normal(size=(4, 3)), name="X")
    Y, _ = Stack(LSTM(3, 2, rng=0), LSTM(2, 2, rng=1))(X)
    tape = mg.Tape((Y * Y).sum())
    found = {state.name: state.held for state in picture.states(tape, "")[0]}
    for name in ("gate", "folded"):
        held = [pairs for pairs in found[name].values() if len(pairs) > 1]
        assert {tuple(sorted(t for t, _ in pairs)) for pairs in held} == {(1, 2, 3, 4)}
        boxes = [pairs for pairs in held if len(pairs[0][1]) > 2]
        assert len(boxes) == 2 * 4
        for pairs in held:
            kinds = {tuple(_does(tape.steps[k]) for k in ks) for _, ks in pairs}
            begins = any(not tape.steps[k].primitive for _, ks in pairs for k in ks)
            assert len(kinds) == 1 or begins, (name, pairs)  # with y_0
        for pairs in boxes:
            places = [ks for _, ks in sorted(pairs)]
            assert places == sorted(places), "time runs forward"
    alone = [pairs for pairs in found["unrolled"].values() if len(pairs) > 1]
    assert alone == []


def _does(entry):
    return entry.primitive and entry.primitive.name


def test_a_closed_time_step_says_its_time_and_stands_in_the_part_around_it():
    tape = mg.Tape(lstm_loss(2))
    every = list(every_primitive(tape))
    steps = picture.over_time(every)
    folded = [each for each in steps if each.kind == FOLDED]
    assert [each.label.symbol for each in folded] == ["t = 1", "t = 2"]
    assert {each.scope for each in folded} == {("LSTM",)}
    assert all(len(each.entries) == 19 for each in folded)


def test_many_arrows_between_two_nodes_are_one_and_few_are_not():
    def arrows(tail, head, count):
        return [Arrow(tail, head, "(2,)", str(k), f"y_{k}") for k in range(count)]

    few, many = arrows("a", "b", 4), arrows("a", "c", 5)
    mixed = [each for pair in zip(many, [*few, few[0]], strict=True) for each in pair]
    merged = list(picture._together(mixed[:-1]))
    assert merged == [replace(many[0], operand="", tooltip="5 values"), *few]


@pytest.mark.parametrize(("times", "shown"), [(4, 4), (5, 1)])
def test_a_value_that_is_read_often_by_one_step_has_one_arrow(times, shown):
    x = mg.tanh(mg.Tensor(0.5, name="x"))
    ((state,), why) = picture.states(mg.Tape(mg.stack([x] * times)), "")
    assert why == ""
    assert state.svg.count('data-tail="n1" data-head="n2"') == shown
    assert ("5 values" in state.svg) == (times == 5)


def test_what_has_no_name_is_called_the_same_in_equations_and_in_the_outline(tmp_path):
    page = written(lstm_loss(), tmp_path)
    outline = set(re.findall(r"<span>t(\d+)</span>", page))
    equations = set(re.findall(r"<mi>t</mi>(?:</mover>)?<mrow><mn>(\d+)</mn>", page))
    assert outline and equations == outline
    assert "<mi>u</mi>" not in page


def test_every_term_of_a_sum_is_found_beside_its_contribution():
    tape = mg.Tape(lstm_loss())
    steps = Exploration(tape, tape.leaves).steps
    alone = [step for step in steps if None in step.terms]
    assert [step.entry.primitive.name for step in alone] == ["subtract"]  # t t = t²


def test_the_walk_adds_for_any_output_what_the_engine_adds():
    a = mg.Tensor(np.array([[1.0, 2.0], [3.0, 4.0]]), name="a")
    b = a[0] * a + mg.concatenate([a[1], a[1]], axis=0).sum()
    seed = np.ones((2, 2))
    uses = contributions(mg.Tape(b), {b: seed}, set(mg.Tape(b)))
    np.testing.assert_allclose(added(uses[a]), mg.grad(b, a, seed=seed), rtol=1e-14)


def test_the_walk_goes_through_active_entries_only():
    a, b = mg.Tensor(2.0), mg.Tensor(3.0)
    inner = a * b
    y = inner * b
    uses = contributions(mg.Tape(y), {y: np.array(1.0)}, {y, b})
    assert set(uses) == {y, b} and added(uses[b]) == 6.0  # a * b is taken as given


def test_a_wrong_engine_is_not_covered_up(tmp_path, monkeypatch):
    from minigrad.gradient import Cotangents

    complete = Cotangents.complete

    def lossy(self, node):
        found = complete(self, node)
        return found * 0.5 if node.name == "w" and found is not None else found

    monkeypatch.setattr(Cotangents, "complete", lossy)
    page = written(neuron(), tmp_path)
    assert "do not add up to the cotangent" in page
    assert "FAILED." in page


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


def half(page, k, way):
    """Return the HTML of one half of a step."""
    end = f'id="backward-{k}"' if way == "forward" else "</article>"
    return page.partition(f'id="{way}-{k}"')[2].partition(end)[0]


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
    root = Applied(mg.TABLE["sqrt"], (Letter("x"),), {}, ())
    assert MathMl().inline(power(root, Number(Fraction(3)))) == (
        "<math><msup><msqrt><mi>x</mi></msqrt><mrow><mn>3</mn></mrow></msup></math>"
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


# ----------------------------------------------------------------- how much it says


def test_the_page_of_a_small_lstm_stays_below_a_megabyte(tmp_path):
    assert len(written(lstm_loss(), tmp_path, prove=True).encode()) < 1_000_000


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
    with pytest.raises(ValueError, match="suffix"):
        page.save(tmp_path / "saved.txt")


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
    assert said in MathMl().inline(found)
    assert MathMl().inline(found * Letter("x")).startswith("<math>")


# ------------------------------------------------------------------------ the formulas


def test_a_fraction_needs_no_brackets_and_a_blank_is_a_space():
    a, b, c = map(Letter, "abc")
    assert "<mo>(</mo>" not in MathMl().inline((a + b) / c)
    assert "mspace" in MathMl().signs(" ") and "mspace" not in MathMl().signs("⊙")


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
    assert column.bracketed(column.inline(a)[6:-7]).count("<mo>(</mo>") == 1


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
