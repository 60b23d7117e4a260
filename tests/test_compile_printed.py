"""What a person reads of a program: its lines, what its loops start with, the table."""

import re

import numpy as np
from compile_cases import b, normal
from test_compile_loops import running

import minigrad as mg


def test_what_a_loop_starts_with_is_written_above_it():
    step = mg.compile(lambda x: mg.grad((running(b, x) ** 2).sum(), b), normal(9, 4))
    lines = [line.strip() for line in str(step).splitlines()]
    forwards, backwards = (k for k, e in enumerate(lines) if e.startswith("for t"))
    assert lines[forwards - 1].endswith("[−1] = b")
    assert lines[backwards - 1].startswith("b_bar[T+1] = ")
    zeros = mg.compile(lambda x: running(np.zeros(4), x), normal(9, 4))
    assert re.search(r"\[0\] = zeros\(4\)\n    for t = 0", str(zeros))
    assert re.search(r"0\.5   t = 1, …, T\n", str(zeros))  # a line in it begins later


def test_the_times_of_a_loop_are_no_name_of_a_value():
    step = mg.compile(lambda t: running(t[0], t), normal(9, 4))
    assert "for s = " in str(step) and "[s−1]" in str(step)
    assert "for s = " in mg.draw(step).dot


def test_questions_are_written():
    asked = mg.compile(lambda x, n: x * int(n[0]) if x.sum() > 0 else x)
    asked(np.ones(3), np.array([4]))
    assert re.search(r"v\d+ must be True\n    int\(n\[0\]\) must be 4\n", str(asked))
    sized = mg.compile(lambda x: x[x > 0.5], np.ones(3))
    assert "must have the shape (3,)" in str(sized)


def test_a_long_program_without_a_loop_says_what_marks_one():
    def unmarked(x):
        y = b
        for t in range(60):
            y = mg.tanh(y * 0.5 + x[t])
        return y

    x = normal(60, 4)
    assert "mg.scope(t)" in mg.compile(unmarked, x).explain().splitlines()[-1]
    assert "mg.scope(t)" not in mg.compile(lambda x: running(b, x), x).explain()
    assert "mg.scope(t)" not in mg.compile(lambda x: mg.tanh(b + x), x).explain()


def test_calls_are_counted_alike_after_each_rewrite():
    step = mg.compile(lambda x: x[0] + x[1] + x[2] + x[3], normal(4, 3))
    assert {stage.calls for stage in step.program.stages} == {3}
    rows, _, below = step.explain().partition("as many calls and bytes after: ")
    assert "shared" in below and "shared" not in rows


def test_a_constant_is_written_as_what_it_is():
    w, unread = mg.Parameter(np.ones(3), "w"), mg.Parameter(np.ones(2), "unread")
    step = mg.compile(lambda x: mg.grad((x * w).sum(), [w, unread]), np.ones(3))
    assert str(step).endswith("return x, zeros(2)")
