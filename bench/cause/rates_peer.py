"""Rates of tigramite on the series of rates.ts, whose description comes by standard input. Needs tigramite, numpy, scipy."""
import json
import sys

import numpy as np
import tigramite.data_processing as pp
from tigramite.independence_tests.parcorr import ParCorr
from tigramite.pcmci import PCMCI

given = json.load(sys.stdin)
found = {True: [0, 0], False: [0, 0]}
for job in given["jobs"]:
    columns = np.fromfile(job["file"]).reshape(given["variables"], -1)
    search = PCMCI(dataframe=pp.DataFrame(columns.T.copy()), cond_ind_test=ParCorr(), verbosity=0)
    p = search.run_pcmci(tau_max=5, pc_alpha=0.2, alpha_level=given["level"])["p_matrix"]
    real = {(link["from"], link["to"], link["lag"]) for link in job["links"]}
    for place in np.ndindex(p.shape):
        i, j, tau = place
        if i == j and tau < 2:
            continue
        count = found[place in real]
        count[0] += int(p[place] <= given["level"])
        count[1] += 1
rates = {"falsePositiveRate": found[False][0] / found[False][1], "truePositiveRate": found[True][0] / found[True][1]}
print(json.dumps({**rates, "processes": len(given["jobs"])}))
