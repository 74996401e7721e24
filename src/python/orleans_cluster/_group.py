"""What stands between ``group_by`` and a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Sequence, Tuple, TypeVar, Union

from ._expr import Condition, Expr, named_sql, quote_name
from ._query import aggregates, call

if TYPE_CHECKING:
    from ._shaping import Shaping

F = TypeVar("F", bound="Shaping[Any]")


class GroupBy(Generic[F]):
    """Groups of a frame.

    ``agg`` and its short forms give one row for each group, in the order of the keys unless ``sort=False``.
    """

    def __init__(self, frame: "Shaping[F]", keys: Sequence[Condition], sort: bool, columns: Tuple[str, ...] = ()) -> None:
        self._frame = frame
        self._keys = tuple(keys)
        self._sort = sort
        self._columns = columns

    def __getitem__(self, columns: Union[str, Sequence[str]]) -> "GroupBy[F]":
        """Only these columns, for the short forms: ``t.group_by("gene")["n"].sum()``."""
        listed = (columns,) if isinstance(columns, str) else tuple(columns)
        return GroupBy(self._frame, self._keys, self._sort, listed)

    def agg(self, *specs: Union[Expr, "dict[str, Any]"], **named: Any) -> F:
        """One row for each group.

        ``agg(total="sum(n)")``, ``agg(total=("n", "sum"))``, ``agg({"n": "sum"})`` or expressions.
        """
        if len(self._columns) == 1 and len(specs) == 1 and isinstance(specs[0], (str, list, tuple)):
            specs = ({self._columns[0]: specs[0]},)
        return self._made(aggregates(specs, named))

    aggregate = agg

    def size(self) -> F:
        """Rows of each group, as column ``size``."""
        return self._made([f"count(*) AS {quote_name('size')}"])

    def count(self, *columns: str) -> F:
        """Values of each column, NULLs not counted; rows, as column ``count``, when no column is named."""
        if not columns and not self._columns:
            return self._made([f"count(*) AS {quote_name('count')}"])
        return self._each("count", columns)

    def sum(self, *columns: str) -> F:
        return self._each("sum", columns)

    def mean(self, *columns: str) -> F:
        return self._each("avg", columns)

    avg = mean

    def min(self, *columns: str) -> F:
        return self._each("min", columns)

    def max(self, *columns: str) -> F:
        return self._each("max", columns)

    def median(self, *columns: str) -> F:
        return self._each("median", columns)

    def std(self, *columns: str) -> F:
        return self._each("std", columns)

    def var(self, *columns: str) -> F:
        return self._each("var", columns)

    def nunique(self, *columns: str) -> F:
        return self._each("nunique", columns)

    n_unique = nunique

    def first(self, *columns: str) -> F:
        return self._each("first", columns)

    def last(self, *columns: str) -> F:
        return self._each("last", columns)

    def _each(self, function: str, columns: Sequence[str]) -> F:
        named = tuple(columns) or self._columns
        if not named:
            raise TypeError(
                "Name the columns, such as group_by('gene').sum('n'); a lazy frame does not know which are numeric."
            )
        return self._made([f"{call(function, column)} AS {quote_name(column)}" for column in named])

    def _made(self, items: Sequence[str]) -> F:
        keys = [named_sql(key) for key in self._keys]
        return self._frame._with(self._frame._query_for_more().grouped(keys, items, self._sort))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {', '.join(str(key) for key in self._keys)}>"
