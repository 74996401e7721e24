"""The rows of a job: as Python values, as data frames, as files."""
from __future__ import annotations

import asyncio
import json
import os
import random
from typing import TYPE_CHECKING, Any, AsyncIterator, Dict, List, Optional, Tuple

from .._address import Lost
from .._errors import ProtocolError, Refused, Unreachable
from .._frames import arrow_of_parquet, arrow_of_stream, has, need, pandas_frame, polars_of_parquet, polars_of_stream
from .._json_rows import RowReader
from .._parts import Part, sha256_of
from .._table import Table
from .._types import Column, converter

if TYPE_CHECKING:
    from ._job import AsyncJob

ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"
CSV = "text/csv"
_ALL_ROWS = 2**62


class AsyncResult:
    """Rows of a job that has succeeded. Reading never runs anything again."""

    def __init__(self, job: "AsyncJob", schema: Tuple[Column, ...], total_rows: int, path: str = "result") -> None:
        self.job = job
        self.schema = schema
        self.total_rows = total_rows
        self._path = f"/jobs/{job.id}/{path}"

    @property
    def columns(self) -> List[str]:
        return [column.name for column in self.schema]

    async def tuples(self, limit: Optional[int] = None, offset: int = 0) -> AsyncIterator[Tuple[Any, ...]]:
        """Each row as a tuple, in the job's order.

        Memory holds a few rows at a time; a lost connection is taken up where it broke.
        """
        wanted = _ALL_ROWS if limit is None else limit
        done, failures = 0, 0
        while done < wanted:
            before = done
            try:
                async for row in self._stream(wanted - done, offset + done):
                    done += 1
                    yield row
                return
            except Lost as lost:
                failures = 1 if done > before else failures + 1
                pause = self.job._session._retry.pause(failures, None, 0.0, random.random())
                if pause is None:
                    raise Unreachable(str(lost)) from lost
                await asyncio.sleep(pause)

    async def rows(self, limit: Optional[int] = None, offset: int = 0) -> AsyncIterator[Dict[str, Any]]:
        """Each row as a dict, in the job's order, in bounded memory."""
        names = self.columns
        async for row in self.tuples(limit, offset):
            yield dict(zip(names, row))

    iter_rows = rows

    async def head(self, n: int = 5) -> Table:
        """The first rows."""
        return Table(self.schema, [row async for row in self.tuples(n)], self.total_rows)

    async def table(self) -> Table:
        """All rows, in memory."""
        return Table(self.schema, [row async for row in self.tuples()], self.total_rows)

    async def to_dicts(self) -> List[Dict[str, Any]]:
        return [row async for row in self.rows()]

    async def item(self) -> Any:
        """The one value of a result of one row and one column."""
        return (await self.head(2)).item()

    async def to_pandas(self) -> Any:
        """A pandas DataFrame: through Arrow where pyarrow is installed, else from the rows."""
        need("pandas", "to_pandas")
        if has("pyarrow"):
            return (await self.to_arrow()).to_pandas()
        return pandas_frame(self.schema, [row async for row in self.tuples()])

    async def to_arrow(self) -> Any:
        """A pyarrow Table."""
        need("pyarrow", "to_arrow")
        stream = await self._arrow_bytes()
        return arrow_of_stream(stream) if stream is not None else arrow_of_parquet(await self._bytes(PARQUET))

    async def to_polars(self) -> Any:
        """A polars DataFrame."""
        need("polars", "to_polars")
        stream = await self._arrow_bytes()
        return polars_of_stream(stream) if stream is not None else polars_of_parquet(await self._bytes(PARQUET))

    async def to_csv(self, path: "str | os.PathLike[str]") -> None:
        """Writes the rows to a CSV file on this machine, with a header line."""
        await self.download(path, CSV)

    async def to_parquet(self, path: "str | os.PathLike[str]") -> None:
        """Writes the rows to a Parquet file on this machine. ``Frame.save`` writes on the cluster's."""
        await self.download(path, PARQUET)

    async def to_arrow_file(self, path: "str | os.PathLike[str]") -> None:
        """Writes the rows to a file on this machine as an Arrow IPC stream."""
        await self.download(path, ARROW)

    async def download(self, path: "str | os.PathLike[str]", form: str = PARQUET) -> None:
        """Writes the rows in a form (a media type) to a file on this machine, which appears once it is complete."""
        await self._download(self._path, os.fspath(path), form)

    async def parts(self) -> List[Part]:
        """The files that the result consists of: in order, their rows are the result's."""
        answer = await self.job._session.send("GET", f"{self._path}/parts", whole=True)
        return [
            Part(int(part["index"]), int(part["rows"]), int(part["bytes"]), str(part["sha256"]))
            for part in json.loads(answer.body)["parts"]
        ]

    async def part_to_parquet(self, part: Part, path: "str | os.PathLike[str]") -> None:
        """Writes the rows of one part to a Parquet file on this machine; parts may be fetched side by side."""
        await self._download(f"{self._path}/parts/{part.index}", os.fspath(path), PARQUET, part)

    async def to_parquet_folder(self, folder: "str | os.PathLike[str]") -> List[str]:
        """Writes each part to a Parquet file of its own, ``part-00000.parquet`` and so on; returns their paths.

        Called again after it was interrupted, it leaves parts alone that are there whole, by their SHA-256.
        """
        os.makedirs(folder, exist_ok=True)
        paths = []
        for part in await self.parts():
            path = os.path.join(os.fspath(folder), f"part-{part.index:05}.parquet")
            if not (os.path.exists(path) and sha256_of(path) == part.sha256):
                await self.part_to_parquet(part, path)
            paths.append(path)
        return paths

    async def _download(self, source: str, target: str, form: str, part: Optional[Part] = None) -> None:
        partial = f"{target}.{os.getpid()}.part"
        try:
            attempt = 0
            while True:
                attempt += 1
                try:
                    with open(partial, "wb") as file:
                        async for data in self._chunks(source, form):
                            file.write(data)
                    # A part that the server had to convert has other bytes than the stored file.
                    if part and os.path.getsize(partial) == part.bytes and sha256_of(partial) != part.sha256:
                        raise Lost(f"Part {part.index} of the result of job {self.job.id} arrived with other bytes than it has.")
                    break
                except Lost as lost:
                    pause = self.job._session._retry.pause(attempt, None, 0.0, random.random())
                    if pause is None:
                        raise Unreachable(str(lost)) from lost
                    await asyncio.sleep(pause)
            os.replace(partial, target)
        finally:
            if os.path.exists(partial):
                os.remove(partial)

    async def _stream(self, limit: int, offset: int) -> AsyncIterator[Tuple[Any, ...]]:
        parameters = {"limit": limit, "offset": offset}
        answer = await self.job._session.send("GET", self._path, parameters=parameters)
        reader = RowReader()
        converters = [converter(column.type) for column in self.schema]
        async with answer.response as response:
            async for data in response.chunks():
                for row in reader.feed(data):
                    yield self._converted(converters, row)
            for row in reader.finish():
                yield self._converted(converters, row)

    @staticmethod
    def _converted(converters: List[Any], row: List[Any]) -> Tuple[Any, ...]:
        if len(row) != len(converters):
            raise ProtocolError(f"A row has {len(row)} values for {len(converters)} columns.")
        return tuple([convert(value) for convert, value in zip(converters, row)])

    async def _chunks(self, path: str, form: str) -> AsyncIterator[bytes]:
        answer = await self.job._session.send("GET", path, accept=form)
        async with answer.response as response:
            async for data in response.chunks():
                yield data

    async def _bytes(self, form: str) -> bytes:
        answer = await self.job._session.send("GET", self._path, accept=form, whole=True)
        return answer.body

    async def _arrow_bytes(self) -> Optional[bytes]:
        """The IPC stream; None from a server that has no Arrow form."""
        try:
            return await self._bytes(ARROW)
        except Refused as refused:
            if refused.status == 406:
                return None
            raise

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of job {self.job.id}: {self.total_rows:,} rows, {len(self.schema)} columns>"
