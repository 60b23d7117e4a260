"""`mg.derive`: the equations of a gradient, as a teacher writes them.

formula.py       what stands on one side of an equation    evaluating.py, moving.py
transcribe.py    from records to formulas         letters.py   what values are called
blackboard.py    forward lines, backward lines    through_time.py, equations.py
abbreviations.py letters without an entry         decimals.py  how numbers are written
conventions.py   what is said below equations
checking.py      each line against the tape       derivation.py, what the user holds
typeset.py, formula_styles.py  the writer, its tables  page.py, pdf_pages.py
scalar.py        every entry written out          expression_size.py: how long that is
"""
