"""NumPy and Bottleneck on cubes in memory: the peer of cells.ts. A line on standard input asks for one run; wall and
processor milliseconds, a checksum and peak megabytes answer. Usage: python cells.py CASE. Needs numpy, bottleneck."""
import resource
import sys
import time

import bottleneck as bn
import numpy as np

SIDE = 1024
DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def values(length):
    """Digital numbers with a tenth of 0, which is missing; the same as in cells-worker.ts."""
    i = np.arange(length, dtype=np.uint32)
    mixed = i * np.uint32(2654435761)
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(2246822519)
    mixed ^= mixed >> np.uint32(13)
    return np.where(mixed % 10 == 0, 0, 500 + (mixed >> np.uint32(8)) % 9000).astype(np.uint16)


def physical(stored):
    numbers = stored.astype(np.float32)
    numbers[stored == 0] = np.nan
    return numbers


def ndvi(cube, axis):
    red, nir = (physical(cube[(slice(None),) * axis + (band,)]) for band in (0, 1))
    return (nir - red) / (nir + red)


def monthly(cube):
    means = np.empty((12, SIDE, SIDE), np.float32)
    start = 0
    for month, days in enumerate(DAYS):
        means[month] = bn.nanmean(physical(cube[start : start + days]), axis=0)
        start += days
    return means


case = sys.argv[1]
shape = {"median": (24, 2, SIDE, SIDE), "median-time-innermost": (SIDE, SIDE, 2, 24), "monthly": (365, SIDE, SIDE)}[case]
cube = values(int(np.prod(shape))).reshape(shape)
run = {
    "median": lambda: bn.nanmedian(ndvi(cube, 1), axis=0),
    "median-time-innermost": lambda: bn.nanmedian(ndvi(cube, 2), axis=2),
    "monthly": lambda: monthly(cube),
}[case]
for _ in sys.stdin:
    wall, cpu = time.perf_counter(), time.process_time()
    result = run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(wall * 1e3, cpu * 1e3, np.nansum(result, dtype=np.float64), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)
