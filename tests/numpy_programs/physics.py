"""Simulations and equations as physicists and engineers write them."""

import numpy as np

from numpy_programs import number, positive, program, some


@program(some(3, 2), some(3, 2), positive(3), 0.01)
def n_body_step(pos, vel, mass, dt):
    """Gravity between all pairs by a new axis, and one leapfrog step."""
    delta = pos[None, :, :] - pos[:, None, :]
    r2 = (delta**2).sum(-1) + 0.1**2
    acc = (delta * (mass[None, :, None] * r2[:, :, None] ** -1.5)).sum(axis=1)
    vel = vel + dt * acc
    return pos + dt * vel, vel


@program(number(0.7), number(0.1), number(9.8), 0.1, 4, fills="new")
def pendulum(th0, om0, g, dt, n):
    """Computational physics: Euler's method fills th[k + 1] from th[k]."""
    th = np.zeros(n + 1)
    om = np.zeros(n + 1)
    th[0], om[0] = th0, om0
    for k in range(n):
        th[k + 1] = th[k] + dt * om[k]
        om[k + 1] = om[k] - dt * g * np.sin(th[k])
    return th, om


@program(some(2), positive(4), 0.1)
def lotka_volterra_rk4(y0, params, dt):
    """Predator and prey by the classical Runge-Kutta method."""

    def f(y):
        a, b, c, d = params
        return np.array([a * y[0] - b * y[0] * y[1], -c * y[1] + d * y[0] * y[1]])

    y = y0
    for _ in range(2):
        k1 = f(y)
        k2 = f(y + dt / 2 * k1)
        k3 = f(y + dt / 2 * k2)
        k4 = f(y + dt * k3)
        y = y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return y


@program(some(3), number(10.0), number(2.5), 0.01, fills="new")
def lorenz(state, sigma, rho, dt):
    """The Lorenz system: its path is an array, its slopes another."""
    path = np.empty((4, 3))
    path[0] = state
    for i in range(3):
        x, y, z = path[i]
        slope = np.array([sigma * (y - x), x * (rho - z) - y, x * y - 2.0 * z])
        path[i + 1] = path[i] + slope * dt
    return path[-1]


@program(some(6), number(0.2), fills="copies")
def heat_equation(u, alpha):
    """Diffusion: the inner points are updated in place from slices."""
    u = u.copy()
    for _ in range(3):
        u[1:-1] += alpha * (u[2:] - 2 * u[1:-1] + u[:-2])
    return u


@program(some(5), some(5), 0.3, fills="copies")
def wave_equation(u_prev, u, c2):
    """A string: three times levels, ends held fixed."""
    for _ in range(3):
        u_next = np.zeros_like(u)
        u_next[1:-1] = 2 * u[1:-1] - u_prev[1:-1] + c2 * (u[2:] - 2 * u[1:-1] + u[:-2])
        u_prev, u = u, u_next
    return u


@program(some(4, 4), fills="copies")
def laplace_relaxation(phi):
    """A potential in a box: Jacobi sweeps over slices of two axes."""
    phi = phi.copy()
    for _ in range(2):
        phi[1:-1, 1:-1] = 0.25 * (
            phi[2:, 1:-1] + phi[:-2, 1:-1] + phi[1:-1, 2:] + phi[1:-1, :-2]
        )
    return phi


@program(some(5), 0.1)
def burgers_by_roll(u, dt):
    """Periodic flow: neighbours by np.roll."""
    for _ in range(2):
        ux = (np.roll(u, -1) - np.roll(u, 1)) / 2
        uxx = np.roll(u, -1) - 2 * u + np.roll(u, 1)
        u = u - dt * u * ux + dt * 0.1 * uxx
    return u


@program(number(0.8), number(0.3))
def kepler(M, e):
    """Kepler's equation by Newton's method, and where the planet stands."""
    E = M
    for _ in range(4):
        E = E - (E - e * np.sin(E) - M) / (1 - e * np.cos(E))
    nu = 2 * np.arctan2(np.sqrt(1 + e) * np.sin(E / 2), np.sqrt(1 - e) * np.cos(E / 2))
    return 1 - e * np.cos(E), nu


@program(number(0.5), number(1.5), number(0.2), 0.1)
def pid_controller(kp, ki, kd, dt):
    """A controller and its plant in a loop; the error's integral is carried."""
    y, integral, previous, cost = 0.0, 0.0, 1.0, 0.0
    for _ in range(3):
        error = 1.0 - y
        integral += error * dt
        u = kp * error + ki * integral + kd * (error - previous) / dt
        previous = error
        y += dt * (-y + u)
        cost += error**2 * dt
    return cost


