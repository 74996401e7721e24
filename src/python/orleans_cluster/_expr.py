"""Expressions over columns: ``t["n"] > 100`` is SQL text with operators.

Everything that takes an expression takes SQL text too.
"""
from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Iterable, Optional, Union


def quote_name(name: str) -> str:
    """A name as SQL writes it, whatever its characters."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def literal(value: Any) -> str:
    """A Python value as SQL. Raises TypeError for what has no literal."""
    if value is None:
        return "NULL"
    if isinstance(value, Expr):
        return value.sql
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else f"CAST({quote_text(str(value))} AS DOUBLE)"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, str):
        return quote_text(value)
    if isinstance(value, dt.datetime):
        return f"{'TIMESTAMPTZ' if value.tzinfo else 'TIMESTAMP'} {quote_text(value.isoformat(' '))}"
    if isinstance(value, dt.date):
        return f"DATE {quote_text(value.isoformat())}"
    if isinstance(value, dt.time):
        return f"TIME {quote_text(value.isoformat())}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    item = getattr(value, "item", None)  # NumPy's scalars know the Python value that they are.
    if callable(item):
        return literal(item())
    raise TypeError(f"A value of type {type(value).__name__} cannot stand in a query.")


@dataclass(frozen=True, eq=False)
class Expr:
    """A piece of SQL with the operators of Python.

    ``&``, ``|`` and ``~`` stand for AND, OR and NOT; ``name`` is set by ``alias``.
    """

    sql: str
    name: Optional[str] = None
    descending: bool = False

    def alias(self, name: str) -> "Expr":
        """The same, with a name in the result."""
        return Expr(self.sql, name)

    def desc(self) -> "Expr":
        """Largest first, for ``order_by``."""
        return Expr(self.sql, self.name, True)

    def asc(self) -> "Expr":
        """Smallest first, for ``order_by``."""
        return Expr(self.sql, self.name)

    def isin(self, values: Iterable[Any]) -> "Expr":
        """Whether it is one of the values."""
        listed = [literal(value) for value in values]
        return Expr(f"({self.sql} IN ({', '.join(listed)}))") if listed else Expr("FALSE")

    def is_null(self) -> "Expr":
        """Whether there is no value."""
        return Expr(f"({self.sql} IS NULL)")

    def not_null(self) -> "Expr":
        """Whether there is a value."""
        return Expr(f"({self.sql} IS NOT NULL)")

    isna = isnull = is_null
    notna = notnull = is_not_null = not_null

    def between(self, low: Any, high: Any) -> "Expr":
        """Whether it is in the range, both ends included."""
        return Expr(f"({self.sql} BETWEEN {literal(low)} AND {literal(high)})")

    def like(self, pattern: str) -> "Expr":
        """Whether text fits a pattern: ``%`` stands for any text, ``_`` for one character."""
        return Expr(f"({self.sql} LIKE {quote_text(pattern)})")

    def contains(self, text: str) -> "Expr":
        """Whether text holds the other, as it is written."""
        return Expr(f"contains({self.sql}, {quote_text(text)})")

    def startswith(self, text: str) -> "Expr":
        """Whether text begins with the other."""
        return Expr(f"starts_with({self.sql}, {quote_text(text)})")

    def endswith(self, text: str) -> "Expr":
        """Whether text ends with the other."""
        return Expr(f"ends_with({self.sql}, {quote_text(text)})")

    def cast(self, kind: str) -> "Expr":
        """The value as another DuckDB type, such as ``BIGINT``."""
        return Expr(f"CAST({self.sql} AS {kind})")

    astype = cast

    def fillna(self, value: Any) -> "Expr":
        """The value, or another where there is none."""
        return Expr(f"coalesce({self.sql}, {literal(value)})")

    fill_null = fillna

    def round(self, digits: int = 0) -> "Expr":
        return Expr(f"round({self.sql}, {int(digits)})")

    def abs(self) -> "Expr":
        return self._call("abs")

    def lower(self) -> "Expr":
        return self._call("lower")

    def upper(self) -> "Expr":
        return self._call("upper")

    def strip(self) -> "Expr":
        return self._call("trim")

    def len(self) -> "Expr":
        return self._call("length")

    def sum(self) -> "Expr":
        return self._call("sum")

    def mean(self) -> "Expr":
        return self._call("avg")

    avg = mean

    def min(self) -> "Expr":
        return self._call("min")

    def max(self) -> "Expr":
        return self._call("max")

    def median(self) -> "Expr":
        return self._call("median")

    def std(self) -> "Expr":
        return self._call("stddev_samp")

    def var(self) -> "Expr":
        return self._call("var_samp")

    def count(self) -> "Expr":
        """How many values there are; NULLs are not counted."""
        return self._call("count")

    def nunique(self) -> "Expr":
        """How many different values there are."""
        return Expr(f"count(DISTINCT {self.sql})")

    n_unique = nunique

    def quantile(self, q: float) -> "Expr":
        return Expr(f"quantile_cont({self.sql}, {float(q)!r})")

    def _call(self, function: str) -> "Expr":
        return Expr(f"{function}({self.sql})")

    def _with(self, operator: str, other: Any, swapped: bool = False) -> "Expr":
        left, right = (literal(other), self.sql) if swapped else (self.sql, literal(other))
        return Expr(f"({left} {operator} {right})")

    def __eq__(self, other: Any) -> "Expr":  # type: ignore[override]
        return self.is_null() if other is None else self._with("=", other)

    def __ne__(self, other: Any) -> "Expr":  # type: ignore[override]
        return self.not_null() if other is None else self._with("<>", other)

    __hash__ = object.__hash__

    def __lt__(self, other: Any) -> "Expr":
        return self._with("<", other)

    def __le__(self, other: Any) -> "Expr":
        return self._with("<=", other)

    def __gt__(self, other: Any) -> "Expr":
        return self._with(">", other)

    def __ge__(self, other: Any) -> "Expr":
        return self._with(">=", other)

    def __add__(self, other: Any) -> "Expr":
        return self._with("+", other)

    def __radd__(self, other: Any) -> "Expr":
        return self._with("+", other, True)

    def __sub__(self, other: Any) -> "Expr":
        return self._with("-", other)

    def __rsub__(self, other: Any) -> "Expr":
        return self._with("-", other, True)

    def __mul__(self, other: Any) -> "Expr":
        return self._with("*", other)

    def __rmul__(self, other: Any) -> "Expr":
        return self._with("*", other, True)

    def __truediv__(self, other: Any) -> "Expr":
        return self._with("/", other)

    def __rtruediv__(self, other: Any) -> "Expr":
        return self._with("/", other, True)

    def __floordiv__(self, other: Any) -> "Expr":
        return self._with("//", other)

    def __mod__(self, other: Any) -> "Expr":
        return self._with("%", other)

    def __and__(self, other: Any) -> "Expr":
        return self._with("AND", other)

    def __or__(self, other: Any) -> "Expr":
        return self._with("OR", other)

    def __invert__(self) -> "Expr":
        return Expr(f"(NOT {self.sql})")

    def __neg__(self) -> "Expr":
        return Expr(f"(-{self.sql})")

    def __bool__(self) -> bool:
        raise TypeError("An expression is neither true nor false before the query runs. Use &, | and ~ for and, or and not.")

    def __str__(self) -> str:
        return self.sql


Condition = Union[str, Expr]


def col(name: str) -> Expr:
    """A column by its name, whatever its characters."""
    return Expr(quote_name(name), name)


def expr(sql: str) -> Expr:
    """SQL text as an expression."""
    return Expr(f"({sql})")


def lit(value: Any) -> Expr:
    """A constant."""
    return Expr(literal(value))


def sql_of(value: Condition) -> str:
    """SQL of a condition or a computed column: text is SQL already."""
    return value.sql if isinstance(value, Expr) else f"({value})"


def named_sql(value: Condition) -> str:
    """An item of a select list: text is a column's name."""
    given = col(value) if isinstance(value, str) else value
    if given.name is None or given.sql == quote_name(given.name):
        return given.sql
    return f"{given.sql} AS {quote_name(given.name)}"
