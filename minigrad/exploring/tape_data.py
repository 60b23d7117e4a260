"""The tape as data, and its rows as JavaScript: what engine.js runs again.

Nothing is written twice: the page computes what the rows say.

    elementwise   the meaning of the row and its slopes, as SymPy proved them, printed
                  as JavaScript
    linear        the row is asked for its coefficients: y[k] = sum of c a[i]. So index,
                  axis, axes and shape are settled here, and the page needs no code for
                  take, transpose, sum, or a linear row of the reader's own.
    bilinear      likewise y[k] = sum of c a[i] b[j]: matrix products

A mask or a sign is a decision that was taken when the tape was recorded. Where the
function that ran says how (`minigrad.structure.decisions`), the page asks the question
again; elsewhere it keeps the recorded branch, and the step says so: `kept`.
"""

from __future__ import annotations

import importlib.resources
import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.composite import Decision
from minigrad.numpy_protocol.array_like import as_array
from minigrad.parameter import Parameter
from minigrad.primitive import TABLE, Elementwise, Linear
from minigrad.structure.decisions import answered, axes_of, decision
from minigrad.structure.provenance import marks, moved_by, numbers
from minigrad.tape import Tape
from minigrad.tensor import Tensor
from minigrad.types import Array

MOST_NUMBERS = 2000  # more would make the page large, and slow to answer
MOST_TERMS = 40_000  # products of matrices have many
# Formulas that lose digits or overflow, as NumPy's functions do not.
PRECISE = {
    "log(1 + exp(a))": "Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a)))",
    "exp(a) - 1": "Math.expm1(a)",
    "log(1 + a)": "Math.log1p(a)",
}


class NotMoving(Exception):
    """Why the page does not run this tape again: a sentence."""


def javascript(names: Sequence[str] | None = None) -> str:
    """Return MINIGRAD_ROWS: value and slopes of elementwise rows, all if not named.

    >>> print(javascript(["multiply", "tanh"]))
    const MINIGRAD_ROWS = {
      "multiply": {value: (a, b) => a*b, slopes: [(y, a, b) => b, (y, a, b) => a]},
      "tanh": {value: (a) => Math.tanh(a), slopes: [(y, a) => 1 - Math.pow(y, 2)]},
    };

    Raises NotMoving for a row of which nothing could be proved, or that JavaScript does
    not know.
    """
    if names is None:
        names = [name for name, row in TABLE.items() if row.is_elementwise]
    lines = "".join(f"  {json.dumps(name)}: {_row(name)},\n" for name in names)
    return f"const MINIGRAD_ROWS = {{\n{lines}}};"


def _row(name: str) -> str:
    from minigrad.proving.failures import LemmaFailed
    from minigrad.proving.lemmas import prove_row

    row = TABLE[name]
    assert isinstance(row, Elementwise)
    try:
        lemma = prove_row(row)
    except LemmaFailed as error:
        raise NotMoving(f"the row {name} could not be proved: {error}") from error
    letters = ", ".join("abcdefgh"[: len(lemma.rules)])
    value = PRECISE.get(lemma.meaning) or _printed(lemma.meaning)
    slopes = ", ".join(f"(y, {letters}) => {_printed(rule)}" for rule in lemma.rules)
    return f"{{value: ({letters}) => {value}, slopes: [{slopes}]}}"


def _printed(formula: str) -> str:
    import sympy

    try:
        text: str = sympy.jscode(sympy.sympify(formula))
    except NotImplementedError:
        text = "Not supported"  # what an older SymPy writes instead of raising
    if "Not supported" in text:
        raise NotMoving(f"JavaScript has no function for {formula}.")
    return text


def tape_data(tape: Tape, decided: dict[int, int] | None = None) -> dict[str, Any]:
    """Return the tape as engine.js reads it: {steps, outputs, remarks}.

    Steps stand in the order of the tape; constants of the program follow. Of those that
    are decided anew, `decided` gets the place, by the id of the array. Raises
    NotMoving, which says why, for a tape that is too large or of other numbers.
    """
    writer = _Writer(tape)
    steps = [writer.step(entry) for entry in tape]
    if decided is not None:
        decided.update(writer.decided)
    return {
        "steps": steps + writer.constants,
        "outputs": [writer.place[output] for output in tape.outputs],
        "remarks": _remarks(tape, steps),
    }


