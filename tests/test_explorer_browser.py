"""The page of `mg.explore` in a real browser: what it shows, and what reacts."""

from __future__ import annotations

import numpy as np
import pytest
from browser import needs_browser
from explorer_cases import HOSTILE, lstm_loss, named, neuron

import minigrad as mg
from minigrad.drawing import NotRendered
from minigrad.drawing.words import number
from minigrad.exploring import picture

pytestmark = needs_browser


@pytest.fixture(scope="module")
def lstm_page(tmp_path_factory):
    path = tmp_path_factory.mktemp("lstm") / "graph.html"
    return mg.explore(lstm_loss(), path, prove=True).as_uri()


@pytest.fixture(scope="module")
def neuron_page(tmp_path_factory):
    path = tmp_path_factory.mktemp("neuron") / "graph.html"
    return mg.explore(neuron(), path).as_uri()


SHOWN = "document.querySelector('article:not([hidden])').dataset.position"
SEEN = ".state:not([hidden])"
WAY = "document.body.dataset.way"


def test_a_browser_asks_for_the_file_only_and_has_no_complaint(browser, lstm_page):
    browser.open(lstm_page)
    for key in ("End", "Home", "b", "?", "c", "c"):
        browser.press(key)
    assert browser.value(WAY)
    assert [each for each in browser.requests() if each != "data:,"] == [lstm_page]
    assert browser.complaints() == []


def test_in_a_notebook_the_page_is_walked_within_its_frame(browser, tmp_path):
    page = mg.explore(named('"></iframe><script>'))
    notebook = tmp_path / "notebook.html"
    notebook.write_text(f"<meta charset=utf-8>{page._repr_html_()}", "utf-8")
    browser.open(notebook.as_uri())
    browser.resize(1000, 1000)
    frame = "document.querySelector('iframe').getBoundingClientRect()"
    assert 700 < browser.value(f"{frame}.height") < 950
    inside = "document.querySelector('iframe').contentDocument"
    here = f"{inside}.querySelector('.here').textContent"
    assert browser.value(here).startswith("Forward, step 0")
    browser.value(f"{inside}.querySelector('[data-go=on]').click()")
    assert browser.value(here).startswith("Forward, step 1")
    browser.value(f"{inside}.querySelectorAll('nav a')[2].click()")
    browser.value("new Promise(done => setTimeout(done, 50))")
    assert browser.value(here).startswith("Forward, step 2")
    assert browser.complaints() == []
    assert browser.value("document.scripts.length") == 0
    assert browser.value("location.hash") == ""


WALK = [
    *(f"forward {k}" for k in range(5)),
    *(f"backward {k}" for k in range(4, -1, -1)),
]
WHERE = f"{WAY} + ' ' + {SHOWN}"


@pytest.mark.parametrize("by", ["key", "button", "slider"])
def test_a_reader_walks_forward_then_backward_to_the_end_and_back(
    browser, neuron_page, by
):
    browser.open(neuron_page)
    on, back, first, last = "ArrowRight", "ArrowLeft", "Home", "End"
    if by == "slider":
        browser.value("document.querySelector('.slider input').focus()")

    def go(key):
        names = {on: "on", back: "back", first: "first", last: "last"}
        if by == "button":
            browser.click(f"[data-go={names[key]}]")
        else:
            browser.press(key)

    def there():
        where = browser.value(WHERE)
        place = WALK.index(where)
        at = browser.value("[location.hash, slider.value, slider.max, place].join()")
        assert at in (f"#{where.replace(' ', '-')},{place},9,{place}", f",0,9,{place}")
        said = browser.value("document.querySelector('[role=status]').textContent")
        assert said.startswith(f"{where.split()[0].title()}, step {where.split()[1]}: ")
        assert browser.value("slider.getAttribute('aria-valuetext')") == said
        disabled = "all('.controls :disabled').map(b => b.dataset.go)"
        ends = {0: ["first", "back"], 9: ["on", "last"]}
        assert browser.value(disabled) == ends.get(place, [])
        return where

    walked = [there()]
    for _ in range(9):
        go(on)
        walked.append(there())
    assert walked == WALK
    go(on)  # nothing comes after the last
    assert there() == WALK[-1]
    for place in range(8, -1, -1):
        go(back)
        assert there() == WALK[place]
    go(back)
    assert there() == WALK[0]
    go(last)
    assert there() == WALK[-1]
    go(first)
    assert there() == WALK[0]


