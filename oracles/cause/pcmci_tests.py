"""Reference numbers of searches with further tests and kinds of series, made with tigramite 5.2.10.1 (as pcmci.py; also
scikit-learn and dcor for GPDC): vectors, mixed data, several data sets, reference points, changing variance.

Usage: python pcmci_tests.py. Writes pcmci-NAME.json beside this file.
"""
import numpy as np
import tigramite.data_processing as pp
from pcmci import TEST_OPTIONS, TESTS, case, columns, own, pcmci, plus, process, save
from tigramite.independence_tests.cmiknn_mixed import CMIknnMixed
from tigramite.independence_tests.gpdc import GPDC
from tigramite.independence_tests.pairwise_CI import PairwiseMultCI
from tigramite.independence_tests.parcorr_mult import ParCorrMult
from tigramite.independence_tests.parcorr_wls import ParCorrWLS
from tigramite.independence_tests.regressionCI import RegressionCI

TESTS.update(
    {
        "parcorr-mult": ParCorrMult,
        "pairwise-mult": PairwiseMultCI,
        "parcorr-wls": ParCorrWLS,
        "regression-ci": RegressionCI,
        "cmi-knn-mixed": CMIknnMixed,
        "gpdc": GPDC,
    }
)
TEST_OPTIONS.update({"window": ("window_size", None), "robust": ("robustify", None)})


def vectors(data):
    given = {i: [tuple(node) for node in nodes] for i, nodes in enumerate(data["vectors"])}
    return pp.DataFrame(np.array(data["columns"]).T.copy(), vector_vars=given)


def mixed(data):
    types = np.array([np.full(len(column), kind) for column, kind in zip(data["columns"], data["discrete"])]).T
    return pp.DataFrame(np.array(data["columns"]).T.copy(), data_type=types.astype(int))


def several(data):
    return pp.DataFrame(
        {k: np.array(one["columns"]).T.copy() for k, one in enumerate(data["datasets"])},
        analysis_mode="multiple",
        time_offsets={k: one["offset"] for k, one in enumerate(data["datasets"])},
        reference_points=data.get("referencePoints"),
        missing_flag=999.0,
    )


def mixed_process(length):
    rng = np.random.default_rng(8)
    x = np.zeros((length, 4))
    for t in range(1, length):
        x[t, 0] = 0.5 * x[t - 1, 0] + rng.standard_normal()
        x[t, 1] = float(rng.random() < (0.8 if x[t - 1, 0] > 0 else 0.3))
        x[t, 2] = 0.4 * x[t - 1, 2] + 0.8 * x[t, 1] + rng.standard_normal()
        x[t, 3] = float(rng.random() < (0.7 if x[t - 1, 3] > 0 else 0.2))
    return columns(x)


def uneven(length):
    rng = np.random.default_rng(15)
    x = rng.standard_normal((length, 3)) * (1 + 0.8 * np.sin(np.arange(length) / 15))[:, None]
    for t in range(1, length):
        x[t] += 0.5 * x[t - 1]
        x[t, 1] += 0.4 * x[t - 1, 0]
        x[t, 2] += 0.4 * x[t, 1]
    return columns(x)


if __name__ == "__main__":
    wide = process(51, 200, own(6, 0.4) + [(0, 1, 2, 0.4), (3, 2, 4, 0.4), (1, 1, 5, 0.3)], [(2, 0, 4, 0.4), (0, 0, 5, 0.4)])
    # Without lags inside vectors: with them the reference takes values from the end of the series where it needs earlier ones.
    nodes = [[[0, 0], [1, 0]], [[2, 0], [3, 0]], [[4, 0]], [[5, 0]]]
    save(
        "vectors",
        {"columns": wide, "vectors": nodes},
        [
            case("pcmci", test="parcorr-mult", testOptions={"significance": "shuffle", "shuffles": 20}, tauMax=1, pcAlpha=0.1),
            case("pcmci+", test="parcorr-mult", testOptions={"significance": "shuffle", "shuffles": 20}, tauMax=1, pcAlpha=0.1),
            case("pcmci", test="pairwise-mult", tauMax=1, pcAlpha=0.1),
            case("pcmci+", test="pairwise-mult", tauMax=1, pcAlpha=0.1),
        ],
        True,
        vectors,
    )
    save(
        "mixed",
        {"columns": mixed_process(200), "discrete": [0, 1, 0, 1]},
        [
            case("pcmci", test="regression-ci", tauMax=1, pcAlpha=0.1),
            case("pcmci+", test="regression-ci", tauMax=1, pcAlpha=0.1),
            case("pcmci", test="cmi-knn-mixed", testOptions={"significance": "shuffle", "shuffles": 10, "neighbours": 0.1}, tauMax=1, pcAlpha=0.2),
        ],
        True,
        mixed,
    )
    parts = [process(60 + k, 120 - 20 * k, own(3, 0.6) + [(0, 1, 1, 0.5)], [(1, 0, 2, 0.5)]) for k in range(3)]
    parts[1][0][10] = parts[2][2][50] = 999.0
    sets = {"missing": 999.0, "datasets": [{"columns": part, "offset": 10 * k} for k, part in enumerate(parts)]}
    searches = [
        pcmci(tauMax=2, pcAlpha=None),
        plus(tauMax=2, pcAlpha=0.1),
        case("pcmci+", test="robust-parcorr", tauMax=1, pcAlpha=0.1),
        case("pcmci", testOptions={"significance": "shuffle", "shuffles": 20}, tauMax=1, pcAlpha=0.1),
    ]
    save("several", sets, searches, True, several)
    save("reference-points", {**sets, "referencePoints": list(range(20, 110, 2))}, searches[:3], True, several)
    save(
        "uneven",
        {"columns": uneven(200)},
        [
            case("pcmci", test="parcorr-wls", tauMax=2, pcAlpha=0.1),
            case("pcmci+", test="parcorr-wls", testOptions={"window": 20}, tauMax=1, pcAlpha=0.1),
            case("pcmci+", test="parcorr-wls", testOptions={"robust": True}, tauMax=1, pcAlpha=0.1),
        ],
        True,
    )
    bent = process(6, 100, own(3, 0.4) + [(0, 1, 1, 0.8)], [(1, 0, 2, 0.8)], lambda x: x**2 - 1 if abs(x) < 2 else 3.0)
    save(
        "bent",
        {"columns": bent},
        [
            case("pcmci", test="gpdc", testOptions={"shuffles": 50}, tauMax=1, pcAlpha=0.1),
            case("pcmci+", test="gpdc", testOptions={"shuffles": 50}, tauMax=1, pcAlpha=0.1),
        ],
        True,
    )
