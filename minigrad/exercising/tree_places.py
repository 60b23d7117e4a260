"""Where things stand in a program, and changes that can be undone.

A place is an expression or a statement with its parent in the syntax tree. An edit puts
another node there. The new node shares what it keeps of the old one, so two edits can
be made one after the other, the second inside what the first has moved.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Edit(NamedTuple):
    """Put `new` into a field of a node, or at a position of the list that is there."""

    parent: ast.AST
    field: str
    position: int | None
    new: ast.AST

    def done(self) -> Edit:
        """Make the change; return the edit that undoes it."""
        if self.position is None:
            old = getattr(self.parent, self.field)
            setattr(self.parent, self.field, self.new)
        else:
            places = getattr(self.parent, self.field)
            old, places[self.position] = places[self.position], self.new
        return self._replace(new=old)


def applied(edits: Iterable[Edit]) -> list[Edit]:
    """Make all edits; return those that undo them, in the order to undo them."""
    return [each.done() for each in edits][::-1]


class Place(NamedTuple):
    """An expression or a statement, where it stands, and in which statement."""

    node: ast.AST
    parent: ast.AST
    field: str
    position: int | None
    statement: ast.stmt
    in_index: bool

    def edit(self, new: ast.AST) -> Edit:
        """Return the change that puts something else here."""
        new = ast.fix_missing_locations(new)
        return Edit(self.parent, self.field, self.position, new)

    @property
    def variable(self) -> str:
        """The variable, or the entry of one, that is read here: "c", "c[t]"; or ""."""
        method = isinstance(self.parent, ast.Attribute)
        of_array = getattr(self.parent, "attr", "") in ("T", "sum", "mean")
        if self.field == "func" or (method and not of_array):
            return ""  # a function, or a module
        variable = isinstance(self.node, ast.Name | ast.Subscript)
        return ast.unparse(self.node) if variable else ""

    @property
    def is_whole(self) -> bool:
        """Is this a statement, or all of its right side?"""
        return self.node in (self.statement, getattr(self.statement, "value", None))

    @property
    def is_term(self) -> bool:
        """Is this a term of a sum?"""
        op = getattr(self.parent, "op", None)
        return isinstance(op, ast.Add | ast.Sub)

    def term(self) -> ast.AST | None:
        """Return the term of the statement's sum in which this stands, if in one."""
        every = terms(getattr(self.statement, "value", None) or self.statement)
        within = (each for each in every if self.node in ast.walk(each))
        return next(within, None) if len(every) > 1 else None


def places(
    parent: ast.AST, statement: ast.stmt, inside: bool = False
) -> Iterator[Place]:
    """Yield every expression and statement of a program, in the order of the text.

    What is stored to is no place, and a docstring is none.
    """
    for name, value in ast.iter_fields(parent):
        for k, node in enumerate(value if isinstance(value, list) else [value]):
            docstring = isinstance(node, ast.Expr) and isinstance(
                node.value, ast.Constant
            )
            if docstring or not isinstance(node, ast.expr | ast.stmt):
                continue
            own = node if isinstance(node, ast.stmt) else statement
            position = k if isinstance(value, list) else None
            index = inside or (isinstance(parent, ast.Subscript) and name == "slice")
            if not is_store(node):
                yield Place(node, parent, name, position, own, index)
            yield from places(node, own, index)


def is_store(node: ast.AST) -> bool:
    """Is this written to?"""
    return isinstance(getattr(node, "ctx", None), ast.Store)


def terms(node: ast.AST) -> list[ast.AST]:
    """Return the terms of a sum."""
    match node:
        case ast.BinOp(left, ast.Add() | ast.Sub(), right):
            return [*terms(left), *terms(right)]
    return [node]
