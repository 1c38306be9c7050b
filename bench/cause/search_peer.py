"""tigramite on the columns of a file of float64: the peer of pcmci.ts and pcmci-plus.ts. A line on standard input asks for one
run; wall and processor milliseconds, a checksum and peak megabytes answer.
Usage: python search_peer.py FILE SETTINGS. Needs tigramite, numpy, scipy."""
import json
import resource
import sys
import time
import warnings

import numpy as np
import tigramite.data_processing as pp
from tigramite.independence_tests.parcorr import ParCorr
from tigramite.pcmci import PCMCI

warnings.simplefilter("ignore")
settings = json.loads(sys.argv[2])
columns = np.fromfile(sys.argv[1]).reshape(settings["variables"], -1)
names = {
    "tauMax": "tau_max",
    "pcAlpha": "pc_alpha",
    "alpha": "alpha_level",
    "fdr": "fdr_method",
    "colliderRule": "contemp_collider_rule",
    "resetLaggedLinks": "reset_lagged_links",
}
options = {names[key]: "fdr_bh" if value == "fdr-bh" else value for key, value in settings["options"].items()}


def run():
    search = PCMCI(dataframe=pp.DataFrame(columns.T.copy()), cond_ind_test=ParCorr(), verbosity=0)
    return getattr(search, "run_pcmci" if settings["method"] == "pcmci" else "run_pcmciplus")(**options)


for _ in sys.stdin:
    start, cpu = time.perf_counter(), time.process_time()
    found = run()
    elapsed, used = (time.perf_counter() - start) * 1e3, (time.process_time() - cpu) * 1e3
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(elapsed, used, np.abs(found["val_matrix"]).sum(), peak, flush=True)
