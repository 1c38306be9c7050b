"""Checks exported ONNX files by onnx.checker (full_check) and runs them in stock onnxruntime.

    node packages/tensor/test/onnx/write-cases.ts FOLDER
    python3 oracles/tensor/onnx_check.py FOLDER oracles/tensor/onnx_check.json

Needs onnx, onnxruntime and numpy from PyPI. The error is relative (L2) to the outputs of the float64 reference. Prints
the files that fail; writes versions, counts and the worst errors. Exits with 1 if any file fails.
"""

import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime as ort

TYPES = {"float32": np.float32, "int32": np.int32, "bool": np.bool_}
TOLERANCE = 1e-5


def check(folder, case):
    path = folder / f"{case['name']}.onnx"
    onnx.checker.check_model(onnx.load(path), full_check=True)
    numbers = np.fromfile(folder / f"{case['name']}.f64", "<f8")

    def read(part):
        size = int(np.prod(part["shape"]))
        return numbers[part["offset"] : part["offset"] + size].reshape(part["shape"])

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    given = {value.name for value in session.get_inputs()}
    feeds = {name: read(part).astype(TYPES[part["dtype"]]) for name, part in case["inputs"].items() if name in given}
    found = dict(zip([value.name for value in session.get_outputs()], session.run(None, feeds)))
    worst = 0.0
    for name, part in case["outputs"].items():
        actual, expected = found[name].astype(np.float64), read(part)
        if list(actual.shape) != part["shape"]:
            raise ValueError(f"{name} has shape {actual.shape}, not {part['shape']}")
        # What is infinite (log 0) must be so in both.
        finite = np.isfinite(expected)
        if not np.array_equal(np.isfinite(actual), finite):
            raise ValueError(f"{name} is not finite")
        distance = np.linalg.norm((actual - expected)[finite]) / max(np.linalg.norm(expected[finite]), 1e-3)
        worst = max(worst, float(distance))
    if worst > TOLERANCE:
        raise ValueError(f"relative error {worst:.1e}")
    return worst


def main():
    folder = pathlib.Path(sys.argv[1])
    cases = json.loads((folder / "index.json").read_text())
    errors, failed = {}, {}
    for case in cases:
        try:
            errors[case["name"]] = check(folder, case)
        except Exception as error:  # whatever the two libraries raise
            failed[case["name"]] = str(error).split("\n")[0][:200]
    for name, message in failed.items():
        print(f"{name}: {message}")
    worst = sorted(errors.items(), key=lambda item: -item[1])[:5]
    ops = sorted({node.op_type for case in cases for node in onnx.load(folder / f"{case['name']}.onnx").graph.node})
    result = {
        "onnx": onnx.__version__,
        "onnxruntime": ort.__version__,
        "opset": 18,
        "files": len(cases),
        "passed": len(errors),
        "failed": failed,
        "worst": {name: float(f"{error:.1e}") for name, error in worst},
        "operators": ops,
    }
    print(json.dumps({key: result[key] for key in ("files", "passed", "worst")}))
    if len(sys.argv) > 2:
        pathlib.Path(sys.argv[2]).write_text(json.dumps(result, indent=1) + "\n")
    sys.exit(1 if failed else 0)


main()
