"""Goldens of LPCMCI, made with tigramite 5.2.10.1 (needs numpy, scipy, tigramite).

    python lpcmci.py [DATA]                   writes lpcmci.json beside this file; with the folder of real series
                                              lpcmci_real.json too (results only); lpcmci_sets.json has orders of sets
    python lpcmci.py random COUNT SEED FILE   writes COUNT random cases (for development)

Series are made from a seed by arithmetic that gives the same numbers in every language (see lpcmci-process.ts): only whole
numbers of 32 bits, sums, products and quotients of doubles.
"""
import json
import os
import random
import signal
import sys
import time

import numpy as np
from tigramite.data_processing import DataFrame
from tigramite.independence_tests.parcorr import ParCorr
from tigramite.lpcmci import LPCMCI

MISSING = 9999.0
BURN_IN = 200
HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = None


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
        for _, _, size, _ in links[j]:
            total += abs(size)
        if total > 0.95:
            own[j] = own[j] * 0.95 / total
            links[j] = [(i, lag, size * 0.95 / total, bent) for i, lag, size, bent in links[j]]
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
    """Numeric columns of a table of real series, of the rows where another column has a value, and of the first `rows`."""
    with open(os.path.join(FOLDER, spec["file"]), newline="") as file:
        lines = file.read().replace("\r\n", "\n").replace("\r", "\n").strip().split("\n")
    rows = [line.split(spec.get("separator", ",")) for line in lines]
    names = rows[0]
    rows = rows[1 + spec.get("skip", 0):]
    if "where" in spec:
        column, wanted = spec["where"]
        rows = [row for row in rows if row[names.index(column)] == wanted]
    at = [names.index(name) for name in spec["columns"]]
    number = lambda text: MISSING if text in ("", "NaN", "-9999") else float(text)
    return np.array([[number(row[k]) for k in at] for row in rows[: spec.get("rows", len(rows))]])


def make_test(spec):
    name = spec.get("name", "parcorr")
    options = {key: spec[key] for key in ("significance", "sig_samples", "sig_blocklength") if key in spec}
    if name == "parcorr":
        return ParCorr(**options)
    if name == "robust-parcorr":
        from tigramite.independence_tests.robust_parcorr import RobustParCorr

        return RobustParCorr(**options)
    if name == "cmi-knn":
        from tigramite.independence_tests.cmiknn import CMIknn

        return CMIknn(**options, **{k: spec[k] for k in ("knn", "shuffle_neighbors") if k in spec})
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
        case["test"] = dict(name="parcorr", significance="shuffle_test", sig_samples=rnd.choice([30, 50, 100]), sig_blocklength=rnd.choice([1, 3]))
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


def one(seed, variables, hidden, links, lag, length=200, nonlinear=False, missing=0, digits=None, test=None, assumptions=None, **options):
    series = dict(seed=seed, variables=variables, hidden=hidden, length=length, links=links, lag=lag, nonlinear=nonlinear,
                  missing=missing)
    if digits is not None:
        series["digits"] = digits
    case = dict(series=series, options={"pc_alpha": 0.05, **options})
    if test is not None:
        case["test"] = test
    if assumptions is not None:
        case["assumptions"] = random_assumptions(random.Random(assumptions), variables, options.get("tau_min", 0), options["tau_max"])
    return case


SHUFFLE = dict(name="parcorr", significance="shuffle_test", sig_samples=40, sig_blocklength=4)
THRESHOLD = dict(name="parcorr", significance="fixed_thres")

