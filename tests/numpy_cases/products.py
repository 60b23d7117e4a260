"""Products of vectors, matrices and arrays of them, and sums over shared letters."""

import numpy as np

from numpy_cases import case, some

A, B, V, W = some(3, 3), some(3, 3), some(3), some(3)
WIDE, DEEP, THREE = some(2, 3), some(2, 3, 4), some(2, 3, 3)

CASES = [
    case("dot of vectors", lambda np, a, b: np.dot(a, b), V, W, weight=5),
    case("dot of matrices", lambda np, a, b: np.dot(a, b), A, B, weight=5),
    case("dot of a matrix and a vector", lambda np, a, b: np.dot(a, b), A, V, weight=5),
    case("dot as a method", lambda np, a, b: a.dot(b), WIDE, A, weight=5),
    case("dot of a number", lambda np, a: np.dot(2.0, a), A, weight=2),
    case("dot of a vector and many", lambda np, a, b: np.dot(a, b), V, THREE),
    case("dot of many and a matrix", lambda np, a, b: np.dot(a, b), THREE, A),
    case("dot of many and many", lambda np, a, b: np.dot(a, b), THREE, some(2, 3, 2)),
    case("vdot", lambda np, a, b: np.vdot(a, b), A, B, weight=2),
    case("vdot of vectors", lambda np, a, b: np.vdot(a, b), V, W),
    case("inner of vectors", lambda np, a, b: np.inner(a, b), V, W, weight=4),
    case("inner of matrices", lambda np, a, b: np.inner(a, b), A, WIDE),
    case("inner of many", lambda np, a, b: np.inner(a, b), THREE, A, weight=2),
    case("inner of a number", lambda np, a: np.inner(a, 3.0), A, weight=1),
    case("outer", lambda np, a, b: np.outer(a, b), V, some(2), weight=5),
    case("outer flattens", lambda np, a, b: np.outer(a, b), WIDE, V, weight=2),
    case("outer of one with itself", lambda np, a: np.outer(a, a), V, weight=4),
    case("linalg.outer", lambda np, a, b: np.linalg.outer(a, b), V, W, weight=2),
    case("tensordot", lambda np, a, b: np.tensordot(a, b), DEEP, some(3, 4, 2)),
    case("tensordot over one", lambda np, a, b: np.tensordot(a, b, 1), THREE, A),
    case("tensordot over none", lambda np, a, b: np.tensordot(a, b, 0), WIDE, V),
    case("tensordot over all", lambda np, a, b: np.tensordot(a, b, 2), A, B),
    case(
        "tensordot over pairs of axes",
        lambda np, a, b: np.tensordot(a, b, axes=([2, 0], [0, 1])),
        DEEP,
        some(4, 2, 3),
        weight=4,
    ),
    case(
        "tensordot over a pair",
        lambda np, a, b: np.tensordot(a, b, axes=(1, -1)),
        THREE,
        A,
    ),
    case(
        "linalg.tensordot",
        lambda np, a, b: np.linalg.tensordot(a, b, axes=((0,), (1,))),
        A,
        B,
        weight=1,
    ),
    case("kron", lambda np, a, b: np.kron(a, b), WIDE, some(2, 2), weight=3),
    case("kron of vectors", lambda np, a, b: np.kron(a, b), V, W, weight=2),
    case(
        "kron of a vector and more", lambda np, a, b: np.kron(a, b), V, DEEP, weight=1
    ),
    case("cross", lambda np, a, b: np.cross(a, b), V, W, weight=4),
    case("cross of rows", lambda np, a, b: np.cross(a, b), A, B, weight=4),
    case("cross of rows and one", lambda np, a, b: np.cross(a, b), WIDE, V),
    case("cross of columns", lambda np, a, b: np.cross(a, b, axis=0), A, B, weight=2),
    case(
        "cross along different axes",
        lambda np, a, b: np.cross(a, b, axisa=1, axisb=0, axisc=1),
        DEEP,
        some(3, 2, 4),
        weight=1,
    ),
    case("linalg.cross", lambda np, a, b: np.linalg.cross(a, b), A, B, weight=2),
    case("linalg.vecdot", lambda np, a, b: np.linalg.vecdot(a, b), A, B, weight=2),
    case("vecdot", lambda np, a, b: np.vecdot(a, b), A, V, weight=2),
    case(
        "linalg.vecdot of columns",
        lambda np, a, b: np.linalg.vecdot(a, b, axis=0),
        A,
        some(3, 1),
        weight=1,
    ),
    case("linalg.matmul", lambda np, a, b: np.linalg.matmul(a, b), THREE, A, weight=2),
    case("linalg.trace", lambda np, a: np.linalg.trace(a), THREE, weight=2),
    case("linalg.trace above", lambda np, a: np.linalg.trace(a, offset=1), A, weight=1),
    case("linalg.diagonal", lambda np, a: np.linalg.diagonal(a), THREE, weight=2),
    case(
        "linalg.diagonal below",
        lambda np, a: np.linalg.diagonal(a, offset=-1),
        DEEP,
        weight=1,
    ),
    case(
        "multi_dot",
        lambda np, *parts: np.linalg.multi_dot(parts),
        WIDE,
        A,
        some(3, 2),
        weight=2,
    ),
    case(
        "multi_dot of vectors and matrices",
        lambda np, *parts: np.linalg.multi_dot(list(parts)),
        V,
        A,
        B,
        W,
        weight=1,
    ),
]


