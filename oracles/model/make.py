"""Losses with gradients, and networks, by PyTorch in float64. Run: python3 oracles/model/make.py (PyTorch 1.13, NumPy)

Writes losses.json and networks.json beside this file. Written from the papers' formulas and PyTorch's own functions, not
from packages/model. Labels are class indices, -1 where a pixel has none.
"""

import json
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tensor"))
from unet import hashed  # noqa: E402

TINY = 1e-7


def write(name, value):
    (HERE / name).write_text(json.dumps(value, separators=(",", ":")) + "\n")


def rounded(values):
    return [float(f"{v:.10g}") for v in np.asarray(values, np.float64).ravel()]


# ---------------------------------------------------------------------------------------------------------------- losses


def labelled_pixels(logits, labels):
    """[n, K] probabilities, log-probabilities and labels of the pixels that have one."""
    k = logits.shape[1]
    flat = logits.permute(0, 2, 3, 1).reshape(-1, k)
    known = labels.reshape(-1) >= 0
    return F.softmax(flat[known], 1), F.log_softmax(flat[known], 1), labels.reshape(-1)[known].long()


def class_weights(counts):
    raw = torch.tensor([n**-0.5 if n > 0 else 0.0 for n in counts], dtype=torch.float64)
    return raw / raw[raw > 0].mean()


def tversky_index(p, y, alpha, beta):
    """Salehi et al. 2017, eq. 3, by class: alpha blames false alarms, beta misses; 1 added for smoothness."""
    out = []
    for k in range(p.shape[1]):
        is_k = y == k
        tp = p[is_k, k].sum()
        fp = p[~is_k, k].sum()
        fn = (1 - p[is_k, k]).sum()
        out.append((tp + 1) / (tp + alpha * fp + beta * fn + 1))
    return torch.stack(out)


def positive(x):
    return x.clamp(TINY, 1)


def cross_entropy(logits, labels, o):
    return F.cross_entropy(logits, labels.long(), ignore_index=-1)


def weighted(logits, labels, o):
    return F.cross_entropy(logits, labels.long(), weight=class_weights(o["counts"]), ignore_index=-1)


def dice(logits, labels, o):
    p, _, y = labelled_pixels(logits, labels)
    t = F.one_hot(y, p.shape[1]).double()
    return 1 - ((2 * (p * t).sum(0) + 2) / (p.sum(0) + t.sum(0) + 2)).mean()


def focal(logits, labels, o):
    p, log_p, y = labelled_pixels(logits, labels)
    at = torch.arange(len(y))
    return (-(positive(1 - p[at, y]) ** o["gamma"]) * log_p[at, y]).mean()


def tversky(logits, labels, o):
    p, _, y = labelled_pixels(logits, labels)
    return 1 - tversky_index(p, y, 1 - o["missShare"], o["missShare"]).mean()


def focal_tversky(logits, labels, o):
    p, _, y = labelled_pixels(logits, labels)
    index = tversky_index(p, y, 1 - o["missShare"], o["missShare"])
    return (positive(1 - index) ** (1 / max(1, o["gamma"]))).mean()


def unified_focal(logits, labels, o):
    """Asymmetric form of Yeung et al. 2022; the class with most pixels is their background."""
    delta, gamma = o["missShare"], min(0.9, o["gamma"] / (1 + o["gamma"]))
    background = int(np.argmax(o["counts"]))
    p, log_p, y = labelled_pixels(logits, labels)
    at = torch.arange(len(y))
    surprise, ease = -log_p[at, y], positive(1 - p[at, y]) ** gamma
    focal_part = torch.where(y == background, (1 - delta) * ease * surprise, delta * surprise).mean()
    index = tversky_index(p, y, 1 - delta, delta)
    parts = [1 - v if k == background else positive(1 - v) ** (1 - gamma) for k, v in enumerate(index)]
    return 0.5 * focal_part + 0.5 * torch.stack(parts).mean()


LOSSES = {
    "crossEntropy": cross_entropy,
    "weightedCrossEntropy": weighted,
    "dice": dice,
    "crossEntropyDice": lambda *a: cross_entropy(*a) + dice(*a),
    "focal": focal,
    "tversky": tversky,
    "focalTversky": focal_tversky,
    "unifiedFocal": unified_focal,
}


