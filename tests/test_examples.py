"""Every example runs as a script, in an empty folder, and writes only into out/.

Its output is ASCII, where σ is spelled out.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted(ROOT.glob("examples/*.py"))


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_as_a_script(example, tmp_path):
    ran = subprocess.run(
        [sys.executable, "-W", "error", str(example)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout
    assert {path.name for path in tmp_path.iterdir()} <= {"out"}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_has_the_heading_that_its_page_needs(example):
    first = example.read_text(encoding="utf-8").splitlines()[:3]
    assert first[:2] == ["# %% [markdown]", '"""']
    assert first[2].startswith("# ")


@pytest.mark.slow
def test_the_tests_of_the_example_project_pass_wherever_it_lies(tmp_path):
    project = shutil.copytree(ROOT / "examples" / "own_project", tmp_path / "project")
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-p", "no:cacheprovider"],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "6 passed" in ran.stdout
