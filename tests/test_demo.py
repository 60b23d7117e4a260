"""`python -m lstm`, run as a user runs it: with output in cp1252, which has no σ."""

import json
import os
import re
import signal
import subprocess
import sys
import unicodedata
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from pypdf import PdfReader

import minigrad as mg
from lstm.__main__ import main
from lstm.experiments.pictures import loss_of_one, pictures
from lstm.experiments.tasks.sunspots import TRAINED_TO, Forecaster, series, windows
from minigrad.drawing import VIEWS, Drawing
from minigrad.proving import recheck

FILES = {
    "certificate.json",
    "certificate.txt",
    "derivation.pdf",
    "derivation.txt",
    "forecast.png",
    "lstm-explorer.html",
    "lstm-op.svg",
    "lstm.npz",
    "lstm.proof.json",
    *(f"lstm-{view}.pdf" for view in VIEWS),
}
QUICK = ["--epochs", "3", "--hidden", "4"]


def run(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "lstm", *arguments],
        capture_output=True,
        encoding="cp1252",
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
        timeout=600,
        check=False,
        **options,
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return (folder, the finished process) of a run with an old file in its way."""
    folder = tmp_path_factory.mktemp("demo") / "new" / "out"
    folder.mkdir(parents=True)
    (folder / "forecast.png").write_text("what an earlier run left", "utf-8")
    return folder, run("--out", str(folder), *QUICK)


def test_the_job_succeeds_and_leaves_its_files_and_nothing_else(finished):
    folder, process = finished
    assert process.returncode == 0, process.stderr
    assert {path.name for path in folder.iterdir()} == FILES


def test_every_file_written_is_named(finished):
    folder, process = finished
    wrote = [line for line in process.stdout.split("\n") if line.startswith("wrote ")]
    wrote = [
        line.partition("   ")[0] for line in wrote
    ]  # what it answers stands behind
    assert sorted(wrote) == sorted(f"wrote {folder / name}" for name in FILES)


def test_progress_is_silent_where_there_is_no_terminal(finished):
    _, process = finished
    assert process.stderr == ""
    assert "\r" not in process.stdout


def test_the_report_compares_with_both_baselines(finished):
    rows = {
        line[:32].strip(): line[32:].split() for line in finished[1].stdout.split("\n")
    }
    assert rows["persistence: as last year"] == ["0.416", "0.940", "0.552"]
    assert rows["AR(12), least squares"] == ["0.126", "0.358", "0.193"]
    assert len(rows["LSTM, seed 0"]) == 3
    assert rows["LSTM, seeds 0 to 4: mean ± sd"].count("±") == 3


def test_the_report_explains_the_layer_and_prints_the_proof(finished):
    folder, process = finished
    assert "f = sigma(W_f v + b_f)" in process.stdout
    assert "4(nm + m^2 + m) = 4(1*4 + 4^2 + 4) = 96" in process.stdout
    certificate = (folder / "certificate.txt").read_text("utf-8")
    assert certificate in process.stdout
    assert "proved" in certificate and "not covered" in certificate


def test_the_certificate_as_data_names_every_parameter(finished):
    fields = json.loads((finished[0] / "certificate.json").read_text("utf-8"))
    proved = {name: tuple(shape) for name, shape in fields["wrt"]}
    parameters = model_like().parameters()
    assert proved.items() >= {(p.name, p.shape) for p in parameters}


def test_what_is_carried_through_time_is_printed_line_by_line(finished):
    carried = re.findall(r"^([yc])\S*(\[\w+\]) = ", finished[1].stdout, re.M)
    assert carried == [(letter, at) for letter in "yc" for at in ("[12]", "[t]")]


def test_somebody_else_can_check_the_proof(finished):
    assert recheck.main([str(finished[0] / "lstm.proof.json")]) == 0


def model_like():
    data = windows(*series())
    return Forecaster(4, data.of_years(0, TRAINED_TO), rng=0)


def test_the_weights_load_into_a_model_of_the_same_size(finished):
    model = model_like()
    start = {path: p.data for path, p in model.named_parameters()}
    model.load(finished[0] / "lstm.npz")
    for path, parameter in model.named_parameters():
        assert np.any(parameter.data != start[path]), path


def test_the_pictures_are_what_their_names_say(finished):
    from matplotlib.image import imread

    folder, _ = finished
    plot = imread(folder / "forecast.png")
    assert plot.shape[0] > 300 and plot.std() > 0.05
    page = PdfReader(folder / "lstm-op.pdf").pages[0]
    assert "forget" in page.extract_text()
    picture = ElementTree.parse(folder / "lstm-op.svg").getroot()
    assert picture.tag == "{http://www.w3.org/2000/svg}svg"
    words = " ".join(picture.itertext())
    for word in ("forget", "candidate", "t = 2", "loss"):
        assert word in words
    assert "t = 3" not in words


@pytest.mark.parametrize(
    ("view", "words"),
    {
        "gate": ["tanh", "t = 2", "dense sub-layer"],
        "neuron": ["neuron 1", "a weight < 0"],
        "backward": ["cotangent"],
        "cotangents": ["tanh′", "what comes back is added"],
        "difference": ["only in the first", "only in the second"],
    }.items(),
)
def test_every_view_is_a_page_whose_text_says_what_it_is(finished, view, words):
    (page,) = PdfReader(finished[0] / f"lstm-{view}.pdf").pages
    text = unicodedata.normalize("NFKC", page.extract_text())  # dot writes fi as one
    assert [word for word in words if word not in text] == []


def test_the_page_to_walk_through_has_the_lines_of_the_program(finished):
    page = (finished[0] / "lstm-explorer.html").read_text("utf-8")
    assert page.count("<article") == len(mg.Tape(one_forecast(model_like(), 2)))
    assert "recorded at cell.py:" in page
    assert "FAILED" not in page


def one_forecast(model, years):
    return loss_of_one(model, windows(*series()), years)


def test_a_large_model_is_held_by_every_view():
    model = Forecaster(60, windows(*series()).of_years(0, TRAINED_TO), rng=0)
    drawn = dict(pictures(model, one_forecast(model, 2)))
    assert all(isinstance(each, Drawing) for each in drawn.values())


def test_a_view_that_cannot_hold_the_model_says_so_and_costs_no_other(monkeypatch):
    monkeypatch.setattr("minigrad.drawing.neuron.neurons.MOST", 3)  # dots on a page
    model = Forecaster(8, windows(*series()).of_years(0, TRAINED_TO), rng=0)
    drawn = dict(pictures(model, one_forecast(model, 2)))
    assert drawn.keys() == VIEWS.keys()
    without = [view for view in drawn if not isinstance(drawn[view], Drawing)]
    assert without == ["neuron"]
    assert "more than 3 do not fit on a page" in " ".join(drawn["neuron"].split())


def test_the_plot_touches_nothing_global_and_is_reproducible():
    script = (
        "import sys, matplotlib, numpy as np\n"
        "from lstm.experiments.plots import forecast_plot\n"
        "settings = matplotlib.rcParams.copy()\n"
        "years = np.arange(1921, 2009)\n"
        "told = years, years % 11, {'AR': years % 12}, [(1921, 1955), (1956, 2008)]\n"
        "assert forecast_plot(*told) == forecast_plot(*told)\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "assert matplotlib.rcParams.copy() == settings\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_is_cheap(argument):
    script = (
        "import sys\n"
        "from lstm.__main__ import main\n"
        "try: main([sys.argv[1]])\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = {'sympy', 'matplotlib', 'graphviz', 'tqdm'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run(
        [sys.executable, "-c", script, argument], check=True, stdout=subprocess.DEVNULL
    )


@pytest.mark.parametrize(
    "arguments",
    [["--epochs", "0"], ["--hidden", "-1"], ["--seed", "1.5"], ["--nonsense"]],
    ids=" ".join,
)
def test_a_command_that_is_not_understood_ends_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert arguments[0] in capsys.readouterr().err


def test_an_unwritable_folder_is_one_sentence_and_ends_with_1(tmp_path, capsys):
    file = tmp_path / "file"
    file.write_text("mine", "utf-8")
    assert main(["--out", str(file / "out"), *QUICK]) == 1
    said = capsys.readouterr().err
    assert str(file) in said and "Traceback" not in said and said.count("\n") == 1
    assert file.read_text("utf-8") == "mine"


@pytest.mark.slow
def test_a_failed_proof_ends_with_1_and_changes_no_other_file(
    finished, tmp_path, capsys, monkeypatch
):
    from minigrad.primitive import TABLE

    def wrong_but_for_floats(y, a):
        floats = isinstance(a, np.ndarray) and a.dtype.kind == "f"
        return y * (1 - y) if floats else y

    for rules in ("partials", "rules"):
        monkeypatch.setattr(TABLE["sigmoid"], rules, (wrong_but_for_floats,))
    assert main(["--out", str(tmp_path), *QUICK]) == 1
    printed = capsys.readouterr()
    assert "NOT proved" in printed.err and "sigmoid" in printed.err
    assert "NOT derived" in printed.err
    assert {path.name for path in tmp_path.iterdir()} == {
        name
        for name in FILES
        if not name.startswith(("certificate", "derivation", "lstm.proof"))
    }
    for name in ("forecast.png", "lstm.npz", "lstm-op.svg", "lstm-op.pdf"):
        assert (tmp_path / name).read_bytes() == (finished[0] / name).read_bytes(), name


def _hear_ctrl_c():
    """Undo what a shell does to its background jobs: they are deaf to Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.slow
