"""Recurrent layers side by side in time: which step of one belongs to which of another.

A stack, and two layers that read one sequence from both ends, are several loops on one
tape. Their steps belong together where they meet:

    step 2 of layer 2 reads what step 2 of layer 1 made          the same column
    step 1 of `back` reads what step 3 of `ahead` reads: x_3     column 3

So every step has a **column**, found by what it reads, and a layer whose columns fall
runs backward in time. Layers that cannot be told to run together (a decoder after its
encoder) have columns of their own: another **band**.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from minigrad.context import path
from minigrad.primitive import Elementwise, Linear
from minigrad.structure.consumers import tensors
from minigrad.structure.loops import name_in_time, without_times
from minigrad.structure.provenance import Provenance, vectors
from minigrad.structure.time_steps import Step, every_loop
from minigrad.tape import Tape
from minigrad.tensor import Tensor


@dataclass(eq=False)
class Layer:
    """One recurrent layer: its time steps in the order they ran.

    name      where it is in the model, as short as it is clear; "" if it is the only
    columns   for every step its place in time among the layers of the band
    band      the number of the group of layers that share their columns
    fed       for an input: what steps of other layers made, whose entries it holds
    read      for an input: that of the band's first layer that reads the same
    """

    name: str
    steps: list[Step]
    columns: list[int]
    band: int
    fed: dict[Tensor, list[Tensor]] = field(default_factory=dict)
    read: dict[Tensor, Tensor] = field(default_factory=dict)

    @property
    def backward(self) -> bool:
        """Does it run from the last column to the first?"""
        return len(self.columns) > 1 and self.columns[0] > self.columns[-1]

    def at(self, column: int) -> Step | None:
        """Return the step in a column."""
        return dict(zip(self.columns, self.steps, strict=True)).get(column)


class Layers(list[Layer]):
    """The recurrent layers of a tape, in its order; `between` carries values over.

    >>> from lstm import LSTM
    >>> ahead, back = LSTM(3, 2, rng=0), LSTM(3, 2, rng=1)
    >>> x = mg.Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    >>> found = Layers(mg.Tape(ahead(x)[0], back(x[::-1])[0]))
    >>> [(layer.columns, layer.backward) for layer in found]
    [([0, 1], False), ([1, 0], True)]
    """

    def __init__(self, tape: Tape) -> None:
        super().__init__()
        loops = every_loop(tape)
        made = {e: i for i, s in enumerate(loops) for e in _entries_of(s)}
        self.origins = Provenance(made=made)
        outside = [entry for entry in tape if entry not in made]
        self.read_outside = {arg for entry in outside for arg in tensors(entry)}
        self.merges = {entry for entry in outside if self._merges(entry, made)}
        self.merged = Provenance(made={*made, *self.merges})
        self.column_of: dict[Tensor, int] = {}  # of whatever a placed step made
        self.layer_of: dict[Tensor, Layer] = {}
        self.seen: dict[tuple[int, bytes], dict[int, Tensor]] = {}  # by the column
        self.bands = 0
        for steps, name in zip(loops, _names(loops), strict=True):
            self._place(name, steps)
        self.between = self._carriers(tape, made)

    def _place(self, name: str, steps: list[Step]) -> None:
        reads = [
            (band, [self._candidates(band, step) for step in steps])
            for band in range(self.bands)
        ]
        placed = (
            (band, self._at_their_times(band, steps, found) or _in_order(found))
            for band, found in reads
        )
        fitting = ((band, columns) for band, columns in placed if columns)
        band, columns = next(fitting, (self.bands, list(range(len(steps)))))
        layer = Layer(name, steps, columns, band)
        self.bands = max(self.bands, band + 1)
        for step, column in zip(steps, columns, strict=True):
            for value in step.inputs:
                makers = self._makers(value)
                if makers:
                    layer.fed[value] = makers
                elif key := self._key(value):
                    first = self.seen.setdefault((band, key), {})
                    layer.read[value] = first.setdefault(column, value)
        made = {
            e: c for s, c in zip(steps, columns, strict=True) for e in _entries_of([s])
        }
        self.column_of.update(made)
        self.layer_of.update(dict.fromkeys(made, layer))
        self.append(layer)

    def _at_their_times(
        self, band: int, steps: list[Step], candidates: list[set[int]]
    ) -> list[int]:
        """Return the columns of the same times, if each step may stand there.

        Where all inputs are the same numbers, nothing else tells their order.
        """
        first = next(layer for layer in self if layer.band == band)
        times = {s.t: c for s, c in zip(first.steps, first.columns, strict=True)}
        own = [times.get(step.t, -1) for step in steps]
        fits = all(c in found for c, found in zip(own, candidates, strict=True))
        return own if fits else []

    def _makers(self, value: Tensor) -> list[Tensor]:
        """Return what earlier layers made, if a value holds nothing else."""
        found = [value] if value in self.column_of else self.origins.origins(value)
        found = found or self._merged_in(value)
        return found if all(each in self.column_of for each in found) else []

    def _merges(self, entry: Tensor, made: dict[Tensor, int]) -> bool:
        """Are here outputs of different layers added, or multiplied, entry by entry?"""
        if not isinstance(entry.primitive, Elementwise) or len(tensors(entry)) < 2:
            return False
        read = [self.origins.origins(arg) for arg in tensors(entry)]
        loops = [{made.get(each) for each in origins} for origins in read]
        apart = len(set.union(*loops)) == sum(map(len, loops))
        return all(loops) and apart and not any(None in each for each in loops)

    def merge_of(self, value: Tensor) -> Tensor | None:
        """Return where outputs of layers were merged, if a value holds nothing else."""
        found = {origin for origin, _ in self.merged.vectors_of(value)} & self.merges
        return found.pop() if len(found) == 1 else None

    def _merged_in(self, value: Tensor) -> list[Tensor]:
        """Return what earlier layers made of which a value holds a sum, or the like."""
        merge = self.merge_of(value)
        if merge is None:
            return []
        return self._made_for(merge, [k for _, k in self.merged.vectors_of(value)])

    def _made_for(self, merge: Tensor, which: list[int]) -> list[Tensor]:
        """Return what layers made for some vectors of a merge."""
        found: dict[Tensor, None] = {}
        for arg in tensors(merge):
            marks = np.broadcast_to(self.origins.marks(arg), merge.shape)
            found.update(dict.fromkeys(self.origins.whose(vectors(marks)[which])))
        return list(found)

    def _key(self, value: Tensor) -> bytes:
        """Return what is the same for inputs with the same entries; b"" if unknown.

        Of an array each layer makes a leaf of its own: they have name and numbers.
        """
        if value.primitive is None and value not in self.read_outside:
            numbers = np.ascontiguousarray(value.data).tobytes()
            return f"leaf {value.name} ".encode() + numbers
        return self.origins.key(value)

    def carriers(self, value: Tensor) -> tuple[Tensor, ...]:
        """Return what only handed on what layers made, up to a value and with it."""
        found: dict[Tensor, None] = {}
        waiting = [value]
        while waiting:
            entry = waiting.pop()
            if entry in self.column_of or entry.primitive is None or entry in found:
                continue
            found[entry] = None
            waiting += tensors(entry)
        return tuple(found)

    def _candidates(self, band: int, step: Step) -> set[int]:
        """Return the columns in which a step could stand, for what it reads."""
        found: list[set[int]] = []
        for value in step.inputs:
            makers = self._makers(value)
            if makers and all(self.layer_of[m].band == band for m in makers):
                found.append({self.column_of[each] for each in makers})
            elif key := self._key(value):
                found.append(set(self.seen.get((band, key), ())))
        found = [each for each in found if each]
        return set.intersection(*found) if found else set()

    def joined(self, tape: Tape) -> Iterator[tuple[Tensor, list[Tensor]]]:
        """Yield what joins or merges values of layers, and those of each vector."""
        for entry in tape:
            if entry in self.merges:
                many = len(vectors(np.empty(entry.shape)))
                yield from ((entry, self._made_for(entry, [k])) for k in range(many))
            several = isinstance(entry.primitive, Linear) and len(tensors(entry)) > 1
            if not several or entry in self.column_of:
                continue
            for row in self.origins.rows(entry):
                makers = list(dict.fromkeys(maker for maker, _ in row))
                if not self.column_of.keys() >= {*makers}:
                    break
                if len({self.layer_of[maker].name for maker in makers}) > 1:
                    yield entry, makers

    def _carriers(self, tape: Tape, made: dict[Tensor, int]) -> set[Tensor]:
        """Return the entries that only hand a layer's outputs on to another one."""
        needed = {value for layer in self for value in layer.fed}
        found = set()
        for entry in reversed(tape.steps):
            if entry in needed and entry not in made and entry.primitive is not None:
                needed.update(tensors(entry))
                if isinstance(entry.primitive, Linear):
                    found.add(entry)
        return found


