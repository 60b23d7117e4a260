"""Layers of networks as course assignments have them."""

import numpy as np

from numpy_programs import positive, program, some


@program(some(3, 2, 2), some(4, 2), some(2))
def affine_forward(x, w, b):
    """The first assignment of every course: images are flattened, then x W + b."""
    n = x.shape[0]
    out = x.reshape(n, -1).dot(w) + b
    return out


@program(some(4, 3))
def relu_forward(x):
    """Assignments: ReLU by np.maximum."""
    return np.maximum(0, x)


@program(some(4, 3), np.array([0, 2, 1, 1]))
def softmax_loss(scores, y):
    """The loss of an image classifier: shift, exponentiate, normalize, pick labels."""
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    z = np.sum(np.exp(shifted), axis=1, keepdims=True)
    log_probs = shifted - np.log(z)
    n = scores.shape[0]
    return -np.sum(log_probs[np.arange(n), y]) / n


@program(some(3, 4), some(5, 3), np.array([0, 2, 1, 1, 0]), 0.1)
def softmax_regression_by_loops(W, X, y, reg):
    """A first assignment, the naive version: a loop over examples, one over classes."""
    loss = 0.0
    classes = W.shape[1]
    for i in range(X.shape[0]):
        scores = X[i].dot(W[:, :3])
        scores = scores - np.max(scores)
        total = 0.0
        for j in range(classes - 1):
            total += np.exp(scores[j])
        loss += -scores[y[i]] + np.log(total)
    loss /= X.shape[0]
    loss += reg * np.sum(W * W)
    return loss


@program(some(4, 3), np.array([0, 2, 1, 1]), fills="results")
def svm_loss(scores, y):
    """The multiclass hinge loss: margins, and zero written at the right class."""
    n = scores.shape[0]
    correct = scores[np.arange(n), y]
    margins = np.maximum(0, scores - correct[:, np.newaxis] + 1.0)
    margins[np.arange(n), y] = 0
    return np.sum(margins) / n


@program(some(4, 3), np.array([0, 2, 1, 1]), fills="copies")
def svm_loss_of_a_copy(scores, y):
    """The same, and what is written to is a copy."""
    n = scores.shape[0]
    correct = scores[np.arange(n), y]
    margins = np.maximum(0, scores - correct[:, np.newaxis] + 1.0).copy()
    margins[np.arange(n), y] = 0
    return np.sum(margins) / n


@program(some(4, 3), np.array([0, 2, 1, 1]))
def svm_loss_by_loops(scores, y):
    """The same, the naive version: every wrong class of every example."""
    loss = 0.0
    for i in range(scores.shape[0]):
        for j in range(scores.shape[1]):
            if j == y[i]:
                continue
            margin = scores[i, j] - scores[i, y[i]] + 1
            if margin > 0:
                loss += margin
    return loss / scores.shape[0]


@program(
    some(3, 4),
    some(4, 3),
    some(3),
    some(3, 2),
    some(2),
    np.array([0, 1, 1]),
    0.05,
    jax=False,
)
def two_layer_net(X, W1, b1, W2, b2, y, reg):
    """Fully connected, ReLU, fully connected, softmax, and a penalty on the weights."""
    hidden = np.maximum(0, X @ W1 + b1)
    scores = hidden @ W2 + b2
    scores -= scores.max(axis=1, keepdims=True)
    probs = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    data_loss = -np.log(probs[range(len(y)), y]).mean()
    return data_loss + reg * (np.sum(W1**2) + np.sum(W2**2))


@program(
    some(4, 3), some(3), some(3), 0.9, np.zeros(3), np.ones(3), fixed=("mean", "v")
)
def batchnorm_forward(x, gamma, beta, momentum, mean, v):
    """Batch normalization while training, with running averages."""
    mu = x.mean(axis=0)
    var = x.var(axis=0)
    std = np.sqrt(var + 1e-5)
    x_hat = (x - mu) / std
    out = gamma * x_hat + beta
    mean = momentum * mean + (1 - momentum) * mu
    v = momentum * v + (1 - momentum) * var
    return out, mean, v


@program(some(2, 4), some(4), some(4))
def layernorm_forward(x, gamma, beta):
    """Layer normalization, by transposing and normalizing over the first axis."""
    xt = x.T
    mu = np.mean(xt, axis=0)
    centered = xt - mu
    var = np.mean(centered**2, axis=0)
    x_hat = (centered / np.sqrt(var + 1e-5)).T
    return gamma * x_hat + beta


