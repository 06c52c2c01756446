"""Several tables and a few plain values as one file, for checkpoints: quick, exact, no code."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping

import pandas as pd

_VALUES = "values.json"


def pack(tables: Mapping[str, pd.DataFrame], values: object) -> bytes:
    """Return tables and values (what JSON can hold) as bytes.

    Examples
    --------
    >>> found, values = unpack(pack({"a": pd.DataFrame({"x": [0.1]})}, {"rows": 1}))
    >>> found["a"]["x"].tolist(), values
    ([0.1], {'rows': 1})
    """
    import pyarrow as pa

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(_VALUES, json.dumps(values))
        for name, table in tables.items():
            arrow = pa.Table.from_pandas(table, preserve_index=False)
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, arrow.schema) as stream:
                stream.write_table(arrow)
            archive.writestr(name, sink.getvalue().to_pybytes())
    return buffer.getvalue()


def unpack(data: bytes) -> tuple[dict[str, pd.DataFrame], object]:
    """Return what `pack` was given.

    Raises
    ------
    ValueError
        If the bytes are not whole.
    """
    import pyarrow as pa

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if archive.testzip() is not None:
                raise ValueError("a packed table is damaged")
            values = json.loads(archive.read(_VALUES))
            names = [name for name in archive.namelist() if name != _VALUES]
            return {
                name: pa.ipc.open_stream(archive.read(name)).read_all().to_pandas()
                for name in names
            }, values
    except (zipfile.BadZipFile, KeyError, pa.ArrowInvalid) as error:
        raise ValueError(f"not whole: {error}") from error
