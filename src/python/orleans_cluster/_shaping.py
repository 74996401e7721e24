"""What gives a frame its shape: a frame in, another frame out, and nothing runs."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, TypeVar, Union

from ._expr import Condition, Expr, col, named_sql, quote_name, sql_of
from ._operations import Operations
from ._group import GroupBy
from ._query import Query, order_keys
from ._reference import described

F = TypeVar("F", bound="Shaping[Any]")


class Shaping(Operations[F]):
    """The methods of a frame that cost nothing and give another one."""

    def _with(self, query: Query) -> F:
        raise NotImplementedError

    def _query_for_more(self) -> Query:
        raise NotImplementedError

    def _known_columns(self) -> Optional[List[str]]:
        raise NotImplementedError

    @described("filter")
    def filter(self, *conditions: Condition) -> F:
        """Text is SQL: ``t.filter("n > 100")``; expressions do too: ``t.filter(t["n"] > 100)``. Several must all hold."""
        query = self._query_for_more()
        for condition in conditions:
            query = query.filter(condition)
        return self._with(query)

    where = query = filter

    @described("select")
    def select(self, *columns: Condition, **computed: Condition) -> F:
        """Names and expressions; ``name="sql"`` computes one: ``t.select("gene", kilo="n / 1000")``."""
        return self._with(self._query_for_more().project([named_sql(each) for each in columns] + _computed(computed)))

    def assign(self, **computed: Condition) -> F:
        """All columns and more, each from SQL or an expression.

        A name that is there already gets the new value, as the last column.
        """
        query = self._query_for_more()
        return self._with(query.project([_star(list(computed), self._known_columns())] + _computed(computed)))

    with_columns = mutate = assign

    def drop(self, *columns: Union[str, Sequence[str]], **named: Any) -> F:
        """All columns but these."""
        names = _names(columns) + _names([named.pop("columns", [])])
        _refuse(named)
        return self._with(self._query_for_more().project([f"* EXCLUDE ({', '.join(quote_name(name) for name in names)})"]))

    def rename(
        self, mapping: Optional[Mapping[str, str]] = None, *, columns: Optional[Mapping[str, str]] = None
    ) -> F:
        """The same with other names: ``rename({"old": "new"})``."""
        pairs = {**(mapping or {}), **(columns or {})}
        renamed = ", ".join(f"{quote_name(old)} AS {quote_name(new)}" for old, new in pairs.items())
        return self._with(self._query_for_more().project([f"* RENAME ({renamed})"] if renamed else ["*"]))

    @described("aggregate")
    def group_by(self, *keys: Union[Condition, Sequence[Condition]], sort: bool = True) -> GroupBy[F]:
        return GroupBy(self, _flat(keys), sort)

    groupby = group_by

    @described("aggregate")
    def agg(self, *specs: Any, **named: Any) -> F:
        """One row over all: ``agg(total="sum(n)")``. Without arguments a summary of every numeric column."""
        if not specs and not named:
            return self._operated("aggregate", {})
        return GroupBy(self, (), False).agg(*specs, **named)

    aggregate = agg

    @described("sort")
    def order_by(
        self,
        *keys: Union[Condition, Sequence[Condition]],
        ascending: Any = True,
        by: Union[None, Condition, Sequence[Condition]] = None,
    ) -> F:
        """Names, ``"-name"`` for largest first, or expressions: ``order_by("-n")``, ``order_by(t["n"].desc())``."""
        listed = _flat(keys) + (_flat([by]) if by is not None else [])
        return self._with(self._query_for_more().ordered(order_keys(listed, ascending)))

    sort_values = sort = order_by

    def limit(self, n: int, offset: int = 0) -> F:
        """The first n rows, after leaving out ``offset``."""
        return self._with(self._query_for_more().limited(n, offset))

    def nlargest(self, n: int, columns: Union[str, Sequence[str]]) -> F:
        """The n rows with the largest values."""
        found: F = self.order_by(*_names([columns]), ascending=False).limit(n)
        return found

    def nsmallest(self, n: int, columns: Union[str, Sequence[str]]) -> F:
        """The n rows with the smallest values."""
        found: F = self.order_by(*_names([columns])).limit(n)
        return found

    @described("distinct")
    def distinct(self, *columns: str) -> F:
        query = self._query_for_more()
        return self._with((query.project([quote_name(name) for name in columns]) if columns else query).distinct())

    drop_duplicates = unique = distinct

    @described("join")
    def join(
        self,
        other: F,
        on: Union[str, Sequence[str], None] = None,
        how: str = "inner",
        *,
        left_on: Union[str, Sequence[str], None] = None,
        right_on: Union[str, Sequence[str], None] = None,
    ) -> F:
        """Rows of both that have equal keys.

        The keys are there once with ``on``; a name that both sides have gets ``_1`` on the right.
        """
        kind = _JOINS.get(how.lower())
        if kind is None:
            raise ValueError(f"how={how!r} is not a join. Known: {', '.join(_JOINS)}.")
        mine, theirs = self._query_for_more(), other._query_for_more()

        def joined(left: str, right: str) -> str:
            sides = f"{left} AS _l {kind} JOIN {right} AS _r"
            if how.lower() == "cross":
                return f"(SELECT * FROM {sides})"
            if on is not None:
                return f"(SELECT * FROM {sides} USING ({', '.join(quote_name(name) for name in _names([on]))}))"
            pairs = list(zip(_names([left_on]), _names([right_on])))
            if not pairs or len(_names([left_on])) != len(_names([right_on])):
                raise TypeError("join needs on=, or left_on= and right_on= of equal length.")
            condition = " AND ".join(f"_l.{quote_name(a)} = _r.{quote_name(b)}" for a, b in pairs)
            return f"(SELECT * FROM {sides} ON {condition})"

        return self._with(mine.combined(theirs, joined))

    merge = join

    def union(self, *others: F) -> F:
        """Rows of all, one after the other. Columns go by position and must fit."""
        query = self._query_for_more()
        for other in others:
            query = query.combined(
                other._query_for_more(),
                lambda left, right: f"(SELECT * FROM {left} AS _l UNION ALL SELECT * FROM {right} AS _r)",
            )
        return self._with(query)

    def dropna(self, subset: Union[str, Sequence[str]]) -> F:
        """Rows that have a value in each of the columns."""
        return self.filter(*[col(name).not_null() for name in _names([subset])])

    drop_nulls = dropna

    def fillna(self, values: Mapping[str, Any]) -> F:
        """The same with a value where there is none, by column: ``fillna({"n": 0})``."""
        replaced = ", ".join(f"{col(name).fillna(value).sql} AS {quote_name(name)}" for name, value in values.items())
        return self._with(self._query_for_more().project([f"* REPLACE ({replaced})"]))

    fill_null = fillna

    def value_counts(self, column: Union[str, Sequence[str]], normalize: bool = False) -> F:
        """How often each value is there, most frequent first, as column ``count`` (``proportion`` with normalize).

        NULLs are left out.
        """
        names = _names([column])
        counted: F = self.dropna(names).group_by(*names, sort=False).agg(count="count(*)")
        if normalize:
            counted = counted.select(*names, proportion="CAST(count AS DOUBLE) / sum(count) OVER ()")
        ordered: F = counted.order_by("-proportion" if normalize else "-count", *names)
        return ordered

    @described("sample")
    def sample(
        self, n: Optional[int] = None, frac: Optional[float] = None, seed: int = 0, random_state: Optional[int] = None
    ) -> F:
        """So many rows or such a share of them; the same seed draws the same rows."""
        if (n is None) == (frac is None):
            raise TypeError("sample needs n= (rows) or frac= (a share), one of them.")
        size: Dict[str, Any] = {"rows": n} if n is not None else {"fraction": frac}
        return self._operated("sample", {**size, "seed": seed if random_state is None else random_state})

    @described("profile")
    def describe(self, *columns: str, exact: bool = False) -> F:
        return self._operated(
            "profile", {**({"columns": list(columns)} if columns else {}), **({"exact": True} if exact else {})}
        )

    profile = describe

    @described("melt")
    def melt(
        self,
        id: Union[str, Sequence[str], None] = None,
        columns: Union[str, Sequence[str], None] = None,
        name_column: str = "name",
        value_column: str = "value",
        *,
        id_vars: Union[str, Sequence[str], None] = None,
        value_vars: Union[str, Sequence[str], None] = None,
        var_name: Optional[str] = None,
        value_name: Optional[str] = None,
    ) -> F:
        given = {
            "id": _names([id]) or _names([id_vars]),
            "columns": _names([columns]) or _names([value_vars]),
            "nameColumn": var_name or name_column,
            "valueColumn": value_name or value_column,
        }
        return self._operated("melt", {name: value for name, value in given.items() if value})

    unpivot = melt

    @described("pivot")
    def pivot(
        self,
        index: Union[str, Sequence[str]],
        key: Optional[str] = None,
        value: Optional[str] = None,
        function: Optional[str] = None,
        *,
        columns: Optional[str] = None,
        values: Optional[str] = None,
        aggfunc: Optional[str] = None,
        **more: Any,
    ) -> F:
        used = aggfunc or function
        given = {
            "index": _names([index]),
            "key": key or columns,
            "value": value or values,
            "function": {"mean": "avg"}.get(used, used) if used else None,
            **more,
        }
        return self._operated("pivot", {name: each for name, each in given.items() if each is not None})

    pivot_table = pivot

    def operation(self, operation: str, **parameters: Any) -> F:
        """Any operation of the cluster by its name, with parameters as the reference has them."""
        return self._operated(operation, parameters)

    def __getitem__(self, key: Any) -> Any:
        """``t["n"]`` is a column, ``t[["gene", "n"]]`` a selection, ``t[t["n"] > 100]`` a filter."""
        if isinstance(key, str):
            return col(key)
        if isinstance(key, Expr):
            return self.filter(key)
        if isinstance(key, slice) and key.step is None:
            return self.limit((key.stop or 0) - (key.start or 0), key.start or 0)
        return self.select(*key)

_JOINS = {
    "inner": "",
    "left": "LEFT",
    "right": "RIGHT",
    "outer": "FULL",
    "full": "FULL",
    "semi": "SEMI",
    "anti": "ANTI",
    "cross": "CROSS",
    "left_semi": "SEMI",
    "left_anti": "ANTI",
}



def _computed(computed: Mapping[str, Condition]) -> List[str]:
    return [f"{sql_of(value)} AS {quote_name(name)}" for name, value in computed.items()]


def _star(names: Sequence[str], known: Optional[Sequence[str]]) -> str:
    """All columns but those that are computed anew.

    EXCLUDE wants names that there are, and a lazy frame may not know them yet.
    """
    if known is None:
        return "COLUMNS(c -> c NOT IN (" + ", ".join("'" + name.replace("'", "''") + "'" for name in names) + "))"
    there = [quote_name(name) for name in names if name in known]
    return f"* EXCLUDE ({', '.join(there)})" if there else "*"


def _names(given: Sequence[Any]) -> List[str]:
    return [str(name) for name in _flat(given)]


def _flat(given: Sequence[Any]) -> List[Any]:
    listed: List[Any] = []
    for item in given:
        if isinstance(item, (list, tuple)):
            listed.extend(item)
        elif item is not None:
            listed.append(item)
    return listed


def _refuse(named: Mapping[str, Any]) -> None:
    if named:
        raise TypeError(f"Unknown argument {next(iter(named))!r}.")
