"""Granger causality by statsmodels (VAR, grangercausalitytests), spectral measures by SciPy and NumPy, kernels by NumPy.

Writes granger.json. The reduced models of the spectral measures are not made by Riccati equations as in the package, but
from the spectrum itself: Wilson's factorisation (1972) on a fine grid; innovations by solve_discrete_are are beside them.
The kernel index follows Marinazzo, Pellicoro and Stramaglia (2008), Phys. Rev. Lett. 100, 144103, with full n x n kernels.
Run: python3 oracles/cause/granger.py   (NumPy, SciPy, statsmodels 0.15)
"""

import json
import pathlib

import numpy as np
from scipy import linalg, stats
from statsmodels.tsa.api import VAR
from statsmodels.tsa.stattools import grangercausalitytests

HERE = pathlib.Path(__file__).parent


def simulate(rng, steps, mixing=None):
    """Three variables: 0 -> 1 (lag 1), 1 -> 2 (lag 2), 0 autocorrelated."""
    x = np.zeros((steps + 100, 3))
    noise = rng.standard_normal((steps + 100, 3))
    if mixing is not None:
        noise = noise @ np.array(mixing).T
    for t in range(2, steps + 100):
        x[t, 0] = 0.6 * x[t - 1, 0] - 0.2 * x[t - 2, 0] + noise[t, 0]
        x[t, 1] = 0.4 * x[t - 1, 1] + 0.3 * x[t - 1, 0] + noise[t, 1]
        x[t, 2] = 0.3 * x[t - 1, 2] - 0.35 * x[t - 2, 1] + noise[t, 2]
    return x[100:] * [1, 10, 0.01] + [5, -300, 0.2]


def test_of(result):
    df = result.df if np.iterable(result.df) else [result.df]
    return {"statistic": float(result.test_statistic), "df": [int(d) for d in df], "pValue": float(result.pvalue)}


def var_case(x, order, max_order):
    fit = VAR(x).fit(order)
    k = x.shape[1]
    chosen = VAR(x).select_order(max_order)
    names = {"aic": "aic", "bic": "bic", "hqic": "hq", "fpe": "fpe"}
    sets = [[[0], [1]], [[1], [0]], [[1], [2]], [[0, 1], [2]], [[2], [0, 1]], [[0], [0]]]
    return {
        "order": order,
        "maxOrder": max_order,
        "series": x.T.tolist(),
        "intercepts": fit.intercept.tolist(),
        "coefficients": fit.coefs.ravel().tolist(),
        "t": fit.tvalues[1:].tolist(),
        "sigma": fit.sigma_u.ravel().tolist(),
        "criteria": {names[n]: float(v) for n, v in fit.info_criteria.items()},
        "radius": float(1 / np.abs(fit.roots).min()),
        "tables": {names[n]: [float(v) for v in chosen.ics[n]] for n in names},
        "chosen": {names[n]: int(chosen.selected_orders[n]) for n in names},
        "causality": [
            {
                "causing": ing,
                "caused": ed,
                "f": test_of(fit.test_causality(ed, ing, kind="f")),
                "wald": test_of(fit.test_causality(ed, ing, kind="wald")),
            }
            for ing, ed in sets
        ],
        "instantaneous": [{"some": some, **test_of(fit.test_inst_causality(some))} for some in ([0], [2], [0, 1])],
        "whiteness": [
            {"lags": n, "adjusted": a, **test_of(fit.test_whiteness(n, adjusted=a))}
            for n in (order + 1, 10)
            for a in (False, True)
        ],
        "pairs": [
            {"cause": i, "effect": j, **pair_tests(x[:, [j, i]], order)} for i in range(k) for j in range(k) if i != j
        ],
    }


def pair_tests(both, order):
    found = grangercausalitytests(both, [order])[order][0]
    def row(entry, df):
        return {"statistic": float(entry[0]), "df": df(entry), "pValue": float(entry[1])}
    return {
        "f": row(found["ssr_ftest"], lambda e: [int(e[3]), int(e[2])]),
        "chi2": row(found["ssr_chi2test"], lambda e: [int(e[2])]),
        "likelihood-ratio": row(found["lrtest"], lambda e: [int(e[2])]),
    }


