"""Reference numbers of PC, PCMCI, PCMCI+ and the simpler searches, made with tigramite 5.2.10.1 (numpy, scipy, numba).

Usage: python pcmci.py [DATA]   (DATA: the folder of real data; its cases are left out where it is missing)
Writes pcmci-NAME.json beside this file, one for each data set: the data (unless they are real), and for each case the search,
its settings in the names of this project, and what the reference returns.
"""
import csv
import json
import os
import sys

import numpy as np
import tigramite.data_processing as pp
from tigramite.independence_tests.cmiknn import CMIknn
from tigramite.independence_tests.cmisymb import CMIsymb
from tigramite.independence_tests.gsquared import Gsquared
from tigramite.independence_tests.parcorr import ParCorr
from tigramite.independence_tests.robust_parcorr import RobustParCorr
from tigramite.pcmci import PCMCI

# The reference passes an argument that never had an effect and that newer versions of numpy refuse.
_corrcoef = np.corrcoef
np.corrcoef = lambda x, y=None, ddof=0, **rest: _corrcoef(x, y, **rest)

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = {
    "parcorr": ParCorr,
    "robust-parcorr": RobustParCorr,
    "cmi-knn": CMIknn,
    "gsquared": Gsquared,
    "cmi-symb": CMIsymb,
}
TEST_OPTIONS = {
    "significance": ("significance", {"analytic": "analytic", "shuffle": "shuffle_test", "threshold": "fixed_thres"}),
    "shuffles": ("sig_samples", None),
    "shuffleBlock": ("sig_blocklength", None),
    "confidence": ("confidence", None),
    "confidenceLevel": ("conf_lev", None),
    "confidenceSamples": ("conf_samples", None),
    "confidenceBlock": ("conf_blocklength", None),
    "maskType": ("mask_type", None),
    "neighbours": ("knn", None),
}
OPTIONS = {
    "tauMin": "tau_min",
    "tauMax": "tau_max",
    "pcAlpha": "pc_alpha",
    "alpha": "alpha_level",
    "maxConditions": "max_conds_dim",
    "maxCombinations": "max_combinations",
    "maxConditionsY": "max_conds_py",
    "maxConditionsX": "max_conds_px",
    "maxConditionsLaggedX": "max_conds_px_lagged",
    "fdr": "fdr_method",
    "colliderRule": "contemp_collider_rule",
    "markConflicts": "conflict_resolution",
    "resetLaggedLinks": "reset_lagged_links",
    "valuesOnly": "val_only",
    "neighbours": "mode",
}
VALUES = {"fdr": {"fdr-bh": "fdr_bh", "none": "none"}, "neighbours": {"all": "standard", "contemporaneous": "contemp_conds"}}
METHODS = {
    "pcmci": "run_pcmci",
    "mci": "run_mci",
    "fullci": "run_fullci",
    "bivci": "run_bivci",
    "dependence": "get_lagged_dependencies",
    "pc-stable": "run_pc_stable",
    "pcmci+": "run_pcmciplus",
    "pc": "run_pcalg",
}


def node(key):
    return tuple(int(part) for part in key.split(","))


def translated(options):
    out = {}
    for name, value in options.items():
        if name == "assumptions":
            out["link_assumptions"] = {j: {node(k): mark for k, mark in links.items()} for j, links in enumerate(value)}
        elif name in ("parents", "laggedParents"):
            given = {j: [tuple(p) for p in nodes] for j, nodes in enumerate(value)}
            out["parents" if name == "parents" else "lagged_parents"] = given
        else:
            out[OPTIONS[name]] = VALUES.get(name, {}).get(value, value) if not isinstance(value, list) else value
    return out


def test_of(name, options):
    made = {}
    for key, value in options.items():
        theirs, values = TEST_OPTIONS[key]
        made[theirs] = values[value] if values else value
    return TESTS[name](**made)


def flat(array):
    return [float(v) for v in np.asarray(array, dtype=float).ravel()]


def single(data):
    return pp.DataFrame(
        np.array(data["columns"], dtype=float).T.copy(),
        mask=np.array(data["masks"]).T.astype(bool) if "masks" in data else None,
        missing_flag=data.get("missing"),
        remove_missing_upto_maxlag=data.get("missingUpToMaxLag", False),
    )


