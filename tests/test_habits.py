"""Habits from PyTorch, JAX, Keras and NumPy work here, or are answered with ours."""

import copy
import inspect
import pickle
import re

import numpy as np
import pytest
from every import every

import minigrad as mg
from lstm import LSTM, Bidirectional, LSTMCell, State
from minigrad.habits import nearest, taught
from minigrad.numpy_protocol import foreign_names as names
from minigrad.numpy_protocol.numpy_calls import NUMPY_FACE


def things():
    """Return what the letters in the tables stand for."""
    t = mg.Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], name="t")
    model = mg.Sequential(mg.Dense(3, 2, mg.tanh, rng=0), mg.Dense(2, 1, rng=1))
    x = np.ones((4, 3))
    loss = (model(x) ** 2).mean() + (t * t).sum()
    loss.backward()
    gradients = mg.grad(loss, model.parameters())
    return {
        "mg": mg,
        "np": np,
        "t": t,
        "other": mg.Tensor(np.full((2, 3), 0.5)),
        "column": t[:, :1],
        "row": t[0],
        "matrix": t.T,
        "square": t @ t.T,
        "v": np.linalg.eigh(t.data @ t.data.T)[1],
        "u": np.linalg.svd(t.data)[0],
        "vt": np.linalg.svd(t.data)[2][:2],
        "W": mg.Parameter(np.ones((2, 3))),
        "p": mg.Parameter([1.0, 2.0]),
        "x": t[0],
        "mask": t > 2,
        "shape": (3, 2),
        "dtype": np.float32,
        "array": np.array([3.0, 4.0]),
        "rows": np.array([0, 1]),
        "columns": np.array([2, 0]),
        "weights": np.array([1.0, 2.0, 3.0]),
        "ids": np.array([0, 1]),
        "labels": np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0]]),
        "logits": t,
        "model": model,
        "arrays": model.state_dict(),
        "loss": loss,
        "y": model(x),
        "gradients": gradients,
        "layer": model.layers[0],
        "optimizer": mg.Adam(model),
        "path": None,
    }


TABLES = {
    "TENSOR": names.TENSOR,
    "MODULE": names.MODULE,
    "OPTIMIZER": names.OPTIMIZER,
    "PACKAGE": names.PACKAGE,
    "KEYWORDS": names.KEYWORDS,
    "NUMPY": names.NUMPY,
}
MODULES = ("tensor", "parameter", "gradient")  # of the package, under names of theirs
ENTRIES = sorted({entry for table in TABLES.values() for entry in table.values()})


@every("entry", ENTRIES)
def test_what_a_table_says_to_write_runs(entry, tmp_path):
    code, _, why = entry.partition("  # ")
    assert code or why
    known = {**things(), "path": tmp_path / "model.npz"}
    known["model"].save(known["path"])
    exec(code, known)


@every("table", TABLES)
def test_what_a_table_says_ends_in_no_full_stop(table):
    for name, entry in TABLES[table].items():
        assert not entry.endswith("."), name


def test_no_name_that_works_is_in_a_table():
    t, model, p = mg.Tensor(1.0), mg.Dense(3, 2, rng=0), mg.Parameter(1.0)
    for name in names.TENSOR:
        assert not hasattr(t, name), name
        assert name == "grad" or not hasattr(p, name), name
    for name in names.MODULE:
        assert not hasattr(model, name), name
        assert not hasattr(LSTM(3, 2, rng=0), name), name
    for name in names.OPTIMIZER:
        assert not hasattr(mg.Adam(model), name), name
    for name in (*names.PACKAGE, *names.CREATED):
        assert name in MODULES or not hasattr(mg, name), name
        assert name not in mg.__all__


def advice(get):
    """Return the four parts of the AttributeError that `get` raises, the fix apart."""
    with pytest.raises(AttributeError) as raised:
        get()
    asked, _, fix = str(raised.value).partition("\n  fix   ")
    assert "test_habits.py" in asked and "\n  why   " in asked
    return " ".join(fix.split())


