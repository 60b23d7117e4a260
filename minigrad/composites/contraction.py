"""Sums of products over shared letters: tensordot, inner, einsum.

Name each axis by a letter. A product of two arrays has the letters of both, and a
letter that the result lacks is summed:

    c[i, k] = sum_j a[i, j] b[j, k]      "ij,jk->ik"

So a contraction of two operands is one matrix product. Letters of a alone are its rows,
letters of b alone its columns, summed letters stand between them, and letters that both
and the result have number a batch of such products. What is recorded is that product,
and a transpose or a reshape only where the letters stand otherwise. Where nothing is
summed, it is an elementwise product. Three and more operands are contracted two by two.
"""

from __future__ import annotations

import functools
import math
import re
import string
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from minigrad.composite import composite
from minigrad.composites.axes import shaped
from minigrad.table import matmul, multiply, sum, take, transpose
from minigrad.types import Shape
from minigrad.writable_arrays.gathering import as_operand

__all__ = ["einsum", "inner", "tensordot"]

Letters: TypeAlias = list[
    Any
]  # the names of an operand's axes; those of ... are -2, -1
Term: TypeAlias = tuple[Any, Letters]  # an operand with its letters

_LETTERS = string.ascii_uppercase + string.ascii_lowercase
_TERM = re.compile(r"[A-Za-z]*(\.\.\.)?[A-Za-z]*")


