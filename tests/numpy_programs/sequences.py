"""Recurrent networks, attention and tables over time, as notebooks have them."""

import numpy as np

from numpy_programs import positive, program, some


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def rnn_step(x, prev_h, Wx, Wh, b):
    return np.tanh(x.dot(Wx) + prev_h.dot(Wh) + b)


@program(some(2, 3, 2), some(2, 2), some(2, 2), some(2, 2), some(2), fills="new")
def rnn_forward(x, h0, Wx, Wh, b):
    """Image captioning assignments: a recurrent network that fills h[:, t, :]."""
    N, T, _ = x.shape
    H = h0.shape[1]
    h = np.zeros((N, T, H))
    prev_h = h0
    for t in range(T):
        h[:, t, :] = rnn_step(x[:, t, :], prev_h, Wx, Wh, b)
        prev_h = h[:, t, :]
    return h


@program(some(2, 3), some(2, 2), some(2, 2), some(3, 8), some(2, 8), some(8))
def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    """An LSTM whose four gates are cut from one matrix product."""
    H = prev_h.shape[1]
    a = np.dot(x, Wx) + np.dot(prev_h, Wh) + b
    i = sigmoid(a[:, 0:H])
    f = sigmoid(a[:, H : 2 * H])
    o = sigmoid(a[:, 2 * H : 3 * H])
    g = np.tanh(a[:, 3 * H : 4 * H])
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    return next_h, next_c


@program(some(1, 3, 2), some(1, 2), some(2, 8), some(2, 8), some(8), fills="new")
def lstm_forward(x, h0, Wx, Wh, b):
    """The loop of that LSTM, which fills an array with its states."""
    N, T, _ = x.shape
    h = np.zeros((N, T, h0.shape[1]))
    prev_h, prev_c = h0, np.zeros(h0.shape)
    for t in range(T):
        prev_h, prev_c = lstm_step_forward(x[:, t], prev_h, prev_c, Wx, Wh, b)
        h[:, t, :] = prev_h
    return h


@program(some(2, 1), some(2, 1), some(2, 4), some(2, 1), some(3, 2), some(3, 1))
def lstm_textbook_step(x, h, Wf, bf, Wy, by):
    """Sequence-models courses: columns, [h, x] joined, one matrix for each gate."""
    concat = np.concatenate((h, x), axis=0)
    ft = sigmoid(np.dot(Wf, concat) + bf)
    ht = (1 - ft) * h + ft * np.tanh(np.dot(Wf, np.concatenate((ft * h, x))) + bf)
    z = np.dot(Wy, ht) + by
    return np.exp(z) / np.sum(np.exp(z), axis=0), ht


@program(
    [0, 2, 1],
    [2, 1, 0],
    some(2, 1),
    some(2, 3),
    some(2, 2),
    some(3, 2),
    some(2, 1),
    some(3, 1),
    jax=False,
)
def char_rnn_loss(inputs, targets, hprev, Wxh, Whh, Why, bh, by):
    """A character-level network: one-hot columns, and dictionaries over time."""
    xs, hs, ys, ps = {}, {}, {}, {}
    hs[-1] = np.copy(hprev)
    loss = 0
    for t in range(len(inputs)):
        xs[t] = np.zeros((3, 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t - 1]) + bh)
        ys[t] = np.dot(Why, hs[t]) + by
        ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]))
        loss += -np.log(ps[t][targets[t], 0])
    return loss, hs[len(inputs) - 1]


@program(some(4, 3), np.array([[0, 2, 2], [3, 0, 2]]))
def word_embedding(W, x):
    """Words looked up in a table; repeated words share a row."""
    return W[x]


@program(
    some(2, 3, 4),
    np.array([[0, 2, 2], [3, 0, 2]]),
    np.array([[1, 1, 0], [1, 1, 1]]) == 1,
)
def temporal_softmax_loss(x, y, mask):
    """Captions of several lengths: a softmax at each time, padding masked out."""
    N, T, V = x.shape
    flat = x.reshape(N * T, V)
    probs = np.exp(flat - np.max(flat, axis=1, keepdims=True))
    probs = probs / np.sum(probs, axis=1, keepdims=True)
    return (
        -np.sum(mask.reshape(N * T) * np.log(probs[np.arange(N * T), y.reshape(N * T)]))
        / N
    )


@program(some(3, 4), some(4, 12), some(12), some(4, 4), 2)
def causal_self_attention(x, w_qkv, b_qkv, w_out, heads):
    """GPT-2 in NumPy: split into q, k, v and heads, mask the future with -1e9."""
    qkv = x @ w_qkv + b_qkv
    q, k, v = np.split(qkv, 3, axis=-1)
    q, k, v = (np.split(each, heads, axis=-1) for each in (q, k, v))
    mask = (1 - np.tri(x.shape[0])) * -1e9
    out = [
        softmax(a @ b.T / np.sqrt(a.shape[-1]) + mask) @ c
        for a, b, c in zip(q, k, v, strict=True)
    ]
    return np.hstack(out) @ w_out


