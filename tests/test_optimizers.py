"""Optimizers: their equations, and PyTorch's trajectories to 1e-12."""

from collections import namedtuple

import numpy as np
import pytest
from every import every
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg

GRADIENTS = [
    np.array([0.5, -1.0, 2.0]) * (1 + 0.3 * k) * (-1) ** (k // 3) for k in range(40)
]
START = np.array([1.0, -2.0, 0.5])

PAIRS = {  # ours, which may take the options of torch: these options
    "SGD(p, 0.1)": {"lr": 0.1},
    "SGD(p, 0.1, 0.9)": {"lr": 0.1, "momentum": 0.9},
    "Adam(p, 0.01)": {"lr": 0.01},
    "Adam(p, 0.01, betas=(0.8, 0.95), epsilon=1e-4)": {
        "lr": 0.01, "betas": (0.8, 0.95), "eps": 1e-4},
    "AdamW(p, 0.01, weight_decay=0.1)": {"lr": 0.01, "weight_decay": 0.1},
    "RMSprop(p, 0.01, alpha=0.9)": {"lr": 0.01, "alpha": 0.9},
    **{f"{name}(p, **{options})": options for name, options in [
        ("SGD", {"lr": 0.1, "weight_decay": 0.1}),
        ("SGD", {"lr": 0.1, "dampening": 0.3}),
        ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3}),
        ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
        ("SGD", {"lr": 0.1, "momentum": 0.8, "nesterov": True, "weight_decay": 0.2}),
        ("Adam", {"lr": 0.01, "weight_decay": 0.1, "eps": 1e-6}),
        ("AdamW", {"lr": 0.01, "betas": (0.5, 0.9)}),
        ("RMSprop", {"lr": 0.01, "weight_decay": 0.1}),
        ("RMSprop", {"lr": 0.01, "momentum": 0.7}),
        ("RMSprop", {"lr": 0.01, "centered": True}),
        ("RMSprop", {"lr": 0.01, "centered": True, "momentum": 0.7, "eps": 1e-4}),
    ]},
}  # fmt: skip


@pytest.mark.compare
@every("ours", PAIRS)
def test_a_trajectory_is_pytorchs(ours, torch):
    p = mg.Parameter(START)
    q = torch.nn.Parameter(torch.tensor(START))
    optimizer = eval(f"mg.{ours}")
    twin = getattr(torch.optim, ours.partition("(")[0])([q], **PAIRS[ours])
    for g in GRADIENTS:
        optimizer.step([g])
        q.grad = torch.tensor(g)
        twin.step()
        np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=1e-12, atol=0)


@pytest.mark.compare
@pytest.mark.parametrize("max_norm", [1e-3, 0.5, 3.0, 1e3])
def test_clipping_is_pytorchs(max_norm, torch):
    gradients = [START, np.array([[1.0, -2.0]]), np.array(0.25)]
    clipped, norm = mg.clip_by_global_norm(gradients, max_norm)
    twins = [torch.nn.Parameter(torch.tensor(g)) for g in gradients]
    for q, g in zip(twins, gradients, strict=True):
        q.grad = torch.tensor(g)
    theirs = torch.nn.utils.clip_grad_norm_(twins, max_norm)
    np.testing.assert_allclose(norm, float(theirs), rtol=1e-14)
    for g, q in zip(clipped, twins, strict=True):
        np.testing.assert_allclose(g, q.grad.numpy(), rtol=1e-14)


def test_plain_descent_subtracts_the_gradient():
    p = mg.Parameter([1.0, 2.0])
    mg.SGD([p], 0.5).step([np.array([2.0, 4.0])])
    np.testing.assert_array_equal(p.data, [0.0, 0.0])


def test_momentum_is_a_running_sum():
    p = mg.Parameter(0.0)
    optimizer = mg.SGD([p], 1.0, momentum=0.5)
    path = []
    for _ in range(4):
        optimizer.step([np.array(1.0)])
        path.append(p.item())
    assert path == [-1.0, -2.5, -4.25, -6.125]


