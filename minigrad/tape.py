"""A tape is a record of which primitives ran; a gradient is one reading of it.

The tape of an output is everything the output depends on, sorted by the tick at which
it was made. That order is all that backpropagation needs: whoever uses a value comes
later on the tape, so walking backwards, a cotangent is complete when its turn comes.

    for node in reversed(tape):          node: y = f(a, b)
        a_bar += rule_a(y_bar)           "+=": a value used twice gets both
        b_bar += rule_b(y_bar)

No recursion, nothing global, nothing kept on the nodes: asking twice gives the same
answer, and memory is freed when the last name for the output goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from minigrad.context import SETTING, path
from minigrad.messages import explain, user_line
from minigrad.primitive import Primitive
from minigrad.tensor import RELEASED, UNRECORDED, Array, Tensor

_ndarray = np.ndarray


class Tape:
    """The Tensors that one or more outputs depend on, in the order they were made.

    >>> import minigrad as mg
    >>> a = mg.Tensor(3.0, name="a")
    >>> b = a + a
    >>> b.name = "b"
    >>> print(mg.Tape(b))
    step  name  primitive  arguments  shape  scope
       0  a                           ()
       1  b     add        a, a       ()
    """

    def __init__(self, *outputs: Tensor) -> None:
        for output in outputs:
            _require_tensor(output, "Tape(output)")
        self.outputs = outputs
        self.steps = _in_order(outputs)

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def leaves(self) -> list[Tensor]:
        """The Tensors that no primitive made: inputs, parameters, initial states."""
        return [step for step in self.steps if step.primitive is None]

    def __str__(self) -> str:
        label = {step.tick: _label(step, at) for at, step in enumerate(self.steps)}

        def shown(arg: Any) -> str:
            if isinstance(arg, Tensor):
                return label[arg.tick]
            return f"array{arg.shape}" if isinstance(arg, Array) else repr(arg)

        rows = [("step", "name", "primitive", "arguments", "shape", "scope")]
        for position, step in enumerate(self.steps):
            arguments = [shown(arg) for arg in step.args]
            arguments += [
                f"{key}={'array' if isinstance(value, Array) else value}"
                for key, value in step.options.items()
            ]
            rows.append(
                (
                    str(position),
                    label[step.tick],
                    step.primitive.name if step.primitive else "",
                    ", ".join(arguments),
                    str(step.shape),
                    path(step.scope),
                )
            )
        widths = [max(len(row[column]) for row in rows) for column in range(6)]
        return "\n".join(
            "  ".join(
                cell.rjust(width) if column == 0 else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        )

    def replay(
        self,
        values: Mapping[Tensor, Any] | None = None,
        lift: Callable[[Any], Any] = lambda constant: constant,
    ) -> dict[Tensor, Any]:
        """Run the record again with other numbers; return the value of every step.

        `values` gives some steps their new value (a leaf, or any step at which to cut
        in); other leaves, and the constants the program used, go through `lift`, which
        brings them into the domain of `values`. Where a value is a Tensor, the replay
        is recorded again.

        >>> import minigrad as mg
        >>> x = mg.Tensor(3.0)
        >>> y = x * x + 1.0
        >>> mg.Tape(y).replay({x: np.array(2j)})[y]
        array(-3.+0.j)
        """
        _require_unspoilt(self.steps)
        values = values or {}
        replayed: dict[Tensor, Any] = {}
        for step in self.steps:
            if step in values:
                replayed[step] = values[step]
            elif step.primitive is None:
                replayed[step] = lift(step.data)
            else:
                args = [
                    replayed[arg] if isinstance(arg, Tensor) else lift(arg)
                    for arg in step.args
                ]
                value = step.primitive.apply(*args, **step.options)
                replayed[step] = (
                    value if isinstance(value, Tensor) else np.asarray(value)
                )
        return replayed

    def release(self) -> None:
        """Forget the record and free its memory; the numbers stay readable.

        A gradient asked for afterwards is an explained error, never a wrong number.
        """
        for step in self.steps:
            if step.primitive is not None:
                step.primitive, step.args, step.options = None, (), RELEASED


def _label(step: Tensor, position: int) -> str:
    """Return a step's name, with its time step in brackets: `c[3]`."""
    if step.name is None:
        return f"t{position}"
    times = [part for part in step.scope if isinstance(part, int)]
    return step.name + "".join(f"[{time}]" for time in times)


