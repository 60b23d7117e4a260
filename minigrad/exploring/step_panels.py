"""What one step says, as HTML: equations, tables, links to its neighbours.

A step has two halves. Forward: how its value came about, in letters and in numbers.
Backward: how its cotangent does, and what every use contributes.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from minigrad.calls import function_of
from minigrad.context import path
from minigrad.deriving.blackboard import Line
from minigrad.deriving.formula import (
    Applied,
    Formula,
    Letter,
    letters_in,
    parts_of,
    visible,
)
from minigrad.deriving.typeset import Writer
from minigrad.drawing.safe import printable
from minigrad.drawing.words import shape_text
from minigrad.exploring.data import Exploration, Step, source
from minigrad.exploring.mathml import MATHML, WithNumbers, fits, matrix, operator
from minigrad.exploring.sums import Use
from minigrad.exploring.tables import table
from minigrad.parameter import Parameter
from minigrad.tensor import Tensor

MANY_TERMS = 8  # of a sum: of more, the first ones and the last are shown
MANY_LETTERS = 10  # of a line that is written with numbers
MANY_USES = 12


def text(words: str) -> str:
    """Return a text letter for letter, harmless within HTML."""
    return html.escape(printable(words))


class Words:
    """Writes the steps of an exploration; `at_most` numbers of an array are shown.

    decided   the place in the script's tape of constants that follow other numbers, too
    """

    def __init__(
        self,
        exploration: Exploration,
        shown: set[int],
        at_most: int,
        decided: Mapping[int, int],
    ) -> None:
        self.all = exploration
        self.shown = shown
        self.at_most = at_most
        self.letters = Writer(MATHML, exploration.nameless)
        places = exploration.place.items()
        named = {exploration.letters[entry]: k for entry, k in places}
        self.sources = {letter: f"v{k}" for letter, k in named.items()}
        self.sources |= {letter.barred(): f"c{k}" for letter, k in named.items()}
        for letter, array in exploration.board.constants.items():
            if id(array) in decided:
                self.sources[letter] = f"v{decided[id(array)]}"

    def step(self, step: Step) -> str:
        """Return the article of a step."""
        entry, k = step.entry, step.position
        args = [a for a in entry.args if isinstance(a, Tensor)]
        users = [use.user for use in step.uses if use.user is not None]
        letter = self.letters.inline(self.all.letters[entry])
        leaf = "a parameter" if isinstance(entry, Parameter) else "an input"
        what = entry.primitive.name if entry.primitive else leaf
        data = {
            "position": str(k),
            "args": self._places(args),
            "users": self._places(users),
            "forward": f"Forward, step {k}: "
            + self._spoken(step.forward, f"{step.name} is {what}"),
            "backward": f"Backward, step {k}: "
            + self._spoken(step.backward, f"no cotangent of {step.name} was asked for"),
        }
        if entry.primitive is None:
            data["leaf"] = "yes"
        for key, array in (("value", entry.data), ("cotangent", step.bar)):
            if array is not None and array.size and array.dtype.kind in "fiub":
                data[key] = repr(largest(array))
        attributes = "".join(f' data-{key}="{text(v)}"' for key, v in data.items())
        return (
            f'<article class="step" id="step-{k}"{attributes}>'
            f'<h3 tabindex="-1">Step {k}: {letter}<span class="row">{text(what)}'
            f"</span></h3>{self._where(entry)}"
            f'<div class="ways"><section class="way forward" id="forward-{k}">'
            f"<h4>Forward</h4>{''.join(self._forward(step))}</section>"
            f'<section class="way backward" id="backward-{k}"><h4>Backward</h4>'
            '<p class="not-yet">Not yet: cotangents come on the way back (b).</p>'
            f'<div class="told">{"".join(self._backward(step))}</div></section></div>'
            "</article>\n"
        )

    def _places(self, entries: Sequence[Tensor]) -> str:
        places = dict.fromkeys(self.all.place[entry] for entry in entries)
        return " ".join(str(place) for place in places if place in self.shown)

    def _spoken(self, line: Line | None, otherwise: str) -> str:
        if line is None:
            return otherwise
        write = self.all.spoken.write
        said = f"{write(line.left)} = {write(line.right)}"
        return said if len(said) <= 160 else said[:159] + "…"

    def _where(self, entry: Tensor) -> str:
        words = [f"shape {shape_text(entry)}", str(entry.dtype)]
        if entry.scope:
            words.insert(0, f"in {path(entry.scope)}")
        if entry.call:
            words.append(f"by {function_of(entry)}")
        said = text(" · ".join(words))
        recorded = source(entry)
        if recorded is not None:
            said += (
                f" · recorded at {text(recorded[0])} <code>{text(recorded[1])}</code>"
            )
        return f'<p class="where">{said}</p>'

    # ------------------------------------------------------------------------- halves

    def _forward(self, step: Step) -> Iterator[str]:
        if step.forward is not None:
            yield self._equation(step.forward)
            value = step.entry.data
            yield from self._with_numbers(step.forward, value, f"v{step.position}")
            yield from self._constants(step.forward)
        yield self._table(
            step.entry.data,
            self.all.letters[step.entry],
            "value",
            f"v{step.position}",
        )
        args = [a for a in step.entry.args if isinstance(a, Tensor)]
        yield self._links("made from", args)
        users = [use.user for use in step.uses if use.user is not None]
        yield self._links("used by", users)

    def _backward(self, step: Step) -> Iterator[str]:
        if step.backward is None or step.bar is None:
            yield "<p>Nobody asked for this cotangent, so it was not computed.</p>"
            return
        yield self._equation(step.backward)
        notes = ", ".join(map(self.letters.note, dict.fromkeys(step.backward.notes)))
        if notes:
            yield f'<p class="label">rule: {notes}</p>'
        yield from self._with_numbers(step.backward, step.bar, f"c{step.position}")
        yield from self._uses(step)
        bar = self.all.letters[step.entry].barred()
        yield self._table(step.bar, bar, "cotangent", f"c{step.position}")

    def _uses(self, step: Step) -> Iterator[str]:
        """Show what every use contributes, one below the other."""
        shown = list(zip(step.uses, step.terms, strict=True))
        left_out = len(shown) - MANY_USES
        if left_out > 0:
            shown = shown[: MANY_USES - 1] + shown[-1:]
        rows = [self._use(use, term) for use, term in shown]
        if left_out > 0:
            said = f"… {left_out} more uses, not shown"
            rows.insert(-1, f'<tr><th scope="row" colspan="3">{said}</th></tr>')
        if not rows:
            return
        n = len(step.uses)
        caption = "one contribution" if n == 1 else f"{n} contributions, which add up"
        yield (
            f'<div class="scroll"><table class="uses"><caption>{caption}</caption>'
            '<thead><tr><th scope="col">from</th><th scope="col">term</th>'
            '<th scope="col">its numbers</th></tr></thead>'
            f"<tbody>{''.join(rows)}</tbody></table></div>"
        )
        if not step.adds_up:
            yield (
                '<p class="warning">These contributions do not add up to the cotangent '
                "below, which the engine computed.</p>"
            )

    def _use(self, use: Use, term: Formula | None) -> str:
        if use.user is None:
            origin = "given, for an output"
        else:
            argument = f'<span class="label">argument {use.argument + 1}</span>'
            origin = f"{self._link(use.user, 'backward')} {argument}"
        written = self.letters.inline(term) if term is not None else ""
        of = (
            f"u{self.all.place[use.user]}-{use.argument}"
            if use.user is not None
            else ""
        )
        numbers = table(use.contribution, "", self.at_most, corners=False, of=of)
        cells = f"<td>{written}</td><td>{numbers}</td>"
        return f'<tr><th scope="row">{origin}</th>{cells}</tr>'

    # ---------------------------------------------------------------------- equations

    def _equation(self, line: Line) -> str:
        pieces = self.letters.terms(line.right)
        if len(pieces) > MANY_TERMS:
            more = self.letters.put("infix", "+", operator("⋯"))
            pieces = [*pieces[: MANY_TERMS // 2], more, pieces[-1]]
        left = self.letters.write(line.left)
        return self._broken([self.letters.equation(left, pieces[0]), *pieces[1:]])

    def _broken(self, pieces: Sequence[str]) -> str:
        """Return an equation whose terms go to the next line where there is no room."""
        maths = "".join(self.letters.put("maths", piece) for piece in pieces)
        return f'<div class="equation">{maths}</div>'

    def _with_numbers(self, line: Line, value: np.ndarray, of: str) -> Iterator[str]:
        """Write the line again with its numbers: all of them, or those of one entry."""
        if sum(1 for _ in letters_in(line.right)) > MANY_LETTERS:
            return
        values, right, label = self.all.values, line.right, "with these numbers"
        small = fits(value) and all(fits(values.get(x)) for x in letters_in(right))
        if not small and value.ndim and value.size and _is_entrywise(right):
            first = (0,) * value.ndim
            values = {
                letter: np.broadcast_to(values[letter], value.shape)[first]
                for letter in letters_in(right)
            }
            ones = ",".join("1" * value.ndim)
            label = f"its entry {ones}, with these numbers"
            value, right = value[first], visible(right)
        style = MATHML if value.ndim else {**MATHML, "times": MATHML["dot"]}
        writer = WithNumbers(values, self.all.nameless, self.sources, style)
        pieces = writer.terms(right)
        if not writer.used:
            return
        if fits(value):
            pieces.append(writer.put("infix", "=", matrix(np.asarray(value), of)))
        yield f'<p class="label">{label}</p>'
        yield self._broken(pieces)

    def _constants(self, line: Line) -> Iterator[str]:
        for letter in dict.fromkeys(letters_in(line.right)):
            if letter in self.all.board.constants:
                of = self.sources.get(letter, "")
                yield self._table(self.all.values[letter], letter, "constant", of)

    # ------------------------------------------------------------------ tables, links

    def _table(self, array: np.ndarray, letter: Letter, what: str, of: str = "") -> str:
        caption = f"{what} {self.letters.inline(letter)}"
        written = table(array, caption, self.at_most, of=of)
        return f'<div class="scroll {what}">{written}</div>'

    def _links(self, label: str, entries: Sequence[Tensor]) -> str:
        several = list(dict.fromkeys(entries))
        if not several:
            return ""
        links = [self._link(entry) for entry in several[:MANY_USES]]
        if len(several) > MANY_USES:
            links.append(f"and {len(several) - MANY_USES} more")
        return f'<p class="links"><span>{label}</span> {" ".join(links)}</p>'

    def _link(self, entry: Tensor, way: str = "forward") -> str:
        k = self.all.place[entry]
        said = f"{self.letters.inline(self.all.letters[entry])} (step {k})"
        there = k in self.shown
        return f'<a href="#{way}-{k}">{said}</a>' if there else f"<span>{said}</span>"


def largest(array: np.ndarray) -> float:
    """Return the entry of largest magnitude, with its sign.

    >>> largest(np.array([1.0, -3.0, 2.0]))
    -3.0
    """
    flat = array.ravel()
    return float(flat[np.argmax(np.abs(flat.astype(float)))])


def _is_entrywise(whole: Formula) -> bool:
    linear = isinstance(whole, Applied) and not whole.row.is_elementwise
    return not linear and all(map(_is_entrywise, parts_of(whole)))
