"""Writes bootstrap.json: votes over resampled and windowed searches by the reference implementation.

Needs numpy and tigramite 5.2.10.1. Run: python bootstrap.py
"""
import json
import pathlib

import numpy as np
import tigramite.data_processing as pp
from tigramite.independence_tests.parcorr import ParCorr
from tigramite.lpcmci import LPCMCI
from tigramite.pcmci import PCMCI


def series(seed, length, width):
    """Noisy, mutually coupled series; the strength of links is such that votes are split."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((length + 50, width))
    data = np.zeros_like(noise)
    for t in range(2, length + 50):
        for j in range(width):
            data[t, j] = 0.5 * data[t - 1, j] + noise[t, j]
            if j > 0:
                data[t, j] += 0.2 * data[t - 1, j - 1] + 0.25 * noise[t, j - 1]
            if j == 0:
                data[t, j] += 0.18 * data[t - 2, width - 1]
    return data[50:]


NAMES = {"run_pcmci": "pcmci", "run_pcmciplus": "pcmci+", "run_lpcmci": "lpcmci"}


def frame(spec):
    arrays = [series(seed, length, spec["width"]) for seed, length in spec["datasets"]]
    rng = np.random.default_rng(7)
    masks = [rng.random(a.shape) < spec.get("masked", 0) for a in arrays]
    for a in arrays:
        a[rng.random(a.shape) < spec.get("missing", 0)] = 999.0
    offsets = spec.get("offsets")
    keys = range(len(arrays))
    made = pp.DataFrame(
        {k: arrays[k].copy() for k in keys},
        mask={k: masks[k] for k in keys} if "masked" in spec else None,
        missing_flag=999.0 if "missing" in spec else None,
        analysis_mode="multiple" if len(arrays) > 1 else "single",
        time_offsets=None if offsets is None else dict(zip(keys, offsets)),
        remove_missing_upto_maxlag=spec.get("upto", False),
    )
    plain = [
        {
            "columns": [[None if v == 999.0 else v for v in column] for column in a.T.tolist()],
            **({"masks": [[int(v) for v in column] for column in m.T]} if "masked" in spec else {}),
            **({"offset": offsets[k]} if offsets else {}),
        }
        for k, (a, m) in enumerate(zip(arrays, masks))
    ]
    return made, plain


def searcher(spec, data):
    test = ParCorr(mask_type=spec.get("mask_type"))
    kind = LPCMCI if spec["method"] == "run_lpcmci" else PCMCI
    return kind(dataframe=data, cond_ind_test=test, verbosity=0)


def summary(spec, found):
    got = found["summary_results"]
    return {
        "graph": got["most_frequent_links"].tolist(),
        "frequency": got["link_frequency"].tolist(),
        "mean": got["val_matrix_mean"].tolist(),
        "interval": got["val_matrix_interval"].tolist(),
    }


BOOT = [
    dict(method="run_pcmci", width=4, datasets=[(1, 120)], args=dict(tau_max=2, pc_alpha=0.2, alpha_level=0.05), boot=dict(boot_samples=20, boot_blocklength=1, seed=3)),
    dict(method="run_pcmciplus", width=4, datasets=[(2, 150)], args=dict(tau_max=2, pc_alpha=0.05), boot=dict(boot_samples=25, boot_blocklength=7, seed=42)),
    dict(method="run_pcmciplus", width=4, datasets=[(2, 150)], args=dict(tau_max=1, pc_alpha=0.05), boot=dict(boot_samples=24, boot_blocklength="cube_root", seed=0, conf_lev=0.8, aggregation="no_edge_majority")),
    dict(method="run_pcmciplus", width=3, datasets=[(5, 90), (6, 70)], offsets=[0, 40], args=dict(tau_max=2, pc_alpha=0.1), boot=dict(boot_samples=10, boot_blocklength=3, seed=2**33 + 5)),
    dict(method="run_pcmci", width=3, datasets=[(8, 140)], masked=0.1, mask_type="y", missing=0.02, args=dict(tau_max=2, pc_alpha=0.2, alpha_level=0.1), boot=dict(boot_samples=12, boot_blocklength=2, seed=9)),
    dict(method="run_lpcmci", width=3, datasets=[(9, 120)], args=dict(tau_max=1, pc_alpha=0.05), boot=dict(boot_samples=10, boot_blocklength=4, seed=11)),
]

WINDOWS = [
    dict(method="run_pcmci", width=3, datasets=[(12, 200)], args=dict(tau_max=2, pc_alpha=0.2, alpha_level=0.05), windows=dict(window_step=30, window_length=80)),
    dict(method="run_pcmciplus", width=3, datasets=[(13, 130), (14, 110)], offsets=[10, 0], args=dict(tau_max=1, pc_alpha=0.05), windows=dict(window_step=25, window_length=60, conf_lev=0.5)),
]


def draws():
    """Samples drawn by the reference, as steps of the present."""
    out = []
    for length, tau, block, seed, child in [(40, 1, 1, 1, 0), (100, 3, 7, 42, 5), (31, 0, 30, 0, 1), (130, 2, "cube_root", 2**40 + 3, 2), (9, 2, 2, 5, 0)]:
        data = pp.DataFrame(np.arange(length, dtype=float).reshape(-1, 1))
        state = np.random.default_rng(np.random.SeedSequence(seed).spawn(child + 1)[child])
        data.bootstrap = dict(boot_blocklength=block, random_state=state)
        array, _, _ = data.construct_array([(0, 0)], [(0, 0)], [], tau_max=tau)
        out.append(dict(length=length, tauMax=tau, block=block, seed=seed, child=child, steps=[int(v) for v in array[0]]))
    return out


def main():
    cases = []
    for spec in BOOT + WINDOWS:
        data, plain = frame(spec)
        run = searcher(spec, data)
        if "boot" in spec:
            found = run.run_bootstrap_of(method=spec["method"], method_args=spec["args"], **spec["boot"])
        else:
            found = run.run_sliding_window_of(method=spec["method"], method_args=spec["args"], **spec["windows"])
        kept = {k: spec[k] for k in ("args", "boot", "windows", "mask_type", "upto") if k in spec}
        cases.append({"method": NAMES[spec["method"]], **kept, "datasets": plain, **summary(spec, found)})
    roots = [n for n in range(1, 3000) if max(1, int(n ** (1 / 3))) != max(1, int(round(n ** (1 / 3)))) or round(n ** (1 / 3)) ** 3 == n]
    cubes = [[n, max(1, int(n ** (1 / 3)))] for n in roots if round(n ** (1 / 3)) ** 3 == n]
    target = pathlib.Path(__file__).with_name("bootstrap.json")
    target.write_text(json.dumps({"draws": draws(), "cubes": cubes, "cases": cases}))


if __name__ == "__main__":
    main()
