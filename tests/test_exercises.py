"""The ladder of exercises: right answers are accepted, and wrong ones are explained."""

import functools
import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from wrong_answers import ANEW, RIGHT, WRONG

import minigrad as mg
from minigrad.__main__ import main
from minigrad.exercising import Exercise
from minigrad.exercising.answer_notation import letter
from minigrad.exercising.answers import checked, exercise_of
from minigrad.exercising.by_tape import of_gradient
from minigrad.exercising.grading import Graded, grade, gradescope, report

FOLDER = Path(__file__).parents[1] / "examples" / "exercises"
EXERCISES = sorted(path.stem for path in FOLDER.glob("*.py"))
every_exercise = pytest.mark.parametrize("name", EXERCISES)


@functools.cache
def exercise(name):
    return exercise_of(FOLDER / f"{name}.py")


def solution_text(name):
    text = (FOLDER / "solutions" / f"{name}.py").read_text("utf-8")
    return text.partition("\nexercise = ")[0]


def answered(name, text, tmp_path):
    """Check an answer that is a file with this text."""
    path = tmp_path / f"{name}.py"
    path.write_text(text, "utf-8")
    return checked(exercise(name), path)


# ------------------------------------------------------------------------ the ladder


def test_there_are_enough():
    assert len(EXERCISES) >= 22
    assert sum("broken" in name for name in EXERCISES) == 6


@every_exercise
def test_the_solution_is_right(name):
    diagnosis = exercise(name).check(exercise(name).solution)
    assert diagnosis, str(diagnosis)
    assert "proved" in str(diagnosis) or name == "19_counting"


@every_exercise
def test_an_exercise_is_not_begun_before_anything_was_written(name):
    """Nor is the hunt for a bug: it is not given away, and counts nothing."""
    diagnosis = checked(exercise(name), FOLDER / f"{name}.py")
    assert diagnosis.state == "not begun"
    where = "the bug is still in it" if "broken" in name else "is not filled in"
    assert where in str(diagnosis)
    assert exercise(name).bug not in str(diagnosis).split("\n")
    (graded,) = [Graded(name, diagnosis, exercise(name))]
    assert graded.score() == 0
    assert graded.row() == (name, "0%", "not begun", "")


@pytest.mark.parametrize("name", [n for n in EXERCISES if "broken" in n])
def test_what_would_be_said_of_a_bug_is_proved(name, monkeypatch):
    monkeypatch.setattr(exercise(name), "bug", "")
    diagnosis = checked(exercise(name), FOLDER / f"{name}.py")
    assert diagnosis.state == "not yet"
    assert all(each.exact for each in diagnosis.findings)


@every_exercise
def test_a_file_says_what_it_needs_and_how_it_is_checked(name):
    text = (FOLDER / f"{name}.py").read_text("utf-8")
    title, *rest = text.splitlines()
    assert title.startswith(f'"""{int(name[:2])}. ')
    assert "\nNeeds: " in text
    assert f"minigrad check examples/exercises/{name}.py" in text
    assert len(rest) < 65


@every_exercise
def test_there_are_three_hints_shown_one_by_one(name, capsys):
    path = str(FOLDER / f"{name}.py")
    for k, hint in enumerate(exercise(name).hints, start=1):
        main(["check", path, "--hint", str(k)])
        shown = capsys.readouterr().out
        assert hint in shown
        assert sum(other in shown for other in exercise(name).hints) == 1
    assert k == 3
    main(["check", path, "--hint", "4"])
    assert "no more" in capsys.readouterr().out


