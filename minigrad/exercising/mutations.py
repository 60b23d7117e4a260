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
for mathematics: the table in slips.py, and those that need to know the program, since
they put another of its variables, or of its parts, into a place.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from copy import copy
from typing import Any, NamedTuple

from minigrad.exercising.answer_notation import letter, written
from minigrad.exercising.patterns import (
    ELEMENTWISE,
    Bound,
    filled,
    function_name,
    matched,
    parsed,
)
from minigrad.exercising.slip_words import Facts, Wording, names_in, said_of
from minigrad.exercising.slips import SLIPS
from minigrad.exercising.tree_places import Edit, Place, is_store

KINDS = list(dict.fromkeys(kind for kind, _ in SLIPS))


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


def mutations(
    function: ast.FunctionDef, facts: Facts, within: ast.stmt | None = None
) -> list[Mutation]:
    """Return every slip that a program, or one statement, admits, in the table's order.

    >>> (program,) = ast.parse("def f(x, y): x_bar = y * (1 - y) * x").body
    >>> for each in mutations(program, Facts()):
    ...     if each.kind == "factor":
    ...         print(each.words)
    your x̄ lacks the factor y ⊙ (1 − y), the slope of σ
    your x̄ lacks the factor x
    ...
    """
    program = _Program(function, facts)
    if within:
        program.places = [each for each in program.places if each.statement is within]
    return sorted(program.slips(), key=lambda each: KINDS.index(each.kind))