@pytest.mark.parametrize("table", ["TENSOR", "MODULE", "OPTIMIZER", "PACKAGE"])
def test_every_name_in_a_table_is_answered_with_its_entry(table):
    known = things()
    letters = {"TENSOR": "t", "MODULE": "model", "OPTIMIZER": "optimizer"}
    owner = known[letters.get(table, "mg")]
    for name, entry in TABLES[table].items():
        code, _, why = entry.partition("  # ")
        if table == "PACKAGE" and name in MODULES:
            continue
        fix = advice(lambda name=name: getattr(owner, name))
        assert (f"write {code}" if code else "leave it out") in fix
        assert why in fix


@every("name", MODULES)
def test_a_module_of_this_name_is_still_one_and_says_what_to_write_if_called(name):
    assert inspect.ismodule(getattr(mg, name))
    code = names.PACKAGE[name].partition("  # ")[0]
    with pytest.raises(TypeError, match="is a module") as raised:
        getattr(mg, name)([1.0, 2.0])
    assert f"write {code}" in str(raised.value)


@pytest.mark.parametrize("name", ["silu", "relu", "softmax", "concatenate"])
def test_a_function_asked_for_as_a_method_is_named(name):
    said = advice(lambda: getattr(mg.Tensor(1.0), name))
    called = {"softmax": "t, axis", "concatenate": "[t, ...], axis"}.get(name, "t")
    assert said == f"write mg.{name}({called})."


def test_a_name_of_numpy_is_answered_by_whether_it_records():
    assert advice(lambda: mg.square) == "write t**2."
    assert np.size in NUMPY_FACE
    assert advice(lambda: mg.size) == "write np.size(t)."
    assert "np.arange(" in advice(lambda: mg.arange)
    assert advice(lambda: mg.isnan) == "write np.isnan(t)."
    assert "t.data" in advice(lambda: mg.packbits)


def test_a_slip_of_the_pen_is_answered_with_the_nearest_name():
    known = things()
    assert advice(lambda: known["model"].parametres) == "nearest: model.parameters."
    assert advice(lambda: known["optimizer"].stpe) == "nearest: optimizer.step."
    assert advice(lambda: mg.Sequental) == "nearest: mg.Sequential."
    assert "t = ..." in advice(lambda: known["t"].add_)
    known["model"].encoder = mg.Dense(1, 1)
    assert advice(lambda: known["model"].enocder) == "nearest: model.encoder."


SLIPS = {  # what is typed: the name that is meant, or none
    "Parmeter": "Parameter", "Sequental": "Sequential", "sofmax": "softmax",
    "tanhh": "tanh", "sigmod": "sigmoid", "cross_entrpy": "cross_entropy",
    "concatnate": "concatenate", "tranpose": "transpose", "rehsape": "reshape",
    "no_grads": "no_grad", "value_and_gard": "value_and_grad", "Sofmax": "softmax",
    "paramters": "parameters", "forwrad": "forward", "zerograd": "zero_grad",
    "sate_dict": "state_dict", "stpe": "step", "leanring_rate": "learning_rate",
    "losses": "", "LayerNorm": "", "optimizers": "", "trainable": "", "vmapped": "",
    "score": "", "metrics": "", "Conv2d": "", "Transformer": "", "callbacks": "",
    "checkpoint": "", "BCELoss": "", "scan": "", "value": "", "renorm": "",
    "evaluate": "", "new_zeros": "", "lerp": "", "index_add": "", "addmm": "",
}  # fmt: skip


@every("word", SLIPS)
def test_only_a_slip_of_the_pen_has_a_nearest_name(word):
    model = mg.Dense(1, 1)
    known = {*mg.__all__, *dir(model), *dir(mg.Adam(model))}
    assert nearest(word, known) == SLIPS[word]


STATES = [
    "2.0 * s", "s * 2", "s + s", "s * mg.Tensor(2.0)", "np.exp(s)", "mg.tanh(s)",
    "np.sum(s)", "1.0 - s", "s / 2.0", "-s",
]  # fmt: skip