@pytest.mark.parametrize("name", [n for n in EXERCISES if "broken" in n])
def test_a_broken_program_shows_its_bug_when_it_is_run(
    name, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")
    says = "d y / d b_f: [0. 0.]" if name == "20_broken_bias" else "different functions"
    assert says in " ".join(capsys.readouterr().out.split())


# ------------------------------------------------------------------- the diagnoses

CASES = [(name, *case) for name, cases in WRONG.items() for case in cases]


def test_there_are_enough_wrong_answers():
    assert len(CASES) >= 100


def answers_to(name):
    """Yield answers to an exercise as programs, and words of what each must be told."""
    text, function = solution_text(name), f"def {exercise(name).name}("
    head, _, solution = text.rpartition(function)
    for old, new, words in WRONG.get(name, ()):
        assert old in text
        yield f"{old} -> {new}", head + function + solution.replace(old, new), words
    for thought, (of, program, words) in ANEW.items():
        if of == name:
            yield thought, head + program, words
    for way, (of, program) in RIGHT.items():
        if of == name:
            yield way, head + program, "right: "


@every_exercise  # all answers to one in one test: they share its hundreds of slips
def test_an_answer_is_told_what_is_wrong_with_it(name, tmp_path):
    others = []
    for k, (answer, text, words) in enumerate(answers_to(name)):
        (tmp_path / str(k)).mkdir()
        diagnosis = answered(name, text, tmp_path / str(k))
        state = "right" if words == "right: " else "not yet"
        if diagnosis.state != state or words not in str(diagnosis):
            others.append(f"{answer}\n{diagnosis}")
    assert not others, "\n".join(others)


# ------------------------------------------------------------------ what may come up


def backward(y_bar, W, v):
    W_bar = np.outer(y_bar, v)
    v_bar = W.T @ y_bar
    return W_bar, v_bar


MATVEC = Exercise(backward, shapes={"y_bar": "m", "W": "m n", "v": "n"})


def test_each_output_is_diagnosed_by_itself():
    def both_wrong(y_bar, W, v):
        return -np.outer(y_bar, v), 2 * W.T @ y_bar

    said = str(MATVEC.check(both_wrong))
    assert "W̄: it has the wrong sign" in said
    assert "v̄: it is twice what it should be" in said


def test_two_slips_in_one_output_are_both_named():
    def right(y_bar, y, W):
        z_bar = y_bar * (1 - y**2)
        v_bar = W.T @ z_bar
        return v_bar

    def slipped(y_bar, y, W):
        return W @ (y_bar * (1 - y))

    exercise = Exercise(right, shapes={"y_bar": "m", "y": "m", "W": "m m"})
    said = str(exercise.check(slipped))
    assert "W is not transposed in your v̄" in said
    assert "y stands where y² belongs in your z̄" in said


def test_what_no_slip_explains_is_shown_where_it_first_differs_on_small_numbers():
    def strange(y_bar, W, v):
        W_bar = np.outer(np.sin(y_bar), v)
        return W_bar, W.T @ y_bar

    said = str(MATVEC.check(strange))
    assert "the first of your variables that differs is W̄: it is [[" in said
    assert "at v = [" in said
    assert "v̄: proved equal" in said


def test_an_answer_that_does_not_run_on_tensors_is_checked_in_floats_and_told_so():
    def by_floats(y_bar, W, v):
        return np.array([[float(a) * float(b) for b in v] for a in y_bar]), W.T @ y_bar

    diagnosis = MATVEC.check(by_floats)
    assert diagnosis
    assert "right in floats, at 2 random points" in str(diagnosis)


@pytest.mark.parametrize("read", [float, lambda entry: entry])
def test_nearly_right_is_not_right(read):
    """Neither where it runs on Tensors, nor in floats alone."""

    def nearly(y_bar, W, v):
        rows = [[read(a) * read(b) * 1.000001 for b in v] for a in y_bar]
        return np.array(rows), W.T @ y_bar

    assert not MATVEC.check(nearly)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda y_bar, W, v: np.outer(y_bar, v), "must return W̄, v̄, in this order"),
        (lambda y_bar, W, v: (..., W.T @ y_bar), "The gap, ..., is not filled in"),
        (lambda y_bar, W, v: None, "is not filled in"),
        (lambda y_bar, W: None, "TypeError"),
        (lambda y_bar, W, v: (W @ W @ W, v[7]), "it stops"),
        (lambda y_bar, W, v: (np.outer(y_bar, v), v[:1]), "has the shape"),
    ],
)
def test_what_is_no_answer_is_said_in_words(answer, says):
    diagnosis = MATVEC.check(answer)
    assert not diagnosis
    assert says in str(diagnosis)


