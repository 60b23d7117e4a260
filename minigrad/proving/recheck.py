"""Is this gradient the derivative? A second opinion, from a program of its own.

    python recheck.py loss.proof.json

The file holds the steps of a program, a point x, a direction v, and the gradient x_bar
that some engine found there by reverse mode. This program walks the steps forwards. It
moves x along v, and follows the movement from step to step by the chain rule:

    y = f(a, b)     moves by     y' = f_a a' + f_b b'

The movement of the last step is the derivative D_v y. A gradient is right if and only
if <x_bar, v> = D_v y for every v. So both sides are compared for the v of the file, and
once more for a v that is drawn here, which nobody knew when the file was written.

Nothing is rounded: all numbers are integers modulo n, a product of primes. The point
was drawn at random, so that two polynomials of degree d that differ agree there modulo
a prime p with a chance of d / p. They must agree modulo each of the primes.

What is y = tanh(a) modulo n? It is a variable, drawn at random. So is the letter T that
stands for tanh(a) in the slope 1 - T T. If both sides agree whatever the variables are,
then they agree for tanh. Every elementwise step has letters of its own.

This file imports nothing of the engine. NumPy only moves Python's integers about, and
hands +, * and % to them. Answers: 0 "yes", 1 "NO", 2 "cannot check".
"""

import json
import math
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray  # of Python's integers, as objects
Json: TypeAlias = dict[str, Any]  # an object of JSON, in which a stranger wrote
Shape: TypeAlias = tuple[int, ...]
NOT_CHECKED = """\
Not checked here: that these steps are the program you have in mind, and all of it;
that the engine's own slopes are the formulas in this file (its lemmas say so); how
the point was drawn; what rounding does; the facts that stand beside the claims."""


def require(condition: object, otherwise: str) -> None:
    """Raise ValueError with a sentence unless the condition holds."""
    if not condition:
        raise ValueError(otherwise)


# ----------------------------------------------------------- 1. what each row means

# Elementwise rows. For each argument: the letters of the slope, and the slope as
# (numerator, denominator). Inputs and constants have no arguments.
SLOPES: Mapping[
    str, Sequence[tuple[str, Callable[..., tuple[Array | int, Array | int]]]]
] = {
    "input": [],
    "constant": [],
    "add": [("", lambda: (1, 1)), ("", lambda: (1, 1))],
    "subtract": [("", lambda: (1, 1)), ("", lambda: (-1, 1))],
    "multiply": [("b", lambda b: (b, 1)), ("a", lambda a: (a, 1))],
    "divide": [("b", lambda b: (1, b)), ("a b", lambda a, b: (-a, b * b))],
    "negative": [("", lambda: (-1, 1))],
    "power": [
        ("a b a**b", lambda a, b, P: (b * P, a)),
        ("a**b log(a)", lambda P, L: (P * L, 1)),
    ],
    "exp": [("exp(a)", lambda E: (E, 1))],
    "log": [("a", lambda a: (1, a))],
    "sqrt": [("sqrt(a)", lambda S: (1, 2 * S))],
    "tanh": [("tanh(a)", lambda T: (1 - T * T, 1))],
    "sigmoid": [("exp(-a)", lambda E: (E, (1 + E) * (1 + E)))],  # of 1 / (1 + E)
    "softplus": [("exp(a)", lambda E: (E, 1 + E))],  # of log(1 + E)
    "sin": [("cos(a)", lambda C: (C, 1))],
    "cos": [("sin(a)", lambda S: (-S, 1))],
    "arctan": [("a", lambda a: (1, 1 + a * a))],
    "expm1": [("exp(a)", lambda E: (E, 1))],
    "log1p": [("a", lambda a: (1, 1 + a))],
}


def scatter(g: Array, shape: Shape, index: Array) -> Array:
    """Add g into zeros, at the places that an index takes."""
    total = np.zeros(shape, object)
    np.add.at(total, index, g)
    return total


def cast(a: Array, dtype: str) -> Array:
    """Return the same numbers: another precision of floats changes nothing here."""
    require(np.dtype(dtype).kind in "fc", f"a cast to {dtype} has no derivative")
    return a


# Rows that are linear in all arguments together: the result moves as they do.
LINEAR: Mapping[str, Callable[..., Array]] = {
    "sum": lambda a, axis=None, keepdims=False: a.sum(axis, keepdims=keepdims),
    "cumsum": lambda a, axis: np.add.accumulate(a, axis),
    "broadcast": lambda a, shape: np.broadcast_to(a, shape),
    "reshape": lambda a, shape: a.reshape(shape),
    "transpose": lambda a, axes=None: a.transpose(axes),
    "concatenate": lambda *parts, axis=0: np.concatenate(parts, axis),
    "stack": lambda *parts, axis=0: np.stack(parts, axis),
    "take": lambda a, index: a[index],
    "scatter": scatter,
    "where": lambda a, b, mask: np.asarray(np.where(mask, a, b)),
    "cast": cast,
}


