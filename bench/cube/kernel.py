"""SciPy on a 2048 x 2048 float32 array: the peer of kernel.ts. A line on standard input asks for one run; wall and
processor milliseconds, a checksum and peak megabytes answer. Usage: python kernel.py full|product. Needs scipy.

full: correlate with 5 x 5 weights. product: the weights are a column times a row, correlate1d along both axes."""
import resource
import sys
import time

import numpy as np
from scipy.ndimage import correlate, correlate1d

SIDE = 2048
i = np.arange(SIDE * SIDE, dtype=np.uint32)
values = ((i * np.uint32(2654435761)) >> np.uint32(16)).astype(np.float32).reshape(SIDE, SIDE)
line = np.array([1, 4, 6, 4, 1]) / 16
full = np.outer(line, line)
full[0, 0] = -0.25


def run():
    if sys.argv[1] == "full":
        return correlate(values, full, mode="reflect")
    return correlate1d(correlate1d(values, line, axis=1, mode="reflect"), line, axis=0, mode="reflect")


for _ in sys.stdin:
    start, cpu = time.perf_counter(), time.process_time()
    result = run()
    elapsed, used = (time.perf_counter() - start) * 1e3, (time.process_time() - cpu) * 1e3
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(elapsed, used, result.sum(dtype=np.float64), peak, flush=True)
