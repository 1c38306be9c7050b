"""The U-Net of unet.ts in PyTorch: same order of parameters, same hashed numbers."""

import numpy as np
import torch
import torch.nn.functional as F

GROUPS = 8


def specs(bands, classes, base, levels):
    """(name, shape) in the order of the flat vector."""
    out = []

    def block(name, i, o):
        out.extend([(f"{name}.weight", (o, i, 3, 3)), (f"{name}.scale", (o,)), (f"{name}.bias", (o,))])

    for level in range(levels):
        o = base << level
        block(f"encoder.{level}.a", bands if level == 0 else o // 2, o)
        block(f"encoder.{level}.b", o, o)
    for k, level in enumerate(range(levels - 2, -1, -1)):
        o = base << level
        out.extend([(f"decoder.{k}.up.weight", (2 * o, o, 2, 2)), (f"decoder.{k}.up.bias", (o,))])
        block(f"decoder.{k}.a", 2 * o, o)
        block(f"decoder.{k}.b", o, o)
    out.extend([("head.weight", (classes, base, 1, 1)), ("head.bias", (classes,))])
    return out


def hashed(size, seed):
    h = np.arange(size, dtype=np.uint32) ^ np.uint32((seed * 0x9E3779B9) & 0xFFFFFFFF)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return ((h ^ (h >> np.uint32(16))).astype(np.float64) / 2**31 - 1).astype(np.float32)


def hashed_target(samples, classes, pixels, seed):
    kind = np.floor((hashed(samples * pixels, seed).astype(np.float64) + 1) / 2 * classes).astype(int)
    out = np.zeros((samples, classes, pixels), np.float32)
    for k in range(classes):
        out[:, k][kind.reshape(samples, pixels) == k] = 1
    return out


def first_values(specs, seed):
    """Weights with variance 2 / fan-in, scales around 1, biases around 0."""
    out = []
    for i, (name, shape) in enumerate(specs):
        v = hashed(int(np.prod(shape)), seed + i).astype(np.float64)
        if len(shape) == 4:
            fan_in = shape[0] if "up" in name else shape[1] * shape[2] * shape[3]
            v = v * np.sqrt(6 / fan_in)
        elif name.endswith("scale"):
            v = 1 + 0.1 * v
        else:
            v = 0.1 * v
        out.append(v.astype(np.float32).ravel())
    return np.concatenate(out)


def parameters(specs, flat, dtype):
    out, at = {}, 0
    for name, shape in specs:
        n = int(np.prod(shape))
        out[name] = torch.from_numpy(flat[at : at + n].reshape(shape).copy()).to(dtype).requires_grad_()
        at += n
    return out


def unet(p, x, levels, activation):
    act = {"relu": F.relu, "silu": F.silu}[activation]

    def block(name, h):
        h = F.conv2d(h, p[name + ".weight"], None, padding=1)
        return act(F.group_norm(h, GROUPS, p[name + ".scale"], p[name + ".bias"]))

    skips, h = [], x
    for level in range(levels):
        h = h if level == 0 else F.max_pool2d(h, 2)
        h = block(f"encoder.{level}.b", block(f"encoder.{level}.a", h))
        skips.append(h)
    for k in range(levels - 1):
        h = F.conv_transpose2d(h, p[f"decoder.{k}.up.weight"], p[f"decoder.{k}.up.bias"], stride=2)
        h = torch.cat([skips[-2 - k], h], 1)
        h = block(f"decoder.{k}.b", block(f"decoder.{k}.a", h))
    return F.conv2d(h, p["head.weight"], p["head.bias"])


def cross_entropy_and_dice(logits, target):
    entropy = -(F.log_softmax(logits, 1) * target).sum(1).mean()
    probability = F.softmax(logits, 1)
    overlap = (probability * target).sum((0, 2, 3))
    total = probability.sum((0, 2, 3)) + target.sum((0, 2, 3))
    return entropy + 1 - ((2 * overlap + 1) / (total + 1)).mean()
