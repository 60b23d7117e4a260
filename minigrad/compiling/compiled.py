"""`mg.compile(f)`: f is run once and becomes a program; then the program runs.

A program holds for the shapes and dtypes of its arguments, for the Python numbers among
them, and for the answers to what the function asked while it was traced (`if x > 0`).
Where one of these changes, the function is traced again, and both programs are kept. So
it is where something changes that the function reads besides: see surroundings.py.

Every program is compared with the function before anyone gets its results. What it
cannot be trusted with is refused: "rather refuse than be wrong".
"""

from __future__ import annotations

import inspect
import textwrap
import threading
import warnings
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.compiling.arguments import (
    array_names,
    constants_in,
    kind_of,
    rounding,
    same_arrays,
    structure_of,
)
from minigrad.compiling.buffers import Changed
from minigrad.compiling.one_run import (
    Given,
    Output,
    Trace,
    is_leaf,
    run_traced,
    uncollected,
)
from minigrad.compiling.programs import Program
from minigrad.compiling.second_run import (
    has_long_numbers,
    require_same_numbers,
)
from minigrad.compiling.surroundings import Surroundings
from minigrad.compiling.traced import NotCompiled, refusal, tracing
from minigrad.context import SETTING
from minigrad.messages import a_kind, explained, explanation
from minigrad.numpy_protocol.array_like import ArrayLike
from minigrad.parameter import Parameter
from minigrad.shapes import mapped
from minigrad.tensor import RELEASED, Tensor
from minigrad.types import Array

if TYPE_CHECKING:  # SymPy, when first asked
    from minigrad.compiling.program_proof import Shown
    from minigrad.drawing.drawing import Drawing

MOST = 16  # programs of one function
DIFFERS = (
    "traced, it computes something else than on plain arrays: it asks what an array "
    "is, as isinstance(x, np.ndarray) does, or what changes between calls."
)
_COMPARING: ContextVar[bool] = ContextVar("comparing a program", default=False)


