"""Goldens of the information-theoretic tests: values and p-values by tigramite (5.2.10.1), random numbers by NumPy.

Usage: python information.py  (needs tigramite, numpy < 2.5, scipy, scikit-learn, numba). Writes information.json beside itself.
P-values of series with equal values depend on the order in which NumPy sorts them; these are of a processor with AVX-512.
Series are made here and stored; NumPy 2.4 has no `ddof` in corrcoef any more, where it had no effect.
"""

import json
from pathlib import Path

import numpy as np
from scipy import spatial, special
from tigramite.data_processing import DataFrame
from tigramite.independence_tests.cmiknn import CMIknn
from tigramite.independence_tests.cmiknn_mixed import CMIknnMixed
from tigramite.independence_tests.cmisymb import CMIsymb
from tigramite.independence_tests.gsquared import Gsquared

_corrcoef = np.corrcoef
np.corrcoef = lambda *args, ddof=None, **kwargs: _corrcoef(*args, **kwargs)

HERE = Path(__file__).parent
MISSING = 999.0


def floats(array):
    return [[float(value) for value in row] for row in np.asarray(array, dtype=float)]


def coupled(steps, width, seed, power=1.0):
    """Autocorrelated series, each driven by the one before it, one step earlier."""
    rng = np.random.default_rng(seed)
    data = rng.standard_normal((steps, width))
    for t in range(1, steps):
        for j in range(width):
            driver = data[t - 1, j - 1] if j > 0 else 0.0
            data[t, j] += 0.5 * data[t - 1, j] + 0.5 * np.sign(driver) * abs(driver) ** power
    return np.round(data, 6)


TESTS = [
    ([(0, -1)], [(1, 0)], []),
    ([(0, -1)], [(1, 0)], [(1, -1)]),
    ([(1, -1)], [(2, 0)], [(2, -1), (0, -2), (1, -2)]),
    ([(0, -1), (2, -1)], [(1, 0)], [(1, -1)]),
    ([(0, -1)], [(1, 0), (2, 0)], [(1, -1), (2, -1)]),
    ([(2, 0)], [(0, 0), (1, 0)], []),
    ([(0, -2), (1, -2)], [(2, 0)], []),
]


def asked(test, frame, tests=TESTS, tau_max=2):
    test.set_dataframe(frame)
    out = []
    for x, y, z in tests:
        val, pval = test.run_test(X=x, Y=y, Z=z, tau_max=tau_max)
        out.append({"x": x, "y": y, "z": z, "value": float(val), "pValue": None if pval is None else float(pval)})
    return out


def knn_cases():
    plain = coupled(80, 3, 1)
    tied = np.round(coupled(90, 3, 2), 1)
    masked = coupled(100, 3, 3)
    mask = np.zeros(masked.shape, dtype=bool)
    mask[20:35, 1] = True
    mask[60:, 0] = np.arange(40) % 7 == 0
    gaps = masked.copy()
    gaps[[10, 11, 50], [0, 2, 1]] = MISSING
    strong = coupled(150, 3, 4, power=2.0)
    small = coupled(24, 3, 5)
    rain = np.maximum(0, np.round(coupled(420, 3, 6), 1))
    series = {"plain": plain, "tied": tied, "rain": rain, "masked": masked, "gaps": gaps, "strong": strong, "small": small}
    settings = [
        ("plain", {}),
        ("plain", {"transform": "standardize", "seed": 7}),
        ("plain", {"transform": "uniform", "permute": "X"}),
        ("plain", {"transform": False, "knn": 10}),
        ("plain", {"knn": 3, "shuffle_neighbors": 3, "sig_blocklength": 4}),
        ("plain", {"null_fit": "normal", "sig_blocklength": 7}),
        ("strong", {"knn": 0.1, "shuffle_neighbors": 10}),
        ("tied", {"knn": 0.3, "sig_blocklength": 1}),
        ("tied", {"transform": "uniform", "sig_blocklength": 2}),
        ("rain", {"knn": 0.1}),
        ("rain", {"knn": 0.1, "transform": "standardize"}),
        ("masked", {"mask_type": "xyz"}),
        ("masked", {"mask_type": "y", "knn": 7}),
        ("gaps", {}),
        ("small", {"knn": 2, "sig_blocklength": 5}),
        ("small", {"shuffle_neighbors": 50, "sig_blocklength": 3}),
    ]
    cases = []
    for name, options in settings:
        data = series[name]
        kwargs = {"sig_samples": 40, "workers": 1, **options}
        frame = DataFrame(
            data,
            mask=mask if name == "masked" else None,
            missing_flag=MISSING if name == "gaps" else None,
        ) if name in ("masked", "gaps") else DataFrame(data)
        tests = TESTS if name != "rain" else TESTS[1:4]
        cases.append({"series": name, "options": options, "tests": asked(CMIknn(**kwargs), frame, tests)})
    return {
        "series": {name: floats(data.T) for name, data in series.items()},
        "mask": [[int(value) for value in row] for row in mask.T],
        "cases": cases,
    }


