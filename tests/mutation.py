"""Faults in the engine's own source: one place of one function changed at a time.

A mutant is the code of a function with one operator, constant, comparison, condition,
argument order or statement changed. It takes the place of the code inside the function
object, so whoever holds the function, a row of the table say, runs the mutant.
"""

import ast
import inspect
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, NamedTuple

from minigrad.primitive import TABLE

OPERATORS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt,
    ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
DROPPED = (ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Continue, ast.Return)


class Mutant(NamedTuple):
    """A changed function: its name, the line and the change, and code and defaults."""

    name: str
    change: str
    function: types.FunctionType
    code: types.CodeType
    defaults: Any

    def __str__(self) -> str:
        return f"{self.name}: {self.change}"

    @contextmanager
    def planted(self) -> Iterator[None]:
        f = self.function
        right = f.__code__, f.__defaults__, f.__kwdefaults__
        try:
            f.__code__ = self.code
            f.__defaults__, f.__kwdefaults__ = self.defaults
            yield
        finally:
            f.__code__, f.__defaults__, f.__kwdefaults__ = right


@contextmanager
def wrapped(function: Any, wrapper: Callable[..., Any]) -> Iterator[None]:
    """Let `wrapper(right, *args, **options)` run wherever the function would."""
    right = function.__code__, function.__defaults__, function.__kwdefaults__
    copy = types.FunctionType(
        right[0],
        function.__globals__,
        function.__name__,
        right[1],
        function.__closure__,
    )
    copy.__kwdefaults__ = right[2]
    name = f"_planted_in_{function.__name__}"
    function.__globals__[name] = lambda *args, **more: wrapper(copy, *args, **more)
    place: dict[str, Any] = {}
    exec(f"def f(*args, **more): return {name}(*args, **more)", place)
    try:
        function.__code__ = place["f"].__code__
        function.__defaults__ = function.__kwdefaults__ = None
        yield
    finally:
        function.__code__, function.__defaults__, function.__kwdefaults__ = right
        del function.__globals__[name]


# ------------------------------------------------------------------------- the mutants


def of_module(module: Any) -> Iterator[Mutant]:
    """Yield the mutants of every function and method of a module."""
    tree = ast.parse(inspect.getsource(module))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not _is_overload(node):
            yield from _of_function(node, getattr(module, node.name), node.name)
        if isinstance(node, ast.ClassDef):
            owner = getattr(module, node.name)
            for method in node.body:
                if isinstance(method, ast.FunctionDef):
                    name = f"{node.name}.{method.name}"
                    yield from _of_function(method, vars(owner)[method.name], name)


def _is_overload(node: ast.FunctionDef) -> bool:
    """Is this a signature for type checkers, which never runs?"""
    return "overload" in map(ast.unparse, node.decorator_list)


def of_table(module: Any) -> Iterator[Mutant]:
    """Yield the mutants of every rule that is a lambda in the table."""
    for node in ast.parse(inspect.getsource(module)).body:
        if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)):
            continue
        row = TABLE[ast.literal_eval(node.value.args[0])]
        for argument in node.value.args:
            if isinstance(argument, ast.Tuple):
                for i, rule in enumerate(argument.elts):
                    if isinstance(rule, ast.Lambda):
                        yield from _of_lambda(rule, row.rules[i], f"{row.name}[{i}]")


def _of_function(node: Any, function: Any, name: str) -> Iterator[Mutant]:
    for changed, change in _changes(node):
        place: dict[str, Any] = {}
        wholly = ast.Module([_without_annotations(changed)], [])
        exec(compile(ast.fix_missing_locations(wholly), name, "exec"),
             function.__globals__, place)  # fmt: skip
        yield _mutant(name, change, function, place[node.name])


def _of_lambda(node: Any, function: Any, name: str) -> Iterator[Mutant]:
    for changed, change in _changes(node):
        code = compile(ast.fix_missing_locations(ast.Expression(changed)), name, "eval")
        yield _mutant(name, change, function, eval(code, function.__globals__))


def _mutant(name: str, change: str, right: Any, wrong: Any) -> Mutant:
    defaults = wrong.__defaults__, wrong.__kwdefaults__
    return Mutant(name, change, right, wrong.__code__, defaults)


