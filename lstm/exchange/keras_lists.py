"""The layers of Keras that lists of arrays may be: told by their shapes alone.

An LSTM has the arrays (n, 4m), (m, 4m) and (4m,), a Bidirectional twice as many, a
Dense (n, m) and (m,). A flat list of several layers' arrays is cut wherever the shapes
allow it; where they allow it in two ways, both are named and `into` decides.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lstm.exchange.fitting import read, refuse
from minigrad.messages import explained
from minigrad.tensor import Array

KINDS = ("kernel", "recurrent_kernel", "bias")
DIRECTIONS = ("forward", "backward")
RECURRENT = {4: "LSTM", 3: "GRU", 1: "SimpleRNN"}
INTO = "into=Stack(LSTM(n, m), ..., Dense(m, k)), the model as it is meant, decides."


@dataclass(frozen=True, eq=False)
class Part:
    """One layer.

    kind     "LSTM", "GRU", "SimpleRNN", "Dense", or "function"
    arrays   by name: "kernel", "bias"; of recurrent layers "forward.kernel", ...
    options  its `get_config()`, if the layer itself was given
    """

    kind: str
    arrays: Mapping[str, Array] = field(default_factory=dict)
    options: Mapping[str, Any] | None = None

    @property
    def both(self) -> bool:
        """Return whether it reads in both directions."""
        return "backward.kernel" in self.arrays


class Cut(NamedTuple):
    """Some arrays of a flat list that may be one layer: what it reads and makes."""

    kind: str
    arrays: int
    n: int
    m: int
    both: bool = False

    def __str__(self) -> str:
        word = f"{self.kind}({self.n}, {self.m})"
        return f"Bidirectional({word})" if self.both else word


def parts_of_lists(asked: str, lists: Sequence[Sequence[object]]) -> list[Part]:
    """Return a part for each list of arrays, one layer each."""
    parts = []
    for depth, weights in enumerate(lists):
        arrays = _arrays(asked, depth, weights)
        shapes = [array.shape for array in arrays]
        cuts = [cut for cut in _cuts(shapes) if cut.arrays == len(shapes)]
        refuse(
            asked,
            "a layer has the arrays of an LSTM, (n, 4m), (m, 4m) and (4m,), twice as "
            "many if Bidirectional, or those of a Dense, (n, m) and (m,):",
            [] if cuts else [f"layer {depth}: {_listed(shapes)}"],
            "pass layer.get_weights() of one layer, or a list of such lists, one for "
            "each layer.",
        )
        parts.append(_part(cuts[0], arrays))
    return parts


def parts_of_list(asked: str, weights: Sequence[object]) -> list[Part]:
    """Return the layers of a flat list of arrays, if it can be cut in one way only."""
    arrays = _arrays(asked, 0, weights)
    shapes = [array.shape for array in arrays]
    readings = list(itertools.islice(_readings(shapes), 2))
    refuse(
        asked,
        "no layers one upon another have these arrays; an LSTM's are (n, 4m), (m, 4m) "
        "and (4m,), a Dense's (n, m) and (m,):",
        [] if readings else [_listed(shapes)],
        "pass layer.get_weights() of one layer, or a list of such lists, one for each "
        "layer.",
    )
    if len(readings) > 1:
        one, other = (_model(cuts) for cuts in readings)
        raise explained(
            ValueError,
            asked,
            f"there are two readings: {one} and {other} have arrays of these shapes.",
            f"into={one} or into={other} decides; of several layers, so does a "
            "list of lists, one for each.",
        )
    parts = []
    for cut in readings[0]:
        parts.append(_part(cut, arrays[: cut.arrays]))
        arrays = arrays[cut.arrays :]
    return parts


def require_functions(asked: str, parts: Sequence[Part]) -> None:
    """Refuse dense layers upon another of which only the arrays are known."""
    if all(
        not one.kind == other.kind == "Dense" or one.options is not None
        for one, other in itertools.pairwise(parts)
    ):
        return
    raise explained(
        ValueError,
        asked,
        "there are two readings: between two Dense layers there may be an "
        "activation, or none; arrays do not say it.",
        "into=Sequential(Dense(n, k, mg.relu), Dense(k, m)), the model as it is "
        "meant, decides; so does the model itself, given in place of its arrays.",
    )


def _arrays(asked: str, depth: int, weights: Sequence[object]) -> list[Array]:
    named = {f"layer {depth}, array {k}": each for k, each in enumerate(weights)}
    return list(read(asked, named).values())


def _readings(
    shapes: Sequence[tuple[int, ...]], wide: int | None = None
) -> Iterator[list[Cut]]:
    """Yield every way to cut the arrays into layers that read what those below make."""
    for cut in _cuts(shapes):
        if wide in (None, cut.n):
            made = cut.m * (2 if cut.both else 1)
            rest = shapes[cut.arrays :]
            for above in _readings(rest, made) if rest else [[]]:
                yield [cut, *above]


def _cuts(shapes: Sequence[tuple[int, ...]]) -> Iterator[Cut]:
    """Yield every layer that the first arrays may be."""
    for count in (3, 2):
        cut = _recurrent(shapes[:count], count)
        if cut and shapes[count : 2 * count] == shapes[:count]:
            yield cut._replace(arrays=2 * count, both=True)
        if cut:
            yield cut
    match shapes[:2]:
        case [(n, m), (k,)] if k == m:
            yield Cut("Dense", 2, n, m)


def _recurrent(shapes: Sequence[tuple[int, ...]], count: int) -> Cut | None:
    match shapes:
        case [(n, wide), (m, other), *bias] if other == wide and m and not wide % m:
            kind = RECURRENT.get(wide // m)
            biases = [[(wide,)], [(2, wide)]] if kind == "GRU" else [[(wide,)]]
            if kind and len(shapes) == count and (count == 2 or bias in biases):
                return Cut(kind, count, n, m)
    return None


def _part(cut: Cut, arrays: Sequence[Array]) -> Part:
    return Part(
        cut.kind, dict(zip(names_of(cut.kind, cut.arrays), arrays, strict=True))
    )


def names_of(kind: str, count: int) -> list[str]:
    """Return the names of so many arrays of one layer, in Keras's order."""
    if kind == "Dense":
        return ["kernel", "bias"][:count]
    directions = DIRECTIONS[: 1 + (count > 3)]
    kinds = KINDS[: count // len(directions)]
    return [f"{direction}.{each}" for direction in directions for each in kinds]


def _model(cuts: Sequence[Cut]) -> str:
    words = ", ".join(map(str, cuts))
    return words if len(cuts) == 1 else f"Stack({words})"


def _listed(shapes: Sequence[tuple[int, ...]]) -> str:
    return ", ".join(map(str, shapes)) or "0 arrays"
