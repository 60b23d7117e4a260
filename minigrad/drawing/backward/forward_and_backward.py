"""Forward above, backward below, mirrored: every step has its cotangent beneath it.

    above   what ran, from left to right: the tape
    below   the cotangents, from right to left: q_bar for every q of the tape

Below, a line leads from a cotangent to what it contributes to, and says which rule of
calculus it is: the rule of the row, as the blackboard of `derive` names it; without a
rule it is passed on as it is. Where a
value was read several times its contributions are added: Σ. A Parameter that several
time steps read stands beside each of them, and so do the parts of its gradient; the
leftmost is where they are added. A gradient is shown once `backward()` has put it
there; until then the picture says "not yet", and never a zero.

A long tape is folded as in the view op (`fold.py`).
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence

from minigrad.drawing.backward.chain_rule import Cotangents, rule
from minigrad.drawing.backward.label_placement import Room, between
from minigrad.drawing.backward.layered import Columns, Spot
from minigrad.drawing.curves import XY
from minigrad.drawing.fold import readable
from minigrad.drawing.legend import marks
from minigrad.drawing.project import Arrow, Node, Picture
from minigrad.drawing.safe import SMALL, markup, size, width
from minigrad.drawing.sheet import Sheet
from minigrad.drawing.styles import BACKWARD, MUTED, PART, STYLES
from minigrad.drawing.view import FOLDED
from minigrad.drawing.words import Label, by_name
from minigrad.messages import explain, user_line
from minigrad.structure.parts import JOIN, every_primitive
from minigrad.tape import Tape

HIGH, GAP, ASIDE = 62.0, 62.0, 36.0  # points: rows, half to half, node to node
LOOP = 28.0  # points: how far a layer's arrow to itself swings out
HIGHER = 40.0  # ... and how much higher a row is with such arrows and their words
ASUNDER = 22.0  # points: between arrows from one node to the same other
LEAVES = ("parameter", "input")
MARK = (8.0, 8.0)  # of vectors that are joined
FOLDED_ABOVE, MOST = 64, 120  # nodes; with more, the picture is a wallpaper


def backward_sheet(tape: Tape) -> Sheet:
    """Return the mirrored picture.

    Raises ValueError for a tape that even folded is too long to be read like that.
    """
    picture = readable(tape, list(every_primitive(tape)), FOLDED_ABOVE)
    if len(picture.nodes) > MOST:
        raise _too_long(tape, len(picture.nodes))
    return Mirror(tape, picture).sheet


class Mirror:
    """The two halves of the picture."""

    def __init__(self, tape: Tape, picture: Picture) -> None:
        self.tape = tape
        self.nodes = {node.id: node for node in picture.nodes}
        self.arrows = picture.arrows
        leaves = [node.id for node in picture.nodes if node.kind in LEAVES]
        self.columns = Columns(list(self.nodes), map(_ends, self.arrows), leaves)
        self.low = min(self.columns.height.values())
        self.cotangents = Cotangents(tape, picture.nodes, self.columns.column)
        self.x = self._widths()
        self.high = HIGH + HIGHER * any(a.tail == a.head for a in self.arrows)
        self.sheet = Sheet(self._notes(picture))
        self.sheet.entries.update((says, (mark, says)) for mark, says in marks(picture))
        self.room = Room()
        self._frames()
        for node in self.nodes.values():
            self._pair(node)
        for arrow, k, many in sorted(_parallel(self.arrows), key=self._length):
            if arrow.tail == arrow.head:
                self._loop(arrow)
            else:
                self._lines(arrow, k, (k - (many - 1) / 2) * ASUNDER)

    def _notes(self, picture: Picture) -> list[str]:
        notes = ["above: what ran; below: its cotangents, from right to left"]
        heads = ((arrow, self.nodes[arrow.head]) for arrow in self.arrows)
        if not all(rule(*each) for each in heads):
            notes.append("a dashed arrow without words: passed on as it is")
        notes += picture.notes
        if not all(map(self.cotangents.is_total, picture.nodes)):
            notes.append(
                "a Parameter stands beside each of its readers; the parts of its "
                "cotangent are added at the leftmost"
            )
        return notes

    # ------------------------------------------------------------------------- places

    def _widths(self) -> list[float]:
        """Return where each column stands: with room for nodes, and for the rules."""
        columns = self.columns.column
        last = max(columns.values())
        half, words = [0.0] * (last + 1), [0.0] * (last + 1)
        for id in self.nodes:
            half[columns[id]] = max(half[columns[id]], self._half(id))
        for arrow in self.arrows:
            longest = max(rule(arrow, self.nodes[arrow.head]), arrow.says, key=width)
            room = SMALL * width(longest)
            words[columns[arrow.tail]] = max(words[columns[arrow.tail]], room)
        x = [0.0]
        for i in range(last):
            x.append(x[-1] + half[i] + words[i] + ASIDE + half[i + 1])
        return x

    def _at(self, spot: Spot, side: int) -> XY:
        height = (self.columns.height[spot] - self.low) * self.high + GAP
        return self.x[self.columns.column[spot]], side * height

    def _length(self, drawn: tuple[Arrow, int, int]) -> float:
        """Return how long an arrow is: on a short one words have the least room.

        Rounded, so that of arrows of one length the first of the tape comes first.
        """
        ends = self._at(drawn[0].tail, 1), self._at(drawn[0].head, 1)
        return round(math.dist(*ends), 2)

    def _area(self, id: str) -> XY:
        node = self.nodes[id]
        if node.kind == JOIN:
            return MARK
        wide, high = size(self._said(node), STYLES[node.kind].shape)
        return wide * 72, min(high * 72, HIGH - 8)

    def _is_box(self, id: str) -> bool:
        return STYLES[self.nodes[id].kind].shape == "box"

    def _area_back(self, id: str) -> XY:
        wide, high = size(self.cotangents.label(self.nodes[id]), "ellipse")
        return max(wide * 72, 46.0), min(high * 72, HIGH - 8)

    def _half(self, id: str) -> float:
        """Return how far a node or its cotangent reaches to each side."""
        return max(self._area(id)[0], self._area_back(id)[0]) / 2

    def _frames(self) -> None:
        heights = self.columns.height.values()
        loops = self.high - HIGH
        far = (max(heights) - self.low) * self.high + GAP + 46 + loops
        reach = [(self.x[self.columns.column[id]], self._half(id)) for id in self.nodes]
        left = min(-70.0, *(x - half - 8 for x, half in reach))
        right = max(self.x[-1] + 70, *(x + half + 8 for x, half in reach))
        near = GAP - 46
        bare = PART._replace(legend="")
        self.sheet.frame((left, near), (right, far), bare, "forward")
        self.sheet.frame((left, -far), (right, -near), bare, "backward")
        for _, _, look in self.sheet.frames:
            look["fontcolor"] = MUTED

    # ------------------------------------------------------------------------- nodes

    def _said(self, node: Node) -> Label:
        made = len(node.entries) == 1 and node.entries[0].primitive is not None
        return node.label._replace(remark="") if made else node.label

    def _pair(self, node: Node) -> None:
        """Draw a node of the picture, and its cotangent beneath."""
        label = Label() if node.kind == JOIN else self._said(node)
        look = {"style": "filled,dashed"} if node.tap else {}
        if node.kind == FOLDED:
            look["peripheries"] = "2"
        if node.output:
            look["penwidth"] = "2.4"
        at, area = self._at(node.id, 1), self._area(node.id)
        self.sheet.node(node.id, at, area, node.kind, label, node.tooltip, **look)
        self.room.take(at, area)
        at, area = self._at(node.id, -1), self._area_back(node.id)
        label, says = self.cotangents.label(node), self.cotangents.says(node)
        style = "filled,dashed"
        self.sheet.node(_back(node.id), at, area, BACKWARD, label, says, style=style)
        self.room.take(at, area)

    # ------------------------------------------------------------------------- lines

    def _lines(self, arrow: Arrow, k: int, aside: float) -> None:
        """Draw an arrow, and beneath it the one that leads back."""
        tail, head = arrow.tail, arrow.head
        way = self.columns.way(tail, head)
        areas = self._area(tail), self._area(head)
        boxed = self._is_box(tail), self._is_box(head)
        points = _cut([self._at(spot, 1) for spot in way], *areas, boxed)
        self._line(tail, head, points, aside, arrow.tooltip, arrow.says, {})
        areas = self._area_back(tail), self._area_back(head)
        points = _cut([self._at(spot, -1) for spot in way], *areas)
        words = rule(arrow, self.nodes[head], k)
        look = {"color": BACKWARD.border, "style": "dashed"}
        ends = _back(head), _back(tail)
        self._line(*ends, points, -aside, words or "as it is", words, look, -1)

    def _line(
        self,
        tail: str,
        head: str,
        points: list[XY],
        aside: float,
        says: str,
        words: str,
        look: dict[str, str],
        step: int = 1,
    ) -> None:
        """Draw a line through points, given from left to right, with words on it."""
        curved = "yes" if len(points) > 2 or aside else ""
        line = _waves(points, aside)
        if words:
            (a, b), (c, d) = between(line[:4], 0.5), (SMALL * width(words), SMALL * 1.2)
            x, y = self.room.place(line, (a, b), (c + 12, d + 4))
            look = {**look, "label": _on_paper(words), "lp": f"{x:.2f},{y:.2f}"}
        drawn = (line if curved else points)[::step]
        self.sheet.line(tail, head, drawn, says, arrow="yes", curved=curved, **look)

    def _loop(self, arrow: Arrow) -> None:
        """Draw what a layer hands on to itself, and what comes back."""
        backward = {"color": BACKWARD.border, "style": "dashed"}
        for side, id, look, way in (
            (1, arrow.head, {}, "to"),
            (-1, _back(arrow.head), backward, "from"),
        ):
            area = self._area(arrow.head) if side > 0 else self._area_back(arrow.head)
            x, y = self._at(arrow.head, side)
            rim, far = y + side * area[1] / 2, y + side * (area[1] / 2 + LOOP)
            points = [(x - 12, rim), (x - 26, far), (x + 26, far), (x + 12, rim)]
            label = _on_paper(arrow.operand.replace(" to t", f" {way} t"))
            look = {**look, "label": label, "lp": f"{x:.2f},{far:.2f}"}
            self.sheet.line(
                id, id, points if side > 0 else points[::-1], arrow.operand,
                arrow="yes", curved="yes", **look,
            )  # fmt: skip


def _back(id: str) -> str:
    return f"b{id[1:]}"


def _on_paper(words: str) -> str:
    """Return a label that covers the line it stands on."""
    return (
        f'<<TABLE BORDER="0" CELLBORDER="0" CELLPADDING="1" BGCOLOR="{PART.fill}">'
        f"<TR><TD>{markup(words)}</TD></TR></TABLE>>"
    )


def _cut(
    points: list[XY], tail: XY, head: XY, boxed: tuple[bool, bool] = (False, False)
) -> list[XY]:
    """Leave out what lies under the nodes at both ends, given their sizes."""
    first = _outside(points[0], points[1], tail, boxed[0])
    last = _outside(points[-1], points[-2], head, boxed[1])
    return [first, *points[1:-1], last]


def _waves(points: list[XY], aside: float = 0.0) -> list[XY]:
    """Return a Bézier curve through points, level at each; or past them, so far aside.

    From one point straight to the next it is a straight line, or an arc.
    """
    if len(points) == 2:
        (a, b), (c, d) = points
        x, y = (c - a) / 3, (d - b) / 3
        return [(a, b), (a + x, b + y + aside), (c - x, d - y + aside), (c, d)]
    first, *inner, last = points
    drawn = [first]
    points = [first, *((x, y + aside) for x, y in inner), last]
    for (a, b), (c, d) in itertools.pairwise(points):
        drawn += [((a + c) / 2, b), ((a + c) / 2, d), (c, d)]
    return drawn


def _parallel(arrows: Sequence[Arrow]) -> Iterator[tuple[Arrow, int, int]]:
    """Yield each arrow, which it is of those between its nodes, and how many are."""
    many = Counter(map(_ends, arrows))
    seen: Counter[tuple[str, str]] = Counter()
    for arrow in arrows:
        ends = _ends(arrow)
        yield arrow, seen[ends], many[ends]
        seen[ends] += 1


def _ends(arrow: Arrow) -> tuple[str, str]:
    return arrow.tail, arrow.head


def _outside(at: XY, onto: XY, area: XY, boxed: bool) -> XY:
    """Return where a line leaves an ellipse, or a box, of this size."""
    dx, dy = onto[0] - at[0], onto[1] - at[1]
    across, along = abs(2 * dx / area[0]), abs(2 * dy / area[1])
    part = 1 / (max(across, along) if boxed else math.hypot(across, along))
    return at[0] + dx * part, at[1] + dy * part


def _too_long(tape: Tape, nodes: int) -> ValueError:
    return ValueError(
        explain(
            f"draw(output, view='backward') of {len(tape)} entries, at {user_line()}",
            by_name(tape.outputs),
            f"every node is drawn twice, and of {nodes}, with time steps, gates and "
            f"layers folded, more than {MOST} cannot be read.",
            "draw the loss of one time step, or of one layer; run what a loop does at "
            "step t `with mg.scope(t):`, then it is folded; or print mg.derive(loss), "
            "which says the same in equations.",
        )
    )
