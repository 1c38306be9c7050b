"""Goldens of distributions, least squares, ranks and block lengths.

Made with scipy 1.17, numpy 2.4 and tigramite 5.2.10.1. Run it in this folder: python distributions.py; it writes distributions.json.
"""

import contextlib
import io
import json
import warnings

import numpy as np
from scipy import special, stats

warnings.filterwarnings("ignore")
_corrcoef = np.corrcoef
np.corrcoef = lambda *args, ddof=None, **rest: _corrcoef(*args, **rest)

from tigramite.independence_tests.parcorr import ParCorr  # noqa: E402
from tigramite.independence_tests.robust_parcorr import RobustParCorr  # noqa: E402

LEVELS = [1e-12, 0.001, 0.05, 0.3, 0.8, 0.975, 0.999999]


def continuous(dist, parameters, points):
    """[parameters, x, cdf, sf, pdf] and [parameters, p, quantile]."""
    rows = [[p, x, dist.cdf(x, *p), dist.sf(x, *p), dist.pdf(x, *p)] for p in parameters for x in points]
    return {"points": rows, "quantiles": [[p, q, dist.ppf(q, *p)] for p in parameters for q in LEVELS]}


def block_lengths():
    random = np.random.default_rng(2)
    test = ParCorr()
    rows = []
    for steps in [20, 51, 100, 237]:
        for decay in [-0.7, 0, 0.5, 0.9, 0.98]:
            for kind in ["ar", "wave"]:
                x = random.normal(size=steps)
                for t in range(1, steps):
                    x[t] += decay * x[t - 1]
                if kind == "wave":
                    x = np.sin(np.arange(steps) / 5) + 0.1 * x
                x = np.round(x, 3)
                with contextlib.redirect_stdout(io.StringIO()):
                    length = test._get_block_length(x[None], np.array([0]), "significance")
                rows.append({"x": x.tolist(), "length": int(length)})
    return rows


def least_squares():
    random = np.random.default_rng(1)
    rows = []
    for steps, width, kind in [(40, 3, ""), (60, 12, ""), (40, 3, "twice"), (40, 5, "sum"), (4, 6, ""), (50, 4, "near")]:
        z, y = np.round(random.normal(size=(width, steps)), 3), np.round(random.normal(size=steps), 3)
        if kind == "twice":
            z[2] = z[0]
        if kind == "sum":
            z[2], z[4] = z[0] + z[1], 0
        if kind == "near":
            z[2] = z[0] + 1e-8 * z[1]
        b, _, rank, _ = np.linalg.lstsq(z.T, y, rcond=None)
        rows.append({"z": z.tolist(), "y": y.tolist(), "coefficients": b.tolist(), "residuals": (y - z.T @ b).tolist(), "rank": int(rank)})
    return rows


def main():
    random = np.random.default_rng(3)
    values = np.round(random.normal(size=30), 1)
    numbers = [1e-5, 0.1, 0.5, 0.9, 1.3, 1.5, 2.1, 2.7, 3, 5, 15, 16, 100.5, 1e4, -0.5, -2.3]
    out = {
        "studentT": continuous(stats.t, [[1], [2], [3.5], [30], [990]], [-3, -0.1, 0, 0.5, 1, 2, 5, 40]),
        "normal": continuous(stats.norm, [[]], [-8, -3, -0.1, 0, 1, 5, 37]),
        "chiSquared": continuous(stats.chi2, [[1], [2], [3], [7], [50], [300]], [0.1, 1, 5, 50, 300, 700]),
        "fisherF": continuous(stats.f, [[a, b] for a in [1, 2, 5, 40] for b in [1, 3, 30, 990]], [0.001, 0.1, 1, 5, 50]),
        "binomial": [
            [n, p, k, stats.binom.cdf(k, n, p), stats.binom.sf(k, n, p), stats.binom.pmf(k, n, p)]
            for n in [1, 10, 500] for p in [0.01, 0.3, 0.97] for k in [0, 1, 5, 250]
        ],
        "binomialQuantiles": [
            [n, p, q, int(stats.binom.ppf(q, n, p))] for n in [1, 10, 500] for p in [0.01, 0.3, 0.97] for q in [0.01, 0.5, 0.999]
        ],
        "gamma": [[x, special.gammaln(x), special.digamma(x), special.gamma(min(x, 150))] for x in numbers],
        "erfc": [[x, special.erfc(x), special.erf(x)] for x in [-3, -0.1, 0, 1e-8, 0.5, 2, 20]],
        "correlation": [
            [r, df, 2 * stats.t.sf(abs(r) * np.sqrt(df / ((1 - abs(r)) * (1 + abs(r)))), df)]
            for r in [1e-4, -0.001, 0.03, -0.2, 0.5, 0.9, -0.999, 0.9999999] for df in [1, 2, 7, 90, 988, 20000]
        ],
        "normality": [
            [np.round(x, 3).tolist(), float(stats.normaltest(np.round(x, 3))[0])]
            for x in [random.normal(size=8), random.normal(size=50), random.exponential(size=60), random.uniform(size=40)]
        ],
        "normalScores": [values.tolist(), RobustParCorr().trafo2normal(values).tolist()],
        "ranks": {m: [values.tolist(), stats.rankdata(values, m).tolist()] for m in ["average", "min", "max", "ordinal"]},
        "leastSquares": least_squares(),
        "blockLengths": block_lengths(),
    }
    with open("distributions.json", "w") as file:
        json.dump(out, file, separators=(",", ":"), default=float)


if __name__ == "__main__":
    main()