@composite
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Sum the products of two arrays over pairs of axes.

    axes is a number, of last axes of a and first axes of b, or a pair: the axes of a,
    and the axes of b that they meet. What is left of a comes before what is left of b.

    >>> tensordot(mg.Tensor([[1.0, 2.0], [3.0, 4.0]]), np.ones((2, 3)), axes=1).shape
    (2, 3)
    """
    a, b = as_operand(a), as_operand(b)
    pair = (range(-axes, 0), range(axes)) if isinstance(axes, int) else axes
    of_a, of_b = (
        normalize_axis_tuple(each, operand.ndim)
        for each, operand in zip(pair, (a, b), strict=True)
    )
    met = [a.shape[i] for i in of_a], [b.shape[j] for j in of_b]
    if met[0] != met[1]:
        raise ValueError(f"sizes {met[0]} of a meet sizes {met[1]} of b")
    in_a: Letters = list(range(a.ndim))
    in_b: Letters = list(range(a.ndim, a.ndim + b.ndim))
    for i, j in zip(of_a, of_b, strict=True):
        in_b[j] = i
    left = [x for x in in_a if x not in of_a] + [x for x in in_b if x not in of_a]
    return _arranged(*_contracted((a, in_a), (b, in_b), left), left)


@composite
def inner(a: Any, b: Any) -> Any:
    """Sum the products of two arrays over the last axis of each.

    >>> inner(mg.Tensor([1.0, 2.0]), [3.0, 4.0])
    Tensor(11., made by matmul)
    """
    x, y = as_operand(a), as_operand(b)
    if not x.ndim or not y.ndim:
        return multiply(a, b)  # a Python number keeps float32 what it is
    return tensordot(x, y, (-1, -1))


@composite
def einsum(*operands: Any, optimize: Any = "greedy") -> Any:
    """Sum products over the letters that the result lacks: "ij,jk->ik".

    A letter that one operand has twice is a diagonal, "..." are the axes that have no
    letter, and without "->" the result has the letters that occur once. The other form,
    einsum(a, [0, 1], b, [1, 2], [0, 2]), means the same. Of three and more operands
    `np.einsum_path` chooses by their shapes which two come first; `optimize` is its
    option.

    >>> a = mg.Tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> einsum("ii", a), einsum("ij->ji", a).data[0]
    (Tensor(5., made by sum), array([1., 3.]))
    """
    text, given = _as_text(operands)
    arrays = [as_operand(each) for each in given]
    shapes = tuple(each.shape for each in arrays)
    try:
        letters, out, sizes = _parsed(text, shapes)
    except ValueError:
        np.einsum(text, *_without_memory(shapes))  # says what is wrong
        raise
    terms = [
        _once(each, of_each, sizes)
        for each, of_each in zip(arrays, letters, strict=True)
    ]
    terms = [
        _summed(term, out, terms[:i] + terms[i + 1 :]) for i, term in enumerate(terms)
    ]
    for chosen in _order(text, shapes, optimize):
        several = [terms.pop(i) for i in sorted(chosen, reverse=True)][::-1]
        while len(several) > 1:
            first, second, *several = several
            later = {x for _, within in terms + several for x in within}
            both = dict.fromkeys(first[1] + second[1])
            left = [x for x in both if x in later or x in out] if later else out
            several = [_contracted(first, second, left), *several]
        terms += several
    return _arranged(*terms[0], out)


# --------------------------------------------------------------------- what is written


def _as_text(operands: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """Return the subscripts as text, and the operands."""
    if isinstance(operands[0], str):
        return operands[0], operands[1:]
    pairs = len(operands) // 2
    text = ",".join(_word(each) for each in operands[1 : 2 * pairs : 2])
    if len(operands) % 2:
        text += "->" + _word(operands[-1])
    return text, operands[: 2 * pairs : 2]


def _word(numbers: Iterable[Any]) -> str:
    return "".join("..." if n is Ellipsis else _LETTERS[n] for n in numbers)


@functools.lru_cache(256)
def _parsed(
    text: str, shapes: tuple[Shape, ...]
) -> tuple[list[Letters], Letters, dict[Any, int]]:
    """Return the letters of each operand and of the result, and their sizes."""
    inputs, arrow, output = text.partition("->")
    words = inputs.replace(" ", "").split(",")
    output = output.replace(" ", "")
    if not all(_TERM.fullmatch(word) for word in [*words, output]):
        raise ValueError(f"{text!r} has other characters than letters")
    letters = [
        _named_axes(word, len(shape)) for word, shape in zip(words, shapes, strict=True)
    ]
    every = [x for each in letters for x in each]
    sizes = _sizes(letters, shapes)
    dots: Letters = sorted({x for x in every if not isinstance(x, str)})
    if not arrow:
        once = sorted({x for x in every if isinstance(x, str) and every.count(x) == 1})
        return letters, dots + once, sizes
    out = _named_axes(output, len(output.replace("...", "")) + len(dots))
    if len(set(out)) < len(out) or not set(out) <= set(every):
        raise ValueError(f"the result {output!r} has a letter twice, or a new one")
    return letters, out, sizes


def _named_axes(word: str, ndim: int) -> Letters:
    first, dots, last = word.partition("...")
    more = ndim - len(first) - len(last)
    if more < 0 or (more and not dots):
        raise ValueError(f"{word!r} names another number of axes than {ndim}")
    return [*first, *range(-more, 0), *last]


def _sizes(letters: list[Letters], shapes: Sequence[Shape]) -> dict[Any, int]:
    """Return the size of each letter; an operand that has size 1 is repeated."""
    sizes: dict[Any, int] = {}
    for each, shape in zip(letters, shapes, strict=True):
        own = dict(zip(each, shape, strict=True))
        if tuple(own[x] for x in each) != shape:
            raise ValueError("a diagonal of axes of different sizes")
        for x, n in own.items():
            if sizes.setdefault(x, n) == 1:
                sizes[x] = n
            elif n not in (1, sizes[x]):
                raise ValueError(f"the letter {x!r} has two sizes")
    return sizes


def _without_memory(shapes: Sequence[Shape]) -> list[Any]:
    return [np.broadcast_to(0.0, shape) for shape in shapes]


def _order(
    text: str, shapes: Sequence[Shape], optimize: Any
) -> Sequence[tuple[int, ...]]:
    """Return which operands are contracted, step by step; the result is put last."""
    if len(shapes) < 3:
        return [(0, 1)] if len(shapes) == 2 else []
    path, _ = np.einsum_path(text, *_without_memory(shapes), optimize=optimize)
    return [tuple(each) for each in path[1:]]


# -------------------------------------------------------------------- what is recorded


def _arranged(a: Any, letters: Letters, order: Letters) -> Any:
    """Put the axes into an order, if they are not in it."""
    if letters == order:
        return a
    return transpose(a, axes=tuple(letters.index(x) for x in order))


def _once(a: Any, letters: Letters, sizes: dict[Any, int]) -> Term:
    """Take diagonals where a letter stands twice, leave out axes that are repeated."""
    if len(set(letters)) < len(letters):
        different = list(dict.fromkeys(letters))
        size = dict(zip(letters, a.shape, strict=True))
        grid = np.ix_(*(np.arange(size[x]) for x in different))
        place = dict(zip(different, grid, strict=True))
        a = take(a, index=tuple(place[x] for x in letters))
        letters = different
    kept = [x for x, n in zip(letters, a.shape, strict=True) if n == sizes[x]]
    return shaped(a, tuple(sizes[x] for x in kept)), kept


def _summed(term: Term, out: Letters, others: Sequence[Term]) -> Term:
    """Sum over the letters that nothing else has."""
    a, letters = term
    needed = {*out, *(x for _, within in others for x in within)}
    axes = tuple(i for i, x in enumerate(letters) if x not in needed)
    if not axes:
        return term
    every = axes if len(axes) < a.ndim else None
    one = axes[0] if len(axes) == 1 < a.ndim else every
    return sum(a, axis=one), [x for x in letters if x in needed]


def _contracted(first: Term, second: Term, out: Letters) -> Term:
    """Multiply two operands, and sum over the letters that are not in `out`."""
    (a, in_a), (b, in_b) = first, second
    shared = [x for x in in_a if x in in_b and x not in out]
    batch = [x for x in out if x in in_a and x in in_b]
    rows = [x for x in out if x not in in_b]
    columns = [x for x in out if x not in in_a]
    alone = not rows and not columns and len(batch + shared) > 1
    if not shared or alone:
        order = out + shared
        product = multiply(_spread(first, order), _spread(second, order))
        axes = tuple(range(len(out), len(order)))
        return (sum(product, axis=axes) if axes else product), out
    if columns and out[len(batch) :][:1] == columns[:1] and in_b[-1] in shared:
        return _contracted(second, first, out)
    if batch + rows + shared != in_a:
        shared = [x for x in in_b if x in shared]  # a must be transposed anyway
    size = dict(zip(in_a + in_b, a.shape + b.shape, strict=True))
    stack, high, deep, wide = (
        tuple(size[x] for x in each) for each in (batch, rows, shared, columns)
    )
    k = (math.prod(deep),)
    m = (math.prod(high),) if high or batch else ()
    n = (math.prod(wide),) if wide or batch else ()
    left = shaped(_arranged(a, in_a, batch + rows + shared), stack + m + k)
    right = shaped(_arranged(b, in_b, batch + shared + columns), stack + k + n)
    product = shaped(matmul(left, right), stack + high + wide)
    return product, batch + rows + columns


def _spread(term: Term, order: Letters) -> Any:
    """Give an operand axes of size 1 for the letters that it lacks, after its first."""
    a, letters = term
    own = [x for x in order if x in letters]
    a = _arranged(a, letters, own)
    size = dict(zip(own, a.shape, strict=True))
    after = order[order.index(own[0]) :] if own else []
    return shaped(a, tuple(size.get(x, 1) for x in after))
