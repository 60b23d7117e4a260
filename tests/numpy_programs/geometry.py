"""Robots, cameras and rotations as engineers write them."""

import numpy as np

from numpy_programs import number, program, some


@program(some(2), some(2))
def robot_arm(angles, lengths):
    """Forward kinematics: a rotation matrix written out for each joint."""
    position, total = np.zeros(2), np.eye(2)
    for th, length in zip(angles, lengths, strict=True):
        c, s = np.cos(th), np.sin(th)
        total = total @ np.array([[c, -s], [s, c]])
        position = position + total @ np.array([length, 0])
    return position


@program(some(3), number(0.4))
def rodrigues(axis, angle):
    """A rotation from an axis and an angle, by the matrix of the cross product."""
    k = axis / np.linalg.norm(axis)
    K = np.array([[0, -k[2], k[1]], [k[2], 0, -k[0]], [-k[1], k[0], 0]])
    return np.eye(3) + np.sin(angle) * K + (1 - np.cos(angle)) * K @ K


@program(some(4), some(3))
def quaternion_rotation(q, v):
    """A vector turned by a quaternion, by two cross products."""
    q = q / np.sqrt(np.sum(q**2))
    w, u = q[0], q[1:]
    t = 2 * np.cross(u, v)
    return v + w * t + np.cross(u, t)


@program(some(3, 3), some(3, 3), some(3), number(1.4))
def pinhole_camera(points, root, t, focal):
    """Points in front of a camera, projected: divide by the depth."""
    cam = points @ root.T + t + np.array([0.0, 0.0, 9.0])
    uv = focal * cam[:, :2] / cam[:, 2:]
    return np.sum((uv - np.round(uv)) ** 2)


@program(some(3, 2))
def polygon_area(p):
    """The shoelace formula, corners rolled by one."""
    x, y = p[:, 0], p[:, 1]
    return 0.5 * np.abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))


@program(number(0.3), number(0.7), number(1.1), number(0.2))
def haversine(lat1, lon1, lat2, lon2):
    """The distance of two places on a sphere."""
    a = (
        np.sin((lat2 - lat1) / 2) ** 2
        + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * 6371 * np.arcsin(np.sqrt(a))


@program(some(3, 3))
def triangle_normals(v):
    """A triangle's normal, its area, and its angles' cosines."""
    a, b = v[1] - v[0], v[2] - v[0]
    n = np.cross(a, b)
    area = np.linalg.norm(n) / 2
    return n / (2 * area), area, np.vdot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))


@program(some(4, 2), fills="new")
def bezier_by_de_casteljau(points):
    """A curve by repeated interpolation, written over a copy of its points."""
    curve = np.zeros((3, 2))
    for i, t in enumerate(np.linspace(0.1, 0.9, 3)):
        p = points.copy()
        for k in range(1, len(p)):
            p[:-k] = (1 - t) * p[:-k] + t * p[1 : len(p) - k + 1]
        curve[i] = p[0]
    return curve


@program(some(3), fills="new")
def homogeneous_transform(pose):
    """A pose of a robot: a matrix of 3 x 3 filled by blocks, and its inverse."""
    x, y, th = pose
    T = np.eye(3)
    T[:2, :2] = [[np.cos(th), -np.sin(th)], [np.sin(th), np.cos(th)]]
    T[:2, 2] = [x, y]
    return T @ np.linalg.inv(T + np.ones((3, 3)))