def _without_annotations(node: Any) -> Any:
    node.returns = None
    for each in ast.walk(node.args):
        if isinstance(each, ast.arg):
            each.annotation = None
    return node


def _changes(node: Any) -> Iterator[tuple[Any, str]]:
    """Yield copies of a function's tree with one change each, and what was changed."""
    places = [n for n in ast.walk(node) if not isinstance(n, ast.Raise)]
    told = {id(n) for r in ast.walk(node) if isinstance(r, ast.Raise)
            for n in ast.walk(r)}  # fmt: skip
    for k, place in enumerate(ast.walk(node)):
        if id(place) in told:
            continue
        for variant in range(_count(place)):
            copy = deepcopy(node)
            twin = next(n for j, n in enumerate(ast.walk(copy)) if j == k)
            before = ast.unparse(place) if hasattr(place, "lineno") else "?"
            change = _change(copy, twin, variant)
            if change:
                line = getattr(place, "lineno", 0)
                yield copy, f"line {line}, {before[:60]!r}: {change}"
    assert places


def _count(node: Any) -> int:
    """Return how many changes there are to a node of the tree."""
    if isinstance(node, (ast.If, ast.IfExp)):
        return 2 + isinstance(node, ast.IfExp)
    if isinstance(node, ast.BoolOp):
        return 1 + len(node.values)
    if isinstance(node, ast.BinOp):
        return 2
    if isinstance(node, ast.Call):
        return len(node.args) > 1
    if isinstance(node, ast.comprehension):
        return len(node.ifs)
    kinds = (ast.Compare, ast.UnaryOp, ast.Constant, ast.Attribute, *DROPPED)
    return int(isinstance(node, kinds))


def _change(tree: Any, node: Any, variant: int) -> str:
    """Change a node in its tree; return what was done, "" if nothing."""
    if isinstance(node, (ast.If, ast.IfExp)):
        if variant == 2:
            node.body, node.orelse = node.orelse, node.body
            return "branches swapped"
        node.test = ast.Constant(bool(variant))
        return f"condition {bool(variant)}"
    if isinstance(node, ast.BoolOp):
        if variant:
            _put(tree, node, node.values[variant % len(node.values)])
            return f"only condition {variant % len(node.values)}"
        node.op = OPERATORS[type(node.op)]()
        return type(node.op).__name__
    if isinstance(node, ast.BinOp):
        if variant:
            node.left, node.right = node.right, node.left
            return "operands swapped"
        node.op = OPERATORS[type(node.op)]()
        return type(node.op).__name__
    if isinstance(node, ast.Compare):
        node.ops[0] = OPERATORS[type(node.ops[0])]()
        return type(node.ops[0]).__name__
    if isinstance(node, ast.comprehension):
        del node.ifs[variant]
        return "filter dropped"
    if isinstance(node, ast.Call):
        node.args[0], node.args[1] = node.args[1], node.args[0]
        return "arguments swapped"
    return _replaced(tree, node)


def _replaced(tree: Any, node: Any) -> str:
    """Put something else into a node's place."""
    new: Any = None
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        new = ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        new = ast.Constant(0 if node.value == 1 else node.value + 1)
    elif isinstance(node, ast.UnaryOp):
        new = node.operand
    elif isinstance(node, ast.Attribute) and node.attr in ("T", "real"):
        new = node.value
    elif isinstance(node, DROPPED):
        if isinstance(getattr(node, "value", None), ast.Constant):
            return ""  # a docstring
        new = ast.Pass()
    if new is None:
        return ""
    _put(tree, node, new)
    return "dropped" if isinstance(new, ast.Pass) else ast.unparse(new)


def _put(tree: Any, node: Any, new: Any) -> None:
    """Put `new` in the place of a node of the tree."""
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if value is node:
                setattr(parent, field, new)
            elif isinstance(value, list):
                value[:] = [new if each is node else each for each in value]


def deepest(function: Callable[[], Any]) -> Any:
    """Call, with a smaller limit of recursion, since some mutants never return."""
    limit = sys.getrecursionlimit()
    frame, depth = inspect.currentframe(), 400
    while frame:
        frame, depth = frame.f_back, depth + 1
    sys.setrecursionlimit(depth)
    try:
        return function()
    finally:
        sys.setrecursionlimit(limit)
