"""What the numbers of a replayed tape may be, other than floats.

    domains.py       what elements of all rings share: functions, division, powers
    field.py         elements of a prime field
    duals.py         a number and its tangent, over any ring
    sizes.py         how large a polynomial can be: its degree and its height
    polynomials.py   polynomials with rational coefficients, written out
    keyed.py         a prime field in which equal arguments have equal functions
    expression.py    SymPy expressions

Functions that are not polynomials are independent variables: generators.py.
"""