class Compiled:
    """A function and its programs: called like the function, it runs one of them.

    function  what was compiled
    programs  one for each kind of arguments so far, the latest last
    """

    def __init__(self, function: Callable[..., Any], most: int = MOST) -> None:
        self.function, self.most = function, most
        self.programs: list[Program] = []
        self.examples: tuple[Any, ...] = ()
        self._by_kind: dict[Any, list[Program]] = {}
        self._kinds: dict[Any, Any] = {}  # of plain arrays, by shapes and dtypes
        self._objects: list[Any] = []  # objects among arguments, known by identity
        self._lock = threading.RLock()
        self._warned = False
        self.name = getattr(function, "__name__", type(function).__name__)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        if tracing() or _COMPARING.get():
            return self.function(*arguments, **options)
        arrays, kind = self._arrays_and_kind(arguments, options)
        for program in [*reversed(self._by_kind.get(kind, ()))]:
            try:
                return _returned(program, program(arrays))
            except Changed:
                continue
            except Exception:  # of NumPy: the function says what is wrong
                return self.function(*arguments, **options)
        with self._lock, uncollected():
            return self._new(arguments, options, kind)

    def _arrays_and_kind(self, arguments: Any, options: Any) -> tuple[list[Array], Any]:
        """Return the arrays among the arguments, and their kind.

        It is the fast way for plain arrays, whose kinds are remembered by shapes.
        """
        if options or not all(type(a) is np.ndarray for a in arguments):
            return self._read((arguments, options))[1:]
        shapes = tuple([(a.shape, a.dtype) for a in arguments])
        if shapes not in self._kinds:
            self._kinds[shapes] = self._read((arguments, options))[2]
        return [*arguments], self._kinds[shapes]

    def _new(self, arguments: Any, options: Any, kind: Any) -> Any:
        """Trace the function, compare its program with it, and keep the program."""
        self._make_room()
        # The first of a kind may have taken a shortcut that does not hold here.
        serves_all = bool(self._by_kind.get(kind))
        program, trace, arrays = self.new_program(arguments, options, serves_all)
        expected = self._expected(arguments, options, program, trace)
        if program.around is not None:
            program.around.leave_out_what_changed()  # by the function itself
        results = self._results(program, arrays, expected)
        program.structure = structure_of(expected)  # Tensors, or arrays
        self._by_kind.setdefault(kind, []).append(program)
        self.programs.append(program)
        return _returned(program, results)

    def _expected(
        self, arguments: Any, options: Any, program: Program, trace: Trace
    ) -> Any:
        """Return what the function gives; refuse one that gives something else now."""
        comparing = _COMPARING.set(True)
        try:
            expected = self.function(*arguments, **options)
        finally:
            _COMPARING.reset(comparing)
        is_function = constants_in(expected) == constants_in(trace.structure)
        gap = rounding(trace.numbers, program.dtypes)
        if not is_function or not same_arrays(expected, trace.numbers, gap):
            self._require_same_again(self._read((arguments, options))[0], trace)
            fix = "ask np.ndim(x), np.shape(x); what changes, pass in as an argument."
            raise self._refusal(DIFFERS, fix)
        return expected

    def _require_same_again(self, given: Any, trace: Trace) -> None:
        """Trace the function once more; refuse one that computes with other numbers."""
        f, serves_all = self.function, trace.serves_all
        again = run_traced(f, given, self.name, serves_all, with_lines=True)
        require_same_numbers(f"compile({self.name})", trace, again)

    def _results(self, program: Program, arrays: list[Array], expected: Any) -> Any:
        """Return what the program gives; refuse one that gives something else."""
        try:
            results = program(arrays)
            gap = rounding([*arrays, *results], program.dtypes)
            if same_arrays(expected, results, gap):
                return results
            why = "the program gives other numbers."
        except Exception as error:
            why = f"the program fails: {error}."
        raise self._refusal(why, "please report this.")

    def _refusal(self, why: str, fix: str) -> NotCompiled:
        return refusal(f"compile({self.name})", why, fix)

    def _make_room(self) -> None:
        """Forget the oldest program when there are many, and say so the first time."""
        if len(self.programs) < self.most:
            return
        oldest = self.programs.pop(0)
        left = {k: [p for p in v if p is not oldest] for k, v in self._by_kind.items()}
        self._by_kind = {kind: programs for kind, programs in left.items() if programs}
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"{self.name} was traced {self.most} times, for as many kinds of "
                "arguments, and the oldest program is forgotten each time: give it "
                "arrays of few shapes, and numbers that change as arrays.",
                RuntimeWarning,
                stacklevel=4,
            )

    def _read(self, structure: Any) -> tuple[Any, list[Array], Any]:
        """Return what to trace, the arrays among the arguments, and their kind."""
        arrays: list[Array] = []
        kind: list[Any] = []

        def leaf(path: str, value: Any) -> Any:
            if isinstance(value, ArrayLike):
                value = value.current()
            if isinstance(value, Tensor) and not isinstance(value, Parameter):
                self._require_leaf(path, value)
                array, is_tensor = value.data, True
            elif isinstance(value, np.ndarray | np.generic):
                array, is_tensor = np.asarray(value), False
            else:
                kind.append((path, *kind_of(value, self._objects)))
                return value
            is_plain = is_tensor or type(value) is np.ndarray or not array.ndim
            if array.dtype.kind not in "fiub" or not is_plain:
                raise refusal(
                    f"{self.name}(...), compiled",
                    "programs compute with plain arrays of real numbers, not with "
                    f"{array.dtype} entries or what is more than its numbers: "
                    f"{a_kind(value)}.",
                    "call the function itself.",
                    {path: value},
                )
            kind.append((path, is_tensor, array.shape, array.dtype.str))
            arrays.append(array)
            return Given(array, is_tensor)

        given = mapped(leaf, structure, "", is_leaf)
        return given, arrays, tuple(kind)

    def _require_leaf(self, path: str, value: Tensor) -> None:
        """Refuse a Tensor with a record: its gradient would silently stop here."""
        if value.primitive is None or not SETTING.get().recording:
            return
        raise refusal(
            f"{self.name}(...), compiled",
            "a program is not recorded, so a gradient would stop here.",
            "compile the whole, the gradient included; or pass t.data.",
            {path: value},
        )

    def __repr__(self) -> str:
        return f"<compiled {self.name}: {len(self.programs)} programs>"

    @property
    def program(self) -> Program:
        """The latest program."""
        if self.programs:
            return self.programs[-1]
        raise explained(
            ValueError,
            f"the program of {self.name}",
            {},
            "it was not called yet, so nothing was traced.",
            "mg.compile(f, *example_arguments), or call it once.",
        )

    def __str__(self) -> str:
        return f"{self.name}({', '.join(self.program.inputs)}):\n" + textwrap.indent(
            str(self.program), "    "
        )

    def explain(self) -> str:
        """Return what each rewrite did to the latest program: calls that were left."""
        return self.program.explain()

    def prove(self, *arguments: Any, **words: Any) -> Shown:
        """Show that the program for these arguments equals the tape, gradient included.

        Without arguments, those are the examples that `mg.compile` was given. In exact
        arithmetic, modulo random primes, and the identity of every rewrite by
        `mg.prove_equal`. A program is the same for small shapes as for large ones, and
        is shown the faster the smaller they are.

        Raises WrongProgram if a rewrite is wrong, and ProofFailed if numbers as large
        as these might agree by chance.
        """
        from minigrad.compiling.identities import IDENTITIES
        from minigrad.compiling.program_proof import show

        if not arguments and not words:
            arguments = self.examples
            self._require_arguments(arguments)
        for identity in IDENTITIES.values():
            identity.prove()
        program, trace, arrays = self.new_program(arguments, words, serves_all=False)
        return show(program, trace, arrays, list(IDENTITIES))

    def _require_arguments(self, arguments: Any) -> None:
        """Refuse to prove a program for no arguments, if the function takes some."""
        try:
            inspect.signature(self.function).bind(*arguments)
        except TypeError as error:
            raise explained(
                TypeError,
                f"{self.name}.prove() without arguments",
                f"a program belongs to shapes and dtypes: {error}, and mg.compile was "
                "given no examples.",
                "prove(x), with arguments as the function is called with.",
            ) from None
        except ValueError:  # a function without a signature
            return

    def new_program(
        self, arguments: Any, words: Any = None, serves_all: bool = True
    ) -> tuple[Program, Trace, list[Array]]:
        """Return the program for these arguments, its trace, and the arrays in them.

        What the function reads besides is looked at, and is as it was if it is refused.
        """
        words = words or {}
        given, arrays, kind = self._read((arguments, words))
        before = Surroundings(self.function)
        try:
            trace = run_traced(self.function, given, self.name, serves_all)
            program = self._program(trace, kind)
            program.around = Surroundings(self.function, program.constants)
            if trace.is_random or has_long_numbers(trace, program.around.sees):
                self._require_same_again(given, trace)
        except NotCompiled:
            before.put_back()
            raise
        except Exception as error:
            before.put_back()
            raised = error
        else:
            return program, trace, arrays
        self.function(*arguments, **words)  # perhaps it raises as it is
        if isinstance(refused := explanation(raised), NotCompiled):
            raise refused from None
        fix = "leave out what asks about the numbers inside, or call the function "
        why = f"traced, it raised {type(raised).__name__}: {raised}"
        raise self._refusal(why, fix + "itself.") from raised

    def _program(self, trace: Trace, kind: Any) -> Program:
        try:
            return Program(trace, array_names(self.function, kind))
        except Exception as error:
            why = f"no program could be made of it: {type(error).__name__}, {error}."
            raise self._refusal(why, "please report this.") from error

    def drawn(self, view: str | None = None, renderer: str | None = None) -> Drawing:
        """Return the picture of the latest program: what `mg.draw(step)` returns.

        view  "before": the lines before they were rewritten; or the name of a rewrite,
              as `explain` has it: the lines that it left
        """
        from minigrad.compiling.program_picture import picture

        return picture(self.program, self.name, view, renderer)

    @property
    def source(self) -> str:
        """The Python text of the latest program."""
        return self.program.source


