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

# What JSON has of them: nested columns as texts, and all integers of a column as texts where one is too large.
ODD = {"none": [None, None], "list": [[1, 2], None], "map": [[("k", 1)], []], "large": [2**62, 5], "near": [2**53 - 1, -5]}
ODD_TYPES = [("none", pyarrow.null()), ("list", pyarrow.list_(pyarrow.int64())),
             ("map", pyarrow.map_(pyarrow.string(), pyarrow.int32())), ("large", pyarrow.int64()), ("near", pyarrow.int64())]
ODD_READ = {**ODD, "list": ["[1,2]", None], "map": ['{"k":1}', "{}"], "large": [str(2**62), "5"]}


def packed(table, codec):
    buffer = io.BytesIO()
    parquet.write_table(table, buffer, compression=codec)
    return base64.b64encode(buffer.getvalue()).decode()


def main(written):
    table = pyarrow.table(COLUMNS)
    codecs = ("none", "snappy", "gzip", "zstd", "lz4", "brotli")
    rare = pyarrow.table(ODD, schema=pyarrow.schema(ODD_TYPES))
    out = {
        "files": {codec: packed(table, codec) for codec in codecs},
        "columns": COLUMNS,
        "odd": {**{codec: packed(rare, codec) for codec in codecs}, "empty": packed(rare.slice(0, 0), "zstd")},
        "oddColumns": ODD_READ,
        "written": parquet.read_table(written).to_pydict(),
    }
    pathlib.Path(__file__).with_name("parquet.json").write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
