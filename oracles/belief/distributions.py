"""Log-probabilities with their gradients, entropies, divergences and moments by torch.distributions in float64.

Writes distributions.json. The mean of the negative binomial is that of its gamma-Poisson mixture.
Run: python3 oracles/belief/distributions.py   (PyTorch 1.13)
"""

import json
import pathlib

import torch
from torch import distributions as d

torch.set_default_dtype(torch.float64)
HERE = pathlib.Path(__file__).parent
out = {}


def array(values):
    return {"shape": list(values.shape), "data": values.detach().ravel().tolist()}


def case(kind, make, p, q, x, discrete=False):
    """`p` and `q` are parameters of two distributions, `x` where the first is evaluated."""
    first = {name: torch.tensor(value).requires_grad_() for name, value in p.items()}
    second = {name: torch.tensor(value) for name, value in q.items()}
    at = torch.tensor(x, dtype=torch.float64).requires_grad_(not discrete)
    one, other = make(**first), make(**second)
    value = one.log_prob(at)
    weights = torch.arange(1, value.numel() + 1, dtype=torch.float64).reshape(value.shape) / 7
    (value * weights).sum().backward()
    row = {
        "parameters": {name: array(v) for name, v in first.items()},
        "other": {name: array(v) for name, v in second.items()},
        "x": array(at),
        "logProbability": array(value),
        "gradients": {name: array(v.grad) for name, v in first.items()},
        "mean": array(one.mean) if kind != "categorical" else array(one.probs),
        "variance": array(one.variance) if kind != "categorical" else array(one.probs * (1 - one.probs)),
    }
    if not discrete:
        row["gradients"]["x"] = array(at.grad)
    try:
        row["entropy"] = array(one.entropy())
    except NotImplementedError:
        pass
    try:
        row["divergence"] = array(d.kl_divergence(one, other))
    except NotImplementedError:
        pass
    out[kind] = row


case("normal", lambda mean, standardDeviation: d.Normal(mean, standardDeviation),
     {"mean": [0.3, -1.2, 5.0], "standardDeviation": [0.4, 2.0, 10.0]},
     {"mean": [0.1, 1.2, -5.0], "standardDeviation": [1.4, 0.5, 7.0]}, [0.5, 3.0, -20.0])
case("logNormal", lambda location, scale: d.LogNormal(location, scale),
     {"location": [0.3, -1.2, 2.0], "scale": [0.4, 1.5, 0.1]},
     {"location": [0.1, 1.2, 2.5], "scale": [1.4, 0.5, 0.2]}, [0.5, 3.0, 8.0])
case("studentT", lambda degrees, location, scale: d.StudentT(degrees, location, scale),
     {"degrees": [1.5, 4.0, 30.0], "location": [0.3, -1.2, 2.0], "scale": [0.4, 1.5, 3.0]},
     {"degrees": [2.0, 4.0, 9.0], "location": [0.0, 0.0, 0.0], "scale": [1.0, 1.0, 1.0]}, [0.5, 30.0, -8.0])
case("gamma", lambda concentration, rate: d.Gamma(concentration, rate),
     {"concentration": [0.3, 1.0, 25.0], "rate": [0.4, 1.5, 3.0]},
     {"concentration": [0.7, 2.0, 20.0], "rate": [1.0, 0.5, 2.0]}, [0.05, 2.0, 9.0])
case("beta", lambda alpha, beta: d.Beta(alpha, beta),
     {"alpha": [0.3, 1.0, 25.0], "beta": [0.4, 3.5, 13.0]},
     {"alpha": [0.7, 2.0, 20.0], "beta": [1.0, 0.5, 20.0]}, [0.02, 0.5, 0.7])
case("bernoulli", lambda logits: d.Bernoulli(logits=logits),
     {"logits": [0.3, -4.0, 12.0]}, {"logits": [-0.3, -3.0, 2.0]}, [1.0, 0.0, 1.0], True)
