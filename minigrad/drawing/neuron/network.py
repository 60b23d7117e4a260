"""A tape read as a network of numbers: which entry reads which.

A vector becomes a row of dots, and the rows stand on levels. There are three ways to
come by a vector:

    a layer    weights times what is below: every entry reads every entry
    a point    combined entry by entry: entry k reads entry k, f_k c_k + i_k c~_k
    outside    an input, or what a time step before this one has left

Of a loop one time step is drawn; of several loops the steps that belong together, since
what the upper one reads at t is what the lower one made at t (`provenance.py` says so,
and for a layer that runs backwards it finds another step).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from minigrad.drawing.neuron.choice import Choice
from minigrad.drawing.view import NotPlaced
from minigrad.drawing.words import leaf_label, shape_text
from minigrad.messages import with_article
from minigrad.parameter import Parameter
from minigrad.primitive import Elementwise
from minigrad.structure.consumers import tensors, weights
from minigrad.structure.dependence import everywhere, reads
from minigrad.structure.loops import name_in_time, times
from minigrad.structure.parts import DENSE, JOIN
from minigrad.structure.provenance import Entry, Provenance, length
from minigrad.structure.sublayers import is_product, is_scaling, structure
from minigrad.structure.time_steps import State, every_loop, names_over_time
from minigrad.tape import Tape
from minigrad.tensor import Tensor

Line = tuple[Entry, int]  # entry k reads this entry


@dataclass(eq=False)
class Layer:
    """One matrix of weights, or several that are added, and the neurons they feed.

    A peephole p * c is among the products: a weight from entry k to neuron k alone.
    """

    products: list[Tensor]
    entries: list[Tensor]
    out: Tensor

    @property
    def sources(self) -> list[Tensor]:
        """Return the vectors that are multiplied."""
        return [value for product in self.products for value in tensors(product)]

    @property
    def names(self) -> str:
        """Return what its Parameters are called."""
        found = sorted(weights(self.entries), key=lambda each: -each.ndim)  # W first
        return ", ".join(leaf_label(each).name or "·" for each in found)


class Network:
    """The vectors of a tape, and what each entry of them reads.

    alone   is only the first of several recurrent layers wanted?
    loops   how many there are
    layers  by the vector they make
    feeds   for each point the lines to it
    before  for what a state was, the vector that it becomes
    names   what values are called in a picture that stands for all time steps
    level   how high each vector stands; what comes from outside is at the bottom, or
            beside what it is joined with

    >>> import minigrad as mg
    >>> y = mg.Dense(3, 2, mg.tanh)(mg.Tensor([1.0, 2.0, 3.0], name="x"))
    >>> network = Network(mg.Tape(y))
    >>> sorted(network.level.values()), len(network.layers), len(network.points)
    ([0, 1], 1, 0)
    """

    def __init__(self, tape: Tape, alone: bool = False) -> None:
        self.outputs = tape.outputs
        structured = structure(tape)
        dense = [group for group in structured if group.kind == DENSE]
        self.moves = Provenance({e for group in dense for e in group.entries})
        self._parts: dict[Tensor, list[Entry]] = {}
        self.same: dict[object, Tensor] = {}  # x_2 of two layers, taken from one X
        loops = every_loop(tape)
        self.loops = len(loops)
        loops = loops[:1] if alone else loops
        in_time = any(times(step.scope) for found in loops for step in found)
        outer = [g for g in structured if not times(g.scope) and not alone]
        outer = outer if in_time else []  # else it is one step, and has them
        choice = Choice(self.moves, loops)
        self.steps = choice.of(tape, outer)
        self.many = [len(found) for found in loops]
        self.names: dict[Tensor, str] = {}
        for loop, step in zip(loops, self.steps, strict=True):
            self.names.update(names_over_time(loop, step))
        groups = [g for step in self.steps for g in step.groups] + choice.once(outer)
        groups.sort(key=lambda group: group.entries[-1].tick)
        self.maker = {e: group for group in groups for e in group.entries}
        dense = [g for g in groups if g.kind == DENSE]
        made = (
            [e for e in g.entries if not self.moves.is_rearranged(e)] for g in dense
        )
        self.layers = {layer.out: layer for each in made for layer in layers(each)}
        states = [state for step in self.steps for state in step.states]
        self.before = self._carried(states)
        self.points = self._points([s.after for s in states if s.after is not None])
        self.feeds: dict[Tensor, list[Line]] = {}
        self._reach: dict[Tensor, list[Line]] = {}
        self.level: dict[Tensor, int] = {}
        self._place()

    def name(self, value: Tensor) -> str:
        """Return what a value is called in the picture: y_t−1."""
        return self.names.get(value) or name_in_time(value)

    def parts(self, value: Tensor) -> list[Entry]:
        """Return for each entry of a vector which entry that is drawn it is."""
        if value not in self._parts:
            self._parts[value] = self._found(value)
        return self._parts[value]

    def _found(self, value: Tensor) -> list[Entry]:
        maker = self.maker.get(value)
        joined = tensors(value)
        if maker is not None and maker.kind == JOIN and _in_a_row(value, joined):
            return [entry for part in joined for entry in self.parts(part)]
        for row in self.moves.rows(value):
            if all(owner in self.maker for owner, _ in row):
                if self.moves.mixes(value):
                    raise _mixed(row[0][0], value)
                return row
        known = self.same.setdefault(self.moves.key(value) or value, value)
        return [(known, j) for j in range(length(value))]

    def lines(self, layer: Layer) -> Iterator[tuple[Tensor, list[Entry]]]:
        """Yield each product of a layer, and the entries that its matrix reads."""
        for product in layer.products:
            if not tensors(product):
                raise NotPlaced("what it multiplies is a plain array")
            value = tensors(product)[0]
            if not _is_of_vectors(product, value, layer.out):
                W = leaf_label(product.args[weight(product)]).name or "a Parameter"
                raise NotPlaced(f"{W} does not multiply vectors, as in W v or X W")
            yield product, self.parts(value)

    def _carried(self, states: list[State]) -> dict[Tensor, Tensor]:
        """Return what each state becomes, where it is drawn as one vector."""
        found = {}
        for before, after in states:
            if before is not None and after is not None:
                ends = self._owners(before), self._owners(after)
                if len(ends[0]) == len(ends[1]) == 1:
                    found[ends[0][0]] = ends[1][0]
        return found

    def _points(self, ends: list[Tensor]) -> set[Tensor]:
        """Return what is no layer, and is read by one, or left to the next step."""
        ends = ends + [leaf for step in self.steps for leaf in step.leaves]
        ends += [o for o in self.outputs if isinstance(o.primitive, Elementwise)]
        ends += [
            e for e, g in self.maker.items() if g.kind == DENSE and e is g.entries[-1]
        ]
        read = [v for layer in self.layers.values() for v in layer.sources]
        waiting = [(owner, True) for v in (*read, *ends) for owner in self._owners(v)]
        found: set[Tensor] = set()
        passed: set[Tensor] = set()
        while waiting:
            value, is_asked = waiting.pop()
            if value in self.layers or value not in self.maker:
                continue
            mixes = not isinstance(value.primitive, Elementwise)
            if is_asked or mixes:
                found.add(value)
            if value not in passed:
                passed.add(value)
                made_of = (o for arg in tensors(value) for o in self._owners(arg))
                summed = mixes and not value.ndim  # a loss: of what is it the sum?
                waiting += [(owner, summed) for owner in made_of]
        return found

    def _owners(self, value: Tensor) -> list[Tensor]:
        return list(dict.fromkeys(owner for owner, _ in self.parts(value)))

    def _place(self) -> None:
        readers: dict[Tensor, list[Tensor]] = {}
        for entry in self.maker:
            if entry in self.layers:
                read = [o for v in self.layers[entry].sources for o in self._owners(v)]
            elif entry in self.points:
                self.feeds[entry] = self._elementwise_sources(entry)
                read = list(dict.fromkeys(owner for (owner, _), _ in self.feeds[entry]))
            else:
                continue
            for each in read:
                readers.setdefault(each, []).append(entry)
            self.level[entry] = 1 + max((self.level.get(e, 0) for e in read), default=0)
        for value, found in readers.items():
            alone = len(found) == 1 and self.before.get(value) is found[0]
            alone = alone and found[0] in self.points
            if value not in self.level and not alone:  # alone: it is a loop
                self.level[value] = min(self.level[reader] for reader in found) - 1

    def _elementwise_sources(self, value: Tensor) -> list[Line]:
        """Return what reaches a point through element-wise operations only."""
        if value not in self._reach:
            self._reach[value] = list(dict.fromkeys(self._find_sources(value)))
        return self._reach[value]

    def _find_sources(self, value: Tensor) -> Iterator[Line]:
        for arg, j, k in reads(value):
            owner, i = self.parts(arg)[j]
            if self._is_between(owner):
                found = self._elementwise_sources(owner)
                yield from ((source, k) for source, n in found if n == i)
            else:
                yield (owner, i), k

    def _is_between(self, value: Tensor) -> bool:
        return (
            value in self.maker
            and value not in self.layers
            and value not in self.points
        )


def layers(made: list[Tensor]) -> Iterator[Layer]:
    """Yield the layers of a dense sub-layer: one, or those of a deeper box."""
    own = set(made)
    products: list[Tensor] = []
    entries: list[Tensor] = []
    for entry in made:
        inner = any(arg in own for arg in tensors(entry))
        ends = is_product(entry) or _mixes(entry)  # such as the mean of a layer norm
        if products and inner and ends:
            yield Layer(products, entries, tensors(entry)[0])
            products, entries = [], []
        if is_product(entry) or (is_scaling(entry) and not inner):
            products.append(entry)
        if products:
            entries.append(entry)
    if products:
        yield Layer(products, entries, entries[-1])


def _mixes(entry: Tensor) -> bool:
    """Does an entry of the result read another entry of its vector, as a mean does?"""
    if isinstance(entry.primitive, Elementwise) or is_product(entry):
        return False
    of_examples = any(a.shape[:-1] != entry.shape[:-1] for a in tensors(entry))
    return not of_examples and any(j != k for _, j, k in reads(entry))


def _in_a_row(value: Tensor, joined: list[Tensor]) -> bool:
    """Are they joined end to end, and not below each other?"""
    return length(value) == sum(map(length, joined))


def weight(product: Tensor) -> int:
    """Return which argument of a product is the matrix."""
    return next(i for i, a in enumerate(product.args) if isinstance(a, Parameter))


def _is_of_vectors(product: Tensor, value: Tensor, out: Tensor) -> bool:
    """Does every entry read every entry, each through a weight of its own?

    So it is in W v and in X W; but in W X the vectors of X stand upright.
    """
    if isinstance(product.primitive, Elementwise):  # a peephole
        return True
    place = weight(product)
    fits = product.args[place].size == length(value) * length(out)
    return bool(fits) and everywhere(product, 1 - place)


def _mixed(source: Tensor, value: Tensor) -> NotPlaced:
    """A dot stands for one entry of all examples: so K and K.T have no common dots."""
    return NotPlaced(
        f"entries of several vectors of {_named(source)} {shape_text(source)} stand in "
        f"one vector of {_named(value)} {shape_text(value)}, as in K.T"
    )


def _named(value: Tensor) -> str:
    row = value.primitive
    return name_in_time(value) or with_article(row.name if row else "leaf")
