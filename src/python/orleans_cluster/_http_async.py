"""HTTP/1.1 over asyncio's streams, with connections that are kept. No thread is started."""
from __future__ import annotations

import asyncio
from typing import AsyncIterator, Dict, List, Mapping, Optional, Tuple, Type
from types import TracebackType

from ._address import Address, Lost, NotSent

_BROKEN = (OSError, EOFError, ValueError, asyncio.TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
_LINE_BYTES = 1 << 16
_MOST_HEADERS = 200

Streams = Tuple[asyncio.StreamReader, asyncio.StreamWriter]


class AsyncResponse:
    """An answer whose body has not been read yet. Read it whole, or close it: the connection serves others only then."""

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        streams: Streams,
        owner: "AsyncConnections",
        limit: float,
        bodiless: bool,
    ) -> None:
        self.status = status
        self.headers = headers
        self._streams: Optional[Streams] = streams
        self._owner = owner
        self._limit = limit
        self._bodiless = bodiless

    async def read(self) -> bytes:
        return b"".join([data async for data in self.chunks()])

    async def chunks(self, size: int = 1 << 18) -> AsyncIterator[bytes]:
        if self._streams is None:
            raise Lost("The answer was closed.")
        reader = self._streams[0]
        try:
            if self._bodiless:
                pass
            elif "chunked" in self.headers.get("transfer-encoding", "").lower():
                async for data in self._pieces(reader, size):
                    yield data
            elif "content-length" in self.headers:
                async for data in self._exactly(reader, int(self.headers["content-length"]), size):
                    yield data
            else:
                while True:
                    data = await asyncio.wait_for(reader.read(size), self._limit)
                    if not data:
                        break
                    yield data
                self.close()
        except _BROKEN as broken:
            self.close()
            raise Lost(f"The connection was lost in the middle of an answer: {broken!r}") from broken
        self._release()

    def close(self) -> None:
        """Gives the rest of the body up."""
        streams, self._streams = self._streams, None
        if streams is not None:
            streams[1].close()

    async def _exactly(self, reader: asyncio.StreamReader, left: int, size: int) -> AsyncIterator[bytes]:
        while left:
            data = await asyncio.wait_for(reader.read(min(size, left)), self._limit)
            if not data:
                raise EOFError(f"{left} bytes are missing.")
            left -= len(data)
            yield data

    async def _pieces(self, reader: asyncio.StreamReader, size: int) -> AsyncIterator[bytes]:
        while True:
            length = int((await asyncio.wait_for(reader.readuntil(b"\n"), self._limit)).split(b";")[0], 16)
            async for data in self._exactly(reader, length, size):
                yield data
            if length:
                await asyncio.wait_for(reader.readuntil(b"\n"), self._limit)
                continue
            while (await asyncio.wait_for(reader.readuntil(b"\n"), self._limit)).strip():
                pass
            return

    def _release(self) -> None:
        streams, self._streams = self._streams, None
        if streams is not None:
            self._owner.take_back(streams, self.headers)

    async def __aenter__(self) -> "AsyncResponse":
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], value: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()


class AsyncConnections:
    """Connections to one gateway, of one event loop. Several tasks may send at once."""

    KEPT = 8

    def __init__(self, address: Address, timeout: float, ca_file: Optional[str]) -> None:
        self.address = address
        self._timeout = timeout
        self._tls = address.tls(ca_file)
        self._idle: List[Streams] = []

    async def send(
        self, method: str, path: str, headers: Dict[str, str], body: Optional[bytes], timeout: Optional[float], fresh: bool
    ) -> AsyncResponse:
        """Sends one request once. fresh: never over a kept connection, which the server may have closed a moment ago.

        Raises NotSent where the server has not seen it, Lost where that is not known.
        """
        limit = timeout or self._timeout
        reused = bool(self._idle) and not fresh
        streams = self._idle.pop() if reused else await self._open(limit)
        try:
            return await self._exchange(streams, method, path, headers, body, limit)
        except _BROKEN as broken:
            streams[1].close()
            if reused and method == "GET":
                return await self.send(method, path, headers, body, timeout, fresh=True)
            raise Lost(f"The connection to {self.address.url} was lost: {broken!r}") from broken
        except BaseException:
            streams[1].close()
            raise

    def take_back(self, streams: Streams, headers: Mapping[str, str]) -> None:
        if headers.get("connection", "").lower() != "close" and not streams[1].is_closing() and len(self._idle) < self.KEPT:
            self._idle.append(streams)
        else:
            streams[1].close()

    async def close(self) -> None:
        idle, self._idle = self._idle, []
        for _, writer in idle:
            writer.close()
        for _, writer in idle:
            try:
                await writer.wait_closed()
            except OSError:
                pass  # It was closed from the other side first.

    async def _open(self, limit: float) -> Streams:
        where = self.address
        try:
            return await asyncio.wait_for(
                asyncio.open_connection(where.host, where.port, ssl=self._tls, limit=_LINE_BYTES), limit
            )
        except (OSError, asyncio.TimeoutError) as broken:
            raise NotSent(f"No connection to {where.url}: {broken}") from broken

    async def _exchange(
        self, streams: Streams, method: str, path: str, headers: Dict[str, str], body: Optional[bytes], limit: float
    ) -> AsyncResponse:
        reader, writer = streams
        lines = [f"{method} {self.address.prefix}{path} HTTP/1.1", f"Host: {self.address.host_header}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body is not None or method == "POST":
            lines.append(f"Content-Length: {len(body or b'')}")
        if any("\r" in line or "\n" in line for line in lines):
            raise TypeError("A header or address holds a line break.")
        writer.write("\r\n".join(lines + ["", ""]).encode("latin-1") + (body or b""))
        await asyncio.wait_for(writer.drain(), limit)
        status = 100
        answered: Dict[str, str] = {}
        while status < 200:
            first = (await asyncio.wait_for(reader.readuntil(b"\n"), limit)).split(None, 2)
            if len(first) < 2 or not first[0].startswith(b"HTTP/1."):
                raise ValueError("That was not HTTP.")
            status = int(first[1])
            answered = await self._headers(reader, limit)
        bodiless = method == "HEAD" or status in (204, 304)
        return AsyncResponse(status, answered, streams, self, limit, bodiless)

    @staticmethod
    async def _headers(reader: asyncio.StreamReader, limit: float) -> Dict[str, str]:
        headers: Dict[str, str] = {}
        for _ in range(_MOST_HEADERS):
            line = (await asyncio.wait_for(reader.readuntil(b"\n"), limit)).decode("latin-1").strip()
            if not line:
                return headers
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        raise ValueError(f"An answer with more than {_MOST_HEADERS} headers.")