def compile(function: Callable[..., Any], *arguments: Any) -> Compiled:
    """Return a program that computes what the function does, and faster.

    function   any function of Tensors, arrays (integers, masks too) and structures of
               them that returns such; it may compute gradients. Parameters that it uses
               are read at each call
    arguments  examples, to trace it at once; otherwise that happens at the first call

    >>> import minigrad as mg
    >>> w = mg.Parameter([1.0, 2.0], name="w")
    >>> step = mg.compile(lambda x: mg.grad((w * x * x).sum(), w), np.ones(2))
    >>> step(np.array([3.0, 4.0]))
    array([ 9., 16.])

    What depends on the arguments is computed anew at each call: masks, labels, the
    largest entry. The function is traced again for other shapes, dtypes or Python
    numbers, where an `if` goes another way, and where something changed that it reads
    besides: variables of its closure, globals, attributes of its object. An array of
    more than 4,096 bytes that is written into is noticed only if the program reads it,
    and not if it reads what was computed from it alone, such as its mean. What the
    function does besides (it counts, it prints) happens when it is traced.

    It is run two or three times then, and what it computes outside of arrays must be
    the same in each run: the time, for one, is refused. What changes more seldom than
    from run to run, int(time.time()), is not noticed.

    Raises NotCompiled (a TypeError) for a function that draws random numbers, asks for
    the time, takes numbers out of arrays (float(x)), writes into what it was given, or
    keeps a value.
    """
    if not callable(function):
        raise explained(
            TypeError,
            f"mg.compile({a_kind(function)})",
            {"function": function},
            "it is no function: perhaps the function was called, and this is what it "
            "returned.",
            "mg.compile(f, x) instead of mg.compile(f(x), x).",
        )
    compiled = Compiled(function)
    if arguments:
        compiled.examples = arguments
        compiled(*arguments)
    return compiled


def _returned(program: Program, results: list[Array]) -> Any:
    """Return the results in the structure in which the function returns them."""

    def leaf(_: str, value: Any) -> Any:
        if not isinstance(value, Output):
            return value
        array = results[value.at]
        if not value.is_tensor:
            return array
        tensor = Tensor(array)
        tensor.options = RELEASED  # a gradient through it is refused
        return tensor

    return mapped(leaf, program.structure, "", is_leaf)