def transfer(coefs, omega):
    k = coefs.shape[1]
    a = np.eye(k, dtype=complex)
    for lag, c in enumerate(coefs, 1):
        a = a - c * np.exp(-1j * lag * omega)
    return np.linalg.inv(a)


def wilson(spectra, iterations=200):
    """Minimum phase factor H (H at zero delay = 1) and innovations of spectra on the grid 2 pi k / n (Wilson 1972)."""
    n, k = spectra.shape[0], spectra.shape[1]
    gamma0 = np.real(np.fft.ifft(spectra, axis=0)[0])
    psi = np.repeat(np.linalg.cholesky((gamma0 + gamma0.T) / 2).T[None].astype(complex), n, axis=0)
    for _ in range(iterations):
        inverse = np.linalg.inv(psi)
        g = inverse @ spectra @ np.conj(np.transpose(inverse, (0, 2, 1))) + np.eye(k)
        lags = np.real(np.fft.ifft(g, axis=0))
        lags[0] /= 2
        lags[0] = np.triu(lags[0])
        lags[n // 2 + 1 :] = 0
        lags[n // 2] /= 2
        plus = np.fft.fft(lags, axis=0)
        new = psi @ plus
        if np.abs(new - psi).max() < 1e-14 * np.abs(new).max():
            psi = new
            break
        psi = new
    at_zero = np.real(np.fft.ifft(psi, axis=0)[0])
    return psi @ np.linalg.inv(at_zero), at_zero @ at_zero.T


def innovations(coefs, sigma, subset):
    """Covariance of one-step errors of `subset` given its own past only, by the Riccati equation of the state space."""
    p, k = coefs.shape[0], coefs.shape[1]
    a = np.zeros((k * p, k * p))
    a[:k] = np.hstack(list(coefs))
    a[k:, :-k] = np.eye(k * (p - 1))
    b = np.zeros((k * p, k))
    b[:k] = np.eye(k)
    c = np.hstack(list(coefs))[subset]
    q, r, s = b @ sigma @ b.T, sigma[np.ix_(subset, subset)], b @ sigma[:, subset]
    state = linalg.solve_discrete_are(a.T, c.T, q, r, s=s)
    return c @ state @ c.T + r


def spectral(coefs, sigma, cause, effect, grid):
    """Geweke's (1984) conditional measure on all frequencies of the grid, with Wilson's factor of the other variables."""
    k = coefs.shape[1]
    rest = [i for i in range(k) if i not in (cause, effect)]
    omega = 2 * np.pi * np.arange(grid) / grid
    h = np.stack([transfer(coefs, w) for w in omega])
    spectra = h @ sigma @ np.conj(np.transpose(h, (0, 2, 1)))
    subset = [effect, *rest]
    g, reduced = wilson(spectra[:, subset][:, :, subset])
    # Innovations of the others made uncorrelated with those of the effect, in both models.
    def normalised(factor, covariance):
        unit = np.eye(len(covariance))
        unit[1:, 0] = -covariance[1:, 0] / covariance[0, 0]
        return factor @ np.linalg.inv(unit)
    order = [effect, *rest, cause]
    full = normalised(h[:, order][:, :, order], sigma[np.ix_(order, order)])
    small = normalised(g, reduced)
    q = np.linalg.solve(small, full[:, :-1])
    return np.log(reduced[0, 0] / (np.abs(q[:, 0, 0]) ** 2 * sigma[effect, effect])), reduced[0, 0]


def spectral_case(x, order, variables, grid=4096, every=64):
    fit = VAR(x[:, variables]).fit(order)
    out = []
    for i in range(len(variables)):
        for j in range(len(variables)):
            if i == j:
                continue
            f, reduced = spectral(fit.coefs, fit.sigma_u, i, j, grid)
            subset = [j] + [v for v in range(len(variables)) if v not in (i, j)]
            solved = innovations(fit.coefs, fit.sigma_u, subset)[0, 0]
            assert abs(np.log(solved / reduced)) < 1e-9, (i, j)
            assert abs(f.mean() - np.log(reduced / fit.sigma_u[j, j])) < 1e-9, (i, j)
            out.append(
                {
                    "cause": i,
                    "effect": j,
                    "measure": float(np.log(solved / fit.sigma_u[j, j])),
                    "byFrequency": f[: grid // 2 + 1 : every].tolist(),
                }
            )
    return {"variables": variables, "order": order, "pairs": out}


def lagged(x, order):
    return np.column_stack([x[order - lag : len(x) - lag] for lag in range(1, order + 1)])


def kernel_case(x, order, kind, value, cause, effect, others, mu=1e-6):
    """Index and least p-value: see the module's text. Columns are centred and scaled to standard deviation 1."""
    z = (x - x.mean(0)) / x.std(0)
    y = x[order:, effect]
    y = (y - y.mean()) / np.linalg.norm(y - y.mean())
    past = np.hstack([lagged(z[:, v], order) for v in [effect, *others]])
    whole = np.hstack([past, lagged(z[:, cause], order)])

    def kernel(a):
        if kind == "polynomial":
            return (1 + a @ a.T) ** value
        d = ((a[:, None] - a[None]) ** 2).sum(-1)
        return np.exp(-d / (2 * value**2))

    n = len(y)
    def span(matrix):
        w, v = np.linalg.eigh((matrix + matrix.T) / 2)
        return v[:, w > mu * w.max()]
    centring = np.eye(n) - 1 / n
    own = span(centring @ kernel(past) @ centring)
    rest = y - own @ (own.T @ y)
    project = centring - own @ own.T
    added = project @ kernel(whole) @ project
    # What is left of the larger kernel is measured by the size of the centred kernel itself.
    size = np.linalg.eigvalsh(centring @ kernel(whole) @ centring).max()
    w, v = np.linalg.eigh((added + added.T) / 2)
    t = v[:, w > mu * size]
    r = (t.T @ rest) / np.linalg.norm(rest)
    df = n - 2
    p = 2 * stats.t.sf(np.abs(r) * np.sqrt(df / (1 - r**2)), df)
    kept = p < 0.05 / len(r)
    return {
        "kind": kind, "value": value, "cause": cause, "effect": effect, "others": others, "order": order,
        "index": float((r[kept] ** 2).sum()), "features": len(r), "kept": int(kept.sum()),
        "all": float((r**2).sum()),
        "pValue": float(min(1, p.min() * len(r))),
    }  # fmt: skip


def main():
    rng = np.random.default_rng(5)
    x = simulate(rng, 180, [[1, 0, 0], [0.4, 0.9, 0], [-0.2, 0.3, 0.8]])
    maps = np.full((150, 2), 0.4)
    maps[0, 1] = 0.2
    for t in range(1, 150):
        a, b = maps[t - 1]
        maps[t] = [1 - 1.8 * a * a + 0.001 * rng.standard_normal(), 1 - 1.8 * (0.7 * b * b + 0.3 * a * a)]
    kernels = [
        kernel_case(maps, order, kind, value, i, j, [])
        for order, kind, value in [(1, "polynomial", 1), (1, "polynomial", 2), (2, "polynomial", 2), (1, "gaussian", 1.5)]
        for i, j in [(0, 1), (1, 0)]
    ] + [kernel_case(x, 2, "polynomial", 2, 1, 2, [0]), kernel_case(x, 2, "gaussian", 4.0, 0, 2, [1])]
    out = {
        "var": [var_case(x, 1, 6), var_case(x, 3, 8)],
        "spectral": [spectral_case(x, 2, [0, 1]), spectral_case(x, 3, [0, 1, 2])],
        "maps": maps.T.tolist(),
        "kernel": kernels,
    }
    (HERE / "granger.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")


main()
