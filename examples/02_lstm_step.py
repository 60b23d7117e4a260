# %% [markdown]
"""
# One step of an LSTM

One cell, one time step: its shapes, its state, its gradient, its picture.
"""

# %%
from pathlib import Path

import minigrad as mg
from lstm import LSTM, LSTMCell, State

cell = LSTMCell(n=3, m=2, rng=0)
x = mg.Tensor([1.0, 0.5, -1.0], name="x")

y, c = cell(x, State.zeros(2))
print("y =", y.data)
print("c =", c.data)

# %% [markdown]
"""
Is it a neuron or a layer? A layer of $m$ neurons, made of four dense sub-layers:
"""

# %%
LSTM(cell).explain()

# %% [markdown]
"""
How would the output move if a weight did? One gradient for each of the eight
Parameters, each in the shape of its Parameter.
"""

# %%
loss = (y * y).sum()
loss.name = "loss"
for name, g in mg.grad(loss, dict(cell.named_parameters())).items():
    print(f"{name:12} {g.shape!s:7} largest entry {abs(g).max():.4f}")

# %% [markdown]
"""
The forget gate gets nothing, and rightly so: it decides what to keep of $c_0$, and
$c_0$ is zero, so there was nothing to forget.

The picture is the tape. As a script, this writes it to `out/`.
"""

# %%
drawing = mg.draw([y, c])
print("wrote", drawing.save(Path("out") / "lstm-step.svg"))
drawing
