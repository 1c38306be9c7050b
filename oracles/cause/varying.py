"""Goldens of varying-coefficient models, made another way than the project makes them.

Splines: SciPy's B-splines, the restricted likelihood of the equivalent mixed model by its n x n covariance matrix, minimised by
Nelder and Mead's method; GCV by the hat matrix. Kernel: weighted least squares and explicit leaving out.
Needs numpy and scipy. Usage: python varying.py
Writes varying.json beside this script.
"""

import json
import pathlib

import numpy as np
from scipy.interpolate import BSpline
from scipy.optimize import minimize

HERE = pathlib.Path(__file__).parent
SEGMENTS = 6


def data(rng, n):
    """The effect of x at lag 1 on y swings with time; that of z is constant."""
    x, z, y = np.zeros(n), rng.normal(size=n), np.zeros(n)
    e = rng.normal(size=n)
    for t in range(1, n):
        x[t] = 0.5 * x[t - 1] + rng.normal()
        y[t] = 0.3 + np.sin(2 * np.pi * t / n) * x[t - 1] + 0.5 * z[t] + 0.5 * e[t]
    return np.array([x, z, y])


def basis(u, low, high):
    step = (high - low) / SEGMENTS
    knots = low + step * np.arange(-3, SEGMENTS + 4)
    return BSpline(knots, np.eye(SEGMENTS + 3), 3)(u)


def terms(rows, u):
    b = basis(u, u.min(), u.max())
    return [row[:, None] * b for row in rows]


D = np.diff(np.eye(SEGMENTS + 3), 2, axis=0)
S = D.T @ D


def solve(blocks, y, penalties):
    x = np.hstack(blocks)
    p = blocks[0].shape[1]
    big = np.zeros((x.shape[1],) * 2)
    for k, penalty in enumerate(penalties):
        big[k * p : (k + 1) * p, k * p : (k + 1) * p] = penalty * S
    inverse = np.linalg.inv(x.T @ x + big)
    return x, inverse, inverse @ x.T @ y


def restricted(blocks, y, penalties):
    """-2 log of the density of contrasts: fixed effects span constants and lines, random ones the rest (profiled variance)."""
    values, vectors = np.linalg.eigh(S)
    fixed = np.hstack([b @ vectors[:, :2] for b in blocks])
    v = np.eye(len(y))
    for b, penalty in zip(blocks, penalties):
        r = b @ vectors[:, 2:]
        v += r @ np.diag(1 / (penalty * values[2:])) @ r.T
    vi = np.linalg.inv(v)
    xvx = fixed.T @ vi @ fixed
    beta = np.linalg.solve(xvx, fixed.T @ vi @ y)
    left = y - fixed @ beta
    free = len(y) - fixed.shape[1]
    sigma2 = left @ vi @ left / free
    # The project leaves the roughness matrix's own determinant out: a constant.
    constant = len(blocks) * np.log(values[2:]).sum()
    return free * np.log(sigma2) + np.linalg.slogdet(v)[1] + np.linalg.slogdet(xvx)[1] + constant


def gcv(blocks, y, penalties):
    x, inverse, beta = solve(blocks, y, penalties)
    hat = x @ inverse @ x.T
    left = y - hat @ y
    n = len(y)
    return n * np.log(n * left @ left / (n - np.trace(hat)) ** 2)


def curves(blocks, y, penalties, scales, u, grid):
    x, inverse, beta = solve(blocks, y, penalties)
    p = blocks[0].shape[1]
    left = y - x @ beta
    freedom = np.trace(inverse @ x.T @ x)
    variance = left @ left / (len(y) - freedom)
    b = basis(grid, u.min(), u.max())
    out = []
    for k, scale in enumerate(scales):
        cut = slice(k * p, (k + 1) * p)
        out.append(
            {
                "values": (b @ beta[cut] / scale).tolist(),
                "errors": (np.sqrt(variance * np.einsum("ga,ab,gb->g", b, inverse[cut, cut], b)) / scale).tolist(),
            }
        )
    return {"curves": out, "variance": variance, "freedom": freedom, "penalties": list(penalties)}


def best(criterion, blocks, y, starts):
    found = min(
        (
            minimize(
                lambda logs: criterion(blocks, y, np.exp(logs)),
                start,
                method="Nelder-Mead",
                options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 20000, "maxfev": 20000},
                bounds=[(np.log(1e-6), np.log(1e7))] * len(blocks),
            )
            for start in starts
        ),
        key=lambda each: each.fun,
    )
    return np.exp(found.x), found.fun


def local(rows, u, y, at, h, leave=None):
    d = (u - at) / h
    w = 0.75 * np.clip(1 - d**2, 0, None)
    if leave is not None:
        w = w.copy()
        w[leave] = 0
    z = np.column_stack([*rows, *(row * d for row in rows)])
    return np.linalg.solve(z.T @ (w[:, None] * z), z.T @ (w * y))[: len(rows)]


def main():
    rng = np.random.default_rng(4)
    x, z, y = data(rng, 140)
    target, causes = y[1:], [x[:-1], z[1:]]
    scales = [1.0] + [c.std() for c in causes]
    rows = [np.ones(139)] + [c / s for c, s in zip(causes, scales[1:])]
    out = {"columns": [x.tolist(), z.tolist(), y.tolist()]}
    for name, u in {"time": np.arange(1.0, 140.0), "covariate": z[:-1]}.items():
        grid = np.linspace(u.min(), u.max(), 9)
        blocks = terms(rows, u)
        case = {"grid": grid.tolist(), "fixed": curves(blocks, target, [2.0, 0.5, 30.0], scales, u, grid)}
        starts = [np.zeros(3)]
        for criterion in (restricted, gcv):
            penalties, score = best(criterion, blocks, target, starts)
            starts.append(np.log(penalties))
            case[{"restricted": "reml"}.get(criterion.__name__, "gcv")] = {
                **curves(blocks, target, penalties, scales, u, grid),
                "score": score,
            }
        out[name] = case
    u = np.arange(1.0, 140.0)
    grid = np.linspace(1, 139, 9)
    shares = [0.06, 0.09, 0.13, 0.18, 0.25, 0.35, 0.5, 0.7, 1.0, 1.5]
    errors = {}
    for share in shares[1:]:
        h = share * 138
        missed = [target[t] - sum(r[t] * b for r, b in zip(rows, local(rows, u, target, u[t], h, t))) for t in range(139)]
        errors[h] = float(np.mean(np.square(missed)))
    h = min(errors, key=errors.get)
    out["kernel"] = {
        "grid": grid.tolist(),
        "bandwidth": h,
        "left_out": errors[h],
        "curves": (np.array([local(rows, u, target, g, h) for g in grid]) / np.array(scales)).T.tolist(),
    }
    (HERE / "varying.json").write_text(json.dumps(out))


main()
