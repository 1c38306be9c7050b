"""Reductions and elementwise operations as NumPy computes them, for the tests of compiled cells.

Needs numpy. Writes cells.json beside this file; null stands for NaN, "inf" and "-inf" for infinities.
"""
import json
import warnings
from pathlib import Path

import numpy as np

warnings.simplefilter("ignore")
rng = np.random.default_rng(20240617)


def plain(array):
    """Nested lists that JSON can hold."""
    if isinstance(array, (list, tuple)):
        return [plain(each) for each in array]
    if isinstance(array, np.ndarray):
        return [plain(each) for each in array]
    value = float(array)
    if np.isnan(value):
        return None
    return ("inf" if value > 0 else "-inf") if np.isinf(value) else value


def series(length, columns=6):
    """Columns with none, some, nearly all and all values missing."""
    values = np.round(rng.normal(0.4, 0.3, (length, columns)), 3)
    values[rng.random(values.shape) < 0.25] = np.nan
    values[:, 0] = np.round(rng.normal(1000, 1, length), 3)
    values[1:, 4] = np.nan
    values[:, 5] = np.nan
    return values


def first(column):
    valid = column[~np.isnan(column)]
    return valid[0] if valid.size else np.nan


def last(column):
    valid = column[~np.isnan(column)]
    return valid[-1] if valid.size else np.nan


REDUCERS = {
    "sum": lambda x: np.where(np.all(np.isnan(x), axis=0), np.nan, np.nansum(x, axis=0)),
    "mean": lambda x: np.nanmean(x, axis=0),
    "product": lambda x: np.where(np.all(np.isnan(x), axis=0), np.nan, np.nanprod(x, axis=0)),
    "min": lambda x: np.nanmin(x, axis=0),
    "max": lambda x: np.nanmax(x, axis=0),
    "countValid": lambda x: np.isfinite(x).sum(axis=0),
    "count": lambda x: ((x != 0) & ~np.isnan(x)).sum(axis=0),
    "variance": lambda x: np.nanvar(x, axis=0, ddof=1),
    "sd": lambda x: np.nanstd(x, axis=0, ddof=1),
    "median": lambda x: np.nanmedian(x, axis=0),
    "first": lambda x: np.array([first(column) for column in x.T]),
    "last": lambda x: np.array([last(column) for column in x.T]),
}
PROBABILITIES = [0, 0.05, 0.25, 0.5, 0.9, 1]

X = np.array([-7.5, -2.5, -1, -0.75, -0.0, 0.25, 0.5, 1, 1.5, 2, 3.7, 20, np.inf, -np.inf, np.nan])
Y = np.array([2, -3, 0.5, 4, 1.5, -2, 3, 0.5, 7, -1, 2.2, 3, 2, 3, 1])
UNARY = {
    "absolute": np.abs, "negate": np.negative, "sqrt": np.sqrt, "exp": np.exp, "ln": np.log, "sin": np.sin, "cos": np.cos, "tan": np.tan,
    "arcsin": np.arcsin, "arccos": np.arccos, "arctan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh,
    "arsinh": np.arcsinh, "arcosh": np.arccosh, "artanh": np.arctanh, "floor": np.floor, "ceil": np.ceil,
    "round": np.rint, "int": np.trunc, "sgn": np.sign, "is_nan": np.isnan, "is_valid": np.isfinite, "is_infinite": np.isinf,
}
BINARY = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide, "power": np.power,
    "mod": np.mod, "arctan2": np.arctan2, "smaller": np.minimum, "greater": np.maximum,
}

golden = {
    "series": [],
    "elementwise": {
        "x": plain(X),
        "y": plain(Y),
        "unary": {name: plain(f(X)) for name, f in UNARY.items()},
        "binary": {name: plain(f(X, Y)) for name, f in BINARY.items()},
    },
}
for length in (1, 5, 24, 64, 65, 100):
    values = series(length)
    golden["series"].append({
        "values": plain(values),
        "reduced": {name: plain(np.asarray(f(values), dtype=float)) for name, f in REDUCERS.items()},
        "quantiles": [plain(np.nanquantile(values, p, axis=0)) for p in PROBABILITIES],
    })
golden["probabilities"] = PROBABILITIES
Path(__file__).with_name("cells.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
