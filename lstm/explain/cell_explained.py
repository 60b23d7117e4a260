"""A cell explained: its yellow boxes, and what each line of its picture carries.

What is said of a cell is found by looking at it. The boxes are its parts that have a
letter; the count of its numbers is put together from their shapes; what a variant
computes is read off the tape of one step. Whether the line of c has one number for each
neuron is tried out: one entry is changed, and the record of the step is run again.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from lstm.explain import Explanation
from lstm.explain.parameter_count import of_boxes
from minigrad.console import table
from minigrad.feedforward import leaf
from minigrad.messages import a_kind, explained
from minigrad.parameter import Parameter
from minigrad.tape import Tape
from minigrad.tensor import Tensor
from minigrad.types import Array

if TYPE_CHECKING:
    from lstm.gate import Gate
    from lstm.state import CellState, RecurrentCell


class CellExplanation(Explanation):
    """A table of a cell's boxes, and which reading each line of its picture has.

    rows       (name, equation, W's shape, b's shape, parameters): yellow boxes first,
               then the Parameters that stand alone
    equations  what one step computes; of the usual LSTM, the rows say it

    >>> from lstm.variants import PeepholeCell
    >>> explanation = CellExplanation(PeepholeCell(n=3, m=2))
    >>> print(explanation.formula)
    4(nm + m^2 + m) + 3m = 4(3*2 + 2^2 + 2) + 3*2 = 54
    >>> print(explanation.equations[1])
    z_f = W_f v + b_f + p_f ⊙ c_0
    """

    def __init__(self, cell: RecurrentCell) -> None:
        self.boxes: dict[str, Gate] = {
            k: box for k, box in vars(cell).items() if hasattr(box, "letter")
        }
        if not self.boxes:
            raise _no_boxes(cell)
        super().__init__(cell)
        self.n, self.m = cell.n, cell.m
        self.usual = getattr(cell, "usual_picture", False)
        self.before, self.after = _one_step(cell)
        self.carried = {k: len(part) for k, part in self.before._asdict().items()}
        inside = {p for box in self.boxes.values() for p in box.parameters()}
        self.alone = [p for p in cell.parameters() if p not in inside]
        self.rows = [self._row(name, box) for name, box in self.boxes.items()]
        self.rows += [(str(p.name), "", _by(p), "", str(p.size)) for p in self.alone]
        self.formula = self._formula()
        self.equations = [] if self.usual else _equations(self.after)

    def lines(self) -> Iterable[str]:
        """Yield head, table and count; the equations of a variant; then its lines."""
        yield from (*self._head(), "", self._table(), self.formula, "")
        if self.equations:
            yield "One step, read off its tape:"
            yield from (_paragraph(f"  {each}", 6) for each in self.equations)
            yield from ("", "The lines of its picture:")
        else:
            yield "The lines of the usual picture, four yellow boxes between c and y:"
        for line, size, text in self._lines():
            yield _paragraph(f"  {line:<11}  in R^{size}: {text}", 15)
        yield _paragraph(self._neuron(), 0)

    # ------------------------------------------------------------------ head and table

    def _head(self) -> Iterable[str]:
        y = self.carried["y"]
        sizes = [_count(self.n, "input", "n"), _count(self.m, "output", "m")]
        if y != self.m:
            sizes[1:] = [_count(self.m, "neuron", "m"), _count(y, "output", "p")]
        name = "LSTM cell" if self.usual else type(self.model).__name__
        yield (f"{name} with {_listed(sizes)}: a layer of {_count(self.m, 'neuron')},")
        read = {box.reads for box in self.boxes.values()}
        v = f"v = [x, y_{{t-1}}] in R^{self.n + y}" if self.usual else f"R^{self.n + y}"
        each = f", each reading {v}" if read == {(self.n, y)} else ""
        yield f"made of one dense sub-layer per yellow box{each}."
        about = (vars(type(self.model)).get("__doc__") or "").strip().split("\n")[0]
        if about and not self.usual:
            yield about

    def _table(self) -> str:
        header = ("gate", "yellow box", "W", "b", "parameters")
        rows = [header, *self.rows, ("all", "", "", "", str(self.total))]
        return table(rows, right=[4])

    def _row(self, name: str, box: Gate) -> tuple[str, str, str, str, str]:
        letter = box.letter
        inside = "".join(f" -> dense {layer.W.shape[0]}" for layer in box.hidden)
        z = f"W_{letter} {f'(v{inside})' if inside else 'v'} + b_{letter}"
        if not self.usual:  # what z is, the equations say
            z = f"z_{letter}"
        row = getattr(box.activation, "primitive", None)
        symbol = row.symbol if row else getattr(box.activation, "__name__", "...")
        count = sum(p.size for p in box.parameters())
        equation = f"{_left(name, box)} = {symbol}({z})"
        return name, equation, _by(box.W), str(len(box.b.data)), str(count)

    def _formula(self) -> str:
        boxes, parameters = self.boxes.values(), self.model.parameters()
        formula = of_boxes(boxes, parameters, self.n, self.m, self.carried["y"])
        if formula.count == self.total:
            return str(formula)
        return (
            f"{formula};\n"
            f"this cell has {self.total}: a box of it is not a plain dense layer"
        )

    # ------------------------------------------------------------------------ the lines

    def _lines(self) -> Iterable[tuple[str, int, str]]:
        """Yield each line's name, size, and what it carries."""
        yield "x_t", self.n, "the whole input vector, read by every neuron."
        yield (
            "y_{t-1}",
            self.carried["y"],
            "the whole layer's output; every neuron reads all of it, so this line has "
            "the layer reading only.",
        )
        lefts = [_left(name, box) for name, box in self.boxes.items()]
        read = "v" if self.usual else "what it reads"
        yield (
            ", ".join(lefts),
            self.m,
            "entry k belongs to neuron k, computed by row k of its W from all of "
            f"{read}.",
        )
        for name, size in self.carried.items():
            if name == "c":
                yield "c_t", size, self._belt()
            elif name != "y":
                yield (
                    f"{name}_{{t-1}}",
                    size,
                    "carried as well, and read as y_{t-1} is: the layer reading only.",
                )

    def _belt(self) -> str:
        """Say what the line of c is, which was tried out."""
        mixed = _mixed(self.before, self.after)
        if "c" in mixed:
            return (
                "the line along the top: the layer reading only, for c_k depends on "
                "other entries of c_{t-1} than its own."
            )
        meets = [
            f"{_left(name, self.boxes[name])}_k"
            for name in ("forget", "input", "candidate")
            if name in self.boxes
        ]
        through = ", through x and +" if "forget" in self.boxes else ", through +"
        met = "no other neuron's: element-wise."
        if meets:
            met = f"only {_listed(meets)}: element-wise, never another neuron's."
        return (
            f"the line along the top{through if meets else ''}: both readings, the "
            f"layer's state vector or one neuron's own number c_k, for c_k meets {met}"
            + (" What is shown of it, y_t, mixes all of c_t." if "y" in mixed else "")
        )

    def _neuron(self) -> str:
        """Say what a neuron of the cell is: its share of every Parameter, and c_k."""
        vectors = [str(p.name) for p in self.alone if p.shape == (self.m,)]
        share = ["row k of every W and b"]
        share += [f"entry k of {_listed(vectors)}"] if vectors else []
        for p in self.alone:
            if p.ndim == 2:
                share.append(f"{'row' if len(p) == self.m else 'column'} k of {p.name}")
        plus = " plus one c_k" if "c" in self.carried else ""
        whose = "an LSTM" if self.usual else "this cell"
        return (
            f"So a neuron of {whose} is {_listed(share)}{plus}; the cell is the layer."
        )


