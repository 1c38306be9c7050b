"""What zarr-python reads from the reference stores: stores.py DATA > stores.json. Needs zarr 3, numcodecs, numpy, rasterio.

DATA is the folder with zarrita_fixtures, zarr_implementations and xcube_demo_cube. Small arrays are written out, of
large ones the SHA-256 of their bytes (C order, native byte order; the first 16 digits). zarr-python reads neither N5
nor the draft of Zarr 3: those hold the reference image of their suite, which is in `image`.
"""

import hashlib
import json
import pathlib
import sys
import warnings

import numcodecs
import numpy as np
import rasterio
import zarr

warnings.simplefilter("ignore")
data = pathlib.Path(sys.argv[1])
out = {"zarr": zarr.__version__, "stores": {}}


def digest(array):
    native = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("=")))
    return hashlib.sha256(native.tobytes()).hexdigest()[:16]


def plain(value):
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, float) and value != value:
        return "NaN"
    return value


def describe(array):
    values = array[...]
    values = values if isinstance(values, np.ndarray) else np.asarray(values)
    row = {"shape": list(values.shape), "dtype": str(values.dtype)}
    if values.size > 100:
        return row | {"sha256": digest(values)}
    return row | {"values": [plain(v) for v in values.reshape(-1).tolist()]}


def walk(folder):
    """Arrays one by one: zarr-python refuses a whole group for one type that it has no name for."""
    found = {}
    for document in sorted([*folder.rglob(".zarray"), *folder.rglob("zarr.json")]):
        meta = json.loads(document.read_text())
        if meta.get("node_type") == "group":
            continue
        path = str(document.parent.relative_to(folder))
        try:
            found[path] = describe(zarr.open_array(document.parent, mode="r"))
        except ValueError:  # Objects in JSON: one chunk, decoded by numcodecs.
            codec = numcodecs.get_codec(meta["filters"][0])
            values = codec.decode((document.parent / "0").read_bytes())
            found[path] = {"shape": list(values.shape), "dtype": "object", "values": values.tolist()}
    return found


folders = [
    "zarrita_fixtures/fixtures/v2/data.zarr",
    "zarrita_fixtures/fixtures/v3/data.zarr",
    "zarr_implementations/examples/zarr.zr",
    *(f"xcube_demo_cube/cube-1-250-250.levels/{level}.zarr" for level in range(3)),
]
for folder in folders:
    out["stores"][folder] = walk(data / folder)
with rasterio.open(data / "zarr_implementations/data/reference_image.png") as image:
    out["image"] = digest(np.moveaxis(image.read(), 0, -1))
json.dump(out, sys.stdout, indent=0, sort_keys=True)
