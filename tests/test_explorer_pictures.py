"""The pictures of `mg.explore` in a real browser: what is lit, size, colours."""

from __future__ import annotations

import json

import numpy as np
import pytest
from browser import needs_browser
from explorer_cases import lstm_loss, neuron

import minigrad as mg
from minigrad.drawing.words import number
from minigrad.exploring import picture

pytestmark = needs_browser
WHERE = "document.body.dataset.way + ' ' + article().dataset.position"
VIEWS = [
    "gate", "folded", "unrolled", "cotangents", "op", "backward", "dense", "layer",
    "neuron",
]  # fmt: skip
CURRENT = "one('[name=view]:checked').value"
SEEN = "all('.state').filter(e => e.getClientRects().length).map(e => e.ariaLabel)"


@pytest.fixture(scope="module")
def tape():
    return mg.Tape(lstm_loss())


@pytest.fixture(scope="module")
def states(tape):
    return picture.states(tape, "")[0]


@pytest.fixture(scope="module")
def page(browser, tape, tmp_path_factory):
    """The page of an LSTM, open at its first step in the picture `gate`."""
    path = tmp_path_factory.mktemp("lstm") / "graph.html"
    address = mg.explore(tape.outputs[0], path).as_uri()

    def opened(hash="", width=1280, height=900):
        browser.resize(width, height)
        browser.open(address + hash)
        return browser

    return opened


def go(browser, where):
    browser.value(f"go(placeOf('#{where.replace(' ', '-')}'))")


def walked(browser, places, what):
    """What is seen at several steps, one after the other."""
    return browser.value(
        f"{json.dumps(places)}.map(at => (show(placeOf('#' + at)), {what.strip()}))"
    )


def shown(browser, selector):
    """The node of the picture that is seen."""
    return browser.middle(f".state:not([hidden]) {selector}")


# ------------------------------------------------------------------------ which picture


def test_it_opens_on_the_cell_and_lights_the_first_step(page):
    browser = page()
    assert browser.value(SEEN) == ["Picture, gate"]
    assert browser.value("all('[name=view]').map(e => e.value)") == VIEWS
    assert browser.value("all('.node.now', frame()).map(numberOf)") == [
        11
    ]  # x_1, out of X
    whole = "[frame().scrollWidth <= frame().clientWidth, "
    whole += "frame().scrollHeight <= frame().clientHeight]"
    assert browser.value(whole) == [True, True]


def test_without_a_cell_it_opens_on_every_step(browser, tmp_path):
    browser.open(mg.explore(neuron(), tmp_path / "one.html").as_uri())
    names = ["Picture, op", "Picture, backward"]
    assert browser.value("all('.state').map(e => e.ariaLabel)") == names
    assert browser.value(SEEN) == names[:1]
    for name in [*names[1:], names[0]]:
        assert browser.value("all('.node.now', frame()).map(numberOf)") == [0]
        browser.press("c")
        assert browser.value(SEEN) == [name]
    assert browser.value("all('.node.now', frame()).map(numberOf)") == [0]
    assert browser.complaints() == []


@pytest.mark.parametrize("by", ["key", "choice"])
def test_every_picture_is_one_of_the_choices_and_then_the_first_again(page, by):
    browser = page("#forward-15")
    seen = []
    for k in range(len(VIEWS) + 1):
        seen.append(browser.value(f"[{SEEN}, {CURRENT}]"))
        if by == "key":
            browser.press("c")
        else:
            browser.click(f".choice label:nth-of-type({1 + (k + 1) % len(VIEWS)})")
    assert seen == [[[f"Picture, {name}"], name] for name in [*VIEWS, "gate"]]


# ------------------------------------------------------------------------- what is lit