@program(some(2), number(0.4), 0.1)
def projectile_with_drag(v, k, dt):
    """A ball until it lands: the number of steps depends on the numbers."""
    pos = np.array([0.0, 1.0])
    v = np.abs(v)
    while pos[1] > 0:
        v = v + dt * (np.array([0.0, -9.8]) - k * np.linalg.norm(v) * v)
        pos = pos + dt * v
    return pos


@program(np.array([1.0, -1.0, 1.0]), some(3, 3), some(3), fixed=("s",))
def hopfield_energy(s, W, b):
    """Spins and their couplings: symmetric, without a diagonal."""
    J = (W + W.T) / 2
    J = J - np.diag(np.diag(J))
    return -0.5 * s @ J @ s - b @ s


@program(some(3, 3), number(0.4))
def ising_mean_field(m, J):
    """Magnetization of a lattice by rolled neighbours, in a few iterations."""
    for _ in range(2):
        field = (
            np.roll(m, 1, 0) + np.roll(m, -1, 0) + np.roll(m, 1, 1) + np.roll(m, -1, 1)
        )
        m = np.tanh(J * field)
    return -J * np.sum(m * (np.roll(m, 1, axis=0) + np.roll(m, 1, axis=1)))


@program(some(4, 3))
def lennard_jones(x):
    """Molecules: each pair once, by the upper triangle."""
    i, j = np.triu_indices(len(x), 1)
    r = np.linalg.norm(x[i] - x[j], axis=1)
    return np.sum(4 * (r**-12 - r**-6))


@program(positive(4), some(4))
def numerical_quadrature(x, y):
    """A trapezoidal rule by hand, a length of a curve by gradient."""
    x = np.cumsum(x)
    area = np.sum((y[1:] + y[:-1]) / 2 * np.diff(x))
    slope = np.gradient(y)
    return area, np.sum(np.sqrt(1 + slope**2))


@program(
    np.array([0.3, 1.2, 2.6]), np.array([0.0, 1.0, 2.0, 3.0]), some(4), fixed=("xp",)
)
def table_lookup(x, xp, fp):
    """A measured curve: straight lines between its points."""
    return np.interp(x, xp, fp)


@program(some(4), np.array(0.4))
def cubic_spline_segment(p, t):
    """A Catmull-Rom curve: powers of t times a matrix times points."""
    M = 0.5 * np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]])
    return np.stack([1 + 0 * t, t, t**2, t**3]) @ M @ p


@program(positive(2), number(1.1), number(0.05), number(0.3), number(0.7))
def black_scholes(S, K, r, sigma, T):
    """The price of an option; the normal distribution by a tanh that is near to it."""

    def cdf(x):
        return 0.5 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))

    d1 = (np.log(S / K) + (r + 0.5 * sigma**2) * T) / (sigma * np.sqrt(T))
    d2 = d1 - sigma * np.sqrt(T)
    return S * cdf(d1) - K * np.exp(-r * T) * cdf(d2)


@program(some(3), some(2), fills="new")
def neuron_leaky_integrate(current, weights, dt=0.1):
    """A membrane voltage, filled step by step, with a soft spike."""
    v = np.zeros(len(current) + 1)
    spikes = np.zeros(len(current))
    for t in range(len(current)):
        v[t + 1] = v[t] + dt * (-v[t] + weights[0] * current[t])
        spikes[t] = 1 / (1 + np.exp(-10 * (v[t + 1] - weights[1])))
    return spikes.sum(), v[-1]


@program(positive(3), 0.1, fills="new")
def sir_epidemic(p, dt):
    """Three arrays filled side by side."""
    n = 3
    S, I, R = np.zeros(n), np.zeros(n), np.zeros(n)  # noqa: E741
    S[0], I[0] = 1 - 0.1 * p[2], 0.1 * p[2]
    for t in range(n - 1):
        new = p[0] * S[t] * I[t] * dt
        gone = p[1] * I[t] * dt
        S[t + 1] = S[t] - new
        I[t + 1] = I[t] + new - gone
        R[t + 1] = R[t] + gone
    return np.max(I), R[-1]


@program(some(4), positive(3), fills="new")
def tridiagonal_hamiltonian(diagonal, hopping):
    """A chain of sites: a matrix filled along its diagonals, and an expectation."""
    n = len(diagonal)
    H = np.zeros((n, n))
    for i in range(n):
        H[i, i] = diagonal[i]
    for i in range(n - 1):
        H[i, i + 1] = H[i + 1, i] = -hopping[i]
    psi = np.sin(np.pi * np.arange(1, n + 1) / (n + 1))
    return psi @ H @ psi / (psi @ psi)
