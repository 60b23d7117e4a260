"""Modules: how they find, name, mark, save and load their Parameters."""

import contextlib
import copy
import os
import pickle
import weakref
from fractions import Fraction

import numpy as np
import pytest
from every import every

import minigrad as mg
from lstm import LSTMCell
from minigrad import parameter as parameter_module


class Two(mg.Module):
    """Two layers, one of them in a list, and a Parameter with an equation's name."""

    def __init__(self):
        self.first = mg.Dense(3, 4, mg.tanh, rng=0)
        self.rest = [mg.Dense(4, 4, rng=1), mg.Dense(4, 2, rng=2)]
        self.scale = mg.Parameter(np.ones(2), name="s")

    def forward(self, x):
        x = self.first(x)
        for layer in self.rest:
            x = layer(x)
        return x * self.scale


class Outer(mg.Module):
    def __init__(self):
        self.inner = Two()
        self.again = self.inner  # the same part under a second name

    def forward(self, x):
        return self.inner(x)


PATHS = ["first.W", "first.b", "rest.0.W", "rest.0.b", "rest.1.W", "rest.1.b", "scale"]


def test_a_module_finds_every_parameter_once_by_its_path():
    assert sorted(dict(Two().named_parameters())) == PATHS
    outer = dict(Outer().named_parameters())
    assert sorted(outer) == [f"inner.{path}" for path in PATHS]
    assert len({id(parameter) for parameter in outer.values()}) == len(outer)


def test_parameters_are_a_list_and_named_parameters_pair_each_with_its_path():
    model = Two()
    assert isinstance(model.parameters(), list)
    assert all(isinstance(each, mg.Parameter) for each in model.parameters())
    for one, (path, other) in zip(
        model.parameters(), model.named_parameters(), strict=True
    ):
        assert one is other and one.path == path


def test_a_parameter_knows_its_path_and_keeps_its_equations_name():
    model = Outer()
    for path, parameter in model.named_parameters():
        assert parameter.path == path
    assert model.inner.scale.name == "s"
    assert model.inner.first.W.name == "inner.first.W"


def test_what_a_module_records_carries_its_path():
    model = Outer()
    y = model(np.ones(3))
    scopes = {mg.context.path(step.scope) for step in mg.Tape(y) if step.primitive}
    assert "Outer.inner.first" in scopes and "Outer.inner.rest.1" in scopes


LEAVES = "x", "y_0", "c_0"


class Elman(mg.Module):
    """tanh(W x + U s), called by whoever likes."""

    def __init__(self, rng=0):
        self.W, self.U = mg.Dense(3, 2, rng=rng), mg.Dense(2, 2, rng=rng + 1)

    def forward(self, x, s):
        return mg.tanh(self.W(x) + self.U(s))


def test_a_part_that_reads_what_it_made_is_in_a_loop_and_its_calls_are_counted():
    cell, s = Elman(), mg.Tensor(np.zeros(2))
    states = [s := cell(np.ones(3), s) for _ in range(4)]
    assert [s.scope for s in states] == [(t, "Elman") for t in (1, 2, 3, 4)]
    steps = {entry.scope[0] for entry in mg.Tape(states[-1]) if entry.primitive}
    assert steps == {1, 2, 3, 4}


def test_the_input_of_a_first_call_is_of_step_1_and_the_state_before_is_of_none():
    cell = LSTMCell(3, 2, rng=0)
    state = cell.start()
    for x in np.ones((3, 3)):
        state = cell(x, state)
    scopes = [(e.name, e.scope[0]) for e in mg.Tape(state.y) if e.name in LEAVES]
    assert sorted(scopes, key=str) == sorted(
        [("x", 1), ("x", 2), ("x", 3), ("y_0", "LSTMCell"), ("c_0", "LSTMCell")],
        key=str,
    )


def test_what_is_no_loop_of_its_own_is_not_counted():
    s = mg.Tensor(np.zeros(2))
    once, other = Elman(), Elman(rng=5)
    made = once(np.ones(3), s)
    assert made.scope == ("Elman",)
    assert other(np.ones(3), made).scope == ("Elman",)  # another of the same name
    assert once(np.ones(3), made.detach()).scope == ("Elman",)
    with mg.scope("decoder", 7):  # whoever opens a time step counts it
        assert once(np.ones(3), once(np.ones(3), s)).scope == ("decoder", 7, "Elman")
    dense = mg.Dense(2, 2, rng=0)
    assert dense(dense(s + 1.0)).scope == ("Dense",)  # it reads nothing beside


