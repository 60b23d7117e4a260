"""Python written as a teacher writes it: `c_bar[t + 1] * f[t + 1]` is c̄[t+1] ⊙ f[t+1].

The words of a diagnosis are the expressions of a solution, so they are read from its
syntax tree. Names follow the project's notation: `_bar` is the cotangent, `_tilde` the
candidate; what is called `sigmoid` is σ.
"""

from __future__ import annotations

import ast
import unicodedata

BAR, TILDE = "\N{COMBINING MACRON}", "\N{COMBINING TILDE}"
GREEK = {"sigmoid": "σ", "sigma": "σ", "sum": "Σ", "sqrt": "√"}
GREEK |= {
    name: unicodedata.lookup(f"GREEK SMALL LETTER {name.upper()}")
    for name in ("alpha", "beta", "gamma", "delta", "epsilon", "eta", "theta", "mu")
}
SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
SIGNS: dict[type[ast.AST], tuple[int, str]] = {  # how strongly each binds
    ast.Add: (1, " + "),
    ast.Sub: (1, " − "),
    ast.Mult: (2, " ⊙ "),
    ast.Div: (2, " / "),
    ast.FloorDiv: (2, " // "),
    ast.Mod: (2, " % "),
    ast.MatMult: (2, " "),
    ast.Pow: (4, ""),
}
COMPARED = {ast.Lt: "<", ast.LtE: "≤", ast.Gt: ">", ast.GtE: "≥", ast.Eq: "="}
ATOM = 9


def letter(name: str) -> str:
    """Write a name: a bar, a tilde and a Greek letter are signs, the rest stays.

    >>> print(letter("c_bar"), letter("c_tilde_bar"), letter("W_f"), letter("beta"))
    c̄ c̃̄ W_f β
    """
    name = name.removeprefix("_")
    stem, over = name, ""
    for word, mark in (("_bar", BAR), ("_tilde", TILDE)):
        if word in stem:
            stem, over = stem.replace(word, "", 1), mark + over
    base, below, rest = stem.partition("_")
    base = GREEK.get(base, base)
    return unicodedata.normalize("NFC", base + over) + below + rest


def written(node: ast.AST) -> str:
    """Write an expression.

    >>> tree = ast.parse("-W.T @ z_bar + 2 * y_bar * o * (1 - np.tanh(c) ** 2)")
    >>> print(written(tree.body[0].value))
    −Wᵀ z̄ + 2 ȳ ⊙ o ⊙ (1 − tanh²(c))
    """
    return _written(node)[0]


def _written(node: ast.AST) -> tuple[str, int]:
    """Return an expression, and how strongly its outermost sign binds."""
    match node:
        case ast.Name(id=name):
            return letter(name), ATOM
        case ast.Constant(value=value):
            return f"{value:g}" if isinstance(value, float) else str(value), ATOM
        case ast.BinOp(left=left, op=op, right=right):
            return _operation(left, op, right)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return "−" + _inside(operand, 2), 2
        case ast.Attribute(value=value, attr="T"):
            return _inside(value, 4) + "ᵀ", ATOM
        case ast.Attribute(value=ast.Name(id="np" | "mg" | "numpy"), attr=name):
            return letter(name), ATOM
        case ast.Attribute(value=value, attr=name):
            return f"{_inside(value, 4)}.{name}", ATOM
        case ast.Subscript(value=value, slice=index):
            return f"{_inside(value, 4)}[{_index(index)}]", ATOM
        case ast.Call():
            return _call(node)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return "[" + ", ".join(map(written, parts)) + "]", ATOM
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            sign = COMPARED.get(type(op), "?")
            return f"{written(left)} {sign} {written(right)}", 0
    return ast.unparse(node), 0


def _inside(node: ast.AST, binds: int) -> str:
    """Write a part of an expression, in brackets if its sign binds less."""
    text, own = _written(node)
    return f"({text})" if own < binds else text


def _operation(left: ast.expr, op: ast.operator, right: ast.expr) -> tuple[str, int]:
    binds, sign = SIGNS.get(type(op), (0, f" {type(op).__name__} "))
    if isinstance(op, ast.Pow):
        power = written(right)
        if power.lstrip("-−").isdigit():
            power = power.replace("−", "-").translate(SUPERSCRIPT)
            name, bracket, rest = written(left).partition("(")
            if isinstance(left, ast.Call) and name.isalpha() and bracket:
                return f"{name}{power}({rest}", ATOM  # tanh²(c)
            return _inside(left, 5) + power, 4
        return f"{_inside(left, 5)}^{_inside(right, 5)}", 4
    if isinstance(op, ast.Mult) and isinstance(left, ast.Constant):
        sign = " "
    stronger = isinstance(op, ast.Sub | ast.Div | ast.MatMult)
    return _inside(left, binds) + sign + _inside(right, binds + stronger), binds


def _index(node: ast.AST) -> str:
    match node:
        case ast.Slice(lower=lower, upper=upper):
            return ":".join(written(each) if each else "" for each in (lower, upper))
        case ast.Tuple(elts=parts):
            return ", ".join(map(_index, parts))
    return written(node).replace(" ", "")


def _call(node: ast.Call) -> tuple[str, int]:
    name = written(node.func).rpartition(".")[2]
    given = [written(each) for each in node.args]
    if name in ("outer", "matvec", "matmul") and len(node.args) == 2:
        first, second = (_inside(each, 3) for each in node.args)
        return f"{first} {second}" + "ᵀ" * (name == "outer"), 2
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.expr):
        owner = node.func.value
        if not (isinstance(owner, ast.Name) and owner.id in ("np", "mg", "numpy")):
            given = [written(owner), *given]
            name = letter(node.func.attr)
    given += [f"{k.arg}={written(k.value)}" for k in node.keywords if k.arg]
    return f"{letter(name)}({', '.join(given)})", ATOM