CASES = [
    one(11, 2, 1, 3, 1, tau_max=4),
    one(12, 3, 2, 6, 2, tau_max=2, pc_alpha=0.1),
    one(13, 4, 2, 8, 2, tau_max=2, length=300),
    one(14, 5, 2, 10, 1, tau_max=1, pc_alpha=0.2),
    one(15, 6, 2, 12, 1, tau_max=1, length=400, pc_alpha=0.01),
    one(16, 8, 3, 12, 1, tau_max=1, length=300, pc_alpha=0.01),
    one(17, 3, 2, 8, 2, tau_max=5, length=300),
    one(18, 4, 1, 6, 0, tau_max=1, pc_alpha=0.1),
    one(19, 4, 2, 8, 2, tau_min=1, tau_max=3),
    one(20, 5, 2, 10, 1, tau_max=2, length=500, nonlinear=True),
    one(21, 4, 2, 8, 1, tau_max=2, missing=0.02, length=300),
    one(22, 4, 2, 8, 1, tau_max=1, digits=0, length=120, pc_alpha=0.1),
    one(23, 4, 2, 8, 1, tau_max=2, n_preliminary_iterations=0),
    one(24, 4, 2, 8, 1, tau_max=2, n_preliminary_iterations=4),
    one(25, 4, 2, 10, 1, tau_max=2, max_cond_px=2, pc_alpha=0.1),
    one(26, 4, 2, 10, 1, tau_max=2, max_p_global=1),
    one(27, 5, 2, 12, 1, tau_max=1, max_p_non_ancestral=1, pc_alpha=0.2),
    one(28, 4, 2, 10, 1, tau_max=2, max_q_global=2, pc_alpha=0.1),
    one(29, 5, 2, 12, 1, tau_max=1, max_pds_set=3, pc_alpha=0.2),
    one(30, 4, 2, 10, 1, tau_max=2, prelim_with_collider_rules=False, n_preliminary_iterations=2),
    one(31, 4, 2, 10, 2, tau_max=2, parents_of_lagged=False),
    one(32, 4, 2, 10, 1, tau_max=2, prelim_only=True, n_preliminary_iterations=2),
    one(33, 4, 2, 10, 1, tau_max=1, break_once_separated=False, pc_alpha=0.1),
    one(34, 4, 2, 10, 1, tau_max=2, no_non_ancestral_phase=True),
    one(35, 4, 2, 10, 1, tau_max=1, use_a_pds_t_for_majority=False, pc_alpha=0.1),
    one(36, 4, 2, 10, 0, tau_max=1, orient_contemp=2, pc_alpha=0.1),
    one(37, 4, 2, 10, 0, tau_max=1, orient_contemp=0, prelim_with_collider_rules=False, pc_alpha=0.1),
    one(38, 4, 2, 10, 1, tau_max=2, update_middle_marks=False),
    one(39, 4, 2, 10, 1, tau_max=2, prelim_rules=0),
    one(40, 4, 2, 10, 1, tau_max=2, fix_all_edges_before_final_orientation=False, max_p_global=1),
    one(41, 4, 2, 10, 1, tau_max=2, auto_first=False),
    one(42, 4, 2, 10, 1, tau_max=2, remember_only_parents=False, n_preliminary_iterations=3),
    one(43, 4, 2, 10, 1, tau_max=2, no_apr=1),
    one(44, 4, 2, 10, 1, tau_max=2, no_apr=2, max_cond_px=1),
    one(45, 4, 2, 8, 1, tau_max=2, assumptions=5),
    one(46, 5, 2, 10, 1, tau_max=1, assumptions=9, pc_alpha=0.2),
    one(47, 4, 2, 8, 1, tau_min=1, tau_max=2, assumptions=12, max_cond_px=1),
    one(48, 4, 2, 8, 1, tau_max=1, test=THRESHOLD, pc_alpha=0.15),
    one(49, 4, 2, 8, 1, tau_max=1, test=THRESHOLD, pc_alpha=0.1, break_once_separated=False),
    one(50, 4, 2, 8, 1, tau_max=1, test=SHUFFLE, pc_alpha=0.1),
    one(51, 3, 2, 7, 1, tau_max=2, test=SHUFFLE, pc_alpha=0.2, n_preliminary_iterations=2),
    one(52, 4, 2, 8, 1, tau_max=2, test=dict(name="robust-parcorr"), nonlinear=True, length=300),
    one(53, 3, 1, 4, 1, tau_max=1, length=80, test=dict(name="cmi-knn", sig_samples=20, sig_blocklength=3, knn=10, shuffle_neighbors=5), pc_alpha=0.1),
    one(54, 3, 1, 4, 1, tau_max=1, length=80, test=dict(name="gpdc"), nonlinear=True, pc_alpha=0.1),
]

