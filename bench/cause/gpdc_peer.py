"""tigramite's PCMCI with GPDC on the columns of a file of float64: the peer of gpdc.ts. A line on standard input asks for one run;
wall and processor milliseconds, a checksum and peak megabytes answer.
Usage: python gpdc_peer.py FILE VARIABLES TAU_MAX. Needs tigramite with dcor and scikit-learn."""
import resource
import sys
import time
import warnings

import numpy as np
import tigramite.data_processing as pp
from tigramite.independence_tests.gpdc import GPDC
from tigramite.pcmci import PCMCI

warnings.simplefilter("ignore")
columns = np.fromfile(sys.argv[1]).reshape(int(sys.argv[2]), -1)

for _ in sys.stdin:
    start, cpu = time.perf_counter(), time.process_time()
    found = PCMCI(pp.DataFrame(columns.T.copy()), GPDC(), verbosity=0).run_pcmci(tau_max=int(sys.argv[3]), pc_alpha=0.2)
    elapsed, used = (time.perf_counter() - start) * 1e3, (time.process_time() - cpu) * 1e3
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(elapsed, used, np.abs(found["val_matrix"]).sum(), peak, flush=True)
