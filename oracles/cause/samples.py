"""Writes samples.json: samples of several data sets by the reference implementation, for many settings drawn at random.

Each value tells where it is from: data set * 10000 + time step * 10 + column. Needs numpy and tigramite 5.2.10.1.
Run: python samples.py
"""
import json
import pathlib
import warnings

import numpy as np
import tigramite.data_processing as pp

warnings.simplefilter("ignore")
CUTS = ["2xtau_max", "tau_max", "max_lag", "max_lag_or_tau_max", "2xtau_max_future"]


def setting(rng):
    sets, width = int(rng.integers(1, 4)), int(rng.integers(2, 5))
    lengths = [int(n) for n in rng.integers(8, 22, sets)]
    offsets = [int(n) for n in rng.integers(0, 9, sets)]
    offsets[int(rng.integers(sets))] = 0
    data = {m: np.array([[m * 10000.0 + t * 10 + v for v in range(width)] for t in range(n)]) for m, n in enumerate(lengths)}
    gaps = {m: [[int(t), int(v)] for t, v in zip(*np.where(rng.random(a.shape) < rng.choice([0, 0.04])))] for m, a in data.items()}
    for m, places in gaps.items():
        for t, v in places:
            data[m][t, v] = -1.0
    # The reference cannot mend a gap in the last steps where it also drops what follows.
    upto = bool(rng.random() < 0.4) and not any(t > lengths[m] - 12 for m in gaps for t, _ in gaps[m])
    masks = {m: rng.random(a.shape) < 0.15 for m, a in data.items()} if rng.random() < 0.5 else None
    tau = int(rng.integers(0, 4))
    end = max(n + o for n, o in zip(lengths, offsets))
    points = sorted({int(p) for p in rng.integers(0, end, 12)}) if rng.random() < 0.4 else None
    nodes = lambda low, high, now: [[int(rng.integers(width)), -int(rng.integers(0, tau + 1)) if not now else 0] for _ in range(int(rng.integers(low, high)))]
    vectors = None
    if rng.random() < 0.3:
        vectors = [[[v, 0]] if rng.random() < 0.5 else [[v, 0], [int(rng.integers(width)), 0]] for v in range(width)]
    return dict(
        data=data, gaps=gaps, masks=masks, offsets=offsets, lengths=lengths, width=width, upto=upto, tauMax=tau, points=points, vectors=vectors,
        x=nodes(1, 2, False), y=nodes(1, 2, True), z=nodes(0, 4, False), cut=CUTS[int(rng.integers(5))], mask_type=[None, "y", "x", "xy", "xyz", "z"][int(rng.integers(6))],
    )


def found(s):
    several = len(s["lengths"]) > 1
    made = pp.DataFrame(
        {m: a.copy() for m, a in s["data"].items()},
        mask=s["masks"], missing_flag=-1.0, analysis_mode="multiple" if several else "single",
        time_offsets=dict(enumerate(s["offsets"])) if several else None,
        reference_points=None if s["points"] is None else np.array(s["points"]),
        vector_vars=None if s["vectors"] is None else {i: [tuple(n) for n in v] for i, v in enumerate(s["vectors"])},
        remove_missing_upto_maxlag=s["upto"],
    )
    tuples = lambda nodes: [tuple(n) for n in nodes]
    try:
        array, xyz, _ = made.construct_array(tuples(s["x"]), tuples(s["y"]), tuples(s["z"]), tau_max=s["tauMax"], mask_type=s["mask_type"], cut_off=s["cut"])
    except (ValueError, UnboundLocalError, IndexError) as error:
        return None if "sample" in str(error) or "concatenate" in str(error) else str(error)
    return dict(rows=[[int(v) for v in row] for row in array], roles=[int(r) for r in xyz])


def main():
    rng, out = np.random.default_rng(20), []
    while len(out) < 120:
        s = setting(rng)
        got = found(s)
        if isinstance(got, str):
            print(got)
            continue
        masks = None if s["masks"] is None else [[[int(t), int(v)] for t, v in zip(*np.where(m))] for m in s["masks"].values()]
        out.append({**{k: s[k] for k in ("lengths", "offsets", "width", "upto", "tauMax", "points", "vectors", "x", "y", "z", "cut", "mask_type")}, "gaps": list(s["gaps"].values()), "masks": masks, "found": got})
    pathlib.Path(__file__).with_name("samples.json").write_text(json.dumps(out, separators=(",", ":")))


if __name__ == "__main__":
    main()