def _in_order(outputs: Sequence[Tensor]) -> list[Tensor]:
    """Return everything reachable from the outputs, sorted by tick: a loop, a sort."""
    found = {output.tick: output for output in outputs}
    waiting = list(outputs)
    while waiting:
        for arg in waiting.pop().args:
            if isinstance(arg, Tensor) and arg.tick not in found:
                found[arg.tick] = arg
                waiting.append(arg)
    return [found[tick] for tick in sorted(found)]


def grad(
    output: Tensor | Sequence[Tensor],
    inputs: Any,
    record: bool = False,
    seed: Any = None,
) -> Any:
    """Return the gradient of `output` with respect to `inputs`, by reverse mode.

    output   a Tensor with one entry, or any shape when `seed` (its cotangent, of the
             same shape) is given; a sequence of Tensors takes a sequence of seeds
    inputs   a Tensor, or a list, tuple or dict of Tensors, anywhere on the tape
    record   record the gradient too, so that it can be differentiated again

    The result has the structure of `inputs` and each gradient the shape and dtype of
    its input: arrays of their own, or Tensors with `record=True`. An input that the
    output does not depend on gets zeros.

    >>> import minigrad as mg
    >>> x = mg.Tensor(3.0)
    >>> y = x * x * x
    >>> dy = mg.grad(y, x, record=True)
    >>> float(dy), float(mg.grad(dy, x))
    (27.0, 18.0)

    Raises ValueError if the output is not a single number and no seed is given, or if
    its record is missing, released, or older than a Parameter it used.
    """
    outputs = [output] if isinstance(output, Tensor) else list(output)
    seeds = [seed] if isinstance(output, Tensor) else list(seed or [None] * len(outputs))
    wanted = _tensors(inputs)
    for each in outputs:
        require_recorded(each)
    plan = _plan(_in_order(outputs), wanted, record)
    owned: set[int] = set()
    cotangents: dict[int, Any] = {}
    for each, given in zip(outputs, seeds, strict=True):
        start = _seed(each, given, record)
        present = cotangents.get(each.tick)
        cotangents[each.tick] = start if present is None else present + start
    keep = {each.tick for each in wanted}
    _walk(plan, cotangents, owned, keep, record)
    handed_out = (
        _hand_over(each, cotangents.get(each.tick), owned, record) for each in wanted
    )
    return _structured(inputs, handed_out)


def _plan(order: list[Tensor], wanted: list[Tensor], record: bool) -> list[Any]:
    """Return (node, operands, edges) for each step that leads from a wanted input to
    the output; edges are its arguments that do. Gradients nobody asked for are never
    computed. Operands are what rules see: arrays, or Tensors when recording."""
    active = {each.tick for each in wanted}
    plan = []
    for node in order:
        if node.witness is not None:
            node.witness.verify(node)
        edges = []
        operands = []
        for i, arg in enumerate(node.args):
            if not isinstance(arg, Tensor):
                operands.append(arg)
                continue
            operands.append(arg if record else arg.data)
            if arg.tick in active:
                edges.append((i, arg))
            if arg.tick > node.tick:
                raise _stale(arg, node)
        if edges:
            active.add(node.tick)
            plan.append((node, operands, edges))
    return plan


