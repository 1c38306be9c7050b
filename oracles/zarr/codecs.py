"""What numcodecs decodes from its own fixtures: codecs.py FOLDER > codecs.json. Needs numcodecs and numpy.

FOLDER is the fixture folder of numcodecs (ADLER32, BLOSC, ... with array.NN.npy and codec.NN/encoded.NN.dat). Written
are the bytes' SHA-256 (its first 16 digits; of objects: their JSON) and whether the result equals the array that was encoded.
"""

import hashlib
import json
import pathlib
import sys

import numcodecs
import numpy as np

root = pathlib.Path(sys.argv[1])
out = {"numcodecs": numcodecs.__version__, "numpy": np.__version__, "files": {}}


def plain(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (np.generic,)):
        return plain(value.item())
    if isinstance(value, float) and value != value:
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)  # JavaScript writes 1.0 as 1.
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value


def reference(folder, number):
    for parent in (folder.parent,):
        path = parent / f"array.{number}.npy"
        if path.exists():
            return np.load(path, allow_pickle=True)
        path = parent / f"array.{number}.json"
        if path.exists():
            return json.loads(path.read_text())
    return None


for encoded in sorted(root.rglob("encoded.*.dat")):
    folder = encoded.parent
    number = encoded.name.split(".")[1]
    key = str(encoded.relative_to(root))
    try:
        config = json.loads((folder / "config.json").read_text())
        if config["id"] == "json":  # The predecessor of json2, which numcodecs reads no more: no shape at the end.
            items = json.loads(encoded.read_text())[:-1]
            made = np.empty(len(items), dtype=object)
            made[:] = items
        else:
            made = numcodecs.get_codec(config).decode(encoded.read_bytes())
    except Exception as error:
        out["files"][key] = {"error": f"{type(error).__name__}: {error}"[:200]}
        continue
    array = reference(folder, number)
    if isinstance(made, np.ndarray) and made.dtype == object:
        items = [plain(v) for v in made.reshape(-1).tolist()]
        row = {"items": len(items), "sha256": hashlib.sha256(json.dumps(items, ensure_ascii=True, separators=(",", ":"), default=str).encode()).hexdigest()[:16]}
        row["equal"] = bool(np.array_equal(made.reshape(-1), np.asarray(array).reshape(-1))) if array is not None else None
    else:
        raw = np.asarray(made).tobytes() if isinstance(made, np.ndarray) else bytes(made)
        row = {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()[:16]}
        if array is not None:
            row["equal"] = raw in (array.tobytes(order="C"), array.tobytes(order="F"))
            if row["equal"] and raw != array.tobytes(order="C"):
                row["order"] = "F"
    out["files"][key] = row

json.dump(out, sys.stdout, indent=0, sort_keys=True)