MARKS = """
(() => {
  const of = (kind, mark, name) => [
    ...new Set(all(`.${kind}.${mark}`, frame()).map(name))].sort();
  const node = each => each.dataset.node;
  const edge = each => each.dataset.tail + ' ' + each.dataset.head;
  return {
    now: of('node', 'now', node), near: of('node', 'near', node),
    later: of('node', 'later', node), back: of('node', 'back', node),
    arrows: of('edge', 'now', edge), late: of('edge', 'later', edge), time,
  };
})()
"""
EDGES = "all('.edge', frame()).map(e => [e.dataset.tail, e.dataset.head])"


def marks(tape, state, edges, k, way, t):
    """Return the marks of a picture at step k, seen at time t."""
    entry, place = tape.steps[k], {each: i for i, each in enumerate(tape)}
    holds = {}
    for node, pairs in state.held.items():
        at = dict(pairs)
        holds[node] = at[t] if t in at else pairs[0][1]
    first = {}
    for node, held in holds.items():
        made = [i for i in held if tape.steps[i].primitive is not None]
        first[node] = min(made or held)
    forward, bars = way == "forward", set(state.back)
    mine = {node for node, held in holds.items() if k in held}
    mine = {node for node in mine if not bars or (node in bars) != forward}
    reads = {place[a] for a in entry.args if isinstance(a, mg.Tensor)}
    users = {i for each, i in place.items() if any(a is entry for a in each.args)}
    near = reads if way == "forward" else users
    near = {node for node, held in holds.items() if near & set(held)} - mine
    late = {n for n, at in first.items() if n not in bars and forward and at > k}
    late |= {n for n, at in first.items() if n in bars and (forward or at < k)}
    back = {node for node, at in first.items() if at > k} | mine
    back = {node for node in back if not bars or node in bars}
    end = 1 if way == "forward" else 0
    arrows = {tuple(edge) for edge in edges if edge[end] in mine}
    ends = {tuple(edge): edge[edge[1] not in bars] for edge in edges}
    later = {edge for edge, end in ends.items() if end in late - mine}
    return {
        "now": sorted(mine), "near": sorted(near),
        "later": sorted(late - mine),
        "back": [] if forward else sorted(back),
        "arrows": sorted(map(" ".join, arrows)),
        "late": sorted(map(" ".join, later)),
    }  # fmt: skip


STEPS = {1: (1, 11, 12, 15, 20, 29), 2: (30, 43), 3: (50, 67)}


@pytest.mark.parametrize("k", range(len(VIEWS)), ids=VIEWS)
def test_the_step_its_neighbours_and_what_comes_later_are_marked(page, tape, states, k):
    browser = page()
    browser.value(f"choose({k})")
    edges = browser.value(EDGES)
    asked = [
        (t, step, way)
        for t, steps in STEPS.items()
        for step in steps
        for way in ("forward", "backward")
    ]
    found = walked(browser, [f"{way}-{step}" for _, step, way in asked], MARKS)
    for (t, step, way), each in zip(asked, found, strict=True):
        at = each.pop("time")
        assert at in (t, None) or VIEWS[k] in ("dense", "neuron")
        assert each == marks(tape, states[k], edges, step, way, at), (step, way)
        assert each["now"] or VIEWS[k] in ("dense", "neuron")  # which show a part


def test_a_picture_of_one_time_step_shows_the_time_walked_to(page):
    browser = page()
    which = "one('.which').textContent"
    for k, step, said in (
        (0, 15, "Time step t = 1. "),
        (0, 53, "Time step t = 3. "),
        (0, 1, "Time step t = 1. "),  # W_f, which all steps read
        (0, 72, "Time step t = 1. Step 72 is not in this picture. "),
        (3, 15, "Time step t = 1, in a picture of t = 2. "),
        (6, 15, "Time step t = 1, in a picture of t = 2. "),
        (8, 15, "Time step t = 1, in a picture of t = 2. "),
        (4, 15, ""),
    ):
        browser.value(f"choose({k})")
        go(browser, f"forward {step}")
        assert browser.value(which) == said
    browser.value("choose(0)")
    seen = []
    for step in (15, 34, 53, 1):  # f_1, f_2, f_3, W_f: all in the same yellow box
        go(browser, f"forward {step}")
        seen.append(browser.value("all('.node.now', frame()).map(e => e.dataset.node)"))
    assert seen == [["n32"]] * 4