def carried(tape: Tape, decided: dict[int, int]) -> tuple[str, str]:
    """Return the tape as JSON and the script that runs it; or {"why": ...} and none."""
    try:
        data = tape_data(tape, decided)
        names = dict.fromkeys(
            step["op"] for step in data["steps"] if step.get("kind") == "elementwise"
        )
        rows = javascript([*names])
    except NotMoving as why:
        return as_json({"why": f"The numbers on this page stay as they are: {why}"}), ""
    engine = importlib.resources.files(__package__) / "engine.js"
    return as_json(data), f"{rows}\n{engine.read_text('utf-8')}"


def as_json(data: Any) -> str:
    """Return data as JSON that may stand inside a page."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


class _Writer:
    def __init__(self, tape: Tape) -> None:
        self.place = {entry: i for i, entry in enumerate(tape)}
        self.constants: list[dict[str, Any]] = []
        self.decided: dict[int, int] = {}  # by the id of a constant array
        self.numbers = self.terms = 0

    def step(self, entry: Tensor) -> dict[str, Any]:
        written: dict[str, Any] = {
            "name": entry.name or f"t{self.place[entry]}",
            "shape": list(entry.shape),
            "active": True,
            "leaf": entry.primitive is None,
            "parameter": isinstance(entry, Parameter),
        }
        self._count(entry.data)
        row = entry.primitive
        if row is None:
            return written | {"value": _numbers(entry.data)}
        args = [as_array(a.data if isinstance(a, Tensor) else a) for a in entry.args]
        places = [
            self.place[a] if isinstance(a, Tensor) else self._constant(array)
            for a, array in zip(entry.args, args, strict=True)
        ]
        written |= {"op": row.name, "args": places}
        self._decide(entry, args, places)
        if row.is_elementwise:
            return written | {"kind": "elementwise"}
        assert isinstance(row, Linear)
        if "mask" in entry.options:
            return written | self._choice(entry, args, places)

        def computed(*numbers: Array) -> Array:
            return np.asarray(row.function(*numbers, **entry.options))

        if row.jointly:
            return written | self._bounded("linear", "terms", terms(computed, args))
        if len(args) != 2:
            raise NotMoving(f"the row {row.name} is linear in each of {len(args)}.")
        products = (
            [k, i, j, c]
            for i, unit in enumerate(_units(args[0].shape))
            for k, _, j, c in terms(lambda b, a=unit: computed(a, b), args[1:])
        )
        return written | self._bounded("bilinear", "products", products)

    def _bounded(self, kind: str, name: str, found: Any) -> dict[str, Any]:
        kept = []
        for each in found:
            kept.append(each)
            self.terms += 1
            if self.terms > MOST_TERMS:
                raise NotMoving(
                    f"its linear steps have more than {MOST_TERMS} coefficients."
                )
        return {"kind": kind, name: kept}

    def _choice(
        self, entry: Tensor, args: list[Array], places: list[int]
    ) -> dict[str, Any]:
        """Return both branches of a choice, and how it is decided, if that is known."""
        row, shape = entry.primitive, entry.shape
        assert row is not None
        mask = np.broadcast_to(np.asarray(entry.options["mask"]), shape)

        def chosen(where: Array) -> list[list[Any]]:
            return [
                *terms(lambda a, b: np.asarray(row.function(a, b, mask=where)), args)
            ]

        written = self._bounded("linear", "terms", chosen(mask))
        asked = decision(entry)
        if asked is None:
            return written | {"kept": True}
        at = self._constant(mask)
        self.constants[-1]["decided"] = self._question(entry, asked, args, places)
        branches = [chosen(np.full(shape, each)) for each in (True, False)]
        # what is not chosen from is zero: no coefficient
        choices = [_every(branch, mask.size) for branch in branches]
        return written | {"mask": at, "choices": choices}

    def _decide(self, entry: Tensor, args: list[Array], places: list[int]) -> None:
        """Note how an argument was decided, if that is known: a sign, a largest."""
        asked = decision(entry)
        if asked is not None and asked.answer is not None:
            place = places[asked.answer]
            question = self._question(entry, asked, args, places)
            self.constants[place - len(self.place)]["decided"] = question
            self.decided[id(entry.args[asked.answer])] = place

    def _question(
        self, entry: Tensor, asked: Decision, args: list[Array], places: list[int]
    ) -> dict[str, Any]:
        """Return a question as engine.js asks it: of which entries of which steps.

        after    the step after which it can be asked
        met      for each answer the entry of each side; or, of a largest among many,
                 for each entry the answer to which it belongs
        """
        of = [i for i in (asked.of, asked.than) if i is not None]
        steps = [places[i] for i in of]
        recorded, x = answered(entry, asked), args[asked.of]
        assert recorded is not None
        if asked.than is None and asked.question != "sign":
            kept = np.max(np.arange(x.size).reshape(x.shape), axes_of(entry, asked),
                          keepdims=True)  # fmt: skip
            groups = np.unique(np.broadcast_to(kept, x.shape), return_inverse=True)[1]
            met = [groups.ravel().tolist()]
        else:
            met = [_met(args[i], recorded.shape) for i in of]
        return {
            "question": asked.question,
            "of": steps,
            "met": met,
            "after": max(step for step in steps if step < len(self.place)),
            "whole": asked.answer is None,
        }

    def _constant(self, array: Array) -> int:
        self._count(array)
        self.constants.append(
            {
                "name": "",
                "shape": list(array.shape),
                "active": False,
                "leaf": False,
                "parameter": False,
                "value": _numbers(array),
            }
        )
        return len(self.place) + len(self.constants) - 1

    def _count(self, array: Array) -> None:
        if array.dtype.kind not in "fiub":
            raise NotMoving(f"the page computes with floats, not with {array.dtype}.")
        self.numbers += array.size
        if self.numbers > MOST_NUMBERS:
            raise NotMoving(
                f"the tape has more than {MOST_NUMBERS} numbers, too many to follow."
            )


def terms(function: Callable[..., Array], args: Sequence[Array]) -> list[list[Any]]:
    """Return what a linear function adds up: [k, n, i, c] for y[k] += c args[n][i].

    Of a function that only moves numbers their marks say where they go. Others are
    asked about one entry after the other.

    >>> terms(lambda a: a[::-1], [np.zeros(2)])
    [[0, 0, 1, 1], [1, 0, 0, 1]]
    >>> terms(lambda a: 2 * a.sum(), [np.zeros(2)])
    [[0, 0, 0, 2.0], [0, 0, 1, 2.0]]
    """
    shapes = [arg.shape for arg in args]
    sources = [(n, i) for n, a in enumerate(args) for i in range(a.size)]
    count = len(sources)
    moved = moved_by(function, _filled(marks(np.arange(1, count + 1)), shapes))
    if moved is not None:
        places = numbers(moved).ravel().tolist()
        return [[k, *sources[p - 1], 1] for k, p in enumerate(places) if p]
    found: list[list[Any]] = []
    for source, unit in zip(sources, np.eye(count), strict=True):
        column = function(*_filled(unit, shapes)).ravel()
        found += [
            [k, *source, float(column[k])] for k in np.flatnonzero(column).tolist()
        ]
    return sorted(found)


def _filled(numbers: Array, shapes: Sequence[tuple[int, ...]]) -> list[Array]:
    ends = np.cumsum([math.prod(shape) for shape in shapes])[:-1]
    parts = np.split(numbers, ends)
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


def _units(shape: tuple[int, ...]) -> Any:
    for unit in np.eye(math.prod(shape)):
        yield unit.reshape(shape)


def _met(array: Array, shape: tuple[int, ...]) -> list[int]:
    """Return which entry of a broadcast array meets each entry of the result."""
    places = np.arange(array.size).reshape(array.shape)
    met: list[int] = np.broadcast_to(places, shape).ravel().tolist()
    return met


def _every(branch: list[list[Any]], size: int) -> list[list[Any]]:
    by_entry = {term[0]: term for term in branch}
    return [by_entry[k] for k in range(size)]


def _numbers(array: Array) -> list[float | str]:
    """Return numbers as JSON has them; those it lacks, as JavaScript reads them."""
    return [
        x
        if math.isfinite(x)
        else "NaN"
        if math.isnan(x)
        else f"{'-' * (x < 0)}Infinity"
        for x in array.astype(float).ravel().tolist()
    ]


def _remarks(tape: Tape, steps: list[dict[str, Any]]) -> list[str]:
    remarks = []
    kinds = sorted({str(e.dtype) for e in tape if e.dtype != np.float64})
    if kinds:
        remarks.append(
            f"Recorded in {' and '.join(kinds)}, run again in float64: numbers differ "
            "by rounding."
        )
    kept = [step["name"] for step in steps if step.get("kept")]
    if kept:
        remarks.append(
            f"The recorded branch is kept at {', '.join(kept)}: the page does not know "
            "how it was chosen."
        )
    return remarks
