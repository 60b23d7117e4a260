"""The same rings for whole arrays at once, so that large tapes are proved in seconds.

protocol.py       NumPy's names, translated into a dozen words
exact_array.py    what the engine runs on
field_array.py    residues modulo a prime; products of matrices by BLAS, exactly
bound_array.py    one size for a whole array
dual_array.py     values and tangents: the reference
large.py          the proof
"""
