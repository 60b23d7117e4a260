# %% [markdown]
"""
# Break the gradient, watch the prover find it

Classic mistakes of those who write backpropagation by hand: a forgotten σ', `=`
for `+=`, a carry that is dropped. Each is made in the engine that trains, the gradient
of a small model is asked for, and four checkers say what they think of it.
"""

# %%
import minigrad as mg
from minigrad.console import table
from minigrad.mistakes import MISTAKES
from minigrad.mistakes.checkers import HEADER, cells, examined

# %% [markdown]
"""
First one of them at leisure. Inside the `with` block the row of σ has another
slope; the loss is that of an LSTM over four time steps.
"""

# %%
mistake = MISTAKES[1]
print(mistake)
with mistake.planted():
    loss, weights_and_inputs = mistake.model()
    try:
        mg.prove(loss, weights_and_inputs, seed=0)
    except mg.ProofFailed as failure:
        print(failure)

# %% [markdown]
"""
Outside the block the engine is as it was, and the same gradient is proved.
"""

# %%
print(mg.prove(*mistake.model(), seed=0).chance, "is log2 of the chance to be wrong")

# %% [markdown]
"""
Now all of them. Beside the prover stand finite differences at customary tolerances, for
*every* entry of the gradient; the chance that five entries drawn at random would show
the same; and the complex step of `mg.check_gradients`.
"""

# %%
verdicts = [(mistake, examined(mistake)) for mistake in MISTAKES]
print(table([HEADER, *(cells(*each) for each in verdicts)]))

# %% [markdown]
"""
Most are found by everybody who looks at every entry. What is small is not, however
surely it is wrong.
"""

# %%
named = sum(found.blame == mistake.blame for mistake, found in verdicts)
missed = [mistake.name for mistake, found in verdicts if not found.wrong]
print(f"{named} of {len(MISTAKES)} found and rightly named by the prover")
print(f"{len(missed)} not seen by finite differences:", *missed, sep="\n  ")