def _one_step(cell: RecurrentCell) -> tuple[Any, Any]:
    """Record one step; return the state before it, as leaves, and after it."""
    start = cell.start()
    named = (leaf(part, f"{field}_0") for field, part in start._asdict().items())
    before = type(start)(*named)
    return before, cell(leaf(np.ones(cell.n), "x"), before)


def _equations(after: CellState) -> list[str]:
    """Return what a step computes, as `minigrad.derive` reads it off the tape."""
    from minigrad.deriving.derivation import derive  # SymPy takes long to load

    made = [
        part
        for part in dict.fromkeys(after)
        if isinstance(part, Tensor) and part.primitive
    ]
    return [str(each) for each in derive(made) if each.forward]


def _mixed(before: Any, after: Any) -> set[str]:
    """Return the parts of the next state where c_1 reaches others than entry 1.

    The record is run again with random numbers, for the weights too: those of a fresh
    cell may be zero. Then once more, with another c_1.
    """
    rng = np.random.default_rng(0)
    tape = Tape(*after)
    leaves = [step for step in tape if step.primitive is None]
    usual: dict[Tensor, Array] = {x: rng.uniform(-0.5, 0.5, x.shape) for x in leaves}
    moved = usual[before.c].copy() if before.c in usual else np.zeros(1)
    moved[0] += 0.1
    one, other = tape.replay(usual), tape.replay({**usual, before.c: moved})
    parts = after._asdict().items()
    return {name for name, part in parts if np.any(one[part][1:] != other[part][1:])}


# ------------------------------------------------------------------------------ wording


def _left(name: str, box: Gate) -> str:
    return box.letter + ("~" if name == "candidate" else "")


def _by(parameter: Parameter) -> str:
    return " x ".join(map(str, parameter.shape))


def _count(number: int, noun: str, letter: str = "") -> str:
    """Return `1 neuron`, `2 neurons`, or `m = 2 neurons`."""
    count = f"{number} {noun}" + ("" if number == 1 else "s")
    return f"{letter} = {count}" if letter else count


def _listed(words: list[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _paragraph(text: str, indent: int) -> str:
    inner = " " * indent
    return textwrap.fill(text, 88, subsequent_indent=inner, break_on_hyphens=False)


def _no_boxes(cell: object) -> TypeError:
    return explained(
        TypeError,
        f"explain() of {a_kind(cell)}",
        "it tells of a cell's yellow boxes, and this one has no part that is a Gate.",
        "print(cell) shows the Parameters; mg.draw shows what it computes.",
    )
