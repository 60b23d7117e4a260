# %% [markdown]
"""
# One neuron

A neuron $y = \\sigma(w x + b)$, its gradient, and the tape that the gradient was read
from. With the gradient, we teach the neuron to answer 1 for large inputs and 0 for
small ones.
"""

# %%
import numpy as np

import minigrad as mg

# %% [markdown]
"""
One input, one answer. The record of how it was computed is the tape.
"""

# %%
w = mg.Parameter(0.75, name="w")
b = mg.Parameter(-1.0, name="b")
x = mg.Tensor(2.0, name="x")

y = mg.sigmoid(w * x + b)
y.name = "y"

print(mg.Tape(y))
print("w_bar, b_bar =", *mg.grad(y, [w, b]))

# %% [markdown]
"""
Now a few inputs at once, and what the neuron should say. The loss is the mean squared
error; each step walks against its gradient.
"""

# %%
inputs = np.array([-2.0, -1.0, 0.5, 1.0, 3.0])
wanted = np.array([0.0, 0.0, 0.0, 1.0, 1.0])

for step in range(3001):
    loss = mg.squared_error(mg.sigmoid(w * inputs + b), wanted)
    if step % 1000 == 0:
        numbers = f"loss {loss.item():.4f}  w {w.item():6.3f}  b {b.item():6.3f}"
        print(f"step {step:4d}  {numbers}")
    w_bar, b_bar = mg.grad(loss, [w, b])
    w.data -= 2.0 * w_bar
    b.data -= 2.0 * b_bar

print("answers:", mg.sigmoid(w * inputs + b).data.round(2))
