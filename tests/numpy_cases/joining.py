"""Several arrays into one, and one into several."""

from functools import partial

import numpy

from numpy_cases import case, some

_row, _other, _matrix, _square, _cube = (
    some(3),
    some(3),
    some(2, 3),
    some(3, 3),
    some(2, 3, 4),
)


_case = partial(case, exactly=True)


CASES = [
    _case("np.concatenate([a, b])", _row, _other),
    _case("np.concatenate((a, b), axis=-1)", _square, some(3, 2)),
    _case("np.concatenate([a, b], axis=None)", _matrix, _row),
    _case("np.concatenate([a, np.ones((1, 3), a.dtype)])", _square),
    _case("np.stack([a, b])", _row, _other),
    _case("np.stack([a, b], axis=-1)", _row, _other),
    _case("np.hstack([a, b])", _row, some(2)),
    _case("np.hstack((a, b))", _square, some(3, 2)),
    _case("np.hstack([a, b])", some(), some()),
    _case("np.vstack([a, b])", _row, _other),
    _case("np.vstack([a, b])", _square, _row),
    _case("np.dstack([a, b])", _square, some(3, 3)),
    _case("np.dstack([a, b])", _row, _other),
    _case("np.column_stack([a, b])", _row, _other),
    _case("np.column_stack([a, b])", _square, _row),
    _case("np.block([[a, b], [b.T, a[:1, :1]]])", _square, some(3, 1)),
    _case("np.block([a, b])", _row, some(2)),
    _case("np.block([[a], [b]])", _row, _other),
    _case("np.block(a)", some()),
    _case("np.block([a, b])", some(), some()),
    _case("np.append(a, b)", _row, some(2)),
    _case("np.append(a, b)", _matrix, some()),
    _case("np.append(a, b, axis=0)", _square, some(1, 3)),
    _case("np.split(a, 3)", _row),
    _case("np.split(a, 2, axis=-1)", some(3, 4)),
    _case("np.split(a, [1, 3], axis=1)", some(2, 4)),
    _case("np.split(a, [2, 1, 9])", _row, jax=False),
    _case("np.array_split(a, 3)", some(5, 2)),
    _case("np.array_split(a, 4)", _row),
    _case("np.hsplit(a, 2)", some(3, 4)),
    _case("np.hsplit(a, [1])", _row),
    _case("np.vsplit(a, [1])", _square),
    _case("np.dsplit(a, 2)", _cube),
    _case("[*a]", _matrix),
    _case("np.pad(a, 1)", _square),
    _case("np.pad(a, (2, 0))", _row),
    _case("np.pad(a, ((1, 0), (0, 2)))", _square),
    _case("np.pad(a, 0)", _square),
    _case("np.pad(a, 1, mode='constant', constant_values=2.0)", _square),
    _case("np.pad(a, (1, 2), constant_values=(0.0, 3.0))", _square),
    _case("np.pad(a, ((1, 2), (0, 1)), mode='edge')", _square),
    _case("np.pad(a, 2, mode='reflect')", _square),
    _case("np.pad(a, (0, 7), mode='reflect')", _row),
    _case("np.pad(a, (1, 4), mode='symmetric')", _square),
    _case("np.pad(a, (1, 2), mode='wrap')", _square),
]
if hasattr(numpy, "unstack"):  # NumPy 2.1
    CASES.append(_case("np.unstack(a, axis=1)", _square))
