"""Rows as pandas, Arrow and Polars see them. Each package is used when it is there, and never needed."""
from __future__ import annotations

import importlib
import importlib.util
import io
from typing import Any, List, Sequence, Tuple

from ._errors import MissingPackage
from ._types import FLOATING, WHOLE, Column, DuckType, parse_type


def has(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def need(package: str, method: str) -> Any:
    """The package, or MissingPackage that names it."""
    try:
        return importlib.import_module(package)
    except ImportError as missing:
        raise MissingPackage(package, method) from missing


def pandas_frame(columns: Sequence[Column], rows: Sequence[Tuple[Any, ...]]) -> Any:
    """A DataFrame. Whole numbers with NULLs are Int64, times datetime64; what has no type of pandas' own stays Python's."""
    pandas = need("pandas", "to_pandas")
    lists: List[List[Any]] = [list(values) for values in zip(*rows)] if rows else [[] for _ in columns]
    series = [_series(pandas, parse_type(column.type), values) for column, values in zip(columns, lists)]
    frame = pandas.concat(series, axis=1) if series else pandas.DataFrame()
    frame.columns = [column.name for column in columns]
    return frame


def arrow_table(columns: Sequence[Column], rows: Sequence[Tuple[Any, ...]]) -> Any:
    pyarrow = need("pyarrow", "to_arrow")
    lists = [list(values) for values in zip(*rows)] if rows else [[] for _ in columns]
    return pyarrow.Table.from_arrays([pyarrow.array(values) for values in lists], names=[column.name for column in columns])


def arrow_of_stream(data: bytes) -> Any:
    """The table of an IPC stream."""
    return need("pyarrow.ipc", "to_arrow").open_stream(io.BytesIO(data)).read_all()


def arrow_of_parquet(data: bytes) -> Any:
    return need("pyarrow.parquet", "to_arrow").read_table(io.BytesIO(data))


def polars_of_stream(data: bytes) -> Any:
    return need("polars", "to_polars").read_ipc_stream(io.BytesIO(data))


def polars_of_parquet(data: bytes) -> Any:
    return need("polars", "to_polars").read_parquet(io.BytesIO(data))


def _series(pandas: Any, kind: DuckType, values: List[Any]) -> Any:
    if kind.word in WHOLE or (kind.word == "DECIMAL" and kind.numbers[1:] == (0,)):
        if any(value is not None and not -(2**63) <= value < 2**63 for value in values):
            return pandas.Series(values, dtype=object)
        return pandas.Series(values, dtype="Int64" if any(value is None for value in values) else "int64")
    if kind.word in FLOATING:
        return pandas.Series(values, dtype="float64")
    if kind.word == "BOOLEAN":
        return pandas.Series(values, dtype="boolean" if any(value is None for value in values) else "bool")
    if kind.word.startswith("TIMESTAMP") or kind.word == "DATETIME":
        try:
            return pandas.to_datetime(pandas.Series(values, dtype=object), utc=True if "ZONE" in kind.word else None)
        except (ValueError, OverflowError):  # Before 1677 or after 2262, or infinite: pandas' nanoseconds do not reach.
            return pandas.Series(values, dtype=object)
    return pandas.Series(values, dtype=object)