def run(data, case, frame_of=single):
    frame = frame_of(data)
    search = PCMCI(dataframe=frame, cond_ind_test=test_of(case["test"], case.get("testOptions", {})), verbosity=0)
    found = getattr(search, METHODS[case["method"]])(**translated(case["options"]))
    if case["method"] == "pc-stable":
        found = {"p_matrix": search.p_matrix, "val_matrix": search.val_matrix}
    out = {"values": flat(found["val_matrix"])}
    if "p_matrix" in found:
        out["pValues"] = flat(found["p_matrix"])
    if "graph" in found:
        out["graph"] = " ".join(link if link else "." for link in found["graph"].ravel())
    if found.get("conf_matrix") is not None:
        out["intervals"] = flat(found["conf_matrix"])
    if case["method"] in ("pcmci", "pc-stable", "pcmci+"):
        out["parents"] = [[[int(i), int(t)] for i, t in search.all_parents[j]] for j in range(frame.N)]
    if "sepsets" in found:
        out["separatingSets"] = {
            f"{i},{t},{j}": sorted([int(k), int(s)] for k, s in nodes)
            for ((i, t), j), nodes in found["sepsets"].items()
            if len(nodes) > 0
        }
        out["ambiguousTriples"] = [[[int(i), int(t)], int(k), int(j)] for (i, t), k, j in found["ambiguous_triples"]]
    if "optimal_alpha" in found:
        out["optimalAlpha"] = found["optimal_alpha"]
    return out


def process(seed, length, lagged, contemporaneous, function=lambda x: x, noise=1.0):
    """Columns of a structural process; `lagged` and `contemporaneous`: (source, lag, target, coefficient)."""
    rng = np.random.default_rng(seed)
    n = 1 + max(link[2] for link in lagged + contemporaneous)
    spin = 50
    x = rng.standard_normal((length + spin, n)) * noise
    for t in range(5, length + spin):
        for j in range(n):
            for i, lag, target, strength in lagged:
                if target == j:
                    x[t, j] += strength * (x[t - lag, i] if i == j else function(x[t - lag, i]))
            for i, _, target, strength in contemporaneous:
                if target == j:
                    x[t, j] += strength * function(x[t, i])
    return columns(x[spin:])


def columns(x):
    return [[round(float(v), 5) for v in column] for column in np.asarray(x).T]


def own(n, strength):
    return [(j, 1, j, strength) for j in range(n)]


def chaotic(length):
    rng = np.random.default_rng(9)
    x = rng.uniform(0.2, 0.8, 3)
    rows = []
    for _ in range(length + 100):
        a, b, c = x
        x = np.array([a * (3.8 - 3.8 * a), b * (3.6 - 3.6 * b - 0.25 * a), c * (3.7 - 3.7 * c - 0.2 * b)])
        rows.append(x)
    return columns(np.array(rows[100:]))


def tied(length):
    rng = np.random.default_rng(31)
    x = rng.standard_normal((length, 2)).cumsum(axis=0) * 0.1 + rng.standard_normal((length, 2))
    near = x[:, [0, 1, 0, 1]] + 1e-2 * rng.standard_normal((length, 4))
    return columns(np.column_stack([near, rng.standard_normal(length)]))


def discrete(length):
    rng = np.random.default_rng(77)
    x = np.zeros((length, 3), dtype=int)
    for t in range(1, length):
        x[t, 0] = (x[t - 1, 0] + (rng.random() < 0.3)) % 3
        x[t, 1] = x[t - 1, 0] if rng.random() < 0.6 else rng.integers(0, 3)
        x[t, 2] = x[t, 1] % 2 if rng.random() < 0.7 else rng.integers(0, 2)
    return columns(x)


def random_process(seed, n, length, lagged, contemporaneous, auto):
    rng = np.random.default_rng(seed)
    pick = lambda: (int(rng.integers(0, n)), int(rng.integers(1, 3)), int(rng.integers(0, n)), float(rng.choice([-0.25, 0.25])))
    now = []
    while len(now) < contemporaneous:
        i, j = sorted(int(v) for v in rng.choice(n, 2, replace=False))
        if (i, j) not in [(a, c) for a, _, c, _ in now]:
            now.append((i, 0, j, float(rng.choice([-0.6, 0.6]))))
    x = process(seed + 1, length, own(n, auto) + [pick() for _ in range(lagged)], now)
    # Another process where this one runs away.
    return x if np.std(x, axis=1).max() < 20 else random_process(seed + 100, n, length, lagged, contemporaneous, auto)


