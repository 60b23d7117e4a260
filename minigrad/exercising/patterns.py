"""Patterns of programs: what `A * (1 - A)` matches, and what is put in its place.

A pattern is Python with letters for what may stand there: a capital for any expression,
`k` for a number, `T` for an index that is no slice, `f` for an elementwise function and
`h` for any. The same letter stands for the same expression each time. `sum(A)` matches
`np.sum(A)` and `A.sum()`, and what replaces it is called in the same way.

>>> bound = matched(parsed("A * (1 - A)"), parsed("np.tanh(z) * (1 - np.tanh(z))"))
>>> ast.unparse(bound["A"]), ast.unparse(filled(parsed("1 - A ** 2"), bound))
('np.tanh(z)', '1 - np.tanh(z) ** 2')
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from copy import copy
from typing import Any, TypeAlias

ELEMENTWISE = (
    *("tanh", "sigmoid", "exp", "log", "log1p", "sqrt", "relu", "sin", "cos", "abs"),
    *("softmax", "log_softmax", "square", "softplus"),
)
FOLDED: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda a, b: a / b if b else a,
}
MODULES = ("np", "mg", "numpy", "minigrad")
Bound: TypeAlias = dict[str, Any]  # what the letters of a pattern stand for: trees


def parsed(pattern: str) -> Any:
    """Read a pattern: an expression, or a statement."""
    (statement,) = ast.parse(pattern.strip()).body
    return statement.value if isinstance(statement, ast.Expr) else statement


def function_name(f: ast.expr) -> str:
    """Return the name of a function, without its module."""
    return ast.unparse(f).rpartition(".")[2].lstrip("_")


def matched(pattern: Any, node: Any) -> Bound | None:
    """Return what the letters stand for if a node looks like a pattern, else None."""
    bound: Bound = {}
    return bound if _matches(pattern, node, bound) else None


def _matches(pattern: Any, node: Any, bound: Bound) -> bool:
    if isinstance(pattern, ast.Name) and len(pattern.id) == 1:
        return _stands_for(pattern.id, node, bound)
    if isinstance(pattern, ast.Call):
        return _is_called_like(pattern, node, bound)
    if isinstance(pattern, list):
        return len(pattern) == len(node) and all(
            _matches(one, two, bound) for one, two in zip(pattern, node, strict=True)
        )
    if not isinstance(pattern, ast.AST):
        return bool(pattern == node)
    return type(pattern) is type(node) and all(
        _matches(part, getattr(node, name), bound)
        for name, part in ast.iter_fields(pattern)
        if name not in ("ctx", "type_comment", "kind")
    )


def _stands_for(name: str, node: Any, bound: Bound) -> bool:
    """Let a letter stand for a node; the same letter always for the same."""
    if not isinstance(node, ast.expr):
        return False
    if name == "k":
        number = node.operand if isinstance(node, ast.UnaryOp) else node
        if type(getattr(number, "value", None)) not in (int, float):
            return False
    if name == "T" and isinstance(node, ast.Slice | ast.Tuple | ast.List):
        return False
    return ast.dump(bound.setdefault(name, node)) == ast.dump(node)


def _as_call(node: ast.Call) -> tuple[str, list[ast.expr]]:
    """Read np.sum(A), np.add.at(A) and A.sum() alike: a name and its arguments."""
    match node.func:
        case ast.Attribute(ast.Name(owner), attr) if owner not in MODULES:
            return attr, [ast.Name(owner, ast.Load()), *node.args]
        case ast.Attribute(ast.Call() | ast.BinOp() | ast.Subscript() as owner, attr):
            return attr, [owner, *node.args]
    return function_name(node.func), node.args


def _is_called_like(pattern: ast.Call, node: Any, bound: Bound) -> bool:
    if not isinstance(node, ast.Call):
        return False
    expected = function_name(pattern.func)
    name, args = _as_call(node)
    bound[expected] = node.func
    if not (
        expected == "h" or name == expected or (expected == "f" and name in ELEMENTWISE)
    ):
        return False
    given = {each.arg: each.value for each in node.keywords}
    asked = {each.arg: each.value for each in pattern.keywords}
    if None in asked:  # **K: whatever there is
        bound["K"] = node.keywords
        asked = given = {}
    values = [given.get(name) for name in asked]
    return given.keys() == asked.keys() and _matches(
        [*pattern.args, *asked.values()], [*args, *values], bound
    )


def filled(pattern: Any, bound: Bound) -> Any:
    """Return the pattern with what its letters stand for; what it shares is no copy."""
    match pattern:
        case list():
            return [filled(each, bound) for each in pattern]
        case ast.Name(name) if name in bound:
            return bound[name]
        case ast.Call(ast.Name(name), args, keywords):
            return _call(name, filled(args, bound), filled(keywords, bound), bound)
        case ast.AST():
            new = copy(pattern)
            for name, value in ast.iter_fields(pattern):
                setattr(new, name, filled(value, bound))
            return _folded(_stored(new))
    return pattern


def _call(name: str, args: list[Any], keywords: list[Any], bound: Bound) -> ast.Call:
    func = bound.get(name, ast.Name(f"_{name}", ast.Load()))  # one that slips bring
    more = [each for each in keywords if each.arg]
    if len(more) < len(keywords):
        more = bound["K"]
    match func:
        case ast.Attribute(ast.Name(owner)) if owner in MODULES:
            pass
        case ast.Attribute(ast.Attribute()):
            pass
        case ast.Attribute(_, attr):
            return ast.Call(ast.Attribute(args[0], attr, ast.Load()), args[1:], more)
    return ast.Call(func, args, more)


def _stored(node: Any) -> Any:
    """Let what is assigned to be something that is stored to."""
    match node:
        case ast.Assign([target]):
            node.targets = [_written(target)]
        case ast.AugAssign(target):
            node.target = _written(target)
    return node


def _written(target: Any) -> Any:
    stored = copy(target)
    stored.ctx = ast.Store()
    return stored


def _folded(node: Any) -> Any:
    """Return the number for k + 1, t for (t - 1) + 1, and A for 1 * A."""
    match node:
        case ast.BinOp(ast.Constant(1), ast.Mult(), a):
            return a
        case ast.UnaryOp(ast.USub(), ast.Constant(int() | float() as a)):
            return ast.Constant(-a)
        case ast.BinOp(ast.Constant(int() | float() as a), op, ast.Constant(b)):
            return ast.Constant(FOLDED[type(op)](a, b)) if type(op) in FOLDED else node
        case ast.BinOp(
            ast.BinOp(t, ast.Add() | ast.Sub() as one, ast.Constant(int() as a)),
            ast.Add() | ast.Sub() as two,
            ast.Constant(int() as b),
        ):
            k = FOLDED[type(two)](FOLDED[type(one)](0, a), b)
            op = ast.Add() if k > 0 else ast.Sub()
            return ast.BinOp(t, op, ast.Constant(abs(k))) if k else t
    return node
