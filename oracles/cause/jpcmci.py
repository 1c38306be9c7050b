"""Writes jpcmci.json: graphs of several data sets with context variables and dummies by the reference implementation.

Needs numpy and tigramite 5.2.10.1. Run: python jpcmci.py
"""
import json
import pathlib

import numpy as np
import tigramite.data_processing as pp
from tigramite.independence_tests.parcorr import ParCorr
from tigramite.independence_tests.parcorr_mult import ParCorrMult
from tigramite.jpcmciplus import JPCMCIplus

KINDS = {"system": "system", "time_context": "time-context", "space_context": "space-context", "time_dummy": "time-dummy", "space_dummy": "space-dummy"}


def series(spec):
    """Data sets of three driven variables; contexts in time are shared by all sets, contexts in space constant in time."""
    rng = np.random.default_rng(spec["seed"])
    sets, length = spec["sets"], spec["length"]
    time = rng.standard_normal((length, 2))
    for t in range(1, length):
        time[t] += 0.3 * time[t - 1]
    space = rng.standard_normal((sets, 2))
    strength = spec.get("strength", 0.5)
    out = []
    for m in range(sets):
        x = np.zeros((length, 3))
        for t in range(2, length):
            e = rng.standard_normal(3)
            x[t, 0] = 0.4 * x[t - 1, 0] + strength * time[t, 0] + e[0] + 0.6 * space[m, 1]
            x[t, 1] = 0.3 * x[t - 1, 1] + 0.4 * x[t - 1, 0] + strength * time[t - 1, 1] + e[1]
            x[t, 2] = 0.3 * x[t - 2, 2] - 0.5 * x[t, 1] + strength * space[m, 0] + e[2]
        out.append(tuple(np.round(a, 4) for a in (x, time, np.tile(space[m], (length, 1)))))
    return out


def frame(spec):
    """Columns: system, observed contexts in time, observed contexts in space, dummies (each one vector)."""
    sets, length = spec["sets"], spec["length"]
    observed_time, observed_space = spec["observed"]
    dummies = spec["dummies"]
    kinds = ["system"] * 3 + ["time_context"] * len(observed_time) + ["space_context"] * len(observed_space)
    data, vectors = {}, {i: [(i, 0)] for i in range(len(kinds))}
    plain = []
    for m, (x, time, space) in enumerate(series(spec)):
        own = np.hstack([x, time[:, observed_time], space[:, observed_space]])
        plain.append(own.T.tolist())
        blocks = [own]
        if "time" in dummies:
            blocks.append(np.identity(length))
        if "space" in dummies:
            block = np.zeros((length, sets))
            block[:, m] = 1.0
            blocks.append(block)
        data[m] = np.hstack(blocks)
    column = len(kinds)
    for name, width in [("time", length), ("space", sets)]:
        if name in dummies:
            vectors[len(kinds)] = [(column + k, 0) for k in range(width)]
            kinds.append(f"{name}_dummy")
            column += width
    made = pp.DataFrame(data, vector_vars=vectors if dummies else None, analysis_mode="multiple")
    return made, dict(enumerate(kinds)), plain


def found(spec):
    made, kinds, plain = frame(spec)
    test = ParCorrMult(significance="analytic") if spec["dummies"] else ParCorr()
    assumptions = spec.get("assumptions")
    given = None
    if assumptions is not None:
        n = made.N
        given = {j: {(i, -tau): "o?o" if tau == 0 else "-?>" for i in range(n) for tau in range(spec["args"]["tau_max"] + 1) if tau > 0 or i != j} for j in range(n)}
        for j, i, tau, mark in assumptions:
            given[j].pop((i, -tau), None)
            if mark:
                given[j][(i, -tau)] = mark
    run = JPCMCIplus(dataframe=made, cond_ind_test=test, node_classification=kinds, verbosity=0)
    got = run.run_jpcmciplus(link_assumptions=given, **spec["args"])
    return dict(
        args=spec["args"],
        kinds=[KINDS[k] for k in kinds.values()],
        datasets=plain,
        **({"assumptions": assumptions} if assumptions is not None else {}),
        graph=got["graph"].tolist(),
        values=got["val_matrix"].tolist(),
        pvalues=got["p_matrix"].tolist(),
        sepsets=sorted([i, tau, j, [list(map(int, n)) for n in nodes]] for ((i, tau), j), nodes in got["sepsets"].items() if nodes),
        ambiguous=[[int(i), int(tau), int(k), int(j)] for ((i, tau), k, j) in got["ambiguous_triples"]],
    )


ALL = ([0, 1], [0, 1])
CASES = [
    dict(seed=1, sets=5, length=40, observed=([0, 1], [0]), dummies=["time", "space"], args=dict(tau_max=2, pc_alpha=0.01)),
    dict(seed=2, sets=6, length=30, observed=([0], [0]), dummies=["time", "space"], args=dict(tau_max=2, pc_alpha=0.05)),
    dict(seed=3, sets=8, length=25, observed=([], []), dummies=["time", "space"], args=dict(tau_max=1, pc_alpha=0.01)),
    dict(seed=4, sets=5, length=40, observed=ALL, dummies=[], args=dict(tau_max=2, pc_alpha=0.05)),
    dict(seed=5, sets=4, length=50, observed=([0, 1], []), dummies=["space"], args=dict(tau_max=2, pc_alpha=0.05, contemp_collider_rule="conservative", reset_lagged_links=True)),
    dict(seed=6, sets=6, length=30, observed=([], [0, 1]), dummies=["time"], args=dict(tau_max=1, pc_alpha=0.1, contemp_collider_rule="none", conflict_resolution=False)),
    dict(seed=7, sets=5, length=40, observed=([0], [1]), dummies=["space"], args=dict(tau_max=2, pc_alpha=0.05, fdr_method="fdr_bh", max_conds_py=2, max_conds_px=1, max_conds_px_lagged=1)),
    dict(seed=18, sets=5, length=40, observed=([0, 1], [0]), dummies=["space"], args=dict(tau_max=2, pc_alpha=0.05, max_conds_dim=1, max_combinations=3)),
    dict(seed=9, sets=4, length=40, observed=([0], [0]), dummies=["space"], args=dict(tau_max=2, pc_alpha=0.05), assumptions=[[0, 3, 0, "-->"], [3, 0, 0, "<--"], [1, 0, 1, "-->"], [2, 4, 0, ""], [4, 2, 0, ""], [2, 1, 0, "-?>"], [1, 2, 0, "<?-"]]),
    dict(seed=10, sets=5, length=40, observed=([0, 1], [0]), dummies=["space"], args=dict(tau_max=2, pc_alpha=0.05, tau_min=1)),
    dict(seed=12, sets=7, length=30, observed=([1], [1]), dummies=["time", "space"], strength=1.0, args=dict(tau_max=2, pc_alpha=0.2)),
]


def main():
    out = []
    for spec in CASES:
        try:
            out.append(found(spec))
        except Exception as error:  # noqa: BLE001
            print(spec["seed"], type(error).__name__, error)
    pathlib.Path(__file__).with_name("jpcmci.json").write_text(json.dumps(out))


if __name__ == "__main__":
    main()