def of_letters(text, *args, weight=3, **options):
    return case(
        f"einsum {text}" + "".join(f" {k}={v}" for k, v in options.items()),
        lambda np, *operands: np.einsum(text, *operands, **options),
        *args,
        weight=weight,
    )


CASES += [
    of_letters("ij,jk->ik", A, B, weight=5),
    of_letters("ij,jk", A, B, weight=5),
    of_letters("ij,j->i", A, V, weight=5),
    of_letters("i,i->", V, W, weight=5),
    of_letters("i,j->ij", V, W, weight=5),
    of_letters("ij->ji", A, weight=5),
    of_letters("ba", A, weight=3),
    of_letters("ii", A, weight=5),
    of_letters("ii->i", A, weight=4),
    of_letters("iij->j", some(3, 3, 2), weight=2),
    of_letters("jij->i", some(3, 2, 3), weight=1),
    of_letters("ij->", A, weight=4),
    of_letters("ij->j", A, weight=4),
    of_letters("ij,ij->", A, B, weight=4),
    of_letters("ij,ij->i", A, B, weight=4),
    of_letters("ij,ij->ij", A, B, weight=3),
    of_letters("ij,kj->ik", A, B, weight=4),
    of_letters("ij,jk->ki", A, B),
    of_letters("bij,bjk->bik", THREE, THREE, weight=5),
    of_letters("bij,bj->bi", THREE, WIDE, weight=4),
    of_letters("bi,bij->bj", WIDE, THREE, weight=3),
    of_letters("bi,ij,bj->b", WIDE, A, WIDE, weight=4),
    of_letters("bij,bik->bjk", THREE, DEEP, weight=3),
    of_letters("bqhd,bkhd->bhqk", some(2, 3, 2, 2), some(2, 3, 2, 2), weight=4),
    of_letters("bthd,hdo->bto", some(2, 3, 2, 2), some(2, 2, 3), weight=4),
    of_letters("ij,...j->...i", A, THREE, weight=4),
    of_letters("...ij,...jk", THREE, A, weight=3),
    of_letters("...ii->...i", THREE, weight=2),
    of_letters("i...->...", DEEP, weight=2),
    of_letters("b...,b...->...", THREE, some(2, 1, 3), weight=2),
    of_letters("ijk,k->ij", DEEP, some(4), weight=3),
    of_letters("ijk,jil->kl", DEEP, some(3, 2, 2), weight=3),
    of_letters("ijk,k->ji", DEEP, some(4), weight=1),
    of_letters("ij,jk,kl->il", WIDE, A, B, weight=4),
    of_letters("ij,jk,kl", WIDE, A, B, weight=3, optimize=True),
    of_letters("ij,jk,kl->il", WIDE, A, B, weight=2, optimize="optimal"),
    of_letters("i,i,i->i", V, W, V, weight=2),
    of_letters("a,b,c->cab", V, some(2), W, weight=1),
    of_letters(
        "pi,qj,pqrs,rk,sl->ijkl", *[some(2, 2)] * 2, some(2, 2, 2, 2), *[some(2, 2)] * 2
    ),
    of_letters("ij,jk->ik", some(2, 1), A, weight=1),
    of_letters("ij,j->i", some(2, 1), V, weight=1),
    of_letters("ij,->ij", A, some(), weight=1),
    of_letters(" i j , j k -> i k ", A, B, weight=1),
    of_letters("ij,kl->", A, WIDE, weight=1),
    case(
        "einsum with numbers for letters",
        lambda np, a, b: np.einsum(a, [0, 1], b, [1, 2], [0, 2]),
        A,
        B,
        weight=2,
    ),
    case(
        "einsum with numbers and an ellipsis",
        lambda np, a, b: np.einsum(a, [..., 1], b, [1, 0], [0, ...]),
        THREE,
        A,
        weight=1,
    ),
    case("einsum with numbers alone", lambda np, a: np.einsum(a, [1, 0]), A, weight=1),
]

if hasattr(np, "matvec"):  # since NumPy 2.2
    CASES += [
        case("matvec", lambda np, a, b: np.matvec(a, b), A, WIDE, weight=2),
        case("matvec of each", lambda np, a, b: np.matvec(a, b), THREE, WIDE, weight=2),
        case("vecmat", lambda np, a, b: np.vecmat(a, b), V, A, weight=2),
        case("vecmat of each", lambda np, a, b: np.vecmat(a, b), WIDE, THREE, weight=1),
    ]
