"""Numbers for cube processes, made with xarray, scipy and rasterio. Writes processes.json beside this file.

Packages: numpy, pandas, xarray, scipy, rasterio, shapely.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import rasterio.features
import scipy.ndimage
import scipy.optimize
import xarray as xr
from rasterio.transform import Affine

rng = np.random.default_rng(4)


def plain(array):
    return [None if np.isnan(v) else float(v) for v in np.asarray(array, dtype=float).ravel()]


def holey(shape, share=0.2):
    values = np.round(rng.normal(size=shape) * 100) / 4
    values[rng.random(shape) < share] = np.nan
    return values


def periods():
    """resample of xarray at irregular instants over two and a half years, for periods that pandas has."""
    days = np.sort(rng.choice(900, size=160, replace=False))
    hours = rng.integers(0, 24, size=160)
    times = pd.Timestamp("2019-02-11") + pd.to_timedelta(days, unit="D") + pd.to_timedelta(hours, unit="h")
    values = holey((160, 2))
    cube = xr.DataArray(values, dims=("t", "x"), coords={"t": times})
    rules = {"day": "D", "week": "W-MON", "month": "MS", "season": "QS-DEC", "year": "YS"}
    labels = {
        "day": lambda s: f"{s.year}-{s.dayofyear:03d}",
        "week": lambda s: "%d-%02d" % s.isocalendar()[:2],
        "month": lambda s: f"{s.year}-{s.month:02d}",
        "season": lambda s: f"{s.year}-" + {12: "djf", 3: "mam", 6: "jja", 9: "son"}[s.month],
        "year": lambda s: f"{s.year}",
    }
    cases = {}
    for name, rule in rules.items():
        edges = {"label": "left", "closed": "left"} if name == "week" else {}
        grouped = cube.resample(t=rule, **edges)
        mean = grouped.mean(skipna=True)
        cases[name] = {
            "labels": [labels[name](s) for s in pd.DatetimeIndex(mean.t.values)],
            "mean": plain(mean.values),
            "median": plain(grouped.median(skipna=True).values),
        }
    return {
        "times": [t.strftime("%Y-%m-%dT%H:%M:%SZ") for t in times],
        "values": plain(values),
        "cases": cases,
    }


def kernels():
    values = holey((9, 11))
    weights = np.round(rng.normal(size=(5, 3)) * 8) / 8
    filled = np.where(np.isnan(values), 0.5, values)
    modes = {"replicate": "nearest", "reflect": "reflect", "reflect_pixel": "mirror", "wrap": "wrap"}
    cases = [
        {"border": border, "result": plain(scipy.ndimage.correlate(filled, weights, mode=mode) * 2)}
        for border, mode in modes.items()
    ]
    cases.append({"border": 3, "result": plain(scipy.ndimage.correlate(filled, weights, mode="constant", cval=3) * 2)})
    return {"shape": values.shape, "values": plain(values), "kernel": weights.tolist(), "cases": cases}


def curves():
    """A season as openEO's example has it, and an exponential decay, fitted by MINPACK."""
    x = np.arange(0, 1000, 16.0)

    def season(x, a, b, c):
        return a + b * np.cos(2 * np.pi / 365 * x) + c * np.sin(2 * np.pi / 365 * x)

    def decay(x, a, b, c):
        return a * np.exp(-b * x) + c

    out = {"x": x.tolist()}
    y = season(x, 0.4, -0.2, 0.1) + rng.normal(size=x.size) * 0.03
    y[rng.random(x.size) < 0.2] = np.nan
    ok = ~np.isnan(y)
    out["season"] = {"y": plain(y), "initial": [1, 1, 1], "fitted": scipy.optimize.curve_fit(season, x[ok], y[ok], [1, 1, 1])[0].tolist()}
    y = decay(x / 100, 5, 0.7, 1) + rng.normal(size=x.size) * 0.05
    fitted = scipy.optimize.curve_fit(decay, x / 100, y, [1, 1, 0], xtol=1e-14, ftol=1e-14)[0]
    out["decay"] = {"y": plain(y), "initial": [1, 1, 0], "fitted": fitted.tolist()}
    return out


