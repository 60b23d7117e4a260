"""`mg.prove`: is the gradient that trains the derivative?

question.py      what is asked
proof.py         the levels, one after another
lemmas_used.py   slopes of real functions        rules.py   each application, alone
network.py       the whole tape                  rows.py    rules at other shapes
cells.py         one time step, written out      identity.py, local.py   <x_bar, v>
certificate.py   what was shown                  counterexample.py, report.py: what not
"""
