"""Values and gradients of layers in float64. Writes nn.json.

By torch.nn wherever it has the layer; ConvLSTM, RMS norm, squeeze-excite and the pooling heads from their equations.
Parameters and inputs are hashed numbers in the order of our trees (test/nn.test.ts makes the same). Of each case:
the value, the gradient of a weighted sum of it with respect to all parameters, and to each input that is real.
Run: python3 oracles/tensor/nn.py   (PyTorch 1.13, NumPy)
"""

import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.stateless import functional_call

from unet import hashed

HERE = pathlib.Path(__file__).parent
torch.set_default_dtype(torch.float64)
out = {}


def rounded(tensor):
    return [float(f"{v:.12g}") for v in tensor.detach().ravel().tolist()]


def numbers(shape, seed):
    return hashed(int(np.prod(shape)), seed).reshape(shape)


def case(name, shapes, inputs, fn):
    """`shapes` of the parameters; `inputs` as (shape, kind), where kind is "real", "mask", "days" or a count of classes."""
    size = sum(int(np.prod(shape)) for shape in shapes)
    flat = torch.from_numpy((hashed(size, 100) * np.float32(0.5)).astype(np.float64)).requires_grad_()
    parameters, at = [], 0
    for shape in shapes:
        n = int(np.prod(shape))
        parameters.append(flat[at : at + n].reshape(shape))
        at += n
    given = []
    for i, (shape, kind) in enumerate(inputs):
        values = numbers(shape, i + 1).astype(np.float64)
        if kind == "real":
            given.append(torch.from_numpy(values).requires_grad_())
        elif kind == "mask":
            given.append(torch.from_numpy(values > -0.3))
        elif kind == "days":
            given.append(torch.from_numpy(np.floor((values + 1) * 183)))
        else:
            given.append(torch.from_numpy(np.floor((values + 1) / 2 * kind)).long())
    found = fn(parameters, *given)
    y, *others = found if isinstance(found, tuple) else (found,)
    loss = (y * torch.from_numpy(numbers(tuple(y.shape), 7).astype(np.float64))).sum()
    loss.backward()
    zeros = torch.zeros_like(flat)
    out[name] = {
        "shape": list(y.shape),
        "value": rounded(y),
        "gradient": rounded(flat.grad if flat.grad is not None else zeros),
        "inputs": [rounded(x.grad) for x in given if x.requires_grad],
        **({"others": [rounded(other) for other in others]} if others else {}),
    }


def call(module, names, parameters, *args, **kwargs):
    return functional_call(module, dict(zip(names, parameters)), args, kwargs)


WB = ["weight", "bias"]


def convolutions():
    def same(module, shapes, name, shape):
        case(name, shapes, [(shape, "real")], lambda p, x: call(module, WB[: len(p)], p, x))

    same(nn.Linear(4, 3), [(3, 4), (3,)], "dense", (2, 5, 4))
    same(nn.Linear(4, 3, bias=False), [(3, 4)], "denseWithoutBias", (4,))
    same(nn.Conv1d(4, 6, 3, stride=2, padding=1, groups=2), [(6, 2, 3), (6,)], "conv1d", (2, 4, 7))
    same(nn.Conv2d(3, 4, 3, padding="same", dilation=2), [(4, 3, 3, 3), (4,)], "conv2d", (2, 3, 6, 5))
    same(nn.Conv2d(4, 4, (3, 1), padding=(1, 0), groups=2, bias=False), [(4, 2, 3, 1)], "conv2dGrouped", (1, 4, 5, 4))
    same(nn.Conv3d(2, 3, 3, padding=1), [(3, 2, 3, 3, 3), (3,)], "conv3d", (1, 2, 4, 3, 4))
    same(nn.Conv2d(3, 6, 3, padding=1, groups=3), [(6, 1, 3, 3), (6,)], "depthwise", (2, 3, 5, 4))

    def separable(p, x):
        return F.conv2d(F.conv2d(x, p[0], padding=1, groups=3), p[1], p[2])

    case("separable", [(3, 1, 3, 3), (5, 3, 1, 1), (5,)], [((2, 3, 4, 5), "real")], separable)
    same(nn.ConvTranspose1d(3, 4, 4, stride=2, padding=1), [(3, 4, 4), (4,)], "convTranspose1d", (2, 3, 5))
    same(nn.ConvTranspose2d(4, 3, 2, stride=2), [(4, 3, 2, 2), (3,)], "convTranspose2d", (2, 4, 3, 4))
    same(nn.ConvTranspose2d(4, 4, 3, stride=2, padding=1, output_padding=1, groups=2, bias=False), [(4, 2, 3, 3)], "convTranspose2dGrouped", (1, 4, 3, 4))
    same(nn.ConvTranspose3d(2, 3, 2, stride=2), [(2, 3, 2, 2, 2), (3,)], "convTranspose3d", (1, 2, 2, 3, 2))


