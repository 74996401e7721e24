"""Reads ``{"columns":[...],"rows":[[...],...],"totalRows":n}`` piece by piece: memory holds a few rows and never all of them."""
from __future__ import annotations

import codecs
import json
from typing import Any, Dict, List

from ._errors import ProtocolError

_SPACE = " \t\r\n"


class RowReader:
    """Takes bytes as they come and hands out the rows that are whole.

    The other members are in ``document`` once they were read.
    """

    def __init__(self) -> None:
        self.document: Dict[str, Any] = {}
        self.ended = False
        self._decoder = json.JSONDecoder()
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._wanted = 0
        self._where = "begin"

    def feed(self, data: bytes) -> List[List[Any]]:
        """Rows that the bytes complete."""
        self._text += self._utf8.decode(data)
        # A value that was cut is tried again once the text has grown by half, so that one huge row costs no square of its size.
        if len(self._text) < self._wanted:
            return []
        return self._read()

    def finish(self) -> List[List[Any]]:
        """The last rows. Raises ProtocolError when the document is cut off."""
        self._wanted = 0
        rows = self._read()
        if not self.ended:
            raise ProtocolError(
                "The rows ended in the middle of the document.", "Read them again; the connection may have been cut."
            )
        return rows

    def _read(self) -> List[List[Any]]:
        text, at, rows = self._text, 0, []
        while True:
            at = self._skip(text, at)
            if at >= len(text):
                self._wanted = 0
                break
            if self._where == "row":
                if text[at] == "]":
                    self._where, at = "member", at + 1
                    continue
            elif text[at] == "{" and self._where == "begin":
                self._where, at = "member", at + 1
                continue
            elif text[at] == "}" and self._where == "member":
                self.ended = True
                at += 1
                break
            elif self._where == "begin":
                raise ProtocolError("The answer holds no rows.", "Is this the address of a gateway?")
            begin = at
            try:
                value, at = self._decoder.raw_decode(text, at)
                if self._where == "row":
                    rows.append(value)
                    continue
                at = self._member(text, at, value)
            except (json.JSONDecodeError, IndexError):
                at = begin
                self._wanted = (len(text) - at) * 3 // 2
                break
        self._text = text[at:]
        return rows

    def _member(self, text: str, at: int, name: Any) -> int:
        """Reads the value behind a member's name; raises where the text ends before it does."""
        at = self._skip(text, at, ":")
        if name == "rows":
            if text[at] != "[":
                raise ProtocolError("The answer's rows are not a list.")
            self._where = "row"
            return at + 1
        value, at = self._decoder.raw_decode(text, at)
        # A number that is cut looks whole; only what stands behind it tells.
        if text[at] not in ",}" + _SPACE:
            raise ProtocolError(f"Member {name!r} of the answer is not JSON.")
        self.document[name] = value
        return at

    @staticmethod
    def _skip(text: str, at: int, also: str = ",") -> int:
        while at < len(text) and (text[at] in _SPACE or text[at] == also):
            at += 1
        return at
