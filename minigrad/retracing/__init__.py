"""A function is called again, to find what its tape cannot tell.

A number that left the tape, by float(t) or t.data, is a constant of the record. Who has
the function calls it again with other numbers, and compares. In the order of the
argument:

    run_once.py       running a function once, on Tensors of its own
    traces.py         what one call recorded, and how two differ
    retrace.py        two calls, and which constants moved
    numbers_left.py   what to say of a number that left
"""
