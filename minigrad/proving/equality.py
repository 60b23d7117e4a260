"""`mg.prove_equal(f, g, *shapes)`: are two programs the same function?

A tape knows one branch of a program: one mask of `where`, one sign of `abs`. So both
programs run at many points, which shows branches that they take (branches.py). A clear
difference in floats is a disproof (disproof.py). Otherwise both tapes of a branch are
replayed at one random point modulo a few random primes, where equal arguments have
equal functions (keyed_functions.py). If the outputs are equal there, the programs are
one function, but for a chance that is bounded. If not, they differ as quotients of
polynomials, and sums inside exp and products inside log are taken apart (laws.py). If
they differ still, numbers may give a disproof, and otherwise nothing is said against
them.

A constant may move with the inputs, and yet the results do not depend on it: a softmax
subtracts its largest entry as a constant. Such constants differ at a nearby point of
the same branch. They are read as variables, so what is shown holds whatever they are.
Other numbers that left the tape are found by calling f and g again (retrace.py).
"""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Callable
from random import Random

import numpy as np

from minigrad.context import clean_recording
from minigrad.gradient import grad
from minigrad.primitive import Elementwise
from minigrad.proving import bounds, disproof
from minigrad.proving.branches import Branch, Programs, Record, name_of
from minigrad.proving.certificate import versions
from minigrad.proving.closed_forms import closed_form
from minigrad.proving.disproof import NotShown, Place
from minigrad.proving.equality_certificate import Equality, Shapes
from minigrad.proving.identity import by_itself
from minigrad.proving.keyed_functions import KeyedField, KeyedResidues
from minigrad.proving.laws import POSITIVE
from minigrad.proving.program import fingerprint
from minigrad.retracing.retrace import NumbersLeft, moved, retrace
from minigrad.tape import Tape, made_by
from minigrad.tensor import Tensor
from minigrad.types import Array, Shape, Structure, Value

BRANCHES = 8  # that are proved, at most
SECONDS = 12.0  # after which no further point and no further branch is begun
PRIMES = (4, 8, 12, 24, 48)  # how many are tried until the chance is small enough
ENOUGH = -40.0  # log2 of that chance; where it stays larger, nothing was shown
MOVING = "constants that move"  # a table of the field


def prove_equal(
    f: Callable[..., Structure[Tensor]],
    g: Callable[..., Structure[Tensor]],
    *shapes: Structure[Shape | Array],
    seed: int | None = None,
) -> Equality:
    """Prove that f and g are the same function of arguments with these shapes.

    f, g     functions of as many Tensors as there are shapes, or of structures of them,
             that return a Tensor or a structure of Tensors
    shapes   a tuple of integers each, or a structure: State((2,), (2,)), [(3,)] * 4; or
             an array: the first point at which to record
    seed     an integer from which every random choice is made; drawn if None

    A Tensor that f and g use from outside, a Parameter, is a variable as well: the same
    one if it is the same Tensor. Plain numbers and arrays are constants.

    >>> def by_sigma(z):
    ...     return mg.sigmoid(z)
    >>> def by_tanh(z):
    ...     return (1 + mg.tanh(z / 2)) / 2
    >>> certificate = prove_equal(by_sigma, by_tanh, (3,), seed=1)
    >>> certificate.functions, certificate.chance < -45
    ({'exp': 3}, True)

    A slip is answered with numbers at which it shows:

    >>> prove_equal(by_sigma, lambda z: (1 + mg.tanh(z)) / 2, np.array([1.0]))
    Traceback (most recent call last):
    ...
    minigrad.proving.disproof.NotEqual: prove_equal(by_sigma, ...

    Raises NotEqual for different functions, with a counterexample; NotShown where it
    cannot be told; TypeError or ValueError for what cannot be compared.
    """
    end = time.monotonic() + SECONDS
    seed = secrets.randbits(64) if seed is None else seed
    random = Random(seed)
    programs = Programs(f, g, shapes, random)
    rng = np.random.default_rng(random.getrandbits(64))
    records = programs.records(rng, end)
    for record in records:
        differing = disproof.unequal_in_floats(record)
        if differing and (found := disproof.counterexample(record, differing)):
            _require_the_same_again(record)
            raise found
    first = records[0]
    said = _retraced(first, seed)
    branches = programs.branches(records, rng)
    proved = [_proved(branches[0], random)]
    for branch in branches[1:BRANCHES]:
        if time.monotonic() < end:
            proved.append(_proved(branch, random))
    fields = [field for field, _ in proved]
    chances = [2.0**chance for _, chance in proved]
    moving = [each.drawn_values.pop(MOVING, 0) for each in fields]
    differences = [each.difference() for each in fields]
    return Equality(
        programs=(name_of(f), name_of(g)),
        arguments=_with_shapes(programs.arguments),
        outputs=_with_shapes({name: a for name, (a, _) in first.outputs.items()}),
        tapes=(fingerprint(first.tapes[0]), fingerprint(first.tapes[1])),
        variables=sum(leaf.size for leaf in first.tapes[2].leaves),
        functions=dict(fields[0].drawn_values),
        primes=fields[0].primes,
        seed=seed,
        degree=max(each.degree for each in differences),
        height_bits=math.ceil(max(each.bits for each in differences)),
        questions=sum(each.questions for each in fields),
        chance=min(0.0, math.log2(math.fsum([2.0**-1000, *chances]))),
        laws=any(each.laws is not None for each in fields),
        masked=len(branches) > 1 or any(record.has_masks() for record in records),
        points=len(records),
        undefined=len(programs.undefined),
        branches=len(branches),
        branches_shown=len(fields),
        moving=max(moving),
        vacuous=_vacuous(first),
        unused=_unused(first),
        said=said,
        versions=versions(),
    )


