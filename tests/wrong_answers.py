"""Wrong answers to the exercises, as people give them, and what each must be told.

Each is a change to the solution, old -> new, and words that the diagnosis must contain.
"""

WRONG = {
    "01_neuron": [
        ("y_bar * y * (1 - y)", "y_bar * y", "your z̄ lacks the factor 1 − y"),
        ("y_bar * y * (1 - y)", "y_bar", "y ⊙ (1 − y), the slope of σ"),
        ("y_bar * y * (1 - y)", "y * (1 - y)", "your z̄ lacks the factor ȳ"),
        (
            "y_bar * y * (1 - y)",
            "y_bar * (1 - y**2)",
            "the slope of tanh, where that of σ",
        ),
        ("b_bar = z_bar", "b_bar = z_bar * b", "b̄: it has the factor b too much"),
        ("b_bar = z_bar", "b_bar = 1", "b̄: it is 1, whatever the numbers are"),
        ("z_bar * x", "z_bar * w", "w̄: it has w where x belongs"),
        ("sigmoid(w * x + b)", "w * x + b", "σ is missing"),
        ("(1 - y)", "(y - 1)", "the sign is wrong in your z̄: y − 1 for 1 − y"),
    ],
    "02_tanh": [
        ("1 - y**2", "1 - z**2", "z, the input of tanh, where its output y = tanh(z)"),
        ("1 - y**2", "1 - y", "y stands where y² belongs in your z̄"),
        ("(1 - y**2)", "y * (1 - y)", "the slope of σ, where that of tanh"),
        ("(1 - y**2)", "(1 - y**2) * (1 - y**2)", "has the factor 1 − y²"),
        ("z_bar * 2 * a", "z_bar * a", "ā: it lacks the factor 2"),
        ("z_bar * 2 * a", "z_bar * a**2", "z̄ ⊙ a² stands where z̄ ⊙ 2 ⊙ a belongs"),
        ("z_bar * 3", "z_bar * 3 * b", "b̄: it has the factor b too much"),
    ],
    "03_fan_out": [
        ("1 + d", "1", "your c̄ lacks the term d"),
        ("c_bar + d_bar * b", "d_bar * b", "ā: it lacks the term c̄"),
        ("c_bar + d_bar * b", "c_bar * d_bar * b", "c̄ ⊙ d̄ ⊙ b stands where c̄ + d̄ ⊙ b"),
        (
            "c_bar + d_bar * b",
            "c_bar + d_bar * a",
            "ā, in the term d̄ ⊙ b, has a where b",
        ),
    ],
    "04_backward": [
        ("+= bars", "= bars", "= stands where += belongs: your bars[argument] forgets"),
        ("reversed(range(len(EDGES)))", "range(len(EDGES))", "time runs forwards"),
        (" * slopes[k]", "", "your bars[argument] lacks the factor slopes[k]"),
        ("bars[result] *", "bars[argument] *", "has argument where result belongs"),
    ],
    "05_own_row": [
        ("s + y * (1 - s)", "s", "it lacks the term y ⊙ (1 − s)"),
        ("s + y * (1 - s)", "y * (1 - s)", "it lacks the term s"),
        (
            "y * (1 - s)",
            "a * (1 - s)",
            "in the term y ⊙ (1 − s), has a where y belongs",
        ),
        ("y * (1 - s)", "y * (s - 1)", "the sign is wrong"),
    ],
    "06_take": [
        ("np.add.at(W_bar, IDS, Y_bar)", "W_bar[IDS] += Y_bar", "adds once"),
        ("np.add.at(W_bar, IDS, Y_bar)", "W_bar[IDS] = Y_bar", "overwrites"),
    ],
    "07_broadcast": [
        (
            ".sum(axis=0)",
            "",
            "sum Σ(Z̄, axis=0) is missing in your b̄, over the examples",
        ),
        ("sum(axis=0)", "mean(axis=0)", "b̄: it takes the mean where the sum"),
        ("sum(axis=0)", "sum()", "must be taken over axis 0 alone"),
        (".sum(axis=0)", "[0]", "takes the first of Z̄ alone: the sum is missing"),
    ],
    "08_matvec": [
        (
            "np.outer(z_bar, v)",
            "np.outer(v, z_bar)",
            "W̄: it is transposed: v z̄ᵀ for z̄ vᵀ",
        ),
        ("W.T @", "W @", "v̄: W is not transposed in your v̄"),
        ("z_bar, v)", "z_bar, z_bar)", "W̄: it has z̄ where v belongs"),
    ],
    "09_dense_batch": [
        ("Z_bar.T @ X", "X.T @ Z_bar", "W̄: it is transposed"),
        ("Z_bar.T @ X", "Z_bar.T @ X / len(X)", "a factor 1/5: a mean against a sum?"),
        ("Z_bar @ W", "Z_bar @ W.T", "W must not be transposed in your X̄"),
        (" * (1 - Y**2)", "", "your Z̄ lacks the factor 1 − Y², the slope of tanh"),
        ("1 - Y**2", "(1 - Y)**2", "(1 − Y)² stands where 1 − Y² belongs"),
        (".sum(axis=0)", ".sum(axis=1)", "the axis is wrong in your b̄"),
    ],
    "10_gate": [
        ("v_bar[: len(x)]", "v_bar[len(x) :]", "v̄[len(x):] stands where v̄[:len(x)]"),
        ("W.T @", "W @", "W is not transposed in your v̄"),
        ("W.T @ z_bar", "W.T @ f_bar", "your v̄ has f̄ where z̄ belongs"),
    ],
    "11_lstm_step": [
        ("np.tanh(W[2]", "sigmoid(W[2]", "stands where tanh(W[2] v + b[2]) belongs"),
        ("b[1]", "b[0]", "b[0] stands where b[1] belongs in your i"),
        ("np.tanh(c)", "c", "c stands where tanh(c) belongs in your y"),
        ("[x, y_prev]", "[y_prev, x]", "x and y_prev have changed places in your v"),
        ("+ i * c_tilde", "+ (1 - f) * c_tilde", "has 1 − f where i belongs"),
        ("y = o * np.tanh(c)", "y = o * np.tanh(c_prev)", "y: it has c_prev where c"),
        ("* c_tilde", "* c_prev", "has c_prev where c̃ belongs"),
        ("return y, c", "return c, y", "y and c have changed places"),
    ],
    "12_cell_backward": [
        (
            " + c_bar_next",
            "",
            "your c̄ lacks the term c̄_next, the carry from the next step",
        ),
        (
            "+ c_bar_next",
            "+ c_bar_next * f",
            "c̄, in the term c̄_next, has the factor f too",
        ),
        ("y_bar * o * (1", "y_bar * (1", "lacks the factor o"),
        ("np.tanh(c) ** 2", "c**2", "c stands where tanh(c) belongs in your c̄"),
        (" * (1 - np.tanh(c) ** 2)", "", "1 − tanh²(c), the slope of tanh"),
        (
            "np.tanh(c) ** 2",
            "(o * np.tanh(c)) ** 2",
            "the factor o too much, at tanh(c)",
        ),
        ("c_bar * c_prev", "c_bar * c", "f̄: it has c where c_prev belongs"),
        (
            "c_bar * c_prev",
            "c_bar * c_prev * f * (1 - f)",
            "f ⊙ (1 − f), the slope of σ, too",
        ),
    ],
    "13_through_time": [
        ("f[t + 1]  #", "f[t]  #", "f[t] stands where f[t+1] belongs in your c̄[t]"),
        ("+= c_bar", "= c_bar", "= stands where += belongs: your c̄[t] forgets"),
        ("c_bar[t] * C[t]", "c_bar[t] * C[t + 1]", "C[t+1] stands where C[t] belongs"),
        ("reversed(range(len(u)))", "range(len(u))", "time runs forwards"),
        (
            "c_bar[t] += c_bar[t + 1] * f[t + 1]",
            "pass",
            "your c̄[t] lacks the term c̄[t+1] ⊙ f[t+1], the carry from the next step",
        ),
    ],
    "14_rnn": [
        ("W_bar +=", "W_bar =", "W̄: = stands where += belongs"),
        ("H[t + 1] **", "H[t] **", "H[t] stands where H[t+1] belongs in your z̄"),
        (
            "return W_bar",
            "return W_bar / len(x)",
            "W̄: it is right but for a factor 1/4",
        ),
        ("U.T @ z_bar", "U @ z_bar", "U is not transposed in your h̄"),
        (
            "g[t] + h_bar",
            "g[t]",
            "your h̄ lacks the term h̄, the carry from the next step",
        ),
    ],
    "15_gru": [
        ("(h - h_tilde)", "h", "your ū lacks the term h̃"),
        ("(h - h_tilde)", "(h_tilde - h)", "the sign is wrong in your ū"),
        ("+ s_bar * r ", "+ s_bar ", "in the term s̄ ⊙ r, lacks the factor r"),
        ("h_new_bar * u ", "h_new_bar * (1 - u) ", "1 − u"),
        ("r_bar = s_bar * h", "r_bar = s_bar * r", "your r̄ has r where h belongs"),
    ],
    "16_leak": [
        ("np.log(f / (1 - f))", "np.log(f)", "b: it is not divided by 1 − f"),
        ("0.5 ** (1 / k)", "0.5 ** k", "k stands where 1 / k belongs in your f"),
    ],
    "17_softmax": [
        (
            " / len(Z)",
            "",
            "it is not divided by len(Z), the loss is a mean over the batch",
        ),
        ("len(Z)", "Z.shape[1]", "Z.shape[1] stands where len(Z) belongs"),
        ("P - ONE_HOT", "ONE_HOT - P", "the sign is wrong in your Z̄"),
        ("P - ONE_HOT", "P * (1 - P)", "P ⊙ (1 − P) is the slope of σ"),
        ("axis=1", "axis=0", "the axis is wrong in your P"),
    ],
    "18_adam": [
        ("(1 - 0.9) * g", "g", "in the term (1 − 0.9) ⊙ g, lacks the factor 1 − 0.9"),
        ("g**2", "g", "g stands where g² belongs in your v"),
        (
            "m / (1 - 0.9**t)",
            "m",
            "your m_hat is not divided by 1 − 0.9^t, the correction",
        ),
        ("1 - 0.999) *", "1 - 0.9) *", "has 0.9 where 0.999 belongs"),
        ("(np.sqrt(v_hat) + 1e-8)", "np.sqrt(v_hat + 1e-8)", "nearly right, and yet"),
        ("w - lr", "w + lr", "the sign of lr ⊙ m_hat / (√(v_hat) + 1e-08) is wrong"),
        ("0.9**t", "0.9 ** (t - 1)", "0.9^(t − 1) stands where 0.9^t belongs"),
    ],
    "19_counting": [
        ("[0, 1, -1]", "[0, 1, 1]", "the minus before 1 is missing in your U"),
    ],
}

