"""A lazy query as a value: what to read, and one SELECT over it. Pure: text in, text out."""
from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ._expr import Condition, Expr, quote_name, sql_of

ROWS = "_t"
"""What a query calls the rows of its FROM."""

DEFAULT_TABLE = "source"
"""What the cluster calls the dataset of a job without source."""


@dataclass(frozen=True)
class Deferred:
    """An input that is the result of something that runs first: a frame or a job. Two are the same when the object is."""

    producer: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Deferred) and other.producer is self.producer

    def __hash__(self) -> int:
        return id(self.producer)


Input = Any
"""A source as JSON (a dict), a Deferred, or None for the default dataset."""


@dataclass(frozen=True)
class Order:
    """One key of an order; ``column`` is its name where it is no more than a column."""

    sql: str
    column: Optional[str]
    descending: bool

    def text(self, qualified: bool) -> str:
        key = f"{ROWS}.{quote_name(self.column)}" if qualified and self.column is not None else self.sql
        return key + (" DESC" if self.descending else "")


@dataclass(frozen=True)
class Query:
    """One SELECT. Each method gives another query; it nests where SQL's order of clauses would change the meaning."""

    relation: str
    inputs: Mapping[str, Input]
    opaque: Optional[str] = None
    select: Tuple[str, ...] = ()
    conditions: Tuple[str, ...] = ()
    group: Optional[Tuple[str, ...]] = None
    having: Tuple[str, ...] = ()
    is_distinct: bool = False
    order: Tuple[Order, ...] = ()
    rows: Optional[int] = None
    skip: int = 0
    is_order_outside: bool = field(default=False)

    @staticmethod
    def table(name: str, source: Input) -> "Query":
        return Query(quote_name(name), {name: source})

    @staticmethod
    def text(query: str, inputs: Mapping[str, Input]) -> "Query":
        """A query that somebody wrote, kept as it is."""
        text = query.strip().rstrip(";").rstrip()
        return Query(f"({text}\n)", inputs, text)

    @property
    def is_plain(self) -> bool:
        """Whether it is its relation and no more."""
        return not (
            self.select or self.conditions or self.group is not None or self.is_distinct or self.order or self.is_limited
        )

    @property
    def is_limited(self) -> bool:
        return self.rows is not None or self.skip > 0

    @property
    def bare_input(self) -> Optional[str]:
        """The name of the one input that it is, unchanged; None when it is more than that."""
        names = list(self.inputs)
        return (
            names[0]
            if self.is_plain and self.opaque is None and len(names) == 1 and self.relation == quote_name(names[0])
            else None
        )

    def sql(self) -> str:
        """The query as text."""
        if self.opaque is not None and self.is_plain:
            return self.opaque
        parts = [
            f"SELECT {'DISTINCT ' if self.is_distinct else ''}{', '.join(self.select) or '*'}",
            f"FROM {self.relation} AS {ROWS}",
        ]
        if self.conditions:
            parts.append("WHERE " + " AND ".join(self.conditions))
        if self.group:
            parts.append("GROUP BY " + ", ".join(self.group))
        if self.having:
            parts.append("HAVING " + " AND ".join(self.having))
        if self.order:
            parts.append("ORDER BY " + ", ".join(key.text(self.is_order_outside) for key in self.order))
        if self.rows is not None:
            parts.append(f"LIMIT {self.rows}")
        if self.skip:
            parts.append(f"OFFSET {self.skip}")
        return "\n".join(parts)

    def nested(self) -> "Query":
        """The same rows as the FROM of a new SELECT. An order of all columns stays the order of the new one."""
        kept = (
            self.order if not self.select and self.group is None and all(key.column is not None for key in self.order) else ()
        )
        return Query(f"({self.sql()}\n)", self.inputs, order=kept)

    def filter(self, condition: Condition) -> "Query":
        at = self if self._keeps_rows() else self.nested()
        return replace(at, conditions=at.conditions + (sql_of(condition),))

    def project(self, items: Sequence[str]) -> "Query":
        """The select list; each item is SQL."""
        at = self.nested() if self.select or self.group is not None or self.is_distinct or self.is_limited else self
        return replace(at, select=tuple(items), is_order_outside=True)

    def grouped(self, keys: Sequence[str], items: Sequence[str], sort: bool) -> "Query":
        """One row for each group of keys; one row in all without keys."""
        at = self if self._keeps_rows() else self.nested()
        order = tuple(Order(str(place + 1), None, False) for place in range(len(keys))) if sort else ()
        return replace(at, select=tuple(keys) + tuple(items), group=tuple(keys), order=order)

    def ordered(self, keys: Sequence[Order]) -> "Query":
        at = self.nested() if self.is_limited or (self.select and self.group is None and not self.is_distinct) else self
        return replace(at, order=tuple(keys), is_order_outside=False)

    def limited(self, rows: Optional[int], skip: int = 0) -> "Query":
        if self.is_limited and skip:
            return replace(self.nested(), rows=rows, skip=skip)
        least = [number for number in (self.rows, rows) if number is not None]
        return replace(self, rows=min(least) if least else None, skip=self.skip or skip)

    def distinct(self) -> "Query":
        at = self.nested() if self.order or self.is_limited or self.group is not None else self
        return replace(at, is_distinct=True, order=())

    def combined(self, other: "Query", join: Any) -> "Query":
        """Both queries as one FROM; join makes it from the text of the two sides."""
        mine, theirs = self, other
        clashing = [name for name, source in other.inputs.items() if name in self.inputs and self.inputs[name] != source]
        if clashing:
            mine, theirs = self.with_own_names(), other.with_own_names()
        text = join(mine.side(), theirs.side())
        return Query(text, {**mine.inputs, **theirs.inputs})

    def side(self) -> str:
        """The query as something that can stand in a FROM."""
        return self.relation if self.is_plain else f"({self.sql()}\n)"

    def with_own_names(self) -> "Query":
        """The same with names of inputs that nothing else has. What the user wrote still reads the names that it uses."""
        renamed = {own_name(name, source): (name, source) for name, source in self.inputs.items()}
        if all(new == old for new, (old, _) in renamed.items()):
            return self
        tables = ", ".join(f"{quote_name(old)} AS (SELECT * FROM {quote_name(new)})" for new, (old, _) in renamed.items())
        return Query(
            f"(WITH {tables} SELECT * FROM {self.side()} AS {ROWS})", {new: source for new, (_, source) in renamed.items()}
        )

    def _keeps_rows(self) -> bool:
        return not self.select and self.group is None and not self.is_distinct and not self.is_limited