def test_the_first_step_of_adam_is_the_learning_rate_whatever_the_gradient():
    for size in (1e-3, 1.0, 1e3):
        p = mg.Parameter(0.0)
        mg.Adam([p], 0.25, epsilon=0.0).step([np.array(size)])
        np.testing.assert_allclose(p.data, -0.25, rtol=1e-15)


def test_weight_decay_of_adamw_does_not_see_the_gradient():
    p = mg.Parameter(2.0)
    mg.AdamW([p], 0.1, weight_decay=0.5).step([np.array(0.0)])
    np.testing.assert_allclose(p.data, 2.0 - 0.1 * 0.5 * 2.0, rtol=1e-15)


def test_the_learning_rate_may_change_between_steps():
    p = mg.Parameter(0.0)
    optimizer = mg.SGD([p], 1.0)
    optimizer.step([np.array(1.0)])
    optimizer.learning_rate = 0.25
    optimizer.step([np.array(1.0)])
    assert p.item() == -1.25


def test_a_parameter_without_gradient_stays_as_it_is():
    p, q = mg.Parameter(1.0), mg.Parameter(1.0)
    optimizer = mg.Adam([p, q])
    (p * p).backward()
    optimizer.step()
    assert q.item() == 1.0 and p.item() != 1.0
    optimizer.zero_grad()
    assert p.grad is None


def test_gradients_in_a_dict_go_to_their_own_parameter():
    a, b = mg.Parameter([1.0]), mg.Parameter([2.0])
    optimizer = mg.SGD({"a": a, "b": b}, 1.0)
    optimizer.step({"b": np.array([10.0]), "a": np.array([100.0])})
    assert a.data == [-99.0] and b.data == [-8.0]
    module = mg.Dense(1, 1, rng=0)
    mg.SGD(module, 1.0).step({"b": np.array([3.0]), "W": np.array([[0.0]])})
    assert module.b.data == [-3.0]


@every(
    "gradients",
    [
        [np.ones(1)],
        [np.ones(1)] * 3,
        [np.ones(1), np.ones((2, 1))],
        [np.ones(1), np.float64(1.0)],
        {"a": np.ones(1), "c": np.ones(1)},
        {"a": np.ones(1)},
    ],
    ids=["too few", "too many", "shape", "no axes", "other key", "missing key"],
)
def test_gradients_that_do_not_fit_change_nothing(gradients):
    a, b = mg.Parameter([1.0]), mg.Parameter([2.0])
    optimizer = mg.SGD({"a": a, "b": b}, 1.0, momentum=0.9)
    with pytest.raises(ValueError, match="nothing was changed"):
        optimizer.step(gradients)
    assert a.data == [1.0] and b.data == [2.0] and optimizer.memories == [{}, {}]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5), st.floats(1e-3, 1e3))
def test_clipped_gradients_keep_their_direction_and_their_bound(numbers, max_norm):
    gradients = {"a": np.array(numbers), "b": np.array(2.0)}
    clipped, norm = mg.clip_by_global_norm(gradients, max_norm)
    assert list(clipped) == ["a", "b"]
    np.testing.assert_allclose(norm, np.hypot(np.linalg.norm(numbers), 2.0), rtol=1e-14)
    after = np.hypot(np.linalg.norm(clipped["a"]), clipped["b"])
    assert after <= max_norm * (1 + 1e-14) or after == norm
    np.testing.assert_allclose(
        clipped["a"] * 2.0, gradients["a"] * clipped["b"], rtol=1e-14, atol=1e-300
    )


def test_clipping_leaves_small_gradients_and_the_originals_alone():
    g = np.array([3.0, 4.0])
    (clipped,), norm = mg.clip_by_global_norm([g], 10.0)
    np.testing.assert_array_equal(clipped, g)
    assert norm == 5.0 and clipped is not g


@pytest.mark.parametrize(
    "make",
    [lambda p: mg.SGD(p, 0.1, 0.9), lambda p: mg.Adam(p, 0.1)],
    ids=["SGD", "Adam"],
)
def test_training_finds_the_minimum_of_a_bowl(make):
    p = mg.Parameter([5.0, -3.0])
    optimizer = make([p])
    for _ in range(400):
        loss = ((p - np.array([1.0, 2.0])) ** 2).sum()
        optimizer.step(mg.grad(loss, [p]))
    np.testing.assert_allclose(p.data, [1.0, 2.0], atol=1e-3)


