"""Dense linear algebra in float64 by NumPy and SciPy (LAPACK). Writes linalg.json.

Run: python3 oracles/tensor/linalg.py   (NumPy, SciPy, PyTorch for unet.py)

Matrices are {rows, columns, data}; data are row-major with 17 digits.
"""

import json
import pathlib

import numpy as np
import scipy.linalg

from unet import hashed

HERE = pathlib.Path(__file__).parent


def matrix(a):
    a = np.atleast_2d(np.asarray(a, dtype=float))
    return {"rows": a.shape[0], "columns": a.shape[1], "data": a.ravel().tolist()}


def random(rng, *shape):
    return np.round(rng.standard_normal(shape), 3)


def products(rng):
    a, b, c = random(rng, 5, 7), random(rng, 7, 4), random(rng, 5, 4)
    return {
        "a": matrix(a),
        "b": matrix(b),
        "c": matrix(c),
        "matmul": matrix(a @ b),
        "scaled": matrix(2.5 * a @ b - 0.5 * c),
        "syrk": matrix(a @ a.T),
        "syrkTranspose": matrix(a.T @ a),
        "x": random(rng, 7).tolist(),
    }


def positive(rng):
    a = random(rng, 6, 9)
    a = np.round(a @ a.T, 6)
    b = random(rng, 6, 2)
    lower = np.linalg.cholesky(a)
    return {
        "a": matrix(a),
        "b": matrix(b),
        "lower": matrix(lower),
        "solution": matrix(np.linalg.solve(a, b)),
        "logDeterminant": np.linalg.slogdet(a)[1],
        "forward": matrix(scipy.linalg.solve_triangular(lower, b, lower=True)),
        "backward": matrix(scipy.linalg.solve_triangular(lower, b, lower=True, trans="T")),
        "unit": matrix(scipy.linalg.solve_triangular(lower, b, lower=True, unit_diagonal=True)),
        "upper": matrix(scipy.linalg.solve_triangular(lower.T, b, lower=False)),
    }


def general(rng):
    a, b = random(rng, 6, 6), random(rng, 6, 3)
    sign, value = np.linalg.slogdet(a)
    return {
        "a": matrix(a),
        "b": matrix(b),
        "solution": matrix(np.linalg.solve(a, b)),
        "sign": sign,
        "logDeterminant": value,
        "condition1": np.linalg.cond(a, 1),
    }


def least_squares(rng):
    tall, b = random(rng, 9, 4), random(rng, 9, 2)
    left, right = random(rng, 8, 3), random(rng, 3, 5)
    deficient, c = left @ right, random(rng, 8, 2)
    wide, d = random(rng, 3, 7), random(rng, 3, 1)

    def solved(a, y):
        x, _, rank, values = np.linalg.lstsq(a, y, rcond=1e-10)
        return {"a": matrix(a), "b": matrix(y), "x": matrix(x), "rank": int(rank), "singularValues": values.tolist()}

    return {"tall": solved(tall, b), "deficient": solved(deficient, c), "wide": solved(wide, d)}


def orthogonal(rng):
    a = random(rng, 7, 4)
    q, r = np.linalg.qr(a)
    signs = np.sign(np.diag(r))
    return {"a": matrix(a), "q": matrix(q * signs), "r": matrix(signs[:, None] * r)}


def eigen(rng):
    a = random(rng, 8, 8)
    a = a + a.T
    hilbert = scipy.linalg.hilbert(10)
    out = {}
    for name, m in {"random": a, "hilbert": hilbert}.items():
        values, vectors = np.linalg.eigh(m)
        out[name] = {"a": matrix(m), "values": values.tolist(), "vectors": matrix(vectors)}
    return out


def singular(rng):
    out = {}
    for name, a in {"tall": random(rng, 8, 5), "wide": random(rng, 4, 6), "hilbert": scipy.linalg.hilbert(8)}.items():
        u, s, vt = np.linalg.svd(a, full_matrices=False)
        out[name] = {"a": matrix(a), "values": s.tolist(), "u": matrix(u), "vt": matrix(vt)}
    return out


def larger():
    """Numbers from 150 x 150 matrices that both sides can make: hashed uniform numbers, as in unet.py."""
    n = 150
    a = hashed(n * n, 1).reshape(n, n).astype(np.float64)
    b = hashed(n * n, 2).reshape(n, n).astype(np.float64)
    positive = a @ a.T / n + 0.01 * np.eye(n)
    return {
        "n": n,
        "eigenvalues": np.linalg.eigvalsh(a + a.T).tolist(),
        "singularValues": np.linalg.svd(a, compute_uv=False).tolist(),
        "rDiagonal": np.abs(np.diag(np.linalg.qr(a)[1])).tolist(),
        "lowerDiagonal": np.diag(np.linalg.cholesky(positive)).tolist(),
        "logDeterminant": np.linalg.slogdet(positive)[1],
        "productTrace": np.trace(a @ b),
        "solutionRow": np.linalg.solve(positive, b)[7].tolist(),
        "leastSquaresRow": np.linalg.lstsq(a[:, :40], b, rcond=None)[0][5].tolist(),
    }


def main():
    rng = np.random.default_rng(20240607)
    made = {
        "products": products(rng),
        "positive": positive(rng),
        "general": general(rng),
        "leastSquares": least_squares(rng),
        "qr": orthogonal(rng),
        "eigen": eigen(rng),
        "svd": singular(rng),
        "larger": larger(),
    }
    (HERE / "linalg.json").write_text(json.dumps(made) + "\n")


main()
