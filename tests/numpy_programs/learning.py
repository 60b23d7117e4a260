"""Losses and objectives of machine learning, and what optimizers are tried on."""

import numpy as np

from numpy_programs import number, positive, program, some


@program(
    some(3, 2),
    np.array([0, 1, 1]),
    some(3),
    positive(3),
    fixed=("old_logp", "advantages"),
)
def ppo_surrogate(logits, actions, old_logp, advantages):
    """Policy gradients: the clipped ratio of probabilities, and an entropy bonus."""
    logp = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    ratio = np.exp(logp[np.arange(3), actions] - old_logp)
    clipped = np.clip(ratio, 0.8, 1.2) * advantages
    entropy = -(np.exp(logp) * logp).sum(-1)
    return -np.minimum(ratio * advantages, clipped).mean() - 0.01 * entropy.mean()


@program(
    some(2, 2), some(2, 2), some(2, 3), some(2, 3), some(2, 2), fixed=("x", "noise")
)
def vae_loss(mu, logvar, W, x, noise):
    """A variational autoencoder: sample by noise, reconstruct, and penalize by KL."""
    z = mu + np.exp(0.5 * logvar) * noise
    x_hat = 1 / (1 + np.exp(-z @ W))
    recon = np.sum((x - x_hat) ** 2)
    kl = -0.5 * np.sum(1 + logvar - mu**2 - np.exp(logvar))
    return recon + kl


@program(some(3, 2), some(3, 2), number(0.5))
def contrastive_loss(a, b, temperature):
    """InfoNCE: rows of two batches belong together, all others do not."""
    a = a / np.linalg.norm(a, axis=1, keepdims=True)
    b = b / np.linalg.norm(b, axis=1, keepdims=True)
    logits = a @ b.T / temperature
    logits = logits - logits.max(axis=1, keepdims=True)
    log_p = logits - np.log(np.sum(np.exp(logits), axis=1, keepdims=True))
    return -np.mean(np.diag(log_p))


@program(some(3), some(3), some(3))
def triplet_loss(anchor, positive_one, negative_one):
    """Metric learning: nearer to one than to the other by a margin."""
    near = np.sum((anchor - positive_one) ** 2)
    far = np.sum((anchor - negative_one) ** 2)
    return np.maximum(near - far + 20.0, 0.0)


@program(np.array([0.1, 0.2, 1.4, 1.6]), np.array([0.5, 0.3, 1.7, 1.2]))
def box_iou(a, b):
    """Detection: the overlap of two boxes by maximum, minimum and clip."""
    x1, y1 = np.maximum(a[0], b[0]), np.maximum(a[1], b[1])
    x2, y2 = np.minimum(a[2], b[2]), np.minimum(a[3], b[3])
    inter = np.clip(x2 - x1, 0, None) * np.clip(y2 - y1, 0, None)
    area_a = (a[2] - a[0]) * (a[3] - a[1])
    area_b = (b[2] - b[0]) * (b[3] - b[1])
    return inter / (area_a + area_b - inter)


@program(some(4), np.array([1, 0, 1, 0]))
def focal_loss(z, y):
    """Detection: easy examples count less."""
    p = 1 / (1 + np.exp(-z))
    pt = np.where(y == 1, p, 1 - p)
    return np.mean(-0.25 * (1 - pt) ** 2 * np.log(pt))


@program(some(5), some(5))
def huber_loss(y, prediction):
    """Quadratic near zero, straight far away."""
    r = np.abs(y - prediction)
    return np.where(r <= 1.0, 0.5 * r**2, r - 0.5).sum()


@program(some(5), number(0.2), 0.9)
def pinball_loss(y, q, tau):
    """Quantile regression."""
    d = y - q
    return np.mean(np.maximum(tau * d, (tau - 1) * d))


@program(some(4))
def rosenbrock(x):
    """The valley that optimizers are tried on."""
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2.0) ** 2.0 + (1 - x[:-1]) ** 2.0)


@program(some(3), fills="new")
def rosenbrock_of_a_library(x, a=1.0, b=100.0):
    """Libraries: what comes in is made an array first, whatever it was."""
    x = np.asarray(x, dtype=float)
    left, right = x[:-1], x[1:]
    return np.sum(b * (right - left**2) ** 2 + (a - left) ** 2, axis=0)


@program(some(2))
def himmelblau(p):
    """Four minima; the point is unpacked."""
    x, y = p
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


@program(some(3))
def ackley(x):
    """Many minima; a root of a mean in an exponential."""
    a = -20.0 * np.exp(-0.2 * np.sqrt(np.mean(x**2)))
    return a - np.exp(np.mean(np.cos(2.0 * np.pi * x))) + np.e + 20.0


@program(some(4))
def rastrigin(x):
    """Many minima, on a lattice."""
    return 10 * len(x) + sum(x**2 - 10 * np.cos(2 * np.pi * x))


