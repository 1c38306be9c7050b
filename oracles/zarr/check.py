"""What others read from our Zarr 3 stores: node oracles/zarr/write.ts FOLDER; check.py FOLDER > check.json.

Needs zarr 3, xarray, rioxarray. For each array: the SHA-256 of its raw cells as zarr-python reads them (first 16
digits), its decoded mean as xarray reads it, the times, the CRS and the transform as rioxarray sees them, and whether
the consolidated metadata say the same as the documents.
"""

import hashlib
import json
import pathlib
import sys
import warnings

import numpy as np
import rioxarray  # noqa: F401
import xarray
import zarr

warnings.simplefilter("ignore")
folder = pathlib.Path(sys.argv[1])
out = {"zarr": zarr.__version__, "xarray": xarray.__version__, "rioxarray": rioxarray.__version__, "stores": {}}


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


def plain(array):
    return json.dumps(array.metadata.to_dict(), default=str, sort_keys=True)


for path in sorted(folder.glob("*.zarr")):
    group = zarr.open_group(path, mode="r")
    loose = zarr.open_group(path, mode="r", use_consolidated=False)
    row = {"consolidated": group.metadata.consolidated_metadata is not None, "arrays": {}}
    row["same"] = all(plain(loose[name]) == plain(array) for name, array in group.arrays())
    data = xarray.open_zarr(path, decode_coords="all")
    for name, variable in data.data_vars.items():
        raw = group[name][...]
        x, y = ("lon", "lat") if "lon" in variable.dims else ("x", "y")
        spatial = variable.rio.set_spatial_dims(x, y)
        row["arrays"][name] = {
            "dims": list(variable.dims),
            "shape": list(variable.shape),
            "dtype": str(raw.dtype),
            "sha256": digest(raw),
            "mean": float(variable.mean()),
            "missing": int(variable.isnull().sum()),
            "epsg": spatial.rio.crs.to_epsg(),
            "transform": list(spatial.rio.transform())[:6],
            "units": variable.attrs.get("units"),
        }
    if "t" in data.coords:
        row["times"] = [str(t)[:19] for t in data["t"].values]
    if "bands" in data.coords:
        row["bands"] = [str(b) for b in data["bands"].values]
    row["geozarr"] = {k: v for k, v in dict(group.attrs).items() if ":" in k}
    out["stores"][path.name] = row
json.dump(out, sys.stdout, indent=1, sort_keys=True)
print()