# ---------------------------------------------------------------------- points


def _require_the_same_again(record: Record) -> None:
    """Raise NotShown if a program gives other results at the same numbers."""
    again = record.programs.at(record.numbers)
    for name in record.outputs:
        for x, y in zip(record.both(name), again.both(name), strict=True):
            if not np.array_equal(x, y, equal_nan=True):
                raise NotShown(
                    record,
                    None,
                    "called twice at the same numbers, a program gives different "
                    "results: it draws random numbers, or it keeps something between "
                    "calls. So it is no function of its arguments.",
                    "draw random numbers before, and pass them in.",
                )


def _retraced(record: Record, seed: int) -> tuple[str, ...]:
    """Call both again, so that no number leaves their tapes; say what was seen."""
    programs = record.programs
    name = f"{name_of(programs.f)} and {name_of(programs.g)}"
    with moved(record.numbers), clean_recording():
        results = programs.call()
        try:
            found = retrace(programs.call, results, programs.inputs, name, seed % 2**32)
            return found.findings
        except NumbersLeft as alarm:
            _, _, text = " ".join(str(alarm).split()).partition(" why ")
            why, _, fix = text.partition(" fix ")
            why = f"a number left the tape: {why}"
            raise NotShown(record, None, why, fix) from alarm


# ---------------------------------------------------------------------- the proof


def _proved(branch: Branch, random: Random) -> tuple[KeyedField, float]:
    """Return a field in which both programs are equal, and log2 of the chance of error.

    First every function has its whole argument as key; then laws take sums and products
    apart. Each time at a new point. Raises NotShown if they differ in the end, or agree
    where programs that differ might have agreed as well.
    """
    record, attempts = branch.records[0], 0
    try:
        for laws in (False, True):
            for primes in PRIMES:
                attempts += 1
                field, differing = _attempt(branch, random, primes, laws)
                chance = min(0.0, field.chance() + math.log2(attempts))
                if differing:
                    break
                if chance < ENOUGH:
                    return field, chance
                # No number of primes helps where degrees are larger than they are.
                if primes == PRIMES[-1] or field.chance(PRIMES[-1]) >= ENOUGH:
                    raise disproof.by_chance(record, field.difference(), chance)
    except ZeroDivisionError as error:
        raise record.programs.error(
            "at every random point tried, something was divided by zero: a denominator "
            "is zero whatever the inputs are.",
            "look for x - x, or a constant 0, under a division.",
        ) from error
    except (ValueError, OverflowError) as error:
        why = f"a constant is no real number: {error}."
        raise NotShown(record, None, why, "use finite numbers.") from error
    found = disproof.counterexample(record, differing)
    raise found or disproof.unknown_identity(record, differing[0])


def _attempt(
    branch: Branch, random: Random, primes: int, laws: bool, left: int = bounds.ATTEMPTS
) -> tuple[KeyedField, list[Place]]:
    """Replay in a new field; return it, and the entries of the outputs that differ."""
    field = KeyedField.drawn(random, primes)
    if laws:
        field.use_laws()
    try:
        with clean_recording():
            values = _replayed(branch, field)
    except ZeroDivisionError:  # by accident, perhaps
        if left == 1:
            raise
        return _attempt(branch, random, primes, laws, left - 1)
    differing = []
    for name, (a, b) in branch.records[0].outputs.items():
        x, y = values[a], values[b]
        field.compared(x.size, x.bound, y.bound)
        off = np.argwhere(~x.equals(y))
        differing += [(name, tuple(map(int, index))) for index in off]
    return field, differing