def _walk(
    plan: list[Any],
    cotangents: dict[int, Any],
    owned: set[int],
    keep: set[int],
    record: bool,
) -> None:
    """Walk backwards over the plan, turning each node's cotangent into its arguments'.

    The first contribution to a cotangent may be somebody else's array and is not
    written to; the sum of two is our own, and later ones are added in place.
    """
    checker = SETTING.get().checker
    for node, operands, edges in reversed(plan):
        if node.tick in keep:
            g = cotangents.get(node.tick)
            owned.discard(node.tick)  # from here on, others may share it
        else:
            g = cotangents.pop(node.tick, None)
        if g is None:
            continue
        primitive = node.primitive
        y = node if record else node.data
        for i, arg in edges:
            tick = arg.tick
            total = cotangents.get(tick)
            if i in primitive.in_place and tick in owned:
                primitive.in_place[i](total, g, *operands, **node.options)
                continue
            contribution = primitive.vjp(i, g, y, operands, node.options)
            if checker is not None:
                checker.differentiated(node, i, contribution)
            if (
                type(contribution) is not _ndarray
                or contribution.shape != arg.data.shape
                or contribution.dtype != arg.data.dtype
            ):
                contribution = _fit(contribution, node, i, arg)
            if total is None:
                cotangents[tick] = contribution
            elif tick in owned:
                np.add(total, contribution, out=total)
            else:
                total = total + contribution
                if not record:
                    total = np.asarray(total)
                    owned.add(tick)
                cotangents[tick] = total


def _fit(contribution: Any, node: Tensor, i: int, arg: Tensor) -> Any:
    """Bring a contribution to its argument's shape and dtype, or say why it cannot."""
    if not isinstance(contribution, Tensor):
        if contribution is None:
            raise _bad_rule(node, i, arg, "it returned None.")
        contribution = np.asarray(contribution)
    if contribution.shape != arg.shape:
        contribution = _unbroadcast(contribution, node, i, arg)
    if contribution.dtype != arg.dtype and not isinstance(contribution, Tensor):
        if arg.dtype.kind == "f" and contribution.dtype.kind == "c":
            contribution = contribution.real
        if contribution.dtype != object and arg.dtype != object:
            contribution = contribution.astype(arg.dtype)
    return contribution


def _unbroadcast(g: Any, node: Tensor, i: int, arg: Tensor) -> Any:
    """Sum over the axes along which NumPy repeated the argument.

    A copy feeds every repetition, so the cotangents of all repetitions add up.
    """
    extra = g.ndim - arg.ndim
    fits = extra >= 0 and all(
        n in (1, m) for n, m in zip(arg.shape, g.shape[extra:], strict=True)
    )
    if not fits:
        # A scalar slope against a result that is not broadcast: a rule's mistake.
        raise _bad_rule(node, i, arg, f"it returned shape {g.shape}.")
    axes = tuple(range(extra)) + tuple(
        extra + axis
        for axis, n in enumerate(arg.shape)
        if n == 1 and g.shape[extra + axis] != 1
    )
    if isinstance(g, Tensor):
        return g.sum(axis=axes).reshape(arg.shape) if axes else g.reshape(arg.shape)
    return np.add.reduce(g, axis=axes).reshape(arg.shape)


def _seed(output: Tensor, given: Any, record: bool) -> Any:
    if given is None:
        if output.size != 1:
            raise ValueError(
                explain(
                    f"the gradient of a Tensor with {output.size} entries, "
                    f"at {user_line()}",
                    {output.name or "output": output},
                    "a gradient belongs to one number; several outputs have a Jacobian.",
                    "reduce to a loss first (y.sum(), y.mean()), pass the cotangent "
                    "(seed=...), or use mg.jacobian(f).",
                )
            )
        given = np.ones_like(output.data)
    if isinstance(given, Tensor):
        shape, seed = given.shape, given if record else given.data
    else:
        seed = np.asarray(given)
        shape = seed.shape
        if output.dtype != object and seed.dtype != output.dtype:
            seed = seed.astype(output.dtype)
    if shape != output.shape:
        raise ValueError(
            explain(
                f"a gradient with a seed of shape {shape}, at {user_line()}",
                {output.name or "output": output},
                "the seed is the output's cotangent: one number per entry.",
                f"give a seed of shape {output.shape}.",
            )
        )
    return seed


def _hand_over(wanted: Tensor, g: Any, owned: set[int], record: bool) -> Any:
    """Return a gradient that the caller owns: writable, shared with nobody."""
    if record:
        zeros = np.zeros_like(wanted.data)
        return Tensor(zeros) if g is None else g if isinstance(g, Tensor) else Tensor(g)
    if g is None:
        return np.zeros_like(wanted.data)
    return g if wanted.tick in owned else np.array(g)


