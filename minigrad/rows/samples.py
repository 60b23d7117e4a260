"""Random arguments and options for the linear rows: what a proof tries them on.

A linear row is more than its formula: `sum` has axes, counted from either end, one or
several, kept or dropped; `take` has every index that NumPy knows. Here each row says
what it may be asked. A sample is the shapes of the arguments, and the options; which
numbers fill the shapes is for the one who asks.

    samples(random) -> ((shape, ...), options)
"""

from __future__ import annotations

import math
from random import Random

import numpy as np

from minigrad.types import Index, IndexOfAxis, Options, Shape

Sample = tuple[tuple[Shape, ...], Options]


def some_shape(random: Random, least: int = 0, most: int = 3) -> Shape:
    """Return a shape of `least` to `most` axes, each of 1 to 3 entries.

    >>> some_shape(Random(1)), some_shape(Random(3))
    ((2,), (2,))
    """
    axes = max(random.randint(least, most), random.randint(least, most))
    return tuple(random.randint(1, 3) for _ in range(axes))


def narrowed(random: Random, shape: Shape) -> Shape:
    """Return a shape that broadcasts to this one: axes dropped in front, or of size 1.

    >>> narrowed(Random(1), (2, 3)), narrowed(Random(0), (2, 3))
    ((2, 3), (1,))
    """
    if random.random() < 0.5:
        return shape
    kept = shape[random.randint(0, len(shape)) :]
    return tuple(1 if random.random() < 0.3 else n for n in kept)


def some_axis(random: Random, ndim: int) -> int:
    """Return an axis, counted from the front or from the back."""
    return random.randrange(-ndim, ndim)


def sum(random: Random) -> Sample:
    """All axes, one, or several; kept or dropped."""
    shape = some_shape(random)
    options: Options = {}
    if shape and random.random() < 0.8:
        chosen = random.sample(range(len(shape)), random.randint(1, len(shape)))
        axes = tuple(axis - random.choice((0, len(shape))) for axis in chosen)
        options["axis"] = axes[0] if len(axes) == 1 else axes
    if random.random() < 0.5:
        options["keepdims"] = random.random() < 0.7
    return (shape,), options


def broadcast(random: Random) -> Sample:
    """Any shape that broadcasts to the given one."""
    shape = some_shape(random)
    return (narrowed(random, shape),), {"shape": shape}


def reshape(random: Random) -> Sample:
    """The same number of entries along other axes; one of them may be left to NumPy."""
    shape = some_shape(random)
    rest, new_shape = math.prod(shape), []
    while rest > 1:
        new_shape.append(
            random.choice([n for n in range(2, rest + 1) if rest % n == 0])
        )
        rest //= new_shape[-1]
    new_shape.insert(random.randint(0, len(new_shape)), 1)
    if random.random() < 0.5:
        new_shape[random.randrange(len(new_shape))] = -1
    return (shape,), {"shape": tuple(new_shape)}


def transpose(random: Random) -> Sample:
    """Any order of the axes, each counted from either end; or all reversed."""
    shape = some_shape(random)
    if random.random() < 0.3:
        return (shape,), {}
    axes = random.sample(range(len(shape)), len(shape))
    return (shape,), {
        "axes": tuple(axis - random.choice((0, len(shape))) for axis in axes)
    }


def concatenate(random: Random) -> Sample:
    """One to three parts, as long as they like along the axis that joins them."""
    shape = list(some_shape(random, least=1))
    axis = some_axis(random, len(shape))
    parts = []
    for _ in range(random.randint(1, 3)):
        shape[axis] = random.randint(0, 3)
        parts.append(tuple(shape))
    return tuple(parts), {"axis": axis}


def stack(random: Random) -> Sample:
    """One to three layers of one shape, along any axis of the pile."""
    shape = some_shape(random, most=2)
    axis = some_axis(random, len(shape) + 1)
    return (shape,) * random.randint(1, 3), {"axis": axis}


def some_index(random: Random, shape: Shape) -> Index:
    """Return an index into a shape: numbers, slices, arrays, masks, and several.

    >>> some_index(Random(9), (3, 2))
    (-1, array([ 1, -2, -2]))
    """
    if shape and random.random() < 0.2:
        ndim = random.randint(1, len(shape))
        return np.array([random.random() < 0.6 for _ in range(math.prod(shape[:ndim]))],
                        dtype=bool).reshape(shape[:ndim])  # fmt: skip
    length = random.randint(1, 4)  # of all index arrays, which are read together
    parts = [_some_part(random, n, length) for n in shape]
    if len(parts) > 1 and random.random() < 0.5:
        parts[random.randrange(1, len(parts)) - 1 : -1] = [...]
    if not parts or random.random() < 0.2:
        parts.insert(random.randint(0, len(parts)), None)
    return parts[0] if len(parts) == 1 else tuple(parts)


def _some_part(random: Random, n: int, length: int) -> IndexOfAxis:
    """Return an index along an axis of n entries; an array may repeat itself."""
    ends = [None, *range(-n, n + 1)]
    some = [random.randrange(-n, n) for _ in range(length)]
    kinds = (
        lambda: some[0],
        lambda: slice(None),
        lambda: slice(random.choice(ends), random.choice(ends)),
        lambda: slice(None, None, random.choice((-2, -1, 2))),
        lambda: np.array(some),
        lambda: np.array([*some[1:], some[-1]]),  # the last one twice
        lambda: some,
        lambda: np.array([some, some]),
    )
    return random.choice(kinds)()


def take(random: Random) -> Sample:
    """Any index, entries repeated or left out."""
    shape = some_shape(random, least=random.choice((0, 1, 1, 1)), most=2)
    return (shape,), {"index": some_index(random, shape)}


def scatter(random: Random) -> Sample:
    """Any index again, to add in where `take` took out."""
    shape = some_shape(random, least=random.choice((0, 1, 1, 1)), most=2)
    index = some_index(random, shape)
    return (np.zeros(shape)[index].shape,), {"shape": shape, "index": index}


def where(random: Random) -> Sample:
    """A mask and two arrays that broadcast together."""
    shape = some_shape(random, least=random.choice((0, 1, 1, 1)))
    wide = narrowed(random, shape)
    mask = np.array([random.random() < 0.5 for _ in range(math.prod(wide))], dtype=bool)
    shapes = narrowed(random, shape), narrowed(random, shape)
    return shapes, {"mask": mask.reshape(wide)}


def cumsum(random: Random) -> Sample:
    """Any axis."""
    shape = some_shape(random, least=1)
    return (shape,), {"axis": some_axis(random, len(shape))}


def cast(random: Random) -> Sample:
    """Any precision, by class or by name."""
    return (some_shape(random),), {"dtype": random.choice([float, "float32", np.half])}


def matmul(random: Random) -> Sample:
    """Matrices, batches of them that broadcast, and vectors on either side."""
    m, k, n = (random.randint(1, 3) for _ in range(3))
    batch = some_shape(random, most=2)
    left, right = (*narrowed(random, batch), m, k), (*narrowed(random, batch), k, n)
    if random.random() < 0.3:
        left = (k,)
    if random.random() < 0.3:
        right = (k,)
    return (left, right), {}


def matvec(random: Random) -> Sample:
    """A matrix, and vectors in any number of rows."""
    m, k = random.randint(1, 3), random.randint(1, 3)
    return ((m, k), (*some_shape(random, most=2), k)), {}


def outer(random: Random) -> Sample:
    """Pairs of vectors, in any number of rows."""
    batch = some_shape(random, most=2)
    return ((*batch, random.randint(1, 3)), (*batch, random.randint(1, 3))), {}
