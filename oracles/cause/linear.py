"""Goldens of the linear independence tests.

Made with tigramite 5.2.10.1 (numpy 2.4, scipy 1.17, scikit-learn 1.9). Run it in this folder:
    python linear.py
It writes linear.json. Values of series have three decimals, so that the file holds them exactly.
"""

import json
import warnings

import numpy as np

warnings.filterwarnings("ignore")

# NumPy 2.4 no longer takes the argument `ddof`, which never had an effect.
_corrcoef = np.corrcoef
np.corrcoef = lambda *args, ddof=None, **rest: _corrcoef(*args, **rest)

from tigramite import data_processing as pp  # noqa: E402
from tigramite.independence_tests.pairwise_CI import PairwiseMultCI  # noqa: E402
from tigramite.independence_tests.parcorr import ParCorr  # noqa: E402
from tigramite.independence_tests.parcorr_mult import ParCorrMult  # noqa: E402
from tigramite.independence_tests.parcorr_wls import ParCorrWLS  # noqa: E402
from tigramite.independence_tests.regressionCI import RegressionCI  # noqa: E402
from tigramite.independence_tests.robust_parcorr import RobustParCorr  # noqa: E402

MISSING = 999.0


def process(seed, steps, width):
    """Autocorrelated, coupled, with skewed noise in the last variable and spread that grows in time and with variable 0."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(steps, width))
    x[:, -1] = np.exp(x[:, -1]) - 1
    for t in range(2, steps):
        x[t, 1] *= 0.5 + t / steps
        x[t, 0] += 0.7 * x[t - 1, 0]
        x[t, 1] += 0.5 * x[t - 1, 1] + 0.4 * x[t - 1, 0]
        x[t, 2] += 0.3 * x[t - 1, 2] - 0.5 * x[t - 2, 1]
        x[t, 3] += 0.6 * x[t - 1, 3] + 0.3 * x[t, 2]
    return np.round(x, 3)


class Series:
    def __init__(self, data, masks=None, types=None, **options):
        self.data = data if isinstance(data, dict) else {0: data}
        self.masks = masks
        self.types = types
        self.options = options

    def frame(self):
        several = len(self.data) > 1
        pick = lambda parts: parts if several or parts is None else parts[0]
        mask = None if self.masks is None else {k: m for k, m in self.masks.items()}
        return pp.DataFrame(
            # The frame marks missing values in place.
            pick({k: part.copy() for k, part in self.data.items()}),
            mask=pick(mask),
            data_type=None if self.types is None else pick(self.types),
            missing_flag=MISSING,
            analysis_mode="multiple" if several else "single",
            **self.options,
        )

    def json(self):
        offsets = self.options.get("time_offsets", {})
        column = lambda values: [None if v == MISSING else float(v) for v in values]
        flags = lambda part: [[int(v) for v in c] for c in part.T]
        out = {"datasets": []}
        for key, part in self.data.items():
            one = {"columns": [column(c) for c in part.T], "offset": int(offsets.get(key, 0))}
            if self.masks is not None:
                one["masks"] = flags(self.masks[key])
            if self.types is not None:
                one["types"] = flags(self.types[key])
            out["datasets"].append(one)
        if "vector_vars" in self.options:
            out["vectors"] = [[list(node) for node in self.options["vector_vars"][i]] for i in self.options["vector_vars"]]
        if "reference_points" in self.options:
            out["referencePoints"] = [int(p) for p in self.options["reference_points"]]
        if self.options.get("remove_missing_upto_maxlag"):
            out["missingUpToMaxLag"] = True
        return out


def all_series():
    plain = process(1, 150, 4)
    random = np.random.default_rng(5)
    gaps = plain.copy()
    gaps[random.random(gaps.shape) < 0.03] = MISSING
    gaps[-12:][gaps[-12:] == MISSING] = 0.25
    mask = {0: random.random(plain.shape) < 0.15}
    several = {0: process(2, 60, 4), 1: process(3, 45, 4), 2: process(4, 70, 4)}
    several[1][10, 2] = MISSING
    wide = process(6, 160, 7)
    mixed = process(7, 200, 6)
    mixed[:, 4] = mixed[:, 0] + 0.5 * mixed[:, 4] > 0.2
    mixed[:, 5] = np.digitize(mixed[:, 1] + random.normal(size=200), [-1, 0.5])
    mixed[:, 3] = random.integers(0, 3, 200)
    types = np.zeros(mixed.shape, dtype="int")
    types[:, 3:] = 1
    odd = np.column_stack([process(8, 90, 4), np.full(90, 2.0), np.zeros((90, 3))])
    odd[:, 5] = odd[:, 0]
    odd[:, 6] = np.round(2 * odd[:, 0] - odd[:, 1], 3)
    odd[:, 7] = 1e6 + odd[:, 2]
    points = np.sort(random.choice(150, 70, replace=False))
    return {
        "plain": Series(plain),
        "gaps": Series(gaps),
        "gapsUpToMaxLag": Series(gaps, remove_missing_upto_maxlag=True),
        "masked": Series(plain, masks=mask),
        "maskedGaps": Series(gaps, masks=mask),
        "several": Series(several, time_offsets={0: 0, 1: 12, 2: 5}),
        "points": Series(plain, reference_points=points),
        "severalPoints": Series(several, time_offsets={0: 0, 1: 12, 2: 5}, reference_points=points[::-1]),
        "vectors": Series(wide, vector_vars={0: [(0, 0), (1, 0)], 1: [(2, 0), (3, -1)], 2: [(4, 0)], 3: [(5, 0), (6, 0), (0, 0)]}),
        "mixed": Series(mixed, types={0: types}),
        "odd": Series(odd),
    }


def query(x, y, z=(), tau_max=2, cut_off="2xtau_max"):
    return {"x": [x], "y": [y], "z": list(z), "tauMax": tau_max, "cutOff": cut_off}


USUAL = [
    query((0, -1), (1, 0)),
    query((0, -1), (1, 0), [(1, -1)]),
    query((1, 0), (0, -1), [(1, -1)]),
    query((1, -2), (2, 0), [(2, -1), (0, -1), (1, -3)]),
    query((2, 0), (3, 0), [(3, -1), (2, -1), (2, 0), (0, -4), (1, -1)]),
    query((3, -1), (0, 0), [(0, -1), (3, -2)], 3),
]
CUT_OFFS = [
    query((1, -2), (2, 0), [(2, -1), (0, -3)], 3, cut_off)
    for cut_off in ["2xtau_max", "tau_max", "max_lag", "max_lag_or_tau_max", "2xtau_max_future"]
]
VECTORS = [
    query((0, -1), (1, 0)),
    query((0, -1), (1, 0), [(1, -1), (2, -1)]),
    query((2, -1), (3, 0), [(0, -2)]),
    query((3, 0), (0, 0), [(1, -1), (2, 0)]),
    query((2, -1), (2, 0), [(1, -2)]),
]
MIXED = [
    query((i, -1), (j, 0), z, 1)
    for i, j, z in [
        (0, 1, []), (0, 1, [(1, -1)]), (0, 1, [(4, -1), (2, 0)]), (4, 0, []), (0, 4, [(2, 0), (5, 0)]), (5, 1, [(0, 0)]),
        (4, 5, []), (5, 4, [(0, -1)]), (4, 5, [(3, 0), (1, 0)]), (3, 4, [(5, 0)]), (3, 5, []), (5, 3, [(2, -1), (4, 0)]),
    ]
]
ODD = [
    query((0, -1), (1, 0), [(4, 0)]),
    query((4, -1), (1, 0), [(0, 0)]),
    query((0, 0), (5, 0)),
    query((0, -1), (5, 0), [(1, -1), (4, -1)]),
    query((2, 0), (3, 0), [(0, 0), (5, 0)]),
    query((2, 0), (3, 0), [(0, 0), (1, 0), (6, 0)]),
    query((2, -1), (3, 0), [(0, -1), (5, -1), (1, -1), (6, -1), (4, 0)]),
    query((2, -1), (7, 0), [(0, -1)]),
    query((7, -1), (3, 0), [(0, 0), (2, 0)]),
]
WLS_PARENT = {1: [(0, -1)], 2: ["time-dependent heteroskedasticity"]}


def plan():
    """Rows: series, our name, our options, the reference's test, queries, whether the criterion is asked for too."""
    rows = []
    for name in ["plain", "gaps", "gapsUpToMaxLag", "several", "points", "severalPoints"]:
        rows.append((name, "parcorr", {}, ParCorr(), USUAL + CUT_OFFS, True))
    for mask in ["x", "y", "z", "xy", "xz", "yz", "xyz"]:
        rows.append(("masked", "parcorr", {"maskType": mask}, ParCorr(mask_type=mask), USUAL, True))
    rows.append(("maskedGaps", "parcorr", {"maskType": "yz"}, ParCorr(mask_type="yz"), USUAL + CUT_OFFS, True))
    rows.append(("masked", "parcorr", {}, ParCorr(), USUAL, True))
    rows.append(("odd", "parcorr", {}, ParCorr(), ODD, False))
    for short, make, options, own in [
        ("parcorr", ParCorr, {}, {}),
        ("robust-parcorr", RobustParCorr, {}, {}),
        ("parcorr-wls", ParCorrWLS, {}, {}),
        ("parcorr-wls", ParCorrWLS, {"spread": "none"}, {"expert_knowledge": "homoskedasticity"}),
        ("parcorr-wls", ParCorrWLS, {"window": 5, "robust": True}, {"window_size": 5, "robustify": True}),
        (
            "parcorr-wls",
            ParCorrWLS,
            {"spread": {"1": [[0, -1]], "2": ["time"]}},
            {"expert_knowledge": WLS_PARENT},
        ),
        ("parcorr-mult", ParCorrMult, {}, {}),
        ("parcorr-mult", ParCorrMult, {"measure": "wilks"}, {"correlation_type": "PCCA_WilksLambda"}),
    ]:
        vector = make is ParCorrMult
        criterion = "spread" not in options or options["spread"] == "none"
        for name in ["plain", "gaps", "several"] + (["vectors"] if vector else []):
            # Parents with equal values: the reference sorts them as the processor does.
            if name == "several" and not criterion:
                continue
            rows.append((name, short, options, make(**own), VECTORS if name == "vectors" else USUAL, criterion))
        name = "vectors" if vector else "plain"
        queries = VECTORS if vector else USUAL
        for extra, theirs in [
            ({"significance": "shuffle", "shuffles": 60}, {"significance": "shuffle_test", "sig_samples": 60}),
            (
                {"significance": "shuffle", "shuffles": 40, "shuffleBlock": 7, "seed": 3},
                {"significance": "shuffle_test", "sig_samples": 40, "sig_blocklength": 7, "seed": 3},
            ),
            ({"confidence": "bootstrap", "confidenceSamples": 40}, {"confidence": "bootstrap", "conf_samples": 40}),
            (
                {"confidence": "bootstrap", "confidenceSamples": 60, "confidenceLevel": 0.95, "confidenceBlock": 4},
                {"confidence": "bootstrap", "conf_samples": 60, "conf_lev": 0.95, "conf_blocklength": 4},
            ),
        ] + ([] if vector else [({"confidence": "analytic"}, {"confidence": "analytic"})]):
            # The reference cannot bootstrap weights that depend on parents.
            if "confidence" in extra and options.get("spread") not in (None, "none"):
                continue
            rows.append((name, short, {**options, **extra}, make(**own, **theirs), queries, False))
    rows.append(("plain", "parcorr", {"significance": "threshold"}, ParCorr(significance="fixed_thres"), USUAL, False))
    for options, own in [
        ({}, {}),
        ({"augment": True, "preShare": 0.3}, {"learn_augmented_cond_sets": True, "pre_step_sample_fraction": 0.3}),
        (
            {"augment": True, "preAlpha": 0.2, "inner": "robust-parcorr"},
            {"learn_augmented_cond_sets": True, "alpha_pre": 0.2, "cond_ind_test": RobustParCorr()},
        ),
    ]:
        own = {"cond_ind_test": ParCorr(), **own}
        rows.append(("vectors", "pairwise-mult", options, PairwiseMultCI(**own), VECTORS, False))
    rows.append(("mixed", "regression-ci", {}, RegressionCI(), MIXED, False))
    return rows


