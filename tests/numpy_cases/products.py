"""Products of vectors, matrices and arrays of them, and sums over shared letters."""

import numpy as np

from numpy_cases import case, some

A, B, V, W = some(3, 3), some(3, 3), some(3), some(3)
WIDE, DEEP, THREE = some(2, 3), some(2, 3, 4), some(2, 3, 3)

CASES = [
    case("dot of vectors", lambda np, a, b: np.dot(a, b), V, W),
    case("dot of matrices", lambda np, a, b: np.dot(a, b), A, B),
    case("dot of a matrix and a vector", lambda np, a, b: np.dot(a, b), A, V),
    case("dot as a method", lambda np, a, b: a.dot(b), WIDE, A),
    case("dot of a number", lambda np, a: np.dot(2.0, a), A),
    case("dot of a vector and many", lambda np, a, b: np.dot(a, b), V, THREE),
    case("dot of many and a matrix", lambda np, a, b: np.dot(a, b), THREE, A),
    case("dot of many and many", lambda np, a, b: np.dot(a, b), THREE, some(2, 3, 2)),
    case("vdot", lambda np, a, b: np.vdot(a, b), A, B),
    case("vdot of vectors", lambda np, a, b: np.vdot(a, b), V, W),
    case("inner of vectors", lambda np, a, b: np.inner(a, b), V, W),
    case("inner of matrices", lambda np, a, b: np.inner(a, b), A, WIDE),
    case("inner of many", lambda np, a, b: np.inner(a, b), THREE, A),
    case("inner of a number", lambda np, a: np.inner(a, 3.0), A),
    case("outer", lambda np, a, b: np.outer(a, b), V, some(2)),
    case("outer flattens", lambda np, a, b: np.outer(a, b), WIDE, V),
    case("outer of one with itself", lambda np, a: np.outer(a, a), V),
    case("linalg.outer", lambda np, a, b: np.linalg.outer(a, b), V, W),
    case("tensordot", lambda np, a, b: np.tensordot(a, b), DEEP, some(3, 4, 2)),
    case("tensordot over one", lambda np, a, b: np.tensordot(a, b, 1), THREE, A),
    case("tensordot over none", lambda np, a, b: np.tensordot(a, b, 0), WIDE, V),
    case("tensordot over all", lambda np, a, b: np.tensordot(a, b, 2), A, B),
    case(
        "tensordot over pairs of axes",
        lambda np, a, b: np.tensordot(a, b, axes=([2, 0], [0, 1])),
        DEEP,
        some(4, 2, 3),
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
    ),
    case("kron", lambda np, a, b: np.kron(a, b), WIDE, some(2, 2)),
    case("kron of vectors", lambda np, a, b: np.kron(a, b), V, W),
    case("kron of a vector and more", lambda np, a, b: np.kron(a, b), V, DEEP),
    case("cross", lambda np, a, b: np.cross(a, b), V, W),
    case("cross of rows", lambda np, a, b: np.cross(a, b), A, B),
    case("cross of rows and one", lambda np, a, b: np.cross(a, b), WIDE, V),
    case("cross of columns", lambda np, a, b: np.cross(a, b, axis=0), A, B),
    case(
        "cross along different axes",
        lambda np, a, b: np.cross(a, b, axisa=1, axisb=0, axisc=1),
        DEEP,
        some(3, 2, 4),
    ),
    case("linalg.cross", lambda np, a, b: np.linalg.cross(a, b), A, B),
    case("linalg.vecdot", lambda np, a, b: np.linalg.vecdot(a, b), A, B),
    case("vecdot", lambda np, a, b: np.vecdot(a, b), A, V),
    case(
        "linalg.vecdot of columns",
        lambda np, a, b: np.linalg.vecdot(a, b, axis=0),
        A,
        some(3, 1),
    ),
    case("linalg.matmul", lambda np, a, b: np.linalg.matmul(a, b), THREE, A),
    case("linalg.trace", lambda np, a: np.linalg.trace(a), THREE),
    case("linalg.trace above", lambda np, a: np.linalg.trace(a, offset=1), A),
    case("linalg.diagonal", lambda np, a: np.linalg.diagonal(a), THREE),
    case("linalg.diagonal below", lambda np, a: np.linalg.diagonal(a, offset=-1), DEEP),
    case(
        "multi_dot", lambda np, *parts: np.linalg.multi_dot(parts), WIDE, A, some(3, 2)
    ),
    case(
        "multi_dot of vectors and matrices",
        lambda np, *parts: np.linalg.multi_dot(list(parts)),
        V,
        A,
        B,
        W,
    ),
]


