"""Small NetCDF files of every kind (base64) with their values, by netCDF4.

Needs: netCDF4, numpy. Run: python oracles/netcdf/formats.py (writes oracles/netcdf/formats.json).
"""

import base64
import json
import pathlib
import tempfile

import netCDF4
import numpy as np

FORMATS = ["NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA", "NETCDF4"]
CLASSIC = {"i1": "i1", "i2": "i2", "i4": "i4", "f4": "f4", "f8": "f8"}
WIDE = {**CLASSIC, "u1": "u1", "u2": "u2", "u4": "u4", "i8": "i8", "u8": "u8"}


def write(path, form):
    data = np.arange(3 * 4 * 5).reshape(3, 4, 5)
    with netCDF4.Dataset(path, "w", format=form) as file:
        file.title = "grün"
        if form == "NETCDF3_CLASSIC":
            file.history = "x" * 70000  # longer than the first window of the header
        file.createDimension("time", None)
        file.createDimension("y", 4)
        file.createDimension("x", 5)
        file.createDimension("n", 6)
        for code in (WIDE if form in ("NETCDF3_64BIT_DATA", "NETCDF4") else CLASSIC):
            fixed = file.createVariable(f"fixed_{code}", code, ("y", "x"))
            fixed[:] = data[0] + 1
            record = file.createVariable(f"record_{code}", code, ("time", "y", "x"))
            record.pair = np.array([1, 2.5])
            record[:] = data
        text = file.createVariable("label", "S1", ("y", "n"))
        text[:] = netCDF4.stringtochar(np.array(["a", "bb", "ccc ", ""], "S6"))
        time = file.createVariable("time", "f8", ("time",))
        time.units = "days since 2000-01-01"
        time[:] = [0, 1, 2.5]
        if form == "NETCDF4":
            group = file.createGroup("inner").createGroup("deep")
            value = group.createVariable("value", "f4", ("y", "x"), zlib=True, chunksizes=(2, 3))
            value[:] = data[1] / 2
            names = file.createVariable("names", str, ("y",))
            names[:] = np.array(["ä", "b", "", "d"], object)


def single(path):
    """One record variable alone is not padded."""
    with netCDF4.Dataset(path, "w", format="NETCDF3_CLASSIC") as file:
        file.createDimension("t", None)
        file.createDimension("x", 3)
        file.createVariable("odd", "i1", ("t", "x"))[:] = np.arange(9).reshape(3, 3)


def records(path):
    """Variables with fewer records than their dimension, one without any."""
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("time", None)
        file.createDimension("x", 3)
        time = file.createVariable("time", "i4", ("time",))
        time.units = "days since 2000-01-01"
        time[:] = [0, 1, 2, 3]
        file.createVariable("full", "i2", ("time", "x"), chunksizes=(2, 3))[:] = np.arange(12).reshape(4, 3)
        file.createVariable("short", "i2", ("time", "x"), fill_value=-1, chunksizes=(2, 3))[0:2] = [[0, 1, 2], [3, 4, 5]]
        file.createVariable("none", "f4", ("x", "time"))
        file.createVariable("wide", "i8", ("time",))[0:1] = 7


def main():
    out = {}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "a.nc")
        for form in [*FORMATS, "single", "records"]:
            {"single": single, "records": records}.get(form, lambda target, form=form: write(target, form))(path)
            out[form] = base64.b64encode(path.read_bytes()).decode()
    target = pathlib.Path(__file__).with_name("formats.json")
    target.write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
