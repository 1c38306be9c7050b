"""Layer-wise relevance propagation in NumPy, float64, by the formulas alone: every layer is a matrix of contributions.

Run: python3 oracles/tensor/relevance.py   Writes relevance.json. The network is that of relevance.test.ts:
convolution (2 to 4 channels, 3 x 3), ReLU, 2 x 2 maximum, convolution (4 to 3), ReLU, mean over pixels, dense to 2.
"""

import json
import pathlib

import numpy as np

from unet import hashed

HERE = pathlib.Path(__file__).parent
EPSILON, GAMMA = 1e-3, 0.25


def numbers(shape, seed, scale=1.0, shift=0.0):
    return hashed(int(np.prod(shape)), seed).astype(np.float64).reshape(shape) * scale + shift


def as_matrix(linear, shape):
    """The matrix M[i, j] of a linear map: what input element i adds to output element j, per unit."""
    size = int(np.prod(shape))
    return np.stack([linear(unit.reshape(shape)).ravel() for unit in np.eye(size)])


def conv(x, w):
    c, h, width = x.shape
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    out = np.zeros((w.shape[0], h, width))
    for o in range(w.shape[0]):
        for i in range(h):
            for j in range(width):
                out[o, i, j] = (padded[:, i : i + 3, j : j + 3] * w[o]).sum()
    return out


def stabilised(z):
    return z + np.where(z >= 0, EPSILON, -EPSILON)


def share(contributions, bias, r):
    """R_i = sum_j z_ij / (sum_i z_ij + b_j) R_j."""
    return (contributions * (r / stabilised(contributions.sum(0) + bias))).sum(1)


def layer(x, m, bias, r, rule):
    x, z = x.ravel(), x.ravel()[:, None] * m
    if rule == "epsilon":
        return share(z, bias, r)
    if rule == "gamma":
        total = z.sum(0) + bias
        up = z + GAMMA * np.maximum(z, 0)
        down = z + GAMMA * np.minimum(z, 0)
        above = share(up, bias + GAMMA * np.maximum(bias, 0), np.where(total >= 0, r, 0))
        return above + share(down, bias + GAMMA * np.minimum(bias, 0), np.where(total >= 0, 0, r))
    if rule in ("alphaBeta", "zPlus"):
        alpha = 2 if rule == "alphaBeta" else 1
        plus = share(np.maximum(z, 0), np.maximum(bias, 0), r * alpha)
        return plus - share(np.minimum(z, 0), np.minimum(bias, 0), r * (alpha - 1))
    low, high = -1.0, 1.0
    z = z - low * np.maximum(m, 0) - high * np.minimum(m, 0)
    return share(z, 0, r)


def explain(rules):
    x = numbers((2, 6, 6), 1)
    w1, b1 = numbers((4, 2, 3, 3), 2, 0.5), numbers((4,), 3, 0.2)
    w2, b2 = numbers((3, 4, 3, 3), 4, 0.5), numbers((3,), 5, 0.2)
    w3, b3 = numbers((3, 2), 6), numbers((2,), 7, 0.2)
    z1 = conv(x, w1) + b1[:, None, None]
    a1 = np.maximum(z1, 0)
    windows = a1.reshape(4, 3, 2, 3, 2).transpose(0, 1, 3, 2, 4).reshape(4, 3, 3, 4)
    p1 = windows.max(-1)
    z2 = conv(p1, w2) + b2[:, None, None]
    a2 = np.maximum(z2, 0)
    mean = a2.mean((1, 2))
    logits = mean @ w3 + b3
    r = np.array([logits[0], 0.0])
    r = layer(mean, w3, b3, r, rules[2])
    r = layer(a2, as_matrix(lambda v: v.mean((1, 2)), a2.shape), np.zeros(3), r, "epsilon")
    r = layer(p1, as_matrix(lambda v: conv(v, w2), p1.shape), np.repeat(b2, 9), r, rules[1]).reshape(4, 3, 3)
    spread = np.zeros((4, 3, 3, 4))
    winners = windows == p1[..., None]
    spread[winners] = np.broadcast_to(r[..., None], spread.shape)[winners]
    r = spread.reshape(4, 3, 3, 2, 2).transpose(0, 1, 3, 2, 4).reshape(-1)
    r = layer(x, as_matrix(lambda v: conv(v, w1), x.shape), np.repeat(b1, 36), r, rules[0])
    return {"logits": logits.tolist(), "relevance": r.tolist()}


def main():
    cases = {rule: explain([rule] * 3) for rule in ("epsilon", "gamma", "alphaBeta", "zPlus")}
    cases["composite"] = explain(["zB", "gamma", "epsilon"])
    (HERE / "relevance.json").write_text(json.dumps(cases, indent=1) + "\n")


if __name__ == "__main__":
    main()
