"""Values and gradients of elementary and special functions, reductions and rearrangements. Writes elementary.json.

Run: python3 oracles/tensor/elementary.py   (PyTorch 1.13, NumPy, SciPy, mpmath)

Operands are exact in float32, so that float32 targets see the same numbers. Gradients are those of the sum of the
result times the weights (i % 7) - 2.5. Infinities are written as 1e999, which JSON parsers read as such.
"""

import json
import pathlib

import mpmath as mp
import numpy as np
import torch
from scipy import stats

HERE = pathlib.Path(__file__).parent
RNG = np.random.default_rng(20240)
mp.mp.dps = 40


def f32(values):
    return np.asarray(values, dtype=np.float64).astype(np.float32).astype(np.float64)


def spread(low, high, n=40):
    return f32(RNG.uniform(low, high, n))


def log_spread(low, high, n=40):
    return f32(np.exp(RNG.uniform(np.log(low), np.log(high), n)))


def both(x):
    return np.concatenate([x, -x])


def weights(n):
    return np.arange(n) % 7 - 2.5


def by_mpmath(name, x, value, slope):
    values = [float(value(mp.mpf(v))) for v in x]
    slopes = [float(slope(mp.mpf(v))) * w for v, w in zip(x, weights(len(x)))]
    return dict(name=name, inputs=[dict(shape=[len(x)], data=list(x))], shape=[len(x)], value=values, gradients=[slopes])


def by_torch(name, fn, *operands):
    leaves = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in operands]
    y = fn(*leaves)
    (y * torch.tensor(weights(y.numel())).reshape(y.shape)).sum().backward()
    return dict(
        name=name,
        inputs=[dict(shape=list(x.shape), data=x.detach().ravel().tolist()) for x in leaves],
        shape=list(y.shape),
        value=y.detach().ravel().tolist(),
        gradients=[x.grad.ravel().tolist() for x in leaves],
    )


def special():
    tiny = both(log_spread(1e-30, 1e-2, 20))
    near_integers = f32([v + d for v in (-7, -3, -1, 0) for d in (-1e-3, -0.1, -0.5, 0.499)])[:-1]
    gamma = np.concatenate([log_spread(1e-6, 1e6, 80), spread(0.5, 4, 40), f32([0.5, 1, 1.5, 2, 3, 10]), -spread(0.01, 30), near_integers])
    gamma = gamma[~((gamma <= 0) & (gamma == np.round(gamma)))]
    two_over_root_pi = 2 / mp.sqrt(mp.pi)
    yield by_mpmath("erf", np.concatenate([tiny, spread(-6, 6)]), mp.erf, lambda v: two_over_root_pi * mp.exp(-v * v))
    yield by_mpmath("erfc", spread(-6, 9, 80), mp.erfc, lambda v: -two_over_root_pi * mp.exp(-v * v))
    yield by_mpmath("expm1", np.concatenate([tiny, spread(-20, 20), spread(-0.5, 0.5)]), mp.expm1, mp.exp)
    yield by_mpmath("log1p", np.concatenate([tiny, spread(-0.99, 3, 60), log_spread(1, 1e30, 20)]), mp.log1p, lambda v: 1 / (1 + v))
    yield by_mpmath("lgamma", gamma, lambda v: mp.re(mp.loggamma(v)), mp.digamma)
    yield by_mpmath("digamma", gamma, mp.digamma, lambda v: mp.polygamma(1, v))
    for order in (1, 2, 3):
        x = np.concatenate([log_spread(1e-3, 1e3, 60), -spread(0.01, 8), near_integers])
        yield by_mpmath(f"polygamma{order}", x, lambda v: mp.polygamma(order, v), lambda v: mp.polygamma(order + 1, v))
    yield by_mpmath("sinh", np.concatenate([tiny, spread(-20, 20)]), mp.sinh, mp.cosh)
    yield by_mpmath("cosh", spread(-20, 20), mp.cosh, mp.sinh)


def elementwise():
    x = spread(-3, 3)
    off = f32(x + 0.01)
    yield by_torch("tan", torch.tan, spread(-1.4, 1.4))
    yield by_torch("asin", torch.asin, spread(-0.99, 0.99))
    yield by_torch("acos", torch.acos, spread(-0.99, 0.99))
    yield by_torch("atan", torch.atan, spread(-30, 30))
    yield by_torch("atan2", torch.atan2, np.append(x, [1, -1, 0, 0, 1.5, -1.5]), np.append(spread(-3, 3), [0, 0, 2, -2, 1.5, -1.5]))
    yield by_torch("floor", torch.floor, off)
    yield by_torch("ceil", torch.ceil, off)
    yield by_torch("round", torch.round, np.append(off, [0.5, 1.5, 2.5, -0.5, -1.5]))
    yield by_torch("sign", torch.sign, np.append(x, [0]))
    yield by_torch("reciprocal", torch.reciprocal, off)
    yield by_torch("rsqrt", torch.rsqrt, spread(0.1, 9))
    yield by_torch("gelu", torch.nn.functional.gelu, spread(-6, 6))
    yield by_torch("geluTanh", lambda v: torch.nn.functional.gelu(v, approximate="tanh"), spread(-6, 6))
    yield by_torch("leakyRelu", lambda v: torch.nn.functional.leaky_relu(v, 0.2), off)
    yield by_torch("elu", lambda v: torch.nn.functional.elu(v, 1.5), off)
    yield by_torch("hardSigmoid", torch.nn.functional.hardsigmoid, spread(-5, 5))
    yield by_torch("hardSwish", torch.nn.functional.hardswish, spread(-5, 5))
    yield by_torch("logSigmoid", torch.nn.functional.logsigmoid, np.append(spread(-90, 90), [-100, 100]))
    yield by_torch("logAddExp", torch.logaddexp, spread(-90, 90), spread(-90, 90))
    yield by_torch("pow", torch.pow, spread(0.1, 5).reshape(8, 5), spread(-3, 3, 5))
    yield by_torch("powInteger", lambda v: torch.pow(v, 3), x)


