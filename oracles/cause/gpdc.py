"""Goldens of the GPDC test: values, p-values by every significance, bounds, and model scores.

Needs tigramite 5.2.10.1 (with dcor and scikit-learn). Usage: python gpdc.py
Writes gpdc.json beside this script.
"""

import json
import pathlib
import warnings

import numpy as np
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from tigramite import data_processing as pp
from tigramite.independence_tests.gpdc import GPDC

warnings.filterwarnings("ignore")
correlations = np.corrcoef
# NumPy 2.4 no longer takes `ddof`, which never had an effect.
np.corrcoef = lambda *args, ddof=None, **rest: correlations(*args, **rest)
HERE = pathlib.Path(__file__).parent


def series(seed, steps):
    """Four variables: a nonlinear chain, a confounder's child, and noise."""
    rng = np.random.default_rng(seed)
    data = np.zeros((steps, 4))
    noise = rng.normal(size=(steps, 4))
    for t in range(2, steps):
        data[t, 0] = 0.6 * data[t - 1, 0] + noise[t, 0]
        data[t, 1] = 0.4 * data[t - 1, 1] + np.sin(1.5 * data[t - 1, 0]) + 0.5 * noise[t, 1]
        data[t, 2] = 0.3 * data[t - 1, 2] + 0.5 * data[t - 2, 0] ** 2 * 0.4 + noise[t, 2]
        data[t, 3] = 0.8 * data[t - 1, 3] + noise[t, 3]
    return data


TESTS = [
    ([(0, -1)], [(1, 0)], []),
    ([(0, -1)], [(1, 0)], [(1, -1)]),
    ([(0, -1)], [(1, 0)], [(1, -1), (0, -2)]),
    ([(0, -2)], [(2, 0)], [(2, -1)]),
    ([(3, -1)], [(2, 0)], [(2, -1), (3, -2), (0, -2)]),
    ([(1, 0)], [(2, 0)], [(0, -1), (0, -2), (1, -1), (2, -1)]),
    ([(3, 0)], [(1, 0)], [(3, -1)]),
]


def plain(value):
    return None if value is None else float(value)


def run(frame, options, tests, tau_max, **ask):
    test = GPDC(**options)
    test.set_dataframe(frame)
    return [
        {"x": x, "y": y, "z": z, "value": plain(value), "p": plain(p)}
        for x, y, z in tests
        for value, p in [test.run_test(x, y, z, tau_max=tau_max, **ask)]
    ]


def main():
    out = {}
    data = series(1, 160)
    frame = pp.DataFrame(data)
    out["steps"] = 160
    out["data"] = data.T.tolist()
    out["analytic"] = run(frame, {"sig_samples": 200}, TESTS, 2)
    out["cut"] = run(frame, {"sig_samples": 100, "seed": 7}, TESTS[:3], 2, cut_off="max_lag")
    out["shuffle"] = run(frame, {"significance": "shuffle_test", "sig_samples": 100}, TESTS[:4], 2)
    out["blocks"] = run(
        frame, {"significance": "shuffle_test", "sig_samples": 60, "sig_blocklength": 7}, TESTS[:3], 2
    )
    kernels = {
        "variance": ConstantKernel(1.0) * RBF(1.0) + WhiteKernel(),
        "axes": RBF([1.0, 1.0]) + WhiteKernel(0.5, (1e-3, 10.0)),
        "nugget": RBF(2.0, (0.1, 10.0)) + WhiteKernel(0.1),
        "fixed": RBF(0.7, "fixed") + WhiteKernel(),
    }
    out["kernels"] = {
        name: run(
            frame,
            {
                "sig_samples": 50,
                "gp_params": {"kernel": kernel, **({"alpha": 0.05} if name == "nugget" else {})},
            },
            [TESTS[2]],
            2,
        )
        for name, kernel in kernels.items()
    }
    masked = data.copy()
    rng = np.random.default_rng(5)
    holes = rng.integers(0, 160, 9)
    masked[holes, rng.integers(0, 4, 9)] = 999.0
    mask = rng.uniform(size=data.shape) < 0.1
    out["holes"] = [[None if v == 999.0 else v for v in row] for row in masked.T.tolist()]
    out["mask"] = mask.T.astype(int).tolist()
    gaps = pp.DataFrame(masked, mask=mask, missing_flag=999.0)
    out["masked"] = run(gaps, {"sig_samples": 50, "mask_type": "y"}, TESTS[:4], 2)
    rounded = pp.DataFrame(np.round(data * 2) / 2)
    out["ties"] = run(rounded, {"sig_samples": 50}, [TESTS[0], TESTS[1]], 2)
    test = GPDC(confidence="bootstrap", conf_samples=30, conf_lev=0.9, conf_blocklength=5)
    test.set_dataframe(frame)
    bounds = [test.get_confidence(x, y, z, tau_max=2) for x, y, z in TESTS[:2]]
    out["bounds"] = [[float(low), float(high)] for low, high in bounds]
    score = GPDC()
    score.set_dataframe(frame)
    parents = [[], [(0, -1)], [(0, -1), (1, -1)], [(3, -1), (3, -2)]]
    out["criterion"] = [
        {"parents": p, "score": plain(score.get_model_selection_criterion(1, p, tau_max=2)) if p else None}
        for p in parents
    ]
    (HERE / "gpdc.json").write_text(json.dumps(out))


main()