def matmul(a: Array, b: Array) -> Array:
    """y_ij = sum_k a_ik b_kj; a vector has the axis k only."""
    b = b if b.ndim == 1 else b.swapaxes(-1, -2)
    if a.ndim > 1 and b.ndim > 1:
        a, b = a[..., None, :], b[..., None, :, :]
    total = np.zeros(np.broadcast_shapes(a.shape[:-1], b.shape[:-1]), object)
    for a_k, b_k in zip(np.moveaxis(a, -1, 0), np.moveaxis(b, -1, 0), strict=True):
        total = total + a_k * b_k
    return total


# Rows that are linear in each argument while the other rests: (a b)' = a' b + a b'.
PRODUCTS: Mapping[str, Callable[..., Array]] = {
    "matmul": matmul,
    "matvec": lambda W, v: matmul(v, W.T),  # y_i = sum_k W_ik v_k
    "outer": lambda z, v: matmul(
        z.reshape(-1, z.shape[-1]).T, v.reshape(-1, v.shape[-1])
    ),  # y_ij = z_i v_j, summed over many pairs of vectors
}
KNOWN = (*SLOPES, *LINEAR, *PRODUCTS)


# ------------------------------------------------------------------ 2. forward mode
def forward(claim: Json, v: Mapping[int, Array], n: int) -> int:
    """Return D_v y: move the inputs along v, and follow the movement to the output."""
    values: list[Array | None] = []  # None where no row reads it
    movements: list[Array] = []
    for k, step in enumerate(claim["steps"]):
        try:
            shape, earlier = shape_of(step), integers(step["args"], 0, k)
            x, dx = [values[a] for a in earlier], [movements[a] for a in earlier]
            y, dy = follow(step, shape, x, dx, n)
            require(np.shape(dy) == shape, f"its shape is {np.shape(dy)}, not {shape}")
            values.append(None if y is None else np.asarray(y % n, object))
            movements.append(np.asarray((dy + v.get(k, 0)) % n, object))
        except Exception as error:  # also what NumPy says of things that do not fit
            raise ValueError(f"step {k}: {reason(error)}") from error
    return int(movements[claim["output"]].item())


def follow(
    step: Json, shape: Shape, x: list[Array | None], dx: list[Array], n: int
) -> tuple[Array | None, Array]:
    """Return the value and the movement of a step, from those of its arguments."""
    row, values = step["row"], step["values"]
    require(row in KNOWN, f"I do not know the row {row!r}; I know {', '.join(KNOWN)}")
    options = {name: option(given) for name, given in step["options"].items()}
    if row in LINEAR:
        return LINEAR[row](*x, **options), LINEAR[row](*dx, **options)
    require(not options, f"{row} has no options")
    if row in PRODUCTS:
        product, (a, b), (da, db) = PRODUCTS[row], x, dx
        return product(a, b), product(da, b) + product(a, db)
    fits = not dx or np.broadcast_shapes(*(da.shape for da in dx)) == shape
    require(fits, f"{row} of its arguments does not have the shape {shape}")
    inverse = np.frompyfunc(lambda a: pow(a, -1, n), 1, 1)
    dy = np.zeros(shape, object)
    for (letters, slope), da in zip(SLOPES[row], dx, strict=True):
        if da.any():  # there are no letters for the slope by an argument at rest
            drawn = [step["letters"][letter] for letter in letters.split()]
            above, below = slope(*(array(each, shape, n) for each in drawn))
            dy = dy + above * inverse(below) * da
    return None if values is None else array(values, shape, n), dy


