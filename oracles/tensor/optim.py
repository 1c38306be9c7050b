"""Steps of optimisers on a small least-squares problem, and schedules. Writes optim.json.

By PyTorch, in float64; Lion in NumPy from Chen et al. 2023, algorithm 2.
Run: python3 oracles/tensor/optim.py   (PyTorch 1.13, NumPy)
"""

import json
import pathlib

import numpy as np
import torch
from torch.optim import lr_scheduler
from torch.optim.swa_utils import AveragedModel

from unet import hashed

HERE = pathlib.Path(__file__).parent
RATES = (0.01, 0.03, 0.005, 0.02, 0.01, 0.04, 0.01)
A = torch.from_numpy(hashed(12 * 5, 11).reshape(12, 5).astype(np.float64))
B = torch.from_numpy(hashed(12 * 3, 12).reshape(12, 3).astype(np.float64)) * 3


class Regression(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.w = torch.nn.Parameter(torch.from_numpy(hashed(15, 13).reshape(5, 3).astype(np.float64)))
        self.c = torch.nn.Parameter(torch.from_numpy(hashed(3, 14).astype(np.float64)))

    def forward(self):
        return ((A @ self.w + self.c - B) ** 2).sum()

    def flat(self):
        return torch.cat([self.w.detach().ravel(), self.c.detach()]).tolist()


def steps(make, weight_decay=0.0, before=lambda model: None, after=None):
    """The parameters (or what `after` makes of the model) after each step; only the matrix decays."""
    model = Regression()
    groups = [{"params": [model.w], "weight_decay": weight_decay}, {"params": [model.c], "weight_decay": 0.0}]
    optimiser = make(groups)
    found = []
    for rate in RATES:
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.zero_grad()
        model().backward()
        before(model)
        optimiser.step()
        found.append(model.flat() if after is None else after(model))
    return found


def averaged(average):
    """The averages beside plain descent; `average` decides by the step (from 1) whether one more model counts."""
    state = {"step": 0, "model": None}

    def after(model):
        state["step"] += 1
        if state["model"] is None:
            state["model"] = average(model)
        return state["model"](model, state["step"])

    return steps(lambda groups: torch.optim.SGD(groups, lr=1), after=after)


def swa(start, every):
    def make(model):
        mean = AveragedModel(Regression())
        first = Regression().flat()

        def update(model, step):
            if step >= start and (step - start) % every == 0:
                mean.update_parameters(model)
            return mean.module.flat() if mean.n_averaged > 0 else first

        return update

    return averaged(make)


def ema(decay):
    def make(_):
        value = np.array(Regression().flat())

        def update(model, step):
            value[:] = decay * value + (1 - decay) * np.array(model.flat())
            return value.tolist()

        return update

    return averaged(make)


def accumulated(every):
    """Adam on the mean gradient of every so many evaluations, as loss.backward() adds them up."""
    model = Regression()
    optimiser = torch.optim.Adam(model.parameters())
    found = []
    optimiser.zero_grad()
    for i, rate in enumerate(RATES):
        (model() / every).backward()
        if (i + 1) % every == 0:
            optimiser.param_groups[0]["lr"] = rate
            optimiser.step()
            optimiser.zero_grad()
        found.append(model.flat())
    return found


def lion(beta1, beta2, weight_decay):
    w, c = hashed(15, 13).astype(np.float64), hashed(3, 14).astype(np.float64)
    theta, m = np.concatenate([w, c]), np.zeros(18)
    decay = np.concatenate([np.full(15, weight_decay), np.zeros(3)])
    a, b = A.numpy(), B.numpy()
    found = []
    for rate in RATES:
        residual = a @ theta[:15].reshape(5, 3) + theta[15:] - b
        g = np.concatenate([(2 * a.T @ residual).ravel(), 2 * residual.sum(0)])
        direction = np.sign(beta1 * m + (1 - beta1) * g)
        theta = theta - rate * (direction + decay * theta)
        m = beta2 * m + (1 - beta2) * g
        found.append(theta.tolist())
    return found


def clip_values(model):
    torch.nn.utils.clip_grad_value_(model.parameters(), 4.0)


def clip_norm(model):
    torch.nn.utils.clip_grad_norm_(model.parameters(), 20.0)


SGD, Adam, AdamW = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW
optimisers = {
    "sgd": steps(lambda g: SGD(g, lr=1)),
    "sgdDecay": steps(lambda g: SGD(g, lr=1), 0.3),
    "momentum": steps(lambda g: SGD(g, lr=1, momentum=0.8), 0.3),
    "nesterov": steps(lambda g: SGD(g, lr=1, momentum=0.8, nesterov=True), 0.3),
    "adam": steps(lambda g: Adam(g)),
    "adamDecay": steps(lambda g: Adam(g, betas=(0.8, 0.95), eps=1e-5), 0.3),
    "adamW": steps(lambda g: AdamW(g), 0.3),
    "clippedValue": steps(lambda g: Adam(g), before=clip_values),
    "clippedNorm": steps(lambda g: SGD(g, lr=1, momentum=0.8), before=clip_norm),
    "lion": lion(0.9, 0.99, 0.3),
    "lionOther": lion(0.8, 0.95, 0.0),
    "ema": ema(0.7),
    "swa": swa(2, 2),
    "accumulated": accumulated(2),
}


def rates(make, count=40, base=0.5):
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=base)
    scheduler = make(optimiser)
    found = []
    for _ in range(count):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return found


def warm_up_cosine(o):
    rise = lr_scheduler.LambdaLR(o, lambda step: (step + 1) / 8)
    fall = lr_scheduler.CosineAnnealingLR(o, 30 - 8, eta_min=0.05)
    return lr_scheduler.SequentialLR(o, [rise, fall], [8])


schedules = {
    "constant": rates(lambda o: lr_scheduler.LambdaLR(o, lambda step: 1.0)),
    "warmUp": rates(lambda o: lr_scheduler.LambdaLR(o, lambda step: min(1.0, (step + 1) / 8))),
    "linear": rates(lambda o: lr_scheduler.LinearLR(o, 0.2, 0.9, 25)),
    # PyTorch's cosine rises again after T_max.
    "cosine": rates(lambda o: lr_scheduler.CosineAnnealingLR(o, 30, eta_min=0.05), 31),
    "warmUpCosine": rates(warm_up_cosine, 31),
    "exponential": rates(lambda o: lr_scheduler.ExponentialLR(o, 0.9)),
    "staircase": rates(lambda o: lr_scheduler.StepLR(o, 7, 0.5)),
    "piecewise": rates(lambda o: lr_scheduler.MultiStepLR(o, [5, 6, 20], 0.1)),
    "oneCycle": rates(lambda o: lr_scheduler.OneCycleLR(o, 0.5, total_steps=40), 40),
}

out = {"rates": RATES, "optimisers": optimisers, "schedules": schedules}
(HERE / "optim.json").write_text(json.dumps(out) + "\n")
