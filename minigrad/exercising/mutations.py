"""Every slip that a program admits: its syntax tree with one thing changed.

A mutation is a change to the tree of a right program, and the sentence that a teacher
would say to whoever wrote the program that comes of it. The sentence is made of the
program's own expressions, and of the comment on the line where they stand:

    c_bar = (
        y_bar * o * (1 - np.tanh(c) ** 2)
        + c_bar_next * f_next  # the carry from the next step
    )

    your c̄ lacks the term c̄_next ⊙ f_next, the carry from the next step

This is mutation of programs (DeMillo, Lipton and Sayward 1978), with operators chosen
for mathematics: the table in slips.py, and three that need to know the program, since
they put another of its variables, or of its parts, into a place.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from minigrad.exercising.answer_notation import letter, written
from minigrad.exercising.patterns import (
    ELEMENTWISE,
    Bound,
    called,
    filled,
    matched,
    parsed,
)
from minigrad.exercising.slips import SLIPS
from minigrad.exercising.tree_places import Edit, Place, is_store, places
from minigrad.types import Shape

KINDS = list(dict.fromkeys(kind for kind, _ in SLIPS))
EXPLAINED = ("term", "factor", "reduction", "constant", "statement")  # by a comment


def _rules(text: str) -> list[tuple[Any, Any]]:
    rules = []
    for each in text.split(";") if text else ():  # none: made elsewhere
        right, wrong = map(parsed, each.split("->"))
        if isinstance(wrong, ast.stmt) and isinstance(right, ast.expr):
            right = ast.Expr(right)
        rules.append((right, wrong))
    return rules


TABLE = [(slip, _rules(text)) for slip, text in SLIPS.items()]


class Mutation(NamedTuple):
    """A slip: of which kind it is, what to say of it, and where it changes the tree."""

    kind: str
    words: str
    edits: tuple[Edit, ...]

    def __repr__(self) -> str:
        return f"<Mutation: {self.words}>"


@dataclass(frozen=True)
class Facts:
    """What is known of a program beside its tree.

    shapes    of its arguments and variables, and of their entries that it reads, as
              they were when it ran: "c", "c[t]"
    comments  by line: the words that explain what stands there
    """

    shapes: Mapping[str, Shape] = field(default_factory=dict)
    comments: Mapping[int, str] = field(default_factory=dict)


def mutations(function: ast.FunctionDef, facts: Facts) -> list[Mutation]:
    """Return every slip that a program admits, in the order of the table.

    >>> (program,) = ast.parse("def f(x, y): x_bar = y * (1 - y) * x").body
    >>> for each in mutations(program, Facts()):
    ...     if each.kind == "factor":
    ...         print(each.words)
    your x̄ lacks the factor y ⊙ (1 − y), the slope of σ
    your x̄ lacks the factor x
    ...
    """
    program = _Program(function, facts)
    return sorted(program.slips(), key=lambda each: KINDS.index(each.kind))


class _Program:
    """A program, its places, and which variable is made of which by what function."""

    def __init__(self, function: ast.FunctionDef, facts: Facts) -> None:
        self.facts = facts
        self.places = list(places(function, function.body[0]))
        self.made_by: dict[str, tuple[str, str]] = {}  # y = tanh(z): ("tanh", "z")
        for node in ast.walk(function):
            match node:
                case ast.Assign([ast.Name(name)], ast.Call(f, [given])):
                    self.made_by[name] = called(f), ast.unparse(given)

    def slips(self) -> Iterator[Mutation]:
        for (kind, words), rules in TABLE:
            for right, wrong in rules:
                found: list[tuple[Place, Bound, Mutation]] = []
                for place in self.places:
                    bound = matched(right, place.node) if _fits(right, place) else None
                    if bound is not None:
                        new = filled(wrong, bound)
                        said = self.said(kind, words, place, bound, new)
                        slip = Mutation(kind, said, (place.edit(new),))
                        found.append((place, bound, slip))
                yield from (slip for _, _, slip in found)
                yield from _everywhere(found)
        for place in self.places:
            yield from self.other_names(place)
            yield from self.other_orders(place)
            yield from self.too_much(place)
        yield from self.other_numbers()
        yield from self.exchanged()

    # ------------------------------------------------- what needs to know the program

    def other_names(self, place: Place) -> Iterator[Mutation]:
        """Put another variable of the same shape here, or in the whole statement."""
        here = [
            each
            for each in self.places
            if each.statement is place.statement and each.variable == place.variable
        ]
        your, name = self.your(place), place.variable
        for other in self.alike(name):
            words = self.for_another(name, other, your)
            yield Mutation("name", words, (place.edit(parsed(other)),))
            if len(here) > 1 and here[0] is place:
                edits = tuple(each.edit(parsed(other)) for each in here)
                yield Mutation("name", words, edits)
            if not place.in_index:
                words = f"{your} has 1 − {_said(other)} where {_said(name)} belongs"
                yield Mutation("name", words, (place.edit(parsed(f"1 - {other}")),))

    def other_numbers(self) -> Iterator[Mutation]:
        """Put another number of the program here; exchange two everywhere."""
        of: dict[float, list[Place]] = {}
        for place in self.places:
            match place.node:
                case ast.Constant(float() as number):
                    of.setdefault(number, []).append(place)
        for one, two in itertools.permutations(of, 2):
            edits = tuple(place.edit(ast.Constant(two)) for place in of[one])
            for place, edit in zip(of[one], edits, strict=True):
                words = f"{self.your(place)} has {two:g} where {one:g} belongs"
                yield Mutation("constant", words, (edit,))
            if one < two:
                edits += tuple(place.edit(ast.Constant(one)) for place in of[two])
                words = f"{one:g} and {two:g} are exchanged everywhere"
                yield Mutation("constant", words, edits)

    def for_another(self, right: str, wrong: str, your: str) -> str:
        a, b = _said(right), _said(wrong)
        for one, two, said in (
            (right, wrong, "{b}, the input of {f}, where its output {a} = {f}({b})"),
            (wrong, right, "{b} = {f}({a}), the output of {f}, where its input {a}"),
        ):
            made, of = self.made_by.get(one, ("", ""))
            if of == two:
                return f"{your} has {said.format(a=a, b=b, f=letter(made))} belongs"
        return f"{your} has {b} where {a} belongs"

    def alike(self, name: str) -> list[str]:
        """Return the other variables of the same shape."""
        shapes = self.facts.shapes
        if name not in shapes:
            return []
        return [
            each for each in shapes if each != name and shapes[each] == shapes[name]
        ]

    def other_orders(self, place: Place) -> Iterator[Mutation]:
        """Exchange two parts of what is returned, or of a list."""
        node = place.node
        if not isinstance(node, ast.Tuple | ast.List) or is_store(node):
            return
        your = "what is returned"
        if not isinstance(place.statement, ast.Return):
            your = self.your(place)
        for i, j in itertools.combinations(range(len(node.elts)), 2):
            new = copy(node)
            new.elts = list(node.elts)
            new.elts[i], new.elts[j] = node.elts[j], node.elts[i]
            both = f"{written(node.elts[i])} and {written(node.elts[j])}"
            words = f"{both} have changed places in {your}"
            yield Mutation("order", words, (place.edit(new),))

    def too_much(self, place: Place) -> Iterator[Mutation]:
        """Multiply by a variable, or by its slope; or add it."""
        node, your = place.node, self.your(place)
        applied = isinstance(node, ast.Call) and called(node.func) in ELEMENTWISE
        if not (place.is_whole or place.is_term or applied) or not isinstance(
            node, ast.BinOp | ast.Call | ast.Name | ast.Subscript
        ):
            return
        where = "" if place.is_whole or place.is_term else f", at {written(node)}"
        names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        for name in self.facts.shapes:
            if name not in names and not names & {*self.alike(name)}:
                continue
            read = parsed(name)
            factors = [(read, "")]
            if place.is_whole:
                factors.append((parsed(f"{name} * (1 - {name})"), ", the slope of σ,"))
                factors.append((parsed(f"1 - {name} ** 2"), ", the slope of tanh,"))
                words = f"{your} has the term {_said(name)} too much"
                total = ast.BinOp(node, ast.Add(), read)
                yield Mutation("twice", words, (place.edit(total),))
            for part, said in factors:
                words = f"{your} has the factor {written(part)}{said} too much{where}"
                product = ast.BinOp(node, ast.Mult(), part)
                yield Mutation("twice", words, (place.edit(product),))

    def exchanged(self) -> Iterator[Mutation]:
        """Exchange two variables of one shape, in a statement or wherever they are."""
        several = {place.statement: None for place in self.places}
        for where in (*several, None):
            if isinstance(where, ast.Return):
                continue  # other_orders exchanges what is returned
            reads: dict[str, list[Place]] = {}
            for place in self.places:
                if where in (place.statement, None) and place.variable:
                    reads.setdefault(place.variable, []).append(place)
            for a, b in itertools.combinations(reads, 2):
                if b in self.alike(a):
                    edits = [place.edit(parsed(b)) for place in reads[a]]
                    edits += [place.edit(parsed(a)) for place in reads[b]]
                    both = f"{_said(a)} and {_said(b)} are exchanged"
                    there = f"in {self.your(reads[a][0], whole=True)}" if where else ""
                    words = f"{both} {there or 'everywhere'}"
                    yield Mutation("name", words, tuple(edits))

    # ----------------------------------------------------------------------- the words

    def said(
        self, kind: str, words: str, place: Place, bound: Bound, new: ast.AST
    ) -> str:
        """Fill the words of a slip with the expressions of this place."""
        parts = {k: written(node) for k, node in bound.items() if k != "K"}
        if "B" in bound and "C" in bound:
            parts["BC"] = written(ast.BinOp(bound["B"], ast.Mult(), bound["C"]))
        if comment := self.comment(bound.get("B", place.node), place):
            comment = f", {comment}"
        if slope := self.slope(bound.get("B")):
            parts["B"] += f", the slope of {slope}"
        parts |= {"old": written(place.node), "your": self.your(place)}
        parts["new"] = written(new)
        said = words.format_map(parts).replace(",:", ":").rstrip(",")
        explained = kind in EXPLAINED and (kind == "term" or place.is_whole)
        return said + (comment if explained else "")

    def your(self, place: Place, whole: bool = False) -> str:
        """Say what is computed here: your c̄, or one term of it."""
        match place.statement:
            case ast.Assign([target]) | ast.AugAssign(target):
                your = f"your {written(target)}"
            case ast.Return():
                your = "your result"
            case _:
                return "your program"
        term = None if whole else place.term()
        return f"{your}, in the term {written(term)}," if term else your

    def comment(self, node: Any, place: Place) -> str:
        """Return the comment that explains an expression, or "".

        On a statement of one line it explains the whole; else the term that ends there.
        """
        statement = place.statement
        line = getattr(node, "end_lineno", None) or 0
        if statement.lineno == statement.end_lineno:
            if not place.is_whole:
                return ""
            line = statement.lineno
        elif any(
            getattr(each, "end_lineno", 0) == line
            and each.end_col_offset > node.end_col_offset
            for each in ast.walk(statement)
            if isinstance(each, ast.expr)
        ):
            return ""
        return self.facts.comments.get(line, "")

    def slope(self, node: ast.AST | None) -> str:
        """Say of which function an expression is the slope; "" if of none."""
        match node:
            case ast.BinOp(ast.Constant(1), ast.Sub(), ast.BinOp(y, ast.Pow())):
                made = self.made_by.get(ast.unparse(y), ("", ""))[0]
                if "tanh" in (made, isinstance(y, ast.Call) and called(y.func)):
                    return "tanh"
            case ast.BinOp(y, ast.Mult(), ast.BinOp(ast.Constant(1), ast.Sub(), other)):
                if ast.dump(y) == ast.dump(other):
                    return "σ"
        return ""


def _said(variable: str) -> str:
    return written(parsed(variable))


def _everywhere(found: list[tuple[Place, Bound, Mutation]]) -> Iterator[Mutation]:
    """Yield one slip made throughout a statement, and wherever it is about one name."""
    groups: dict[object, list[Mutation]] = {}
    for place, bound, slip in found:
        about = bound.get("B") or bound.get("f") or bound.get("h") or ast.Name("")
        first = next((n.id for n in ast.walk(about) if isinstance(n, ast.Name)), "")
        for where in (place.statement, first):
            groups.setdefault(where, []).append(slip)
    for slips in groups.values():
        if len(slips) > 1:
            edits = tuple(edit for slip in slips for edit in slip.edits)
            words = "; and ".join(dict.fromkeys(slip.words for slip in slips[:2]))
            if len(slips) > 2:
                words += f"; and so in all {len(slips)} such places"
            yield Mutation(slips[0].kind, words, edits)


def _fits(pattern: ast.AST, place: Place) -> bool:
    """May this pattern be tried here? A bare number only where it is arithmetic."""
    if isinstance(pattern, ast.Name):
        arithmetic = ast.BinOp | ast.UnaryOp | ast.Compare | ast.Assign | ast.Call
        return isinstance(place.parent, arithmetic) and not place.in_index
    return not place.in_index
