"""20. A broken LSTM: its forget gate will not learn to remember

One step of an LSTM, v = [x, y_prev], c = f ⊙ c_prev + i ⊙ c̃, y = o ⊙ tanh(c), as it
was published. Setting a large forget bias, as everybody advises, changes nothing.

The program has one bug. Find it, and mend it. Look: python FILE draws what ran. Which b
leads into which box? And what is the derivative of y by b_f?

Needs: exercise 11
Check: minigrad check examples/exercises/20_broken_bias.py    (a hint: --hint)
"""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def step(x, y_prev, c_prev, W, b_f, b_i, b_c, b_o):
    v = np.concatenate([x, y_prev])
    f = sigmoid(W[0] @ v + b_i)
    i = sigmoid(W[1] @ v + b_i)
    c_tilde = np.tanh(W[2] @ v + b_c)
    o = sigmoid(W[3] @ v + b_o)
    c = f * c_prev + i * c_tilde
    y = o * np.tanh(c)
    return y, c


if __name__ == "__main__":
    import minigrad as mg

    shapes = {"x": (3,), "y_prev": (2,), "c_prev": (2,), "W": (4, 2, 5)}
    shapes |= dict.fromkeys(("b_f", "b_i", "b_c", "b_o"), (2,))
    rng = np.random.default_rng(0)
    inputs = {k: mg.Tensor(rng.normal(size=s), name=k) for k, s in shapes.items()}
    y, c = step(**inputs)
    y.name, c.name = "y", "c"
    print("wrote", mg.draw([y, c], view="op").save("out/step.svg"))
    print("d y / d b_f:", mg.grad((y * y).sum(), inputs["b_f"]))
