"""Gradients of a U-Net in float64 and steps of AdamW with clipping, by PyTorch. Writes unet.json, *.f32 and adamw.json.

Run: python3 oracles/tensor/make.py   (PyTorch 1.13, NumPy)
"""

import json
import pathlib

import numpy as np
import torch

from unet import cross_entropy_and_dice, first_values, hashed, hashed_target, parameters, specs, unet

HERE = pathlib.Path(__file__).parent
CASE = dict(bands=6, classes=4, base=16, levels=4)
BATCH, SIZE, STRIDE = 2, 64, 7


def gradients():
    layout = specs(**CASE)
    flat = first_values(layout, 100)
    x = torch.from_numpy(hashed(BATCH * CASE["bands"] * SIZE * SIZE, 1).reshape(BATCH, -1, SIZE, SIZE) * np.float32(2))
    t = torch.from_numpy(hashed_target(BATCH, CASE["classes"], SIZE * SIZE, 2).reshape(BATCH, -1, SIZE, SIZE))
    meta = {**CASE, "batch": BATCH, "size": SIZE, "stride": STRIDE, "parameters": int(flat.size), "loss": {}, "float32Error": {}}
    for activation in ("relu", "silu"):
        found = {}
        for dtype in (torch.float64, torch.float32):
            p = parameters(layout, flat, dtype)
            loss = cross_entropy_and_dice(unet(p, x.to(dtype), CASE["levels"], activation), t.to(dtype))
            loss.backward()
            found[dtype] = np.concatenate([v.grad.double().numpy().ravel() for v in p.values()])
            if dtype == torch.float64:
                meta["loss"][activation] = loss.item()
        exact, rounded = found[torch.float64], found[torch.float32]
        meta["float32Error"][activation] = float(np.linalg.norm(rounded - exact) / np.linalg.norm(exact))
        exact[::STRIDE].astype("<f4").tofile(HERE / f"unet-{activation}.f32")
    (HERE / "unet.json").write_text(json.dumps(meta, indent=1) + "\n")


def adamw():
    """Least squares on a matrix that decays and a vector that does not; the gradient is clipped in early steps."""
    a = torch.from_numpy(hashed(12 * 5, 11).reshape(12, 5).astype(np.float64))
    b = torch.from_numpy(hashed(12 * 3, 12).reshape(12, 3).astype(np.float64)) * 3
    w = torch.from_numpy(hashed(15, 13).reshape(5, 3).astype(np.float64)).requires_grad_()
    c = torch.from_numpy(hashed(3, 14).astype(np.float64)).requires_grad_()
    optimiser = torch.optim.AdamW([{"params": [w], "weight_decay": 0.1}, {"params": [c], "weight_decay": 0.0}], betas=(0.85, 0.98), eps=1e-6)
    steps = []
    for rate in (0.1, 0.05, 0.2, 0.01, 0.03):
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.zero_grad()
        loss = ((a @ w + c - b) ** 2).sum()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_([w, c], 5.0)
        optimiser.step()
        flat = torch.cat([w.detach().ravel(), c.detach()]).tolist()
        steps.append({"learningRate": rate, "loss": loss.item(), "gradientNorm": float(norm), "parameters": flat})
    (HERE / "adamw.json").write_text(json.dumps(steps, indent=1) + "\n")


gradients()
adamw()