def confidence_case():
    test = CMIknn(knn=0.1, confidence="bootstrap", conf_samples=40, conf_blocklength=3, sig_samples=20, workers=1)
    test.set_dataframe(DataFrame(coupled(80, 3, 1)))
    lower, upper = test.get_confidence(X=[(0, -1)], Y=[(1, 0)], Z=[(1, -1)], tau_max=2)
    return {"series": "plain", "lower": float(lower), "upper": float(upper)}


def classes(data, levels):
    """Series in classes of about the same size."""
    edges = np.quantile(data, np.linspace(0, 1, levels + 1)[1:-1], axis=0)
    return np.stack([np.searchsorted(edges[:, j], data[:, j]) for j in range(data.shape[1])], axis=1).astype(float)


def symbol_cases():
    binary = classes(coupled(150, 3, 11), 2)
    three = classes(coupled(200, 3, 12), 3)
    five = classes(coupled(60, 3, 13), 5) * 1.5 - 2
    masked = classes(coupled(120, 3, 14), 3)
    mask = np.zeros(masked.shape, dtype=bool)
    mask[30:50, 2] = True
    series = {"binary": binary, "three": three, "five": five, "masked": masked}
    settings = [
        ("binary", {}),
        ("three", {"seed": 3}),
        ("three", {"n_symbs": 3, "sig_blocklength": 7}),
        ("three", {"n_symbs": 2}),
        ("five", {}),
        ("masked", {"mask_type": "z"}),
    ]
    univariate = [test for test in TESTS if len(test[0]) == len(test[1]) == 1]
    symb, g = [], []
    for name, options in settings:
        frame = DataFrame(series[name], mask=mask if name == "masked" else None)
        case = {"series": name, "options": options}
        symb.append({**case, "tests": asked(CMIsymb(sig_samples=40, **options), frame)})
        own = {key: value for key, value in options.items() if key != "sig_blocklength"}
        g.append({**case, "tests": asked(Gsquared(**own), frame, univariate)})
    return {
        "series": {name: floats(data.T) for name, data in series.items()},
        "mask": [[int(value) for value in row] for row in mask.T],
        "cmiSymb": symb,
        "gsquared": g,
    }


def mixed_series(steps, seed):
    """Continuous; classes; zeros where the driver is low and continuous above; continuous. And which values are discrete."""
    data = coupled(steps, 4, seed)
    types = np.zeros(data.shape, dtype=int)
    data[:, 1] = np.searchsorted([-0.6, 0.6], data[:, 1])
    types[:, 1] = 1
    low = data[:, 2] < -0.4
    data[low, 2] = np.where(data[low, 0] > 0, 3.0, -3.0)
    types[low, 2] = 1
    return data, types


MIXED_TESTS = [
    ([(0, -1)], [(1, 0)], []),
    ([(0, -1)], [(1, 0)], [(1, -1)]),
    ([(1, -1)], [(3, 0)], [(3, -1), (2, -1)]),
    ([(2, -1)], [(3, 0)], [(3, -1)]),
    ([(0, -1), (1, -1)], [(3, 0)], [(0, -2)]),
    ([(3, -1)], [(0, 0)], [(2, -2), (1, -1)]),
]


def mixed_cases():
    first, second = mixed_series(90, 21), mixed_series(140, 22)
    series = {"first": first, "second": second}
    settings = [
        ("first", {}),
        ("second", {"knn": 0.1, "seed": 5}),
        ("first", {"knn_type": "cluster_size", "sig_blocklength": 3}),
        ("first", {"knn_type": "cluster_size", "knn": 20, "transform": "standardize"}),
        ("second", {"knn_type": "local", "knn": 0.5, "shuffle_neighbors": 8}),
        ("first", {"estimator": "MS", "transform": "standardize"}),
        ("second", {"estimator": "MS", "knn": 6, "transform": "scale", "scale_range": (0, 2), "max_with_0": True}),
        ("first", {"estimator": "MS", "transform": "none"}),
        ("first", {"estimator": "ZMADG", "transform": "standardize"}),
        ("second", {"estimator": "ZMADG", "knn": 0.3}),
    ]
    cases = []
    for name, options in settings:
        data, types = series[name]
        test = CMIknnMixed(**{"sig_samples": 20, "workers": 1, **options})
        # It fails where Z is empty.
        tests = MIXED_TESTS if options.get("estimator") != "ZMADG" else MIXED_TESTS[1:3]
        cases.append({"series": name, "options": options, "tests": asked(test, DataFrame(data, data_type=types), tests)})
    return {
        "series": {name: floats(data.T) for name, (data, _) in series.items()},
        "types": {name: types.T.tolist() for name, (_, types) in series.items()},
        "cases": cases,
    }


