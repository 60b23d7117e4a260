"""For your own test files: one line proves the gradient of a function or a model.

    from minigrad.testing import assert_proved

    def test_the_gradient_of_my_cell_is_its_derivative():
        assert_proved(my_cell, (3,), State((2,), (2,)))

The function is called on random numbers of the given shapes. A proof is about one
number, and a cell returns vectors: so every result y is contracted with a cotangent
y_bar of random numbers, and the sum of all these products is what `mg.prove` is asked
about. Since y_bar takes part in the proof as a variable of its own, each entry of each
result is covered.

A tape cannot tell a constant from a number that was computed from `x.data`. So the
function is called again, at other numbers, and the tapes are compared (retrace.py).

It is a plain function, and no pytest plugin: there is no fixture that it would need,
and no `assert` whose operands pytest could show better. It works in any test runner; in
pytest it leaves its own frames out of the traceback.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np

from minigrad.messages import describe, explained
from minigrad.mistakes.mutants import Mutants, mutants
from minigrad.mistakes.rule_slips import Slip
from minigrad.module import Module
from minigrad.parameter import Parameter
from minigrad.proving.certificate import Certificate
from minigrad.proving.failures import ProofFailed, report
from minigrad.proving.proof import certify, parameters_alone
from minigrad.retracing.retrace import NumbersLeft, Retraced, retrace
from minigrad.retracing.run_once import require_function
from minigrad.shapes import leaves, random_tensors, tensors
from minigrad.table import multiply, sum
from minigrad.tape import Tape
from minigrad.tensor import Tensor
from minigrad.watching import keeping_lines

__all__ = ["Mutants", "Slip", "assert_proved", "mutants"]


def assert_proved(
    f: Callable[..., Any],
    *shapes: Any,
    order: int = 1,
    wrt: Iterable[str] | None = None,
    seeds: Iterable[int] = (0,),
) -> Certificate:
    """Prove that the gradient of f is its derivative; return the last Certificate.

    f       a function of Tensors, or a Module; it returns a Tensor, or tuples, lists
            and dicts of them
    shapes  one for each argument: a tuple of integers is a shape, and tuples, lists,
            dicts and NamedTuples of shapes stand for the same of Tensors. A float, or
            an array of floats, gives the numbers themselves (log wants positive ones),
            and anything else is passed on as it is (labels, masks, None).
    order   2 for Hessian-vector products, too
    wrt     names of arguments or Parameters; all if not given, and then the Parameters
            alone as well. A name covers what is below it: "state" is state.y, state.c.
    seeds   what the random numbers come from, one proof for each: other numbers may
            take other branches of relu or max

    >>> print(assert_proved(mg.matvec, (2, 3), (3,)))  # doctest: +ELLIPSIS
    proved       the reverse-mode gradient of loss, ...
    ...

    Raises AssertionError if the proof fails, and if the results do not depend on an
    argument or Parameter at all: then its gradient is zero, whatever the rules say.
    """
    __tracebackhide__ = True
    require_function(f, "testing.assert_proved", "mg.prove(tensor)")
    certificate = None
    for seed in seeds:
        call = _call(f, shapes, order, wrt, seed)
        loss, inputs, again = _recorded(f, shapes, call, seed)
        inputs = _inputs_named(inputs, wrt, call)
        _require_used(loss, inputs, call)
        asked = list(inputs.values())
        alone = parameters_alone(asked) if wrt is None else []
        try:
            seen = again(inputs)
            certificate = certify(loss, asked, alone, order, seed)
        except NumbersLeft as left:
            raise AssertionError(f"{call}\n{left}") from None
        except ProofFailed as failure:
            message = report(call, failure)
            # Its traceback leads through the prover, where nothing is wrong.
            raise AssertionError(message) from failure.with_traceback(None)
        certificate = replace(certificate, retraced=_findings_of(seen))
    if certificate is None:
        raise ValueError("assert_proved needs at least one seed: seeds=(0,)")
    return certificate


def _findings_of(seen: Retraced) -> tuple[str, ...]:
    """Say what calling the function again has shown."""
    if not seen.points:
        return ("NOT at other numbers", *seen.findings)
    return (
        f"at {seen.points} other points, and once more at the same: no number that "
        "left the tape was seen to depend on the inputs or on chance",
        *seen.findings,
    )


# ------------------------------------------------------------------ the question


def _recorded(
    f: Any, shapes: tuple[Any, ...], call: str, seed: int
) -> tuple[Tensor, dict[str, Tensor], Callable[[Mapping[str, Tensor]], Retraced]]:
    """Call f on random leaves; return the loss, its inputs, and how to call f again."""
    random = Random(seed)
    inputs: dict[str, Tensor] = {}
    arguments = []
    for name, shape in zip(_argument_names(f, shapes, call), shapes, strict=True):
        arguments.append(random_tensors(shape, random, name))
        inputs |= tensors(arguments[-1], name, others=True)
    with keeping_lines():
        results = f(*arguments)

    def again(moved: Mapping[str, Tensor]) -> Retraced:
        return retrace(lambda: f(*arguments), results, moved, _name(f))

    loss: Any = 0.0
    for y in tensors(results, "result", others=True).values():
        y_bar = random_tensors(y.shape, random, f"{y.name or 'result'}_bar")
        loss = loss + sum(multiply(y, y_bar))
    if not isinstance(loss, Tensor):
        given = [] if inputs else leaves(arguments).values()
        whole = any(np.asarray(each).dtype.kind in "iu" for each in given)
        raise explained(
            TypeError,
            call,
            {"result": results},
            "the function returned no Tensor, so there is no record to speak of."
            + " Integers are passed on as they are: they have no derivative." * whole,
            "give floats, np.array([1.0, 2.0]) or x.astype(float), or a shape as a "
            "tuple, (3,) for a vector of 3."
            if whole
            else "let it compute with Tensors and minigrad functions, and return them.",
        )
    loss.name = "loss"
    if isinstance(f, Module):
        return loss, inputs | dict(f.named_parameters()), again
    used = [leaf for leaf in Tape(loss).leaves if isinstance(leaf, Parameter)]
    by_name = {each.path or str(each.name): each for each in used}
    return loss, inputs | by_name, again


def _argument_names(f: Any, shapes: tuple[Any, ...], call: str) -> list[str]:
    """Return how the signature of f calls each of its arguments."""
    try:
        signature = inspect.signature(f.forward if isinstance(f, Module) else f)
    except ValueError:  # compiled code may not tell
        return [f"argument {i}" for i in range(len(shapes))]
    try:
        bound = signature.bind(*shapes).arguments
    except TypeError as error:
        raise explained(
            TypeError,
            call,
            f"it is called as {_name(f)}{signature}: {error}.",
            "give one shape for each argument; for a NamedTuple, the same "
            "NamedTuple of shapes.",
        ) from error
    names: list[str] = []
    for name, value in bound.items():
        several = signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
        names += [f"{name}[{i}]" for i in range(len(value))] if several else [name]
    return names


def _inputs_named(
    inputs: dict[str, Tensor], wrt: Iterable[str] | None, call: str
) -> dict[str, Tensor]:
    """Return the inputs that were asked for by their names, or by the start of them."""
    if wrt is None:
        return inputs
    asked: dict[str, Tensor] = {}
    for name in [wrt] if isinstance(wrt, str) else wrt:
        found = {
            each: leaf
            for each, leaf in inputs.items()
            if each == name or each.startswith((f"{name}.", f"{name}["))
        }
        if not found:
            raise explained(
                ValueError,
                call,
                f"there is no {name!r} to differentiate by.",
                f"choose from {', '.join(inputs)}.",
            )
        asked |= found
    return asked


def _require_used(loss: Tensor, inputs: Mapping[str, Tensor], call: str) -> None:
    __tracebackhide__ = True
    on_tape = set(Tape(loss))
    unused = {name: leaf for name, leaf in inputs.items() if leaf not in on_tape}
    if unused:
        raise explained(
            AssertionError,
            call,
            unused,
            f"no result depends on {' or '.join(unused)}: the gradient is zero, "
            "and there is nothing to prove about it.",
            "look for .data, .detach() or float(...), which cut the tape, and for "
            "an argument that was forgotten; if it is meant, say wrt=[...] with "
            "the names that count.",
        )


def _call(f: Any, shapes: Any, order: int, wrt: Any, seed: int) -> str:
    """Write the call that asks for this one proof again."""
    words = [_name(f), *map(describe, shapes)]
    words += [f"order={order}"] if order != 1 else []
    words += [f"wrt={wrt!r}"] if wrt is not None else []
    return f"assert_proved({', '.join([*words, f'seeds=[{seed}]'])})"


def _name(f: Any) -> str:
    return getattr(f, "__name__", None) or type(f).__name__