class _Program(Wording):
    """A program and the slips that it admits."""

    def slips(self) -> Iterator[Mutation]:
        for (kind, words), rules in TABLE:
            for right, wrong in rules:
                found: list[tuple[Place, Bound, Mutation]] = []
                for place in self.places:
                    bound = matched(right, place.node) if _fits(right, place) else None
                    if bound is not None:
                        new = filled(wrong, bound)
                        said = self.fill_words(kind, words, place, bound, new)
                        slip = Mutation(kind, said, (place.edit(new),))
                        found.append((place, bound, slip))
                yield from (slip for _, _, slip in found)
                yield from _everywhere(found)
        for place in self.places:
            yield from self.othernames_in(place)
            yield from self.other_orders(place)
            yield from self.too_much(place)
            yield from self.in_part(place)
            yield from self.inputs(place)
            yield from self.before(place)
        yield from self.other_numbers()
        yield from self.exchanged()
        yield from self.too_late()

    # ------------------------------------------------- what needs to know the program

    def othernames_in(self, place: Place) -> Iterator[Mutation]:
        """Put another variable of the same shape here, or in the whole statement."""
        here = [
            each
            for each in self.places
            if each.statement is place.statement and each.variable == place.variable
        ]
        your, name = self.your(place), place.variable
        others = [*map(parsed, self.alike(name))]
        _, of = self.made_by.get(name, ("", None))
        if of and not isinstance(of, ast.Name):
            others.append(of)
        for node in others:
            words = self.for_another(name, node, your)
            yield Mutation("name", words, (place.edit(node),))
            if len(here) > 1 and here[0] is place:
                edits = tuple(each.edit(node) for each in here)
                yield Mutation("name", words, edits)
        for other in self.alike(name):
            if not place.in_index:
                words = f"{your} has 1 − {said_of(other)} where {said_of(name)} belongs"
                yield Mutation("name", words, (place.edit(parsed(f"1 - {other}")),))
        if name in self.facts.shapes and not place.in_index:
            for f in ("tanh", "sigmoid", "log"):
                new = filled(parsed(f"{f}(A)"), {"A": parsed(name)})
                words = f"{your} has {written(new)} where {said_of(name)} belongs"
                yield Mutation("function", words, (place.edit(new),))

    def other_numbers(self) -> Iterator[Mutation]:
        """Put another number of the program here; exchange two everywhere."""
        of: dict[float, list[Place]] = {}
        indices: dict[int, list[Place]] = {}
        for place in self.places:
            match place.node:
                case ast.Constant(float() as number):
                    of.setdefault(number, []).append(place)
                case ast.Constant(int() as k) if place.field == "slice":
                    indices.setdefault(k, []).append(place)
        for i, j in itertools.combinations(indices, 2):
            edits = tuple(each.edit(ast.Constant(j)) for each in indices[i])
            edits += tuple(each.edit(ast.Constant(i)) for each in indices[j])
            words = f"the indices {i} and {j} are exchanged everywhere"
            yield Mutation("index", words, edits)
        for one, two in itertools.permutations(of, 2):
            edits = tuple(place.edit(ast.Constant(two)) for place in of[one])
            for place, edit in zip(of[one], edits, strict=True):
                words = f"{self.your(place)} has {two:g} where {one:g} belongs"
                yield Mutation("constant", words, (edit,))
            if one < two:
                back = tuple(place.edit(ast.Constant(one)) for place in of[two])
                both = f"{one:g} and {two:g} are exchanged"
                yield Mutation("constant", f"{both} everywhere", edits + back)
                for a, b in itertools.product(of[one], of[two]):
                    words = f"{both} in {self.your(a)} and {self.your(b)}"
                    pair = a.edit(ast.Constant(two)), b.edit(ast.Constant(one))
                    yield Mutation("constant", words, pair)

    def for_another(self, right: str, wrong: ast.AST, your: str) -> str:
        a, b, other = said_of(right), written(wrong), ast.unparse(wrong)
        for one, two, said in (
            (right, other, "{b}, the input of {f}, where its output {a} = {f}({b})"),
            (other, right, "{b} = {f}({a}), the output of {f}, where its input {a}"),
        ):
            made, of = self.made_by.get(one, ("", None))
            if of and ast.unparse(of) == two:
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
        match node:
            case ast.Assign([ast.Tuple([a, b]) as pair], value):
                exchanged = ast.Assign([ast.Tuple([b, a], pair.ctx)], value)
                words = f"{written(a)} and {written(b)} have changed places"
                yield Mutation("order", words, (place.edit(exchanged),))
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
        applied = isinstance(node, ast.Call) and function_name(node.func) in ELEMENTWISE
        applied |= getattr(place.parent, "attr", "") == "sum"
        if not (place.is_whole or place.is_term or applied) or not isinstance(
            node, ast.BinOp | ast.Call | ast.Name | ast.Subscript
        ):
            return
        where = "" if place.is_whole or place.is_term else f", at {written(node)}"
        names = names_in(node)
        for name in self.facts.shapes:
            if name not in names and not names & {*self.alike(name)}:
                continue
            read = parsed(name)
            factors = [(read, "")]
            if place.is_whole or isinstance(node, ast.Name):
                words = f"{your} has the term {said_of(name)} too much"
                total = ast.BinOp(node, ast.Add(), read)
                yield Mutation("twice", words, (place.edit(total),))
            if place.is_whole:
                factors.append((parsed(f"{name} * (1 - {name})"), ", the slope of σ,"))
                factors.append((parsed(f"1 - {name} ** 2"), ", the slope of tanh,"))
            for part, said in factors:
                words = f"{your} has the factor {written(part)}{said} too much{where}"
                product = ast.BinOp(node, ast.Mult(), part)
                yield Mutation("twice", words, (place.edit(product),))

    def before(self, place: Place) -> Iterator[Mutation]:
        """Multiply what is added to A * B by B, too."""
        match place.node:
            case ast.AugAssign(target, ast.Add(), C):
                for A, B in self.products.get(ast.unparse(target), ()):
                    new = ast.AugAssign(target, ast.Add(), ast.BinOp(C, ast.Mult(), B))
                    words = "{your} has the factor {B}, on the term {C} too: it is of"
                    words += " {A} alone"
                    bound = {"A": A, "B": B, "C": C}
                    said = self.fill_words("factor", words, place, bound, new)
                    yield Mutation("factor", said, (place.edit(new),))

    def in_part(self, place: Place) -> Iterator[Mutation]:
        """Multiply one term alone, where a factor is of a sum that has a name.

        With s = A + B before, s * F becomes A * F + (s - A): B lacks the factor.
        """
        match place.node:
            case ast.BinOp(ast.Name(name) as total, ast.Mult(), factor):
                for term in self.terms.get(name, ()):
                    rest = ast.BinOp(total, ast.Sub(), term)
                    product = ast.BinOp(term, ast.Mult(), factor)
                    what = f"the factor {written(factor)}"
                    words = f"{self.your(place)} has {what} on the term"
                    words += f" {written(term)} of {said_of(name)} alone"
                    new = ast.BinOp(product, ast.Add(), rest)
                    yield Mutation("factor", words, (place.edit(new),))

    def inputs(self, place: Place) -> Iterator[Mutation]:
        """Put z where y[t + 1] is read, of a list to which step t appends f(z)."""
        match place.node:
            case ast.Subscript(
                ast.Name(name), ast.BinOp(_, ast.Add(), ast.Constant(1))
            ):
                if name in self.appended:
                    f, z = self.appended[name]
                    words = f"{self.your(place)} has {written(z)}, the input of "
                    words += (
                        f"{letter(f)}, where its output {written(place.node)} belongs"
                    )
                    yield Mutation("name", words, (place.edit(z),))

    def too_late(self) -> Iterator[Mutation]:
        """Renew an argument at the end only, when what follows has read the old one."""
        own = [place for place in self.places if place.parent is self.function]
        late = list[tuple[Place, str]]()
        for place in own[:-2]:
            match place.node:
                case ast.Assign([ast.Name(name)]) if name in self.arguments:
                    edits = place.edit(ast.Pass()), _after(own[-2], [place])
                    words = f"your {said_of(name)} is renewed too late: what follows it"
                    words += " reads the old one"
                    late.append((place, words))
                    yield Mutation("statement", words, edits)
        if len(late) > 1:
            every = tuple(place.edit(ast.Pass()) for place, _ in late)
            every += (_after(own[-2], [place for place, _ in late]),)
            words = "; and ".join(words for _, words in late)
            yield Mutation("statement", words, every)

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
                    both = f"{said_of(a)} and {said_of(b)} are exchanged"
                    there = f"in {self.your(reads[a][0], whole=True)}" if where else ""
                    words = f"{both} {there or 'everywhere'}"
                    yield Mutation("name", words, tuple(edits))


def _after(place: Place, moved: list[Place]) -> Edit:
    """Put statements after one that is there."""
    body = [place.statement, *(each.statement for each in moved)]
    return place.edit(ast.If(ast.Constant(True), body, []))


def _everywhere(found: list[tuple[Place, Bound, Mutation]]) -> Iterator[Mutation]:
    """Yield one slip made throughout: a statement, one name's uses, the program."""
    groups: dict[object, list[Mutation]] = {}
    if len(found) > 1:
        groups[None] = [slip for _, _, slip in found]
    for place, bound, slip in found:
        about = bound.get("B") or bound.get("f") or bound.get("h") or ast.Name("")
        first = next((n.id for n in ast.walk(about) if isinstance(n, ast.Name)), "")
        for where in (place.statement, first):
            groups.setdefault(where, []).append(slip)
    for group, slips in groups.items():
        if len(slips) > 1 and (group is None or len(slips) < len(found)):
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
