"""What the rows of the table compute, and what a reading must know of them besides.

scalar_functions.py   elementwise rows, where NumPy has no safe function
linear_maps.py        linear rows, and how cotangents go back through them
stacked.py            one call for many, and into an array that is there
onnx_forms.py         what a row is in ONNX
samples.py            arguments that a proof of a linear row tries
"""