def test_lit_arrows_and_nodes_look_lit(page):
    browser = page("#forward-43")
    look = "(e => [getComputedStyle(e).stroke, getComputedStyle(e).strokeWidth])"
    now = browser.value(f"{look}(one('.now :is(ellipse, polygon)', frame()))")
    other = browser.value(f"{look}(one('.node:not(.now):not(.near) ellipse', frame()))")
    assert now[0] != other[0] and float(now[1][:-2]) > float(other[1][:-2])
    faded = "getComputedStyle(one('.node.later', frame())).opacity"
    assert float(browser.value(faded)) < 0.6


def test_clicking_a_node_goes_to_its_step(page):
    browser = page("#forward-3")
    browser.value("choose(4)")
    browser.click(".state:not([hidden]) [data-node=n15]")
    assert browser.value(WHERE) == "forward 15"
    assert browser.value("location.hash") == "#forward-15"
    browser.press("b")
    browser.click(".state:not([hidden]) [data-node=n14]")
    assert browser.value(WHERE) == "backward 14"
    browser.value(
        "one('svg', frame()).dispatchEvent(new MouseEvent('click', {bubbles: true}))"
    )  # beside all nodes
    assert browser.value(WHERE) == "backward 14"
    browser.value("choose(0)")  # t = 1 there: the box of f is f_1
    browser.click(".state:not([hidden]) [data-node=n41]")
    assert browser.value(WHERE) == "backward 22"
    assert browser.complaints() == []


@pytest.mark.parametrize(
    ("view", "node", "where"),
    [
        ("folded", "n32", "forward 34"),
        ("backward", "n15", "forward 15"),
        ("backward", "b15", "backward 15"),  # a cotangent leads to the way back
        ("dense", "n33", "forward 33"),
        ("layer", "n69", "forward 72"),
        ("neuron", "n5_1", "forward 46"),
    ],
)
def test_clicking_a_node_of_any_view_moves_the_current_step(page, view, node, where):
    browser = page("#forward-30")
    browser.click(f".choice label:has([value={view!r}])")
    browser.click(f".state:not([hidden]) [data-node={node}]")
    assert browser.value(WHERE) == where
    lit = browser.value("all('.node.now', frame()).map(e => e.dataset.node)")
    assert node in lit
    assert browser.complaints() == []


# ------------------------------------------------------------- how large, and the place


SIZE = "one('svg', frame()).getBoundingClientRect().width"
IN_SIGHT = """(() => {
  const a = frame().getBoundingClientRect();
  const b = one('.node.now', frame()).getBoundingClientRect();
  return a.left <= b.left && b.right <= a.right && a.top <= b.top
    && b.bottom <= a.bottom;
})()"""


@pytest.mark.parametrize("by", ["key", "button"])
def test_a_picture_becomes_larger_smaller_and_fits(page, by):
    browser = page("#forward-43")
    browser.value("choose(4)")

    def press(key, name):
        browser.press(key) if by == "key" else browser.click(f"[data-go={name}]")
        percent = browser.value("one('.percent').textContent")
        size = browser.value(f"[{SIZE}, {SIZE} / natural().width]")
        assert percent == f"{round(size[1] * 100)} %"
        return size[0]

    before = browser.value(SIZE)
    assert press("+", "in") == pytest.approx(1.25 * before, rel=1e-3)
    assert browser.value(IN_SIGHT)
    assert press("-", "out") == pytest.approx(before, rel=1e-3)
    press("0", "fit")
    left_over = "[frame().scrollWidth - frame().clientWidth,"
    left_over += "frame().scrollHeight - frame().clientHeight]"
    assert browser.value(left_over) == [0, 0]
    for _ in range(30):
        press("+", "in")
    assert browser.value("zooms[view]") == 4  # there is an end to it
    assert browser.value(IN_SIGHT)