def reductions():
    x = spread(-2, 2, 60).reshape(3, 4, 5)
    holes = x.copy()
    holes[0, :, 1] = holes[1, 2, 1] = holes[2, 0, 3] = holes[2, 1, 3] = 0
    ends = x.copy()
    ends[0, 0, :3] = -np.inf
    ends[1, 1, :] = np.array([90, 89, -200, 91, 0])
    yield by_torch("min", lambda v: v.amin((0, 2)), x)
    yield by_torch("prod", lambda v: v.prod(1), holes)
    yield by_torch("prodAll", lambda v: v.prod(), x)
    yield by_torch("variance", lambda v: v.var((0, 2), unbiased=False), x)
    yield by_torch("varianceUnbiased", lambda v: v.var(1, unbiased=True, keepdim=True), x)
    yield by_torch("standardDeviation", lambda v: v.std(-1, unbiased=True), x)
    yield by_torch("logSumExp", lambda v: torch.logsumexp(v, -1), ends)
    yield by_torch("logSumExpTwo", lambda v: torch.logsumexp(v, (0, 2), keepdim=True), x)
    yield by_torch("cumsum", lambda v: v.cumsum(1), x)
    yield by_torch("sort", lambda v: v.sort(-1).values, x)
    yield by_torch("sortDescending", lambda v: v.sort(0, descending=True).values, x)
    yield by_torch("topK", lambda v: v.topk(2, 1).values, x)
    yield by_torch("gather", lambda v: v[:, torch.tensor([[3, 0, 3], [1, 1, 2]])], x)
    yield by_torch("scatterAdd", lambda v, u: v.index_add(1, torch.tensor([3, 0, 3]), u), x, spread(-2, 2, 45).reshape(3, 3, 5))


def rearrangements():
    x = spread(-2, 2, 60).reshape(3, 4, 5)
    y = spread(-2, 2, 60).reshape(3, 4, 5)
    yield by_torch("stack", lambda a, b: torch.stack([a, b], 1), x, y)
    yield by_torch("tile", lambda a: a.tile(2, 1, 3), x)
    yield by_torch("roll", lambda a: a.roll(-2, 1), x)
    yield by_torch("diagonal", lambda a: a.diagonal(dim1=-2, dim2=-1), x)
    shapes = {
        "ij,jk->ik": ([3, 4], [4, 5]),
        "bij,bkj->bik": ([2, 3, 4], [2, 5, 4]),
        "i,j->ij": ([3], [4]),
        "ij->ji": ([3, 4],),
        "ijk->j": ([3, 4, 2],),
        "ij,ij->": ([3, 4], [3, 4]),
        "ijk,kl": ([2, 3, 4], [4, 5]),
        "bhqd,bhkd->bhqk": ([2, 2, 3, 4], [2, 2, 5, 4]),
        "...ij,...jk->...ik": ([2, 1, 3, 4], [5, 4, 2]),
        "i...,i...->...": ([3, 4], [3, 4]),
        "a,ab,b->": ([3], [3, 4], [4]),
        "nc,oc,n->no": ([3, 4], [5, 4], [3]),
        "ij,k->ij": ([3, 4], [2]),
    }
    for spec, extents in shapes.items():
        operands = [spread(-2, 2, int(np.prod(s))).reshape(s) for s in extents]
        yield by_torch(f"einsum {spec}", lambda *a: torch.einsum(spec, *a), *operands)


def gamma_gradients():
    """torch._standard_gamma_grad is good to some 1e-3; at small concentrations its error is larger than ours."""
    rows = []
    for a in (0.1, 0.3, 0.7, 1, 1.5, 2.5, 5, 10, 20, 100, 1000):
        z = f32(stats.gamma.ppf((np.arange(12) + 0.5) / 12, f32(a)))
        slope = torch._standard_gamma_grad(torch.full((12,), float(f32(a)), dtype=torch.float64), torch.tensor(z))
        # The definition: how the quantile moves with the concentration.
        moved = [(stats.gamma.ppf(p, a * (1 + 1e-4)) - stats.gamma.ppf(p, a * (1 - 1e-4))) / (2e-4 * a) for p in stats.gamma.cdf(z, a)]
        rows.append(dict(concentration=float(f32(a)), sample=list(z), torch=slope.tolist(), quantile=moved))
    return rows


def quantiles():
    p = (np.arange(200) + 0.5) / 200
    tables = {f"gamma {a}": stats.gamma.ppf(p, a).tolist() for a in (0.3, 1.0, 4.5, 60.0)}
    return dict(p=p.tolist(), normal=stats.norm.ppf(p).tolist(), gumbel=stats.gumbel_r.ppf(p).tolist(), **tables)


def main():
    cases = [*special(), *elementwise(), *reductions(), *rearrangements()]
    text = json.dumps(dict(cases=cases, gammaGradients=gamma_gradients(), quantiles=quantiles()))
    (HERE / "elementary.json").write_text(text.replace("Infinity", "1e999").replace("}, {", "},\n{") + "\n")


if __name__ == "__main__":
    main()
