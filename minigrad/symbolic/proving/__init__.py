"""`mg.prove`: is the gradient that trains the derivative?

question.py     what is asked                   rows.py    linear rows, in integers
proof.py        the levels, one after another   local.py   each rule on the tape
identity.py     <gradient, v> = D_v loss        cells.py   one time step, written out
certificate.py  what was shown                  counterexamples.py, report.py: what not
"""
