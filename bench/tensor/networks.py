"""The peer of networks-worker.ts: one PyTorch training step per line on standard input. Usage: networks.py NAME SIZES"""

import json
import pathlib
import resource
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "oracles" / "tensor"))
from networks import load  # noqa: E402

torch.set_num_threads(2)
p, _, loss = load(sys.argv[1], json.loads(sys.argv[2]), torch.float32)
optimiser = torch.optim.AdamW(p.values(), lr=1e-3)

for _ in sys.stdin:
    start, busy = time.perf_counter(), time.process_time()
    optimiser.zero_grad()
    value = loss()
    value.backward()
    optimiser.step()
    number = value.item()
    wall, cpu = (time.perf_counter() - start) * 1e3, (time.process_time() - busy) * 1e3
    print(wall, cpu, number, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)
