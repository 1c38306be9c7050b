"""Simplex projection, S-map and convergent cross mapping by pyEDM, rank trends and surrogate spectra by SciPy and NumPy.

Writes mapping.json. Libraries of cross mapping are drawn by NumPy from the same seed as in the package, so that single
correlations are equal, not only their means.
Run: python3 oracles/cause/mapping.py   (pyEDM 2.5, NumPy, pandas, SciPy)
"""

import json
import pathlib

import numpy as np
import pandas as pd
import pyEDM
from pyEDM.CCM import CCM, _ccm_for_libsize
from scipy import stats

HERE = pathlib.Path(__file__).parent


def maps(rng, steps, noise=0.0):
    """Two logistic maps: a drives b (Sugihara et al. 2012, figure 1), and a third alone."""
    x = np.empty((steps + 50, 3))
    x[0] = [0.4, 0.2, 0.6]
    for t in range(1, steps + 50):
        a, b, c = x[t - 1]
        x[t] = [a * (3.8 - 3.8 * a), b * (3.5 - 3.5 * b - 0.1 * a), c * (3.75 - 3.75 * c)]
    return x[50:] + noise * rng.standard_normal((steps, 3))


def frame(x):
    return pd.DataFrame({"time": np.arange(1, len(x) + 1), **{n: x[:, i] for i, n in enumerate("abc")}})


def clean(values):
    return [None if np.isnan(v) else float(v) for v in values]


def simplex_case(data, lib=None, pred=None, **options):
    n = len(data)
    tau = options.pop("tau", -1)
    found = pyEDM.Simplex(
        dataFrame=data, lib=lib or [1, n], pred=pred or [1, n], tau=tau, returnObject=True, kdWorkers=1, **options
    )
    return {
        **options, "delay": -tau, "lib": lib, "pred": pred, "rows": [int(i) for i in found.pred_i],
        "predicted": clean(found.projection), "variance": clean(found.variance),
    }  # fmt: skip


def smap_case(data, lib=None, pred=None, **options):
    n = len(data)
    found = pyEDM.SMap(dataFrame=data, lib=lib or [1, n], pred=pred or [1, n], returnObject=True, kdWorkers=1, **options)
    return {
        **options, "lib": lib, "pred": pred, "rows": [int(i) for i in found.pred_i],
        "predicted": clean(found.projection), "variance": clean(found.variance),
        "coefficients": found.coefficients[:12].tolist(),
    }  # fmt: skip


def skill(data, column, E, Tp):
    n = len(data)
    found = pyEDM.Simplex(
        dataFrame=data, columns=column, target=column, lib=[1, n], pred=[1, n], E=E, Tp=Tp, kdWorkers=1
    )
    both = found[["Observations", "Predictions"]].dropna()
    return float(np.corrcoef(both.T)[0, 1])


def ccm_case(data, sizes, sample, seed, **options):
    model = CCM(data, libSizes=list(sizes), sample=sample, seed=seed, parallel=False, **options)
    model.Validate()
    model.Embed()
    sides = {
        # The states of `columns` say something about `target`: target is the cause.
        "forth": (model.embed_valid_col, model.pred_vals_col, model.idx_col, model.knn_fwd),
        "back": (model.embed_valid_tgt, model.pred_vals_tgt, model.idx_tgt, model.knn_rev),
    }
    out = {"columns": options["columns"], "target": options["target"], "sizes": list(sizes), "sample": sample,
           "seed": seed, "E": options["E"], "delay": -options.get("tau", -1), "Tp": options.get("Tp", 0),
           "exclusionRadius": options.get("exclusionRadius", 0)}  # fmt: skip
    for name, (states, values, rows, k) in sides.items():
        out[name] = [
            _ccm_for_libsize(
                states, values, rows, size, sample, k, out["exclusionRadius"], np.random.default_rng(seed)
            ).tolist()
            for size in sizes
        ]
    return out


def chain(steps):
    """a -> b -> c, and a -> c as strongly as `direct` says, of logistic maps."""
    out = {}
    for name, direct in (("chain", 0.0), ("triangle", 0.2)):
        x = np.empty((steps + 50, 3))
        x[0] = [0.4, 0.2, 0.6]
        for t in range(1, steps + 50):
            a, b, c = x[t - 1]
            x[t] = [a * (3.8 - 3.8 * a), b * (3.7 - 3.7 * b - 0.25 * a), c * (3.7 - 3.7 * c - 0.25 * b - direct * a)]
        out[name] = x[50:]
    return out


def leave_one_out(source, target, E, shift):
    """Estimates of target[t + shift] from all other states of the source (NaN where there is none)."""
    n = len(source)
    rows = [t for t in range(E - 1, n) if 0 <= t + shift < n]
    rows = [t for t in rows if not np.isnan(source[t - E + 1 : t + 1]).any()]
    states = np.array([source[t - E + 1 : t + 1] for t in rows])
    values = np.array([target[t + shift] for t in rows])
    out = np.full(n, np.nan)
    for i, t in enumerate(rows):
        d = np.sqrt(((states - states[i]) ** 2).sum(1))
        d[i] = np.inf
        near = np.argsort(d, kind="stable")[: E + 1]
        w = np.exp(-d[near] / d[near[0]])
        out[t] = (w * values[near]).sum() / w.sum()
    return out


