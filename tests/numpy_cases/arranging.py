"""Where entries stand: shapes, orders of axes and entries, repetitions, diagonals."""

import numpy

from numpy_cases import case, some

_row, _matrix, _square, _cube = some(4), some(2, 3), some(3, 3), some(2, 3, 3)
_thin = some(1, 3, 1)


def _case(name, function, *args, **more):
    return case(name, function, *args, exactly=True, **more)


CASES = [
    case(
        "sliding_window_view",
        lambda np, a: numpy.lib.stride_tricks.sliding_window_view(a, 2),
        some(5),
        jax=False,
    ),
    case(
        "sliding_window_view of a matrix",
        lambda np, a: numpy.lib.stride_tricks.sliding_window_view(a, (2, 2)),
        some(3, 3),
        jax=False,
    ),
    _case("squeeze", lambda np, a: np.squeeze(a), _thin),
    _case("squeeze an axis", lambda np, a: np.squeeze(a, axis=-1), _thin),
    _case("squeeze two axes", lambda np, a: np.squeeze(a, (0, 2)), _thin),
    _case("a.squeeze()", lambda np, a: a.squeeze(), _thin),
    _case("a.squeeze(axis)", lambda np, a: a.squeeze(axis=0), _thin),
    _case("expand_dims", lambda np, a: np.expand_dims(a, -1), _matrix),
    _case("expand_dims twice", lambda np, a: np.expand_dims(a, (0, 2)), _row),
    _case("a[None]", lambda np, a: a[None, :, np.newaxis], _row),
    _case("ravel", lambda np, a: np.ravel(a), _square),
    _case("ravel by columns", lambda np, a: np.ravel(a, order="F"), _square),
    _case("a.ravel()", lambda np, a: a.ravel(), _square),
    _case("a.flatten()", lambda np, a: a.flatten(), _square),
    _case("a.flatten by columns", lambda np, a: a.flatten("F"), _matrix),
    _case("reshape", lambda np, a: np.reshape(a, (3, -1)), _matrix),
    _case("a.reshape of sizes", lambda np, a: a.reshape(3, -1), _matrix),
    _case("a.reshape(-1)", lambda np, a: a.reshape(-1), _matrix),
    _case(
        "reshape by columns", lambda np, a: np.reshape(a, (3, 2), order="F"), _matrix
    ),
    _case("a.reshape by columns", lambda np, a: a.reshape(3, -1, order="F"), _matrix),
    _case("swapaxes", lambda np, a: np.swapaxes(a, 0, -1), _cube),
    _case("a.swapaxes", lambda np, a: a.swapaxes(1, 2), _cube),
    _case("moveaxis", lambda np, a: np.moveaxis(a, 0, -1), _cube),
    _case("moveaxis of two", lambda np, a: np.moveaxis(a, (0, 1), (-1, 0)), _cube),
    _case("rollaxis", lambda np, a: np.rollaxis(a, 2), _cube),
    _case("rollaxis to a place", lambda np, a: np.rollaxis(a, 0, 2), _cube),
    _case("permute_dims", lambda np, a: np.permute_dims(a, (2, 0, 1)), _cube),
    _case("matrix_transpose", lambda np, a: np.matrix_transpose(a), _cube),
    _case(
        "linalg.matrix_transpose", lambda np, a: np.linalg.matrix_transpose(a), _cube
    ),
    _case("a.T", lambda np, a: a.T, _cube),
    _case("a.mT", lambda np, a: a.mT, _cube),
    _case("transpose axes", lambda np, a: np.transpose(a, (1, 0, 2)), _cube),
    _case("atleast_1d", lambda np, a: np.atleast_1d(a), some()),
    _case("atleast_2d", lambda np, a: np.atleast_2d(a), _row),
    _case("atleast_3d", lambda np, a: np.atleast_3d(a), _matrix),
    _case("atleast_2d of two", lambda np, a, b: np.atleast_2d(a, b), _row, _matrix),
    _case("broadcast_to", lambda np, a: np.broadcast_to(a, (2, 4)), _row),
    _case(
        "broadcast_arrays", lambda np, a, b: np.broadcast_arrays(a, b), some(3, 1), _row
    ),
    _case("meshgrid", lambda np, a, b: np.meshgrid(a, b), _row, some(2)),
    _case(
        "meshgrid ij", lambda np, a, b: np.meshgrid(a, b, indexing="ij"), _row, some(2)
    ),
    _case(
        "meshgrid sparse",
        lambda np, a, b, c: np.meshgrid(a, b, c, sparse=True),
        *(_row, some(2), some(3)),
    ),
    _case("flip", lambda np, a: np.flip(a), _square),
    _case("flip an axis", lambda np, a: np.flip(a, axis=-1), _cube),
    _case("flip two axes", lambda np, a: np.flip(a, axis=(0, 2)), _cube),
    _case("fliplr", lambda np, a: np.fliplr(a), _square),
    _case("flipud", lambda np, a: np.flipud(a), _square),
    _case("a[::-1]", lambda np, a: a[::-1], _square),
    _case("rot90", lambda np, a: np.rot90(a), _matrix),
    _case("rot90 twice", lambda np, a: np.rot90(a, 2), _square),
    _case("rot90 back", lambda np, a: np.rot90(a, k=-1, axes=(1, 2)), _cube),
    _case("rot90 not at all", lambda np, a: np.rot90(a, 4), _square),
    _case("roll", lambda np, a: np.roll(a, 1), _row),
    _case("roll of all", lambda np, a: np.roll(a, -2), _square),
    _case("roll an axis", lambda np, a: np.roll(a, 1, axis=1), _square),
    _case("roll two axes", lambda np, a: np.roll(a, (1, -1), axis=(0, 1)), _square),
    _case("roll one shift", lambda np, a: np.roll(a, 1, axis=(0, 1)), _square),
    _case("repeat", lambda np, a: np.repeat(a, 2), _square),
    _case("repeat an axis", lambda np, a: np.repeat(a, 2, axis=0), _square),
    _case(
        "repeat counts",
        lambda np, a: np.repeat(a, [2, 0, 1], axis=-1),
        _square,
        jax=False,
    ),
    _case("a.repeat", lambda np, a: a.repeat(3), _row),
    _case("tile", lambda np, a: np.tile(a, 2), _row),
    _case("tile in two axes", lambda np, a: np.tile(a, (2, 1)), _row),
    _case("tile a matrix", lambda np, a: np.tile(a, 2), _square),
    _case("resize", lambda np, a: np.resize(a, (2, 4)), _square),
    _case("delete", lambda np, a: np.delete(a, 1), _row),
    _case(
        "delete rows", lambda np, a: np.delete(a, [0, 2], axis=0), _square, jax=False
    ),
    _case("delete a slice", lambda np, a: np.delete(a, slice(1), axis=-1), _square),
    _case("insert", lambda np, a, b: np.insert(a, 1, b), _row, some()),
    _case("insert a constant", lambda np, a: np.insert(a, 0, 0.0), _row),
    _case(
        "insert a row", lambda np, a, b: np.insert(a, 1, b, axis=0), _square, some(3)
    ),
    _case(
        "insert columns",
        lambda np, a, b: np.insert(a, [0, 2], b, axis=1),
        *(_square, some(3, 2)),
        jax=False,
    ),
    _case(
        "trim_zeros",
        lambda np, a: np.trim_zeros(np.where(np.arange(5) % 4 == 0, 0, a)),
        some(5),
        jax=False,  # there a shape does not depend on numbers
    ),
    _case("diag of a vector", lambda np, a: np.diag(a), some(3)),
    _case("diag of a matrix", lambda np, a: np.diag(a), _matrix),
    _case("diag k", lambda np, a: np.diag(a, k=-1), some(2)),
    _case("diag k of a matrix", lambda np, a: np.diag(a, 1), _square),
    _case("diagflat", lambda np, a: np.diagflat(a, 1), some(2, 2)),
    _case("diagonal", lambda np, a: np.diagonal(a), _matrix),
    _case("diagonal offset", lambda np, a: np.diagonal(a, offset=-1), _square),
    _case("diagonal of a batch", lambda np, a: np.diagonal(a, 0, 1, 2), _cube),
    _case("a.diagonal", lambda np, a: a.diagonal(axis1=-2, axis2=-1), _cube),
    _case("linalg.diagonal", lambda np, a: np.linalg.diagonal(a, offset=1), _cube),
    case("trace", lambda np, a: np.trace(a), _square),
    case("trace of a batch", lambda np, a: np.trace(a, axis1=1, axis2=2), _cube),
    case("a.trace", lambda np, a: a.trace(offset=1), _square),
    case("linalg.trace", lambda np, a: np.linalg.trace(a), _cube),
    _case("tril", lambda np, a: np.tril(a), _square),
    _case("triu", lambda np, a: np.triu(a, k=1), _square),
    _case("tril of a batch", lambda np, a: np.tril(a, -1), _cube),
    _case("triu of a batch", lambda np, a: np.triu(a), _cube),
    _case("tril of a vector", lambda np, a: np.tril(a), _row, jax=False),
    _case("fftshift", lambda np, a: np.fft.fftshift(a), some(5)),
    _case("fftshift of rows", lambda np, a: np.fft.fftshift(a, axes=1), _matrix),
    _case("ifftshift", lambda np, a: np.fft.ifftshift(a, axes=(0, 1)), _matrix),
]
