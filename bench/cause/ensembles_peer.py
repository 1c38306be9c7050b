"""tigramite on the columns of a file of float64: the peer of ensembles.ts. A line on standard input asks for one run; wall and
processor milliseconds, a checksum and peak megabytes answer.
Usage: python ensembles_peer.py FILE SETTINGS. Needs tigramite, numpy, scipy; for `regimes` also scikit-learn and ortools."""
import contextlib
import io
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
sets, length, width = settings["sets"], settings["steps"], settings["variables"]
data = np.fromfile(sys.argv[1]).reshape(sets, width, length).transpose(0, 2, 1)


def bootstrap():
    search = PCMCI(pp.DataFrame(data[0].copy()), ParCorr(), verbosity=0)
    args = dict(tau_max=2, pc_alpha=0.01)
    found = search.run_bootstrap_of("run_pcmciplus", args, boot_samples=20, boot_blocklength=5, seed=1)
    return np.abs(found["summary_results"]["val_matrix_mean"]).sum()


def jpcmci():
    from tigramite.independence_tests.parcorr_mult import ParCorrMult
    from tigramite.jpcmciplus import JPCMCIplus

    frames = {}
    for m in range(sets):
        space = np.zeros((length, sets))
        space[:, m] = 1.0
        frames[m] = np.hstack([data[m], np.identity(length), space])
    vectors = {j: [(j, 0)] for j in range(width)}
    vectors[width] = [(width + t, 0) for t in range(length)]
    vectors[width + 1] = [(width + length + m, 0) for m in range(sets)]
    kinds = {**{j: "system" for j in range(width)}, width: "time_dummy", width + 1: "space_dummy"}
    frame = pp.DataFrame(frames, vector_vars=vectors, analysis_mode="multiple")
    search = JPCMCIplus(dataframe=frame, cond_ind_test=ParCorrMult(significance="analytic"), node_classification=kinds, verbosity=0)
    return np.abs(search.run_jpcmciplus(tau_max=2, pc_alpha=0.01)["val_matrix"]).sum()


def regimes():
    from tigramite.rpcmci import RPCMCI

    search = RPCMCI(pp.DataFrame(data[0].copy()), ParCorr(), seed=7)
    found = search.run_rpcmci(num_regimes=2, max_transitions=3, tau_max=1, max_anneal=5, pc_alpha=0.1, alpha_level=0.05)
    return sum(np.abs(one["val_matrix"]).sum() for one in found["causal_results"].values())


run = {"bootstrap": bootstrap, "jpcmci": jpcmci, "regimes": regimes}[settings["case"]]
for _ in sys.stdin:
    start, cpu = time.perf_counter(), time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        total = run()
    elapsed, used = (time.perf_counter() - start) * 1e3, (time.process_time() - cpu) * 1e3
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(elapsed, used, total, peak, flush=True)
