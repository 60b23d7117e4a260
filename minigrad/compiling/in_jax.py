"""The same program in JAX: rolled, so that XLA compiles one step, whatever T is.

    step = mg.to_jax(f, x, target)       f is traced once, as by mg.compile
    step(x, target)                      JAX computes it
    step.pure(parameters, x, target)     the same, of parameters as an argument

Every line is computed by the row that made it, on arrays of JAX (`Foreign`), and each
loop over time is one `jax.lax.scan`. So the result is a function of JAX like any other:
to be jitted, differentiated again, vectorized, spread over devices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from minigrad.compiling.arguments import kind_of, rounding, same_arrays
from minigrad.compiling.compiled import Compiled
from minigrad.compiling.graph import call, name_of
from minigrad.compiling.interpreter import Body, Interpreter, Values
from minigrad.compiling.one_run import Output, is_leaf, refuse_guards
from minigrad.compiling.surroundings import Surroundings
from minigrad.compiling.traced import NotCompiled, refusal
from minigrad.messages import explained, is_explained
from minigrad.module import Module
from minigrad.numpy_protocol.array_like import plain
from minigrad.numpy_protocol.foreign_arrays import bare, wrapped
from minigrad.parameter import Parameter
from minigrad.shapes import mapped
from minigrad.types import Array


class InJax:
    """A function as JAX computes it; called like the function, it gives JAX's arrays.

    program     its lines and loops
    parameters  the numbers of its Parameters as they are now, by name
    """

    def __init__(
        self, function: Callable[..., Any], arguments: Sequence[Any], parameters: Any
    ) -> None:
        self.jax = _package()
        self._made_of = function, arguments, parameters
        compiled = Compiled(function)
        self.name = compiled.name
        around = Surroundings(function)
        self.program, trace, arrays = compiled.new_program(arguments)
        around.leave_out_what_changed()
        self.program.around = around  # constants are in what XLA has compiled
        refuse_guards(f"to_jax({self.name})", trace.guards)
        is_module = isinstance(parameters, Module)
        named = parameters.named_parameters() if is_module else parameters or {}
        self._named: dict[str, Parameter] = dict(named)
        known = {*self._named.values()}
        for line, name in self.program.names.items():
            if isinstance(line.source, Parameter) and line.source not in known:
                self._named[name] = line.source
        self._dtypes = [array.dtype for array in arrays]
        self._objects: list[Any] = []
        self._kind = self._read(arguments)[1]
        self._require_precision()
        self._run = self.jax.jit(self._computed)
        found, _ = self._run(self.parameters, arrays)
        given = [*arrays, *(p.data for p in self._named.values()), *trace.numbers]
        gap = rounding(given, self.program.dtypes)
        pairs = zip(found, trace.numbers, strict=True)
        results = [np.asarray(one, expected.dtype) for one, expected in pairs]
        if not same_arrays(trace.numbers, results, gap):
            why = "JAX gives other numbers than the function does."
            raise self._refusal(why, "please report this.")

    @property
    def parameters(self) -> dict[str, Any]:
        """The numbers of each Parameter, by its name."""
        self._renew()
        return {name: self.jax.numpy.asarray(p.data) for name, p in self._named.items()}

    def _renew(self) -> None:
        """Trace again if something changed that the function reads besides."""
        if not self.program.holds():
            vars(self).update(vars(InJax(*self._made_of)))

    def __call__(self, *arguments: Any) -> Any:
        return self.pure(self.parameters, *arguments)

    def pure(self, parameters: dict[str, Any], *arguments: Any) -> Any:
        """Compute it with these parameters, which may be differentiated and spread.

        Raises TypeError for arguments that are not as the examples were, and where a
        Parameter is missing.
        """
        self._renew()
        if missing := sorted(self._named.keys() - parameters.keys()):
            why = f"among the parameters there is no {', '.join(missing)}."
            raise self._refusal(why, "step.parameters has all of them.")
        arrays, kind = self._read(arguments)
        if kind != self._kind:
            unlike = [
                f"argument {mine[0]}: {mine[1]} in the example, {theirs[1]} now"
                for mine, theirs in zip(self._kind, kind, strict=False)
                if mine != theirs
            ]
            why = "; ".join(unlike) or "there are other arguments than in the example."
            raise self._refusal(why, "mg.to_jax(f, *examples) of these shapes.")
        results, holds = self._run(parameters, arrays)
        if not isinstance(holds, self.jax.core.Tracer) and not holds:
            why = "a check of the arguments ended otherwise than in the example."
            raise self._refusal(why, "call the function itself, which says more.")

        def leaf(_: str, value: Any) -> Any:
            return results[value.at] if isinstance(value, Output) else value

        return mapped(leaf, self.program.structure, "", is_leaf)

    def _read(self, arguments: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """Return the arrays among the arguments, and what kind each argument is."""
        arrays: list[Any] = []
        kind: list[Any] = []

        def leaf(path: str, value: Any) -> None:
            value = plain(value)
            if hasattr(value, "shape") and hasattr(value, "dtype"):
                kind.append((path, (*value.shape, np.dtype(value.dtype).kind)))
                arrays.append(value)
            else:
                kind.append((path, kind_of(value, self._objects)))

        mapped(leaf, list(arguments), "", is_leaf)
        return arrays, kind

    def _require_precision(self) -> None:
        is_double = any(line.dtype == np.float64 for line in self.program.lines)
        if is_double and not self.jax.config.jax_enable_x64:
            why = "it computes in float64, and JAX is set to float32."
            fix = 'jax.config.update("jax_enable_x64", True) first; or give float32 '
            raise self._refusal(why, fix + "examples and Parameters.")

    def _computed(self, parameters: dict[str, Any], arrays: list[Any]) -> Any:
        """Return the results, and whether all checks end as they did; NaN if not."""
        asarray = self.jax.numpy.asarray
        canonical = self.jax.dtypes.canonicalize_dtype
        given = [
            asarray(array, canonical(dtype))
            for array, dtype in zip(arrays, self._dtypes, strict=True)
        ]
        by_id = {id(p): parameters[name] for name, p in self._named.items()}
        run = _InJax(self.jax, self.name, given, by_id)
        results = [asarray(bare(each)) for each in run.run(self.program)]
        holds = asarray(True)
        for guard in self.program.guards:
            holds &= bare(run.read(guard.ref)) == guard.answer
        for k, a in enumerate(results if self.program.guards else ()):
            if a.dtype.kind == "f":
                results[k] = self.jax.numpy.where(holds, a, np.nan)
        return results, holds

    def _refusal(self, why: str, fix: str) -> NotCompiled:
        return refusal(f"to_jax({self.name})", why, fix)

    def __repr__(self) -> str:
        return f"<{self.name} in JAX: {self.program!r}>"


class _InJax(Interpreter):
    """One run of a program on arrays of JAX."""

    def __init__(
        self, jax: Any, name: str, arrays: list[Any], parameters: dict[int, Any]
    ) -> None:
        super().__init__()
        self.jax, self.name = jax, name
        self.arrays, self.parameters = arrays, parameters

    def source(self, source: Any) -> Any:
        if isinstance(source, int):
            return wrapped(self.arrays[source])
        if isinstance(source, Parameter):
            return wrapped(self.parameters[id(source)])
        return wrapped(self.jax.numpy.asarray(source))

    def compute(self, op: Any, args: Sequence[Any], options: Any) -> Any:
        given = [
            wrapped(self.jax.numpy.asarray(a)) if isinstance(a, Array) else a
            for a in args
        ]
        try:
            return wrapped(call(op, given, options))
        except Exception as error:
            if is_explained(error):
                raise
            why = f"JAX says: {str(error).strip().splitlines()[0]}"
            fix = "shapes must not depend on numbers; mg.compile knows all of NumPy."
            asked = f"to_jax({self.name}): {name_of(op)}"
            raise refusal(asked, why, fix) from error

    def scan(
        self, body: Body, state: Values, columns: Values, count: int, back: bool
    ) -> Any:
        dtypes = [each.dtype for each in state]

        def step(past: Values, row: Values) -> tuple[Values, Values]:
            now, rows = body(wrapped(past), wrapped(row))
            kept = [each.astype(d) for each, d in zip(now, dtypes, strict=True)]
            return bare(kept), bare(rows)

        return wrapped(
            [*self.jax.lax.scan(step, bare(state), bare(columns), count, reverse=back)]
        )


def to_jax(
    function: Callable[..., Any],
    *arguments: Any,
    parameters: Module | Mapping[str, Parameter] | None = None,
) -> InJax:
    """Return what a function computes, as a function of JAX.

    function   as for `mg.compile`: of Tensors, arrays, labels, masks and Parameters; it
               may compute gradients
    arguments  examples: they say the shapes, the dtypes and the Python numbers
    parameters by which names it has its Parameters: a model, as mg.grad(loss, model)
               names them, or a dict; else by their own names

    Called like the function, it returns the same structure of JAX's arrays. It can be
    given to jax.jit, jax.grad, jax.vmap. At each call

        Parameters        are read anew; pure(parameters, *arguments) is given them, and
                          `parameters` are those of now
        variables of the closure, globals, attributes, Tensors, arrays to 4,096 bytes
                          are compared: where one has changed, f is traced again
        larger arrays     are not: they are what they were when f was traced

    Inside jax.jit all of this happens once, when JAX traces: what changes later is not
    seen, except through arguments, and through the parameters that `pure` is given.

    Raises NotCompiled (a TypeError) where the function asks about numbers (`if x > 0`),
    where shapes depend on numbers, for arguments of other shapes, and for numbers that
    the function would refuse (labels out of range): inside jax.jit these give NaN.
    """
    return InJax(function, arguments, parameters)


def _package() -> Any:
    try:
        import jax
    except ModuleNotFoundError as error:
        raise explained(
            ModuleNotFoundError,
            "to_jax",
            {},
            "the package jax is not installed.",
            "install it: pip install 'minigrad-lstm[jax]'.",
        ) from error
    return jax
