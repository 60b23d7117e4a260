"""Exercises that know what you forgot.

An answer is compared with the right program, exactly where it runs on Tensors. If it
differs, it is compared with every wrong program that a classic slip makes of the right
one: the slip that gives what was written is the diagnosis.

    slips             the classic slips, as a table of patterns
    patterns          what a pattern matches, and what is put in its place
    tree_places       where things stand in a program, and changes that can be undone
    mutations         every slip that a program admits, and what to say of it
    exercise          a right program, how it is called, and its hints; its wrong twins
    answer            one answer where it ran
    diagnosis         which slips explain an answer
    too_much          what it has too much; if nothing helps, where it differs
    by_tape           an exercise from the forward pass alone
    answers           the files of answers: `minigrad check`
    grading           many answers: a table, a score, pytest and Gradescope
    answer_notation   Python written as mathematics
"""

from minigrad.exercising.exercise import Exercise

__all__ = ["Exercise"]
