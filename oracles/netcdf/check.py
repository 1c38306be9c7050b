"""What xarray, rioxarray and netCDF4 read in the NetCDF-4 files that we write.

Needs: xarray, rioxarray, netCDF4, cftime. Run:
  node oracles/netcdf/write.ts FOLDER && python oracles/netcdf/check.py FOLDER (writes oracles/netcdf/check.json).
"""

import json
import pathlib
import sys

import numpy as np
import rioxarray  # noqa: F401 (registers .rio)
import xarray


def times(dataset):
    if "t" not in dataset.coords:
        return []
    decoded = xarray.coding.times.CFDatetimeCoder(use_cftime=True).decode(
        xarray.conventions.encode_cf_variable(dataset["t"].variable)
    )
    return [date.strftime("%Y-%m-%dT%H:%M:%SZ") for date in decoded.values]


def describe(path):
    with xarray.open_dataset(path, decode_coords="all") as dataset:
        values = {name: v.values.astype("f8") for name, v in dataset.data_vars.items()}
        return {
            "times": times(dataset),
            "epsg": dataset.rio.crs.to_epsg(),
            "transform": list(dataset.rio.transform()),
            "sums": {name: float(np.nansum(v)) for name, v in values.items()},
            "missing": {name: int(np.isnan(v).sum()) for name, v in values.items()},
        }


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    out = {name: describe(folder / f"{name}.nc") for name in ("packed", "climate", "classes")}
    target = pathlib.Path(__file__).with_name("check.json")
    target.write_text(json.dumps(out, indent=1) + "\n")
