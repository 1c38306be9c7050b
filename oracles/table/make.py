"""Goldens of Parquet: files by pyarrow in every codec, and what pyarrow reads of a file that we wrote.

Needs: pyarrow. Run: python oracles/table/make.py WRITTEN.parquet, where WRITTEN.parquet is made by
`node oracles/table/write.ts WRITTEN.parquet` (writes oracles/table/parquet.json).
"""

import base64
import io
import json
import pathlib
import sys

import pyarrow
import pyarrow.parquet as parquet

COLUMNS = {"id": [1, 2, 3, 4], "name": ["a", None, "ü", "a"], "value": [1.5, None, -0.25, 1e300], "ok": [True, False, None, True]}


def main(written):
    table = pyarrow.table(COLUMNS)
    files = {}
    for codec in ("none", "snappy", "gzip", "zstd", "lz4", "brotli"):
        buffer = io.BytesIO()
        parquet.write_table(table, buffer, compression=codec)
        files[codec] = base64.b64encode(buffer.getvalue()).decode()
    out = {"files": files, "columns": COLUMNS, "written": parquet.read_table(written).to_pydict()}
    pathlib.Path(__file__).with_name("parquet.json").write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