def _replayed(branch: Branch, field: KeyedField) -> dict[Tensor, KeyedResidues]:
    """Return the value of every step.

    Variables are the leaves, and constants that move; those that move alike are one.
    """
    trace, tape = branch.records[0].trace, branch.records[0].tapes[2]
    variables = {}
    for place, entries in branch.moving.items():
        if place.role == "argument":
            every = [np.asarray(x.trace.constants[place]) for x in branch.records]
            array = field.lift(every[0]).copy()
            array[entries] = field.by_value(
                MOVING, *(field.lift(each[entries]) for each in every)
            )
            variables[trace.steps[place.at], place.key] = array
    positive = _logged(tape) if field.laws else set()

    def kept(step: Tensor, value: KeyedResidues) -> KeyedResidues:
        if step in positive:
            field.by_value(POSITIVE, value, value=value)
        return value

    def applied(step: Tensor, args: list[KeyedResidues]) -> KeyedResidues:
        args = [variables.get((step, i), arg) for i, arg in enumerate(args)]
        row = made_by(step)
        if isinstance(row, Elementwise):
            return kept(step, field.computed(row.meaning, *args))
        value: Value = row.function(*args, **step.options)
        return kept(
            step, value if isinstance(value, KeyedResidues) else field.lift(value)
        )

    leaves = {
        leaf: kept(leaf, field.lift(leaf.data) if same else field.draw(leaf.shape))
        for leaf, same in zip(tape.leaves, _made_alike(branch), strict=True)
    }
    return tape.replay(leaves, field.lift, applied)


def _made_alike(branch: Branch) -> list[bool]:
    """Is each leaf made anew in every call, with the same numbers? Then it is constant.

    A start state of zeros is such a leaf; arguments and Parameters are variables.
    """
    every = [record.tapes[2].leaves for record in branch.records]
    known = {*branch.records[0].programs.inputs.values()}
    return [
        len(every) > 1
        and len({*map(id, leaves)}) == len(leaves)
        and not {*leaves} & known
        and all(np.array_equal(leaf.data, leaves[0].data) for leaf in leaves)
        for leaves in zip(*every, strict=True)
    ]


def _logged(tape: Tape) -> set[Tensor]:
    """Return what a logarithm or a root is taken of: it is positive.

    But only if an output depends on every entry, through no mask and no index. For
    otherwise both programs may be defined where an entry is not positive.
    """
    whole, found = set(tape.outputs), set()
    for step in reversed(tape.steps):
        args = [a for a in step.args if isinstance(a, Tensor)]
        meaning = getattr(step.primitive, "meaning", None)
        if step not in whole or step.primitive is None:
            continue
        known = meaning and closed_form(meaning, len(step.args)) is not None
        if known or (meaning is None and _reads_every_entry(step)):
            whole.update(args)
        if meaning in ("log(a)", "sqrt(a)"):
            found.update(args)
    return found


def _reads_every_entry(step: Tensor) -> bool:
    """Does a linear step depend on every entry of its arguments, by its adjoint?"""
    rng = np.random.default_rng(0)
    apart = by_itself(step)
    leaves = [a for a in apart.args if isinstance(a, Tensor)]
    for leaf in leaves:
        leaf.data = rng.standard_normal(leaf.shape)
    bars = grad(apart, leaves, seed=rng.standard_normal(step.shape))
    return all(bool((bar != 0).all()) for bar in bars)


# ---------------------------------------------------------------------- in words


def _vacuous(record: Record) -> str:
    if not any(a.size for a, _ in record.outputs.values()):
        return "the outputs have no entries"
    if not {*record.programs.inputs.values()} & {*record.tapes[2].leaves}:
        return "the outputs depend on no argument"
    return ""


def _unused(record: Record) -> tuple[str, ...]:
    """Return the names of the arguments that no output depends on."""
    used = {*record.tapes[2]}
    return tuple(name for name, x in record.programs.arguments.items() if x not in used)


def _with_shapes(named: dict[str, Tensor]) -> Shapes:
    return tuple((name, each.shape) for name, each in named.items())
