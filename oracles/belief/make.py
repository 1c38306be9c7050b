"""Reference numbers for packages/belief by scikit-learn, SciPy and NumPy. Run: python3 oracles/belief/make.py

Writes scores.json, calibration.json, area.json beside this file. Inputs are part of the files, so that the tests need
nothing else. The area numbers do not come from the paper's variance formulas but from the delta method with a
numerical Jacobian over the strata's multinomial covariances: another road to the same numbers.
"""
import json
import pathlib

import numpy as np
from scipy import optimize, stats
from sklearn import metrics
from sklearn.calibration import calibration_curve

HERE = pathlib.Path(__file__).parent


def write(name, value):
    (HERE / name).write_text(json.dumps(value, separators=(",", ":")) + "\n")


def softmax(z):
    e = np.exp(z - z.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)


def simulated_logits(rng, members, k, n, sharpness):
    """Logits [m, k, n] (float32) that are over-confident by `sharpness`, and labels drawn from the unsharpened truth."""
    truth = rng.normal(size=(k, n)) * 1.3 + rng.normal(size=(k, 1)) * 0.5
    labels = np.array([rng.choice(k, p=p) for p in softmax(truth).T])
    logits = sharpness * (truth + 0.6 * rng.normal(size=(members, k, n)))
    return np.float32(np.round(logits, 3)), labels


def ece_top(probability, labels, bins):
    confidence = probability.max(axis=0)
    hit = probability.argmax(axis=0) == labels
    index = np.minimum(bins - 1, np.floor(confidence * bins).astype(int))
    return sum(
        abs(hit[index == b].mean() - confidence[index == b].mean()) * (index == b).mean()
        for b in range(bins)
        if (index == b).any()
    )


def calibration():
    rng = np.random.default_rng(11)
    members, k, n = 3, 4, 500
    logits, labels = simulated_logits(rng, members, k, n, 2.5)
    z = logits.astype(np.float64)

    def belief(scale, bias):
        each = np.array([softmax(scale[:, None] * m + bias[:, None]) for m in z])
        return each, each.mean(axis=0)

    def nll(scale, bias):
        return metrics.log_loss(labels, belief(scale, bias)[1].T, labels=range(k))

    one, zero = np.ones(k), np.zeros(k)
    temperature = optimize.minimize_scalar(lambda s: nll(np.exp(-s) * one, zero), bounds=(-3, 3), method="bounded",
                                           options={"xatol": 1e-12})
    t = np.exp(temperature.x)
    tight = {"gtol": 1e-9, "maxiter": 5000}
    bias = optimize.minimize(lambda v: nll(np.exp(-v[0]) * one, v[1:]), np.r_[temperature.x, zero], options=tight)
    vector = optimize.minimize(lambda v: nll(v[:k], v[k:]), np.r_[one / t, zero], options=tight)
    each, mean = belief(one / t, zero)
    entropy = lambda p, axis: stats.entropy(p, axis=axis)
    raw = belief(one, zero)[1]
    classwise = []
    for c in range(k):
        p = np.float32(mean[c]).astype(np.float64)
        accuracy, stated = calibration_curve(labels == c, p, n_bins=10)
        counts = np.histogram(p, bins=np.linspace(0, 1, 11))[0]
        classwise.append(float((np.abs(accuracy - stated) * counts[counts > 0]).sum() / n))
    write("calibration.json", {
        "members": members, "classes": k, "labels": labels.tolist(), "logits": [m.ravel().tolist() for m in logits.astype(np.float64).round(3)],
        "temperature": t, "nllBefore": nll(one, zero), "nllAfter": temperature.fun,
        "bias": {"nll": bias.fun, "temperature": float(np.exp(bias.x[0])), "bias": (bias.x[1:] - bias.x[1:].mean()).tolist()},
        "vector": {"nll": vector.fun, "scale": vector.x[:k].tolist(), "bias": (vector.x[k:] - vector.x[k:].mean()).tolist()},
        "probability": mean.ravel()[::37].tolist(),
        "total": entropy(mean, 0)[::29].tolist(),
        "aleatoric": entropy(each, 1).mean(axis=0)[::29].tolist(),
        "nll": metrics.log_loss(labels, mean.T, labels=range(k)),
        "brier": float(((mean - np.eye(k)[labels].T) ** 2).sum(axis=0).mean()),
        "brierClass0": metrics.brier_score_loss(labels == 0, mean[0]),
        "ece15": ece_top(np.float32(mean).astype(np.float64), labels, 15),
        "eceBefore15": ece_top(np.float32(raw).astype(np.float64), labels, 15),
        "classwise10": classwise,
    })