def of_letters(text, *args, **options):
    return case(
        f"einsum {text}" + "".join(f" {k}={v}" for k, v in options.items()),
        lambda np, *operands: np.einsum(text, *operands, **options),
        *args,
    )


CASES += [
    of_letters("ij,jk->ik", A, B),
    of_letters("ij,jk", A, B),
    of_letters("ij,j->i", A, V),
    of_letters("i,i->", V, W),
    of_letters("i,j->ij", V, W),
    of_letters("ij->ji", A),
    of_letters("ba", A),
    of_letters("ii", A),
    of_letters("ii->i", A),
    of_letters("iij->j", some(3, 3, 2)),
    of_letters("jij->i", some(3, 2, 3)),
    of_letters("ij->", A),
    of_letters("ij->j", A),
    of_letters("ij,ij->", A, B),
    of_letters("ij,ij->i", A, B),
    of_letters("ij,ij->ij", A, B),
    of_letters("ij,kj->ik", A, B),
    of_letters("ij,jk->ki", A, B),
    of_letters("bij,bjk->bik", THREE, THREE),
    of_letters("bij,bj->bi", THREE, WIDE),
    of_letters("bi,bij->bj", WIDE, THREE),
    of_letters("bi,ij,bj->b", WIDE, A, WIDE),
    of_letters("bij,bik->bjk", THREE, DEEP),
    of_letters("bqhd,bkhd->bhqk", some(2, 3, 2, 2), some(2, 3, 2, 2)),
    of_letters("bthd,hdo->bto", some(2, 3, 2, 2), some(2, 2, 3)),
    of_letters("ij,...j->...i", A, THREE),
    of_letters("...ij,...jk", THREE, A),
    of_letters("...ii->...i", THREE),
    of_letters("i...->...", DEEP),
    of_letters("b...,b...->...", THREE, some(2, 1, 3)),
    of_letters("ijk,k->ij", DEEP, some(4)),
    of_letters("ijk,jil->kl", DEEP, some(3, 2, 2)),
    of_letters("ijk,k->ji", DEEP, some(4)),
    of_letters("ij,jk,kl->il", WIDE, A, B),
    of_letters("ij,jk,kl", WIDE, A, B, optimize=True),
    of_letters("ij,jk,kl->il", WIDE, A, B, optimize="optimal"),
    of_letters("i,i,i->i", V, W, V),
    of_letters("a,b,c->cab", V, some(2), W),
    of_letters(
        "pi,qj,pqrs,rk,sl->ijkl", *[some(2, 2)] * 2, some(2, 2, 2, 2), *[some(2, 2)] * 2
    ),
    of_letters("ij,jk->ik", some(2, 1), A),
    of_letters("ij,j->i", some(2, 1), V),
    of_letters("ij,->ij", A, some()),
    of_letters(" i j , j k -> i k ", A, B),
    of_letters("ij,kl->", A, WIDE),
    case(
        "einsum with numbers for letters",
        lambda np, a, b: np.einsum(a, [0, 1], b, [1, 2], [0, 2]),
        A,
        B,
    ),
    case(
        "einsum with numbers and an ellipsis",
        lambda np, a, b: np.einsum(a, [..., 1], b, [1, 0], [0, ...]),
        THREE,
        A,
    ),
    case("einsum with numbers alone", lambda np, a: np.einsum(a, [1, 0]), A),
]

if hasattr(np, "matvec"):  # since NumPy 2.2
    CASES += [
        case("matvec", lambda np, a, b: np.matvec(a, b), A, WIDE),
        case("matvec of each", lambda np, a, b: np.matvec(a, b), THREE, WIDE),
        case("vecmat", lambda np, a, b: np.vecmat(a, b), V, A),
        case("vecmat of each", lambda np, a, b: np.vecmat(a, b), WIDE, THREE),
    ]
