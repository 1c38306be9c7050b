"""The peer: one PyTorch training step or inference per line on standard input. Usage: unet.py train|infer relu|silu"""

import pathlib
import resource
import sys
import time

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "oracles" / "tensor"))
from unet import cross_entropy_and_dice, first_values, hashed, hashed_target, parameters, specs, unet  # noqa: E402

torch.set_num_threads(2)
BANDS, CLASSES, BASE, LEVELS = 6, 4, 32, 4
MODE, ACTIVATION = sys.argv[1:3]
BATCH, SIZE = (8, 128) if MODE == "train" else (1, 512)

layout = specs(BANDS, CLASSES, BASE, LEVELS)
p = parameters(layout, first_values(layout, 100), torch.float32)
x = torch.from_numpy(hashed(BATCH * BANDS * SIZE * SIZE, 1).reshape(BATCH, BANDS, SIZE, SIZE))
t = torch.from_numpy(hashed_target(BATCH, CLASSES, SIZE * SIZE, 2).reshape(BATCH, CLASSES, SIZE, SIZE))
optimiser = torch.optim.AdamW(p.values(), lr=1e-3)


def train():
    optimiser.zero_grad()
    loss = cross_entropy_and_dice(unet(p, x, LEVELS, ACTIVATION), t)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(p.values(), 1.0)
    optimiser.step()
    return loss.item()


def infer():
    with torch.inference_mode():
        return float(unet(p, x, LEVELS, ACTIVATION).mean())


for _ in sys.stdin:
    start, busy = time.perf_counter(), time.process_time()
    value = train() if MODE == "train" else infer()
    wall, cpu = (time.perf_counter() - start) * 1e3, (time.process_time() - busy) * 1e3
    print(wall, cpu, value, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)