@pytest.mark.parametrize("by", ["key", "button"])
def test_a_reader_turns_round_at_any_step(browser, neuron_page, by):
    browser.open(f"{neuron_page}#forward-3")
    pressed = "document.querySelector('[data-go=turn]').getAttribute('aria-pressed')"
    seen = []
    for _ in range(3):
        seen.append((browser.value(WHERE), browser.value(pressed)))
        browser.press("b") if by == "key" else browser.click("[data-go=turn]")
    assert seen == [
        ("forward 3", "false"), ("backward 3", "true"), ("forward 3", "false")
    ]  # fmt: skip


@pytest.mark.parametrize("by", ["key", "button"])
def test_help_opens_and_closes(browser, neuron_page, by):
    browser.open(neuron_page)
    state = (
        "[help.hidden, document.querySelector('[data-go=help]')"
        ".getAttribute('aria-expanded'), help.getBoundingClientRect().height > 50]"
    )
    seen = []
    for _ in range(3):
        seen.append(browser.value(state))
        browser.press("?") if by == "key" else browser.click("[data-go=help]")
    closed, opened = [True, "false", False], [False, "true", True]
    assert seen == [closed, opened, closed]


PLAYED = """
new Promise(done => {
  const seen = [];
  const watch = new MutationObserver(() => {
    seen.push(place);
    if (seen.length === 3) { watch.disconnect(); done(seen); }
  });
  watch.observe(one('.here'), {childList: true});
})
"""


@pytest.mark.parametrize("by", ["key", "button"])
def test_a_walk_is_played_and_paused(browser, neuron_page, by):
    browser.open(f"{neuron_page}#forward-3")
    delays = "const wait = setTimeout, delays = [];"
    delays += "globalThis.setTimeout = (f, ms) => (delays.push(ms), wait(f, 0))"
    button = "one('[data-go=play]')"
    state = f"[{button}.innerText, {button}.ariaPressed, timer !== null]"

    def press():
        browser.press("p") if by == "key" else browser.click("[data-go=play]")

    assert browser.value(state) == ["▶ Play", "false", False]
    press()
    assert browser.value(state) == ["❚❚ Pause", "true", True]
    press()
    assert browser.value(f"[...{state}, place]") == ["▶ Play", "false", False, 3]
    browser.value(delays)  # from here on no time passes
    browser.value("speed.value = '8', globalThis.played = " + PLAYED + ", 0")
    press()
    assert browser.value("played") == [4, 5, 6]
    browser.value("new Promise(done => wait(done, 50))")
    assert browser.value(f"[...{state}, place]") == ["▶ Play", "false", False, 9]
    assert browser.value("delays.every(ms => ms === 125)")
    browser.value("speed.value = '.5', globalThis.played = " + PLAYED + ", 0")
    press()  # at the end: once more from the beginning
    assert browser.value("played") == [0, 1, 2]
    assert browser.value("delays.at(-1)") == 2000


def test_help_that_opens_comes_into_view(browser, lstm_page):
    browser.resize(900, 500)
    browser.open(lstm_page)
    browser.value("window.scrollTo(0, document.body.scrollHeight)")
    browser.press("?")
    seen = "(box => box.bottom > 0 && box.top < innerHeight)"
    assert browser.value(f"{seen}(help.getBoundingClientRect())")


@pytest.mark.parametrize("modifiers", [1, 2, 4])
def test_keys_with_a_modifier_are_the_browsers(browser, neuron_page, modifiers):
    browser.open(f"{neuron_page}#forward-2")
    for key in ("b", "c", "x"):
        browser.press(key, modifiers)
    assert browser.value(WHERE) == "forward 2"
    browser.press("x")  # means nothing
    assert browser.value(WHERE) == "forward 2"


def test_what_scrolls_slides_or_is_typed_into_keeps_its_keys(browser, lstm_page):
    browser.resize(700, 600)
    browser.open(f"{lstm_page}#forward-40")
    focus = "(one => {{ one.focus(); return one === document.activeElement; }})({})"
    assert browser.value("choose(4), frame().scrollWidth > frame().clientWidth + 1")
    assert browser.value(focus.format("frame()"))
    for key in ("ArrowRight", "ArrowLeft", "Home", "End"):
        browser.press(key)
    assert browser.value(SHOWN) == "40"
    browser.press("b")  # no arrow
    assert browser.value(WHERE) == "backward 40"
    browser.value("choose(0), one('[name=view]').focus()")
    browser.press("ArrowRight")  # to the next choice
    assert browser.value("one('[name=view]:checked').value") == "folded"
    assert browser.value(WHERE) == "backward 40"
    browser.value("form.open = true")
    for name, key in (("number", "-"), ("number", "0"), ("rate", "b"), ("leaf", "c")):
        browser.value(f"one('[name={name}]').focus()")
        browser.press(key)
        assert browser.value("one('[name=view]:checked').value") == "folded"
        assert browser.value(WHERE) == "backward 40"
    # What has focus and does not scroll needs no arrows.
    browser.value("document.querySelector('article:not([hidden]) h3').focus()")
    browser.press("ArrowRight")
    assert browser.value(WHERE) == "backward 39"
    browser.value("document.querySelector('[data-go=help]').focus()")
    browser.press("ArrowLeft")
    assert browser.value(WHERE) == "backward 40"