TOY = dict(file="published_code_outputs/tigramite/plus_var3_T100.csv", columns=["X0", "X1", "X2"])
OVERVIEW = dict(file="published_code_outputs/tigramite/overview_var4_T1000.csv", columns=["X0", "X1", "X2", "X3"])
SOMALIA = dict(file="causal4migrations_somalia/UC2_District_aggregation_data.csv",
               columns=["IDP_Drought", "SPEI_6M", "fatalities"], where=["District", "Baidoa"])
TOWER = dict(file="fluxnet_detha98/inst/examples/Example_DETha98.txt", separator="\t", skip=1, rows=1500,
             columns=["Rg", "Tair", "rH", "Ustar"])

REAL = [
    dict(series=TOY, options=dict(tau_max=2, pc_alpha=0.05)),
    dict(series=TOY, options=dict(tau_max=4, pc_alpha=0.2, n_preliminary_iterations=4)),
    dict(series=OVERVIEW, options=dict(tau_max=3, pc_alpha=0.01)),
    dict(series=OVERVIEW, options=dict(tau_max=5, pc_alpha=0.01, tau_min=1)),
    dict(series=OVERVIEW, options=dict(tau_max=2, pc_alpha=0.05), test=dict(name="robust-parcorr")),
    dict(series=SOMALIA, options=dict(tau_max=3, pc_alpha=0.05)),
    dict(series=SOMALIA, options=dict(tau_max=4, pc_alpha=0.1, n_preliminary_iterations=4)),
    dict(series=SOMALIA, options=dict(tau_max=2, pc_alpha=0.1), test=dict(name="robust-parcorr")),
    dict(series=TOWER, options=dict(tau_max=2, pc_alpha=0.01)),
    dict(series=TOWER, options=dict(tau_max=1, pc_alpha=0.05, n_preliminary_iterations=4)),
]


def set_orders():
    """In which order CPython walks sets of nodes, of triples, of whole numbers and of frozen sets."""
    rnd = random.Random(1)
    node = lambda: (rnd.randrange(6), -rnd.randrange(6))
    nodes = lambda: [node() for _ in range(rnd.choice([0, 1, 2, 3, 5, 8, 13, 20, 30]))]
    operations = []
    for _ in range(40):
        a, b = nodes(), nodes()
        x, y = set(a), set(b)
        union, common, left = x.union(y), x.intersection(y), x.difference(y)
        less = set(union)
        for each in b[: len(b) // 2]:
            less.discard(each)
        more = less.copy()
        for each in a[:3]:
            more.add(each)
        mixed = union.union(more, left).difference(set(a[:1] + b[:1]))
        operations.append([list(s) for s in (a, b, x, y, union, common, left, less, more, mixed)])
    of = lambda make, most: [(given, list(set(given))) for given in ([make() for _ in range(rnd.randrange(most))] for _ in range(12))]
    frozen = of(lambda: frozenset(node() for _ in range(rnd.randrange(9))), 30)
    return {
        "operations": operations,
        "triples": of(lambda: (node(), node(), node()), 40),
        "integers": of(lambda: (rnd.randrange(9), rnd.randrange(9), -rnd.randrange(5)), 40),
        "frozen": [([list(s) for s in given], [list(s) for s in order]) for given, order in frozen],
    }


def save(name, cases):
    done = []
    for case in cases:
        start = time.perf_counter()
        try:
            done.append(run(case))
        except AssertionError as error:
            print("left out: the reference stops at", case, error)
        print(f"{time.perf_counter() - start:6.1f} s", case["options"], flush=True)
    text = json.dumps({"software": "tigramite 5.2.10.1", "cases": done}, separators=(",", ":"))
    with open(os.path.join(HERE, name), "w") as file:
        file.write(text.replace('{"series"', '\n{"series"') + "\n")


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "random":
        run_random(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    else:
        if len(sys.argv) > 1:
            FOLDER = sys.argv[1]
            save("lpcmci_real.json", REAL)
        save("lpcmci.json", CASES)
        with open(os.path.join(HERE, "lpcmci_sets.json"), "w") as file:
            json.dump(set_orders(), file, separators=(",", ":"))
