"""What is said of a slip: the program's own expressions, in a teacher's sentence.

What stands at a place is somebody's c̄, or a term of it; an expression may be a slope;
and a comment on a line of the program explains what stands there.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from minigrad.exercising.answer_notation import written
from minigrad.exercising.patterns import Bound, function_name, parsed
from minigrad.exercising.tree_places import Place, places
from minigrad.types import Shape

EXPLAINED = ("term", "factor", "reduction", "constant", "statement")  # by a comment


@dataclass(frozen=True)
class Facts:
    """What is known of a program beside its tree.

    shapes    of its arguments and variables, and of their entries that it reads, as
              they were when it ran: "c", "c[t]"
    comments  by line: the words that explain what stands there
    """

    shapes: Mapping[str, Shape] = field(default_factory=dict)
    comments: Mapping[int, str] = field(default_factory=dict)


class Wording:
    """A program, its places, and how its parts are made, for whoever speaks of them.

    made_by   y = tanh(z): of y, "tanh" and z
    appended  Y.append(tanh(z)): of Y, "tanh" and z
    terms     c = a + b: of c, a and b, unless c itself stands in them
    products  c = a * b: of c, a and b
    carried   c = a + c, and later in the loop c = W a: of c, W a
    """

    def __init__(self, function: ast.FunctionDef, facts: Facts) -> None:
        self.facts, self.function = facts, function
        self.arguments = [each.arg for each in function.args.args]
        self.places = list(places(function, function.body[0]))
        self.made_by: dict[str, tuple[str, ast.expr]] = {}
        self.appended: dict[str, tuple[str, ast.expr]] = {}
        self.terms: dict[str, list[ast.expr]] = {}
        self.products: dict[str, list[tuple[ast.expr, ast.expr]]] = {}
        self.carried: dict[str, ast.expr] = {}
        for node in ast.walk(function):
            match node:
                case ast.Assign([ast.Name(name)], ast.Call(f, [given])):
                    self.made_by[name] = function_name(f), given
                case ast.Call(
                    ast.Attribute(ast.Name(name), "append"), [ast.Call() as made]
                ):
                    if len(made.args) == 1:
                        self.appended[name] = function_name(made.func), made.args[0]
                case ast.Assign([ast.Name(name)], ast.BinOp(a, ast.Add(), b)):
                    self.terms[name] = [x for x in (a, b) if name not in names_in(x)]
                case ast.Assign([target], ast.BinOp(a, ast.Mult(), b)):
                    product = self.products.setdefault(ast.unparse(target), [])
                    product.append((a, b))
                case ast.For(body=[*_, ast.Assign([ast.Name(name)], value)]):
                    self.carried[name] = value

    def fill_words(
        self, kind: str, words: str, place: Place, bound: Bound, new: ast.AST
    ) -> str:
        """Fill the words of a slip with the expressions of this place."""
        parts = {k: written(node) for k, node in bound.items() if k != "K"}
        match bound.get("B"), place.statement:
            case ast.Name(read) as own, ast.Assign([ast.Name(name)]) if read == name:
                parts["B"] = written(self.carried.get(name, own))
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
                made, _ = self.made_by.get(ast.unparse(y), ("", y))
                if "tanh" in (made, isinstance(y, ast.Call) and function_name(y.func)):
                    return "tanh"
            case ast.BinOp(y, ast.Mult(), ast.BinOp(ast.Constant(1), ast.Sub(), other)):
                if ast.dump(y) == ast.dump(other):
                    return "σ"
        return ""


def said_of(variable: str) -> str:
    """Return a variable as mathematics."""
    return written(parsed(variable))


def names_in(node: ast.AST) -> set[str]:
    """Return the names that stand in a tree."""
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