def norms():
    def norm(name, module, shape, features):
        case(name, [features, features], [(shape, "real")], lambda p, x: call(module, WB, p, x))

    norm("groupNorm", nn.GroupNorm(3, 6), (2, 6, 4, 3), (6,))
    norm("groupNormOfSignal", nn.GroupNorm(2, 4), (2, 4, 5), (4,))
    norm("groupNormOfVolume", nn.GroupNorm(2, 4, eps=1e-3), (2, 4, 2, 3, 2), (4,))
    norm("instanceNorm", nn.InstanceNorm2d(3, affine=True), (2, 3, 4, 5), (3,))
    norm("layerNorm", nn.LayerNorm(6), (2, 5, 6), (6,))
    norm("layerNormOfTwo", nn.LayerNorm((3, 4)), (2, 2, 3, 4), (3, 4))
    case("rmsNorm", [(6,)], [((2, 5, 6), "real")], lambda p, x: x / torch.sqrt((x**2).mean(-1, keepdim=True) + 1e-6) * p[0])

    for dims, shape in ((1, (6, 3)), (2, (2, 3, 4, 3)), (3, (2, 3, 2, 2, 3))):
        module = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}[dims](3)
        for training in (True, False):

            def run(p, x):
                mean, variance = p[2].detach().clone(), p[3].detach().abs() + 0.5
                y = F.batch_norm(x, mean, variance, p[0], p[1], training, 0.1, 1e-5)
                return (y, mean, variance)

            case(f"batchNorm{dims}d{'Training' if training else ''}", [(3,)] * 4, [(shape, "real")], run)


def attention():
    E = 6

    def names(prefix):
        return [prefix + name for name in ("in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias")]

    def packed(p):
        """query, key, value and output, weight and bias each, as torch packs them."""
        return [torch.cat([p[0], p[2], p[4]]), torch.cat([p[1], p[3], p[5]]), p[6], p[7]]

    shapes = [(E, E), (E,)] * 4
    mha = nn.MultiheadAttention(E, 2, batch_first=True)

    def plain(p, x, **kwargs):
        return call(mha, names(""), packed(p), x, x, x, need_weights=False, **kwargs)[0]

    case("attention", shapes, [((2, 5, E), "real")], plain)
    future = torch.triu(torch.ones(5, 5, dtype=torch.bool), 1)
    case("attentionCausal", shapes, [((2, 5, E), "real")], lambda p, x: plain(p, x, attn_mask=future))

    def cross(p, q, k, v, key_mask, mask):
        module = nn.MultiheadAttention(E, 3, kdim=4, vdim=5, batch_first=True)
        found = dict(zip(["q_proj_weight", "k_proj_weight", "v_proj_weight"], [p[0], p[2], p[4]]))
        found.update({"in_proj_bias": torch.cat([p[1], p[3], p[5]]), "out_proj.weight": p[6], "out_proj.bias": p[7]})
        mask = mask | torch.eye(4, 6, dtype=torch.bool)
        key_mask = key_mask | (torch.arange(6) < 4)
        args = dict(key_padding_mask=~key_mask, attn_mask=~mask, need_weights=False)
        return functional_call(module, found, (q, k, v), args)[0]

    inputs = [((2, 4, E), "real"), ((2, 6, 4), "real"), ((2, 6, 5), "real"), ((2, 6), "mask"), ((4, 6), "mask")]
    case("attentionCross", [(E, E), (E,), (E, 4), (E,), (E, 5), (E,), (E, E), (E,)], inputs, cross)

    ff = [(8, E), (8,), (E, 8), (E,)]
    ff_names = ["linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias"]
    for order in ("pre", "post"):
        options = dict(dim_feedforward=8, dropout=0, activation=F.gelu if order == "pre" else F.relu, batch_first=True, norm_first=order == "pre")
        encoder = nn.TransformerEncoderLayer(E, 2, **options)

        def encode(p, x, key_mask):
            values = packed(p[:8]) + p[8:10] + p[10:14] + p[14:16]
            known = names("self_attn.") + ["norm1.weight", "norm1.bias"] + ff_names + ["norm2.weight", "norm2.bias"]
            return call(encoder, known, values, x, src_key_padding_mask=~(key_mask | (torch.arange(5) < 2)))

        block = shapes + [(E,), (E,)] + ff + [(E,), (E,)]
        case(f"encoder-{order}", block, [((2, 5, E), "real"), ((2, 5), "mask")], encode)
        decoder = nn.TransformerDecoderLayer(E, 2, **options)

        def decode(p, x, memory):
            values = packed(p[:8]) + p[8:10] + packed(p[10:18]) + p[18:20] + p[20:24] + p[24:26]
            known = names("self_attn.") + ["norm1.weight", "norm1.bias"] + names("multihead_attn.")
            known += ["norm2.weight", "norm2.bias"] + ff_names + ["norm3.weight", "norm3.bias"]
            return call(decoder, known, values, x, memory, tgt_mask=future)

        block = shapes + [(E,), (E,)] + shapes + [(E,), (E,)] + ff + [(E,), (E,)]
        case(f"decoder-{order}", block, [((2, 5, E), "real"), ((2, 4, E), "real")], decode)


