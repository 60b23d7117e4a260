"""Products of vectors, matrices and arrays of them, and sums over shared letters."""

import numpy as np

from numpy_cases import case, some

A, B, V, W = some(3, 3), some(3, 3), some(3), some(3)
WIDE, DEEP, THREE = some(2, 3), some(2, 3, 4), some(2, 3, 3)

CASES = [
    case("np.dot(a, b)", V, W),
    case("np.dot(a, b)", A, B),
    case("np.dot(a, b)", A, V),
    case("a.dot(b)", WIDE, A),
    case("np.dot(2.0, a)", A),
    case("np.dot(a, b)", V, THREE),
    case("np.dot(a, b)", THREE, A),
    case("np.dot(a, b)", THREE, some(2, 3, 2)),
    case("np.vdot(a, b)", A, B),
    case("np.vdot(a, b)", V, W),
    case("np.inner(a, b)", V, W),
    case("np.inner(a, b)", A, WIDE),
    case("np.inner(a, b)", THREE, A),
    case("np.inner(a, 3.0)", A),
    case("np.outer(a, b)", V, some(2)),
    case("np.outer(a, b)", WIDE, V),
    case("np.outer(a, a)", V),
    case("np.linalg.outer(a, b)", V, W),
    case("np.tensordot(a, b)", DEEP, some(3, 4, 2)),
    case("np.tensordot(a, b, 1)", THREE, A),
    case("np.tensordot(a, b, 0)", WIDE, V),
    case("np.tensordot(a, b, 2)", A, B),
    case("np.tensordot(a, b, axes=([2, 0], [0, 1]))", DEEP, some(4, 2, 3)),
    case("np.tensordot(a, b, axes=(1, -1))", THREE, A),
    case("np.linalg.tensordot(a, b, axes=((0,), (1,)))", A, B),
    case("np.kron(a, b)", WIDE, some(2, 2)),
    case("np.kron(a, b)", V, W),
    case("np.kron(a, b)", V, DEEP),
    case("np.cross(a, b)", V, W),
    case("np.cross(a, b)", A, B),
    case("np.cross(a, b)", WIDE, V),
    case("np.cross(a, b, axis=0)", A, B),
    case("np.cross(a, b, axisa=1, axisb=0, axisc=1)", DEEP, some(3, 2, 4)),
    case("np.linalg.cross(a, b)", A, B),
    case("np.linalg.vecdot(a, b)", A, B),
    case("np.vecdot(a, b)", A, V),
    case("np.linalg.vecdot(a, b, axis=0)", A, some(3, 1)),
    case("np.linalg.matmul(a, b)", THREE, A),
    case("np.linalg.trace(a)", THREE),
    case("np.linalg.trace(a, offset=1)", A),
    case("np.linalg.diagonal(a)", THREE),
    case("np.linalg.diagonal(a, offset=-1)", DEEP),
    case("np.linalg.multi_dot((a, b, c))", WIDE, A, some(3, 2)),
    case("np.linalg.multi_dot([a, b, c, d])", V, A, B, W),
]


def of_letters(text, *args, **options):
    given = [*"abcdef"[: len(args)], *(f"{k}={v!r}" for k, v in options.items())]
    return case(f"np.einsum({text!r}, {', '.join(given)})", *args)


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
    case("np.einsum(a, [0, 1], b, [1, 2], [0, 2])", A, B),
    case("np.einsum(a, [..., 1], b, [1, 0], [0, ...])", THREE, A),
    case("np.einsum(a, [1, 0])", A),
]

if hasattr(np, "matvec"):  # since NumPy 2.2
    CASES += [
        case("np.matvec(a, b)", A, WIDE),
        case("np.matvec(a, b)", THREE, WIDE),
        case("np.vecmat(a, b)", V, A),
        case("np.vecmat(a, b)", WIDE, THREE),
    ]
