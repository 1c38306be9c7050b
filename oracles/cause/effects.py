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
import sklearn.linear_model
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.preprocessing import StandardScaler
from tigramite import data_processing as pp
from tigramite.causal_effects import CausalEffects
from tigramite.causal_mediation import (
    CausalMediation,
    FitProvider_Continuous_Default,
    FitSetup,
    NaturalEffects_StandardMediationSetup,
)
from tigramite.independence_tests.parcorr import ParCorr
from tigramite.models import LinearMediation, Prediction
from tigramite.toymodels.non_additive import ContinuousVariable

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


# Values: series of linear and of curved processes, some masked and with gaps.


def process(seed, length, curved=False):
    """Four variables: 0 --> 1 (lag 1), 0 --> 2 (lag 0), 1 --> 2 (lag 1), 2 --> 3 (lag 0), 0 --> 3 (lag 2), memories."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(length + 50, 4))
    out = np.zeros((length + 50, 4))
    bend = (lambda v: np.tanh(v) + 0.1 * v**2) if curved else (lambda v: v)
    for t in range(2, length + 50):
        out[t, 0] = 0.6 * out[t - 1, 0] + noise[t, 0]
        out[t, 1] = 0.4 * out[t - 1, 1] + bend(0.5 * out[t - 1, 0]) + noise[t, 1]
        out[t, 2] = 0.3 * out[t - 1, 2] + 0.6 * bend(out[t - 1, 1]) - 0.4 * out[t, 0] + noise[t, 2]
        out[t, 3] = 0.2 * out[t - 1, 3] + bend(0.7 * out[t, 2]) + 0.3 * out[t - 2, 0] + noise[t, 3]
    return np.round(out[50:], 6)


PARENTS = {0: [(0, -1)], 1: [(1, -1), (0, -1)], 2: [(2, -1), (1, -1), (0, 0)], 3: [(3, -1), (2, 0), (0, -2)]}


def frames():
    plain = process(1, 150)
    gaps = process(2, 160)
    gaps[[20, 21, 70], [1, 1, 3]] = np.nan
    mask = np.zeros(gaps.shape, dtype=int)
    mask[100:112, 0] = 1
    mask[40:45, 3] = 1
    curved = process(3, 120, curved=True)
    two = {0: process(4, 70), 1: process(5, 60)}
    series = {
        "plain": {"datasets": [plain.T.tolist()]},
        "gaps": {
            "datasets": [[[None if np.isnan(v) else v for v in row] for row in gaps.T.tolist()]],
            "masks": [mask.T.tolist()],
        },
        "curved": {"datasets": [curved.T.tolist()]},
        "two": {"datasets": [two[0].T.tolist(), two[1].T.tolist()]},
    }
    flagged = np.where(np.isnan(gaps), 999.0, gaps)
    make = {
        "plain": lambda: pp.DataFrame(plain.copy()),
        "gaps": lambda: pp.DataFrame(flagged.copy(), mask=mask.astype(bool), missing_flag=999.0),
        "curved": lambda: pp.DataFrame(curved.copy()),
        "two": lambda: pp.DataFrame({k: v.copy() for k, v in two.items()}, analysis_mode="multiple"),
    }
    return series, make


def graph_of(parents, lags=2):
    n = len(parents)
    graph = np.full((n, n, lags + 1), "", dtype="<U3")
    for j, own in parents.items():
        for i, lag in own:
            graph[i, j, -lag] = "-->"
            if lag == 0:
                graph[j, i, 0] = "<--"
    return graph


MODELS = {
    "linear": LinearRegression,
    "ridge": lambda: Ridge(alpha=2.5),
    "knn": lambda: KNeighborsRegressor(n_neighbors=7),
    "knn-distance": lambda: KNeighborsRegressor(n_neighbors=5, weights="distance"),
    "kernel-ridge": lambda: KernelRidge(kernel="rbf", alpha=0.5, gamma=0.1),
}

#: name, series, X, Y, S, hidden variables
QUERIES = [
    ("lagged", "plain", [(0, -2)], [(3, 0)], [], []),
    ("instant", "plain", [(2, 0)], [(3, 0)], [], []),
    ("two causes", "plain", [(0, -1), (0, -2)], [(3, 0)], [], []),
    ("two effects", "plain", [(1, -1)], [(2, 0), (3, 0)], [], []),
    ("conditional", "plain", [(1, -1)], [(3, 0)], [(0, -2)], []),
    ("hidden", "plain", [(1, -1)], [(3, 0)], [], [(0, -k) for k in range(4)]),
    ("hidden mediator", "plain", [(0, -2)], [(3, 0)], [], [(1, -k) for k in range(5)]),
    ("gaps", "gaps", [(0, -1)], [(2, 0)], [], []),
    ("curved", "curved", [(1, -1)], [(3, 0)], [], []),
    ("two sets", "two", [(0, -1)], [(3, 0)], [], []),
]


def total_effects(make):
    rows = []
    for name, key, x, y, s, hidden in QUERIES:
        for model, estimator in MODELS.items():
            if model != "linear" and name not in ("lagged", "conditional", "curved"):
                continue
            for options in (
                {},
                {"adjustment_set": "minimized_optimal"},
                {"standardize": True},
                {"mask_type": "y"},
                {"mask_type": "x"},
            ):
                if (options.get("mask_type") and key != "gaps") or (options and model != "linear"):
                    continue
                effects = CausalEffects(graph_of(PARENTS), "stationary_dag", X=x, Y=y, S=s, hidden_variables=hidden)
                arguments = {k: v for k, v in options.items() if k != "standardize"}
                if options.get("standardize"):
                    arguments["data_transform"] = StandardScaler()
                try:
                    effects.fit_total_effect(make[key](), estimator(), **arguments)
                except ValueError as error:
                    rows.append({"query": name, "model": model, "options": options, "error": str(error)})
                    continue
                doses = np.array([[0.0] * len(x), [1.0] * len(x), [-0.5 * (k + 1) for k in range(len(x))]])
                given = np.array([[0.3], [-0.4], [0.3]]) if s else None
                row = {"query": name, "model": model, "options": options, "interventions": doses.tolist()}
                if s:
                    row["conditions"] = given.tolist()
                if not effects.no_causal_path:
                    row["adjustment"] = nodes(effects.adjustment_set)
                for kind in ("hard", "soft"):
                    for units in (False, True) if options.get("standardize") and not s else (False,):
                        found = effects.predict_total_effect(
                            doses,
                            conditions_data=given,
                            intervention_type=kind,
                            transform_interventions_and_prediction=units,
                        )
                        row[kind + ("Units" if units else "")] = np.reshape(found, (len(doses), len(y))).tolist()
                rows.append(row)
    return rows


class FirstCoefficient(LinearRegression):
    """The reference takes all coefficients of a link's regression where it means the link's own, the first."""

    def fit(self, X, y):
        super().fit(X, y)
        self.coef_ = self.coef_[:, 0]
        return self


def wright_effects(make):
    rows = []
    for name, key, x, y, s, hidden in QUERIES:
        if s:
            continue
        for method in ("parents", "optimal", "links_coeffs"):
            for mediation in (None, "direct", [(1, -1), (1, 0)], [(2, 0)]):
                if method == "links_coeffs" and hidden:
                    continue
                effects = CausalEffects(graph_of(PARENTS), "stationary_dag", X=x, Y=y, hidden_variables=hidden)
                links = {j: [(p, 0.1 * (k + 1) + 0.05 * j, None) for k, p in enumerate(own)] for j, own in PARENTS.items()}
                row = {"query": name, "method": method, "mediation": mediation}
                sklearn.linear_model.LinearRegression = FirstCoefficient if method == "optimal" else LinearRegression
                try:
                    effects.fit_wright_effect(make[key](), mediation=mediation, method=method, links_coeffs=links)
                except ValueError as error:
                    rows.append({**row, "error": str(error)})
                    continue
                doses = np.eye(len(x))
                row["effects"] = np.reshape(effects.predict_wright_effect(doses), (len(x), len(y))).tolist()
                rows.append(row)
    return rows


def bootstraps(make):
    rows = []
    for name, key, x, y, s, hidden in QUERIES:
        if name not in ("lagged", "conditional", "gaps", "two sets"):
            continue
        for block, seed in ((1, 3), (6, 4), ("cube_root", 5)):
            effects = CausalEffects(graph_of(PARENTS), "stationary_dag", X=x, Y=y, S=s, hidden_variables=hidden)
            fit = {"dataframe": make[key](), "estimator": LinearRegression()}
            effects.fit_bootstrap_of("fit_total_effect", fit, boot_samples=25, boot_blocklength=block, seed=seed)
            arguments = {"intervention_data": np.array([[1.0], [0.0]])}
            if s:
                arguments["conditions_data"] = np.array([[0.2], [0.2]])
            draws, interval = effects.predict_bootstrap_of(
                "predict_total_effect", arguments, conf_lev=0.9, return_individual_bootstrap_results=True
            )
            rows.append(
                {
                    "query": name,
                    "block": block,
                    "seed": seed,
                    "draws": draws[:3].tolist(),
                    "interval": interval.tolist(),
                }
            )
    return rows


def mediation(make):
    rows = []
    for key, options in (
        ("plain", {}),
        ("plain", {"data_transform": None, "tau_max": 4}),
        ("gaps", {"mask_type": "y"}),
        ("two", {}),
    ):
        arguments = {k: v for k, v in options.items() if k != "tau_max"}
        med = LinearMediation(make[key](), **arguments)
        med.fit_model(PARENTS, tau_max=options.get("tau_max"))
        tau_max = int(med.tau_max)
        row = {
            "series": key,
            "standardize": "data_transform" not in options,
            "tauMax": tau_max,
            "maskType": options.get("mask_type") or "",
            "phi": med.phi.tolist(),
            "psi": med.psi.tolist(),
            "largest": [[float(med.get_ce_max(i, j)) for j in range(4)] for i in range(4)],
            "joint": med.get_joint_ce(0, 3).tolist(),
            "jointMediated": med.get_joint_mce(0, 3, 2).tolist(),
            "mediated": [float(med.get_mce(0, -tau, 3, 2)) for tau in range(tau_max + 1)],
            "mediatedBoth": [float(med.get_mce(0, -tau, 3, [1, 2])) for tau in range(tau_max + 1)],
            "mediatedNot": [float(med.get_conditional_mce(0, -tau, 3, 2, 1)) for tau in range(tau_max + 1)],
            "averages": [],
        }
        for lags, flag in itertools.product(("absmax", "all_lags"), (True, False)):
            row["averages"].append(
                {
                    "lags": lags,
                    "exclude": flag,
                    "ace": med.get_all_ace(lags, exclude_i=flag).tolist(),
                    "acs": med.get_all_acs(lags, exclude_j=flag).tolist(),
                    "amce": med.get_all_amce(lags, exclude_k=flag, exclude_self_effects=flag).tolist(),
                }
            )
        if key == "plain":
            med.fit_model_bootstrap(boot_blocklength=4, seed=7, boot_samples=20)
            row["interval"] = med.get_bootstrap_of("get_ce", {"i": 0, "tau": -2, "j": 3}, conf_lev=0.9).tolist()
            row["intervalMediated"] = med.get_bootstrap_of(
                "get_mce", {"i": 0, "tau": -2, "j": 3, "k": 2}, conf_lev=0.8
            ).tolist()
        rows.append(row)
    return rows


def natural(make):
    """Natural direct effects; the set of samples is that of the reference's search (2 tau_max steps cut off)."""
    fits = {
        "linear": FitSetup(fit_map=FitProvider_Continuous_Default(lambda x, y: LinearRegression().fit(x, y))),
        "knn": FitSetup(fit_map=FitProvider_Continuous_Default.UseSklearn(neighbors=8)),
    }
    rows = []
    for key, x, y, blocked in (
        ("curved", (1, -1), (3, 0), "all"),
        ("curved", (0, -1), (3, 0), "all"),
        ("curved", (0, -1), (3, 0), [(2, 0)]),
        ("plain", (0, 0), (3, 0), "all"),
        ("gaps", (0, -2), (3, 0), "all"),
    ):
        for model, setup in fits.items():
            effects = CausalMediation(graph_of(PARENTS), "stationary_dag", X=[x], Y=[y])
            row = {"series": key, "x": x, "y": y, "blocked": blocked, "model": model}
            try:
                effects.fit_natural_direct_effect(make[key](), copy.deepcopy(setup), blocked_mediators=blocked)
            except Exception as error:  # noqa: BLE001
                rows.append({**row, "error": str(error)[:80]})
                continue
            row["changes"] = [[0.0, 1.0], [-0.5, 0.5], [1.0, 0.0]]
            row["direct"] = [float(effects.predict_natural_direct_effect(*change)) for change in row["changes"]]
            row["smooth"] = np.asarray(
                effects.predict_natural_direct_effect_function(-1.0, 1.0, steps=6, smoothing_gaussian_sigma_in_steps=2)[1]
            ).tolist()
            rows.append(row)
    return rows


