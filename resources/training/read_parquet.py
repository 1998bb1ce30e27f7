"""Turns a Parquet file into JSON lines: ``python read_parquet.py FILE TARGET``.

Needs pyarrow, which every setup has.

Exit codes: 0 done, 2 the file cannot be read.
"""

import base64
import json
import sys


def plain(value):
    """A value that JSON has no form for: bytes as text where they are UTF-8, else in base64; dates as ISO 8601."""
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return base64.b64encode(value).decode("ascii")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def main(source, target):
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.ParquetFile(source)
        with open(target, "w", encoding="utf-8", newline="\n") as file:
            for batch in table.iter_batches(batch_size=1000):
                for row in batch.to_pylist():
                    line = json.dumps(row, ensure_ascii=False, default=plain)
                    file.write(line.encode("utf-8", "replace").decode("utf-8") + "\n")
    except (pyarrow.ArrowException, OSError) as fault:
        first = (str(fault).strip().splitlines() or [""])[0]
        message = f"{source} cannot be read as Parquet: {first}"[:300]
        print(json.dumps({"what": "failed", "code": "bad-data", "message": message}))
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