@program(some(3), 0.1)
def gradient_descent_unrolled(x, lr):
    """Learning to learn: three steps of descent whose gradient is written out."""
    target = np.linspace(-1, 1, 3)
    w = np.zeros(3)
    for _ in range(3):
        w = w - lr * 2 * (w - target) * np.exp(x)
    return ((w - target) ** 2).sum()


@program(some(2, 3), some(3, 2), np.array([[1.0, 0.0], [0.0, 1.0]]), fixed=("mask",))
def matrix_factorization(U, V, mask):
    """Recommendation: only ratings that are there count."""
    R = np.arange(4.0).reshape(2, 2)
    error = mask * (R - U @ V)
    return np.sum(error**2) / np.count_nonzero(mask) + 0.1 * (
        np.sum(U**2) + np.sum(V**2)
    )


@program(some(3, 3), np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]), some(3, 2))
def graph_convolution(X, A, W):
    """A layer on a graph: the adjacency with loops, normalized by degrees."""
    A_hat = A + np.eye(3)
    D = np.diag(A_hat.sum(axis=1) ** -0.5)
    return np.maximum(D @ A_hat @ D @ X @ W, 0)


@program(some(3, 2), some(4, 2), number(0.7))
def rbf_kernel_mmd(X, Y, gamma):
    """Two samples compared by a kernel."""

    def k(a, b):
        return np.exp(-gamma * ((a[:, None] - b) ** 2).sum(-1)).mean()

    return k(X, X) + k(Y, Y) - 2 * k(X, Y)


@program(some(3, 2), some(4, 2))
def chamfer_distance(P, Q):
    """Two clouds of points: each to the nearest of the other."""
    d = np.sum((P[:, None] - Q[None]) ** 2, axis=-1)
    return np.min(d, axis=1).mean() + d.min(axis=0).mean()


@program(some(4), some(4), some(4))
def ranknet_and_order(scores, x, w):
    """Ranking: sorted scores, weighted by position."""
    order = np.argsort(-scores)
    gains = x[order] / np.log2(np.arange(4) + 2)
    return gains.sum() + np.sort(scores) @ w


@program(some(3, 3), number(0.3))
def total_variation(image, eps):
    """Denoising: neighbours' differences by np.diff, smoothed at zero."""
    dx = np.diff(image, axis=0)[:, :-1]
    dy = np.diff(image, axis=1)[:-1, :]
    return np.sum(np.sqrt(dx**2 + dy**2 + eps**2))


@program(some(3, 2), some(2, 2), np.array([[0, 1], [1, 2], [2, 1]]), fills="new")
def message_passing(nodes, W, edges):
    """A graph network: messages along edges, added where they arrive by np.add.at."""
    source, target = edges[:, 0], edges[:, 1]
    messages = np.tanh(nodes[source] @ W)
    received = np.zeros(nodes.shape)
    np.add.at(received, target, messages)
    return nodes + received


@program(some(5), np.array([0, 2, 0, 2, 1]))
def within_group_variance(x, groups):
    """Means of groups by np.bincount, and the squared distances from them."""
    means = np.bincount(groups, weights=x) / np.bincount(groups)
    return np.bincount(groups, weights=(x - means[groups]) ** 2) / np.bincount(groups)


class TwoLayers:
    """What courses write as a class: parameters in a dictionary, a cache, a loss."""

    def __init__(self, W1, b1, W2, b2):
        self.params = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}

    def forward(self, X):
        p = self.params
        hidden = np.maximum(X.dot(p["W1"]) + p["b1"], 0.0)
        self.cache = X, hidden
        return hidden.dot(p["W2"]) + p["b2"]

    def loss(self, X, y, reg=0.1):
        scores = self.forward(X)
        exp_scores = np.exp(scores - np.max(scores, axis=1, keepdims=True))
        probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
        loss = np.sum(-np.log(probs[np.arange(len(X)), y])) / len(X)
        for name in ("W1", "W2"):
            loss += 0.5 * reg * np.sum(self.params[name] * self.params[name])
        return loss


@program(some(3, 4), some(4), some(4, 2), some(2), some(2, 3), np.array([1, 0]))
def network_as_a_class(W1, b1, W2, b2, X, y):
    """Full-stack courses: a model with a dictionary of parameters, called by method."""
    return TwoLayers(W1, b1, W2, b2).loss(X, y)


@program(some(4), some(4, 2), some(2), positive(2))
def gradient_by_hand(y, X, w, step):
    """Optimization courses: AdaGrad in a loop, its gradient by hand, all on arrays."""
    cache = np.zeros(2)
    for _ in range(2):
        gradient = 2 * X.T @ (X @ w - y) / len(y)
        cache = cache + gradient**2
        w = w - step * gradient / (np.sqrt(cache) + 1e-8)
    return np.mean((X @ w - y) ** 2)
