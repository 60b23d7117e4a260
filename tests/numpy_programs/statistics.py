"""Likelihoods, filters and fits as statisticians and engineers write them."""

import numpy as np

from numpy_programs import number, positive, program, some


@program(some(3), some(3))
def cosine_similarity(a, b):
    """Retrieval: the cosine of two vectors."""
    return np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))


@program(some(3, 2), some(4, 2))
def pairwise_squared_distances(X, Y):
    """Nearest neighbours without loops: (a - b)^2 expanded."""
    xx = np.sum(X**2, axis=1, keepdims=True)
    yy = np.sum(Y**2, axis=1)
    return xx + yy - 2 * np.dot(X, Y.T)


@program(some(3, 2), some(2, 2))
def pairwise_distances(X, Y):
    """Nearest neighbours by a new axis and the norm."""
    return np.sqrt(((X[:, None, :] - Y[None, :, :]) ** 2).sum(-1))


@program(some(5, 2), some(2, 2))
def k_means_loss(X, centers):
    """Each point to its nearest center: the choice is argmin's."""
    d = np.linalg.norm(X[:, None] - centers[None], axis=2)
    labels = np.argmin(d, axis=1)
    return np.sum((X - centers[labels]) ** 2)


@program(some(3), number(0.2), some(5, 3), np.array([1, 0, 1, 1, 0]), 0.1, fixed=("X",))
def logistic_regression_nll(w, b, X, y, lam):
    """Logistic regression by logaddexp, with a ridge penalty."""
    z = X @ w + b
    return np.sum(np.logaddexp(0, z) - y * z) + 0.5 * lam * w @ w


@program(some(4), np.array([1.0, 0.0, 1.0, 1.0]), fixed=("y",))
def binary_cross_entropy(z, y):
    """Sigmoid, clipped away from 0 and 1, and the logarithms."""
    p = np.clip(1 / (1 + np.exp(-z)), 1e-12, 1 - 1e-12)
    return -(y * np.log(p) + (1 - y) * np.log1p(-p)).mean()


@program(some(4), some(2), some(2), some(2))
def gaussian_mixture_nll(x, means, log_sigmas, logits):
    """A mixture of Gaussians: log-sum-exp by hand over the components."""
    log_w = logits - np.log(np.sum(np.exp(logits)))
    z = (x[:, None] - means) / np.exp(log_sigmas)
    log_p = log_w - 0.5 * z**2 - log_sigmas - 0.5 * np.log(2 * np.pi)
    top = np.amax(log_p, axis=1, keepdims=True)
    return -np.sum(top[:, 0] + np.log(np.sum(np.exp(log_p - top), axis=1)))


@program(some(2), some(2, 2), some(2, 2), some(1, 2), positive(1, 1), some(1))
def kalman_step(x, root, F, H, R, z):
    """Predict and update, the gain by np.linalg.inv."""
    P = root @ root.T + np.eye(2)
    x = F @ x
    P = F @ P @ F.T + 0.1 * np.eye(2)
    y = z - H @ x
    S = H @ P @ H.T + R
    K = P @ H.T @ np.linalg.inv(S)
    x = x + K @ y
    P = (np.eye(2) - K @ H) @ P
    return x, P


@program(some(2), some(2, 2), some(3, 2), positive(2, 2))
def kalman_log_likelihood(x, F, zs, R):
    """A filter over a few measurements, by solve, with the likelihood of each."""
    P, R = np.eye(2), R @ R.T + np.eye(2)
    ll = 0.0
    for z in zs:
        x, P = F.dot(x), F.dot(P).dot(F.T) + 0.01 * np.eye(2)
        S = P + R
        r = z - x
        ll -= 0.5 * (r @ np.linalg.solve(S, r) + np.log(np.linalg.det(2 * np.pi * S)))
        K = np.linalg.solve(S.T, P.T).T
        x, P = x + K @ r, P - K @ P
    return ll


@program(some(3, 1), some(3), number(0.3), number(-0.2), number(-1.0))
def gp_nll_by_cholesky(X, y, log_length, log_signal, log_noise):
    """A Gaussian process: minus its marginal likelihood, by the Cholesky factor."""
    d2 = np.sum((X[:, None, :] - X[None, :, :]) ** 2, axis=-1)
    K = np.exp(2 * log_signal) * np.exp(-0.5 * d2 / np.exp(2 * log_length))
    K = K + np.exp(2 * log_noise) * np.eye(len(X))
    L = np.linalg.cholesky(K)
    alpha = np.linalg.solve(L.T, np.linalg.solve(L, y))
    return (
        0.5 * y.dot(alpha) + np.log(np.diag(L)).sum() + 0.5 * len(X) * np.log(2 * np.pi)
    )


@program(some(3), some(3), some(3, 3))
def multivariate_normal_logpdf(x, mu, root):
    """A log-density by slogdet and inv."""
    cov = root @ root.T + np.eye(3)
    _, logdet = np.linalg.slogdet(cov)
    d = x - mu
    return -0.5 * (len(x) * np.log(2 * np.pi) + logdet + d @ np.linalg.inv(cov) @ d)


@program(some(4, 2), some(4), number(0.5))
def ridge_by_solve(X, y, lam):
    """Ridge regression by the normal equations."""
    A = X.T @ X + lam * np.eye(X.shape[1])
    return np.linalg.solve(A, X.T @ y)