# -------------------------------------------------------- what users get wrong, or hold


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_writing_into_a_gradient_after_the_step_changes_nothing(momentum):
    p, q = mg.Parameter([1.0]), mg.Parameter([1.0])
    one, other = mg.SGD([p], 0.1, momentum), mg.SGD([q], 0.1, momentum)
    for optimizer, spoil in ((one, False), (other, True)):
        g = np.array([1.0])
        optimizer.step([g])
        if spoil:
            g[:] = 1e6
        optimizer.step([np.array([1.0])])
    assert p.data == q.data


@pytest.mark.parametrize("make", [mg.SGD, mg.Adam, mg.AdamW, mg.RMSprop])
def test_a_learning_rate_from_numpy_keeps_float32(make):
    p = mg.Parameter(np.ones(2, np.float32))
    optimizer = make([p], np.float64(0.1))
    optimizer.step([np.ones(2, np.float32)])
    optimizer.learning_rate = np.float64(0.05)
    optimizer.step([np.ones(2, np.float32)])
    assert p.dtype == np.float32
    arrays = [m for m in optimizer.memories[0].values() if isinstance(m, np.ndarray)]
    assert all(memory.dtype == np.float32 for memory in arrays)


@pytest.mark.parametrize("rate", [0.0, -0.1, np.inf, np.nan])
def test_a_learning_rate_is_positive_and_finite(rate):
    p = mg.Parameter([1.0])
    with pytest.raises(ValueError, match="learning_rate="):
        mg.Adam([p], rate)
    optimizer = mg.SGD([p], 0.1)
    with pytest.raises(ValueError, match="learning_rate="):
        optimizer.learning_rate = rate
    assert optimizer.learning_rate == 0.1


def test_a_parameter_is_listed_once():
    p, q = mg.Parameter([1.0], name="p"), mg.Parameter([1.0])
    with pytest.raises(ValueError, match=r"twice: p"):
        mg.SGD([p, q, p], 0.1)


@pytest.mark.parametrize("nothing", [[], {}, mg.Module()])
def test_an_optimizer_needs_parameters(nothing):
    with pytest.raises(ValueError, match="nothing to train"):
        mg.SGD(nothing, 0.1)


def test_a_step_before_any_gradient_is_refused():
    p = mg.Parameter([1.0])
    optimizer = mg.SGD([p], 0.1)
    with pytest.raises(ValueError, match=r"call loss\.backward\(\) first"):
        optimizer.step()
    (p * p).sum().backward()
    optimizer.step()


def test_pytorchs_words_for_options_are_taken():
    p = mg.Parameter([1.0])
    optimizer = mg.Adam([p], lr=0.25, eps=1e-3, weight_decay=0.1)
    assert (optimizer.learning_rate, optimizer.epsilon) == (0.25, 1e-3)
    with pytest.raises(TypeError, match="multiple values"):
        mg.SGD([p], 0.1, lr=0.2)


def test_an_optimizer_takes_every_structure_and_gradients_in_the_same():
    def step(structure, inputs):
        optimizer = mg.SGD(structure, 1.0)
        loss = sum((k + 1.0) * p.sum() for k, p in enumerate(everything))
        optimizer.step(mg.grad(loss, inputs))
        moved = [p.data.tolist() for p in everything]
        for p in everything:
            p.data = p.data * 0
        return moved

    model = mg.Dense(1, 1, rng=0)
    everything = [*model.parameters(), mg.Parameter([0.0])]
    model.W.data = model.W.data * 0
    W, b, extra = everything
    expected = [[[-1.0]], [-2.0], [-3.0]]
    assert step(everything, everything) == expected
    assert step((p for p in everything), everything) == expected
    assert step(tuple(everything), tuple(everything)) == expected
    named = {"W": W, "b": b, "extra": extra}
    assert step(named, dict(reversed(named.items()))) == expected
    assert step(model, dict(model.named_parameters())) == [*expected[:2], [0.0]]
    assert step(model, model.parameters()) == [*expected[:2], [0.0]]
    assert step(extra, extra) == [[[0.0]], [0.0], expected[2]]
    Pair = namedtuple("Pair", "a b")
    assert step(Pair(W, b), Pair(W, b)) == [*expected[:2], [0.0]]
    optimizer = mg.SGD([model, {"more": [extra]}], 1.0)
    optimizer.step([{"b": b.data, "W": W.data + 1}, {"more": [extra.data + 3]}])
    assert [p.data.tolist() for p in everything] == [[[-1.0]], [0.0], [-3.0]]


