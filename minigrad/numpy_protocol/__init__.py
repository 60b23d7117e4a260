"""How NumPy and the engine meet: what enters, and what NumPy asks of a Tensor.

arrays.py           the one gate through which arrays enter
array_like.py       what a user of NumPy expects of a Tensor
numpy_calls.py      what `np.f(t)` means: NumPy asks here
foreign_arrays.py   arrays of another library, in its own namespace
foreign_names.py    names from elsewhere, and what to write instead
"""