case("categorical", lambda logits: d.Categorical(logits=logits),
     {"logits": [[0.3, -4.0, 2.0, 0.0], [1.0, 2.0, 3.0, -9.0]]},
     {"logits": [[0.0, 0.0, 0.5, -1.0], [-3.0, 2.0, 1.0, 0.0]]}, [2, 1], True)
case("poisson", lambda rate: d.Poisson(rate),
     {"rate": [0.3, 4.0, 200.0]}, {"rate": [0.5, 6.0, 180.0]}, [0.0, 7.0, 190.0], True)
case("negativeBinomial", lambda mean, dispersion: d.NegativeBinomial(dispersion, logits=torch.log(mean / dispersion)),
     {"mean": [0.3, 4.0, 200.0], "dispersion": [0.5, 3.0, 40.0]},
     {"mean": [0.5, 6.0, 180.0], "dispersion": [1.0, 1.0, 1.0]}, [0.0, 7.0, 190.0], True)
case("multivariateNormal", lambda mean, factor: d.MultivariateNormal(mean, scale_tril=torch.tril(factor)),
     {"mean": [[0.3, -1.0, 2.0], [0.0, 1.0, 5.0]], "factor": [[0.5, 0.0, 0.0], [0.2, 1.5, 0.0], [-0.4, 0.3, 0.8]]},
     {"mean": [[0.0, 0.0, 2.5], [1.0, 1.0, 4.0]], "factor": [[1.0, 0.0, 0.0], [-0.3, 0.7, 0.0], [0.1, 0.2, 2.0]]},
     [[0.1, 0.2, 0.3], [1.0, -1.0, 4.0]])
case("dirichlet", lambda concentration: d.Dirichlet(concentration),
     {"concentration": [[0.3, 1.0, 4.0], [20.0, 2.0, 7.0]]},
     {"concentration": [[1.0, 1.0, 1.0], [10.0, 3.0, 5.0]]}, [[0.01, 0.29, 0.7], [0.6, 0.1, 0.3]])



class VonMises:
    """By sums over a fine grid of the circle, which are exact for periodic functions; moments are circular."""

    def __init__(self, location, concentration):
        self.location, self.k = location, concentration
        self.grid = torch.arange(4096) * 2 * torch.pi / 4096

    def log_prob(self, x):
        return self.k * (torch.cos(x - self.location) - 1) - self.log_norm()

    def log_norm(self):
        heights = torch.exp(self.k[:, None] * (torch.cos(self.grid) - 1))
        return torch.log(heights.mean(1) * 2 * torch.pi)

    def expected(self, values):
        density = torch.exp(self.k[:, None] * (torch.cos(self.grid - self.location[:, None]) - 1) - self.log_norm()[:, None])
        return (density * values).mean(1) * 2 * torch.pi

    def log_on_grid(self):
        return self.k[:, None] * (torch.cos(self.grid - self.location[:, None]) - 1) - self.log_norm()[:, None]

    @property
    def mean(self):
        return torch.atan2(self.expected(torch.sin(self.grid)), self.expected(torch.cos(self.grid)))

    @property
    def variance(self):
        return 1 - self.expected(torch.cos(self.grid - self.location[:, None]))

    def entropy(self):
        return -self.expected(self.log_on_grid())


@d.register_kl(VonMises, VonMises)
def _(p, q):
    return p.expected(p.log_on_grid() - q.log_on_grid())


case("vonMises", VonMises, {"location": [0.3, -1.2, 2.5], "concentration": [0.2, 4.0, 300.0]},
     {"location": [0.0, 1.0, 2.6], "concentration": [2.0, 1.0, 150.0]}, [3.0, -1.0, 2.45])

# JSON has no infinity; a number that is too large is read as one.
(HERE / "distributions.json").write_text(json.dumps(out).replace("Infinity", "1e999") + "\n")
