"""Values and gradients of convolutions, pooling, interpolation and padding, and of small networks made of them, in
float64 by PyTorch. Writes spatial.json.

Run: python3 oracles/tensor/spatial.py   (PyTorch 1.13, NumPy)
"""

import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

from unet import hashed

HERE = pathlib.Path(__file__).parent


def tensor(shape, seed, levels=None):
    """Numbers in [-1, 1); with `levels`, only so many different ones, so that maxima are tied."""
    values = hashed(int(np.prod(shape)), seed).astype(np.float64) * 2
    if levels:
        values = np.round(values * levels) / levels
    return torch.from_numpy(values.reshape(shape)).requires_grad_()


def conv_lstm(x, w, b):
    """x [N, T, C, H, W]; gates i, f, o, g from one convolution of input and state (Shi et al. 2015, no peepholes)."""
    hidden = w.shape[0] // 4
    h = c = torch.zeros(x.shape[0], hidden, *x.shape[3:], dtype=x.dtype)
    for t in range(x.shape[1]):
        i, f, o, g = F.conv2d(torch.cat([x[:, t], h], 1), w, b, padding=1).split(hidden, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
    return h


def separable(x, d, p, q):
    """Depthwise convolution of stride 2, pointwise, SiLU, overlapping maxima, a grouped convolution, means."""
    y = F.silu(F.conv2d(F.conv2d(x, d, stride=2, padding=1, groups=x.shape[1]), p))
    y = F.conv2d(F.max_pool2d(y, 3, 2, 1), q, padding=1, groups=2)
    return F.avg_pool2d(y, 2, 1, 1, count_include_pad=False)


def volume(x, w1, w2, up, w3):
    """Down, up and a joint of a 3-d U-Net, then trilinear enlargement."""
    a = F.silu(F.conv3d(x, w1, padding=1))
    b = F.silu(F.conv3d(F.max_pool3d(a, 2), w2, padding=1))
    y = F.conv3d(torch.cat([a, F.conv_transpose3d(b, up, stride=2)], 1), w3, padding=1)
    return F.interpolate(y, size=(5, 8, 12), mode="trilinear", align_corners=False)


def temporal(x, w1, w2):
    """Dilated and grouped convolutions over time, then linear interpolation to other dates."""
    y = torch.tanh(F.conv1d(x, w1, padding=4, dilation=4))
    y = F.conv1d(y, w2, stride=2, groups=2)
    return F.interpolate(y, size=17, mode="linear", align_corners=True)


NETWORKS = {
    "convLSTM": (conv_lstm, [[2, 3, 2, 6, 6], [16, 6, 3, 3], [16]]),
    "separable": (separable, [[2, 16, 16, 16], [16, 1, 3, 3], [32, 16, 1, 1], [16, 16, 3, 3]]),
    "volume": (volume, [[1, 2, 4, 4, 6], [4, 2, 3, 3, 3], [6, 4, 3, 3, 3], [6, 4, 2, 2, 2], [2, 8, 3, 3, 3]]),
    "temporal": (temporal, [[2, 4, 20], [8, 4, 3], [6, 4, 2]]),
}


def pairs(before, after):
    """Padding per axis as F.pad wants it: the last axis first."""
    return [n for axis in reversed(range(len(before))) for n in (before[axis], after[axis])]


def conv(x, w, b=None, *, stride, dilation, padding, groups):
    d = len(stride)
    return [F.conv1d, F.conv2d, F.conv3d][d - 1](F.pad(x, pairs(padding[:d], padding[d:])), w, b, stride, 0, dilation, groups)


def transposed(x, w, b=None, *, stride, dilation, padding, outputPadding, groups):
    fn = [F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d][len(stride) - 1]
    return fn(x, w, b, stride, padding, outputPadding, groups, dilation)


def max_pool(x, *, kernel, stride, padding, dilation):
    return [F.max_pool1d, F.max_pool2d, F.max_pool3d][len(kernel) - 1](x, kernel, stride, padding, dilation)


def mean_pool(x, *, kernel, stride, padding, countIncludePad):
    fn = [F.avg_pool1d, F.avg_pool2d, F.avg_pool3d][len(kernel) - 1]
    return fn(x, kernel, stride, padding, count_include_pad=countIncludePad)


def resize(x, *, size, mode, alignCorners=False):
    name = mode if mode == "nearest" else ["linear", "bilinear", "trilinear"][len(size) - 1]
    return F.interpolate(x, size=size, mode=name, **({} if mode == "nearest" else {"align_corners": alignCorners}))


def pad_mode(x, *, before, after, mode):
    return F.pad(x, pairs(before, after), {"reflect": "reflect", "edge": "replicate", "wrap": "circular"}[mode])


OPS = {"conv": conv, "convTranspose": transposed, "maxPool": max_pool, "meanPool": mean_pool, "resize": resize, "padMode": pad_mode}

CASES = [
    ("conv", [[2, 6, 11], [4, 3, 3], [4]], dict(stride=[2], dilation=[2], padding=[1, 3], groups=2)),
    ("conv", [[2, 4, 7, 6], [8, 1, 3, 2], [8]], dict(stride=[2, 1], dilation=[1, 2], padding=[2, 0, 1, 1], groups=4)),
    ("conv", [[1, 6, 4, 5, 4], [4, 3, 2, 3, 1]], dict(stride=[1, 2, 2], dilation=[2, 1, 1], padding=[1, 0, 2, 0, 1, 0], groups=2)),
    ("convTranspose", [[2, 4, 5], [4, 3, 4], [6]], dict(stride=[3], dilation=[1], padding=[2], outputPadding=[1], groups=2)),
    ("convTranspose", [[2, 3, 4, 3], [3, 2, 3, 4], [2]], dict(stride=[2, 3], dilation=[2, 1], padding=[1, 2], outputPadding=[1, 0], groups=1)),
    ("convTranspose", [[2, 3, 4, 3], [3, 2, 2, 2], [2]], dict(stride=[2, 2], dilation=[1, 1], padding=[0, 0], outputPadding=[0, 0], groups=1)),
    ("convTranspose", [[1, 4, 2, 3, 2], [4, 1, 3, 2, 2]], dict(stride=[2, 1, 2], dilation=[1, 1, 1], padding=[1, 0, 0], outputPadding=[1, 0, 1], groups=4)),
    ("maxPool", [[2, 3, 9]], dict(kernel=[3], stride=[2], padding=[1], dilation=[1])),
    ("maxPool", [[2, 3, 9, 8]], dict(kernel=[3, 2], stride=[2, 1], padding=[1, 1], dilation=[1, 2])),
    ("maxPool", [[2, 3, 8, 8]], dict(kernel=[3, 3], stride=[2, 2], padding=[1, 1], dilation=[1, 1])),
    ("maxPool", [[1, 2, 4, 5, 6]], dict(kernel=[2, 2, 3], stride=[2, 1, 2], padding=[0, 1, 1], dilation=[1, 1, 1])),
    ("maxPool", [[2, 3, 6, 8]], dict(kernel=[2, 2], stride=[2, 2], padding=[0, 0], dilation=[1, 1])),
    ("meanPool", [[2, 3, 9]], dict(kernel=[3], stride=[2], padding=[1], countIncludePad=True)),
    ("meanPool", [[2, 3, 9, 8]], dict(kernel=[3, 2], stride=[2, 1], padding=[1, 1], countIncludePad=False)),
    ("meanPool", [[1, 2, 4, 5, 6]], dict(kernel=[2, 2, 3], stride=[2, 1, 2], padding=[0, 1, 1], countIncludePad=False)),
    ("meanPool", [[2, 3, 6, 7]], dict(kernel=[2, 2], stride=[2, 2], padding=[0, 0], countIncludePad=True)),
    ("resize", [[2, 3, 7]], dict(size=[12], mode="nearest")),
    ("resize", [[2, 3, 4, 5]], dict(size=[8, 10], mode="nearest")),
    ("resize", [[2, 3, 6, 5]], dict(size=[3, 15], mode="nearest")),
    ("resize", [[1, 2, 3, 4, 5]], dict(size=[5, 4, 7], mode="nearest")),
    ("resize", [[2, 3, 7]], dict(size=[13], mode="linear", alignCorners=True)),
    ("resize", [[2, 3, 4, 5]], dict(size=[8, 10], mode="linear", alignCorners=False)),
    ("resize", [[1, 1, 64, 96]], dict(size=[128, 192], mode="linear", alignCorners=False)),
    ("resize", [[1, 1, 500, 2]], dict(size=[700, 3], mode="linear", alignCorners=False)),
    ("resize", [[2, 3, 4, 5]], dict(size=[16, 20], mode="linear", alignCorners=False)),
    ("resize", [[2, 3, 4, 5]], dict(size=[12, 15], mode="linear", alignCorners=False)),
    ("resize", [[2, 3, 4, 5]], dict(size=[4, 20], mode="linear", alignCorners=False)),
    ("resize", [[1, 2, 3]], dict(size=[12], mode="linear", alignCorners=False)),
    ("resize", [[1, 2, 3, 4, 5]], dict(size=[6, 8, 10], mode="linear", alignCorners=False)),
    ("resize", [[1, 2, 3, 4, 5]], dict(size=[6, 16, 20], mode="nearest")),
    ("resize", [[2, 3, 4, 5]], dict(size=[8, 10], mode="linear", alignCorners=True)),
    ("resize", [[2, 2, 9, 8]], dict(size=[4, 11], mode="linear", alignCorners=False)),
    ("resize", [[1, 2, 3, 4, 5]], dict(size=[5, 1, 7], mode="linear", alignCorners=True)),
    ("resize", [[1, 2, 3, 4, 5]], dict(size=[6, 3, 1], mode="linear", alignCorners=False)),
    ("padMode", [[1, 2, 4, 5]], dict(before=[3, 2], after=[1, 4], mode="reflect")),
    ("padMode", [[1, 2, 4, 5]], dict(before=[3, 7], after=[0, 4], mode="edge")),
    ("padMode", [[1, 2, 4, 5]], dict(before=[4, 2], after=[1, 5], mode="wrap")),
]

MOST = 240


def sampled(values):
    """At most so many numbers, evenly spaced, 15 digits."""
    flat = values.detach().numpy().ravel()
    step = -(-flat.size // MOST)
    return {"step": step, "data": [float(f"{v:.15g}") for v in flat[::step]]}


def result(fn, shapes, levels=None):
    inputs = [tensor(shape, i + 1, levels) for i, shape in enumerate(shapes)]
    y = fn(*inputs)
    weights = torch.from_numpy(hashed(y.numel(), 77).astype(np.float64).reshape(y.shape))
    gradients = torch.autograd.grad((y * weights).sum(), inputs)
    return {"shapes": shapes, "shape": list(y.shape), "y": sampled(y), "gradients": [sampled(g) for g in gradients]}


def main():
    networks = {name: result(fn, shapes) for name, (fn, shapes) in NETWORKS.items()}
    cases = []
    for op, shapes, options in CASES:
        # Pooling is also asked for where maxima are tied, but for 2 x 2 windows, where we share the gradient.
        for levels in (None, 2) if op == "maxPool" and options["kernel"] != [2, 2] else (None,):
            found = result(lambda *inputs: OPS[op](*inputs, **options), shapes, levels)
            cases.append({"op": op, "options": options, "levels": levels, **found})
    (HERE / "spatial.json").write_text(json.dumps({"networks": networks, "cases": cases}) + "\n")


main()