@program(
    some(3, 4),
    np.array([[1, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 1]]) / 0.7,
    fixed=("mask",),
)
def dropout_forward(x, mask):
    """Inverted dropout: the mask is drawn beforehand, and kept."""
    return x * mask


@program(some(1, 2, 3, 3), some(2, 2, 2, 2), some(2), 2, 1, fills="new")
def conv_forward_naive(x, w, b, stride, pad):
    """Convolution by four loops that fill the output, number by number."""
    N, _, H, W = x.shape
    F, _, HH, WW = w.shape
    H_out = 1 + (H + 2 * pad - HH) // stride
    W_out = 1 + (W + 2 * pad - WW) // stride
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
    out = np.zeros((N, F, H_out, W_out))
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    window = x_pad[
                        n, :, i * stride : i * stride + HH, j * stride : j * stride + WW
                    ]
                    out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    return out


@program(some(2, 2, 3, 3), some(2, 2, 2, 2), some(2))
def conv_forward_im2col(x, w, b):
    """Convolution as one matrix product: windows become columns by fancy indexing."""
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    H_out, W_out = H + 2 - HH + 1, W + 2 - WW + 1
    x_pad = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    i0 = np.tile(np.repeat(np.arange(HH), WW), C)
    j0 = np.tile(np.arange(WW), HH * C)
    i = i0.reshape(-1, 1) + np.repeat(np.arange(H_out), W_out).reshape(1, -1)
    j = j0.reshape(-1, 1) + np.tile(np.arange(W_out), H_out).reshape(1, -1)
    k = np.repeat(np.arange(C), HH * WW).reshape(-1, 1)
    cols = x_pad[:, k, i, j].transpose(1, 2, 0).reshape(C * HH * WW, -1)
    out = w.reshape(F, -1) @ cols + b.reshape(-1, 1)
    return out.reshape(F, H_out, W_out, N).transpose(3, 0, 1, 2)


@program(some(2, 4, 4), fills="new")
def max_pool_naive(x):
    """Max-pooling by loops that fill the output."""
    C, H, W = x.shape
    out = np.zeros((C, H // 2, W // 2))
    for i in range(H // 2):
        for j in range(W // 2):
            out[:, i, j] = np.max(
                x[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2], axis=(1, 2)
            )
    return out


@program(some(2, 4, 4))
def mean_pool_by_reshape(x):
    """Pooling by the trick of two more axes."""
    C, H, W = x.shape
    return x.reshape(C, H // 2, 2, W // 2, 2).mean(axis=(2, 4))


@program(some(5))
def gelu(x):
    """GPT-2 in NumPy: GELU by tanh."""
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


@program(some(2, 3), some(3), some(3))
def gpt_layer_norm(x, g, b, eps=1e-5):
    """GPT-2 in NumPy: layer norm over the last axis."""
    mean = np.mean(x, axis=-1, keepdims=True)
    variance = np.var(x, axis=-1, keepdims=True)
    return g * (x - mean) / np.sqrt(variance + eps) + b


@program(some(6), np.array([1, 0, 0, 1, 1, 0]))
def sigmoid_by_cases(x, y):
    """A numerically careful sigmoid, each sign by its own formula, and its loss."""
    p = np.where(
        x >= 0,
        1 / (1 + np.exp(-np.abs(x))),
        np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))),
    )
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


@program(some(4), fills="copies")
def leaky_relu_by_a_mask(x):
    """A leaky ReLU that multiplies what a mask chooses, in place."""
    out = x.copy()
    out[x < 0] *= 0.1
    return out


@program(positive(2, 3), some(4, 3), np.array([[0, 1], [3, 2]]))
def rms_norm_and_rope(gain, x, pairs):
    """Llama in NumPy: RMS norm, and positions turned in by complex-free rotations."""
    x = x * gain[0] / np.sqrt(np.mean(np.square(x), -1, keepdims=True) + 1e-6)
    angles = np.outer(np.arange(4), 10000.0 ** -np.arange(2))[:, :1]
    even, odd = x[:, 0:1], x[:, 1:2]
    turned = np.concatenate(
        [
            even * np.cos(angles) - odd * np.sin(angles),
            even * np.sin(angles) + odd * np.cos(angles),
        ],
        axis=-1,
    )
    return turned[pairs].sum(1) * gain[1, :2]