def test_a_loop_without_time_steps_is_recorded_as_one_with_them():
    def run(around):
        cell, s = Elman(), mg.Tensor(np.zeros(2), "s_0")
        for t in (1, 2, 3):
            x = mg.Tensor(np.ones(3), "x")
            with around(t):
                s = cell(x, s)
        return mg.Tape((s * s).sum())

    assert str(run(mg.scope)) == str(run(lambda t: contextlib.nullcontext()))


def test_backward_adds_into_every_parameter_and_zero_grad_forgets():
    model = Outer()
    model(np.ones(3)).sum().backward()
    for parameter in model.parameters():
        assert parameter.grad.shape == parameter.shape
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_gradients_of_a_model_agree_with_the_complex_step():
    model = Two()
    parameters = model.parameters()

    def output(*arrays):
        for parameter, array in zip(parameters, arrays, strict=True):
            owner, name = model, parameter.path.split(".")
            for part in name[:-1]:
                owner = owner[int(part)] if part.isdigit() else getattr(owner, part)
            object.__setattr__(owner, name[-1], array)
        return model(np.array([0.1, 0.2, 0.3]))

    mg.check_gradients(output, *(p.data for p in parameters))


def test_a_dense_layer_is_activation_of_Wx_plus_b():
    layer = mg.Dense(3, 2, mg.tanh, rng=0)
    x = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    expected = np.tanh(x @ layer.W.data.T + layer.b.data)
    np.testing.assert_allclose(layer(x).data, expected, rtol=1e-15)
    assert layer(x[0]).shape == (2,)
    limit = np.sqrt(6 / 5)
    assert np.abs(layer.W.data).max() <= limit and (layer.b.data == 0).all()
    assert mg.Dense(3, 2, rng=0, dtype=np.float32)(x.astype(np.float32)).dtype == "f4"


def test_a_seed_makes_the_same_layer():
    one, other = mg.Dense(3, 2, rng=7), mg.Dense(3, 2, rng=7)
    np.testing.assert_array_equal(one.W.data, other.W.data)


def test_layers_in_sequence_are_composed():
    first, second = mg.Dense(3, 4, mg.relu, rng=0), mg.Dense(4, 2, rng=1)
    model = mg.Sequential(first, second)
    x = np.array([1.0, -1.0, 2.0])
    np.testing.assert_array_equal(model(x).data, second(first(x)).data)
    assert [path for path, _ in model.named_parameters()] == [
        *("layers.0.W", "layers.0.b", "layers.1.W", "layers.1.b")
    ]


def test_saved_parameters_come_back(tmp_path):
    model, other = Two(), Two()
    for parameter in other.parameters():
        parameter.data = parameter.data + 1.0
    path = model.save(tmp_path / "deep" / "weights.npz")
    other.load(path)
    for one, two in zip(model.parameters(), other.parameters(), strict=True):
        np.testing.assert_array_equal(one.data, two.data, strict=True)
    assert sorted(file.name for file in path.parent.iterdir()) == ["weights.npz"]


def test_a_file_that_does_not_fit_changes_nothing(tmp_path):
    class Wider(Two):
        def __init__(self):
            super().__init__()
            self.first = mg.Dense(5, 4, rng=0)
            self.extra = mg.Parameter([1.0])

    path = Two().save(tmp_path / "weights.npz")
    wider = Wider()
    before = {name: p.data for name, p in wider.named_parameters()}
    with pytest.raises(ValueError) as caught:
        wider.load(path)
    message = str(caught.value)
    assert "extra: missing in the file" in message
    assert "first.W: (4, 5) here, (4, 3) in the file" in message
    for name, parameter in wider.named_parameters():
        assert parameter.data is before[name]


