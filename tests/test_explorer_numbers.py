"""A number is changed on the page of `mg.explore`, and everything follows."""

from __future__ import annotations

import numpy as np
import pytest
from browser import needs_browser

import minigrad as mg
from minigrad.drawing.words import number

pytestmark = needs_browser
W = np.array([[0.5, -0.25], [1.25, 0.75]])
V = np.array([0.4, -1.5])
RATE = 0.3


def net(w=W, v=V):
    """A loss with a product of matrices, elementwise rows, and a value used twice."""
    w, v = mg.Parameter(w, name="W"), mg.Tensor(v, name="v")
    h = mg.tanh(mg.matvec(w, v))
    h.name = "h"
    loss = (h * h * h + mg.exp(h)).sum()
    loss.name = "L"
    return loss


def descended(steps, w=W, v=V, rate=RATE):
    """W after so many steps of gradient descent."""
    for _ in range(steps):
        loss = net(w, v)
        parameter = mg.Tape(loss).steps[0]
        w = w - rate * mg.grad(loss, parameter)
    return w


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    path = tmp_path_factory.mktemp("net") / "net.html"
    return mg.explore(net(), path).as_uri()


@pytest.fixture
def page(browser, address):
    browser.resize(1280, 1000)
    browser.open(address)
    browser.value("form.open = true")
    return browser


def said(value):
    return number(float(value)).replace("-", "−")


def put(browser, name, value):
    """Give a field or a slider a value, as a person does."""
    browser.value(
        f"(e => {{ e.value = {value!r}; e.dispatchEvent(new Event('input')); }})"
        f"(field({name!r}))"
    )


CELLS = "all('article:not([hidden]) .{} td[data-at]').map(e => e.textContent)"
IN_EQUATIONS = """
all('article:not([hidden]) mn[data-of]').map(e => [
  e.dataset.of, Number(e.dataset.at), e.textContent.replace(/[()]/g, '')])
"""
USES = """
all('article:not([hidden]) .uses table').map(t => [
  t.dataset.of, all('td[data-at]', t).map(e => e.textContent)])
"""


def follows(browser, loss):
    """Every number that is seen, at every step, is one of this loss."""
    tape = mg.Tape(loss)
    bars = mg.grad(loss, tape.steps)
    scale = {"v": [e.data.ravel() for e in tape], "c": [np.ravel(b) for b in bars]}
    for k in range(len(tape)):
        browser.value(f"go(placeOf('#backward-{k}'))")
        values, cotangents = scale["v"][k], scale["c"][k]
        assert browser.value(CELLS.format("value")) == [*map(said, values)]
        assert browser.value(CELLS.format("cotangent")) == [*map(said, cotangents)]
        for source, at, text in browser.value(IN_EQUATIONS):
            numbers = scale[source[0]][int(source[1:])]
            assert text == said(numbers[at]), (k, source, at)
        uses = dict(browser.value(USES))
        given = uses.pop(None, None) or uses.pop("undefined", None)
        shown = sum(
            np.array([float(x.replace("−", "-")) for x in row]) for row in uses.values()
        )
        if uses and given is None:
            np.testing.assert_allclose(shown, cotangents, atol=2e-3, rtol=2e-3)
    expected = said(loss.data)
    assert f"L = {expected}" in browser.value("one('.loss').innerText")


@pytest.mark.parametrize("by", ["dial", "number"])
def test_everything_follows_a_number(page, by):
    browser = page
    browser.value("pick(0, 2)")
    assert float(browser.value(f"field({by!r}).value")) == pytest.approx(1.25, abs=0.01)
    put(browser, by, "-1.5")
    other = "number" if by == "dial" else "dial"
    assert float(browser.value(f"field({other!r}).value")) == -1.5
    changed = W.copy()
    changed[1, 0] = -1.5
    follows(browser, net(changed))
    first = said(net().data)
    assert browser.value("one('.loss').innerText").endswith(f"recorded {first}")
    assert browser.value("one('.stale').getClientRects().length")


def test_an_input_can_be_changed_too_and_the_walk_chooses_the_number(page):
    browser = page
    choice = "[field('leaf'), field('entry')].map(e => e.selectedOptions[0].text)"
    assert browser.value(choice) == ["W", "[1,1]"]
    browser.value("go(placeOf('#forward-1'))")
    assert browser.value(choice) == ["v", "[1]"]
    browser.value("field('entry').value = 1")
    browser.value("field('entry').dispatchEvent(new Event('change'))")
    assert browser.value(choice) == ["v", "[2]"]
    assert float(browser.value("field('number').value")) == -1.5
    put(browser, "number", "0.25")
    follows(browser, net(v=np.array([0.4, 0.25])))
    browser.value("field('leaf').value = 0")
    browser.value("field('leaf').dispatchEvent(new Event('change'))")
    assert browser.value(choice) == ["W", "[1,1]"]
    names = "all('option', field('entry')).map(e => e.text)"
    assert browser.value(names) == ["[1,1]", "[1,2]", "[2,1]", "[2,2]"]


