"""Modules: how they find, name, mark, save and load their Parameters."""

import copy
import pickle

import numpy as np
import pytest

import minigrad as mg


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
    assert sorted(Two().parameters()) == PATHS
    outer = Outer().parameters()
    assert sorted(outer) == [f"inner.{path}" for path in PATHS]
    assert len({id(parameter) for parameter in outer.values()}) == len(outer)


def test_a_parameter_knows_its_path_and_keeps_its_equations_name():
    model = Outer()
    for path, parameter in model.parameters().items():
        assert parameter.path == path
    assert model.inner.scale.name == "s"
    assert model.inner.first.W.name == "inner.first.W"


def test_what_a_module_records_carries_its_path():
    model = Outer()
    y = model(np.ones(3))
    scopes = {mg.context.path(step.scope) for step in mg.Tape(y) if step.primitive}
    assert "Outer.inner.first" in scopes and "Outer.inner.rest.1" in scopes


def test_backward_adds_into_every_parameter_and_zero_grad_forgets():
    model = Outer()
    model(np.ones(3)).sum().backward()
    for parameter in model.parameters().values():
        assert parameter.grad.shape == parameter.shape
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters().values())


def test_gradients_of_a_model_agree_with_the_complex_step():
    model = Two()
    parameters = model.parameters()

    def output(*arrays):
        for parameter, array in zip(parameters.values(), arrays, strict=True):
            owner, name = model, parameter.path.split(".")
            for part in name[:-1]:
                owner = owner[int(part)] if part.isdigit() else getattr(owner, part)
            object.__setattr__(owner, name[-1], array)
        return model(np.array([0.1, 0.2, 0.3]))

    mg.check_gradients(output, *(p.data for p in parameters.values()))


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
    assert list(model.parameters()) == [
        *("layers.0.W", "layers.0.b", "layers.1.W", "layers.1.b")
    ]


def test_saved_parameters_come_back(tmp_path):
    model, other = Two(), Two()
    for parameter in other.parameters().values():
        parameter.data = parameter.data + 1.0
    path = model.save(tmp_path / "deep" / "weights.npz")
    other.load(path)
    for one, two in zip(
        model.parameters().values(), other.parameters().values(), strict=True
    ):
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
    before = {name: p.data for name, p in wider.parameters().items()}
    with pytest.raises(ValueError) as caught:
        wider.load(path)
    message = str(caught.value)
    assert "extra: missing in the file" in message
    assert "first.W: (4, 5) here, (4, 3) in the file" in message
    for name, parameter in wider.parameters().items():
        assert parameter.data is before[name]


def test_a_failed_save_keeps_the_file_that_was_there(tmp_path, monkeypatch):
    model = Two()
    path = model.save(tmp_path / "weights.npz")
    before = path.read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        model.save(path)
    assert path.read_bytes() == before


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
    pairs = zip(model.parameters().items(), other.parameters().items(), strict=True)
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


def test_a_parameter_keeps_its_shape_and_its_dtype_is_the_new_arrays():
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
    assert list(model.parameters()) == [
        "scales.0",
        "scales.1",
        "heads.left.W",
        "heads.left.b",
    ]
    assert [p.name for p in model.parameters().values()] == list(model.parameters())
    assert model.heads["left"].label == "heads.left"


def test_an_assigned_array_is_copied_and_stays_floating():
    p = mg.Parameter([1.0, 2.0])
    mine = np.array([3, 4])
    p.data = mine
    mine[0] = 100
    assert p.data.dtype == float
    assert p.data.tolist() == [3.0, 4.0]