def test_a_failed_save_keeps_the_file_that_was_there(tmp_path, monkeypatch):
    model = Two()
    path = model.save(tmp_path / "weights.npz")
    before = path.read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        model.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "twin",
    [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))],
    ids=["deepcopy", "pickle"],
)
def test_a_copy_of_a_trained_model_is_a_model_of_its_own(twin):  # bug 47
    model = Outer()
    model(np.ones(3)).sum().backward()
    other = twin(model)
    assert other.again is other.inner
    pairs = zip(model.named_parameters(), other.named_parameters(), strict=True)
    for (path, one), (other_path, two) in pairs:
        assert (path, one.path, one.name) == (other_path, two.path, two.name)
        assert not np.shares_memory(one.data, two.data)
        np.testing.assert_array_equal(one.data, two.data)
        np.testing.assert_array_equal(one.grad, two.grad)
    mg.SGD(other, 0.1).step()
    assert (model.inner.scale.data == 1.0).all()
    x = np.ones(3)
    assert not np.array_equal(model(x).data, other(x).data)


def test_a_parameter_copied_from_a_long_tape_is_not_recursive():  # bug 47
    w = mg.Parameter([1.0], name="w")
    loss = w
    for _ in range(5_000):
        loss = loss * 1.0
    loss.backward()
    for twin in (copy.deepcopy(w), pickle.loads(pickle.dumps(w))):
        assert isinstance(twin, mg.Parameter) and twin.name == "w"
        np.testing.assert_array_equal(twin.grad, [1.0])


def test_a_parameter_keeps_its_shape():
    w = mg.Parameter([1.0, 2.0], name="w")
    w.data -= 0.5
    np.testing.assert_array_equal(w.data, [0.5, 1.5])
    with pytest.raises(ValueError, match="keeps its shape"):
        w.data = np.ones(3)
    np.testing.assert_array_equal(w.data, [0.5, 1.5])


def test_a_parameter_in_a_list_or_a_dict_is_found():
    class Model(mg.Module):
        def __init__(self):
            self.scales = [mg.Parameter([1.0]), mg.Parameter([2.0])]
            self.heads = {"left": mg.Dense(2, 1, rng=0)}

    model = Model()
    assert [path for path, _ in model.named_parameters()] == [
        "scales.0",
        "scales.1",
        "heads.left.W",
        "heads.left.b",
    ]
    assert all(p.name == path for path, p in model.named_parameters())
    assert model.heads["left"].label == "heads.left"


def test_an_assigned_array_is_copied_and_stays_floating():
    p = mg.Parameter([1.0, 2.0])
    mine = np.array([3, 4])
    p.data = mine
    mine[0] = 100
    assert p.data.dtype == float
    assert p.data.tolist() == [3.0, 4.0]


# ---------------------------------------------------------- containers, paths, adoption


def test_parts_are_found_in_containers_in_containers():
    class Deep(mg.Module):
        def __init__(self):
            self.grid = [[mg.Parameter([1.0])], ({"a": mg.Dense(1, 1, rng=0)},)]
            self.heads = {"left": [mg.Parameter([2.0])]}

    model = Deep()
    paths = ["grid.0.0", "grid.1.0.a.W", "grid.1.0.a.b", "heads.left.0"]
    assert [path for path, _ in model.named_parameters()] == paths
    assert [p.path for p in model.parameters()] == paths


def test_a_set_of_parts_is_refused():
    model = mg.Module()
    with pytest.raises(TypeError, match="a set has no order"):
        model.parts = [{mg.Parameter([1.0])}]
    assert "parts" not in vars(model)
    model.names = {"a", "b"}


def test_two_parameters_under_one_path_are_refused():
    model = mg.Module()
    model.h = {1: mg.Parameter([1.0]), "1": mg.Parameter([2.0])}
    with pytest.raises(ValueError, match=r"of one path, .*\n.*h\.1"):
        model.parameters()


def test_a_part_may_hold_its_owner_and_a_list_itself():
    root, child = mg.Module(), mg.Dense(1, 1, rng=0)
    root.x = mg.Parameter([1.0])
    root.child = child
    child.owner = root
    circle = [mg.Parameter([2.0])]
    circle.append(circle)
    root.circle = circle
    paths = ["x", "child.W", "child.b", "circle.0"]
    assert [path for path, _ in root.named_parameters()] == paths
    assert all(p.path == path for path, p in root.named_parameters())
    assert child.label == "child" and root.label is None
    paths = ["W", "b", "owner.circle.0", "owner.x"]
    assert sorted(path for path, _ in child.named_parameters()) == paths
    assert root.x.path == "x"
    assert copy.deepcopy(root).child.owner.x is not root.x


