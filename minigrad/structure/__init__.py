"""What is known of a tape's structure, for all who read it: pictures, equations, pages.

A tape is a list. A person sees a model in it: layers, time steps, gates. What is seen
is read here, from the rows that ran and from who reads whom, and is neither drawn nor
written: no file imports SymPy, Graphviz, or a picture. In the order of the argument:

    reading.py           a reading is made once, and kept with the tape
    consumers.py         who reads whom
    provenance.py        which entry of which value an entry is
    dependence.py        which entries an entry reads, through many steps
    decisions.py         how a mask was decided: relu
    parts.py             entries that are shown as one
    fused_subgraphs.py   several primitives as one: a layer norm
    sublayers.py         dense sub-layers, and all parts of a tape
    loops.py             what was recorded over and over
    repeats.py           time steps that did the same as the one before
    time_steps.py        what each time step reads, makes and hands on
    roles.py             what has the same role at every time step
    layers.py            recurrent layers side by side in time
"""