def test_the_wheel_with_ctrl_zooms_about_the_mouse_and_without_it_scrolls(page):
    browser = page("#forward-43")
    browser.value("choose(4)")
    browser.value("frame().scrollTo(300, 100)")
    x0 = browser.value("frame().getBoundingClientRect().left + 200")
    y0 = browser.value("frame().getBoundingClientRect().top + 150")
    at = f"(frame().scrollLeft + 200) / {SIZE}"
    before = browser.value(f"[{SIZE}, {at}]")
    wheel = {"type": "mouseWheel", "x": x0, "y": y0, "deltaX": 0}
    browser.ask("Input.dispatchMouseEvent", **wheel, deltaY=-100, modifiers=2)
    browser.value("new Promise(requestAnimationFrame)")
    after = browser.value(f"[{SIZE}, {at}]")
    assert after[0] == pytest.approx(before[0] * np.exp(1 / 3), rel=1e-3)
    assert after[1] == pytest.approx(before[1], abs=2e-3)
    browser.ask("Input.dispatchMouseEvent", **wheel, deltaY=100, modifiers=0)
    assert browser.value(SIZE) == after[0]


def test_two_fingers_zoom(page):
    browser = page("#forward-43", width=390, height=844)
    browser.value("choose(4), frame().scrollIntoView()")
    x, y = browser.middle(".state:not([hidden])")
    before = browser.value(SIZE)

    def touch(kind, *apart):
        points = [{"x": x + d, "y": y} for d in apart]
        browser.ask("Input.dispatchTouchEvent", type=kind, touchPoints=points)

    touch("touchStart", -30, 30)
    touch("touchMove", -45, 45)
    touch("touchEnd")
    assert browser.value(SIZE) == pytest.approx(1.5 * before, rel=1e-2)


def test_a_picture_is_dragged_and_a_drag_is_no_click(page):
    browser = page("#forward-43")
    browser.value("choose(4)")
    before = browser.value("[frame().scrollLeft, frame().scrollTop]")
    x, y = shown(browser, ".node.now")
    browser.drag((x, y), (x - 120, y - 20))
    after = browser.value("[frame().scrollLeft, frame().scrollTop]")
    assert after[0] == pytest.approx(before[0] + 120, abs=1)
    assert browser.value(WHERE) == "forward 43"
    browser.hover((x - 300, y))  # let go: nothing follows the mouse now
    assert browser.value("[frame().scrollLeft, frame().scrollTop]") == after


@pytest.mark.parametrize("width", [390, 1280])
def test_the_node_of_the_step_is_always_in_sight(page, width):
    browser = page(width=width, height=844)
    for k in (0, 2, 4, 7):
        browser.value(f"choose({k})")
        places = [f"forward-{step}" for step in range(11, 72, 6)]
        in_sight = walked(browser, places, f"!one('.node.now', frame()) || {IN_SIGHT}")
        assert in_sight == [True] * len(places), k
    browser.value("choose(4)")
    browser.resize(700, 500)
    browser.value("new Promise(requestAnimationFrame)")
    assert browser.value(IN_SIGHT)


def test_at_390_pixels_nothing_sticks_out_of_the_page(page):
    browser = page(width=390, height=844)
    for where in ("forward 43", "backward 43", "forward 1"):
        go(browser, where)
        wide = browser.value("document.documentElement.scrollWidth")
        assert wide <= 390
    for selector in (".controls", ".tools", "#change"):
        box = f"one({selector!r}).getBoundingClientRect()"
        assert browser.value(f"{box}.right") <= 390


