"""Gradients of the networks in float64, and how far PyTorch's own float32 is from them. Writes networks.json.

Run: python3 oracles/tensor/networks_make.py   (PyTorch 1.13, NumPy)
"""

import json
import pathlib

import numpy as np
import torch

from networks import load

HERE = pathlib.Path(__file__).parent
CASES = {
    "unet": dict(batch=2, bands=6, classes=4, base=16, levels=4, size=64),
    "transformer": dict(batch=4, steps=24, bands=10, width=64, heads=4, layers=3, classes=7),
    "convLstm": dict(batch=2, steps=6, bands=4, width=16, size=24),
    "vae": dict(batch=32, steps=36, bands=4, width=64, latent=6),
    "spectra": dict(samples=64, bands=100),
    "water": dict(pixels=16, steps=60),
}
COUNT = 1500  # numbers of each gradient that are stored, evenly spread


def gradient(name, sizes, dtype):
    p, _, loss = load(name, sizes, dtype)
    value = loss()
    value.backward()
    return value.item(), np.concatenate([v.grad.double().numpy().ravel() for v in p.values()])


out = {}
for name, sizes in CASES.items():
    value, exact = gradient(name, sizes, torch.float64)
    _, rounded = gradient(name, sizes, torch.float32)
    stride = max(1, exact.size // COUNT)
    stride += 1 - stride % 2  # odd, so that no axis is missed
    out[name] = {
        "sizes": sizes,
        "loss": value,
        "float32Error": float(np.linalg.norm(rounded - exact) / np.linalg.norm(exact)),
        "norm": float(np.linalg.norm(exact)),
        "stride": stride,
        "gradient": [float(f"{v:.9g}") for v in exact[::stride]],
    }
    print(name, exact.size, out[name]["float32Error"])
(HERE / "networks.json").write_text(json.dumps(out) + "\n")