@program(some(2, 3, 4), some(4, 4), some(4, 4))
def attention_by_einsum(x, w_q, w_k):
    """Multi-head attention over a batch by einsum, heads on an axis of their own."""
    B, T, D = x.shape
    q = (x @ w_q).reshape(B, T, 2, D // 2).transpose(0, 2, 1, 3)
    k = np.swapaxes((x @ w_k).reshape(B, T, 2, D // 2), 1, 2)
    scores = np.einsum("bhid,bhjd->bhij", q, k) / np.sqrt(D // 2)
    weights = softmax(scores)
    return (
        np.einsum("bhij,bhjd->bhid", weights, k).transpose(0, 2, 1, 3).reshape(B, T, D)
    )


@program(positive(3), positive(3, 3), positive(3, 2), [0, 1, 1, 0], fills="new")
def hmm_forward(pi, A, B, observations):
    """A hidden Markov model: alpha filled row by row, and its log-likelihood."""
    T, N = len(observations), len(pi)
    alpha = np.zeros((T, N))
    alpha[0] = pi * B[:, observations[0]]
    for t in range(1, T):
        for j in range(N):
            alpha[t, j] = np.sum(alpha[t - 1] * A[:, j]) * B[j, observations[t]]
    return np.log(np.sum(alpha[-1]))


@program(some(2), some(2, 2), some(2, 3), [0, 2, 1], fills="new")
def viterbi_score(start, transitions, emissions, observations):
    """The score of the best path, filled by maxima: its gradient counts the path."""
    T, N = len(observations), len(start)
    delta = np.zeros((T, N))
    delta[0, :] = start + emissions[:, observations[0]]
    for t in range(1, T):
        for j in range(N):
            delta[t, j] = (
                np.max(delta[t - 1] + transitions[:, j]) + emissions[j, observations[t]]
            )
    return delta[T - 1].max()


@program(some(3), some(4), 0.5, fills="new")
def soft_dtw(x, y, gamma):
    """Differentiable time warping: the table D[i, j] by a soft minimum of three."""
    n, m = len(x), len(y)
    D = np.full((n + 1, m + 1), 1e6)
    D[0, 0] = 0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            cost = (x[i - 1] - y[j - 1]) ** 2
            r = np.array([D[i - 1, j], D[i, j - 1], D[i - 1, j - 1]])
            least = r.min()
            soft = least - gamma * np.log(np.sum(np.exp(-(r - least) / gamma)))
            D[i, j] = cost + soft
    return D[n, m]


@program(some(5), np.array(0.3), fills="copies")
def exponential_smoothing(x, alpha):
    """Forecasting: each smoothed value is written after the one before."""
    s = np.zeros_like(x)
    s[0] = x[0]
    for t in range(1, len(x)):
        s[t] = alpha * x[t] + (1 - alpha) * s[t - 1]
    return s


@program(some(6), 3)
def moving_average(a, n):
    """A moving average by differences of the cumulative sum."""
    ret = np.cumsum(a, axis=0)
    head, tail = ret[n - 1 : n], ret[n:] - ret[:-n]
    return np.concatenate([head, tail]) / n


@program(some(6), 3, fills="results")
def moving_average_in_place(a, n):
    """The same as it is often copied: differences are written into the sums."""
    ret = np.cumsum(a, dtype=float)
    ret[n:] = ret[n:] - ret[:-n]
    return ret[n - 1 :] / n


@program(some(6), some(3))
def smooth_by_convolve(signal, kernel):
    """A signal smoothed by np.convolve, the kernel normalized."""
    weights = np.exp(kernel) / np.exp(kernel).sum()
    return np.convolve(signal, weights, mode="same"), np.convolve(
        signal, weights, "valid"
    )


@program(positive(4), np.array(0.9))
def discounted_returns(rewards, gamma):
    """Reinforcement learning: returns from the last reward backwards, in a list."""
    running = 0
    returns = []
    for r in rewards[::-1]:
        running = r + gamma * running
        returns.insert(0, running)
    return np.stack(returns)


@program(positive(4), np.array(0.9), fills="copies")
def discount_rewards(r, gamma):
    """Pong from pixels: returns filled from behind, then standardized in place."""
    discounted = np.zeros_like(r)
    running = 0
    for t in reversed(range(0, r.size)):
        running = running * gamma + r[t]
        discounted[t] = running
    discounted -= np.mean(discounted)
    discounted /= np.std(discounted)
    return discounted


@program(some(4, 2), some(2, 3), some(3, 3), some(3), fills="new")
def rnn_outputs_in_a_list(X, Wx, Wh, b):
    """A time loop that appends to a list, and np.stack or np.array at its end."""
    h, states, norms = np.zeros(3), [], []
    for x in X:
        h = np.tanh(x @ Wx + h @ Wh + b)
        states.append(h)
        norms.append(np.sqrt(np.sum(h**2)))
    return np.stack(states), np.mean(np.array(norms) ** 2), np.max(norms)


@program(some(5), 2)
def autocorrelation(x, lag):
    """Time series: products of what is shifted against itself, by np.correlate too."""
    d = x - x.mean()
    by_hand = np.array([np.sum(d[k:] * d[: len(d) - k]) for k in range(lag + 1)])
    return by_hand / np.dot(d, d), np.correlate(d, d, "full")[len(d) - 1 :]


@program(some(4, 3), some(3), some(3, 2))
def numpy_style_gru(x, h, W):
    """A gated unit whose gates are vectors, states kept in a dictionary over time."""
    states = {0: h}
    for t, x_t in enumerate(x):
        z = 1.0 / (1.0 + np.exp(-(x_t * W[:, 0] + states[t])))
        states[t + 1] = (1 - z) * states[t] + z * np.tanh(x_t + W[:, 1] * states[t])
    return np.concatenate([states[t] for t in sorted(states)[1:]])
