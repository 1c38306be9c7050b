"""Reference numbers for series from cubes: lagged regressions, normals of the year, trends, modes.

Needs numpy, pandas, scipy and statsmodels. Writes cubes.json beside itself.
"""
import json
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.signal import detrend

random = np.random.default_rng(5)


def listed(array):
    return [None if np.isnan(v) else float(v) for v in np.asarray(array, dtype=float).ravel()]


def lagged(cells, drivers, lags, own):
    rows = []
    for cell in cells:
        first = max([own, *lags])
        time = np.arange(first, len(cell))
        columns = [d[time - lag] for d in drivers for lag in lags] + [cell[time - k] for k in range(1, own + 1)]
        design = sm.add_constant(np.column_stack(columns), has_constant="add")
        keep = ~np.isnan(np.column_stack([design, cell[time]])).any(axis=1)
        fit = sm.OLS(cell[time][keep], design[keep]).fit()
        links = len(drivers) * len(lags)
        t = fit.tvalues[1 : links + 1]
        rows.append(
            {
                "coefficients": listed(fit.params[1 : links + 1]),
                "p": listed(fit.pvalues[1 : links + 1]),
                "halfWidths": listed((fit.conf_int()[1 : links + 1, 1] - fit.conf_int()[1 : links + 1, 0]) / 2),
                "correlations": listed(t / np.sqrt(t**2 + fit.df_resid)),
                "samples": int(keep.sum()),
            }
        )
    return rows


def regressions():
    steps = 80
    drivers = random.standard_normal((2, steps)).cumsum(axis=1) * 0.3 + random.standard_normal((2, steps))
    cells = np.zeros((4, steps))
    for t in range(3, steps):
        cells[:, t] = 0.4 * cells[:, t - 1] + 0.5 * drivers[0, t - 2] - 0.2 * drivers[1, t - 1]
        cells[:, t] += random.standard_normal(4)
    cells[1, [5, 20, 21, 60]] = np.nan
    gappy = drivers.copy()
    gappy[0, 30:34] = np.nan
    cases = []
    for name, d in (("whole", drivers), ("gaps", gappy)):
        for lags, own in (([1, 2], 1), ([0, 1, 3], 2), ([1], 0)):
            cases.append(
                {"name": name, "lags": lags, "own": own, "drivers": [listed(x) for x in d], "links": lagged(cells, d, lags, own)}
            )
    return {"cells": [listed(c) for c in cells], "cases": cases}


def normals():
    times = pd.date_range("2001-03-05", periods=400, freq="5D")
    values = 3 * np.sin(2 * np.pi * np.asarray(times.day_of_year) / 365) + random.standard_normal(400)
    values[[3, 50, 51]] = np.nan
    series = pd.Series(values, index=times)
    dekad = times.month * 10 + np.minimum(2, (times.day - 1) // 10)
    season = (times.month % 12) // 3
    base = series["2002-01-01":"2004-12-31"]
    day = np.minimum(times.day_of_year - ((times.is_leap_year) & (times.day_of_year > 59)), 365) - 1
    angles = 2 * np.pi * (np.asarray(day) + 0.5) / 365
    waves = np.column_stack([f(k * angles) for k in (1, 2) for f in (np.cos, np.sin)] + [np.ones(400)])
    known = ~np.isnan(values)
    fit, *_ = np.linalg.lstsq(waves[known], values[known], rcond=None)
    return {
        "times": [t.strftime("%Y-%m-%d") for t in times],
        "values": listed(values),
        "month": listed(series.groupby(times.month).transform("mean")),
        "dekad": listed(series.groupby(dekad).transform("mean")),
        "season": listed(series.groupby(season).transform("median")),
        "baseline": listed([base.groupby(base.index.month).mean().get(t.month, np.nan) for t in times]),
        "standardized": listed(series.groupby(times.month).transform(lambda g: (g - g.mean()) / g.std(ddof=0))),
        "harmonic": listed(waves @ fit),
    }


def trends():
    values = random.standard_normal(60).cumsum()
    x = np.linspace(-1, 1, 60)
    return {
        "values": listed(values),
        "linear": listed(detrend(values)),
        "cubic": listed(values - np.polyval(np.polyfit(x, values, 3), x)),
        "average": listed(values - pd.Series(values).rolling(7, center=True, min_periods=1).mean()),
    }


def varimax(loadings, rounds=2000):
    """Rotation with Kaiser normalisation by singular values, as statistics packages have it."""
    h = np.sqrt((loadings**2).sum(axis=1, keepdims=True))
    a = loadings / h
    p, k = a.shape
    rotation = np.eye(k)
    for _ in range(rounds):
        b = a @ rotation
        u, _, vt = np.linalg.svd(a.T @ (b**3 - b * (b**2).sum(axis=0) / p))
        rotation = u @ vt
    return loadings @ rotation, rotation


def modes():
    out = []
    for steps, cells in ((30, 12), (12, 30)):
        base = random.standard_normal((steps, 3)) * [3, 2, 1.2]
        field = base @ random.standard_normal((3, cells)) + 0.5 * random.standard_normal((steps, cells))
        weights = np.cos(np.linspace(-1, 1, cells))
        x = (field - field.mean(axis=0)) * np.sqrt(weights)
        u, s, vt = np.linalg.svd(x, full_matrices=False)
        loadings = (vt[:3].T * s[:3]) / np.sqrt(steps - 1)
        rotated, rotation = varimax(loadings)
        series = u[:, :3] * np.sqrt(steps - 1) @ rotation
        order = np.argsort(-(rotated**2).sum(axis=0))
        total = (x**2).sum() / (steps - 1)

        def signed(l, z):
            sign = np.sign(l[np.abs(l).argmax(axis=0), range(l.shape[1])])
            return [listed(p) for p in (l * sign / np.sqrt(weights)[:, None]).T], [listed(p) for p in (z * sign).T]

        plain = signed(loadings, u[:, :3] * np.sqrt(steps - 1))
        turned = signed(rotated[:, order], series[:, order])
        out.append(
            {
                "steps": steps,
                "field": listed(field),
                "weights": listed(weights),
                "explained": listed(s[:3] ** 2 / (s**2).sum()),
                "patterns": plain[0],
                "series": plain[1],
                "rotatedExplained": listed((rotated[:, order] ** 2).sum(axis=0) / total),
                "rotatedPatterns": turned[0],
                "rotatedSeries": turned[1],
            }
        )
    return out


result = {"regressions": regressions(), "normals": normals(), "trends": trends(), "modes": modes()}
Path(__file__).with_suffix(".json").write_text(json.dumps(result))
