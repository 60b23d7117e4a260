"""What weights are taken from: a file, a module of the framework, or arrays.

A file is read by the package that knows its format, which is imported then and no
sooner. Nothing that a file says is executed: a pickle is read with weights_only=True,
a Keras model in safe mode, and a file that needs more is refused with what to do.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn, TypeGuard, TypeVar

import numpy as np

from minigrad.files import read_npz
from minigrad.messages import a_kind, explained
from minigrad.tensor import Array

WRAPPERS = ("module.", "_orig_mod.")  # DataParallel; torch.compile
PICKLES = (".pt", ".pth", ".bin", ".ckpt", ".tar")
Loaded = TypeVar("Loaded")
KERAS = (".keras", ".h5", ".hdf5")
BEGINNINGS = {".keras": b"PK", ".h5": b"\x89HDF", ".hdf5": b"\x89HDF"}


def package(module: str, name: str, asked: str) -> ModuleType:
    """Return a module of another package, or say how to install that."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise explained(
            ModuleNotFoundError,
            asked,
            f"the package {name} reads and writes this format, and cannot be "
            f"imported: {str(error).splitlines()[0]}.",
            f"install it: pip install {name}. Plain arrays need no package.",
        ) from error


def is_path(source: object) -> TypeGuard[str | os.PathLike[str]]:
    """Return whether this names a file."""
    return isinstance(source, str | os.PathLike)


def is_keras(source: object) -> bool:
    """Return whether this is a layer or a model of Keras."""
    return hasattr(source, "get_weights") and hasattr(source, "get_config")


def is_torch(source: object) -> bool:
    """Return whether this is a module of PyTorch (on which Keras's may be built)."""
    return callable(getattr(source, "state_dict", None)) and not is_keras(source)


def source_name(source: object) -> str:
    """Return how a message calls what was given."""
    if is_path(source):
        return repr(str(source))
    if isinstance(source, Mapping | list | tuple):
        kind = "dict" if isinstance(source, Mapping) else type(source).__name__
        return f"a {kind} of {len(source)}"
    return a_kind(source)


def torch_file(asked: str, path: str | os.PathLike[str]) -> Any:
    """Return what a file of PyTorch holds: arrays by name, or a checkpoint."""
    suffix = _suffix(asked, path, (".npz", ".safetensors", *PICKLES))
    if suffix == ".npz":
        return read_npz(path, "np.savez(path, **arrays)")
    if suffix == ".safetensors":
        load = package("safetensors.numpy", "safetensors", asked).load_file
        return _read(asked, lambda: load(path), "save_file of safetensors")
    torch = package("torch", "torch", asked)
    return _read(
        asked,
        lambda: torch.load(path, map_location="cpu", weights_only=True),
        "torch.save(model.state_dict(), path)",
        " A pickle of a whole module runs code when it is loaded, which is not done "
        "here: if you trust it, give what torch.load(path, weights_only=False) gives, "
        "or of TorchScript torch.jit.load(path).",
    )


def keras_file(asked: str, path: str | os.PathLike[str]) -> Any:
    """Return the model in a file of Keras; of an `.npz`, a list of its arrays."""
    suffix = _suffix(asked, path, (".npz", *KERAS))
    if suffix == ".npz":
        return list(read_npz(path, "np.savez(path, *layer.get_weights())").values())
    if str(path).endswith(".weights.h5"):
        _refuse(
            asked,
            "such a file holds weights, and not which layers they belong to.",
            "build the model, model.load_weights(path), and give the model.",
        )
    keras = package("keras", "keras", asked)
    return _read(
        asked,
        lambda: keras.saving.load_model(path, compile=False, safe_mode=True),
        "model.save(path)",
    )


def state_of(asked: str, source: Any) -> Mapping[str, object]:
    """Return the state dict in what was given: a module, a checkpoint, or itself."""
    if is_torch(source):
        source = source.state_dict()
    if is_keras(source) or not isinstance(source, Mapping):
        _refuse(
            asked,
            f"there is no state dict in {source_name(source)}.",
            "that is from_keras."
            if is_keras(source)
            else "give a module, its state_dict(), a checkpoint or a path.",
            TypeError,
        )
    inner = {
        key: value
        for key, value in source.items()
        if isinstance(value, Mapping) and _is_state(value)
    }
    if len(inner) > 1:
        names = " or ".join(f"checkpoint[{key!r}]" for key in inner)
        _refuse(
            asked,
            f"this checkpoint has several: {', '.join(map(repr, inner))}.",
            f"say which state dict is meant: give {names}.",
        )
    state = next(iter(inner.values()), source)
    while state and (wrapper := _wrapper(state)):
        state = {name.removeprefix(wrapper): value for name, value in state.items()}
    return state


def _is_state(value: Mapping[object, object]) -> bool:
    """Return whether all entries are arrays by name."""
    return bool(value) and all(
        isinstance(name, str) and hasattr(entry, "shape")
        for name, entry in value.items()
    )


def _wrapper(state: Mapping[str, object]) -> str:
    """Return the prefix that a wrapper has put before every name, if any has."""
    return next((w for w in WRAPPERS if all(name.startswith(w) for name in state)), "")


def array_of(value: object) -> Array | Sequence[object]:
    """Return the array of a framework's tensor: without a gradient, and on the CPU."""
    for step in ("detach", "cpu", "numpy"):
        if not isinstance(value, Array) and callable(getattr(value, step, None)):
            value = getattr(value, step)()
    return value if isinstance(value, Array | list | tuple) else np.asarray(value)


def _suffix(asked: str, path: str | os.PathLike[str], known: tuple[str, ...]) -> str:
    suffix = Path(path).suffix.lower()
    if suffix not in known:
        other = "from_keras" if suffix in KERAS else "from_torch"
        _refuse(
            asked,
            f"files are known by their suffix, and {suffix!r} is none of "
            f"{', '.join(known)}.",
            f"that is {other}."
            if suffix in (".safetensors", *PICKLES, *KERAS)
            else "read the file, and give what it holds.",
        )
    if not Path(path).is_file():
        here = f"this program runs in {os.getcwd()}."
        _refuse(asked, "there is no such file.", here, FileNotFoundError)
    beginning = BEGINNINGS.get(suffix, b"")
    with open(path, "rb") as file:
        if file.read(len(beginning)) != beginning:
            _refuse(
                asked,
                f"the file begins otherwise than a {suffix} file does.",
                "give a file that its own framework has written.",
            )
    return suffix


def _read(
    asked: str, load: Callable[[], Loaded], writer: str, more: str = ""
) -> Loaded:
    try:
        return load()
    except Exception as error:  # whatever the package raises: its words are the reason
        reason = re.split(r"\n|\. ", str(error).strip())[0]
        _refuse(
            asked,
            f"the file cannot be read: {type(error).__name__}, {reason}.",
            f"give a file that {writer} wrote.{more}",
            cause=error,
        )


def _refuse(
    asked: str,
    why: str,
    fix: str,
    kind: type[Exception] = ValueError,
    cause: Exception | None = None,
) -> NoReturn:
    raise explained(kind, asked, why, fix) from cause