def test_interrupted_at_any_stage_nothing_is_left_half_written(tmp_path):
    for stage in ("seed 0", "wrote", "proved"):
        folder = tmp_path / stage.replace(" ", "-")
        process = subprocess.Popen(
            [
                sys.executable,
                "-u",
                "-m",
                "lstm",
                "--out",
                str(folder),
                "--epochs",
                "10",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=_hear_ctrl_c,
        )
        for line in process.stdout:
            if line.startswith(stage):
                os.killpg(process.pid, signal.SIGINT)
                break
        _, said = process.communicate(timeout=60)
        assert process.returncode == 130, said
        assert said.strip() == "Interrupted; the files written so far are whole."
        assert {path.name for path in folder.iterdir()} <= FILES


def test_an_interrupted_write_keeps_the_old_file(tmp_path, monkeypatch):
    from minigrad import files

    old = tmp_path / "lstm.npz"
    old.write_bytes(b"old")

    def interrupted(source, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model_like().save(old)
    assert old.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [old]


def test_a_reader_who_has_seen_enough_is_not_an_error_of_the_disk(tmp_path):
    command = [sys.executable, "-m", "lstm", "--out", str(tmp_path), *QUICK]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as job:
        job.stdout.readline()
        job.stdout.close()
        said = job.stderr.read()
    assert job.returncode == 1
    assert "cannot write" not in said and "Traceback" not in said