def weighted(series):
    """Standard deviations that are given: as weights of the series on our side."""
    steps = len(series.data[0])
    spread = np.round(0.5 + np.abs(np.sin(np.arange(steps)[:, None] / 9 + np.arange(4))), 3)
    test = ParCorrWLS(gt_std_matrix=spread)
    row = ("plain", "parcorr-wls", {}, test, USUAL, True)
    return row, [[float(v) for v in column] for column in spread.T]


def finite(value):
    """None where the reference has no number (Wilks' lambda below zero)."""
    return float(value) if np.isfinite(value) else None


def answers(frame, test, queries, criterion):
    test.set_dataframe(frame)
    out = []
    for q in queries:
        threshold = {"alpha_or_thres": 0.2} if test.significance == "fixed_thres" else {}
        found = test.run_test(q["x"], q["y"], list(q["z"]), tau_max=q["tauMax"], cut_off=q["cutOff"], **threshold)
        one = {**q, "cutOff": q["cutOff"].replace("_", "-"), "value": float(found[0]), "p": finite(found[1])}
        if threshold:
            one["dependent"] = bool(found[2])
        if test.confidence:
            one["interval"] = [float(v) for v in test.get_confidence(q["x"], q["y"], list(q["z"]), tau_max=q["tauMax"])]
        out.append(one)
    scores = []
    if criterion:
        for j, parents in [(1, []), (1, [(0, -1), (1, -1)]), (0, [(0, -1), (2, -2), (1, -2)])]:
            value = test.get_model_selection_criterion(j, list(parents), tau_max=2)
            scores.append({"j": j, "parents": parents, "value": float(value)})
    return out, scores


def main():
    series = all_series()
    out = {"series": {name: one.json() for name, one in series.items()}, "tests": []}
    for name, short, options, test, queries, criterion in plan():
        found, scores = answers(series[name].frame(), test, queries, criterion)
        out["tests"].append({"series": name, "test": short, "options": options, "answers": found, "criteria": scores})
    (name, short, options, test, queries, criterion), spread = weighted(series["plain"])
    found, scores = answers(series[name].frame(), test, queries, criterion)
    out["weighted"] = {"series": name, "deviations": spread, "test": short, "options": options, "answers": found, "criteria": scores}
    with open("linear.json", "w") as file:
        json.dump(out, file, separators=(",", ":"))


if __name__ == "__main__":
    main()
