"""Filled gaps of random rows by xarray: interpolate_na, ffill and bfill, as gaps.json has them.

Run: python oracles/cube/gaps.py > oracles/cube/gaps.json
Needs numpy, scipy, bottleneck, pandas and xarray.
"""

import json

import numpy as np
import pandas as pd
import xarray as xr

rng = np.random.default_rng(7)


def case(kind):
    n = int(rng.integers(1, 16))
    values = rng.integers(-50, 50, n).astype("float64")
    values[rng.random(n) < rng.choice([0.2, 0.5, 0.8])] = np.nan
    steps = rng.integers(1, 9, n).cumsum()
    labels = pd.Timestamp("2020-01-30") + pd.to_timedelta(steps, "D") if kind == "t" else steps * 0.5
    row = xr.DataArray(values, dims="d", coords={"d": labels})
    method = str(rng.choice(["linear", "nearest", "previous", "next"]))
    limit = None if rng.random() < 0.5 else int(rng.integers(1, 4))
    gap = None if rng.random() < 0.5 else float(rng.integers(2, 15))
    by_label = bool(rng.random() < 0.6)
    if method in ("previous", "next"):
        gap = None
        filled = row.ffill("d", limit) if method == "previous" else row.bfill("d", limit)
    else:
        most = pd.Timedelta(days=gap) if gap is not None and kind == "t" and by_label else gap
        filled = row.interpolate_na("d", method=method, limit=limit, max_gap=most, use_coordinate=by_label)
    names = [str(label.date()) for label in labels] if kind == "t" else labels.tolist()
    clean = lambda a: [None if np.isnan(x) else float(x) for x in a]
    return {
        "labels": names,
        "data": clean(values),
        "method": method,
        "limit": limit,
        "max_gap": gap,
        "use_coordinate": by_label,
        "filled": clean(filled.values),
    }


print("[")
print(",\n".join(json.dumps(case("t" if i % 2 else "x")) for i in range(240)))
print("]")