def test_what_is_no_number_changes_nothing(page):
    browser = page
    for nonsense in ("", "-", "1e999"):
        put(browser, "number", nonsense)
        assert browser.value("one('.loss').innerText").endswith("as recorded")


def test_a_number_in_the_table_of_a_leaf_is_dragged(page):
    browser = page
    browser.value("go(placeOf('#forward-0'))")
    cell = "article:not([hidden]) .value td[data-at='3']"
    browser.value(f"one({cell!r}).scrollIntoView({{block: 'center'}})")
    x, y = browser.middle(cell)
    browser.drag((x, y), (x + 50, y))
    assert browser.value("field('entry').value") == "3"
    found = browser.value("run.value(0)[3]")
    assert found == pytest.approx(0.75 + 50 * 2 / 200)  # the slider reaches to 2
    changed = W.copy()
    changed[1, 1] = found
    follows(browser, net(changed))
    browser.value("go(placeOf('#forward-0'))")
    browser.hover((x + 90, y))  # let go
    assert browser.value("run.value(0)[3]") == found


def test_one_step_of_gradient_descent_is_that_of_python(page):
    browser = page
    put(browser, "rate", str(RATE))
    for steps in (1, 2):
        browser.click("[data-go=step]")
        words = "1 step" if steps == 1 else "2 steps"
        assert browser.value("one('.steps-done').innerText") == words
        assert browser.value("field('trained').value") == str(steps)
    follows(browser, net(descended(2)))


def test_training_slides_forth_and_back_to_the_record(page):
    browser = page
    put(browser, "rate", str(RATE))
    losses = []
    for steps in (7, 3, 0, 7):
        put(browser, "trained", str(steps))
        loss = net(descended(steps))
        losses.append(browser.value("one('.loss').innerText"))
        assert losses[-1].startswith(f"L = {said(loss.data)}")
        assert browser.value("one('.steps-done').innerText") == f"{steps} steps"
    assert losses[2].endswith("as recorded")
    assert losses[1].endswith(f"recorded {said(net().data)}")
    # A number that is changed begins a training of its own.
    browser.value("pick(0, 0)")
    put(browser, "number", "0.9")
    assert browser.value("field('trained').value") == "0"
    begun = descended(7)
    begun[0, 0] = 0.9
    put(browser, "trained", "2")
    follows(browser, net(descended(2, begun)))
    put(browser, "trained", "0")
    follows(browser, net(begun))
    # Another rate is for the steps to come.
    put(browser, "trained", "1")
    put(browser, "rate", "0.05")
    put(browser, "trained", "2")
    follows(browser, net(descended(1, descended(1, begun), rate=0.05)))


def test_more_steps_than_the_slider_had_are_possible(page):
    browser = page
    put(browser, "trained", "50")
    browser.click("[data-go=step]")
    assert browser.value("[field('trained').value, trained]") == ["51", 51]


def test_reset_is_the_record_letter_by_letter(page):
    browser = page
    text = "articles.map(a => a.innerHTML)"
    for way in ("forward", "backward"):
        browser.value(f"go(placeOf('#{way}-2'))")
        record = browser.value(text)
        assert browser.value("one('[data-go=reset]').disabled")
        browser.value("pick(0, 1)")
        put(browser, "dial", "2")
        browser.click("[data-go=step]")
        browser.value("go(placeOf('#forward-0')), go(placeOf('#backward-2'))")
        assert browser.value(text) != record
        browser.click("[data-go=reset]")
        assert browser.value("one('.stale').getClientRects().length") == 0
        assert browser.value("one('.loss').innerText").endswith("as recorded")
        assert float(browser.value("field('number').value")) == -0.25
        browser.value("for (let k = 0; k < 2 * count; k++) show(k)")
        browser.value(f"go(placeOf('#{way}-2'))")
        assert browser.value(text) == record


def test_colours_of_nodes_and_of_tables_follow(page):
    browser = page
    browser.click(".choice label:has([value=value])")
    browser.value("go(placeOf('#forward-0'))")
    node = "one('[data-node=n0]', frame()).classList.contains('minus')"
    cell = "one('article:not([hidden]) .value td[data-at=\"0\"]')"
    heat = f"[{cell}.className, Number({cell}.style.getPropertyValue('--heat'))]"
    assert browser.value(node) is False
    before = browser.value(heat)
    assert before == ["plus drag", 0.4]
    browser.value("pick(0, 0)")
    put(browser, "dial", "-2")
    assert browser.value(node) is True
    assert browser.value(heat) == ["drag minus", 1]
    assert browser.value(f"{cell}.title") == "-2"