def test_arguments_and_shapes_of_an_exercise_must_agree():
    with pytest.raises(TypeError, match="its arguments are y_bar, W, v"):
        Exercise(backward, shapes={"W": "m n", "v": "n"})


def test_the_solution_is_itself_again_after_all_slips():
    before = mg.prove_equal(MATVEC.solution, backward, (2,), (2, 3), (3,))
    with MATVEC.program.changed([]) as function:
        assert mg.prove_equal(function, backward, (2,), (2, 3), (3,))
    assert before


def test_names_are_written_as_on_the_blackboard():
    assert [*map(letter, ("c_tilde_bar", "sigmoid", "W_f", "alpha"))] == [
        "c̃̄",
        "σ",
        "W_f",
        "α",
    ]


# ---------------------------------------------------------------------- the command


def test_the_command_checks_one_file_in_words_and_many_in_a_table(capsys):
    one, other = (
        str(FOLDER / f"{name}.py") for name in ("01_neuron", "20_broken_bias")
    )
    assert main(["check", one]) == 1
    assert "01_neuron: not begun" in capsys.readouterr().out
    assert main(["check", one, other]) == 1
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows] == ["01_neuron", "20_broken_bias"]
    solutions = str(FOLDER / "solutions" / "01_neuron.py")
    assert main(["check", solutions, "--solution", solutions]) == 0
    assert "01_neuron: right: proved equal" in capsys.readouterr().out


def test_the_command_says_what_is_missing(tmp_path, capsys):
    alone = tmp_path / "alone.py"
    alone.write_text("def other(): ...", encoding="utf-8")
    for arguments, says in (
        ([str(alone)], "would hold the solution"),
        ([str(tmp_path / "none.py")], "none.py\n  why   there is no Python file of"),
        ([str(tmp_path)], "there is no Python file of this name, so no answer"),
        ([str(alone), "--solution", str(alone)], "one Exercise in a variable"),
        (
            [str(alone), "--solution", str(FOLDER / "solutions/08_matvec.py")],
            "has none",
        ),
    ):
        assert main(["check", *arguments]) == 1
        error = capsys.readouterr().err
        assert says in error
        assert "Traceback" not in error


def test_a_class_is_graded_even_if_a_file_cannot_be_run(tmp_path, capsys):
    """The solution is in a folder above; each answer is known by its own folder."""
    (tmp_path / "solutions").mkdir()
    right = (FOLDER / "solutions" / "08_matvec.py").read_text("utf-8")
    (tmp_path / "solutions" / "hw.py").write_text(right, "utf-8")
    texts = {"ada": right, "yves": "import no_such_module", "zoe": "def backward(:"}
    for who, text in texts.items():
        (tmp_path / who).mkdir()
        (tmp_path / who / "hw.py").write_text(text, "utf-8")
    files = [str(tmp_path / who / "hw.py") for who in texts]
    assert main(["check", *files, "--results", str(tmp_path / "results.json")]) == 1
    rows = capsys.readouterr().out.splitlines()[1:]
    assert [row.split()[:2] for row in rows] == [
        ["ada/hw", "100%"],
        ["yves/hw", "0%"],
        ["zoe/hw", "0%"],
    ]
    assert "ModuleNotFoundError: No module named" in rows[1]
    assert "SyntaxError" in rows[2]
    tests = json.loads((tmp_path / "results.json").read_text("utf-8"))["tests"]
    assert [test["score"] for test in tests] == [10, 0, 0]


