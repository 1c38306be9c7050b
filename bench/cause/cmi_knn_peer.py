"""tigramite's CMIknn on the columns of a file of float64: the peer of cmi-knn.ts. A line on standard input asks for one run;
wall and processor milliseconds, a checksum and peak megabytes answer.
Usage: python cmi_knn_peer.py FILE SETTINGS. Needs tigramite, numpy, scipy, numba."""
import json
import resource
import sys
import time
import warnings

import numpy as np
import tigramite.data_processing as pp
from tigramite.independence_tests.cmiknn import CMIknn
from tigramite.pcmci import PCMCI

warnings.simplefilter("ignore")
# NumPy 2.4 has no `ddof` in corrcoef any more, where it had no effect.
corrcoef = np.corrcoef
np.corrcoef = lambda *args, ddof=None, **kwargs: corrcoef(*args, **kwargs)

settings = json.loads(sys.argv[2])
columns = np.fromfile(sys.argv[1]).reshape(settings["variables"], -1)
tau_max = settings["tauMax"]


def nodes(given):
    return [tuple(node) for node in given]


def run():
    test = CMIknn(sig_samples=settings["shuffles"], transform=settings["transform"])
    frame = pp.DataFrame(columns.T.copy())
    if settings["tests"] is None:
        search = PCMCI(dataframe=frame, cond_ind_test=test, verbosity=0)
        found = search.run_pcmci(tau_max=tau_max, pc_alpha=settings["pcAlpha"])
        return np.abs(found["val_matrix"]).sum()
    test.set_dataframe(frame)
    asked = [test.run_test(nodes(x), nodes(y), nodes(z), tau_max=tau_max) for x, y, z in settings["tests"]]
    return sum(val + pval for val, pval in asked)


for _ in sys.stdin:
    start, cpu = time.perf_counter(), time.process_time()
    checksum = run()
    elapsed, used = (time.perf_counter() - start) * 1e3, (time.process_time() - cpu) * 1e3
    print(elapsed, used, checksum, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)
