"""A compiled function as a file of ONNX: onnxruntime gives what the function gives."""

import numpy as np
import pytest
from conftest import peer
from every import every
from samples import SAMPLES, ids
from test_compile import W, arrays, b, normal, tied
from test_compile_lstm import CELLS, LAYERS, B, T, batch, learning, m, n
from test_in_jax import at_a_place_of_its_state, attention

import minigrad as mg
from lstm import LSTM, Recurrent
from lstm.others import GRUCell
from minigrad.messages import is_explained
from minigrad.numpy_protocol.array_like import plain
from minigrad.primitive import TABLE
from minigrad.rows.onnx_forms import form_of

RANDOM = np.random.default_rng(3)
WITHOUT = {"expm1", "log1p"}  # rows: there is no such operator, and no exact detour
compare = pytest.mark.compare
E = mg.Parameter(normal(7, n), "E")
LAYER = LSTM(n, m, rng=0, outputs="zero")


def sequences():
    return (normal(B, T, n),)


def by_itself(y):
    for t in range(T):
        with mg.scope("loop", t):
            y = mg.tanh(mg.matvec(W[:, :4], y))
    return y


PROGRAMS = {
    "a loop that reads nothing": (by_itself, lambda: (mg.Tensor(normal(4)),)),
    "LSTM": (LSTM(n, m, rng=0), sequences),
    "GRU": (Recurrent(GRUCell(n, m, rng=0)), sequences),
    "layer norm": (Recurrent(CELLS[-2](n, m, rng=0)), sequences),
    **{name: (LAYERS[name], sequences) for name in LAYERS},
    "mask": (
        lambda x, mask: LAYER(x, mask=mask),
        lambda: (*sequences(), RANDOM.random((B, T)) < 0.7),
    ),
    "lengths": (
        lambda x, lengths: LAYER(x, lengths=lengths),
        lambda: (*sequences(), RANDOM.integers(1, T + 1, B)),
    ),
    "words": (lambda words: LAYER(E[words]), lambda: (RANDOM.integers(0, 7, (B, T)),)),
    "attention": (attention, sequences),
    "classes": (lambda x: np.argmax(mg.matvec(W, x), axis=1), lambda: (normal(6, 5),)),
    "loss": (
        lambda x, k: (
            loss := mg.cross_entropy(mg.maximum(mg.matvec(W, x) + b, 0.1), k),
            mg.grad(loss, W),
        ),
        lambda: (normal(6, 5), RANDOM.integers(0, 4, 6)),
    ),
    "a place that moves": (
        at_a_place_of_its_state,
        lambda: (mg.Tensor(normal(2, T + 2)),),
    ),
    "MLP": (
        mg.Sequential(mg.Dense(5, 4, mg.relu, rng=0), mg.Dense(4, 2, rng=1)),
        lambda: (normal(6, 5),),
    ),
    "ties": (tied, lambda: (RANDOM.integers(0, 2, (6, 5)).astype(float),)),
    "a gradient": (learning(LSTM(n, m, rng=0)), batch),
}


def session_of(path):
    """Return a function of arrays that runs a file."""
    session = peer("onnxruntime").InferenceSession(path)
    names = [each.name for each in session.get_inputs()]
    return lambda *given: session.run(
        None, dict(zip(names, map(plain, given), strict=True))
    )


@compare
@pytest.mark.parametrize("name", PROGRAMS)
def test_onnxruntime_computes_what_the_function_does(name, tmp_path):
    f, arguments = PROGRAMS[name]
    path = mg.to_onnx(f, *arguments(), path=tmp_path / "f.onnx", dtype=float)
    run = session_of(path)
    for _ in range(2):
        given = arguments()
        for one, other in zip(run(*given), arrays(f(*given)), strict=True):
            assert one.dtype == other.dtype
            np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-12)


@compare
def test_numbers_are_float32_unless_asked(tmp_path):
    path = mg.to_onnx(attention, *sequences(), path=tmp_path / "f.onnx")
    (x,) = sequences()
    y, *_ = session_of(path)(x.astype("f"))
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, attention(x)[0].data, atol=1e-5)


@compare
@every("sample", SAMPLES, ids=ids(SAMPLES))
def test_every_row_and_composite_is_in_onnx_or_refused_by_its_name(sample, tmp_path):
    y = sample(*map(mg.Tensor, sample.args))
    rows = {step.primitive.name for step in mg.Tape(y) if step.primitive}
    path = tmp_path / "f.onnx"
    write = lambda: mg.to_onnx(sample, *sample.args, path=path)  # noqa: E731
    if rows & WITHOUT:
        with pytest.raises(mg.NotCompiled, match="|".join(rows & WITHOUT)):
            write()
        return
    write()
    (found,) = session_of(path)(*(a.astype("f") for a in sample.args))
    np.testing.assert_allclose(found, y.data, rtol=1e-4, atol=1e-5)


def test_which_rows_have_no_operator_of_onnx():
    assert {name for name, row in TABLE.items() if row.onnx is None} == WITHOUT


def test_a_row_of_ones_own_says_its_operator():
    erf = np.frompyfunc(float, 1, 1)
    assert form_of(erf) is None
    try:
        mg.elementwise("erf", erf, "erf(a)", (lambda y, a: a,), onnx="Erf")
        assert TABLE["erf"].onnx == "Erf"
    finally:
        TABLE.pop("erf", None)


@compare
def test_a_file_is_as_long_whatever_the_length(tmp_path):
    onnx = peer("onnx")

    def nodes(length):
        path = mg.to_onnx(LAYERS["two"], normal(1, length, n), path=tmp_path / "f.onnx")
        return len(onnx.load(path).graph.node)

    assert nodes(5) == nodes(50)


@compare
def test_what_a_check_refuses_is_nan_in_a_file(tmp_path):
    f, arguments = PROGRAMS["lengths"]
    x, lengths = arguments()
    run = session_of(mg.to_onnx(f, x, lengths, path=tmp_path / "f.onnx"))
    found = [np.isnan(run(x.astype("f"), k)[0]).any() for k in (lengths, lengths + T)]
    assert found == [False, True]


@compare
def test_what_has_no_operator_is_refused_and_nothing_is_written(tmp_path):
    x, path = normal(3, 3, 3), tmp_path / "f.onnx"
    k = RANDOM.integers(0, 3, 3)
    functions = {
        "argsort": lambda x, k: mg.sort(x),
        "np.where": lambda x, k: x if x.sum() > 0 else -x,
        "side by side": lambda x, k: x[k, :, k],
        "depends on numbers": lambda x, k: x[k > 0],
    }
    for words, f in functions.items():
        with pytest.raises(mg.NotCompiled, match=words) as caught:
            mg.to_onnx(f, mg.Tensor(x), k, path=path)
        assert is_explained(caught.value)
    assert not path.exists()