def gaps(data, masked, missing):
    rng = np.random.default_rng(5)
    x = np.array(data)
    holes = rng.random(x.shape) < missing
    x[holes] = 999.0
    hidden = (rng.random(x.shape[1]) < masked)[None, :] | (rng.random(x.shape) < 0.02)
    return {"columns": x.tolist(), "missing": 999.0, "masks": hidden.astype(int).tolist()}


def plus(**options):
    return {"method": "pcmci+", "test": "parcorr", "options": options}


def pcmci(**options):
    return {"method": "pcmci", "test": "parcorr", "options": options}


def case(method, test="parcorr", testOptions=None, **options):
    return {"method": method, "test": test, **({"testOptions": testOptions} if testOptions else {}), "options": options}


RULES = [
    {"colliderRule": rule, "markConflicts": conflicts, "resetLaggedLinks": reset}
    for rule in ("majority", "conservative", "none")
    for conflicts in (True, False)
    for reset in (False, True)
]


def datasets():
    lagged = process(1, 200, own(4, 0.6) + [(0, 1, 1, 0.5), (1, 2, 2, -0.4), (2, 3, 0, 0.3)], [(3, 0, 0, 0.5)])
    yield "lagged", {"columns": lagged}, [
        pcmci(tauMax=3),
        pcmci(tauMax=3, pcAlpha=None, alpha=0.01),
        pcmci(tauMax=4, tauMin=1, pcAlpha=0.3),
        pcmci(tauMax=3, tauMin=2, pcAlpha=0.1),
        pcmci(tauMax=0),
        pcmci(tauMax=3, pcAlpha=[0.001, 0.2, 0.8], fdr="fdr-bh"),
        pcmci(tauMax=3, maxCombinations=3, maxConditions=2, pcAlpha=0.4),
        pcmci(tauMax=3, maxConditionsY=1, maxConditionsX=0),
        pcmci(tauMax=3, maxConditionsX=1, alpha=0.2, fdr="fdr-bh"),
        case("fullci", tauMax=2),
        case("fullci", tauMax=3, tauMin=1, alpha=0.01),
        case("bivci", tauMax=3, fdr="fdr-bh"),
        case("dependence", tauMax=4, alpha=0.01),
        case("mci", tauMax=2, parents=[[[0, -1]], [[1, -1], [0, -1]], [[2, -1], [1, -2]], []]),
        case("mci", tauMax=2, parents=[[[0, -1], [3, 0]], [], [], []], valuesOnly=True),
        case("pc-stable", tauMax=3, pcAlpha=None),
        case("pc-stable", tauMax=3, pcAlpha=0.5, maxCombinations=5),
        case("pcmci", testOptions={"confidence": "analytic"}, tauMax=2),
        case("pcmci", testOptions={"significance": "threshold"}, tauMax=2, pcAlpha=0.15, alpha=0.2),
        case("pcmci", testOptions={"significance": "shuffle", "shuffles": 60}, tauMax=1),
        case("pcmci", testOptions={"significance": "shuffle", "shuffles": 60, "shuffleBlock": 3}, tauMax=1),
        case("pcmci", testOptions={"confidence": "bootstrap", "confidenceSamples": 50}, tauMax=1),
        case("pcmci", test="robust-parcorr", tauMax=2, pcAlpha=None),
        pcmci(
            tauMax=2,
            assumptions=[
                {"0,-1": "-->", "3,0": "o?o", "2,-2": "-?>"},
                {"1,-1": "-?>", "0,-1": "o?o", "0,0": "-?>"},
                {"2,-1": "-?>", "1,-2": "-->", "3,0": "o-o"},
                {"3,-1": "-?>"},
            ],
            fdr="fdr-bh",
        ),
        plus(tauMax=2),
        plus(tauMax=3, tauMin=1),
        plus(tauMax=2, fdr="fdr-bh", pcAlpha=0.1),
        case("pcmci+", testOptions={"significance": "threshold"}, tauMax=2, pcAlpha=0.12),
        case("pcmci+", testOptions={"significance": "shuffle", "shuffles": 40}, tauMax=1, pcAlpha=0.1),
    ]
    now = random_process(3, 5, 300, 4, 5, 0.7)
    yield "contemporaneous", {"columns": now}, [plus(tauMax=2, pcAlpha=0.05, **rules) for rules in RULES] + [
        plus(tauMax=2, pcAlpha=None),
        plus(tauMax=2, pcAlpha=[0.2, 0.01, 0.4], colliderRule="none"),
        plus(tauMax=3, maxConditions=1, maxConditionsY=2, maxConditionsX=1, pcAlpha=0.2),
        plus(tauMax=3, maxConditionsX=2, maxConditionsLaggedX=0, pcAlpha=0.2),
        plus(tauMax=1, maxConditionsX=0, maxConditionsLaggedX=1, maxCombinations=2, pcAlpha=0.3),
        plus(tauMax=0, pcAlpha=0.05),
        plus(
            tauMax=1,
            pcAlpha=0.05,
            assumptions=[
                {"0,-1": "-?>", "1,0": "o?o", "2,0": "<?-"},
                {"1,-1": "-?>", "2,0": "o?o", "3,0": "-->"},
                {"2,-1": "-->", "0,0": "-?>", "4,0": "o?o", "1,-1": "-?>"},
                {"3,-1": "-?>", "4,0": "o-o"},
                {"4,-1": "-?>", "0,-1": "-?>"},
            ],
        ),
        case("pc", tauMax=1, pcAlpha=0.05),
        case("pc", tauMax=2, tauMin=1, pcAlpha=0.05),
        case("pc", tauMax=1, pcAlpha=0.1, maxCombinations=2, maxConditions=2, colliderRule="conservative"),
        case("pc", tauMax=0, pcAlpha=0.05, colliderRule="none", markConflicts=False),
        case("pc", tauMax=1, pcAlpha=0.05, neighbours="contemporaneous"),
        case(
            "pc",
            tauMax=1,
            pcAlpha=0.05,
            neighbours="contemporaneous",
            laggedParents=[[[j, -1], [(j + 1) % 5, -1]] for j in range(5)],
            maxConditionsY=2,
            maxConditionsX=1,
        ),
        case("pcmci+", test="robust-parcorr", tauMax=2, pcAlpha=0.05),
        case("pcmci+", test="robust-parcorr", tauMax=1, pcAlpha=None),
    ]
    dense = random_process(21, 8, 200, 6, 12, 0.5)
    yield "dense", {"columns": dense}, [plus(tauMax=1, pcAlpha=0.1, **rules) for rules in RULES[:10:2]] + [
        plus(tauMax=1, pcAlpha=None),
        pcmci(tauMax=2, pcAlpha=None, fdr="fdr-bh"),
        case("pcmci+", testOptions={"significance": "shuffle", "shuffles": 20}, tauMax=1, pcAlpha=0.1),
    ]
    wide = random_process(40, 12, 150, 15, 8, 0.6)
    yield "wide", {"columns": wide}, [
        pcmci(tauMax=2),
        plus(tauMax=2, pcAlpha=0.05),
        plus(tauMax=1, pcAlpha=0.2, colliderRule="conservative"),
    ]
    bent = process(6, 250, own(4, 0.5) + [(0, 1, 1, 0.6), (1, 1, 2, 0.6)], [(2, 0, 3, 0.5)], lambda x: x + 2 * x**2 * np.exp(-(x**2) / 3))
    yield "nonlinear", {"columns": bent}, [
        pcmci(tauMax=2, pcAlpha=None),
        plus(tauMax=2, pcAlpha=0.05),
        case("pcmci", test="robust-parcorr", tauMax=2),
        case("pcmci", test="cmi-knn", testOptions={"significance": "shuffle", "shuffles": 20, "neighbours": 0.1}, tauMax=1, pcAlpha=0.1),
        case("pcmci+", test="cmi-knn", testOptions={"significance": "shuffle", "shuffles": 20, "neighbours": 0.1}, tauMax=1, pcAlpha=0.1),
        case("pcmci+", test="cmi-knn", testOptions={"significance": "threshold", "neighbours": 0.1}, tauMax=1, pcAlpha=0.05),
    ]
    yield "chaotic", {"columns": chaotic(200)}, [
        pcmci(tauMax=3, pcAlpha=None),
        plus(tauMax=2, pcAlpha=0.05),
        case("pcmci", test="robust-parcorr", tauMax=2, pcAlpha=0.4),
        case("pc", tauMax=1, pcAlpha=0.2),
    ]
    yield "tied", {"columns": tied(150)}, [
        pcmci(tauMax=2),
        pcmci(tauMax=2, pcAlpha=None),
        plus(tauMax=2, pcAlpha=0.1),
        plus(tauMax=1, pcAlpha=0.1, colliderRule="none", resetLaggedLinks=True),
        case("pc", tauMax=0, pcAlpha=0.1),
    ]
    holes = gaps(now[:4], 0.15, 0.02)
    yield "gaps", holes, [
        case(method, testOptions={"maskType": mask} if mask else None, tauMax=2, pcAlpha=0.1)
        for method in ("pcmci", "pcmci+")
        for mask in ("", "y", "xyz", "xy")
    ] + [pcmci(tauMax=2, pcAlpha=None)]
    few = gaps(now[:4], 0.1, 0.003)
    # The reference stops at a missing value in the last steps.
    late = [column[:-10] + now[j][-10:] for j, column in enumerate(few["columns"])]
    yield "gaps-up-to-max-lag", {**few, "columns": late, "missingUpToMaxLag": True}, [
        case("pcmci", testOptions={"maskType": "yz"}, tauMax=2, pcAlpha=None),
        plus(tauMax=2, pcAlpha=0.1),
    ]
    yield "discrete", {"columns": discrete(200)}, [
        case("pcmci", test="gsquared", tauMax=1, pcAlpha=0.1),
        case("pcmci+", test="gsquared", tauMax=1, pcAlpha=0.05),
        case("pcmci", test="cmi-symb", testOptions={"significance": "shuffle", "shuffles": 20}, tauMax=1, pcAlpha=0.1),
        case("pcmci+", test="cmi-symb", testOptions={"significance": "shuffle", "shuffles": 20}, tauMax=1, pcAlpha=0.1),
    ]