@every("asked", STATES)
def test_a_state_is_no_number_and_says_so(asked):
    state = State(mg.Tensor([1.0]), mg.Tensor([2.0]))
    with pytest.raises(TypeError, match=r"(?s)a State.*fix.*go on with y"):
        eval(asked, {**globals(), "s": state})


def test_a_state_is_still_a_tuple():
    state = State(np.ones(2), np.zeros(2))
    found = [1]
    found += state
    assert len(found) == len((1, *state)) == len((1,) + state) == 3  # noqa: RUF005
    assert np.allclose(state, state)


def test_a_state_of_a_bidirectional_unpacked_as_h_and_c_says_what_each_is():
    _, (h, c) = Bidirectional(LSTM(3, 2))(np.ones((4, 3)))
    with pytest.raises(TypeError, match=r"state\.forward\s+and\s+state\.backward"):
        h * c


def test_what_a_state_is_called_elsewhere_is_answered():
    state = LSTM(3, 2)(np.ones((4, 3)))[1]
    assert advice(lambda: state.h) == "write state.y: the output."
    assert advice(lambda: state.cell_state) == "write state.c."
    assert "state.y" in advice(lambda: state.shape)
    again = copy.deepcopy(State(np.ones(2), np.zeros(2)))
    assert pickle.loads(pickle.dumps(again))._replace(c=1.0).c == 1.0


@pytest.mark.parametrize("name", ["requires_grad", "grad"])
def test_what_others_assign_to_a_tensor_is_answered_as_when_they_read_it(name):
    t = mg.Tensor([1.0])
    assert advice(lambda: setattr(t, name, True)) == advice(lambda: getattr(t, name))
    p = mg.Parameter([1.0])
    p.grad = np.ones(1)
    with pytest.raises(AttributeError, match="every Tensor is recorded"):
        p.requires_grad = False


def test_what_others_assign_to_an_optimizer_is_not_taken_without_effect():
    optimizer = things()["optimizer"]
    assert "learning_rate = " in advice(lambda: setattr(optimizer, "lr", 0.5))
    optimizer.learning_rate = 0.5
    optimizer.note = "an attribute of one's own"
    assert optimizer.learning_rate == 0.5


@every("sign", ["+=", "-=", "*=", "/=", "**=", "@="])
def test_a_parameter_changed_in_place_is_told_how(sign):
    p = mg.Parameter([1.0, 2.0], name="p")
    with pytest.raises(TypeError, match=rf"(?s)p {re.escape(sign)} .*why.*p\.data"):
        exec(f"p {sign} np.ones(2)", {"p": p, "np": np})
    assert p.data.tolist() == [1.0, 2.0]
    p.data -= 1.0
    assert p.data.tolist() == [0.0, 1.0]
    t = mg.Tensor([1.0])
    t += 1.0  # another Tensor of that name, as in all of Python
    assert t.primitive is not None


def test_hasattr_and_try_find_what_is_not_there():
    assert not hasattr(mg.Tensor(1.0), "numpy") and not hasattr(mg, "nn")
    assert getattr(mg.Module(), "eval", None) is None
    with pytest.raises(
        ImportError, match=r"(?s)minigrad.nn, at test_habits(.*)mg\.Dense"
    ):
        from minigrad import nn  # noqa: F401
    from minigrad import messages

    assert inspect.ismodule(messages)


def test_what_is_said_of_an_absent_name_goes_to_another_process():
    with pytest.raises(AttributeError) as raised:
        mg.Tensor([1.0]).numpy  # noqa: B018
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)


def test_a_property_that_fails_says_why_by_itself():
    class Broken(mg.Module):
        @property
        def size(self):
            return self.nowhere.size

    with pytest.raises(AttributeError, match="Broken has no nowhere"):
        _ = Broken().size


