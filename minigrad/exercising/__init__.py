"""Exercises that know what you forgot.

An answer is compared with the right program, exactly where it runs on Tensors. If it
differs, it is compared with every wrong program that a classic slip makes of the right
one: the slip that gives what was written is the diagnosis.

    slips      the classic slips, as a table of patterns
    patterns   what a pattern matches, and what is put in its place
    mutations  every slip that a program admits, and what to say of it
    exercise   a right program, how it is called, and its hints
    diagnosis  which slips explain an answer; if none, where it first differs
    grading    many answers: a table, a score, pytest and Gradescope
    notation   Python written as mathematics
"""

from minigrad.exercising.exercise import Exercise

__all__ = ["Exercise"]