def _tensors(inputs: Any) -> list[Tensor]:
    if isinstance(inputs, Tensor):
        return [inputs]
    wanted = list(inputs.values()) if isinstance(inputs, Mapping) else list(inputs)
    for each in wanted:
        _require_tensor(each, "grad(output, inputs)")
    return wanted


def _structured(inputs: Any, results: Iterator[Any]) -> Any:
    if isinstance(inputs, Tensor):
        return next(results)
    if isinstance(inputs, Mapping):
        return dict(zip(inputs, results, strict=True))
    if isinstance(inputs, tuple) and hasattr(inputs, "_fields"):
        return type(inputs)(*results)
    return tuple(results) if isinstance(inputs, tuple) else list(results)


def pushforward(tape: Tape, tangents: Mapping[Tensor, Any]) -> dict[Tensor, Any]:
    """Walk a tape forwards, carrying tangents: forward mode from the same rows.

    `tangents` gives the directions; the result has the tangent of every step that
    moves. Given Tensors as tangents, the walk is recorded.
    """
    _require_unspoilt(tape.steps)
    recorded = any(isinstance(tangent, Tensor) for tangent in tangents.values())
    moving: dict[Tensor, Any] = dict(tangents)
    for node in tape.steps:
        if node in moving or node.primitive is None:
            continue
        incoming = [moving.get(a) if isinstance(a, Tensor) else None for a in node.args]
        if all(tangent is None for tangent in incoming):
            continue
        y: Any = node if recorded else node.data
        args = [
            a.data if isinstance(a, Tensor) and not recorded else a for a in node.args
        ]
        tangent = node.primitive.jvp(incoming, y, args, node.options)
        if not isinstance(tangent, Tensor):
            tangent = np.asarray(tangent)
        if tangent.shape != node.shape:  # one argument moved, another was broadcast
            tangent = _broadcast(tangent, node.shape)
        moving[node] = tangent
    return moving


def _broadcast(tangent: Any, shape: tuple[int, ...]) -> Any:
    if isinstance(tangent, Tensor):
        return tangent + np.zeros(shape, tangent.dtype)
    return np.broadcast_to(tangent, shape)


# ------------------------------------------------------- what cannot be differentiated


def _require_tensor(value: Any, asked: str) -> None:
    if not isinstance(value, Tensor):
        raise TypeError(
            explain(
                f"{asked} of a {type(value).__name__}, at {user_line()}",
                {"value": value},
                "only a Tensor remembers how it was made.",
                "make the inputs Tensors before computing: x = mg.Tensor(x).",
            )
        )


def require_recorded(output: Any) -> None:
    _require_tensor(output, "the gradient")
    if output.options is UNRECORDED or output.options is RELEASED:
        released = output.options is RELEASED
        raise ValueError(
            explain(
                f"the gradient of an output without a record, at {user_line()}",
                {output.name or "output": output},
                "its tape was released."
                if released
                else "it was computed under no_grad(), so nothing was recorded.",
                "differentiate before Tape.release()."
                if released
                else "compute it outside no_grad().",
            )
        )


def _require_unspoilt(steps: Sequence[Tensor]) -> None:
    for node in steps:
        for arg in node.args:
            if isinstance(arg, Tensor) and arg.tick > node.tick:
                raise _stale(arg, node)


def _stale(arg: Tensor, node: Tensor) -> ValueError:
    return ValueError(
        explain(
            f"a derivative of a tape that used {arg.name or 'a Parameter'}, "
            f"at {user_line()}",
            {arg.name or "parameter": arg, "used by": node},
            "the Parameter was updated after this tape was recorded, so the numbers "
            "that were used are gone.",
            "differentiate before the update, or compute the loss again after it.",
        )
    )


def _bad_rule(node: Tensor, i: int, arg: Tensor, why: str) -> TypeError:
    primitive: Primitive = node.primitive  # type: ignore[assignment]
    return TypeError(
        explain(
            f"the rule of {primitive.name} for its argument {i}",
            {"argument": arg, "result": node},
            why + f" A cotangent has its argument's shape, here {arg.shape}.",
            f"mend that rule in the row {primitive.name!r}: it is called as "
            "partial(y, *args) in an elementwise row, adjoint(g, *args, **options) "
            "in a linear one.",
        )
    )