def merges():
    """Two overlapping cubes: sums where both have a cell, by xarray's outer join."""
    a = xr.DataArray(holey((2, 3)), dims=("b", "t"), coords={"b": ["p", "q"], "t": pd.to_datetime(["2020-01-01", "2020-01-03", "2020-01-05"])})
    b = xr.DataArray(holey((2, 3)), dims=("b", "t"), coords={"b": ["q", "r"], "t": pd.to_datetime(["2020-01-02", "2020-01-03", "2020-01-05"])})
    x, y = xr.align(a, b, join="outer")
    both = np.isin(x.b, a.b)[:, None] & np.isin(x.t, a.t) & (np.isin(x.b, b.b)[:, None] & np.isin(x.t, b.t))
    x, y = x.sel(b=["p", "q", "r"]), y.sel(b=["p", "q", "r"])
    merged = np.where(both, x.values + y.values, np.where(np.isnan(x.values), y.values, x.values))
    broadcast = a * xr.DataArray([2.0, np.nan], dims="b", coords={"b": ["p", "q"]})
    return {
        "a": plain(a.values),
        "b": plain(b.values),
        "t": [str(t)[:10] for t in x.t.values],
        "merged": plain(merged),
        "broadcast": plain(broadcast.values),
    }


def zones():
    """Pixels whose centre lies in polygons (GDAL's rule), and their statistics."""
    height, width = 40, 50
    values = holey((2, height, width), 0.1)
    transform = Affine(10, 0, 400000, 0, -10, 5700000)
    polygons = []
    for _ in range(12):
        n = rng.integers(3, 9)
        angles = np.sort(rng.random(n) * 2 * np.pi)
        radius = 20 + rng.random(n) * 120
        cx, cy = 400000 + rng.random() * 500, 5700000 - rng.random() * 400
        ring = np.stack([cx + radius * np.cos(angles), cy + radius * np.sin(angles)], axis=1).round(3).tolist()
        polygons.append({"type": "Polygon", "coordinates": [ring + ring[:1]]})
    out = {"polygons": polygons, "shape": values.shape, "values": plain(values)}
    stats = {"mean": np.nanmean, "sd": lambda v: np.nanstd(v, ddof=1), "min": np.nanmin, "max": np.nanmax, "median": np.nanmedian, "sum": np.nansum}
    masks = [rasterio.features.geometry_mask([p], (height, width), transform, invert=True) for p in polygons]
    out["total"] = [int(m.sum()) for m in masks]
    out["valid"] = [[int(np.isfinite(band[m]).sum()) for m in masks] for band in values]
    for name, function in stats.items():
        out[name] = [[float(function(band[m])) if m.sum() > 1 else None for m in masks] for band in values]
    return out


def windows():
    values = holey((7, 10))
    cube = xr.DataArray(values, dims=("y", "x"))
    return {
        "values": plain(values),
        "pad": plain(cube.coarsen(y=3, x=4, boundary="pad").mean().values),
        "trim": plain(cube.coarsen(y=3, x=4, boundary="trim").mean().values),
        "right": plain(cube.coarsen(y=3, x=4, boundary="pad", side="right").mean().values),
    }


def normals():
    times = pd.date_range("2000-01-15", "2004-12-15", freq="20D")
    values = holey((times.size,))
    cube = xr.DataArray(values, dims="t", coords={"t": times})
    inside = cube.sel(t=slice("2001-01-01", "2003-12-31"))
    month = inside.groupby("t.month").mean()
    anomaly = cube.groupby("t.month") - month
    return {"times": [str(t)[:10] for t in times], "values": plain(values), "month": plain(month.values), "anomaly": plain(anomaly.values)}


golden = {
    "periods": periods(),
    "kernels": kernels(),
    "curves": curves(),
    "merges": merges(),
    "zones": zones(),
    "windows": windows(),
    "normals": normals(),
}
Path(__file__).with_name("processes.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