def score_set(reference, prediction, k):
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        reference, prediction, labels=range(k), zero_division=0)
    present = support > 0
    return {
        "reference": reference.tolist(), "prediction": prediction.tolist(), "classes": k,
        "confusion": metrics.confusion_matrix(reference, prediction, labels=range(k)).tolist(),
        "kappa": metrics.cohen_kappa_score(reference, prediction),
        "overallAccuracy": metrics.accuracy_score(reference, prediction),
        "balancedAccuracy": float(recall[present].mean()),
        "matthews": metrics.matthews_corrcoef(reference, prediction),
        "precision": precision.tolist(), "recall": recall.tolist(), "f1": f1.tolist(), "support": support.tolist(),
        "meanF1": float(f1[present].mean()),
        "iou": metrics.jaccard_score(reference, prediction, labels=range(k), average=None, zero_division=0).tolist(),
    }


def curve(probability, positives):
    precision, recall, thresholds = metrics.precision_recall_curve(positives, probability)
    return {
        "probability": probability.tolist(), "positives": positives.astype(int).tolist(),
        "averagePrecision": metrics.average_precision_score(positives, probability),
        "precision": precision[:-1][::-1].tolist(), "recall": recall[:-1][::-1].tolist(),
        "thresholds": thresholds[::-1].tolist(),
    }


def scores():
    rng = np.random.default_rng(5)
    k, n = 5, 300
    reference = rng.choice(4, size=n, p=[0.55, 0.3, 0.1, 0.05])  # class 4 is absent from the reference
    prediction = np.where(rng.random(n) < 0.75, reference, rng.integers(0, k, n))
    smooth = np.float32(rng.beta(1, 3, 400))
    positives = rng.random(400) < smooth**1.2
    tied = np.float32(np.round(smooth, 1))
    mcnemar = [[0, 0], [3, 9], [12, 5], [60, 39], [150, 100], [400, 300]]
    write("scores.json", {
        "sets": [score_set(reference, prediction, k), score_set(reference % 2, prediction % 2, 2)],
        "curves": [curve(smooth.astype(float), positives), curve(tied.astype(float), positives)],
        "mcnemar": [
            {"b": b, "c": c,
             "pValue": (stats.binomtest(b, b + c).pvalue if b + c else 1.0) if b + c < 100
             else stats.chi2.sf((abs(b - c) - 1) ** 2 / (b + c), 1)}
            for b, c in mcnemar],
        "normal": [{"p": p, "z": stats.norm.ppf(p)} for p in (1e-9, 0.005, 0.025, 0.3, 0.5, 0.8, 0.975, 0.9999)],
    })


def delta_method(sample, mapped):
    """Proportions and producer's accuracies with standard errors, by a numerical Jacobian."""
    sample, mapped = np.asarray(sample, float), np.asarray(mapped, float)
    k, n, w = len(sample), np.sum(sample, axis=1), mapped / np.sum(mapped)

    def statistics(shares):
        p = w[:, None] * shares.reshape(k, k)
        return np.concatenate([p.sum(axis=0), np.diag(p) / p.sum(axis=0), np.diag(p) / p.sum(axis=1), [np.trace(p)]])

    shares = (sample / n[:, None]).ravel()
    step = 1e-6
    jacobian = np.array([(statistics(shares + step * e) - statistics(shares - step * e)) / (2 * step)
                         for e in np.eye(k * k)]).T
    covariance = np.zeros((k * k, k * k))
    for i in range(k):
        row = shares[i * k:(i + 1) * k]
        covariance[i * k:(i + 1) * k, i * k:(i + 1) * k] = (np.diag(row) - np.outer(row, row)) / (n[i] - 1)
    # A user's accuracy divides by a row of shares that is fixed at 1, which the Jacobian must respect.
    errors = np.sqrt(np.diag(jacobian @ covariance @ jacobian.T))
    value = statistics(shares)
    part = lambda v: {"proportion": v[:k].tolist(), "producers": v[k:2 * k].tolist(), "users": v[2 * k:3 * k].tolist(), "overall": v[-1]}
    return {"sample": sample.tolist(), "mapped": mapped.tolist(), "value": part(value), "standardError": part(errors)}


def area():
    rng = np.random.default_rng(3)
    olofsson = [[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]]
    write("area.json", [
        delta_method(olofsson, [200_000, 150_000, 3_200_000, 6_450_000]),
        delta_method(rng.integers(1, 40, (3, 3)) + np.diag([60, 80, 50]), [5_000, 70_000, 25_000]),
    ])


calibration()
scores()
area()