@program(some(4), some(4))
def polynomial_fit(x, y):
    """A parabola through points: np.vander and the normal equations."""
    V = np.vander(x, 3)
    coefficients = np.linalg.inv(V.T @ V) @ V.T @ y
    return np.sum((np.polyval(coefficients, x) - y) ** 2), coefficients


@program(some(5), some(5), fills="new")
def normal_equation(x, y):
    """A first course: columns of ones, x and x^2 by np.c_, and the normal equation."""
    X = np.c_[np.ones(len(x)), x, x**2]
    theta = np.linalg.inv(X.T.dot(X)).dot(X.T).dot(y)
    return theta, np.sum((X.dot(theta) - y) ** 2) / (2 * len(y))


@program(some(4), some(2), some(2), number(1.3))
def fourier_series_loss(t, a, b, period):
    """A seasonal curve: sines and cosines side by side."""
    k = np.arange(1, len(a) + 1)
    angle = 2 * np.pi * k * t[:, np.newaxis] / period
    curve = np.cos(angle) @ a + np.sin(angle) @ b
    return ((curve - t) ** 2).mean()


@program(some(5, 3))
def correlation_matrix(X):
    """Standardize columns, and correlate: by hand, with ddof, and by np.cov."""
    Z = (X - X.mean(0)) / X.std(0, ddof=1)
    return Z.T @ Z / (len(X) - 1), np.cov(X, rowvar=False)


@program(some(6))
def skewness_and_kurtosis(x):
    """Moments as textbooks define them."""
    d = x - np.mean(x)
    m2, m3, m4 = np.mean(d**2), np.mean(d**3), np.mean(d**4)
    return m3 / m2**1.5, m4 / m2**2 - 3


@program(some(5), np.array(0.3))
def robust_location(x, c):
    """Median, and the median absolute deviation, in a Cauchy likelihood."""
    m = np.median(x)
    mad = np.median(np.abs(x - m))
    return np.log1p(((x - m - c) / mad) ** 2).sum()


@program(positive(4), positive(4))
def kl_divergence(p, q):
    """Two histograms, normalized and compared."""
    p, q = p / np.sum(p), q / np.sum(q)
    return np.sum(np.where(p != 0, p * np.log(p / q), 0))


@program(positive(3, 3))
def pagerank(links):
    """PageRank: columns normalized, power iteration with a damping factor."""
    M = links / links.sum(axis=0)
    n = M.shape[0]
    v = np.ones(n) / n
    for _ in range(3):
        v = 0.85 * (M @ v) + 0.15 / n
    return v


@program(some(3, 3))
def power_iteration(A):
    """The largest eigenvalue of a symmetric matrix by a Rayleigh quotient."""
    S = A + A.T
    v = np.ones(3)
    for _ in range(2):
        v = S @ v
        v = v / np.linalg.norm(v)
    return v @ S @ v


@program(positive(2, 3), positive(2), positive(3), 0.5)
def sinkhorn_distance(C, a, b, eps):
    """Optimal transport: rows and columns scaled in turn."""
    a, b = a / a.sum(), b / b.sum()
    K = np.exp(-C / eps)
    u = np.ones(2)
    for _ in range(2):
        v = b / (K.T @ u)
        u = a / (K @ v)
    P = u[:, None] * K * v[None, :]
    return np.sum(P * C)


@program(some(3, 3), fills="new")
def gram_schmidt(A):
    """An orthonormal basis, column by column into Q; R beside it."""
    m, n = A.shape
    Q = np.zeros((m, n))
    R = np.zeros((n, n))
    for j in range(n):
        v = A[:, j]
        for i in range(j):
            R[i, j] = Q[:, i] @ A[:, j]
            v = v - R[i, j] * Q[:, i]
        R[j, j] = np.linalg.norm(v)
        Q[:, j] = v / R[j, j]
    return Q, R


@program(some(3, 2), fills="copies")
def householder(A):
    """Reflections that turn a matrix into R, in place."""
    R = A.copy()
    for k in range(2):
        x = R[k:, k].copy()
        x[0] += np.sign(x[0]) * np.linalg.norm(x)
        v = x / np.linalg.norm(x)
        R[k:, k:] -= 2.0 * np.outer(v, v @ R[k:, k:])
    return R


@program(some(3, 3), some(3), fills="copies")
def gaussian_elimination(A, b):
    """Linear equations by hand: eliminate rows in place, substitute backwards."""
    A, b = A.copy(), b.copy()
    n = len(b)
    for k in range(n - 1):
        for i in range(k + 1, n):
            m = A[i, k] / A[k, k]
            A[i, k:] -= m * A[k, k:]
            b[i] -= m * b[k]
    x = np.zeros_like(b)
    for i in range(n - 1, -1, -1):
        x[i] = (b[i] - A[i, i + 1 :] @ x[i + 1 :]) / A[i, i]
    return x


@program(some(3, 3), fills="new")
def cholesky_by_loops(root):
    """The Cholesky factor by its two formulas."""
    A = root @ root.T + np.eye(3)
    n = len(A)
    L = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            s = A[i, j] - np.sum(L[i, :j] * L[j, :j])
            L[i, j] = np.sqrt(s) if i == j else s / L[j, j]
    return L