def recurrence():
    # Ours are input weight and bias, then hidden weight and bias.
    known = ["weight_ih", "bias_ih", "weight_hh", "bias_hh"]

    def over(cell, p, x, reverse=False):
        state = torch.zeros(x.shape[0], cell.hidden_size)
        state = (state, state) if isinstance(cell, nn.LSTMCell) else state
        ys = {}
        for t in reversed(range(x.shape[1])) if reverse else range(x.shape[1]):
            state = call(cell, known, p, x[:, t], state)
            ys[t] = state[0] if isinstance(cell, nn.LSTMCell) else state
        return torch.stack([ys[t] for t in sorted(ys)], 1)

    def run(name, cell, gates, reverse=False):
        shapes = [(gates * 4, 3), (gates * 4,), (gates * 4, 4), (gates * 4,)]
        case(name, shapes, [((2, 5, 3), "real")], lambda p, x: over(cell, p, x, reverse))

    run("gru", nn.GRUCell(3, 4), 3)
    run("gruReverse", nn.GRUCell(3, 4), 3, True)
    run("lstm", nn.LSTMCell(3, 4), 4)
    cell = nn.LSTMCell(3, 2)
    shapes = [(8, 3), (8,), (8, 2), (8,)] * 2

    def both(p, x):
        return torch.cat([over(cell, p[:4], x), over(cell, p[4:], x, True)], 2)

    # Twenty steps, so that ours is a loop and not its steps one after the other.
    case("lstmBidirectional", shapes, [((1, 20, 3), "real")], both)

    def conv_lstm(p, xs, peephole):
        h = c = torch.zeros(2, 2, 4, 3)
        ys = []
        for t in range(xs.shape[1]):
            gates = F.conv2d(xs[:, t], p[0], p[1], padding=1) + F.conv2d(h, p[2], padding=1)
            i, f, g, o = gates.chunk(4, 1)
            i, f = (i + p[3] * c, f + p[4] * c) if peephole else (i, f)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o + p[5] * c if peephole else o) * torch.tanh(c)
            ys.append(h)
        return torch.stack(ys, 1)

    shapes = [(8, 3, 3, 3), (8,), (8, 2, 3, 3)]
    case("convLstm", shapes, [((2, 3, 3, 4, 3), "real")], lambda p, x: conv_lstm(p, x, False))
    case("convLstmPeephole", shapes + [(2, 4, 3)] * 3, [((2, 3, 3, 4, 3), "real")], lambda p, x: conv_lstm(p, x, True))


def others():
    case("embedding", [(7, 3)], [((2, 4), 7)], lambda p, i: F.embedding(i, p[0]))

    def excite(p, x):
        gate = torch.sigmoid(F.linear(F.relu(F.linear(x.mean((2, 3)), p[0], p[1])), p[2], p[3]))
        return x * gate[:, :, None, None]

    case("squeezeExcite", [(3, 6), (3,), (6, 3), (6,)], [((2, 6, 3, 4), "real")], excite)

    def pool(p, x, mask):
        scores = F.linear(x, p[0]).masked_fill(~mask[..., None], -torch.inf)
        return (scores.softmax(1) * x).sum(1)

    case("attentionPool", [(1, 4)], [((2, 6, 4), "real"), ((2, 6), "mask")], pool)

    def masked_mean(p, x, mask):
        return (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)

    case("maskedMean", [(1,)], [((2, 6, 4), "real"), ((2, 6), "mask")], masked_mean)

    def sinusoidal(p, days):
        angles = days[..., None] * 1000.0 ** (-torch.arange(0, 6, 2) / 6)
        return p[0] * torch.stack([torch.sin(angles), torch.cos(angles)], -1).flatten(-2)

    case("sinusoidal", [(1,)], [((2, 5), "days")], sinusoidal)

    def harmonics(p, days):
        angles = days[..., None] * 2 * np.pi * torch.arange(1, 4) / 365.25
        return p[0] * torch.stack([torch.sin(angles), torch.cos(angles)], -1).flatten(-2)

    case("harmonics", [(1,)], [((2, 5), "days")], harmonics)
    case("learntPositions", [(7, 4)], [((2, 5, 4), "real")], lambda p, x: x + p[0][:5])


for make in (convolutions, norms, attention, recurrence, others):
    make()
(HERE / "nn.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")