def criteria():
    cases = []
    for knn, steps, parents in (
        (0.2, 80, []),
        (0.2, 80, [(0, -1)]),
        (7, 80, [(0, -1), (1, -1), (1, -2)]),
        (0.2, 290, []),
        (0.1, 291, [(2, -1), (1, -1)]),
    ):
        data = coupled(steps, 3, 31)
        test = CMIknn(knn=knn, workers=1)
        test.set_dataframe(DataFrame(data))
        score = test.get_model_selection_criterion(j=1, parents=parents, tau_max=2)
        cases.append({"knn": knn, "steps": steps, "parents": parents, "score": float(score)})
    return {"series": {str(steps): floats(coupled(steps, 3, 31).T) for steps in (80, 290, 291)}, "cases": cases}


def neighbours():
    rng = np.random.default_rng(9)
    cases = []
    for width, count, k, decimals in ((1, 200, 5, None), (2, 150, 5, None), (3, 120, 6, None), (2, 150, 4, 0)):
        z = rng.standard_normal((width, count))
        z = z.argsort(axis=1).argsort(axis=1).astype(float) if decimals is None else np.round(2 * z)
        index = spatial.cKDTree(z.T).query(z.T, k=k, p=np.inf)[1]
        cases.append({"rows": z.astype(int).tolist(), "k": k, "neighbours": index.ravel().tolist()})
    return cases


def orders():
    """Orders with many equal values, as a processor with AVX-512 has them."""
    rng = np.random.default_rng(8)
    cases = []
    for count in (7, 33, 200, 256, 300, 700):
        values = np.round(rng.standard_normal(count), 1)
        cases.append({"values": values.tolist(), "order": np.argsort(values).tolist()})
    values = np.where(rng.random(900) < 0.6, 0, np.round(rng.random(900), 3))
    cases.append({"values": values.tolist(), "order": np.argsort(values).tolist()})
    return cases


def sums():
    rng = np.random.default_rng(10)
    cases = []
    for count in (5, 8, 50, 129, 600):
        rows = np.round(rng.standard_normal((1, count)) * 3 + 1, 6)
        cases.append({"row": floats(rows)[0], "sum": float(rows.sum(axis=1)[0]), "std": float(rows.std(axis=1)[0])})
    return cases


def random_numbers():
    rng = np.random.default_rng(42)
    out = {"permutation": rng.permutation(20).tolist()}
    rows = np.arange(15, dtype=np.int32).reshape(3, 5)
    for row in rows:
        rng.shuffle(row)
    out["rows"] = rows.tolist()
    out["random"] = rng.random(6).tolist()
    out["integers"] = rng.integers(np.iinfo(np.int32).max, size=7).tolist()
    out["below"] = [int(rng.integers(0, n)) for n in (1, 2, 3, 7, 1000, 2**31 + 1, 2**32)]
    out["choice"] = [int(rng.choice(np.arange(0, 50, 7))) for _ in range(5)]
    values = np.array([3.0, 5.0, 7.0])
    rng.shuffle(values)
    out["floats"] = values.tolist()
    out["long"] = rng.permutation(3000)[:50].tolist()
    out["after"] = float(rng.random())
    children = np.random.SeedSequence(12345).spawn(3)
    out["spawned"] = [np.random.default_rng(child).random(3).tolist() for child in children]
    out["seeds"] = {str(seed): np.random.default_rng(seed).random(2).tolist() for seed in (0, 1, 2**31, 2**40 + 5)}
    return out


if __name__ == "__main__":
    goldens = {
        "random": random_numbers(),
        "sums": sums(),
        "orders": orders(),
        "digamma": special.digamma([1, 2, 3, 10, 11, 20, 500, 20000]).tolist(),
        "neighbours": neighbours(),
        "criteria": criteria(),
        "cmiKnn": knn_cases(),
        "symbols": symbol_cases(),
        "mixed": mixed_cases(),
        "confidence": confidence_case(),
    }
    (HERE / "information.json").write_text(json.dumps(goldens, separators=(",", ":")) + "\n")
