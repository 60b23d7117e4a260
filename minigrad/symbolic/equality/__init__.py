"""`mg.prove_equal(f, g, *shapes)`: are two programs the same function?

proof.py            the question and its answer
keyed_replay.py     both tapes in a field where equal arguments have equal functions
certificate.py      what was shown
disproof.py         a difference in many digits, or what was only not shown
"""
