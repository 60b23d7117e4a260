"""What the README says is run, and what it shows is compared with what comes out."""

import re
import runpy
import tomllib
from pathlib import Path

import pytest

from lstm import LSTM
from minigrad.drawing import VIEWS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_first_example_prints_what_the_readme_shows(in_empty_folder, capsys):
    program = in_empty_folder / "readme.py"
    program.write_text(blocks("python")[0], encoding="utf-8")
    runpy.run_path(str(program), run_name="__main__")
    assert capsys.readouterr().out == blocks("text")[0]
    assert (in_empty_folder / "out/neuron.svg").read_text("utf-8").startswith("<?xml")


def test_every_picture_of_the_demo_is_said_to_answer_its_question():
    for name, view in VIEWS.items():
        assert f"`lstm-{name}.pdf`" in README
        if name not in ("op", "step", "cotangents"):
            assert f"`lstm-{name}.pdf` | {view.answers}" in README


@pytest.mark.parametrize("k", [1, 2])
def test_numpy_is_differentiated_and_a_model_trained_as_the_readme_shows(k, capsys):
    exec(blocks("python")[k], {})
    assert capsys.readouterr().out == blocks("text")[k]


def test_the_equations_are_what_derive_prints(capsys):
    names: dict[str, object] = {}
    for program, shown in zip(blocks("python")[3:], blocks("text")[4:], strict=True):
        exec(program, names)
        assert capsys.readouterr().out == shown


def test_the_table_of_the_answer_is_what_explain_prints(capsys):
    LSTM(n=3, m=2).explain()
    assert capsys.readouterr().out == blocks("text")[3]


def test_every_link_leads_to_a_file():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_pip_is_told_our_name_and_an_extra_that_exists():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    folders = [ROOT / "docs", ROOT / "minigrad", ROOT / "lstm"]
    files = [f for at in folders for f in at.rglob("*.*") if f.suffix in (".py", ".md")]
    text = README + "".join(file.read_text("utf-8") for file in files)
    told = re.findall(r"pip install '([\w-]+\[\w+\])'", text)
    inside = [each for listed in extras.values() for each in listed]
    told += [each for each in inside if re.match(r"(minigrad|lstm)\b", each)]
    assert len(told) >= 4
    assert set(told) <= {f"{project['name']}[{extra}]" for extra in extras}


PICTURES = runpy.run_path(str(ROOT / "docs/make_pictures.py"))["PICTURES"]


@pytest.mark.parametrize("name", PICTURES)
def test_a_kept_picture_is_what_the_code_draws_today(name):
    kept = ROOT / "docs" / "images" / f"{name}.dot"
    if kept.read_text("utf-8") != PICTURES[name]().dot:
        pytest.fail("out of date: run `python docs/make_pictures.py`, and look at it")
