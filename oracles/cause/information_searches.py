"""Goldens of whole searches with information-theoretic tests, by tigramite (5.2.10.1): p-values come from one stream of random
numbers in the order of tests, so the same matrices mean the same tests in the same order.

Usage: python information_searches.py  (needs what information.py needs). Writes information_searches.json beside itself.
"""

import json

import numpy as np
from information import HERE, CMIknn, CMIknnMixed, CMIsymb, DataFrame, classes, coupled, mixed_series
from tigramite.pcmci import PCMCI

SEARCHES = [
    ("pcmci", CMIknn, coupled(130, 3, 40), None, {"knn": 0.1}, 0.2),
    ("pcmci", CMIknn, coupled(100, 3, 40), None, {"knn": 0.2}, None),
    ("pcmci+", CMIknn, coupled(110, 3, 40), None, {"knn": 0.2}, 0.1),
    ("pcmci", CMIsymb, classes(coupled(130, 3, 41), 3), None, {}, 0.2),
    ("pcmci", CMIknnMixed, *mixed_series(110, 42), {}, 0.2),
]


def search(method, test, data, types, options, pc_alpha):
    frame = DataFrame(data) if types is None else DataFrame(data, data_type=types)
    own = PCMCI(dataframe=frame, cond_ind_test=test(sig_samples=15, **options), verbosity=0)
    run = own.run_pcmciplus if method == "pcmci+" else own.run_pcmci
    found = run(tau_max=2, pc_alpha=pc_alpha)
    return {
        "method": method,
        "test": test.__name__,
        "columns": np.asarray(data).T.tolist(),
        "types": None if types is None else types.T.tolist(),
        "options": options,
        "pcAlpha": pc_alpha,
        "values": found["val_matrix"].tolist(),
        "pValues": found["p_matrix"].tolist(),
        "graph": found["graph"].tolist(),
    }


if __name__ == "__main__":
    goldens = [search(*settings) for settings in SEARCHES]
    (HERE / "information_searches.json").write_text(json.dumps(goldens, separators=(",", ":")) + "\n")