# Right answers, written in other ways: the solution's function anew.
RIGHT = {
    "the slope of σ by exponentials": (
        "01_neuron",
        """
def backward(y_bar, w, x, b):
    e = np.exp(-(w * x + b))
    z_bar = y_bar * e / (1 + e) ** 2
    return z_bar * x, z_bar * w, z_bar
""",
    ),
    "tanh by σ": (
        "02_tanh",
        """
def backward(y_bar, a, b):
    y = 2 / (1 + np.exp(-2 * (a * a + b + b + b))) - 1
    z_bar = (1 + y) * (1 - y) * y_bar
    return 2 * z_bar * a, 3 * z_bar
""",
    ),
    "a walk that gathers": (
        "04_backward",
        """
def backward(slopes):
    def bar(node):
        if node == 6:
            return 1.0
        uses = [k for k, (_, argument) in enumerate(EDGES) if argument == node]
        return sum(bar(EDGES[k][0]) * slopes[k] for k in uses)

    return bar(0), bar(1)
""",
    ),
    "an embedding by a product with one-hot rows": (
        "06_take",
        """
def backward(Y_bar):
    return np.eye(4)[IDS].T @ Y_bar
""",
    ),
    "a bias by a product with ones": (
        "07_broadcast",
        """
def backward(Z_bar, X, b):
    return Z_bar, np.ones(len(X)) @ Z_bar
""",
    ),
    "loops": (
        "08_matvec",
        """
def backward(z_bar, W, v):
    W_bar, v_bar = np.zeros_like(W), np.zeros_like(v)
    for i in range(len(W)):
        for j in range(len(v)):
            W_bar[i, j] = z_bar[i] * v[j]
            v_bar[j] += W[i, j] * z_bar[i]
    return W_bar, v_bar
""",
    ),
    "einsum": (
        "09_dense_batch",
        """
def backward(Y_bar, X, W, b):
    Z_bar = Y_bar / np.cosh(X @ W.T + b) ** 2
    W_bar = np.einsum("bm,bn->mn", Z_bar, X)
    return W_bar, np.einsum("bm->m", Z_bar), np.einsum("bm,mn->bn", Z_bar, W)
""",
    ),
    "fused gates": (
        "11_lstm_step",
        """
def step(W, b, x, y_prev, c_prev):
    z = np.reshape(W, (-1, W.shape[-1])) @ np.concatenate([x, y_prev]) + np.ravel(b)
    f, i, g, o = np.split(z, 4)
    c = sigmoid(f) * c_prev + sigmoid(i) * (2 * sigmoid(2 * g) - 1)
    return sigmoid(o) * np.tanh(c), c
""",
    ),
    "the forward pass differentiated by the engine": (
        "12_cell_backward",
        """
def backward(y_bar, c_bar_next, f, i, c_tilde, o, c_prev):
    import minigrad as mg

    def cell(f, i, c_tilde, o, c_prev):
        c = f * c_prev + i * c_tilde
        return (y_bar * o * np.tanh(c) + c_bar_next * c).sum()

    args = [mg.Tensor(each) for each in (f, i, c_tilde, o, c_prev)]
    return list(mg.vjp(cell, *args)[1](1.0))
""",
    ),
    "a carry in a variable": (
        "13_through_time",
        """
def backward(g, f, u, c_0):
    before = [c_0]
    for t in range(len(u) - 1):
        before.append(f[t] * before[t] + u[t])
    u_bar, carry = [None] * len(u), 0 * c_0
    for t in range(len(u) - 1, -1, -1):
        u_bar[t] = g[t] + carry
        carry = f[t] * u_bar[t]
    return np.stack(u_bar), np.stack(u_bar) * np.stack(before), carry
""",
    ),
    "softmax with its largest score taken off": (
        "17_softmax",
        """
def backward(Z):
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    Z_bar = E / E.sum(axis=1, keepdims=True)
    Z_bar[np.arange(5), CLASSES] -= 1
    return Z_bar / 5
""",
    ),
    "the other way to count": (
        "19_counting",
        """
def increments():
    return np.array([[2, -2, 0], [-1, 0, 1]])
""",
    ),
}