def test_what_was_appended_has_its_path_once_parameters_was_called():
    class Grown(mg.Module):
        def __init__(self):
            self.h = []
            for _ in range(2):
                self.h.append(mg.Dense(1, 1, rng=0))

        def forward(self, x):
            return self.h[1](x)

    model = mg.Sequential(Grown())
    for path, parameter in model.named_parameters():
        assert parameter.path == parameter.name == path
    assert "layers.0.h.1.W" in dict(model.named_parameters())
    scopes = {mg.context.path(step.scope) for step in mg.Tape(model(np.ones(1)))}
    assert "Sequential.layers.0.h.1" in scopes


def test_a_part_asked_for_its_parameters_keeps_its_place_in_the_model():
    model = Outer()
    model.inner.first.parameters()
    assert model.inner.first.W.path == "inner.first.W"


def test_a_part_belongs_to_the_model_that_adopted_it_last():
    old, new = Outer(), mg.Module()
    new.encoder = old.inner.first
    assert new.encoder.W.path == new.encoder.W.name == "encoder.W"
    assert new.encoder.label == "encoder"
    new.scale = old.inner.scale
    assert (new.scale.path, new.scale.name) == ("scale", "s")


def test_a_label_of_the_users_own_is_kept():
    model, part = mg.Module(), mg.Dense(1, 1, rng=0)
    part.label = "mine"
    model.part = part
    assert part.label == "mine" and part.W.path == "part.W"


def test_a_leaf_that_is_no_parameter_is_not_left_untrained_in_silence():
    model = mg.Module()
    with pytest.warns(UserWarning, match=r"Module\.w\.0 is a Tensor but no Parameter"):
        model.w = [mg.Tensor([1.0])]
    with mg.no_grad():
        model.constant = mg.Tensor([1.0]) * 2.0
    model.result = mg.Parameter([1.0]) * 2.0
    layer = mg.Dense(1, 1, rng=0)
    vars(layer)["W"] = mg.Tensor([[1.0]])  # a function of its weights
    layer.W = mg.Tensor([[2.0]])


def test_a_module_shows_its_parameters():
    assert repr(mg.Dense(3, 2, rng=0)) == (
        "Dense: 8 numbers to train\n  W  (2, 3)\n  b  (2,)"
    )
    assert repr(mg.Module()) == "Module: 0 numbers to train"


# ------------------------------------------------------------------------------- files


def test_any_name_can_be_saved(tmp_path):
    class Odd(mg.Module):
        def __init__(self, start):
            self.file = mg.Parameter([start])
            self.allow_pickle = mg.Parameter([start])

    one, other = Odd(1.0), Odd(2.0)
    other.load(one.save(tmp_path / "weights.npz"))
    assert other.file.data == [1.0] and other.allow_pickle.data == [1.0]
    with np.load(tmp_path / "weights.npz") as file:
        assert sorted(file) == ["allow_pickle", "file"]


def test_the_same_weights_are_the_same_bytes(tmp_path):
    one, other = (Two().save(tmp_path / name).read_bytes() for name in ("a", "b"))
    assert one == other


def test_objects_are_not_saved(tmp_path):
    model = mg.Module()
    model.half = mg.Parameter(np.array([Fraction(1, 2)]))
    with pytest.raises(TypeError, match=r"half: shape \(1,\), object"):
        model.save(tmp_path / "weights.npz")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("bad", "said"), [
    (np.array(["a", "b"]), "b: float64 here, <U1 in the file"),
    (np.array([1j, 2j]), "b: float64 here, complex128 in the file"),
    (np.ones(3), r"b: \(2,\) here, \(3,\) in the file"),
], ids=["text", "complex", "shape"])  # fmt: skip
def test_a_bad_later_entry_leaves_the_first_as_it_was(tmp_path, bad, said):
    layer = mg.Dense(3, 2, rng=0)
    W, b = layer.W.data, layer.b.data
    np.savez(tmp_path / "bad.npz", W=np.ones((2, 3)), b=bad)
    with pytest.raises(ValueError, match=said):
        layer.load(tmp_path / "bad.npz")
    assert layer.W.data is W and layer.b.data is b


def test_a_file_of_one_array_or_of_objects_is_no_file_of_weights(tmp_path):
    np.save(tmp_path / "one.npy", np.ones(3))
    np.savez(tmp_path / "objects.npz", W=np.array([None]))
    for name in ("one.npy", "objects.npz", "none.npz"):
        with pytest.raises(ValueError, match="not a readable"):
            mg.Dense(3, 2).load(tmp_path / name)


