"""Small random networks of the usual kinds, exported from PyTorch to ONNX, with outputs and gradients in float64.

    python3 export_models.py FOLDER EXPORTER [OPSET[,OPSET] [NETWORK[,NETWORK]]]

EXPORTER is torchscript (PyTorch 1.13 writes opsets 13 to 17, PyTorch 2.8 up to 20) or dynamo (18 and more, PyTorch 2.8),
both told to leave weights as they are; or the same as they come, with batch normalisation folded into convolutions and
weights transposed and renamed: default, optimised. Weights depend on the names of
the parameters only, so that every version of PyTorch exports the same networks. Writes NAME-EXPORTER-OPSET.onnx; and,
when EXPORTER is `values`, values.f32 and values.json: inputs, outputs, and the gradient of sum(output * weights), with
respect to all parameters, computed in float64 (and the error of float32 relative to it).

Recorded with torch 1.13.0 (opsets 13 to 17, values) and torch 2.8.0 (18 to 21):
    values; torchscript 13 (all but text); torchscript 14 text; torchscript 17 vit,unet; default 18 resnet,vit,recurrent;
    torchscript 20 vit,text; dynamo 21 (all); optimised 20 mobilenet,text.
"""

import json
import math
import pathlib
import sys
import zlib

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def conv_bn(c, o, k, stride=1, groups=1):
    return nn.Sequential(nn.Conv2d(c, o, k, stride, k // 2, groups=groups, bias=False), nn.BatchNorm2d(o))


class Block(nn.Module):
    def __init__(self, c, o, stride):
        super().__init__()
        self.a = conv_bn(c, o, 3, stride)
        self.b = conv_bn(o, o, 3)
        self.down = conv_bn(c, o, 1, stride) if stride > 1 else nn.Identity()

    def forward(self, x):
        return F.relu(self.b(F.relu(self.a(x))) + self.down(x))


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = conv_bn(3, 8, 7, 2)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.layers = nn.Sequential(Block(8, 8, 1), Block(8, 12, 2), Block(12, 16, 2))
        self.mean = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(16, 5)

    def forward(self, x):
        x = self.layers(self.pool(F.relu(self.stem(x))))
        return self.fc(torch.flatten(self.mean(x), 1))


def double_conv(c, o):
    return nn.Sequential(
        nn.Conv2d(c, o, 3, padding=1), nn.BatchNorm2d(o), nn.SiLU(), nn.Conv2d(o, o, 3, padding=1), nn.GroupNorm(2, o), nn.SiLU()
    )


class UNet(nn.Module):
    """The way up by transposed convolutions."""

    def __init__(self):
        super().__init__()
        self.down = nn.ModuleList([double_conv(4, 6), double_conv(6, 8)])
        self.middle = double_conv(8, 12)
        self.up = nn.ModuleList([nn.ConvTranspose2d(8, 6, 4, 2, 1), nn.ConvTranspose2d(12, 8, 2, 2)])
        self.merge = nn.ModuleList([double_conv(12, 6), double_conv(16, 8)])
        self.head = nn.Conv2d(6, 3, 1)

    def forward(self, x):
        kept = []
        for layer in self.down:
            x = layer(x)
            kept.append(x)
            x = F.max_pool2d(x, 2)
        x = self.middle(x)
        for i in (1, 0):
            x = self.merge[i](torch.cat([kept[i], self.up[i](x)], 1))
        return torch.log_softmax(self.head(x), 1)


class UNetResize(nn.Module):
    """The way up by bilinear and nearest enlargement; odd extents, mirrored borders, instance normalisation."""

    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 6, 3)
        self.norm = nn.InstanceNorm2d(6, affine=True)
        self.b = nn.Conv2d(6, 8, 3, padding=1, dilation=1)
        self.c = nn.Conv2d(8, 6, 3, padding=1)
        self.d = nn.Conv2d(12, 6, 3, padding=2, dilation=2)
        self.e = nn.Conv2d(6, 6, 3, padding=1)
        self.head = nn.Conv2d(6, 2, 1)

    def forward(self, x):
        kept = F.leaky_relu(self.norm(self.a(F.pad(x, (1, 1, 1, 1), mode="reflect"))), 0.1)
        y = F.elu(self.b(F.avg_pool2d(kept, 2)))
        y = F.interpolate(self.c(y), size=kept.shape[2:], mode="bilinear", align_corners=False)
        y = F.softplus(self.d(torch.cat([kept, y], 1)))
        y = F.interpolate(self.e(F.avg_pool2d(y, 3, 2, 1)), scale_factor=2, mode="bilinear", align_corners=True)
        y = F.interpolate(y, scale_factor=2, mode="nearest")
        return torch.sigmoid(self.head(y))


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.out = nn.Linear(dim, dim)

    def forward(self, x):
        b, n, d = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        weights = torch.softmax(q @ k.transpose(-2, -1) / math.sqrt(d // self.heads), -1)
        return self.out((weights @ v).transpose(1, 2).reshape(b, n, d))


class Layer(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attention = Attention(dim, heads)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class ViT(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 16, 4, 4)
        self.token = nn.Parameter(torch.zeros(1, 1, 16))
        self.positions = nn.Parameter(torch.zeros(1, 17, 16))
        self.layers = nn.Sequential(Layer(16, 2), Layer(16, 4))
        self.norm = nn.LayerNorm(16)
        self.head = nn.Linear(16, 4)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.positions
        return self.head(self.norm(self.layers(x))[:, 0])


class Text(nn.Module):
    """Token embedding, PyTorch's own encoder layer, a causal mask."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(11, 8)
        self.positions = nn.Parameter(torch.zeros(7, 8))
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True, activation="gelu")
        self.head = nn.Linear(8, 11)

    def forward(self, tokens):
        n = tokens.shape[1]
        x = self.embed(tokens) * math.sqrt(8) + self.positions[:n]
        mask = torch.triu(torch.full((n, n), -1e9, dtype=x.dtype), diagonal=1)
        return self.head(self.layer(x, src_mask=mask))


class Squeeze(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Conv2d(c, c // 4, 1)
        self.b = nn.Conv2d(c // 4, c, 1)

    def forward(self, x):
        return x * F.hardsigmoid(self.b(F.relu(self.a(F.adaptive_avg_pool2d(x, 1)))))


class MobileNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = conv_bn(3, 8, 3, 2)
        self.expand = conv_bn(8, 24, 1)
        self.depthwise = conv_bn(24, 24, 3, 1, 24)
        self.squeeze = Squeeze(24)
        self.project = conv_bn(24, 8, 1)
        self.grouped = conv_bn(8, 16, 3, 2, 4)
        self.fc = nn.Linear(16, 6)

    def forward(self, x):
        x = F.hardswish(self.stem(x))
        y = F.relu6(self.depthwise(F.hardswish(self.expand(x))))
        x = x + self.project(self.squeeze(y))
        return F.softmax(self.fc(F.hardswish(self.grouped(x)).mean((2, 3))), 1)


class Temporal(nn.Module):
    """Causal dilated convolutions over a series, then mean and maximum over time."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv1d(5, 8, 3), nn.Conv1d(8, 8, 3, dilation=2), nn.Conv1d(8, 8, 3, dilation=4)])
        self.norm = nn.BatchNorm1d(8)
        self.act = nn.PReLU(8)
        self.out = nn.Linear(16, 3)

    def forward(self, x):
        for i, conv in enumerate(self.convs):
            y = conv(F.pad(x, (2 * 2**i, 0)))
            x = self.act(self.norm(y)) if i == 0 else x + torch.tanh(y)
        x = F.max_pool1d(x, 3, 2, 1)
        return self.out(torch.cat([x.mean(2), x.amax(2)], 1))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 6, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(12, 5, batch_first=True)
        self.out = nn.Linear(5, 2)

    def forward(self, x):
        return self.out(self.gru(self.lstm(x)[0])[0][:, -1])


NETWORKS = {
    "resnet": (ResNet, (2, 3, 32, 32)),
    "unet": (UNet, (1, 4, 16, 16)),
    "unet-resize": (UNetResize, (1, 3, 15, 18)),
    "vit": (ViT, (2, 3, 16, 16)),
    "text": (Text, (2, 7)),
    "mobilenet": (MobileNet, (2, 3, 16, 16)),
    "temporal": (Temporal, (2, 5, 21)),
    "recurrent": (Recurrent, (2, 6, 4)),
}


def numbers(name, shape):
    """Normal numbers that depend on the name only."""
    return np.random.Generator(np.random.PCG64(zlib.crc32(name.encode()))).standard_normal(shape)


def network(name):
    kind, shape = NETWORKS[name]
    model = kind().eval()
    with torch.no_grad():
        for key, value in list(model.named_parameters()) + list(model.named_buffers()):
            if key.endswith("num_batches_tracked"):
                continue
            noise = torch.from_numpy(numbers(f"{name}.{key}", tuple(value.shape)).astype(np.float32))
            if key.endswith("running_var"):
                value.copy_(0.7 + 0.3 * noise.abs())
            elif value.dim() == 1 and key.endswith("weight"):
                value.copy_(1 + 0.2 * noise if "act" not in key else 0.25 + 0.1 * noise)
            elif value.dim() == 1:
                value.copy_(0.1 * noise)
            else:
                fan = value[0].numel() if "token" not in key and "positions" not in key else 4
                value.copy_(noise * math.sqrt(1.5 / fan))
    x = numbers(f"{name}.input", shape)
    x = torch.from_numpy(np.abs(x * 5).astype(np.int64) % 11) if name == "text" else torch.from_numpy(x.astype(np.float32))
    return model, x


def gradient(model, x, weights):
    model.zero_grad()
    y = model(x)
    (y * weights).sum().backward()
    return y.detach(), {key: p.grad.detach() for key, p in model.named_parameters()}


def relative(a, b):
    flat = lambda g: torch.cat([v.double().flatten() for v in g.values()])
    return float((flat(a) - flat(b)).norm() / flat(b).norm())


def write_values(folder):
    meta, parts, at = {}, [], 0

    def store(tensor):
        nonlocal at
        parts.append(tensor.detach().double().numpy().astype("<f4").ravel())
        at += parts[-1].size
        return {"shape": list(tensor.shape), "offset": at - parts[-1].size}

    for name in NETWORKS:
        model, x = network(name)
        single = gradient(model, x, torch.from_numpy(numbers(f"{name}.out", tuple(model(x).shape)).astype(np.float32)))
        model = model.double()
        x64 = x if x.dtype == torch.int64 else x.double()
        weights = torch.from_numpy(numbers(f"{name}.out", tuple(single[0].shape)).astype(np.float32)).double()
        y, grads = gradient(model, x64, weights)
        meta[name] = {
            "input": store(x),
            "weights": store(weights),
            "output": store(y),
            "gradients": {key: store(g) for key, g in grads.items()},
            "float32Error": relative(single[1], grads),
        }
    np.concatenate(parts).tofile(folder / "values.f32")
    (folder / "values.json").write_text(json.dumps(meta, separators=(",", ":")) + "\n")


def strip(path):
    """Leaves out stack traces and such, which would be most of the file."""
    import onnx

    model = onnx.load(path)
    for message in [model.graph, *model.graph.node, *model.graph.input, *model.graph.output]:
        scopes = [entry for entry in message.metadata_props if entry.key.endswith("name_scopes") and "Const" not in message.name]
        del message.metadata_props[:]
        message.metadata_props.extend(scopes)
        message.doc_string = ""
    del model.graph.value_info[:]
    onnx.save(model, path)


def export(folder, exporter, opset, name):
    model, x = network(name)
    path = str(folder / f"{name}-{exporter}-{opset}.onnx")
    args = {"opset_version": opset, "input_names": ["x"], "output_names": ["y"]}
    dynamic = {"dynamic_axes": {"x": {0: "batch"}, "y": {0: "batch"}}} if name in ("resnet", "vit") else {}
    newer = {"dynamo": False} if int(torch.__version__.split(".")[0]) >= 2 else {}
    if exporter == "dynamo":
        shapes = {"dynamic_shapes": ({0: "batch"},)} if dynamic else {}
        torch.onnx.export(model, (x,), path, dynamo=True, external_data=False, optimize=False, **shapes, **args)
        strip(path)
    elif exporter == "optimised":
        torch.onnx.export(model, (x,), path, dynamo=True, external_data=False, **args)
        strip(path)
    elif exporter == "torchscript":
        # Batch normalisation stays apart, and weights keep their names and their layout.
        keep = {"training": torch.onnx.TrainingMode.PRESERVE, "do_constant_folding": False}
        torch.onnx.export(model, (x,), path, **keep, **dynamic, **newer, **args)
    else:
        torch.onnx.export(model, (x,), path, **dynamic, **newer, **args)


def main():
    folder, exporter = pathlib.Path(sys.argv[1]), sys.argv[2]
    if exporter == "values":
        write_values(folder)
        return
    for opset in map(int, sys.argv[3].split(",")):
        for name in sys.argv[4].split(",") if len(sys.argv) > 4 else NETWORKS:
            export(folder, exporter, opset, name)


main()
