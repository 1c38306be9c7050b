"""Adjustment sets, effects, mediation and predictions of the reference implementation on random graphs and series.

Writes effects_graphs.json, effects_values.json. Run: python3 oracles/cause/effects.py
(tigramite 5.2.10, numpy, scikit-learn). Graphs are lists of links [i, j, lag, link] ([i, j, lag of i, lag of j, link] in time
graphs); nodes are [variable, lag]; a missing value is null.
"""

import copy
import itertools
import json
import pathlib
import warnings

import numpy as np
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.preprocessing import StandardScaler
from tigramite import data_processing as pp
from tigramite.causal_effects import CausalEffects
from tigramite.causal_mediation import CausalMediation, FitProvider_Continuous_Default, FitSetup
from tigramite.models import LinearMediation, Prediction

warnings.filterwarnings("ignore")
HERE = pathlib.Path(__file__).parent
REVERSED = {"-->": "<--", "<--": "-->", "<->": "<->", "+->": "<-+", "<-+": "+->"}


def nodes(items):
    return sorted([int(i), int(t)] for i, t in items)


def write(name, value):
    (HERE / name).write_text(json.dumps(value, separators=(",", ":")) + "\n")


def random_graph(rng, kind, n, lags, density):
    """Acyclic: links without lag follow the order of variables, shuffled."""
    order = rng.permutation(n)
    rank = {int(v): k for k, v in enumerate(order)}
    marks = ["-->"] * 3 + (["<->", "+->"] if kind.endswith("admg") else [])
    links = []
    if kind in ("dag", "admg"):
        graph = np.full((n, n), "", dtype="<U3")
        for i, j in itertools.permutations(range(n), 2):
            if rank[i] < rank[j] and rng.random() < density:
                mark = str(rng.choice(marks))
                graph[i, j], graph[j, i] = mark, REVERSED[mark]
                links.append([i, j, 0, mark])
        return graph, links
    if kind.startswith("stationary"):
        graph = np.full((n, n, lags + 1), "", dtype="<U3")
        for i, j, tau in itertools.product(range(n), range(n), range(lags + 1)):
            if rng.random() < density and (tau > 0 or (i != j and rank[i] < rank[j])):
                mark = str(rng.choice(marks))
                if i == j and mark == "<->":
                    mark = "-->"
                graph[i, j, tau] = mark
                if tau == 0:
                    graph[j, i, 0] = REVERSED[mark]
                links.append([i, j, tau, mark])
        return graph, links
    graph = np.full((n, n, lags + 1, lags + 1), "", dtype="<U3")
    for i, j, a, b in itertools.product(range(n), range(n), range(lags + 1), range(lags + 1)):
        if rng.random() < density and (a > b or (a == b and i != j and rank[i] < rank[j])):
            mark = str(rng.choice(marks))
            graph[i, j, a, b], graph[j, i, b, a] = mark, REVERSED[mark]
            links.append([i, j, a, b, mark])
    return graph, links


KINDS = {
    "dag": "dag",
    "admg": "admg",
    "stationary-dag": "stationary_dag",
    "stationary-admg": "stationary_admg",
    "time-dag": "tsg_dag",
    "time-admg": "tsg_admg",
}


def structure(rng, kind):
    flat = kind in ("dag", "admg")
    n = int(rng.integers(5, 8) if flat else rng.integers(2, 4))
    lags = 0 if flat else int(rng.integers(1, 3))
    graph, links = random_graph(rng, kind, n, lags, rng.uniform(0.3, 0.6) if flat else rng.uniform(0.15, 0.4))
    everything = [(i, -t) for i in range(n) for t in range(lags + 1)]
    picks = [everything[k] for k in rng.permutation(len(everything))]
    y = [picks.pop(next(k for k, p in enumerate(picks) if p[1] == 0))]
    if rng.random() < 0.2 and not flat:
        y.append(picks.pop())
    x = [picks.pop() for _ in range(1 if rng.random() < 0.7 else 2) if len(picks) > 1]
    s = [picks.pop()] if rng.random() < 0.25 and picks else []
    hidden = []
    if rng.random() < 0.4 and picks:
        if kind.startswith("stationary"):
            free = [v for v in range(n) if v not in {p[0] for p in x + y + s}]
            hidden = [(free[0], -t) for t in range(2 * lags + 1)] if free else []
            reach = lags + max(-t for _, t in x + y + s)
            hidden = [h for h in hidden if -h[1] <= reach]
            if any(link[-1] == "+->" for link in links):
                hidden = []  # the reference does not see arrows of +-> on the way through hidden nodes
        else:
            hidden = [picks.pop()]
    row = {"kind": kind, "variables": n, "tauMax": lags, "links": links, "x": x, "y": y, "s": s, "hidden": hidden}
    try:
        effects = CausalEffects(graph, KINDS[kind], X=x, Y=y, S=s, hidden_variables=hidden)
    except ValueError as error:
        return {**row, "error": str(error)}
    row["projected"] = [
        [int(i), int(j), int(a), int(b), str(effects.graph[i, j, a, b])]
        for i, j, a, b in zip(*np.where(effects.graph))
        if (i, a) < (j, b)
    ]
    row["reach"] = int(effects.tau_max)
    row["causal"] = not effects.no_causal_path
    row["mediators"] = nodes(effects.M)
    row["forbidden"] = nodes(effects.forbidden_nodes)
    row["validAncestors"] = nodes(effects.vancs)
    row["ancestors"] = nodes(effects.ancY)
    row["pruned"] = [nodes(part) for part in effects.check_XYS_paths()]
    for name, minimize in (("optimal", False), ("minimized", True), ("collidersMinimized", "colliders_only")):
        found = effects.get_optimal_set(minimize=minimize)
        row[name] = None if found is False else nodes(found)
    adjust = effects._get_adjust_set()
    row["ancestorSet"] = None if adjust is False else nodes(adjust)
    allowed = sorted(
        {(i, -t) for i in range(n) for t in range(effects.tau_max + 1)} - effects.forbidden_nodes - set(hidden)
    )
    row["validity"] = []
    for _ in range(4):
        picked = [node for node in allowed if rng.random() < 0.4]
        row["validity"].append([nodes(picked), bool(effects._check_validity(set(picked) | set(s)))])
    if row["optimal"] is not None and len(allowed) < 14:
        row["isOptimal"] = bool(effects.check_optimality())
    return row


def graphs():
    rng = np.random.default_rng(5)
    rows = []
    for kind in KINDS:
        kept = [row for row in (structure(rng, kind) for _ in range(150)) if row.get("causal") or rng.random() < 0.2]
        rows += kept[: 50 if kind.startswith("stat") else 45]
    write("effects_graphs.json", rows)


if __name__ == "__main__":
    graphs()
