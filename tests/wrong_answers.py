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
        (
            "y * (1 - y)",
            "(w * x + b) * (1 - (w * x + b))",
            "w ⊙ x + b, the input of σ, where its output y = σ(w ⊙ x + b) belongs",
        ),
        ("z_bar * w", "y * (1 - y) * w", "x̄: it lacks the factor ȳ"),
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
        ("bars[argument] +=", "bars[result] +=", "has result where argument belongs"),
        (
            "bars[argument] += bars[result]",
            "bars[result] += bars[argument]",
            "argument and result are exchanged",
        ),
        ("result, argument =", "argument, result =", "have changed places"),
        (
            "+= bars",
            "*= bars",
            "*= stands where += belongs: contributions to your bars",
        ),
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
        ("y * (1 - s)", "s * (1 - s)", "has s where y belongs"),
    ],
    "06_take": [
        ("np.add.at(W_bar, IDS, Y_bar)", "W_bar[IDS] += Y_bar", "adds once"),
        ("np.add.at(W_bar, IDS, Y_bar)", "W_bar[IDS] = Y_bar", "overwrites"),
        (
            "np.add.at(W_bar, IDS, Y_bar)",
            "W_bar[:3] = Y_bar[IDS]",
            "row IDS[k] of Ȳ goes to row k of your W̄: the other way round",
        ),
        (
            "np.add.at(W_bar, IDS, Y_bar)",
            "W_bar[2], W_bar[0] = Y_bar[0], Y_bar[1]",
            "where an index comes twice, your W̄ gets only the first",
        ),
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
        ("Z_bar.sum", "(Z_bar * X).sum", "b̄: it has the factor X too much, at Z̄"),
        (".sum(axis=0)", ".sum(axis=0) * b", "b̄: it has the factor b too much"),
    ],
    "08_matvec": [
        (
            "np.outer(z_bar, v)",
            "np.outer(v, z_bar)",
            "W̄: it is transposed: v z̄ᵀ for z̄ vᵀ",
        ),
        ("W.T @", "W @", "v̄: W is not transposed in your v̄"),
        ("z_bar, v)", "z_bar, z_bar)", "W̄: it has z̄ where v belongs"),
        ("np.outer(z_bar, v)", "z_bar[:, None] + v", "z̄[:, None] + v stands where"),
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
        (
            "x_bar =",
            "W_bar[:, : len(x)] /= len(x)\n    x_bar =",
            "its columns 0, 1, 2 alone: they are right but for a factor 1/3: a mean",
        ),
        (
            "(z_bar, v)",
            "(z_bar, np.concatenate([x, 0 * y_prev]))",
            "wrong in its columns 3, 4 alone: they are 0",
        ),
        (
            "W_bar = np.outer(z_bar, v)",
            "W_bar = np.outer(z_bar, v)\n    W_bar[0] *= -1",
            "wrong in its row 0 alone: it is right but for a factor −1: the sign",
        ),
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
        (
            "np.tanh(W[2] @ v + b[2])\n    o = sigmoid(W[3] @ v + b[3])",
            "np.tanh(W[3] @ v + b[3])\n    o = sigmoid(W[2] @ v + b[2])",
            "the indices 2 and 3 are exchanged everywhere",
        ),
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
            "your h̄ lacks the term Uᵀ z̄, the carry from the next step",
        ),
    ],
    "15_gru": [
        ("(h - h_tilde)", "h", "your ū lacks the term h̃"),
        ("(h - h_tilde)", "(h_tilde - h)", "the sign is wrong in your ū"),
        ("+ s_bar * r ", "+ s_bar ", "in the term s̄ ⊙ r, lacks the factor r"),
        ("h_new_bar * u ", "h_new_bar * (1 - u) ", "1 − u"),
        ("r_bar = s_bar * h", "r_bar = s_bar * r", "your r̄ has r where h belongs"),
        (
            "+ Z.T @ (u_bar * u * (1 - u))  # the way through the update gate\n"
            "        + R.T @ (r_bar * r * (1 - r))",
            "",
            "h̄: it lacks the terms Zᵀ (ū ⊙ u ⊙ (1 − u)) and Rᵀ (r̄ ⊙ r ⊙ (1 − r))",
        ),
        (
            "H.T @ (h_tilde_bar * (1 - h_tilde**2))",
            "H.T @ h_new_bar * (1 - u) * (1 - h_tilde**2)",
            "belongs in your s̄: without brackets",
        ),
    ],
    "16_leak": [
        ("np.log(f / (1 - f))", "np.log(f)", "b: it is not divided by 1 − f"),
        ("0.5 ** (1 / k)", "0.5 ** k", "k stands where 1 / k belongs in your f"),
        ("0.5 ** (1 / k)", "0.5 / k", "0.5 / k stands where 0.5^(1 / k) belongs"),
        ("0.5 ** (1 / k)", "1 - 1 / k", "keeps about 1/e, and not one half"),
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
        ("P - ONE_HOT", "-ONE_HOT / P", "that is P̄, what comes back to the probab"),
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
        ("9**t", "9 * t", "0.9 t stands where 0.9^t belongs in your m_hat"),
    ],
    "19_counting": [
        ("[0, 1, -1]", "[0, 1, 1]", "the minus before 1 is missing in your U"),
        ("[[1, -1, 0], [0, 1, -1]]", "[[2, 2, -2]]", "as many c as a and b together"),
    ],
    "20_broken_bias": [
        ("v + b_i", "v + b_f", "your i has b_f where b_i belongs"),
        ("v + b_f", "v + b_f + b_i", "your f has the term b_i too much"),
    ],
    "21_broken_carry": [
        ("f[t + 1]  #", "f[t]  #", "f[t] stands where f[t+1] belongs in your c̄[t]"),
        (
            "f[t + 1]  #",
            "f[t + 1] * (1 - np.tanh(C[t + 1]) ** 2)  #",
            "the slope of tanh, on the term c̄[t+1] ⊙ f[t+1] too: it is of ȳ[t] ⊙ o[t]",
        ),
    ],
    "22_broken_slope": [
        ("np.tanh(C[t + 1])", "np.tanh(C[t])", "C[t] stands where C[t+1] belongs"),
    ],
    "23_broken_embedding": [
        ("W_bar[word] +=", "W_bar[k] +=", "your W̄[word] has k where word belongs"),
    ],
    "24_broken_softmax": [
        ("(P_bar * P).sum", "P_bar.sum", "it lacks the factor P"),
        ("(P_bar * P).sum(axis=1", "(P_bar * P).sum(axis=0", "the axis is wrong"),
    ],
    "25_broken_inputs": [
        ("U.T @", "U @", "U is not transposed in your h̄"),
        (
            "U.T @ z_bar",
            "U.T @ (g[t] * (1 - H[t + 1] ** 2))",
            "your h̄ has g[t] where h̄ belongs",
        ),
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

# Answers written anew, as people write them: what was thought, the exercise, the
# function, and words of the diagnosis.
ANEW = {
    "sech instead of sech^2": (
        "02_tanh",
        """
def backward(y_bar, a, b):
    z = a**2 + 3*b
    d = 1 / np.cosh(z)
    return y_bar * d * 2 * a, y_bar * d * 3
""",
        "the root of 1 − y²: it is not squared",
    ),
    "derivative of sigma only": (
        "05_own_row",
        """
def slope(a):
    s = mg.sigmoid(a)
    return s * (1 - s)
""",
        "is s ⊙ (1 − s)",
    ),
    "gradient placed by order, not by ids": (
        "06_take",
        """
def backward(Y_bar):
    W_bar = np.zeros((4, Y_bar.shape[1]))
    for k in range(3):
        W_bar[k] += Y_bar[k]
    return W_bar
""",
        "row k of Ȳ goes to row k of your W̄, and not to row IDS[k]",
    ),
    "averaged repeated rows": (
        "06_take",
        """
def backward(Y_bar):
    W_bar = np.zeros((4, Y_bar.shape[1]))
    for w in set(IDS.tolist()):
        W_bar[w] = Y_bar[IDS == w].mean(axis=0)
    return W_bar
""",
        "W̄ gets the mean, not the sum",
    ),
    "X_bar summed as well": (
        "07_broadcast",
        """
def backward(Z_bar, X, b):
    return Z_bar.sum(axis=0), Z_bar.sum(axis=0)
""",
        "X̄: it is summed over an axis: nothing must be summed",
    ),
    "v_bar row sums": (
        "08_matvec",
        """
def backward(z_bar, W, v):
    return np.outer(z_bar, v), W.sum(axis=0)
""",
        "v̄: it lacks the factor z̄",
    ),
    "mean over the batch in W_bar and b_bar": (
        "09_dense_batch",
        """
def backward(Y_bar, X, W, b):
    Y = np.tanh(X @ W.T + b)
    G = Y_bar * (1 - Y**2)
    return G.T @ X / len(X), G.mean(axis=0), G @ W
""",
        "W̄: it is right but for a factor 1/5",
    ),
    "first example only for W": (
        "09_dense_batch",
        """
def backward(Y_bar, X, W, b):
    Y = np.tanh(X @ W.T + b)
    G = Y_bar * (1 - Y**2)
    return np.outer(G[0], X[0]), G.sum(0), G @ W
""",
        "W̄: it takes the first row alone",
    ),
    "output gate squashed and c not": (
        "11_lstm_step",
        """
def step(W, b, x, y_prev, c_prev):
    v = np.concatenate([x, y_prev])
    f = sigmoid(W[0] @ v + b[0])
    i = sigmoid(W[1] @ v + b[1])
    g = np.tanh(W[2] @ v + b[2])
    o = sigmoid(W[3] @ v + b[3])
    c = f * c_prev + i * g
    y = np.tanh(o * c)
    return y, c
""",
        "tanh(o ⊙ c) for o ⊙ tanh(c): tanh must be of c alone",
    ),
    "tanh' of c gated twice: both parts": (
        "12_cell_backward",
        """
def backward(y_bar, c_bar_next, f, i, c_tilde, o, c_prev):
    c = f * c_prev + i * c_tilde
    t = np.tanh(c)
    dc = (c_bar_next + y_bar * o) * (1 - t * t)
    return dc * c_prev, dc * c_tilde, dc * i, y_bar * t, dc * f
""",
        "on the term c̄_next too: it is of ȳ ⊙ o alone",
    ),
    "carry added after the tanh slope": (
        "14_rnn",
        """
def backward(g, x, h_0, W, U):
    H = [h_0]
    for t in range(len(x)):
        H.append(np.tanh(W @ x[t] + U @ H[t]))
    Wb, Ub, xb, h = (np.zeros_like(each) for each in (W, U, x, h_0))
    for t in reversed(range(len(x))):
        z = g[t] * (1 - H[t + 1] ** 2) + h
        Wb += np.outer(z, x[t])
        Ub += np.outer(z, H[t])
        xb[t] = W.T @ z
        h = U.T @ z
    return Wb, Ub, xb
""",
        "the factor 1 − H[t+1]² on the term g[t] of h̄ alone",
    ),
    "update gate the other way round": (
        "15_gru",
        """
def backward(h_new_bar, h, R, Z, H):
    r, u = sigmoid(R @ h), sigmoid(Z @ h)
    n = np.tanh(H @ (r * h))
    du = h_new_bar * (n - h)
    dn = h_new_bar * u
    ds = H.T @ (dn * (1 - n**2))
    dr = ds * h
    through_u, through_r = Z.T @ (du * u * (1 - u)), R.T @ (dr * r * (1 - r))
    return h_new_bar * (1 - u) + ds * r + through_u + through_r
""",
        "u and 1 − u have changed places everywhere",
    ),
    "matrices not transposed": (
        "15_gru",
        """
def backward(h_new_bar, h, R, Z, H):
    r, u = sigmoid(R @ h), sigmoid(Z @ h)
    n = np.tanh(H @ (r * h))
    du = h_new_bar * (h - n)
    dn = h_new_bar * (1 - u)
    ds = H @ (dn * (1 - n**2))
    dr = ds * h
    return h_new_bar * u + ds * r + Z @ (du * u * (1 - u)) + R @ (dr * r * (1 - r))
""",
        "so in all 3 such places",
    ),
    "half life with e: exp(-1/k)": (
        "16_leak",
        """
def forget_bias(k):
    f = np.exp(-1 / k)
    return np.log(f / (1 - f))
""",
        "exp(−1 / k) stands where 0.5^(1 / k) belongs",
    ),
    "returns hats": (
        "18_adam",
        """
def step(w, g, m, v, t, lr):
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    mh, vh = m / (1 - 0.9**t), v / (1 - 0.999**t)
    return w - lr * mh / (np.sqrt(vh) + 1e-8), mh, vh
""",
        "v: it has v_hat where v belongs",
    ),
    "counts only a against b": (
        "19_counting",
        """
def increments():
    return np.array([[1, -1, 0], [0, 0, 0]])
""",
        "whatever its c",
    ),
    "derivative of a^2 taken as a, of 3b as 3b": (
        "02_tanh",
        """
def backward(y_bar, a, b):
    y = np.tanh(a**2 + 3 * b)
    d = (1 - y**2) * y_bar
    return d * a, d * 3 * b
""",
        "ā: it lacks the factor 2\n",
    ),
    "fancy += and transposed": (
        "06_take",
        """
def backward(Y_bar):
    W_bar = np.zeros((4, Y_bar.shape[1]))
    for k, i in enumerate(IDS):
        W_bar[i] = W_bar[i] + Y_bar[i]
    return W_bar
""",
        "and not row k",
    ),
    "max over batch": (
        "07_broadcast",
        """
def backward(Z_bar, X, b):
    return Z_bar, Z_bar.max(axis=0)
""",
        "takes the largest of Z̄ where the sum",
    ),
    "last example": (
        "07_broadcast",
        """
def backward(Z_bar, X, b):
    return Z_bar, Z_bar[-1]
""",
        "takes the last of Z̄ alone",
    ),
    "applied slope to X_bar again": (
        "09_dense_batch",
        """
def backward(Y_bar, X, W, b):
    Y = np.tanh(X @ W.T + b)
    G = Y_bar * (1 - Y**2)
    return G.T @ X, G.sum(0), (G @ W) * (1 - X**2)
""",
        "X̄: it has the factor 1 − X² too much",
    ),
    "log base 2 logit": (
        "16_leak",
        """
def forget_bias(k):
    f = 0.5 ** (1 / k)
    return np.log2(f / (1 - f))
""",
        "a logarithm to the base 2?",
    ),
    "softmax over log": (
        "17_softmax",
        """
def backward(Z):
    E = np.exp(Z)
    P = E / E.sum(axis=1, keepdims=True)
    return (np.log(P) - ONE_HOT) / len(Z)
""",
        "has log(P) where P belongs",
    ),
    "sum and not mean, opposite sign": (
        "17_softmax",
        """
def backward(Z):
    E = np.exp(Z)
    P = E / E.sum(axis=1, keepdims=True)
    return ONE_HOT - P
""",
        "with the wrong sign?",
    ),
    "bias corrections swapped": (
        "18_adam",
        """
def step(w, g, m, v, t, lr):
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    return w - lr * m / (1 - 0.999**t) / (np.sqrt(v / (1 - 0.9**t)) + 1e-8), m, v
""",
        "0.9 and 0.999 are exchanged in your m_hat and your v_hat",
    ),
    "splits at m, gives y first": (
        "10_gate",
        """
def backward(f_bar, W, b, x, y_prev):
    v = np.concatenate([y_prev, x])
    f = sigmoid(W @ v + b)
    d = f_bar * f * (1 - f)
    g = W.T @ d
    return np.outer(d, v), g[:len(y_prev)], g[len(y_prev):]
""",
        "x and y_prev have changed places in your v",
    ),
    "slope with z": (
        "14_rnn",
        """
def backward(g, x, h_0, W, U):
    H, Zs = [h_0], []
    for t in range(len(x)):
        Zs.append(W @ x[t] + U @ H[t])
        H.append(np.tanh(Zs[-1]))
    Wb, Ub, xb, h = np.zeros_like(W), np.zeros_like(U), np.zeros_like(x), 0 * h_0
    for t in reversed(range(len(x))):
        z = (g[t] + h) * (1 - Zs[t] ** 2)
        Wb += np.outer(z, x[t])
        Ub += np.outer(z, H[t])
        xb[t] = W.T @ z
        h = U.T @ z
    return Wb, Ub, xb
""",
        "the input of tanh, where its output H[t+1] belongs",
    ),
    "old m and v used": (
        "18_adam",
        """
def step(w, g, m, v, t, lr):
    mh = m / (1 - 0.9**t)
    vh = v / (1 - 0.999**t)
    w = w - lr * mh / (np.sqrt(vh) + 1e-8)
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    return w, m, v
""",
        "your v is renewed too late",
    ),
    "elementwise Y instead of slope": (
        "09_dense_batch",
        """
def backward(Y_bar, X, W, b):
    Y = np.tanh(X @ W.T + b)
    G = Y_bar * Y
    return G.T @ X, G.sum(axis=0), G @ W
""",
        "Y itself, where the slope of tanh",
    ),
    "forward order loop with carry": (
        "13_through_time",
        """
def backward(g, f, u, c_0):
    C = [c_0]
    for t in range(len(u)):
        C.append(f[t] * C[t] + u[t])
    ub, fb, cb = np.zeros_like(u), np.zeros_like(f), 0 * c_0
    for t in range(len(u)):
        ub[t] = g[t] + cb
        fb[t] = ub[t] * C[t]
        cb = ub[t] * f[t]
    return ub, fb, cb
""",
        "your loop over t runs forwards, and must run backwards",
    ),
}
