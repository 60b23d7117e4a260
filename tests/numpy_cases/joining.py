"""Several arrays into one, and one into several."""

import numpy

from numpy_cases import case, some

_row, _other, _matrix, _square, _cube = (
    some(3),
    some(3),
    some(2, 3),
    some(3, 3),
    some(2, 3, 4),
)


def _case(name, function, *args, **more):
    return case(name, function, *args, exactly=True, **more)


def _pad(name, width, *arg, **how):
    return _case(f"pad {name}", lambda np, a: np.pad(a, width, **how), *arg)


CASES = [
    _case("concatenate", lambda np, a, b: np.concatenate([a, b]), _row, _other),
    _case(
        "concatenate columns",
        lambda np, a, b: np.concatenate((a, b), axis=-1),
        *(_square, some(3, 2)),
    ),
    _case(
        "concatenate flat",
        lambda np, a, b: np.concatenate([a, b], axis=None),
        *(_matrix, _row),
    ),
    _case(
        "concatenate a constant",
        lambda np, a: np.concatenate([a, np.ones((1, 3), a.dtype)]),
        _square,
    ),
    _case("stack", lambda np, a, b: np.stack([a, b]), _row, _other),
    _case("stack last", lambda np, a, b: np.stack([a, b], axis=-1), _row, _other),
    _case("hstack", lambda np, a, b: np.hstack([a, b]), _row, some(2)),
    _case("hstack matrices", lambda np, a, b: np.hstack((a, b)), _square, some(3, 2)),
    _case("hstack numbers", lambda np, a, b: np.hstack([a, b]), some(), some()),
    _case("vstack", lambda np, a, b: np.vstack([a, b]), _row, _other),
    _case("vstack a row", lambda np, a, b: np.vstack([a, b]), _square, _row),
    _case("dstack", lambda np, a, b: np.dstack([a, b]), _square, some(3, 3)),
    _case("dstack rows", lambda np, a, b: np.dstack([a, b]), _row, _other),
    _case("column_stack", lambda np, a, b: np.column_stack([a, b]), _row, _other),
    _case(
        "column_stack a column",
        lambda np, a, b: np.column_stack([a, b]),
        *(_square, _row),
    ),
    _case(
        "block",
        lambda np, a, b: np.block([[a, b], [b.T, a[:1, :1]]]),
        *(_square, some(3, 1)),
    ),
    _case("block of a row", lambda np, a, b: np.block([a, b]), _row, some(2)),
    _case("block of rows", lambda np, a, b: np.block([[a], [b]]), _row, _other),
    _case("block of one", lambda np, a: np.block(a), some()),
    _case("block of numbers", lambda np, a, b: np.block([a, b]), some(), some()),
    _case("append", lambda np, a, b: np.append(a, b), _row, some(2)),
    _case("append flat", lambda np, a, b: np.append(a, b), _matrix, some()),
    _case(
        "append a row", lambda np, a, b: np.append(a, b, axis=0), _square, some(1, 3)
    ),
    _case("split", lambda np, a: np.split(a, 3), _row),
    _case("split an axis", lambda np, a: np.split(a, 2, axis=-1), some(3, 4)),
    _case("split at", lambda np, a: np.split(a, [1, 3], axis=1), some(2, 4)),
    _case("split at some place", lambda np, a: np.split(a, [2, 1, 9]), _row, jax=False),
    _case("array_split", lambda np, a: np.array_split(a, 3), some(5, 2)),
    _case("array_split of few", lambda np, a: np.array_split(a, 4), _row),
    _case("hsplit", lambda np, a: np.hsplit(a, 2), some(3, 4)),
    _case("hsplit a row", lambda np, a: np.hsplit(a, [1]), _row),
    _case("vsplit", lambda np, a: np.vsplit(a, [1]), _square),
    _case("dsplit", lambda np, a: np.dsplit(a, 2), _cube),
    _case("unpack", lambda np, a: [*a], _matrix),
    _pad("zeros", 1, _square),
    _pad("one side", (2, 0), _row),
    _pad("each axis", ((1, 0), (0, 2)), _square),
    _pad("none", 0, _square),
    _pad("a constant", 1, _square, mode="constant", constant_values=2.0),
    _pad("two constants", (1, 2), _square, constant_values=(0.0, 3.0)),
    _pad("edge", ((1, 2), (0, 1)), _square, mode="edge"),
    _pad("reflect", 2, _square, mode="reflect"),
    _pad("reflect far", (0, 7), _row, mode="reflect"),
    _pad("symmetric", (1, 4), _square, mode="symmetric"),
    _pad("wrap", (1, 2), _square, mode="wrap"),
]
if hasattr(numpy, "unstack"):  # NumPy 2.1
    CASES.append(_case("unstack", lambda np, a: np.unstack(a, axis=1), _square))
