"""Values, gradients, forward derivatives and products with the Hessian in float64, by PyTorch. Writes transforms.json.

Run: python3 oracles/tensor/transforms.py   (PyTorch 1.13, NumPy). The programs are those of transforms.ts.
"""

import json
import pathlib

import torch
import torch.nn.functional as F

from unet import hashed

HERE = pathlib.Path(__file__).parent


def numbers(shape, seed, scale=1.0, shift=0.0):
    size = 1
    for extent in shape:
        size *= extent
    return torch.from_numpy(hashed(size, seed)).double().reshape(shape) * scale + shift


def network(w1, scale, bias, w2):
    x = numbers((2, 3, 6, 6), 1)
    h = F.silu(F.group_norm(F.conv2d(x, w1, padding=1), 4, scale, bias, 1e-5))
    return (F.conv2d(h, w2) ** 2).mean()


def block(wq, wk, wv, wo, scale, bias, w1, w2):
    x = numbers((2, 5, 8), 2)
    normal = F.layer_norm(x, (8,), scale, bias, 1e-5)

    def heads(w):
        return (normal @ w).reshape(2, 5, 2, 4).transpose(1, 2)

    weights = torch.softmax(heads(wq) @ heads(wk).transpose(-1, -2) / 2, -1)
    x = x + (weights @ heads(wv)).transpose(1, 2).reshape(2, 5, 8) @ wo
    x = x + F.gelu(x @ w1) @ w2
    return (x**2).mean()


def runoff(capacity, rate, store):
    """Twelve days of a leaky bucket for four pixels."""
    rain = numbers((12, 4), 3)
    out = []
    for day in range(12):
        filled = store + F.softplus(rain[day] * 3)
        loss = filled * torch.sigmoid(rate * (filled / capacity - 1))
        store = filled - loss
        out.append(loss)
    return torch.stack(out)


def simulator(capacity, rate, store):
    return (runoff(capacity, rate, store) ** 2).mean()


def process(lengths, noise):
    """Negative log marginal likelihood of a Gaussian process, n = 40."""
    x, y = numbers((40, 3), 4), numbers((40, 1), 5)
    z = x / lengths
    squares = (z**2).sum(-1, keepdim=True)
    k = torch.exp(-0.5 * (squares + squares.T - 2 * z @ z.T)) + noise * torch.eye(40, dtype=torch.float64)
    l = torch.linalg.cholesky(k)
    a = torch.linalg.solve_triangular(l, y, upper=False)
    return 0.5 * (a**2).sum() + torch.log(torch.diagonal(l)).sum()


def factors(a, b):
    """Two batches of factors, solves and determinants."""
    eye = torch.eye(6, dtype=torch.float64)
    m = a @ a.transpose(-1, -2) + eye
    l = torch.linalg.cholesky(m)
    upper = a * 0.2 + eye
    parts = [
        (l * numbers((2, 6, 6), 6)).sum(),
        (torch.linalg.solve(m, b) * numbers((2, 6, 2), 7)).sum(),
        torch.logdet(m).sum(),
        (torch.linalg.solve_triangular(upper, b, upper=True) * numbers((2, 6, 2), 8)).sum(),
        (torch.linalg.solve_triangular(a.transpose(-1, -2), b, upper=True, unitriangular=True) * numbers((2, 6, 2), 9)).sum(),
    ]
    return sum(parts)


PROGRAMS = {
    "network": (network, [(8, 3, 3, 3), (8,), (8,), (2, 8, 1, 1)], (0.5, [0.0, 1.0, 0.0, 0.0])),
    "block": (block, [(8, 8)] * 4 + [(8,), (8,), (8, 16), (16, 8)], (0.5, [0, 0, 0, 0, 1, 0, 0, 0])),
    "simulator": (simulator, [(4,), (4,), (4,)], (0.3, [2, 1.5, 1])),
    "factors": (factors, [(2, 6, 6), (6, 2)], (0.5, [0, 0])),
    "process": (process, [(3,), (1,)], (0.2, [1, 0.5])),
}


def flat(parts):
    return torch.cat([p.detach().ravel() for p in parts]).tolist()


def main():
    out = {}
    for name, (fn, shapes, (scale, shifts)) in PROGRAMS.items():
        at = tuple(numbers(s, 20 + i, scale, shifts[i]) for i, s in enumerate(shapes))
        along = tuple(numbers(s, 50 + i) for i, s in enumerate(shapes))
        value, forward = torch.autograd.functional.jvp(fn, at, along)
        _, product = torch.autograd.functional.hvp(fn, at, along)
        leaves = [p.clone().requires_grad_() for p in at]
        gradient = torch.autograd.grad(fn(*leaves), leaves)
        out[name] = {"value": value.item(), "tangent": forward.item(), "gradient": flat(gradient), "product": flat(product)}
    _, shapes, (scale, shifts) = PROGRAMS["simulator"]
    at = tuple(numbers(s, 20 + i, scale, shifts[i]) for i, s in enumerate(shapes))
    jacobian = torch.autograd.functional.jacobian(runoff, at)
    out["jacobian"] = flat(jacobian[:1])
    (HERE / "transforms.json").write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