def triangle():
    """Direct and indirect effects of column 0 on column 2 by column 1, without time."""
    columns = process(3, 120, curved=True)
    x, m, y = (ContinuousVariable(name) for name in ("x", "m", "y"))
    data = {x: columns[:, 0], m: columns[:, 1], y: columns[:, 2]}
    rows = []
    for model, fit in (
        ("linear", FitProvider_Continuous_Default(lambda a, b: LinearRegression().fit(a, b))),
        ("knn", FitProvider_Continuous_Default.UseSklearn(neighbors=8)),
    ):
        effects = NaturalEffects_StandardMediationSetup(FitSetup(fit_map=fit), x, y, m, data)
        changes = [[0.0, 1.0], [-0.5, 0.5], [1.0, 0.0]]
        rows.append(
            {
                "model": model,
                "changes": changes,
                "direct": [float(np.squeeze(effects.NDE(*change))) for change in changes],
                "indirect": [float(np.squeeze(effects.NIE(*change))) for change in changes],
            }
        )
    return rows


def predictions(make):
    rows = []
    for model in ("linear", "knn"):
        for transform in (None, StandardScaler()):
            predict = Prediction(
                make["plain"](), range(0, 100), range(104, 150), MODELS[model](), data_transform=transform
            )
            targets = {2: [(2, -1), (1, -1), (0, -1)], 3: [(3, -1), (2, -2)]}
            predict.fit(targets, selected_targets=[2, 3], tau_max=3)
            for target in targets:
                rows.append(
                    {
                        "model": model,
                        "standardize": transform is not None,
                        "target": target,
                        "predictors": targets[target],
                        "predicted": np.asarray(predict.predict(target)).tolist(),
                        "observed": predict.get_test_array(target)[0].tolist(),
                    }
                )
    return rows


def predictors(make):
    rows = []
    for ahead, level in ((1, 0.2), (2, 0.1), (1, None)):
        predict = Prediction(
            make["plain"](), range(0, 100), range(104, 150), LinearRegression(), cond_ind_test=ParCorr()
        )
        found = predict.get_predictors(steps_ahead=ahead, tau_max=3, pc_alpha=level)
        rows.append(
            {"stepsAhead": ahead, "pcAlpha": level, "found": [[[int(i), int(t)] for i, t in found[j]] for j in range(4)]}
        )
    return rows


def values():
    series, make = frames()
    write(
        "effects_values.json",
        {
            "series": series,
            "parents": [PARENTS[j] for j in range(4)],
            "queries": {
                name: {"series": key, "x": x, "y": y, "s": s, "hidden": hidden}
                for name, key, x, y, s, hidden in QUERIES
            },
            "total": total_effects(make),
            "wright": wright_effects(make),
            "bootstrap": bootstraps(make),
            "mediation": mediation(make),
            "natural": natural(make),
            "triangle": triangle(),
            "predictions": predictions(make),
            "predictors": predictors(make),
        },
    )


if __name__ == "__main__":
    graphs()
    values()
