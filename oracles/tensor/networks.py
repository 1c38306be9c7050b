"""The networks of networks.ts in PyTorch: same order of parameters, same hashed numbers, same losses.

Each entry of NETWORKS: (sizes) -> (specs [(name, shape)], inputs {name: array}, loss(parameters, inputs)).
"""

import math

import numpy as np
import torch
import torch.nn.functional as F

from unet import cross_entropy_and_dice, hashed, hashed_target, specs as unet_specs, unet


def values(specs, seed=100):
    """Weights of variance 1 / fan-in, scales around 1, the rest around 0; in the order of the flat vector."""
    out = []
    for i, (name, shape) in enumerate(specs):
        v = hashed(int(np.prod(shape)), seed + i).astype(np.float64)
        if len(shape) >= 2:
            fan_in = shape[0] if len(shape) == 2 else int(np.prod(shape[1:]))
            v = v * np.sqrt(3 / fan_in)
        elif name.endswith("scale"):
            v = 1 + 0.1 * v
        else:
            v = 0.1 * v
        out.append(v.astype(np.float32).ravel())
    return np.concatenate(out)


def draws(shape, seed):
    return hashed(int(np.prod(shape)), seed).reshape(shape).astype(np.float64)


def one_hot(samples, classes, seed):
    return hashed_target(samples, classes, 1, seed).reshape(samples, classes)