def test_a_large_picture_has_an_overview_that_shows_and_changes_what_is_seen(page):
    browser = page("#forward-43")
    seen = "one('.overview').getClientRects().length"
    assert not browser.value(seen)  # all of the cell is seen
    browser.value("choose(4)")
    assert browser.value(seen)
    assert browser.value("all('.overview svg').length") == 1
    part = """(() => {
      const a = one('.overview').getBoundingClientRect();
      const b = one('.window').getBoundingClientRect();
      return [(b.left - a.left) / a.width - frame().scrollLeft / frame().scrollWidth,
        b.width / a.width - frame().clientWidth / frame().scrollWidth];
    })()"""
    np.testing.assert_allclose(browser.value(part), 0, atol=0.02)
    box = browser.value(
        "(b => [b.left, b.top, b.width, b.height])"
        "(one('.overview').getBoundingClientRect())"
    )
    x, y = box[0] + box[2] * 0.5, box[1] + box[3] / 2
    browser.drag((box[0] + 1, y), (x, y))
    half = "(frame().scrollLeft + frame().clientWidth / 2) / frame().scrollWidth"
    assert browser.value(half) == pytest.approx(0.5, abs=0.02)
    browser.value("new Promise(requestAnimationFrame)")
    np.testing.assert_allclose(browser.value(part), 0, atol=0.02)
    hidden = """(() => {
      const a = one('.overview').getBoundingClientRect();
      const b = one('.node.now', frame()).getBoundingClientRect();
      return a.left < b.right && b.left < a.right && a.top < b.bottom
        && b.top < a.bottom;
    })()"""
    places = [f"forward-{step}" for step in range(11, 73, 2)]
    assert not any(walked(browser, places, hidden))  # it never covers the step


# --------------------------------------------------------------------- what a node says


@pytest.mark.parametrize("by", ["mouse", "focus"])
def test_a_node_says_its_equation_and_its_numbers(page, tape, by):
    browser = page("#forward-43")
    assert browser.value("tip.hidden")
    bars = dict(zip(tape, mg.grad(tape.outputs[0], tape.steps), strict=True))
    if by == "mouse":
        browser.hover(shown(browser, "[data-node=n41]"))  # f ⊙ c, at t = 2
    else:
        browser.value("one('[data-node=n41]', frame()).focus()")
    said = browser.value("tip.innerText")
    assert browser.value("tip.getClientRects().length")
    assert said.startswith("Step 41:") and "⊙" in said
    numbers = browser.value("all('td[title]', tip).map(e => e.innerText)")
    both = np.concatenate([tape.steps[41].data, bars[tape.steps[41]]])
    assert numbers == [number(x).replace("-", "−") for x in both]
    inside = "(b => b.left >= 0 && b.right <= innerWidth && b.top >= 0)"
    assert browser.value(f"{inside}(tip.getBoundingClientRect())")
    if by == "mouse":
        browser.hover((5, 5))
    else:
        browser.value("document.activeElement.blur()")
    assert browser.value("tip.getClientRects().length") == 0


def test_in_the_picture_of_one_step_a_node_says_the_numbers_of_that_time(page, tape):
    browser = page("#forward-15")
    for time, f, step in ((1, 15, 22), (2, 34, 41), (3, 53, 60)):
        go(browser, f"forward {f}")
        browser.hover((5, 5))
        browser.hover(shown(browser, "[data-node=n41]"))
        assert browser.value("tip.innerText").startswith(f"Step {step}:"), time


def test_the_lit_node_can_be_reached_by_tab_and_takes_the_focus_along(page):
    browser = page("#forward-43")
    reach = "all('.node[tabindex=\"0\"]', frame()).map(e => e.dataset.node)"
    assert browser.value(reach) == browser.value(
        "[one('.node.now', frame()).dataset.node]"
    )
    browser.value("one('.node.now', frame()).focus()")
    browser.press("ArrowRight")
    assert browser.value(WHERE) == "forward 44"
    assert browser.value("document.activeElement === one('.node.now', frame())")
    assert browser.value("tip.innerText").startswith("Step 46:")  # what the box makes
    browser.press("Escape")
    assert browser.value("tip.getClientRects().length") == 0


# ------------------------------------------------------------------------------ colours


COLOURS = """
Object.fromEntries(all('.node', frame()).map(node => [node.dataset.node, [
  getComputedStyle(one(':is(path, ellipse, polygon):not([fill=none])', node)).fill,
  ['plus', 'minus', 'zero', 'unknown'].filter(c => node.classList.contains(c)).join(),
  Number(node.style.getPropertyValue('--heat'))]]))
"""


