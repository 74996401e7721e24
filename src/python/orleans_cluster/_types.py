"""DuckDB's type names, and what a JSON value of each type is in Python."""
from __future__ import annotations

import base64
import datetime as dt
import re
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Callable, Dict, List, Optional, Tuple

Convert = Callable[[Any], Any]

WHOLE = frozenset("TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT UHUGEINT INT BIGNUM".split())
FLOATING = frozenset(["FLOAT", "DOUBLE", "REAL"])


@dataclass(frozen=True)
class Column:
    """A column of a result: its name and its DuckDB type, such as ``VARCHAR`` or ``DECIMAL(18,3)``."""

    name: str
    type: str


@dataclass(frozen=True)
class DuckType:
    """A parsed type name: its word, numbers in brackets, and the types inside of it."""

    word: str
    numbers: Tuple[int, ...] = ()
    fields: Tuple[Tuple[str, "DuckType"], ...] = ()


def parse_type(text: str) -> DuckType:
    """The type of a name. A name that is not known is a type of that word, whose values stay as they are."""
    parser = _Parser(text)
    try:
        parsed = parser.type()
    except (IndexError, ValueError):
        return DuckType(text)
    return parsed if parser.at_end() else DuckType(text)


def converter(text: str) -> Convert:
    """A function from a JSON value of the type to its Python value. NULL stays None."""
    return _nullable(_convert(parse_type(text)))


def _nullable(convert: Optional[Convert]) -> Convert:
    if convert is None:
        return _same
    inner = convert
    return lambda value: None if value is None else inner(value)


def _same(value: Any) -> Any:
    return value


def _convert(kind: DuckType) -> Optional[Convert]:
    word = kind.word
    if word in WHOLE or (word == "DECIMAL" and len(kind.numbers) == 2 and kind.numbers[1] == 0):
        return int
    if word == "DECIMAL":
        return lambda value: Decimal(str(value))
    if word in FLOATING:
        return float
    if word == "LIST":
        item = _nullable(_convert(kind.fields[0][1]))
        return lambda value: [item(each) for each in value]
    if word == "STRUCT":
        return _struct(kind)
    if word == "MAP":
        return _map(_nullable(_convert(kind.fields[0][1])), _nullable(_convert(kind.fields[1][1])))
    return _BY_WORD.get(word)


def _struct(kind: DuckType) -> Convert:
    fields = {name: _nullable(_convert(inner)) for name, inner in kind.fields}
    return lambda value: {name: fields.get(name, _same)(each) for name, each in value.items()}


def _map(key: Convert, value: Convert) -> Convert:
    def convert(given: Any) -> Any:
        # A map is an object where its keys are text, else a list of {"key", "value"}.
        pairs = given.items() if isinstance(given, dict) else [(each["key"], each["value"]) for each in given]
        return {key(left): value(right) for left, right in pairs}

    return convert


_FRACTION = re.compile(r"\.(\d+)")


def _timestamp(value: Any) -> Any:
    return _moment(value, dt.datetime.fromisoformat)


def _time(value: Any) -> Any:
    return _moment(value, dt.time.fromisoformat)


def _moment(value: Any, parse: Callable[[str], Any]) -> Any:
    # Python counts microseconds; 'infinity' and years outside 1 to 9999 have no datetime and stay text.
    text = _FRACTION.sub(lambda part: "." + part.group(1)[:6].ljust(6, "0"), str(value).replace("Z", "+00:00"))
    try:
        return parse(text)
    except ValueError:
        return value


def _date(value: Any) -> Any:
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        return value


def _blob(value: Any) -> Any:
    return base64.b64decode(value, validate=True)


_BY_WORD: Dict[str, Convert] = {
    "DATE": _date,
    "TIME": _time,
    "TIME WITH TIME ZONE": _time,
    "TIMESTAMP": _timestamp,
    "TIMESTAMP_S": _timestamp,
    "TIMESTAMP_MS": _timestamp,
    "TIMESTAMP_NS": _timestamp,
    "TIMESTAMP WITH TIME ZONE": _timestamp,
    "DATETIME": _timestamp,
    "UUID": lambda value: uuid.UUID(value),
    "BLOB": _blob,
}


class _Parser:
    """Reads ``STRUCT(a INTEGER, "b c" DECIMAL(18,3)[])`` and its like."""

    _WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?: WITH(?:OUT)? TIME ZONE)?")
    _NAME = re.compile(r'"(?:[^"]|"")*"|[A-Za-z_][A-Za-z0-9_]*')

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def at_end(self) -> bool:
        return self.at == len(self.text)

    def type(self) -> DuckType:
        word = self._match(self._WORD).upper()
        kind = DuckType(word)
        if word in ("STRUCT", "UNION") and self._skip("("):
            kind = DuckType(word, (), tuple(self._list(self._field)))
        elif word == "MAP" and self._skip("("):
            kind = DuckType(word, (), tuple(("", inner) for inner in self._list(self.type)))
        elif word == "ENUM" and self._skip("("):
            self.at = self.text.rindex(")") + 1
        elif word in ("DECIMAL", "NUMERIC") and self._skip("("):
            kind = DuckType("DECIMAL", tuple(self._list(self._number)))
        while self._skip("["):
            size = self.text.index("]", self.at)
            self.at = size + 1
            kind = DuckType("LIST", (), (("", kind),))
        return kind

    def _field(self) -> Tuple[str, DuckType]:
        name = self._match(self._NAME)
        self._blank()
        return (name[1:-1].replace('""', '"') if name.startswith('"') else name), self.type()

    def _number(self) -> int:
        return int(self._match(re.compile(r"\d+")))

    def _list(self, item: Callable[[], Any]) -> List[Any]:
        items = []
        while True:
            self._blank()
            items.append(item())
            self._blank()
            if self._skip(")"):
                return items
            if not self._skip(","):
                raise ValueError(self.text)

    def _match(self, pattern: "re.Pattern[str]") -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise ValueError(self.text)
        self.at = found.end()
        return found.group(0)

    def _skip(self, character: str) -> bool:
        if self.text.startswith(character, self.at):
            self.at += 1
            return True
        return False

    def _blank(self) -> None:
        while self._skip(" "):
            pass
