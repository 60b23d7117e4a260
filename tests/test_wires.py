"""Where things stand in the picture of a cell, and how its wires go."""

from __future__ import annotations

import functools
import itertools
import re

import numpy as np
import pytest
from model_cases import MODELS
from test_views import PLACED, step, tape
from view_cases import (
    MORE,
    once,
)

from lstm import LSTMCell
from minigrad.drawing import VIEWS, draw
from minigrad.drawing.cell.wire_routing import plan
from minigrad.drawing.view import label
from minigrad.structure.consumers import tensors


@pytest.mark.parametrize("name", MORE)
def test_every_cell_can_be_planned(name):
    assert plan(step(name)) is not None


@pytest.mark.parametrize("name", MORE)
def test_everything_that_is_read_has_its_wire_and_nothing_else(name):
    found = step(name)
    planned = plan(found)
    read = 0
    for group in found.groups:
        own = set(group.entries)
        args = [arg for entry in group.entries for arg in tensors(entry)]
        outer = [arg for arg in args if arg not in own]
        read += len(outer) if len(own) == 1 else len(set(outer))
    drawn = [
        r for wire in planned.wires for r in wire.readers if not hasattr(r, "side")
    ]
    assert len(drawn) == read


def crossings(planned):
    points = {}
    for i, wire in enumerate(planned.wires):
        for route in wire.routes:
            for point in route.points:
                points.setdefault(point, set()).add(i)
    return [point for point, wires in points.items() if len(wires) > 1]


def ways(planned, point):
    """Return for each wire through a square the axes along which it goes there."""
    found = []
    for wire in planned.wires:
        axes = set()
        for route in wire.routes:
            for a, b in itertools.pairwise(route.points):
                if point in (a, b):
                    axes.add("-" if a[1] == b[1] else "|")
        if axes:
            found.append(axes)
    return found


@pytest.mark.parametrize("name", MORE)
def test_wires_cross_only_straight_and_never_lie_on_each_other(name):
    planned = plan(step(name))
    for point in crossings(planned):
        assert sorted(map(sorted, ways(planned, point))) == [["-"], ["|"]]


@pytest.mark.parametrize("name", MORE)
def test_a_wire_goes_from_square_to_next_square(name):
    for wire in plan(step(name)).wires:
        for route in wire.routes:
            for (a, b), (c, d) in itertools.pairwise(route.points):
                assert abs(a - c) + abs(b - d) == 1


@pytest.mark.parametrize(("name", "many"), [("LSTM", 1), ("coupled", 1), ("Elman", 0)])
def test_no_more_wires_cross_than_in_the_well_known_picture(name, many):
    assert len(crossings(plan(step(name)))) == many


def test_the_carried_state_goes_straight_along_the_top():
    planned = plan(step("LSTM"))
    belt = [planned.at[op] for op in planned.on_belt]
    assert [label(op).symbol for op in planned.on_belt] == ["×", "+"]
    assert {y for _, y in belt} == {max(y for key, (_, y) in planned.at.items()
                                        if not hasattr(key, "side"))}  # fmt: skip


def rectangles(sheet):
    return [
        (id, x - w / 2, y - h / 2, x + w / 2, y + h / 2)
        for id, (x, y), (w, h), look in sheet.nodes
        if look["shape"] != "plaintext"
    ]


@functools.cache
def sheet_of(name, view):
    return next(VIEWS[view].sheets(tape(MORE[name]())))


@pytest.mark.parametrize("view", PLACED)
@pytest.mark.parametrize("name", MORE)
def test_no_two_nodes_overlap(name, view):
    sheet = sheet_of(name, view)
    for one, other in itertools.combinations(rectangles(sheet), 2):
        apart = one[3] <= other[1] or other[3] <= one[1]
        assert apart or one[4] <= other[2] or other[4] <= one[2], (one, other)


@pytest.mark.parametrize("view", PLACED)
@pytest.mark.parametrize("name", MORE)
def test_wires_begin_and_end_at_their_nodes(name, view):
    sheet = sheet_of(name, view)
    places = {id: (x1, y1, x2, y2) for id, x1, y1, x2, y2 in rectangles(sheet)}
    dots = {xy for id, xy, _, _ in sheet.nodes if id.startswith("d")}

    def meets(point, id):
        x1, y1, x2, y2 = places[id]
        return x1 - 5 <= point[0] <= x2 + 5 and y1 - 5 <= point[1] <= y2 + 5

    for tail, head, look in sheet.edges:
        points = look["pos"].replace("e,", "").split()
        xy = [tuple(map(float, point.split(","))) for point in points]
        begin, end = (xy[1], xy[0]) if look["pos"].startswith("e,") else (xy[0], xy[-1])
        if look.get("style") == "dashed":
            continue  # joins the wire of the loop
        tapped = any(np.allclose(begin, dot, atol=0.02) for dot in dots)
        assert tapped or meets(begin, tail), (tail, head)
        assert meets(end, head), (tail, head)


def test_a_cell_that_cannot_be_planned_is_placed_by_graphviz(monkeypatch):
    monkeypatch.setattr("minigrad.drawing.cell.recurrent.plan", lambda *_, **more: None)
    dot = draw(once(LSTMCell(3, 2, rng=0)), "gate").dot
    assert "nop2" not in dot
    assert "dense sub-layer" in dot
    assert "placed by Graphviz, because the cell could not be drawn" in dot


PAIR = re.compile(r"(-?[\d.]+),(-?[\d.]+)")


def straight(sheet):
    """Return what each wire carries, and its straight pieces, as (x, y, x, y)."""
    for _, _, look in sheet.edges:
        points = PAIR.findall(re.sub(r"[es],\S+ ", "", look["pos"]))
        xy = [tuple(map(float, point)) for point in points]
        for k in range(0, len(xy) - 3, 3):
            yield look["tooltip"], *xy[k], *xy[k + 3]


@pytest.mark.parametrize("view", ["gate", "folded"])
@pytest.mark.parametrize("name", ["bidirectional", "full recurrence", "strange"])
def test_a_wire_hops_over_every_wire_that_it_crosses(name, view):
    for sheet in VIEWS[view].sheets(tape(MODELS[name]())):
        found = list(straight(sheet))
        upright = [(s, x, *sorted((y, z))) for s, x, y, w, z in found if x == w]
        level = [(s, y, *sorted((x, w))) for s, x, y, w, z in found if y == z]
        for (says, x, low, high), (other, y, left, right) in itertools.product(
            upright, level
        ):
            crosses = low + 1 < y < high - 1 and left + 1 < x < right - 1
            assert not crosses or says == other, (says, other)