def losses():
    shape = (2, 4, 4, 5)
    pixels = 2 * 4 * 5
    base = hashed(int(np.prod(shape)), 3).astype(np.float64).reshape(shape)
    draw = (hashed(pixels, 5).astype(np.float64) + 1) / 2
    every = np.floor(draw * 4).astype(int)
    some = np.where(hashed(pixels, 6) < -0.3, -1, every)
    without = np.where(every == 2, -1, every)
    cases = {
        "every pixel labelled": (2 * base, every, dict(counts=[100, 4000, 60, 900], gamma=2.0, missShare=0.7)),
        "some unlabelled": (3 * base, some, dict(counts=[10, 20, 3000, 40], gamma=1.0, missShare=0.6)),
        "a class missing": (3 * base, without, dict(counts=[500, 200, 0, 40], gamma=0.75, missShare=0.5)),
        "extreme logits": (300 * base, some, dict(counts=[500, 200, 30, 40], gamma=1.5, missShare=0.7)),
    }
    out = {"shape": shape, "cases": []}
    for name, (values, labels, options) in cases.items():
        values = values.astype(np.float32).astype(np.float64)
        expected = {}
        for loss_name, loss in LOSSES.items():
            logits = torch.from_numpy(values).requires_grad_()
            value = loss(logits, torch.from_numpy(labels.reshape(2, 4, 5)), options)
            value.backward()
            expected[loss_name] = {"value": float(f"{value.item():.14g}"), "gradient": rounded(logits.grad)}
        out["cases"].append(
            {"name": name, "logits": values.ravel().tolist(), "labels": labels.tolist(), "options": options, "expected": expected}
        )
    write("losses.json", out)


# -------------------------------------------------------------------------------------------------------------- networks


class Parameters:
    """Numbers in the order of the flat vector; convolution weights shrink with fan-in, norm scales lie around 1."""

    def __init__(self):
        self.at = 0

    def take(self, *shape, centre=0.0, spread=1.0):
        n = int(np.prod(shape))
        values = hashed(n, 1000 + self.at).astype(np.float64) * spread + centre
        self.at += n
        return torch.from_numpy(values.astype(np.float32).astype(np.float64).reshape(shape))

    def conv_norm(self, i, o, k=3):
        weight = self.take(o, i, k, k, spread=(6 / (i * k * k)) ** 0.5)
        return weight, self.take(o, centre=1.0, spread=0.2), self.take(o, spread=0.2)

    def conv(self, i, o):
        return self.take(o, i, 1, 1, spread=(6 / i) ** 0.5), self.take(o, spread=0.2)

    def up(self, i, o):
        return self.take(i, o, 2, 2, spread=(6 / i) ** 0.5), self.take(o, spread=0.2)


def normalise(y, scale, bias, norm, training):
    if norm == "group":
        groups = max(g for g in range(1, 9) if y.shape[1] % g == 0)
        return F.group_norm(y, groups, scale, bias)
    if norm == "channel":
        return F.layer_norm(y.permute(0, 2, 3, 1), (y.shape[1],), scale, bias).permute(0, 3, 1, 2)
    return F.batch_norm(y, None, None, scale, bias, training=training)


def network(architecture, bands, classes, width, depth, norm, activation):
    """Builds parameters in the order of the flat vector and returns the forward function and their number."""
    p = Parameters()
    act = {"relu": F.relu, "silu": F.silu}[activation]
    residual = architecture == "attention-res-unet"

    def block(i, o):
        parts = [p.conv_norm(i, o), p.conv_norm(o, o)] + ([p.conv_norm(i, o, 1)] if residual else [])

        def apply(x):
            def cn(x, part):
                return normalise(F.conv2d(x, part[0], padding=part[0].shape[2] // 2), part[1], part[2], norm, True)

            deep = cn(act(cn(x, parts[0])), parts[1])
            return act(deep + cn(x, parts[2])) if residual else act(deep)

        return apply

    w = [width * 2**level for level in range(depth)]
    encoder = [block(bands if level == 0 else w[level - 1], w[level]) for level in range(depth)]
    decoder = []
    for level in range(depth - 1):
        up = p.up(w[level + 1], w[level])
        inner = max(1, w[level] // 2)
        gate = (p.conv(w[level], inner), p.conv(w[level], inner), p.conv(inner, 1)) if residual else None
        decoder.append((up, gate, block(2 * w[level], w[level])))
    head = p.conv(width, classes)

    def forward(x):
        skips = []
        for level in range(depth):
            x = encoder[level](x if level == 0 else F.max_pool2d(x, 2))
            skips.append(x)
        for level in reversed(range(depth - 1)):
            up, gate, mix = decoder[level]
            signal = F.conv_transpose2d(x, up[0], up[1], stride=2)
            skip = skips[level]
            if gate is not None:
                joint = F.relu(F.conv2d(skip, *gate[0]) + F.conv2d(signal, *gate[1]))
                skip = skip * torch.sigmoid(F.conv2d(joint, *gate[2]))
            x = mix(torch.cat([skip, signal], 1))
        return F.conv2d(x, *head)

    return forward, p.at


def networks():
    out = []
    for architecture in ("unet", "attention-res-unet"):
        for norm, activation, depth, width in (("group", "relu", 3, 8), ("channel", "silu", 2, 5), ("batch", "relu", 3, 6)):
            spec = dict(architecture=architecture, bands=3, classes=2, width=width, depth=depth, norm=norm, activation=activation)
            forward, count = network(**spec)
            x = torch.from_numpy((2 * hashed(2 * 3 * 16 * 8, 9).astype(np.float64)).reshape(2, 3, 16, 8))
            y = forward(x)
            out.append({"spec": spec, "parameters": count, "shape": list(x.shape), "logits": rounded(y)})
    write("networks.json", out)


losses()
networks()