def partial_case(x, cause, effect, conditions, E, lag):
    direct = leave_one_out(x[:, effect], x[:, cause], E, -lag)
    around = [
        leave_one_out(leave_one_out(x[:, effect], x[:, c], E, 0), x[:, cause], E, -lag) for c in conditions
    ]
    truth = np.full(len(x), np.nan)
    truth[lag:] = x[: len(x) - lag, cause]
    both = np.column_stack([truth, direct, *around])
    both = both[~np.isnan(both).any(1)]
    design = np.column_stack([np.ones(len(both)), both[:, 2:]])
    rest = both[:, :2] - design @ np.linalg.lstsq(design, both[:, :2], rcond=None)[0]
    return {
        "cause": cause, "effect": effect, "conditions": conditions, "E": E, "lag": lag, "states": len(both),
        "skill": float(abs(np.corrcoef(both[:, 0], both[:, 1])[0, 1])),
        "direct": float(abs(np.corrcoef(rest.T)[0, 1])),
    }  # fmt: skip


def main():
    rng = np.random.default_rng(11)
    x = maps(rng, 160)
    noisy = maps(rng, 160, 0.01)
    gaps = noisy.copy()
    gaps[[20, 21, 70], 0] = np.nan
    gaps[[40, 90], 1] = np.nan
    data, rough, holes = frame(x), frame(noisy), frame(gaps)
    systems = chain(220)
    ab = {"columns": "a", "target": "b"}
    out = {
        "clean": x.T.tolist(),
        "noisy": noisy.T.tolist(),
        "gaps": [clean(c) for c in gaps.T],
        "simplex": [
            simplex_case(rough, columns="a", target="a", E=2, Tp=1),
            simplex_case(rough, columns="a", target="a", E=3, Tp=2, tau=-2, exclusionRadius=4),
            simplex_case(rough, [1, 90], [91, 160], columns="b", target="b", E=2, Tp=1),
            simplex_case(rough, **ab, E=3, Tp=0, knn=6),
        ],
        "smap": [
            smap_case(rough, columns="b", target="b", E=2, Tp=1, theta=theta) for theta in (0, 0.5, 3)
        ] + [smap_case(rough, [1, 90], [91, 160], columns="a", target="a", E=3, Tp=1, theta=2.0, exclusionRadius=2)],
        "dimensions": {c: [skill(rough, c, E, 1) for E in range(1, 7)] for c in "abc"},
        "ccm": [
            ccm_case(data, [10, 40, 159], 4, 7, **ab, E=2),
            ccm_case(rough, [12, 60, 140], 5, 3, **ab, E=3, tau=-2, exclusionRadius=3),
            ccm_case(rough, [150], 1, 1, **ab, E=2, Tp=-2),
            ccm_case(holes, [20, 80], 3, 5, **ab, E=2),
        ],
        "systems": {name: values.T.tolist() for name, values in systems.items()},
        "partial": [
            {"system": name, **partial_case(values, 0, 2, conditions, E, lag)}
            for name, values in systems.items()
            for conditions, E, lag in [([1], 3, 1), ([1], 2, 0), ([1], 3, 2)]
        ],
        "choices": [
            {"seed": s, "n": n, "size": k, "drawn": [np.sort(d).tolist() for d in draws]}
            for s, n, k in [(1, 12, 5), (2, 30, 30), (3, 200, 7)]
            for draws in [(lambda r: [r.choice(n, size=k, replace=False) for _ in range(3)])(np.random.default_rng(s))]
        ] + [
            {"seed": s, "n": n, "size": k, "sum": [int((d * (d % 7)).sum()) for d in draws]}
            for s, n, k in [(4, 12000, 300), (5, 12000, 180)]
            for draws in [(lambda r: [r.choice(n, size=k, replace=False) for _ in range(2)])(np.random.default_rng(s))]
        ],
        "trends": [
            {"values": v, "tau": float(r.statistic), "pValue": float(r.pvalue)}
            for v in ([0.1, 0.3, 0.2, 0.4], [5.0, 4.0, 3.0, 2.0, 1.0], rng.standard_normal(20).tolist(),
                      np.sort(rng.standard_normal(9)).tolist())
            for r in [stats.kendalltau(range(len(v)), v, method="exact", alternative="greater")]
        ],
        "spectra": [
            {"re": z.real.tolist(), "im": z.imag.tolist(), "fft": [f.real.tolist(), f.imag.tolist()]}
            for n in (1, 2, 8, 13, 60)
            for z in [rng.standard_normal(n) + 1j * rng.standard_normal(n)]
            for f in [np.fft.fft(z)]
        ],
    }  # fmt: skip
    (HERE / "mapping.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")


main()
