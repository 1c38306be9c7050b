"""Goldens of processes on values, by NumPy and pandas.

Needs: numpy, pandas. Run: python oracles/cube/values.py (writes oracles/cube/values.json).
Numbers that JSON lacks are written as the texts NaN, Infinity, -Infinity.
"""

import json
import math
import pathlib

import numpy as np
import pandas as pd

rng = np.random.default_rng(4)


def plain(value):
    if isinstance(value, (list, np.ndarray)):
        return [plain(item) for item in value]
    value = float(value)
    return value if math.isfinite(value) else {True: "NaN"}.get(math.isnan(value), "Infinity" if value > 0 else "-Infinity")


def statistics():
    rows = []
    for size in [1, 2, 3, 4, 7, 10, 25, 100]:
        for spread in [1.0, 1e-6, 1e9]:
            data = np.round(rng.normal(5.0, 1.0, size) * spread, 9)
            probabilities = [0, 0.01, 0.25, 1 / 3, 0.5, 0.9, 1]
            rows.append(
                {
                    "data": plain(data),
                    "mean": plain(data.mean()),
                    "median": plain(np.median(data)),
                    "variance": plain(data.var(ddof=1)) if size > 1 else "NaN",
                    "sd": plain(data.std(ddof=1)) if size > 1 else "NaN",
                    "sum": plain(data.sum()),
                    "product": plain(data.prod()),
                    "min": plain(data.min()),
                    "max": plain(data.max()),
                    "probabilities": probabilities,
                    "quantiles": plain(np.quantile(data, probabilities)),
                    "cumsum": plain(data.cumsum()),
                    "cumproduct": plain(data.cumprod()),
                    "cummax": plain(np.maximum.accumulate(data)),
                    "cummin": plain(np.minimum.accumulate(data)),
                    "order": [int(i) for i in np.argsort(data, kind="stable")],
                }
            )
    return rows


FUNCTIONS = {
    "absolute": np.abs,
    "arccos": np.arccos,
    "arcosh": np.arccosh,
    "arcsin": np.arcsin,
    "arctan": np.arctan,
    "arsinh": np.arcsinh,
    "artanh": np.arctanh,
    "ceil": np.ceil,
    "cos": np.cos,
    "cosh": np.cosh,
    "exp": np.exp,
    "floor": np.floor,
    "int": np.trunc,
    "ln": np.log,
    "sgn": np.sign,
    "sin": np.sin,
    "sinh": np.sinh,
    "sqrt": np.sqrt,
    "tan": np.tan,
    "tanh": np.tanh,
    "round": np.round,
}
PAIRS = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "arctan2": np.arctan2,
    "power": np.float_power,
    "log": lambda x, base: np.log(x) / np.log(base),
    "round": lambda x, p: np.array([np.round(a, int(b)) for a, b in zip(x, p)]),
    "mod": np.mod,
}


def functions():
    x = np.array([0, 1, -1, 0.5, -0.5, 2.5, -2.5, 3.5, 1e-9, 1e3, -7.25, 0.1, 710, np.inf, -np.inf, np.nan])
    return [{"id": name, "x": plain(x), "y": plain(f(x))} for name, f in FUNCTIONS.items()]


def pairs():
    rows = []
    for name, f in PAIRS.items():
        a = np.round(rng.uniform(-20, 20, 40), 3)
        b = np.round(rng.uniform(-3, 3, 40), 0 if name in ("power", "round") else 2)
        if name in ("log",):
            a, b = np.abs(a), np.abs(b) + 0.5
        if name == "mod":
            b[b == 0] = 1
        rows.append({"id": name, "a": plain(a), "b": plain(b), "c": plain(f(a, b))})
    return rows


def interpolation():
    rows = []
    for size in [5, 12, 40]:
        y = np.round(rng.normal(0, 10, size), 3)
        gaps = rng.random(size) < 0.4
        x = np.cumsum(rng.integers(1, 9, size))
        known = ~gaps
        inside = (np.arange(size) >= np.argmax(known)) & (np.arange(size) <= size - 1 - np.argmax(known[::-1]))
        for axis in [np.arange(size), x]:
            filled = np.where(inside, np.interp(axis, axis[known], y[known]), np.nan)
            data = [None if gap else float(value) for value, gap in zip(y, gaps)]
            expected = [None if math.isnan(value) else float(value) for value in filled]
            rows.append({"labels": [int(a) for a in axis], "data": data, "filled": expected})
    return rows


def shifts():
    rows = []
    units = ["day", "week", "month", "year", "hour", "minute", "second"]
    for _ in range(120):
        date = pd.Timestamp("1950-01-01") + pd.Timedelta(int(rng.integers(0, 60 * 366 * 86400)), "s")
        if rng.random() < 0.3:
            date = date + pd.offsets.MonthEnd(0)
        unit = units[int(rng.integers(0, len(units)))]
        value = int(rng.integers(-50, 50))
        shifted = date + pd.DateOffset(**{unit + "s": value})
        form = "%Y-%m-%dT%H:%M:%SZ"
        rows.append({"date": date.strftime(form), "value": value, "unit": unit, "shifted": shifted.strftime(form)})
    return rows


with np.errstate(all="ignore"):
    goldens = {
        "statistics": statistics(),
        "functions": functions(),
        "pairs": pairs(),
        "interpolation": interpolation(),
        "shifts": shifts(),
    }
path = pathlib.Path(__file__).with_name("values.json")
path.write_text(json.dumps(goldens, separators=(",", ":"), allow_nan=False) + "\n")
print(path, path.stat().st_size, "bytes", "numpy", np.__version__, "pandas", pd.__version__)