def test_gradients_that_were_recorded_are_taken_as_their_numbers():
    p = mg.Parameter([1.0, 2.0])
    optimizer = mg.SGD([p], 0.5, momentum=0.9)
    for _ in range(2):
        optimizer.step(mg.grad((p * p).sum(), [p], record=True))
    assert isinstance(optimizer.memories[0]["u"], np.ndarray)


def test_an_optimizer_says_what_it_is():
    p = mg.Parameter([1.0, 2.0])
    said = repr(mg.SGD([p], 0.1, momentum=0.9))
    assert said.startswith("SGD(learning_rate=0.1, ") and "momentum=0.9" in said
    assert said.endswith("of 1 Parameters, 2 numbers")


@every("options", [
    {"momentum": -0.1}, {"momentum": np.nan}, {"weight_decay": -1.0},
    {"weight_decay": "much"}, {"nesterov": True},
    {"nesterov": True, "momentum": 0.9, "dampening": 0.1},
])  # fmt: skip
def test_an_option_out_of_its_range_is_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        mg.SGD([mg.Parameter([1.0])], 0.1, **options)


@pytest.mark.parametrize("betas", [(0.9, 1.0), (-0.1, 0.9), 0.9, (0.9,)])
def test_betas_are_two_fractions(betas):
    with pytest.raises((ValueError, TypeError), match="beta"):
        mg.Adam([mg.Parameter([1.0])], betas=betas)


def test_weight_decay_of_adam_is_the_slope_of_a_penalty():
    p, q = mg.Parameter([2.0, -1.0]), mg.Parameter([2.0, -1.0])
    one, other = mg.Adam([p], 0.1, weight_decay=0.5), mg.Adam([q], 0.1)
    for g in GRADIENTS:
        one.step([g[:2]])
        other.step([g[:2] + mg.grad(0.25 * (q * q).sum(), q)])
        np.testing.assert_allclose(p.data, q.data, rtol=1e-13)


def test_clipping_keeps_the_structure_and_what_is_none():
    g = np.array([3.0, 4.0])
    clipped, norm = mg.clip_by_global_norm((g, None), 1.0)
    assert isinstance(clipped, tuple) and clipped[1] is None and norm == 5.0
    Pair = namedtuple("Pair", "a b")
    clipped, _ = mg.clip_by_global_norm(Pair(g, g), 1.0)
    assert isinstance(clipped, Pair)
    clipped, _ = mg.clip_by_global_norm({"a": None, "b": g}, 1.0)
    assert clipped["a"] is None


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_not_clipped_in_silence(bad):
    with pytest.raises(ValueError, match=r"gradient 1: shape \(2,\)"):
        mg.clip_by_global_norm([np.ones(2), np.array([1.0, bad])], 1.0)


@pytest.mark.parametrize("max_norm", [0.0, -1.0, np.nan])
def test_a_bound_is_above_zero(max_norm):
    with pytest.raises(ValueError, match="max_norm above 0"):
        mg.clip_by_global_norm([np.ones(2)], max_norm)


@pytest.mark.parametrize(("dtype", "size"), [(np.float32, 1e30), (float, 1e300)])
def test_large_gradients_are_clipped_though_their_squares_overflow(dtype, size):
    g = np.array([3 * size, 4 * size], dtype)
    (clipped,), norm = mg.clip_by_global_norm([g], np.float64(1.0))
    np.testing.assert_allclose(norm, 5 * size, rtol=1e-6)
    np.testing.assert_allclose(clipped, [0.6, 0.8], rtol=1e-6)
    assert clipped.dtype == dtype
