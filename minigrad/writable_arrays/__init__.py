"""Arrays that can be written to: `out[0] = t` on the record, as NumPy's users write.

Tensors never change, so an array that can is another class, which gathers what was
written and becomes a Tensor when it is read. In the order of the argument:

    gathering.py   pieces that were written, and how they are read
    writable.py    the array that holds them
    writing.py     what NumPy's functions do with it
    creation.py    mg.zeros, mg.arange, ...: how one is made
    in_place.py    `t += s` of a Tensor: another Tensor, or a refusal
"""
