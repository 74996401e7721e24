"""Which files, and how to read them: what a job's ``source`` says."""
from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Sequence, Union

Paths = Union[str, Sequence[str]]


def source(
    path: Paths,
    format: Optional[str] = None,
    *,
    table: Optional[str] = None,
    delimiter: Optional[str] = None,
    sep: Optional[str] = None,
    header: Optional[bool] = None,
    quote: Optional[str] = None,
    escape: Optional[str] = None,
    comment: Optional[Union[str, Sequence[str]]] = None,
    null_values: Optional[Sequence[str]] = None,
    columns: Optional[Mapping[str, str]] = None,
    compression: Optional[str] = None,
    encoding: Optional[str] = None,
    hive_partitioning: Optional[bool] = None,
    union: Optional[str] = None,
    decimal: Optional[str] = None,
    header_lines: Optional[int] = None,
    skip_lines: Optional[int] = None,
    unknown_keys: Optional[str] = None,
    file_name_column: Optional[str] = None,
    options: Optional[Mapping[str, Any]] = None,
) -> Dict[str, Any]:
    """A source as the contract writes it.

    What is not given is found out by the cluster. ``options`` are more of them, by their own names.
    """
    if delimiter is not None and sep is not None:
        raise TypeError("delimiter and sep are the same option; give one.")
    if not isinstance(path, str):
        path = list(path)
    given: Dict[str, Any] = {
        "delimiter": delimiter if sep is None else sep,
        "header": header,
        "quote": quote,
        "escape": escape,
        "comment": _plain(comment),
        "nullValues": _plain(null_values),
        "columns": dict(columns) if columns is not None else None,
        "compression": _word(compression),
        "encoding": encoding,
        "hivePartitioning": hive_partitioning,
        "union": _word(union),
        "decimal": decimal,
        "headerLines": header_lines,
        "skipLines": skip_lines,
        "unknownKeys": _word(unknown_keys),
        "fileNameColumn": file_name_column,
    }
    known = {name: value for name, value in given.items() if value is not None}
    known.update(options or {})
    made: Dict[str, Any] = {"path": path}
    if format is not None:
        made["format"] = format.upper()
    if table is not None:
        made["table"] = table
    if known:
        made["options"] = known
    return made


def _plain(value: Optional[Union[str, Sequence[str]]]) -> Optional[Union[str, List[str]]]:
    return value if value is None or isinstance(value, str) else list(value)


def _word(value: Optional[str]) -> Optional[str]:
    return value if value is None else value.upper()