def real(folder):
    table = os.path.join(folder, "causal4migrations_somalia", "UC2_District_aggregation_data.csv")
    names = ["IDP_Drought", "SPEI_6M", "fatalities"]
    districts = ["Baidoa", "Belet Weyne"]
    if os.path.exists(table):
        with open(table, newline="") as file:
            rows = list(csv.DictReader(file))
        value = lambda text: float(text) if text else -1e9
        of = lambda district, name: [value(row[name]) for row in rows if row["District"] == district]
        data = {"columns": [of(district, name) for district in districts for name in names], "missing": -1e9}
        yield "somalia", data, [
            pcmci(tauMax=4, pcAlpha=None, alpha=0.01),
            pcmci(tauMax=2, fdr="fdr-bh"),
            plus(tauMax=3, pcAlpha=0.05),
            plus(tauMax=2, pcAlpha=None),
            case("pcmci+", test="robust-parcorr", tauMax=2, pcAlpha=0.01, colliderRule="conservative"),
        ]
    drought = os.path.join(folder, "climate_indices", "tests", "fixture", "nclimdiv")
    if os.path.exists(drought):
        # Drought indices of one division, and one index of divisions far apart; the last 600 months.
        load = lambda name: np.load(os.path.join(drought, f"{name}.npy"))
        x = [load(name)[10, -600:] for name in ("pdsi", "phdi", "zindex")] + [load("zindex")[k, -600:] for k in (100, 200, 300)]
        yield "drought", {"columns": [[float(v) for v in column] for column in x]}, [
            pcmci(tauMax=6, pcAlpha=None),
            pcmci(tauMax=3, tauMin=1, pcAlpha=0.1),
            plus(tauMax=3, pcAlpha=0.01),
            plus(tauMax=3, pcAlpha=None, colliderRule="conservative"),
            case("pcmci+", test="robust-parcorr", tauMax=2, pcAlpha=0.05, resetLaggedLinks=True),
            case("pcmci", testOptions={"significance": "shuffle", "shuffles": 20}, tauMax=1, pcAlpha=0.2),
        ]


def save(name, data, cases, with_data, frame_of=single):
    results = [{**one, "result": run(data, one, frame_of)} for one in cases]
    golden = {"software": "tigramite 5.2.10.1", **({"data": data} if with_data else {}), "cases": results}
    with open(os.path.join(HERE, f"pcmci-{name}.json"), "w") as file:
        json.dump(golden, file, separators=(",", ":"))
    print(name, len(results))


if __name__ == "__main__":
    for name, data, cases in datasets():
        save(name, data, cases, True)
    if len(sys.argv) > 1:
        # Data stay where they are; only results are written.
        for name, data, cases in real(sys.argv[1]):
            save(name, data, cases, False)
