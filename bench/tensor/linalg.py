"""NumPy's side of linalg.ts: one call per line on standard input. Usage: linalg.py routine n"""

import pathlib
import resource
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "oracles" / "tensor"))
from unet import hashed  # noqa: E402

ROUTINE, N = sys.argv[1], int(sys.argv[2])
a, b = (hashed(N * N, seed).reshape(N, N).astype(np.float64) for seed in (1, 2))
positive = a @ a.T / N + np.eye(N)
symmetric = a + a.T

# Each with the number that is compared, made outside the measured time.
routines = {
    "matmul": (lambda: a @ b, lambda c: np.abs(c).sum()),
    "cholesky": (lambda: np.linalg.cholesky(positive), lambda c: np.abs(c).sum()),
    "eigen": (lambda: np.linalg.eigh(symmetric), lambda c: np.abs(c[0]).sum()),
    "qr": (lambda: np.linalg.qr(a), lambda c: np.abs(np.diag(c[1])).sum()),
    "svd": (lambda: np.linalg.svd(a, full_matrices=False), lambda c: c[1].sum()),
    "solve": (lambda: np.linalg.solve(positive, b), lambda c: np.abs(c).sum()),
}
run, value = routines[ROUTINE]

for _ in sys.stdin:
    start, busy = time.perf_counter(), time.process_time()
    made = run()
    wall, cpu = (time.perf_counter() - start) * 1e3, (time.process_time() - busy) * 1e3
    print(wall, cpu, value(made), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)