def test_tensors_and_models_are_copied_and_pickled_as_before():
    model = mg.Sequential(mg.Dense(2, 1, rng=0))
    for twin in (
        copy.deepcopy(model),
        copy.copy(model),
        pickle.loads(pickle.dumps(model)),
    ):
        assert twin.parameters()[0].data.tolist() == model.parameters()[0].data.tolist()
    optimizer = copy.deepcopy(mg.Adam(model))
    assert optimizer.parameters[0] is not model.parameters()[0]


def logits():
    return mg.Tensor([[1.0, 2.0]])


KEYWORDS = {
    "mg.Tensor([1.0], requires_grad=True)": "leave it out: every Tensor is recorded",
    "mg.Parameter([1.0], requires_grad=True)": "leave it out: every Tensor is recorded",
    "mg.Tensor([1.0], dtype='f4')": r"np\.asarray\(array, dtype\)",
    "mg.Tensor([1.0], nmae='x')": "nearest: name=",
    "mg.Tensor([1.0], q=1)": "it takes data, name",
    "(mg.Parameter(1.0) * 1.0).backward(retain_graph=True)":
        "the tape stays as long as the loss",
    "mg.Dense(in_features=3, m=1)": r"mg\.Dense\(n=3, m=2\)",
    "mg.Adam(mg.Parameter(1.0)).zero_grad(set_to_none=True)":
        "leave it out: zero_grad\\(\\) sets None",
    "mg.Tensor(np.ones((2, 3)), 't').sum(dim=0)": "here the word is axis: sum",
    "mg.softmax(mg.Tensor([1.0]), dim=-1)": "here the word is axis: softmax",
    "mg.Tensor([1.0]).max(keepdim=True)":
        r"here the word is keepdims: max\(..., keepdims=",
    "mg.squared_error(mg.Tensor([1.0]), [2.0], reduction='sum')":
        r"write \(t - other\) \*\* 2: squared_error is the mean",
    "mg.cross_entropy(mg.Tensor([[1.0]]), [0], label_smoothing=0.1)":
        r"0\.9 \* mg\.cross_entropy\(logits, ids\)",
    "mg.cross_entropy(logits(), [0], size_average=False)":
        r"-mg\.log_softmax\(logits\)\[rows, ids\]",
    "mg.cross_entropy(logits(), [0], weight=np.ones(2))": r"weights\[ids\]\.sum\(\)",
    "mg.squared_error(logits(), np.ones((1, 2)), sample_weight=1.0)":
        r"\(weights \* \(t - other\) \*\* 2\)\.mean\(\)",
    "mg.cross_entropy(logits(), [0], ignore_index=-100)": r"ids\[ids != 9\]",
    "mg.cross_entropy(logits(), [0], from_logits=True)": "no softmax before it",
    "mg.draw(logits() * 2.0, level='gate')":
        r"mg\.draw\(y, view='op'\): equations have a level",
    "mg.derive(logits().sum(), view='gate')":
        r"mg\.derive\(loss, level='op'\): pictures have a view",
    "mg.explore(logits().sum(), view='gate')": "the page shows every step",
    "mg.prove(logits().sum(), level='gate')": "a proof is of every step",
    "State(h=np.ones(2), c=np.ones(2))": r"here the word is y: State\(..., y=...\)",
    "State.zeros(batch_size=4, hidden_size=8)":
        r"here the word is batch: zeros\(..., batch=...\)",
    "mg.Dense(3, 2).load_state_dict({}, strict=False)": r"\*\*model\.state_dict\(\)",
}  # fmt: skip


@every("call", KEYWORDS)
def test_a_keyword_that_a_function_does_not_take_is_answered(call):
    fix = rf"(?s)has no option of that name.*{KEYWORDS[call]}"
    with pytest.raises(TypeError, match=fix):
        eval(call)


