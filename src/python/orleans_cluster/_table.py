"""Rows that are here: what ``head`` and ``compute`` give."""
from __future__ import annotations

import html
import shutil
from typing import Any, Dict, Iterator, List, Sequence, Tuple

from ._types import Column

_ROWS_SHOWN = 20


class Table:
    """A few rows in memory, by column and by row.

    Prints as a table that fits the terminal; ``to_pandas`` and its like are there too.
    """

    def __init__(self, columns: Sequence[Column], rows: Sequence[Tuple[Any, ...]], total_rows: int) -> None:
        self.schema: Tuple[Column, ...] = tuple(columns)
        self.total_rows = total_rows
        self._rows = list(rows)

    @property
    def columns(self) -> List[str]:
        return [column.name for column in self.schema]

    @property
    def shape(self) -> Tuple[int, int]:
        return len(self._rows), len(self.schema)

    def tuples(self) -> List[Tuple[Any, ...]]:
        return list(self._rows)

    def to_dicts(self) -> List[Dict[str, Any]]:
        names = self.columns
        return [dict(zip(names, row)) for row in self._rows]

    def to_dict(self) -> Dict[str, List[Any]]:
        """Each column as a list."""
        return {column.name: [row[place] for row in self._rows] for place, column in enumerate(self.schema)}

    def item(self) -> Any:
        """The one value of a table of one row and one column."""
        if self.shape != (1, 1):
            raise ValueError(f"item() needs one row and one column; this has {self.shape[0]} and {self.shape[1]}.")
        return self._rows[0][0]

    def to_pandas(self) -> Any:
        from ._frames import pandas_frame

        return pandas_frame(self.schema, self._rows)

    def to_arrow(self) -> Any:
        from ._frames import arrow_table

        return arrow_table(self.schema, self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Dict[str, Any]]:
        return iter(self.to_dicts())

    def __getitem__(self, key: Any) -> Any:
        """A column by its name, as a list; a row by its number, as a dict."""
        if isinstance(key, str):
            try:
                return self.to_dict()[key]
            except KeyError:
                raise KeyError(f"There is no column {key!r}. Columns: {', '.join(self.columns)}.") from None
        return self.to_dicts()[key]

    def __repr__(self) -> str:
        return self.text(shutil.get_terminal_size((100, 24)).columns)

    def text(self, width: int) -> str:
        """The table in at most ``width`` columns: cells are cut, then columns left out, and both are said."""
        shown = self._rows[:_ROWS_SHOWN]
        cells = [[_cell(row[place]) for row in shown] for place in range(len(self.schema))]
        widths = [
            min(max([len(column.name)] + [len(text) for text in cells[place]]), 40)
            for place, column in enumerate(self.schema)
        ]
        kept, used = 0, 0
        while kept < len(widths) and (kept == 0 or used + widths[kept] + 2 <= width):
            used += widths[kept] + 2
            kept += 1
        widths = [min(size, width) for size in widths[:kept]]
        lines = [
            _line([column.name for column in self.schema[:kept]], widths, self._right(kept)),
            "  ".join("-" * size for size in widths),
        ]
        lines += [
            _line([cells[place][number] for place in range(kept)], widths, self._right(kept)) for number in range(len(shown))
        ]
        notes = []
        if self.total_rows > len(shown):
            notes.append(f"{len(shown)} of {self.total_rows:,} rows")
        if kept < len(self.schema):
            notes.append(f"{kept} of {len(self.schema)} columns; not shown: {', '.join(self.columns[kept:])}")
        return "\n".join(line.rstrip() for line in lines + ([_cut("; ".join(notes), width)] if notes else []))

    def _repr_html_(self) -> str:
        sides = ["right" if right else "left" for right in self._right(len(self.schema))]
        head = "".join(
            f'<th style="text-align:{side}" title="{html.escape(column.type)}">{html.escape(column.name)}</th>'
            for column, side in zip(self.schema, sides)
        )
        body = "".join(
            "<tr>"
            + "".join(f'<td style="text-align:{side}">{html.escape(_cell(value))}</td>' for value, side in zip(row, sides))
            + "</tr>"
            for row in self._rows[:_ROWS_SHOWN]
        )
        more = (
            f"<p>{min(len(self._rows), _ROWS_SHOWN)} of {self.total_rows:,} rows</p>" if self.total_rows > _ROWS_SHOWN else ""
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"

    def _right(self, kept: int) -> List[bool]:
        return [
            all(isinstance(row[place], (int, float)) or row[place] is None for row in self._rows[:_ROWS_SHOWN])
            for place in range(kept)
        ]


def _cell(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value).replace("\n", "⏎").replace("\r", "").replace("\t", " ")


def _line(texts: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    return "  ".join(
        _cut(text, size).rjust(size) if to_right else _cut(text, size).ljust(size)
        for text, size, to_right in zip(texts, widths, right)
    )


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"