def own_name(name: str, source: Input) -> str:
    """A name that says what it is, and that no other source has."""
    if source is None:
        return DEFAULT_TABLE
    known = f"{id(source.producer):x}" if isinstance(source, Deferred) else json.dumps(source, sort_keys=True)
    mark = hashlib.sha256(known.encode()).hexdigest()[:8]
    return name if name.endswith("_" + mark) else f"{name}_{mark}"


def name_of_source(source: Mapping[str, Any]) -> str:
    """A name from the first path of a source: ``expression/*.csv`` is ``expression``."""
    path = source.get("path")
    first = str(path[0] if isinstance(path, (list, tuple)) and path else path or "t")
    stems = [
        re.sub(r"\.(csv|tsv|txt|parquet|json|ndjson|gz|zst|tbl|bgz)\b.*$", "", part, flags=re.IGNORECASE)
        for part in first.split("/")
    ]
    words = [re.sub(r"\W+", "_", stem).strip("_").lower() for stem in stems]
    name = next((word for word in reversed(words) if word), "t")[:40]
    return "t_" + name if name[0].isdigit() or name == DEFAULT_TABLE else name


def with_tables(query: str, tables: Mapping[str, str]) -> str:
    """A query with more named tables in front of it, each SQL."""
    if not tables:
        return query
    listed = ", ".join(f"{quote_name(name)} AS ({sql}\n)" for name, sql in tables.items())
    begun = re.match(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*WITH\s+(RECURSIVE\s+)?", query, re.IGNORECASE | re.DOTALL)
    if begun is None:
        return f"WITH {listed}\n{query}"
    return f"WITH {begun.group(1) or ''}{listed}, {query[begun.end():]}"


def order_keys(keys: Sequence[Condition], ascending: Any = True) -> List[Order]:
    """Keys of an order: a name, ``-name`` for largest first, or an expression."""
    directions = list(ascending) if isinstance(ascending, (list, tuple)) else [ascending] * len(keys)
    if len(directions) != len(keys):
        raise ValueError(f"ascending has {len(directions)} values for {len(keys)} keys.")
    found = []
    for key, up in zip(keys, directions):
        if isinstance(key, Expr):
            column = key.name if key.name is not None and key.sql == quote_name(key.name) else None
            found.append(Order(key.sql, column, key.descending != (not up)))
            continue
        falls = key.startswith("-")
        name = key[1:] if falls else key
        found.append(Order(quote_name(name), name, falls != (not up)))
    return found


def aggregates(specs: Sequence[Any], named: Mapping[str, Any]) -> List[str]:
    """Select items from what ``agg`` takes: expressions, ``{"n": "sum"}``, ``name="sum(n)"`` and ``name=("n", "sum")``."""
    items: List[str] = []
    for spec in specs:
        if isinstance(spec, Expr):
            items.append(spec.sql if spec.name is None else f"{spec.sql} AS {quote_name(spec.name)}")
        elif isinstance(spec, Mapping):
            for column, functions in spec.items():
                many = isinstance(functions, (list, tuple))
                for function in functions if many else [functions]:
                    name = f"{column}_{function}" if many else column
                    items.append(f"{call(function, column)} AS {quote_name(name)}")
        else:
            raise TypeError(f"agg takes expressions, a dict or names with SQL, not {spec!r}. Write agg(total='sum(n)').")
    for name, spec in named.items():
        sql = call(spec[1], spec[0]) if isinstance(spec, tuple) else (spec.sql if isinstance(spec, Expr) else str(spec))
        items.append(f"{sql} AS {quote_name(name)}")
    if not items:
        raise TypeError("agg needs at least one aggregate, such as agg(total='sum(n)').")
    return items


_FUNCTIONS: Dict[str, str] = {
    "mean": "avg",
    "avg": "avg",
    "std": "stddev_samp",
    "var": "var_samp",
    "size": "count(*)",
    "len": "count(*)",
    "nunique": "count(DISTINCT {})",
    "n_unique": "count(DISTINCT {})",
}


def call(function: str, column: str) -> str:
    """An aggregate by the name that pandas or SQL has for it."""
    form = _FUNCTIONS.get(function, function)
    if "{}" in form or form.endswith("(*)"):
        return form.replace("{}", quote_name(column))
    return f"{form}({quote_name(column)})"