CALLS = {
    "mg.Dense()": r"Dense\(n, m, activation, rng, dtype\)",
    "mg.where(True, 1.0)": r"where\(mask, a, b\)",
    "mg.Tensor(1.0, 'x', 3)": r"Tensor\(data, name\)",
    "mg.Adam(mg.Parameter(1.0)).step(1, 2)": r"step\(gradients\)",
    "mg.Dense(3, 2)()": r"model\(x\)",
    "mg.Dense(3, 2)(np.ones(3), 1)": r"model\(x\)",
    "LSTM(3, 2)()": r"model\(x, state, mask, lengths, dropout\)",
    "Bidirectional(LSTM(3, 2))()": r"model\(x, state",
    "LSTMCell(3, 2)()": r"model\(x, state\)",
    "State(np.ones(2))": r"State\(y, c\)",
}


@every("call", CALLS)
def test_a_call_with_too_few_or_too_many_arguments_shows_how_it_is_called(call):
    fix = rf"(?s)test_habits.py.*why.*write {CALLS[call]}"
    with pytest.raises(TypeError, match=fix):
        eval(compile(call, __file__, "eval"), {**globals(), "LSTMCell": LSTMCell})


def test_a_model_that_fails_by_itself_is_not_said_to_be_called_wrongly():
    class Broken(mg.Module):
        def forward(self, x):
            return len(3)

    with pytest.raises(TypeError, match="has no len"):
        Broken()(1.0)


def test_a_function_that_fails_by_itself_is_not_said_to_be_called_wrongly():
    @taught
    def f():
        return len(3)

    with pytest.raises(TypeError, match="has no len"):
        f()


def test_no_grad_decorates_with_and_without_a_call():
    x = mg.Tensor(2.0)
    for decorator in (mg.no_grad, mg.no_grad()):

        @decorator
        def f(a):
            return a * 3.0

        assert f(x).primitive is None and f(x).item() == 6.0
    with mg.no_grad():
        assert (x * 3.0).primitive is None
    assert (x * 3.0).primitive is not None


def test_a_sequence_of_layers_is_one():
    layers = [mg.Dense(3, 2, rng=0), mg.tanh, mg.Dense(2, 1, rng=1)]
    model = mg.Sequential(*layers)
    assert len(model) == 3 and list(model) == layers and model[-1] is layers[-1]


def test_what_is_taught_keeps_its_name_its_signature_and_its_arguments():
    def f(a, learning_rate=1.0):
        """Say what came."""
        return a, learning_rate

    g = taught(f)
    assert (g.__name__, g.__doc__) == ("f", "Say what came.")
    assert inspect.signature(g) == inspect.signature(f)
    assert g(1) == g(a=1) == (1, 1.0)
    assert g(1, lr=2.0) == g(1, learning_rate=2.0) == g(1, 2.0) == (1, 2.0)


# ----------------------------------------------------------------- the state of a model


def test_a_state_dict_is_a_copy_that_comes_back():
    model = mg.Sequential(mg.Dense(3, 2, rng=0), mg.Dense(2, 1, rng=1))
    kept = model.state_dict()
    assert list(kept) == [path for path, _ in model.named_parameters()]
    mg.SGD(model, 0.1).step([np.ones(p.shape) for p in model.parameters()])
    kept["layers.0.b"][0] = 7.0
    assert model.layers[0].b.data[0] == -0.1
    model.load_state_dict(kept)
    assert model.layers[0].b.data.tolist() == [7.0, 0.0]
    other = mg.Sequential(mg.Dense(3, 2, rng=5), mg.Dense(2, 1, rng=6))
    other.load_state_dict(dict(model.named_parameters()))
    x = np.ones(3)
    assert other(x).data == model(x).data


def test_a_state_dict_that_does_not_fit_is_refused_in_full_and_changes_nothing():
    model = mg.Dense(3, 2, rng=0)
    before = model.state_dict()
    with pytest.raises(ValueError) as raised:
        model.load_state_dict({"W": np.ones((3, 2)), "weight": np.ones(2)})
    for problem in (
        "b: missing in the arrays",
        "W: (2, 3) here, (3, 2) in the arrays",
        "weight: not in this model",
        "nothing was changed",
    ):
        assert problem in " ".join(str(raised.value).split())
    for path, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[path])
