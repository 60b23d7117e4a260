"""The floors of the house: who may know whom, and how long the engine may be."""

import ast
import dataclasses
import pkgutil
import re
import subprocess
import sys
from collections import Counter
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

import lstm
import minigrad

HOUSES = {house.__name__: Path(house.__file__).parent for house in (minigrad, lstm)}
HOUSE = HOUSES["minigrad"]
FAILURES = Path(__file__).parents[1] / "docs" / "why" / "failures.md"
ENGINE = ("tensor", "primitive", "table", "tape")
BY_ENTRY = re.compile(r"\b(Tensor|Parameter|Array|ndarray)\b")  # what == compares so


def imports(file, for_annotations=True):
    """Return the modules that a file names, wherever it does so.

    What stands under TYPE_CHECKING is named for annotations, and not imported.
    """
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree) if not for_annotations else ():
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_no_file_name_stands_twice():
    names = [file.name for house in HOUSES.values() for file in house.rglob("*.py")]
    names = Counter(name for name in names if not name.startswith("__"))
    assert [name for name, count in names.items() if count > 1] == []


def graph(house="minigrad", for_annotations=True):
    """Return each part of a package (a file or a folder) with the parts it imports."""
    parts = {}
    for file in HOUSES[house].rglob("*.py"):
        below = file.relative_to(HOUSES[house]).parts
        if below == ("__init__.py",):
            continue
        name = below[0].removesuffix(".py")
        found = {
            module.split(".")[1]
            for module in imports(file, for_annotations)
            if module.startswith(f"{house}.")
        }
        parts.setdefault(name, set()).update(found - {name})
    return {name: found & parts.keys() for name, found in parts.items()}


@pytest.mark.parametrize("house", HOUSES)
def test_no_part_imports_itself_in_a_circle(house):
    parts = graph(house, for_annotations=False)
    list(TopologicalSorter(parts).static_order())  # raises CycleError


def test_the_engine_knows_no_reading_and_nobody_knows_the_lstm():
    parts = graph()
    known, waiting = set(), [*ENGINE, "gradient", "functions", "operators"]
    while waiting:
        name = waiting.pop()
        known.add(name)
        waiting.extend(parts[name] - known)
    assert not known & {"proving", "deriving", "drawing", "exploring"}
    for file in HOUSE.rglob("*.py"):
        assert not any(module.split(".")[0] == "lstm" for module in imports(file)), file


def test_importing_minigrad_loads_no_heavy_package():
    program = (
        "import sys, minigrad;"
        "late = {'sympy', 'graphviz', 'matplotlib', 'reportlab', 'numpy.random'};"
        "print(*sorted(late & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    # NumPy before 2.0 loads its random numbers by itself.
    assert set(done.stdout.split()) <= {"numpy.random"}


def test_the_engine_proper_can_be_read_in_a_sitting():
    lines = {
        name: len((HOUSE / f"{name}.py").read_text("utf-8").splitlines())
        for name in ENGINE
    }
    assert sum(lines.values()) < 800, lines


def test_every_known_failure_has_a_test():
    listed = set(re.findall(r"^(\d+)\. ", FAILURES.read_text(encoding="utf-8"), re.M))
    tagged = set()
    for file in Path(__file__).parent.glob("test_*.py"):
        for numbers in re.findall(r"\bbugs? ([\d, and]+)", file.read_text("utf-8")):
            tagged.update(re.findall(r"\d+", numbers))
    assert listed == {str(number) for number in range(1, 58)}
    assert listed <= tagged, sorted(listed - tagged, key=int)


@pytest.mark.parametrize("part", ["structure", "proving", "deriving", "drawing"])
def test_no_file_of_a_part_imports_another_in_a_circle(part):
    modules = {}
    for file in (HOUSE / part).rglob("[!_]*.py"):
        name = ".".join(file.relative_to(HOUSE.parent).with_suffix("").parts)
        modules[name] = set(imports(file, for_annotations=False))
    known = {name: modules.keys() & found - {name} for name, found in modules.items()}
    list(TopologicalSorter(known).static_order())  # raises CycleError


def test_structure_is_read_without_pictures_and_without_symbols():
    readings = graph()["structure"] & {"drawing", "deriving", "exploring", "proving"}
    used = {m for file in (HOUSE / "structure").glob("*.py") for m in imports(file)}
    assert not readings and not used & {"sympy", "graphviz", "matplotlib"}


def test_no_dataclass_compares_tensors_by_their_entries():
    # Such an `==` raises, and until Python 3.12 only for Tensors that are not the same.
    for house in (minigrad, lstm):
        for module in pkgutil.walk_packages(house.__path__, f"{house.__name__}."):
            for kind in vars(import_module(module.name)).values():
                if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
                    continue
                compared = [f for f in dataclasses.fields(kind) if f.compare]
                by_entry = [f.name for f in compared if BY_ENTRY.search(str(f.type))]
                assert "__eq__" not in vars(kind) or not by_entry, (kind, by_entry)


def test_text_files_name_their_encoding():
    # Without one, Python takes that of the machine, which on Windows is not UTF-8.
    folders = ("minigrad", "lstm", "tests", "examples", "benchmarks", "scripts", "docs")
    for folder in folders:
        for file in (HOUSE.parent / folder).rglob("*.py"):
            for call in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(call, ast.Call):
                    assert not lacks_encoding(call), f"{file}:{call.lineno}"


def lacks_encoding(call):
    """Does a call open, read or write a text file in the encoding of the machine?"""
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    if any(each.arg == "encoding" for each in call.keywords):
        return False
    if name in ("read_text", "write_text"):
        return len(call.args) < 1 + (name == "write_text")
    modes = [getattr(each, "value", "") for each in call.args]
    is_method = isinstance(call.func, ast.Attribute)
    mode = (modes if is_method else modes[1:] or ["r"])[:1]
    return name == "open" and any(re.fullmatch("[rwax+t]+", str(m)) for m in mode)