def test_a_wide_table_keeps_its_arrows(browser, tmp_path):
    x = mg.Tensor(np.arange(18.0).reshape(2, 9) ** 3 / 7, name="x")
    browser.resize(500, 600)
    page = mg.explore((x * x).sum(), tmp_path / "wide.html").as_uri()
    browser.open(f"{page}#forward-0")
    table = "document.querySelector('article:not([hidden]) .scroll')"
    browser.value(f"{table}.tabIndex = 0, {table}.focus()")
    browser.press("ArrowRight")
    assert browser.value(WHERE) == "forward 0"
    browser.resize(1700, 600)  # all of it is seen
    browser.press("ArrowRight")
    assert browser.value(WHERE) == "forward 1"


def test_a_fragment_opens_its_step_and_the_page_says_so(browser, lstm_page):
    browser.open(f"{lstm_page}#backward-31")
    assert (browser.value(WAY), browser.value(SHOWN)) == ("backward", "31")
    said = browser.value("document.querySelector('[role=status]').textContent")
    assert said.startswith("Backward, step 31: v̄[2] = W_oᵀ")
    assert (
        browser.value("document.querySelectorAll('article:not([hidden])').length") == 1
    )
    assert browser.value("scrollY") == 0
    browser.open(f"{lstm_page}#nonsense")
    assert browser.value(SHOWN) == "0"


def test_every_number_that_a_reader_sees_is_that_of_numpy(browser, lstm_page):
    loss = lstm_loss()
    tape = mg.Tape(loss)
    bars = mg.grad(loss, tape.steps)
    seen = (
        "[...[...document.querySelectorAll('article:not([hidden]) .{way} .scroll > "
        "table.heat')].at(-1).querySelectorAll('td[title]')].map(td => td.innerText)"
    )
    browser.open(lstm_page)
    for k in (0, 1, 12, 13, 15, 27, 31, 68, 71, 72):
        for way, array in (("forward", tape.steps[k].data), ("backward", bars[k])):
            browser.value(f"location.hash = '{way}-{k}'")
            browser.value("new Promise(done => setTimeout(done))")
            expected = [number(v).replace("-", "−") for v in array.ravel().tolist()]
            assert browser.value(seen.replace("{way}", way)) == expected


def test_no_equation_is_cut_where_the_page_has_room(browser, lstm_page):
    browser.resize(1280, 900)
    browser.open(lstm_page)
    cut = "all('article:not([hidden]) .equation').filter("
    cut += "e => e.scrollWidth > e.clientWidth + 1).length"
    for k in (1, 12, 24, 31, 43, 48, 71):
        for way in ("forward", "backward"):
            browser.value(f"go(placeOf('#{way}-{k}'))")
            assert browser.value(cut) == 0, (way, k)


def test_the_outline_shows_where_one_is_and_leads_elsewhere(browser, lstm_page):
    browser.resize(1300, 700)
    browser.open(f"{lstm_page}#forward-15")
    current = "[...document.querySelectorAll('nav [aria-current=step]')]"
    for way in ("forward", "backward"):
        positions = browser.value(f"{current}.map(a => a.dataset.position)")
        assert positions == ["15"]
        links = "[...document.querySelectorAll('nav a')].map(a => a.hash)"
        assert browser.value(links) == [f"#{way}-{k}" for k in range(73)]
        browser.press("b")
    inside = "[...document.querySelectorAll('nav .inside')].map(e => e.textContent)"
    (link,) = browser.value(inside)
    assert link.split()[0] == "15"
    # Of closed parts the outermost one that holds the step is marked.
    closed = "document.querySelectorAll('nav details{}').forEach(e => e.open = false)"
    browser.value(closed.format(":not(:has(details))"))
    browser.value("show(place)")
    assert browser.value(inside) == ["forget"]
    browser.value(closed.format(".time"))
    browser.value("show(place)")
    assert browser.value(inside) == ["t = 1"]
    browser.value(
        "document.querySelectorAll('nav details').forEach(e => e.open = true)"
    )
    browser.value("go(placeOf('#forward-72'))")  # the last of the outline
    within = """(() => {
      const a = document.querySelector('nav').getBoundingClientRect();
      const b = document.querySelector('nav .inside').getBoundingClientRect();
      return [a.top - 1 <= b.top, b.bottom <= a.bottom + 1];
    })()"""
    assert browser.value(within) == [True, True]
    browser.press("End")
    assert browser.value(within) == [True, True]
    browser.value("go(placeOf('#forward-36'))")
    browser.value("document.querySelector('nav').scrollTop = 0")
    browser.value("go(placeOf('#forward-37'))")  # to the middle of what is seen
    middle = """(() => {
      const a = document.querySelector('nav').getBoundingClientRect();
      const b = document.querySelector('nav .inside').getBoundingClientRect();
      return Math.abs(a.top + a.height / 2 - b.top);
    })()"""
    assert browser.value(middle) < 3
    browser.click("nav [data-position='12']")
    browser.value("new Promise(done => setTimeout(done, 50))")
    assert browser.value(WHERE) == "forward 12"
    assert browser.value(
        "document.activeElement.closest('article').dataset.position"
    ) == ("12")