# ---------------------------------------------------------- 3. both sides, compared
def check(claim: Json) -> str:
    """Compare both sides for two directions; return how they differ, if they do."""
    primes, steps, wrt = claim["primes"], claim["steps"], claim["wrt"]
    for p in integers(primes, 2**25, 2**26):
        require(all(p % d for d in range(2, math.isqrt(p) + 1)), f"{p} is no prime")
    require(len(set(primes)) == len(primes) > 1, "it needs two different primes")
    require_random(claim)
    integers([claim["output"], *wrt], 0, len(steps))
    require(len(set(wrt)) == len(wrt) > 0, "wrt is empty, or has an input twice")
    require("constant" not in {steps[k]["row"] for k in wrt}, "a constant cannot move")
    names = [printable(f"{step['name']} {tuple(step['shape'])}") for step in steps]
    rows = dict.fromkeys(str(step["row"]) for step in steps)
    print(f"the gradient of {names[claim['output']]}")
    print(f"  by {', '.join(names[k] for k in wrt)}")
    print(f"  through {len(steps)} steps: {printable(', '.join(rows))}")

    n, x_bar, given, drawn = math.prod(primes), {}, {}, {}
    for k, bar, v in zip(wrt, claim["gradient"], claim["direction"], strict=True):
        shape = shape_of(steps[k])
        x_bar[k], given[k] = array(bar, shape, n), array(v, shape, n)
        drawn[k] = array([secrets.randbelow(n) for _ in v], shape, n)

    def sides(v: Mapping[int, Array]) -> tuple[int, int]:
        pairs = (zip(x_bar[k].flat, v[k].flat, strict=True) for k in v)
        return sum(a * b for pair in pairs for a, b in pair) % n, forward(claim, v, n)

    for whose, v in ("of the file", given), ("drawn here", drawn):
        found, expected = sides(v)
        if found != expected:
            wrong = ", ".join(names[k] for k in wrt if len({*sides({k: v[k]})}) == 2)
            return f"<x_bar, v> = {found}, D_v y = {expected}; they differ for {wrong}"
        if v is given and claim["D_v y"] != found:
            return f"D_v y = {found}, and the file says {printable(claim['D_v y'])}"
        print(f"  for the v {whose}: <x_bar, v> = D_v y = {found} modulo {n}")
    return ""


# --------------------------------------------- 4. the file, which a stranger wrote
def once(pairs: list[tuple[str, object]]) -> Json:
    """Return a dict; a key that is written twice could hide the first one."""
    require(len(dict(pairs)) == len(pairs), "a key is written twice")
    return dict(pairs)


def integers(given: object, low: int, high: int) -> list[int]:
    """Return integers with low <= k < high; true and 1.0 are no integers."""
    numbers: list[int] = given if isinstance(given, list) else []
    good = numbers is given and all(type(k) is int for k in numbers)
    good = good and all(low <= k < high for k in numbers)
    require(good, f"{given} is no list of integers from {low} to {high - 1}")
    return numbers


def array(entries: object, shape: Shape, n: int) -> Array:
    """Return an array of integers modulo n."""
    return np.array(integers(entries, 0, n), object).reshape(shape)


def shape_of(given: Json) -> Shape:
    """Return the shape of a step or of an array."""
    return tuple(integers(given["shape"], 0, 2**22))


def option(given: Any) -> Any:
    """Return an axis, a shape, an index, a mask, or the name of a dtype."""
    if type(given) is list:
        return tuple(map(option, given))
    if type(given) is not dict:
        return ... if given == "..." else given
    if "slice" in given:
        return slice(*map(option, given["slice"]))
    entries, kinds = given["entries"], set(map(type, given["entries"]))
    require(kinds in (set(), {int}, {bool}), f"{entries} is no index and no mask")
    return np.array(entries, bool if bool in kinds else int).reshape(shape_of(given))


def require_random(claim: Json) -> None:
    """Refuse numbers that cannot be random: all zero modulo a prime, or repeated."""
    drawn = [step for step in claim["steps"] if step["row"] != "constant"]
    points = [step["values"] or [] for step in drawn]
    letters = [each for step in drawn for each in step["letters"].values()]
    for arrays in (claim["direction"], points, letters):
        for entries in (*arrays, [k for each in arrays for k in each]):
            for seen in ({k % p for k in entries} for p in claim["primes"]):
                varied = seen != {0} and 2 * len(seen) >= len(entries)
                require(varied, "what it drew is not random, but zero or repeated")


# ------------------------------------------------------------------- 5. the answer
def printable(text: object) -> str:
    """Return a stranger's words so that they cannot pass for words of this program.

    A letter that cannot be written here is named, as Python names it.
    """
    here = getattr(sys.stdout, "encoding", None) or "utf-8"
    words = str(text)[:1000].encode(here, "namereplace").decode(here)
    return "".join(c if c.isprintable() else "?" for c in words)


def reason(error: Exception) -> str:
    """Return what an exception says; a KeyError says the key only."""
    return f"{error} is missing" if type(error) is KeyError else str(error)


def main(arguments: Sequence[str] = sys.argv[1:]) -> int:
    """Check each claim of a file, and print the answer."""
    try:
        require(len(arguments) == 1, "name one file: python recheck.py loss.proof.json")
        with open(arguments[0], encoding="utf-8") as file:
            proof = json.load(file, object_pairs_hook=once)
        require(proof["format"] == "minigrad proof 2", "it is no minigrad proof 2")
        require(proof["claims"], "it claims nothing")
        for claim in proof["claims"]:
            if difference := check(claim):
                print(f"NO: {difference}.")
                return 1
    except Exception as error:  # whatever fails on the way leaves something unchecked
        print(f"cannot check: {printable(reason(error))}.")
        return 2
    print("yes: at this point each gradient is the derivative, which was found here.")
    print(NOT_CHECKED)
    return 0


if __name__ == "__main__":
    sys.exit(main())
