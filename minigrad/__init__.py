"""minigrad: automatic differentiation that can be read in a sitting.

A derivative is knowledge about a **primitive**. A **tape** is a record of which
primitives ran. Everything else is a **reading** of that tape.

    minigrad.tensor      an array that remembers how it was made
    minigrad.primitive   what a row of the table holds
    minigrad.table       the table: every primitive, one row each
    minigrad.tape        the record: order, print, replay
    minigrad.gradient    the gradient, read from it backwards
    minigrad.functions   where, power, relu, ... composed of primitives
    minigrad.reductions  means, softmax, losses, ... likewise
"""

import sys

from minigrad import composites
from minigrad import operators as operators  # hands Tensor its operators
from minigrad.checks import check_gradients
from minigrad.clipping import clip_by_global_norm
from minigrad.composite import composite
from minigrad.composites import *
from minigrad.context import no_grad, scope
from minigrad.feedforward import Dense, Sequential
from minigrad.functions import (
    absolute,
    broadcast_to,
    clip,
    concatenate,
    maximum,
    minimum,
    power,
    relu,
    silu,
    stack,
    where,
)
from minigrad.gradient import grad
from minigrad.habits import NotCallable, absent_in_package
from minigrad.module import Module
from minigrad.numpy_protocol.foreign_names import PACKAGE
from minigrad.optimizers import SGD, Adam, AdamW, RMSprop
from minigrad.parameter import Parameter
from minigrad.primitive import TABLE, elementwise, linear
from minigrad.recorded import recording
from minigrad.reductions import (
    cross_entropy,
    log_softmax,
    logsumexp,
    max,
    mean,
    min,
    softmax,
    squared_error,
    var,
)
from minigrad.table import (
    add,
    arctan,
    broadcast,
    cast,
    cos,
    divide,
    exp,
    expm1,
    log,
    log1p,
    matmul,
    matvec,
    multiply,
    negative,
    outer,
    reshape,
    scatter,
    sigmoid,
    sin,
    softplus,
    sqrt,
    subtract,
    sum,
    take,
    tanh,
    transpose,
)
from minigrad.tape import Tape
from minigrad.tensor import Tensor
from minigrad.transforms import hessian, hvp, jacobian, jvp, value_and_grad, vjp
from minigrad.watching import checked
from minigrad.writable_arrays.creation import array, empty, full, ones, zeros

__version__ = "0.1.0"

__all__ = [
    *composites.NAMES, "SGD", "TABLE", "Adam", "AdamW", "Certificate", "Compiled",
    "Dense", "Derivation", "Equality", "Module", "NotCompiled", "NotEqual", "NotShown",
    "Parameter", "ProofFailed", "RMSprop", "Sequential", "Tape", "Tensor", "absolute",
    "add", "arctan", "array", "broadcast", "broadcast_to", "cast", "check_gradients",
    "checked", "recording", "clip", "clip_by_global_norm", "compile", "composite",
    "concatenate", "cos", "cross_entropy", "derive", "divide", "draw", "elementwise",
    "empty", "exp", "explore", "expm1", "full", "grad", "hessian", "hvp", "jacobian",
    "jvp", "linear", "log", "log1p", "log_softmax", "logsumexp", "matmul", "matvec",
    "max", "maximum", "mean", "min", "minimum", "multiply", "negative", "no_grad",
    "ones", "outer", "power", "prove", "prove_equal", "relu", "reshape", "scatter",
    "scope", "sigmoid", "silu", "sin", "softmax", "softplus", "sqrt", "squared_error",
    "stack", "subtract", "sum", "take", "tanh", "to_jax", "to_onnx", "transpose",
    "value_and_grad", "var", "vjp", "where", "zeros",
]  # fmt: skip

for _name in PACKAGE:  # mg.tensor(...) is called by who knows PyTorch
    if f"minigrad.{_name}" in sys.modules:
        sys.modules[f"minigrad.{_name}"].__class__ = NotCallable

_READINGS = {
    "Certificate": "minigrad.proving.certificate",
    "Compiled": "minigrad.compiling.compiled",
    "Derivation": "minigrad.deriving.derivation",
    "Equality": "minigrad.proving.equality_certificate",
    "NotCompiled": "minigrad.compiling.traced",
    "NotEqual": "minigrad.proving.disproof",
    "NotShown": "minigrad.proving.disproof",
    "ProofFailed": "minigrad.proving.failures",
    "compile": "minigrad.compiling.compiled",
    "derive": "minigrad.deriving.derivation",
    "draw": "minigrad.drawing",
    "explore": "minigrad.exploring",
    "prove": "minigrad.proving.proof",
    "prove_equal": "minigrad.proving.equality",
    "to_jax": "minigrad.compiling.in_jax",
    "to_onnx": "minigrad.compiling.in_onnx",
}  # imported when first used: SymPy takes longer to load than all the rest


def __getattr__(name: str) -> object:
    from importlib import import_module, util

    if name in _READINGS:
        return getattr(import_module(_READINGS[name]), name)
    if name.startswith("_") or util.find_spec(f"minigrad.{name}"):
        raise AttributeError(f"module 'minigrad' has no attribute {name!r}", name=name)
    raise absent_in_package(name, __all__)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
