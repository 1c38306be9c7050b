"""pyEDM or statsmodels on the columns of a file of float64: the peer of mapping.ts. A line on standard input asks for one run;
wall and processor milliseconds, a checksum and peak megabytes answer.
Usage: python mapping_peer.py FILE SETTINGS. Needs numpy, pandas, pyEDM (`ccm`), statsmodels (`granger`)."""
import json
import resource
import sys
import time
import warnings

import numpy as np

warnings.simplefilter("ignore")
settings = json.loads(sys.argv[2])
length, width = settings["steps"], settings["variables"]
data = np.fromfile(sys.argv[1])[: length * width].reshape(width, length).T


def ccm():
    import pandas as pd
    from pyEDM.CCM import CCM

    frame = pd.DataFrame(data, columns=[f"x{j}" for j in range(width)])
    total = 0.0
    for i in range(width):
        for j in range(i + 1, width):
            model = CCM(frame, [f"x{i}"], [f"x{j}"], 3, libSizes=list(settings["sizes"]), sample=30, seed=42, parallel=False)
            model.Project()
            total += model.libMeans.iloc[:, 1:].to_numpy().sum()
    return total


def granger():
    from statsmodels.tsa.stattools import grangercausalitytests

    total = 0.0
    for i in range(width):
        for j in range(width):
            if i != j:
                found = grangercausalitytests(data[:, [j, i]], [5])[5][0]["ssr_ftest"]
                total += found[0] + found[1]
    return total


run = {"ccm": ccm, "granger": granger}[settings["case"]]
for _ in sys.stdin:
    start, cpu = time.perf_counter(), time.process_time()
    value = run()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print((time.perf_counter() - start) * 1e3, (time.process_time() - cpu) * 1e3, value, memory, flush=True)
