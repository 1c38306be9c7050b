"""Writes rpcmci.json: regimes by the reference implementation, and assignment programs solved by SciPy (HiGHS).

Needs numpy, scipy, scikit-learn, ortools and tigramite 5.2.10.1. Run: python rpcmci.py
"""
import json
import pathlib

import numpy as np
import tigramite.data_processing as pp
from scipy.optimize import linprog
from scipy.sparse import lil_matrix
from tigramite.independence_tests.parcorr import ParCorr
from tigramite.rpcmci import RPCMCI


def series(seed, regimes, strengths, width):
    """Variables that drive the next one with a strength that the regime sets."""
    rng = np.random.default_rng(seed)
    data = np.zeros((len(regimes), width))
    for t in range(2, len(regimes)):
        for j in range(width):
            data[t, j] = 0.3 * data[t - 1, j] + rng.standard_normal()
            data[t, j] += strengths[regimes[t]][j] * data[t - 1 - j % 2, (j + 1) % width]
    return data


SETTINGS = [
    dict(seed=1, lengths=[60, 80, 60], order=[0, 1, 0], strengths=[[0.9, -0.7], [-0.9, 0.6]], run=dict(num_regimes=2, max_transitions=2, switch_thres=0.05, num_iterations=10, max_anneal=4, tau_min=1, tau_max=2, pc_alpha=0.2, alpha_level=0.01), rng=42),
    dict(seed=2, lengths=[50, 50, 50, 50], order=[0, 1, 0, 1], strengths=[[0.8, 0.0, 0.8], [-0.8, 0.9, 0.0]], run=dict(num_regimes=2, max_transitions=3, switch_thres=0.05, num_iterations=20, max_anneal=5, tau_min=1, tau_max=1, pc_alpha=0.1, alpha_level=0.05), rng=7),
    dict(seed=12, lengths=[40, 40, 40, 40, 40], order=[0, 1, 0, 1, 0], strengths=[[0.7, 0.3, -0.5], [-0.7, 0.2, 0.6]], run=dict(num_regimes=3, max_transitions=3, switch_thres=0.05, num_iterations=6, max_anneal=3, tau_min=0, tau_max=2, pc_alpha=0.3, alpha_level=0.1), rng=1),
    dict(seed=12, lengths=[40, 40, 40, 40, 40], order=[0, 1, 0, 1, 0], strengths=[[0.7, 0.3, -0.5], [-0.7, 0.2, 0.6]], run=dict(num_regimes=2, max_transitions=1, switch_thres=0.05, num_iterations=6, max_anneal=3, tau_min=0, tau_max=2, pc_alpha=0.3, alpha_level=0.1), rng=1),
    dict(seed=13, lengths=[60, 60, 60], order=[0, 1, 2], strengths=[[1.0, 0.0], [-1.0, 0.8], [0.0, -0.9]], run=dict(num_regimes=2, max_transitions=3, switch_thres=0.3, num_iterations=8, max_anneal=3, tau_min=1, tau_max=2, pc_alpha=0.2, alpha_level=0.01), rng=1),
    dict(seed=5, lengths=[30, 90, 30], order=[0, 1, 0], strengths=[[0.7, 0.3], [-0.7, 0.2]], run=dict(num_regimes=1, max_transitions=1, switch_thres=0.05, num_iterations=3, max_anneal=2, tau_min=1, tau_max=1, pc_alpha=[0.05, 0.2], alpha_level=0.05), rng=5),
]


def regimes(spec):
    order = np.repeat(spec["order"], spec["lengths"])
    data = series(spec["seed"], order, spec["strengths"], len(spec["strengths"][0]))
    found = RPCMCI(pp.DataFrame(data.copy()), cond_ind_test=ParCorr(), seed=spec["rng"]).run_rpcmci(n_jobs=1, **spec["run"])
    out = dict(columns=data.T.tolist(), seed=spec["rng"], run=spec["run"])
    if found is None:
        return {**out, "failed": True}
    results = found["causal_results"]
    return {
        **out,
        "regimes": np.asarray(found["regimes"]).tolist(),
        "changes": [None if d is None else [float(v) for v in d] for d in found["diff_g_f"][0]],
        "graphs": [results[k]["graph"].tolist() for k in range(spec["run"]["num_regimes"])],
        "values": [results[k]["val_matrix"].tolist() for k in range(spec["run"]["num_regimes"])],
        "pvalues": [results[k]["p_matrix"].tolist() for k in range(spec["run"]["num_regimes"])],
    }


def program(seed, count, length, budget):
    """min c x  s.t.  shares sum to 1 at each step; absolute changes of each regime's share sum to at most the budget."""
    cost = np.random.default_rng(seed).standard_exponential((count, length)).round(3)
    cost += np.random.default_rng(seed + 1).standard_exponential((count, length // 10)).repeat(10, axis=1).round(3)
    shares, changes = count * length, count * (length - 1)
    less = lil_matrix((2 * changes + count, shares + changes))
    bound = np.zeros(2 * changes + count)
    row = 0
    for k in range(count):
        for t in range(length - 1):
            for sign in (1, -1):
                less[row, k * length + t + 1] = sign
                less[row, k * length + t] = -sign
                less[row, shares + k * (length - 1) + t] = -1
                row += 1
    for k in range(count):
        less[row, shares + k * (length - 1) : shares + (k + 1) * (length - 1)] = 1
        bound[row] = budget
        row += 1
    equal = lil_matrix((length, shares + changes))
    for t in range(length):
        equal[t, [k * length + t for k in range(count)]] = 1
    found = linprog(
        np.concatenate([cost.ravel(), np.zeros(changes)]), less.tocsr(), bound, equal.tocsr(), np.ones(length), bounds=(0, None), method="highs-ds"
    )
    return dict(costs=cost.tolist(), budget=budget, cost=found.fun, shares=found.x[:shares].reshape(count, length).tolist())


def main():
    programs = [program(*args) for args in [(1, 2, 60, 1), (2, 2, 100, 4), (3, 3, 60, 2), (4, 3, 80, 5), (5, 4, 50, 3), (6, 2, 60, 59), (7, 5, 60, 2), (8, 3, 60, 0)]]
    target = pathlib.Path(__file__).with_name("rpcmci.json")
    target.write_text(json.dumps({"cases": [regimes(spec) for spec in SETTINGS], "programs": programs}))


if __name__ == "__main__":
    main()
