"""tigramite's LPCMCI on the columns of a file of float64: the peer of lpcmci.ts. A line on standard input asks for one run; wall
and processor milliseconds, a checksum and peak megabytes answer. Usage: python lpcmci_peer.py FILE SETTINGS. Needs tigramite."""
import json
import resource
import sys
import time
import warnings

import numpy as np
import tigramite.data_processing as pp
from tigramite.independence_tests.parcorr import ParCorr
from tigramite.lpcmci import LPCMCI

warnings.simplefilter("ignore")
settings = json.loads(sys.argv[2])
columns = np.fromfile(sys.argv[1]).reshape(settings["variables"], -1)
names = {"tauMax": "tau_max", "alpha": "pc_alpha", "preliminaryPhases": "n_preliminary_iterations"}
options = {names[key]: value for key, value in settings["options"].items()}


def run():
    values = np.where(np.isnan(columns), 9999.0, columns).T.copy()
    search = LPCMCI(dataframe=pp.DataFrame(values, missing_flag=9999.0), cond_ind_test=ParCorr(), verbosity=0)
    return search.run_lpcmci(**options)


for _ in sys.stdin:
    start, cpu = time.perf_counter(), time.process_time()
    found = run()
    elapsed, used = (time.perf_counter() - start) * 1e3, (time.process_time() - cpu) * 1e3
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(elapsed, used, np.abs(found["val_matrix"]).sum(), peak, flush=True)