def _in_order(candidates: Sequence[set[int]]) -> list[int]:
    """Return a column for each step, all rising or all falling; [] if there are none.

    >>> _in_order([{2}, {1}, {0}]), _in_order([{0, 1}, {0, 1}]), _in_order([{1}, {1}])
    ([2, 1, 0], [0, 1], [])
    """
    for sign in (1, -1):
        columns: list[int] = []
        for found in candidates:
            later = [c for c in found if not columns or sign * (c - columns[-1]) > 0]
            if not later:
                break
            columns.append(min(later, key=lambda c: sign * c))
        if len(columns) == len(candidates):
            return columns
    return []


def _entries_of(steps: Sequence[Step]) -> list[Tensor]:
    return [entry for step in steps for entry in step.entries]


def _names(loops: Sequence[Sequence[Step]]) -> list[str]:
    """Return what tells each loop from the others: its scope without what all share."""
    if len(loops) < 2:
        return [""]
    scopes = [without_times(steps[0].scope) for steps in loops]
    shared = 0
    while all(len(s) > shared + 1 for s in scopes) and (
        len({s[shared] for s in scopes}) == 1
    ):
        shared += 1
    names = [path(scope[shared:]) or "loop" for scope in scopes]
    again = [names[:i].count(name) + 1 for i, name in enumerate(names)]
    return [
        f"{name} #{k}" if names.count(name) > 1 else name
        for name, k in zip(names, again, strict=True)
    ]


def name_of(value: Tensor) -> str:
    """Return a value's name, or that of the only value that it was taken from."""
    source = [arg for arg in value.args if isinstance(arg, Tensor)]
    return name_in_time(value) or (name_of(source[0]) if len(source) == 1 else "")
