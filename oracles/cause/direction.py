"""Goldens of direction finding: HSIC, DirectLiNGAM, VAR-LiNGAM and RESIT.

Needs lingam 1.13, scikit-learn, statsmodels, numpy. Usage: python direction.py
Writes direction.json beside this script.
"""

import json
import pathlib
import warnings

import lingam
import numpy as np
from lingam.hsic import hsic_test_gamma
from lingam.utils import predict_adaptive_lasso
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import lars_path

warnings.filterwarnings("ignore")
HERE = pathlib.Path(__file__).parent


def linear(rng, n):
    """Six variables in a graph of non-Gaussian noise, columns shuffled."""
    e = rng.uniform(-1, 1, size=(n, 6))
    x = np.zeros((n, 6))
    x[:, 3] = e[:, 3]
    x[:, 0] = 3.0 * x[:, 3] + e[:, 0]
    x[:, 2] = 6.0 * x[:, 3] + e[:, 2]
    x[:, 1] = 3.0 * x[:, 0] + 2.0 * x[:, 2] + e[:, 1]
    x[:, 5] = 4.0 * x[:, 0] + e[:, 5]
    x[:, 4] = 8.0 * x[:, 0] - 1.0 * x[:, 2] + e[:, 4]
    return x


def moving(rng, n, shift=0.0):
    """Four variables with lagged and contemporaneous effects, Laplace noise."""
    e = rng.laplace(size=(n, 4))
    x = np.zeros((n, 4))
    for t in range(2, n):
        x[t, 2] = 0.5 * x[t - 1, 2] + 0.3 * x[t - 2, 0] + e[t, 2]
        x[t, 0] = 0.4 * x[t - 1, 0] + 0.7 * x[t, 2] + e[t, 0]
        x[t, 1] = 0.6 * x[t, 0] - 0.5 * x[t - 1, 2] + e[t, 1]
        x[t, 3] = 0.7 * x[t - 1, 3] - 0.4 * x[t, 1] + e[t, 3]
    return x + shift


def curved(rng, n):
    x = np.zeros((n, 4))
    x[:, 0] = rng.normal(size=n)
    x[:, 2] = np.tanh(1.5 * x[:, 0]) + 0.3 * rng.normal(size=n)
    x[:, 1] = x[:, 0] ** 2 + 0.5 * rng.normal(size=n)
    x[:, 3] = np.sin(2 * x[:, 2]) + 0.5 * x[:, 1] + 0.3 * rng.normal(size=n)
    return (x - x.mean(0)) / x.std(0)


def fitted(model, x):
    model.fit(x)
    return {"order": [int(i) for i in model.causal_order_], "matrix": model.adjacency_matrix_.tolist()}


def main():
    rng = np.random.default_rng(11)
    out = {}
    x = linear(rng, 150)
    out["linear"] = {"columns": x.T.tolist(), **fitted(lingam.DirectLiNGAM(), x)}
    model = lingam.DirectLiNGAM()
    model.fit(x)
    out["linear"]["errors"] = model.get_error_independence_p_values(x).tolist()
    # A true and a false statement: 3 has a path to 0; 0 has none to 5.
    knowledge = -np.ones((6, 6), dtype=int)
    knowledge[0, 3] = 1
    knowledge[5, 0] = 0
    out["knowledge"] = {
        "matrix_given": knowledge.tolist(),
        **fitted(lingam.DirectLiNGAM(prior_knowledge=knowledge), x),
    }
    gauss = rng.normal(size=(80, 5)) @ rng.normal(size=(5, 5))
    out["gauss"] = {"columns": gauss.T.tolist(), **fitted(lingam.DirectLiNGAM(), gauss)}

    lassos = []
    for k in range(6):
        p = 3 + k
        a = rng.normal(size=(60, p)) @ (np.eye(p) + 0.6 * rng.normal(size=(p, p)))
        y = a @ (rng.normal(size=p) * (rng.uniform(size=p) < 0.5)) + rng.normal(size=60)
        b = np.column_stack([a, y])
        centred = (b - b.mean(0)) / b.std(0)
        _, _, path = lars_path(centred[:, :p], centred[:, p], method="lasso", Gram="auto")
        lassos.append(
            {
                "columns": b.T.tolist(),
                "coefficients": predict_adaptive_lasso(b, list(range(p)), p).tolist(),
                "path": path.T.tolist(),
            }
        )
    out["lasso"] = lassos

    series = moving(rng, 250)
    out["series"] = series.T.tolist()
    out["var"] = []
    for lags, criterion, prune in [(1, "bic", True), (3, "bic", True), (3, "aic", False), (2, None, True), (3, "hqic", True), (3, "fpe", False)]:
        model = lingam.VARLiNGAM(lags=lags, criterion=criterion, prune=prune)
        model.fit(series)
        out["var"].append(
            {
                "lags": lags,
                "criterion": {"hqic": "hq", None: "none"}.get(criterion, criterion),
                "prune": prune,
                "order": [int(i) for i in model.causal_order_],
                "matrices": model.adjacency_matrices_.tolist(),
                "errors": model.get_error_independence_p_values().tolist(),
            }
        )

    x = curved(rng, 120)
    out["curved"] = x.T.tolist()
    out["hsic"] = [
        {"x": a, "y": b, "statistic": float(s), "p": float(p)}
        for a, b in [([0], [1]), ([0], [2]), ([3], [0]), ([0], [1, 2, 3]), ([1, 2], [3, 0])]
        for s, p in [hsic_test_gamma(x[:, a], x[:, b])]
    ]
    noise = rng.normal(size=(90, 2))
    out["noise"] = noise.T.tolist()
    s, p = hsic_test_gamma(noise[:, [0]], noise[:, [1]])
    out["noise_hsic"] = {"statistic": float(s), "p": float(p)}
    out["resit"] = {
        name: {
            **fitted(lingam.RESIT(regressor=regressor, alpha=alpha), x),
        }
        for name, regressor, alpha in [
            ("kernel-ridge", KernelRidge(kernel="rbf", alpha=0.1, gamma=0.5), 0.05),
            ("gaussian-process", GaussianProcessRegressor(kernel=RBF() + WhiteKernel(), alpha=0.0), 0.01),
        ]
    }
    (HERE / "direction.json").write_text(json.dumps(out))


main()
