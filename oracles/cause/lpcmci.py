"""Goldens of LPCMCI, made with tigramite 5.2.10.1 (needs numpy, scipy, tigramite).

    python lpcmci.py                          writes lpcmci.json beside this file
    python lpcmci.py random COUNT SEED FILE   writes COUNT random cases (for development)

Series are made from a seed by arithmetic that gives the same numbers in every language (see lpcmci-process.ts): only whole
numbers of 32 bits, sums, products and quotients of doubles.
"""
import json
import os
import random
import signal
import sys

import numpy as np
from tigramite.data_processing import DataFrame
from tigramite.independence_tests.parcorr import ParCorr
from tigramite.lpcmci import LPCMCI

MISSING = 9999.0
BURN_IN = 200


class Draw:
    """xorshift32 (Marsaglia 2003)."""

    def __init__(self, seed):
        self.state = (seed * 2654435761 + 1) & 0xFFFFFFFF or 1

    def uniform(self):
        x = self.state
        x ^= (x << 13) & 0xFFFFFFFF
        x ^= x >> 17
        x ^= (x << 5) & 0xFFFFFFFF
        self.state = x
        return x / 4294967296

    def below(self, n):
        return int(self.uniform() * n)

    def noise(self):
        total = -6.0
        for _ in range(12):
            total += self.uniform()
        return total


def process(spec):
    """Columns of the observed variables; the first `hidden` of a random order are left out."""
    draw = Draw(spec["seed"])
    n = spec["variables"] + spec["hidden"]
    own = [0.2 + 0.7 * draw.uniform() for _ in range(n)]
    links = [[] for _ in range(n)]
    for _ in range(spec["links"]):
        i, j, lag = draw.below(n), draw.below(n), draw.below(spec["lag"] + 1)
        sign = 1 if draw.uniform() < 0.5 else -1
        size = sign * (0.25 + 0.5 * draw.uniform())
        bent = spec["nonlinear"] and draw.uniform() < 0.5
        if i == j:
            continue
        if lag == 0 and i > j:
            i, j = j, i
        links[j].append((i, lag, size, bent))
    for j in range(n):
        total = own[j]
        for _, lag, size, _ in links[j]:
            total += abs(size) if lag > 0 else 0
        if total > 0.95:
            own[j] = own[j] * 0.95 / total
            links[j] = [(i, lag, size * 0.95 / total if lag > 0 else size, bent) for i, lag, size, bent in links[j]]
    order = list(range(n))
    for k in range(n - 1, 0, -1):
        other = draw.below(k + 1)
        order[k], order[other] = order[other], order[k]
    length = spec["length"] + BURN_IN
    x = [[0.0] * length for _ in range(n)]
    for t in range(length):
        for j in range(n):
            value = draw.noise()
            if t > 0:
                value += own[j] * x[j][t - 1]
            for i, lag, size, bent in links[j]:
                if t < lag:
                    continue
                cause = x[i][t - lag]
                value += size * (3 * cause * cause / (1 + cause * cause) if bent else cause)
            x[j][t] = value
    columns = [x[k][BURN_IN:] for k in order[spec["hidden"]:]]
    for t in range(spec["length"]):
        for column in columns:
            if draw.uniform() < spec.get("missing", 0):
                column[t] = MISSING
    if spec.get("digits") is not None:
        scale = 10 ** spec["digits"]
        columns = [[v if v == MISSING else float(np.floor(v * scale + 0.5)) / scale for v in c] for c in columns]
    return np.array(columns).T


def column_file(spec):
    """Numeric columns of a file of real series; the environment variable ECOTOPE_DATA names the folder."""
    root = os.environ.get("ECOTOPE_DATA", os.path.join(os.path.dirname(__file__), "..", "..", "..", "shared", "data"))
    with open(os.path.join(root, spec["file"])) as lines:
        names = lines.readline().strip().split(",")
        rows = [line.strip().split(",") for line in lines]
    at = [names.index(name) for name in spec["columns"]]
    return np.array([[float(row[k]) if row[k] not in ("", "NaN", "NA") else MISSING for k in at] for row in rows])


def make_test(spec):
    name = spec.get("name", "parcorr")
    options = {key: spec[key] for key in ("significance", "sig_samples", "shuffle_test") if key in spec}
    if name == "parcorr":
        return ParCorr(**options)
    if name == "robust-parcorr":
        from tigramite.independence_tests.robust_parcorr import RobustParCorr

        return RobustParCorr(**options)
    if name == "cmi-knn":
        from tigramite.independence_tests.cmiknn import CMIknn

        return CMIknn(**options, **{k: spec[k] for k in ("knn", "shuffle_neighbors", "sig_blocklength") if k in spec})
    if name == "gpdc":
        from tigramite.independence_tests.gpdc import GPDC

        return GPDC(**options)
    raise ValueError(name)


def assumptions_of(pairs, variables):
    links = {j: {} for j in range(variables)}
    for j, own in enumerate(pairs):
        for key, link in own.items():
            i, lag = key.split(",")
            links[j][(int(i), int(lag))] = link
    return links


def rounded(value):
    if np.isinf(value):
        return "inf" if value > 0 else "-inf"
    return float(f"{value:.13g}")