def test_a_number_that_becomes_negative_gets_brackets_within_a_product(
    browser, tmp_path
):
    w, x = mg.Parameter(3.0, name="w"), mg.Tensor(2.0, name="x")
    browser.open(mg.explore(x * w, tmp_path / "product.html").as_uri())
    browser.value("form.open = true, go(placeOf('#forward-2'))")
    line = "all('.forward .equation', article()).at(-1).textContent"
    assert "".join(browser.value(line).split()) == "2·3=6"
    put(browser, "number", "-3")
    assert "".join(browser.value(line).split()) == "2·(−3)=−6"


def test_without_a_parameter_nothing_can_be_trained_but_changed(browser, tmp_path):
    x = mg.Tensor(2.0, name="x")
    browser.open(mg.explore(x * x, tmp_path / "square.html").as_uri())
    browser.value("form.open = true")
    assert "no Parameter to train" in browser.value("form.innerText")
    assert browser.value("one('[data-go=step]').disabled")
    put(browser, "number", "3")
    assert "= 9, recorded 4" in browser.value("one('.loss').innerText")


def test_a_step_that_keeps_the_recorded_branch_says_so(browser, tmp_path):
    x = mg.Tensor([2.0, -1.0], name="x")
    y = mg.where(x.data > 0, x * x, x).sum()
    browser.open(mg.explore(y, tmp_path / "kept.html").as_uri())
    kept = "all('.kept').map(e => e.closest('article').dataset.position)"
    assert browser.value(kept) == ["2"]
    browser.value("form.open = true, go(placeOf('#forward-2'))")
    assert "keeps the recorded branch" in browser.value("article().innerText")
    assert "The recorded branch is kept at" in browser.value("form.innerText")
    put(browser, "number", "-3")  # x * x stays
    assert "= 8, recorded 3" in browser.value("one('.loss').innerText")


def test_of_several_outputs_all_have_the_cotangent_1(browser, tmp_path):
    x = mg.Tensor(2.0, name="x")
    a, b = x * x, mg.exp(x)
    browser.open(mg.explore([a, b], tmp_path / "two.html").as_uri())
    browser.value("form.open = true")
    put(browser, "number", "1")
    browser.value("go(placeOf('#backward-0'))")
    assert browser.value(CELLS.format("cotangent")) == [said(2 + np.e)]
    words = browser.value("one('.loss').innerText")
    assert words.startswith(f"sum of the outputs = {said(1 + np.e)}")


@pytest.mark.parametrize(
    "x",
    [
        1 / 3,
        2.0,
        -0.0,
        1e-9,
        12345.678,
        1234.0,
        9999.96,
        1e-4,
        5e-5,
        9.99996e-5,
        -7e120,
    ],
)
def test_numbers_are_written_as_python_writes_them(page, x):
    assert page.value(f"written({x!r})") == said(x)


def test_numbers_that_are_none_are_written_as_python_writes_them(page):
    assert page.value("[NaN, Infinity, -Infinity].map(written)") == [
        "nan",
        "inf",
        "−inf",
    ]


def test_a_branch_is_taken_anew_and_said_and_what_it_depends_on_follows(
    browser, tmp_path
):
    def made(x):
        a = mg.softmax(x)
        b = mg.absolute(x) * mg.max(x)
        return (a * b * mg.maximum(x, 0.5) * mg.clip(x, -2.0, 1.5)).sum()

    x = mg.Parameter([1.0, -3.0], name="x")
    browser.open(mg.explore(made(x), tmp_path / "turned.html").as_uri())
    browser.value("form.open = true, pick(0, 1)")
    said_so = "one('.turned', article()).getClientRects().length > 0"
    place = next(k for k, e in enumerate(mg.Tape(made(x))) if "absolute" in str(e.call))
    browser.value(f"go(placeOf('#forward-{place}'))")
    assert not browser.value(said_so)
    for new in (2.25, 40.0):
        put(browser, "number", str(new))
        assert browser.value(said_so)
        y = mg.Parameter([1.0, new], name="x")
        again = made(y)
        assert f"= {said(again.data)}, recorded" in browser.value(
            "one('.loss').innerText"
        )
        (bar,) = mg.grad(again, [y])
        np.testing.assert_allclose(
            browser.value("[...run.cotangent(0)]"), bar, 1e-12, 1e-12
        )
    browser.click("[data-go=reset]")
    browser.value(f"go(placeOf('#forward-{place}'))")
    assert not browser.value(said_so)
    assert browser.complaints() == []


def test_an_array_that_is_taken_out_of_a_softmax_follows(browser, tmp_path):
    x = mg.Tensor([[1.0, 2.0], [4.0, 3.0]], name="x")
    browser.open(mg.explore(mg.softmax(x).sum(), tmp_path / "taken.html").as_uri())
    browser.value("form.open = true, pick(0, 0), go(placeOf('#forward-1'))")
    taken = "all('.forward .constant td[data-at]', article()).map(e => e.textContent)"
    assert browser.value(taken) == ["2", "4"]
    put(browser, "number", "7")
    assert browser.value(taken) == ["7", "4"]
    browser.click("[data-go=reset]")
    assert browser.value(taken) == ["2", "4"]
