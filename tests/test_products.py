"""Products and contractions: what their table of idioms does not say."""

import numpy as np
import pytest
from every import every

import minigrad as mg


def made(t):
    """Return the entries of a tape that are no leaves."""
    return [step for step in mg.Tape(t).steps if step.primitive]


@every("text, shapes, recorded", [
    ("ij,jk->ik", [(2, 3), (3, 4)], ["matmul"]),
    ("ij,j->i", [(2, 3), (3,)], ["matmul"]),
    ("bij,bjk->bik", [(2, 3, 3), (2, 3, 4)], ["matmul"]),
    ("ij,kj->ik", [(2, 3), (4, 3)], ["transpose", "matmul"]),
    ("ij,jk->ki", [(2, 3), (3, 4)], ["matmul", "transpose"]),
    ("i,j->ij", [(2,), (3,)], ["reshape", "multiply"]),
    ("ij,ij->ij", [(2, 3), (2, 3)], ["multiply"]),
    ("ij,ij->", [(2, 3), (2, 3)], ["multiply", "sum"]),
    ("ij->ji", [(2, 3)], ["transpose"]),
    ("ij->i", [(2, 3)], ["sum"]),
    ("ii->i", [(3, 3)], ["take"]),
    ("ii", [(3, 3)], ["take", "sum"]),
    ("ij,jk,kl->il", [(2, 3), (3, 4), (4, 5)], ["matmul", "matmul"]),
])  # fmt: skip
def test_einsum_records_what_a_person_would_write(text, shapes, recorded):
    operands = [mg.Tensor(np.ones(shape)) for shape in shapes]
    result = mg.einsum(text, *operands)
    assert [step.primitive.name for step in made(result)] == recorded


def test_three_operands_are_contracted_in_the_cheaper_order():
    a, b, v = (mg.Tensor(np.ones(shape)) for shape in [(9, 9), (9, 9), (9,)])
    result = mg.einsum("ij,jk,k->i", a, b, v)
    assert [step.shape for step in made(result)] == [(9,), (9,)]


LETTERS = "abcD"


def random_contraction(random):
    """Return subscripts and operands; now and then they do not fit."""
    sizes = {x: random.integers(1, 4) for x in LETTERS}
    under_dots = random.integers(1, 3, 2).tolist()
    words, operands = [], []
    for _ in range(random.choice([1, 2, 2, 3])):
        word = random.choice(list(LETTERS), random.integers(0, 4)).tolist()
        shape = [1 if random.random() < 0.1 else sizes[x] for x in word]
        if random.random() < 0.3:
            place, more = random.integers(0, len(word) + 1), random.integers(0, 3)
            shape[place:place] = under_dots[2 - more :]
            word.insert(place, "...")
        words.append("".join(word))
        operands.append(random.normal(size=shape))
    text = ",".join(words)
    if random.random() < 0.7:
        used = sorted({x for x in text if x in LETTERS})
        out = random.permutation(used)[: random.integers(0, len(used) + 1)].tolist()
        if "..." in text:
            out.insert(random.integers(0, len(out) + 1), "...")
        text += "->" + "".join(out)
    return text, operands


@every("seed", range(10))
def test_einsum_of_any_letters_is_numpys_and_so_is_what_it_refuses(seed):
    random = np.random.default_rng(seed)
    for _ in range(40):
        text, operands = random_contraction(random)
        tensors = [mg.Tensor(each) for each in operands]
        try:
            right = np.einsum(text, *operands)
        except ValueError:
            with pytest.raises(ValueError, match="fix"):
                np.einsum(text, *tensors)
        else:
            np.testing.assert_allclose(
                np.einsum(text, *tensors).data, right, atol=1e-12
            )


@every("text", [
    "ij", "i1", "i.j", "i,i", "->i", "i->ii", "i->j", "i...->...i...", "i->i->i",
    "i- >i",
])  # fmt: skip
def test_wrong_letters_are_refused_in_the_words_of_numpy(text):
    v = np.ones(3)
    with pytest.raises(ValueError) as numpys:
        np.einsum(text, v)
    with pytest.raises(ValueError, match="fix") as ours:
        np.einsum(text, mg.Tensor(v))
    assert str(numpys.value).split()[-1] in str(ours.value)


def test_the_outer_product_of_numpy_is_not_the_row_of_the_same_name():
    a, b = mg.Tensor([[1.0, 2.0]]), mg.Tensor([[3.0, 4.0]])
    assert np.outer(a, b).shape == (2, 2)
    c, d = mg.Tensor(np.ones((5, 2))), mg.Tensor(np.ones((5, 3)))
    assert mg.outer(c, d).shape == (2, 3) and np.outer(c, d).shape == (10, 15)


def test_vectors_in_the_plane_lie_in_space_with_z_zero():
    a, b = mg.Tensor([1.0, 2.0]), mg.Tensor([3.0, 4.0])
    assert mg.cross(a, b).item() == -2.0
    np.testing.assert_array_equal(mg.cross(a, [0.0, 0.0, 1.0]).data, [2.0, -1.0, 0.0])
    with pytest.raises(ValueError, match=r"2\s+or\s+3\s+entries"):
        mg.cross(mg.Tensor(np.ones(4)), np.ones(4))