def run(case):
    data = column_file(case["series"]) if "file" in case["series"] else process(case["series"])
    frame = DataFrame(data, missing_flag=MISSING)
    options = dict(case["options"])
    for key, value in options.items():
        if value is None:
            options[key] = np.inf
    if "assumptions" in case:
        options["link_assumptions"] = assumptions_of(case["assumptions"], data.shape[1])
    search = LPCMCI(frame, make_test(case.get("test", {})))
    result = search.run_lpcmci(**options)
    nested = lambda array: [[[rounded(v) for v in lags] for lags in row] for row in array]
    return {
        **case,
        "graph": [",".join(str(link) for link in row.reshape(-1)) for row in result["graph"]],
        "p_matrix": nested(result["p_matrix"]),
        "val_matrix": nested(result["val_matrix"]),
    }


def random_assumptions(rnd, n, tau_min, tau_max):
    """Some links known, most open."""
    maps = [{} for _ in range(n)]
    order = rnd.sample(range(n), n)
    for j in range(n):
        for i in range(n):
            for tau in range(max(1, tau_min), tau_max + 1):
                maps[j][f"{i},{-tau}"] = rnd.choice(["o?>"] * 14 + ["-?>", "-->", "<?>", "", "o->"] + ["<->"] * (i != j))
            if tau_min == 0 and i < j:
                link = rnd.choice(["o?o"] * 8 + ["directed?", "directed-", "<?>", "", "o-o", "o?>", "<?o"])
                if link.startswith("directed"):
                    middle = link[-1]
                    link = f"-{middle}>" if order[i] < order[j] else f"<{middle}-"
                back = link[::-1].translate(str.maketrans("<>", "><"))
                maps[j][f"{i},0"] = link
                maps[i][f"{j},0"] = back
    return maps


def random_case(rnd, seed):
    n = rnd.choice([2, 3, 3, 4, 4, 5, 5, 6, 7, 8])
    tau_max = rnd.choice([1, 1, 2, 2, 3, 4, 5] if n < 5 else [1, 1, 2, 2, 3] if n < 7 else [1, 1, 2])
    tau_min = rnd.choice([0, 0, 0, 0, 1])
    hidden = rnd.choice([0, 1, 1, 2, 3])
    series = dict(
        seed=seed, variables=n, hidden=hidden, length=rnd.choice([100, 150, 200, 300, 500]),
        links=int((n + hidden) * rnd.choice([0.5, 1, 1.5, 2])), lag=rnd.choice([0, 1, 2, min(3, tau_max + 1)]),
        nonlinear=rnd.random() < 0.3, missing=rnd.choice([0, 0, 0, 0, 0.01, 0.03]),
    )
    options = dict(tau_min=tau_min, tau_max=tau_max, pc_alpha=rnd.choice([0.01, 0.05, 0.05, 0.1, 0.2]))
    options["n_preliminary_iterations"] = rnd.choice([0, 1, 1, 1, 2, 4])
    extra = dict(
        max_cond_px=[1, 2, 3], max_p_global=[0, 1, 2, 3], max_p_non_ancestral=[0, 1, 2, 3], max_q_global=[1, 2, 3, 10],
        max_pds_set=[1, 2, 4, 8], prelim_with_collider_rules=[False], parents_of_lagged=[False], prelim_only=[True],
        break_once_separated=[False], no_non_ancestral_phase=[True], use_a_pds_t_for_majority=[False],
        orient_contemp=[0, 2], update_middle_marks=[False], prelim_rules=[0], fix_all_edges_before_final_orientation=[False],
        auto_first=[False], remember_only_parents=[False], no_apr=[1, 2],
    )
    for name in rnd.sample(sorted(extra), rnd.choice([0, 0, 0, 1, 2, 3, 5])):
        options[name] = rnd.choice(extra[name])
    case = dict(series=series, options=options)
    if rnd.random() < 0.2:
        case["assumptions"] = random_assumptions(rnd, n, tau_min, tau_max)
    kind = rnd.random()
    if kind < 0.1:
        case["test"] = dict(name="parcorr", significance="fixed_thres")
        options["pc_alpha"] = rnd.choice([0.1, 0.15, 0.25])
    elif kind < 0.17 and n < 6:
        case["test"] = dict(name="parcorr", significance="shuffle_test", sig_samples=50)
    elif kind < 0.25:
        case["test"] = dict(name="robust-parcorr")
    return case


def timed_out(*_):
    raise TimeoutError


def run_random(count, seed, path, seconds=60):
    rnd = random.Random(seed)
    signal.signal(signal.SIGALRM, timed_out)
    done = []
    for k in range(count):
        case = random_case(rnd, seed * 100000 + k)
        signal.alarm(seconds)
        try:
            done.append(run(case))
        except TimeoutError:
            print("too long", case, file=sys.stderr)
        except Exception as error:
            done.append({**case, "error": f"{type(error).__name__}: {error}"})
        finally:
            signal.alarm(0)
        if k % 20 == 19 or k + 1 == count:
            with open(path, "w") as file:
                json.dump(done, file)
    print(len(done), "cases in", path)


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "random":
        run_random(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