def transformer(batch, steps, bands, width, heads, layers, classes):
    specs = [("embed.weight", (bands, width)), ("embed.bias", (width,)), ("position", (steps, width))]
    for i in range(layers):
        for name in ("query", "key", "value", "out"):
            specs += [(f"layers.{i}.{name}.weight", (width, width)), (f"layers.{i}.{name}.bias", (width,))]
        specs += [(f"layers.{i}.norm1.scale", (width,)), (f"layers.{i}.norm1.bias", (width,))]
        specs += [(f"layers.{i}.up.weight", (width, 4 * width)), (f"layers.{i}.up.bias", (4 * width,))]
        specs += [(f"layers.{i}.down.weight", (4 * width, width)), (f"layers.{i}.down.bias", (width,))]
        specs += [(f"layers.{i}.norm2.scale", (width,)), (f"layers.{i}.norm2.bias", (width,))]
    specs += [("head.weight", (width, classes)), ("head.bias", (classes,))]
    inputs = {"x": draws((batch, steps, bands), 1), "target": one_hot(batch, classes, 2)}

    def loss(p, inputs):
        def dense(name, h):
            return h @ p[name + ".weight"] + p[name + ".bias"]

        def split(h):
            return h.reshape(batch, steps, heads, width // heads).transpose(1, 2)

        h = dense("embed", inputs["x"]) + p["position"]
        for i in range(layers):
            at = f"layers.{i}."
            n = F.layer_norm(h, (width,), p[at + "norm1.scale"], p[at + "norm1.bias"])
            q, k, v = (split(dense(at + name, n)) for name in ("query", "key", "value"))
            a = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(width // heads), -1)
            h = h + dense(at + "out", (a @ v).transpose(1, 2).reshape(batch, steps, width))
            n = F.layer_norm(h, (width,), p[at + "norm2.scale"], p[at + "norm2.bias"])
            h = h + dense(at + "down", F.gelu(dense(at + "up", n)))
        return -(F.log_softmax(dense("head", h.mean(1)), -1) * inputs["target"]).sum() / batch

    return specs, inputs, loss


def conv_lstm(batch, steps, bands, width, size):
    specs = [("gates.weight", (4 * width, bands + width, 3, 3)), ("gates.bias", (4 * width,))]
    specs += [("head.weight", (bands, width, 1, 1)), ("head.bias", (bands,))]
    inputs = {"x": draws((batch, steps, bands, size, size), 1), "target": draws((batch, bands, size, size), 2)}

    def loss(p, inputs):
        h = torch.zeros(batch, width, size, size, dtype=p["gates.bias"].dtype)
        c = h
        for t in range(steps):
            joined = torch.cat([inputs["x"][:, t], h], 1)
            i, f, o, g = F.conv2d(joined, p["gates.weight"], p["gates.bias"], padding=1).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        return ((F.conv2d(h, p["head.weight"], p["head.bias"]) - inputs["target"]) ** 2).mean()

    return specs, inputs, loss


def vae(batch, steps, bands, width, latent):
    """A variational autoencoder whose decoder is the double logistic of phenology (Beck et al. 2006, equation 3)."""
    specs = [("a.weight", (bands * steps, width)), ("a.bias", (width,)), ("b.weight", (width, width)), ("b.bias", (width,))]
    specs += [("mean.weight", (width, latent)), ("mean.bias", (latent,)), ("spread.weight", (width, latent)), ("spread.bias", (latent,))]
    inputs = {"x": draws((batch, bands * steps), 1), "series": 0.5 + 0.5 * draws((batch, steps), 2), "epsilon": 1.5 * draws((batch, latent), 3)}

    def loss(p, inputs):
        h = F.silu(inputs["x"] @ p["a.weight"] + p["a.bias"])
        h = F.silu(h @ p["b.weight"] + p["b.bias"])
        mean, log_variance = h @ p["mean.weight"] + p["mean.bias"], h @ p["spread.weight"] + p["spread.bias"]
        z = torch.sigmoid(mean + torch.exp(0.5 * log_variance) * inputs["epsilon"])
        low, range_, start, length, rise, fall = (z[:, i : i + 1] for i in range(6))
        t = torch.linspace(0, 1, steps, dtype=h.dtype)
        up, down = 0.6 * start, 0.6 * start + 0.1 + 0.4 * length
        curve = 0.3 * low + range_ * (torch.sigmoid((t - up) / (0.02 + 0.1 * rise)) - torch.sigmoid((t - down) / (0.02 + 0.1 * fall)))
        likelihood = 0.5 * (((inputs["series"] - curve) / 0.1) ** 2).sum(1)
        divergence = 0.5 * (mean**2 + torch.exp(log_variance) - 1 - log_variance).sum(1)
        return (likelihood + 0.1 * divergence).mean()

    return specs, inputs, loss


def spectra(samples, bands):
    """Reflectance of a canopy: plate-like leaves (absorption by four constituents) in a two-stream layer over soil."""
    specs = [("state", (samples, 6))]
    inputs = {"absorption": 2 * np.abs(draws((4, bands), 1)), "soil": 0.2 + 0.1 * draws((bands,), 2), "target": 0.3 + 0.3 * draws((samples, bands), 3)}

    def loss(p, inputs):
        s = torch.sigmoid(p["state"])
        k = s[:, :4] @ inputs["absorption"]
        leaf = torch.exp(-k)
        scatter = 0.95 * leaf / (1 + 0.5 * k)
        gamma = torch.sqrt(1 - scatter)
        depth = 0.2 + 5 * s[:, 4:5]
        through = torch.exp(-depth * gamma)
        infinite = (1 - gamma) / (1 + gamma)
        soil = inputs["soil"] * (0.5 + s[:, 5:6])
        ratio = (soil - infinite) / (1 - infinite * soil)
        reflected = (infinite + ratio * through**2) / (1 + infinite * ratio * through**2)
        return (torch.log(reflected + 0.05) - torch.log(inputs["target"].abs() + 0.05)).pow(2).mean()

    return specs, inputs, loss


def water(pixels, steps):
    """Snow and soil stores with smooth thresholds, day by day: runoff against observations."""
    specs = [("state", (pixels, 4))]
    inputs = {"rain": np.abs(draws((steps, pixels), 1)) * 10, "warmth": 8 * draws((steps, pixels), 2), "flow": np.abs(draws((steps, pixels), 3)) * 4}

    def loss(p, inputs):
        s = torch.sigmoid(p["state"])
        capacity, melt_rate, drain, threshold = 50 + 200 * s[:, 0], 1 + 4 * s[:, 1], 0.05 + 0.4 * s[:, 2], 2 * s[:, 3] - 1
        snow, soil = torch.zeros_like(capacity), 0.3 * capacity
        total = 0
        for t in range(steps):
            warm = torch.sigmoid(2 * (inputs["warmth"][t] - threshold))
            melt = snow * (1 - torch.exp(-melt_rate * warm / 10))
            snow = snow - melt + inputs["rain"][t] * (1 - warm)
            soil = soil + inputs["rain"][t] * warm + melt
            excess = F.softplus(soil - capacity)
            base = drain * soil * torch.sigmoid((soil - 0.2 * capacity) / 10)
            soil = soil - excess - base
            total = total + (torch.log1p(torch.relu(excess + base)) - torch.log1p(inputs["flow"][t])).pow(2).mean()
        return total / steps

    return specs, inputs, loss


def silu_unet(batch, bands, classes, base, levels, size):
    specs = unet_specs(bands, classes, base, levels)
    inputs = {"x": draws((batch, bands, size, size), 1), "target": hashed_target(batch, classes, size * size, 2).reshape(batch, classes, size, size)}
    return specs, inputs, lambda p, i: cross_entropy_and_dice(unet(p, i["x"], levels, "silu"), i["target"])


NETWORKS = {
    "transformer": transformer,
    "convLstm": conv_lstm,
    "vae": vae,
    "spectra": spectra,
    "water": water,
    "unet": silu_unet,
}


def load(name, sizes, dtype):
    """Parameters as leaves, inputs as tensors of `dtype`, and the loss as a function of both."""
    specs, inputs, loss = NETWORKS[name](**sizes)
    flat, p, at = values(specs), {}, 0
    for key, shape in specs:
        n = int(np.prod(shape))
        p[key] = torch.from_numpy(flat[at : at + n].reshape(shape).copy()).to(dtype).requires_grad_()
        at += n
    given = {key: torch.from_numpy(np.ascontiguousarray(v, np.float32)).to(dtype) for key, v in inputs.items()}
    return p, given, lambda: loss(p, given)