def test_what_was_computed_instead_is_said_and_counts_nothing():
    answers = {"eve": lambda z_bar, W, v: (np.outer(z_bar, v), v**2)}
    (graded,) = grade(exercise("08_matvec"), answers)
    assert "v² stands where Wᵀ z̄ belongs in your v̄" in str(graded.diagnosis)
    assert graded.score() == 0.5


def test_the_command_writes_results_for_gradescope(tmp_path, capsys):
    path, answer = tmp_path / "results.json", tmp_path / "20_broken_bias.py"
    mended_wrongly = solution_text(answer.stem).replace("v + b_i", "v + b_f")
    answer.write_text(mended_wrongly, "utf-8")
    solution = str(FOLDER / "solutions" / answer.name)
    main(["check", str(answer), "--solution", solution, "--results", str(path)])
    (test,) = json.loads(path.read_text("utf-8"))["tests"]
    assert (test["name"], test["score"], test["max_score"]) == ("20_broken_bias", 5, 10)
    assert "your i has b_f where b_i belongs" in test["output"]


# ---------------------------------------------------------------------- for teachers


def gate(W, v, b):
    return mg.sigmoid(mg.matvec(W, v) + b)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda z, W, v: (np.outer(z, v), W.T @ z, z), "σ' forgotten: f = σ(z)"),
        (lambda z, W, v: (np.outer(z, v), W @ z, z), "the forgotten transpose"),
        (lambda z, W, v: (np.outer(v, z), W.T @ z, z), "W̄: it is transposed"),
        (lambda z, W, v: (np.outer(z, v), W.T @ z, -z), "b̄: it has the wrong sign"),
    ],
)
def test_the_forward_pass_alone_makes_an_exercise(answer, says):
    """Its answers are compared with what the tape gives, and with broken rules."""

    def backward(f_bar, W, v, b):
        f = gate(W, v, b)
        return answer(f_bar if "σ" in says else f_bar * f * (1 - f), W, v)

    shapes = {"f_bar": "m", "W": "m n", "v": "n", "b": "m"}
    exercise = of_gradient(gate, shapes, by=["W", "v", "b"])
    diagnosis = exercise.check(backward)
    assert says in str(diagnosis)
    assert all(each.exact for each in diagnosis.findings)
    assert exercise.check(exercise.solution)


def test_an_exercise_made_of_a_forward_pass_knows_the_classic_mistakes():
    """They are those that the prover is tried on."""

    def through_time(f, u, c):
        states = []
        for t in range(3):
            c = f[t] * c + u[t]
            states.append(c)
        return mg.stack(states)

    def backward(y_bar, f, u, c, carry=0):
        u_bar, c_bar = np.zeros_like(u), 0
        for t in (2, 1, 0):
            u_bar[t] = y_bar[t] + carry * c_bar
            c_bar = u_bar[t] * f[t]
        return u_bar

    shapes = {"y_bar": "3 m", "f": "3 m", "u": "3 m", "c": "m"}
    exercise = of_gradient(through_time, shapes, by=["u"])
    assert "the carry of c dropped" in str(exercise.check(backward))
    assert exercise.check(functools.partial(backward, carry=1))


def test_answers_are_graded_with_credit_for_a_single_slip():
    answers = {
        "ada": backward,
        "bob": lambda y_bar, W, v: (np.outer(v, y_bar), W.T @ y_bar),
        "eve": lambda y_bar, W, v: (np.sin(W), np.cos(v)),
    }
    graded = grade(MATVEC, answers)
    assert [each.score() for each in graded] == [1.0, 0.75, 0.0]
    assert [each.score({"transpose": 0.8}) for each in graded] == [1.0, 0.9, 0.0]
    lines = report(graded).splitlines()
    assert lines[2].split()[:2] == ["bob", "75%"]
    assert "transposed" in lines[2]
    scores = [test["score"] for test in gradescope(graded, points=4)["tests"]]
    assert scores == [4, 3, 0]
