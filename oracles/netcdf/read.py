"""Goldens of reading NetCDF and HDF5: every numeric variable of the given files by netCDF4, as statistics and spot values.

Needs: netCDF4, numpy. Run: python oracles/netcdf/read.py DATA_FOLDER (writes oracles/netcdf/read.json), where
DATA_FOLDER holds the reference data (rioxarray_golden, rasterio_testdata, fluxnet_detha98, kfts_etna_insar, anysat...).
Values are physical (scale, offset, missing and valid range applied as netCDF4 does).
"""

import json
import math
import pathlib
import sys
import warnings

import netCDF4
import numpy as np

warnings.simplefilter("ignore")
FILES = [
    "rioxarray_golden/input/*.nc",
    "rioxarray_golden/compare/*.nc",
    "rasterio_testdata/RGB.nc",
    "fluxnet_detha98/inst/examples/*.nc",
    "kfts_etna_insar/testdata/*.h5",
    "anysat_treesat_sample/.media/*.h5",
]


def number(value):
    value = float(value)
    return None if math.isnan(value) else value


def describe(variable):
    try:
        values = np.ma.filled(np.ma.asarray(variable[...], dtype="f8"), np.nan)
    except Exception as error:
        return {"failed": str(error)}
    flat = values.ravel()
    valid = flat[np.isfinite(flat)]
    picks = sorted({0, flat.size // 3, flat.size // 2, flat.size * 5 // 7, flat.size - 1})
    return {
        "dims": [d.split("/")[-1] for d in variable.dimensions],
        "shape": list(variable.shape),
        "missing": int(np.isnan(flat).sum()),
        "sum": number(valid.sum()) if valid.size else 0,
        "min": number(valid.min()) if valid.size else None,
        "max": number(valid.max()) if valid.size else None,
        "weighted": number(np.nansum(flat * (np.arange(flat.size) % 97))),
        "cells": [[i, number(flat[i])] for i in picks],
    }


def main(root):
    out = {}
    for pattern in FILES:
        for path in sorted(root.glob(pattern)):
            with netCDF4.Dataset(path) as file:
                out[str(path.relative_to(root))] = {
                    name: describe(v)
                    for name, v in file.variables.items()
                    if v.dtype is not str and v.dtype.kind in "iuf" and v.ndim > 0
                }
    target = pathlib.Path(__file__).with_name("read.json")
    target.write_text(json.dumps({"netCDF4": netCDF4.__version__, "files": out}, indent=1) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
