# %% [markdown]
"""
# Train here, run elsewhere

An LSTM that was trained with this project, as a file of ONNX, which other programs run
without it; and the same weights for PyTorch and Keras, as plain arrays.
"""

# %%
from pathlib import Path

import numpy as np

import minigrad as mg
from lstm import LSTM, Stack
from lstm.exchange import from_onnx, read_onnx, to_keras, to_torch, write_onnx

# %% [markdown]
"""
The task is to say, at every step, whether the number of ones so far is odd. That takes
memory, and one bit of it is enough.
"""

# %%
rng = np.random.default_rng(0)


def parity(sequences, steps):
    x = rng.integers(0, 2, (sequences, steps, 1)).astype(float)
    return x, np.cumsum(x, axis=1) % 2


model = Stack(LSTM(1, 4, rng=3), mg.Dense(4, 1, mg.sigmoid, rng=3))
parameters = model.parameters()
optimizer = mg.Adam(parameters, learning_rate=0.05)
for update in range(1, 301):
    x, odd = parity(sequences=32, steps=8)
    y, _ = model(x)
    loss = mg.squared_error(y, odd)
    optimizer.step(mg.grad(loss, parameters))
    if update % 100 == 0:
        print(f"update {update}: loss {loss.item():.4f}")

x, odd = parity(sequences=50, steps=40)
y, _ = model(x)
print(f"right at {np.mean((y.data > 0.5) == odd):.1%} of the steps of longer sequences")

# %% [markdown]
"""
The conversions give arrays, under the names of the other framework. No number changes;
only their order does.
"""

# %%
recurrent = model.layers[0]
for name, array in to_torch(recurrent).items():
    print(f"torch.nn.LSTM  {name:13} {array.shape}")
for array in to_keras(recurrent):
    print(f"keras LSTM     {array.shape}")

# %% [markdown]
"""
A file needs the package `onnx`, and running it needs another program, here
`onnxruntime`. Where they are not installed, these steps say so and are left out.
"""


# %%
def installed(package):
    from importlib.util import find_spec

    if find_spec(package) is None:
        print(f"left out: the package {package} is not installed")
        return False
    return True


path = Path("out") / "parity.onnx"
if installed("onnx"):
    print("wrote", write_onnx(model, path))
    again = from_onnx(read_onnx(path))
    W, W_again = recurrent.cell.forget.W.data, again.cell.forget.W.data
    print("read back, rounded to float32 by", abs(W - W_again).max())

if installed("onnx") and installed("onnxruntime"):
    import onnxruntime

    session = onnxruntime.InferenceSession(path)
    (there,) = session.run(["y"], {"x": x.astype(np.float32)})
    print("onnxruntime differs by", abs(there - y.data).max())