def test_float64_weights_can_be_loaded_into_a_float32_model(tmp_path):
    path = mg.Dense(3, 2, rng=0).save(tmp_path / "weights.npz")
    narrow = mg.Dense(3, 2, rng=1, dtype=np.float32)
    narrow.load(path)
    assert narrow.W.dtype == np.float32


# -------------------------------------------------------------------------- Parameters


@pytest.mark.parametrize("twin", [copy.copy, copy.deepcopy])
def test_a_copied_parameter_keeps_its_path_and_gradient(twin):
    model = Two()
    model(np.ones(3)).sum().backward()
    w = model.first.W
    other = twin(w)
    assert (other.path, other.name) == ("first.W", "first.W")
    np.testing.assert_array_equal(other.grad, w.grad)
    assert not np.shares_memory(other.grad, w.grad)
    assert not np.shares_memory(other.data, w.data)


def test_a_parameter_keeps_its_dtype():
    narrow = mg.Parameter(np.ones(2, np.float32))
    narrow.data = np.array([1.5, 2.5])
    assert narrow.dtype == np.float32
    wide = mg.Parameter([1.0, 2.0])
    with pytest.raises(TypeError, match="keeps its dtype"):
        wide.data = np.array([Fraction(1), Fraction(2)])
    assert wide.data.tolist() == [1.0, 2.0]
    exact = mg.Parameter(np.array([Fraction(1, 3)]))
    exact.data = np.array([Fraction(2, 3)])
    assert exact.data[0] == Fraction(2, 3)


@pytest.fixture
def no_losses_alive(monkeypatch):
    monkeypatch.setattr(parameter_module, "_alive", weakref.WeakSet())


@pytest.mark.usefixtures("no_losses_alive")
def test_released_losses_do_not_count_as_alive():
    w, losses = mg.Parameter([1.0]), []
    for _ in range(250):
        losses.append((w * w).sum())
        losses[-1].backward()
        mg.Tape(losses[-1]).release()


@pytest.mark.usefixtures("no_losses_alive")
def test_a_hundred_losses_alive_are_one_warning():
    w, losses = mg.Parameter([1.0]), []
    with pytest.warns(ResourceWarning, match="100 losses are alive") as caught:
        for _ in range(250):
            losses.append((w * w).sum())
            losses[-1].backward()
    assert len(caught) == 1
    assert caught[0].filename == __file__


# ------------------------------------------------------------------------------ layers


@pytest.mark.parametrize("bad", ["relu", 0])
def test_an_activation_that_cannot_be_called_is_refused_at_once(bad):
    with pytest.raises(TypeError, match=r"(?s)activation=.*pass a function"):
        mg.Dense(3, 2, bad)


@every("sizes", [(0, 2), (3, -1), (2.0, 2), (True, 2), ("3", 2)])
def test_sizes_are_positive_integers(sizes):
    with pytest.raises(ValueError, match="is no size"):
        mg.Dense(*sizes)


def test_sizes_may_be_numpys_integers():
    assert mg.Dense(np.int64(3), np.int32(2)).W.shape == (2, 3)


@pytest.mark.parametrize("model", [mg.Dense(2, 2), mg.Sequential(mg.Dense(2, 2))])
@pytest.mark.parametrize("x", [np.ones(2), [1, 2], np.array([True, False])])
def test_the_input_of_a_layer_is_on_the_tape(model, x):
    leaves = {leaf.name: leaf for leaf in mg.Tape(model(x)).leaves}
    assert leaves["x"].dtype == float
    np.testing.assert_array_equal(leaves["x"].data, x)


def test_a_tensor_that_the_user_made_is_not_renamed():
    x = mg.Tensor([1.0, 2.0])
    y = mg.Sequential(mg.Dense(2, 2))(x)
    assert x.name is None and any(leaf is x for leaf in mg.Tape(y).leaves)


def test_the_integers_of_an_embedding_stay_integers():
    class Embedding(mg.Module):
        def __init__(self):
            self.W = mg.Parameter(np.eye(3))

        def forward(self, x):
            return self.W[x]

    np.testing.assert_array_equal(
        mg.Sequential(Embedding())(np.array([2, 0])).data, [[0, 0, 1], [1, 0, 0]]
    )