def test_a_fragment_that_names_no_step_changes_nothing(browser, neuron_page):
    browser.open(f"{neuron_page}#forward-2")
    for other in ("#forward-99", "#sideways-1", "#steps", "#forward-1x"):
        browser.value(f"location.hash = '{other}'")
        browser.value("new Promise(done => setTimeout(done))")
        assert browser.value(WHERE) == "forward 2"


def test_a_page_without_a_picture_has_nothing_to_close_either(
    browser, tmp_path, monkeypatch
):
    def fails(*_):
        raise NotRendered("no renderer made it")

    monkeypatch.setattr(picture.Drawing, "svg", fails)
    browser.open(mg.explore(neuron(), tmp_path / "bare.html").as_uri())
    for key in ("c", "ArrowRight", "c", "b"):
        browser.press(key)
    assert browser.value(WHERE) == "backward 1"
    assert browser.complaints() == []


def test_a_screen_reader_finds_landmarks_headings_and_names(browser, lstm_page):
    browser.open(f"{lstm_page}#backward-31")
    browser.ask("Accessibility.enable")  # costs as much as all else: only here
    tree = browser.ask("Accessibility.getFullAXTree")["nodes"]
    browser.ask("Accessibility.disable")
    found = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in tree
        if not node["ignored"]
    ]
    roles = {role for role, _ in found}
    assert {"main", "navigation", "banner", "status", "heading", "slider"} <= roles
    assert {"table", "columnheader", "radio", "button", "math"} & roles
    unnamed = [
        role
        for role, name in found
        if role in ("button", "link", "slider", "radio", "navigation") and not name
    ]
    assert unnamed == []
    assert ("slider", "Place in the walk") in found


def test_focus_is_never_lost_on_the_way(browser, lstm_page):
    browser.open(lstm_page)
    for _ in range(4):
        browser.press("Tab")
    browser.press("End")  # the buttons On and Last are disabled there
    browser.press("ArrowLeft")
    assert browser.value("document.activeElement.tagName") != "BODY"


def test_a_link_followed_by_keyboard_takes_the_focus_along(browser, lstm_page):
    browser.open(f"{lstm_page}#backward-31")
    where = "document.activeElement.closest('article')?.dataset.position"
    browser.value("document.querySelector('article:not([hidden]) .uses a').focus()")
    browser.press("Enter")
    browser.value("new Promise(done => setTimeout(done, 50))")
    assert (browser.value(SHOWN), browser.value(where)) == ("44", "44")
    browser.value("document.querySelector('article:not([hidden]) a').focus()")
    browser.press("ArrowLeft")
    assert (browser.value(SHOWN), browser.value(where)) == ("45", "45")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_shown_and_do_nothing(browser, tmp_path, name):
    browser.open(mg.explore(named(name), tmp_path / "graph.html").as_uri())
    browser.press("End")
    assert browser.complaints() == []
    run = "document.querySelectorAll('script:not([type=\"application/json\"])').length"
    assert browser.value(f"[document.scripts.length, {run}]") == [3, 1]
    assert browser.value("document.querySelectorAll('article').length") == 4


def test_without_its_script_the_page_is_a_list_of_all_steps(browser, lstm_page):
    browser.ask("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(lstm_page)
    browser.ask("Emulation.setScriptExecutionDisabled", value=False)
    seen = "[...document.querySelectorAll('h3')].filter(e => e.getClientRects().length)"
    headings = browser.value(f"{seen}.map(e => e.innerText.split(':')[0])")
    assert headings == [f"Step {k}" for k in range(73)]
    assert browser.value("document.querySelector('.controls').hidden")