@pytest.mark.parametrize("kind", ["value", "cotangent"])
def test_colours_say_the_sign_and_the_order_of_magnitude(page, tape, states, kind):
    browser = page("#backward-34")
    plain = browser.value(COLOURS)
    browser.click(f".choice label:has([value={kind}])")
    bars = dict(zip(tape, mg.grad(tape.outputs[0], tape.steps), strict=True))
    found = browser.value(COLOURS)
    arrays = [e.data if kind == "value" else bars[e] for e in tape]
    largest = [a.flat[np.abs(a).argmax()] for a in arrays]
    held = {node: dict(at).get(2, at[0][1])[-1] for node, at in states[0].held.items()}
    marked = {node: mark for node, (_, mark, _) in found.items()}
    sign = {1.0: "plus", -1.0: "minus", 0.0: "zero"}
    assert marked == {n: sign[np.sign(largest[k])] for n, k in held.items()}
    order = sorted(found, key=lambda n: abs(largest[held[n]]))
    heats = [found[n][2] for n in order]
    assert heats == sorted(heats) and heats[0] < heats[-1]
    blue, orange = (
        next(found[n][0] for n in order[::-1] if marked[n] == mark)
        for mark in ("plus", "minus")
    )
    r, _, b = (float(x) for x in blue.split("(srgb ")[1].rstrip(")").split())
    assert b > r
    r, _, b = (float(x) for x in orange.split("(srgb ")[1].rstrip(")").split())
    assert r > b
    said = browser.value("one('.key').innerText")
    assert f"The {kind}s" in said and "positive" in said and "negative" in said
    known = np.abs(largest)[np.abs(largest) > 0]
    assert f"strongest at {number(known.max())}, palest at" in said
    browser.click(".choice label:has([value=none])")
    assert {n: c[0] for n, c in browser.value(COLOURS).items()} == {
        n: c[0] for n, c in plain.items()
    }
    assert browser.value("one('.key').getClientRects().length") == 0


def test_a_vanishing_gradient_is_seen(browser, tmp_path):
    y = mg.Parameter(0.3, name="w")
    for t in range(1, 9):
        with mg.scope("loop", t):
            y = mg.sigmoid(y)
            y.name = "y"
    browser.resize(1280, 900)
    browser.open(mg.explore(y, tmp_path / "chain.html").as_uri())
    browser.value("choose(views.findIndex(v => v.name === 'op'))")
    browser.click(".choice label:has([value=cotangent])")
    heat = browser.value(COLOURS)
    heats = [heat[f"n{k}"][2] for k in range(9)]
    assert heats == sorted(heats) and heats[-1] == 1 and heats[0] < 0.1


def test_what_has_no_cotangent_has_no_colour_of_one(browser, tmp_path):
    w, x = mg.Parameter(0.75, name="w"), mg.Tensor(2.0, name="x")
    browser.open(mg.explore(w * x, tmp_path / "one.html", wrt=w).as_uri())
    browser.click(".choice label:has([value=cotangent])")
    marked = {node: mark for node, (_, mark, _) in browser.value(COLOURS).items()}
    assert marked == {"n0": "plus", "n1": "unknown", "n2": "plus"}


def test_a_tape_that_is_too_large_to_run_has_colours_too(browser, tmp_path):
    x = mg.Tensor(np.linspace(-3.0, 2.0, 2100), name="x")
    browser.open(mg.explore((x * x).sum(), tmp_path / "large.html").as_uri())
    browser.click(".choice label:has([value=value])")
    marked = {node: mark for node, (_, mark, _) in browser.value(COLOURS).items()}
    assert marked == {"n0": "minus", "n1": "plus", "n2": "plus"}
    said = browser.value("one('#change').innerText")
    assert "more than 2000 numbers" in said
    assert browser.value("one('.moves').getClientRects().length") == 0
