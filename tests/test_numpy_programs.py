"""People's own NumPy programs, unchanged: see the list in numpy_programs."""

from contextlib import nullcontext

import numpy as np
import pytest
from every import every
from numpy_programs import PROGRAMS

import minigrad as mg
import minigrad.numpy
from minigrad.numpy_protocol.array_like import current
from minigrad.testing import assert_proved


def those(choose):
    """Run a test for the programs of a kind."""
    chosen = [program for program in PROGRAMS if choose(program)]
    return every("program", chosen, parts=6)


every_program = those(lambda p: p.fills != "results")


def recorded(program):
    """Return the namespace in which a program runs on Tensors."""
    if program.fills == "new":
        return program.running_on(minigrad.numpy)
    return nullcontext()


def weighted(parts):
    """Return one number of several arrays: every entry with a weight of its own."""
    total = 0.0
    for part in parts:
        weights = np.cos(np.arange(np.size(part))).reshape(np.shape(part))
        total = total + (part * weights).sum()
    return total


def differences(program, direction, h=1e-3):
    """Return the slope along a direction by central differences, extrapolated twice."""

    def central(step):
        here = program.point
        ahead, behind = (
            weighted(
                program.at(*(a + s * v for a, v in zip(here, direction, strict=True)))
            )
            for s in (step, -step)
        )
        return (ahead - behind) / (2 * step)

    coarse, fine, finest = (central(h / 2**k) for k in range(3))
    first, second = (4 * fine - coarse) / 3, (4 * finest - fine) / 3
    return (16 * second - first) / 15


@every_program
def test_a_numpy_program_means_on_tensors_what_it_means_on_arrays(program):
    right = program.at(*program.point)
    spaces = [minigrad.numpy] + [np] * (program.fills != "new")
    for space in spaces:
        with program.running_on(space):
            ours = program.at(*map(mg.Tensor, program.point))
        for one, other in zip(ours, right, strict=True):
            one = current(one)
            assert isinstance(one, mg.Tensor)
            np.testing.assert_allclose(one.data, other, rtol=1e-12, atol=1e-14)


@every_program
def test_its_gradient_is_the_slope_of_the_program_on_arrays(program):
    inputs = [mg.Tensor(a) for a in program.point]
    with recorded(program):
        gradients = mg.grad(weighted(program.at(*inputs)), inputs)
    random = np.random.default_rng(1)
    for i, x in enumerate(program.point):
        direction = [np.zeros(a.shape) for a in program.point]
        direction[i] = random.standard_normal(x.shape)
        slope = np.sum(gradients[i] * direction[i])
        np.testing.assert_allclose(
            slope, differences(program, direction), rtol=1e-8, atol=1e-10
        )


@every_program
def test_it_passes_check_gradients(program):
    with recorded(program):
        mg.check_gradients(program.at, *program.point)


@every_program
def test_it_is_proved_drawn_and_derived(program):
    with recorded(program):
        assert_proved(program.at, *program.point)
        outputs = list(program.at(*map(mg.Tensor, program.point)))
    outputs = [current(each) for each in outputs]
    assert "digraph" in mg.draw(outputs).dot
    assert str(mg.derive(outputs))


@those(lambda p: p.fills in ("new", "results"))
def test_what_cannot_be_written_to_says_what_can(program):
    with pytest.raises((TypeError, ValueError)) as refused:
        program.at(*map(mg.Tensor, program.point))
    # Of a single number that enters an array NumPy says its own; we are the cause.
    said = " ".join(f"{refused.value} {refused.value.__cause__}".split())
    new = program.fills == "new"
    assert ("from minigrad import numpy as np" if new else "t.copy()") in said


@pytest.mark.compare
@those(lambda p: p.jax and not p.fills)
def test_its_gradient_is_that_of_jax(jax, program):
    def loss(*inputs):
        return weighted(program.at(*inputs))

    inputs = [mg.Tensor(a) for a in program.point]
    ours = mg.grad(loss(*inputs), inputs)
    with program.running_on(jax.numpy):
        theirs = jax.grad(loss, tuple(range(len(inputs))))(
            *map(jax.numpy.asarray, program.point)
        )
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
