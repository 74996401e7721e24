"""HTTP over the standard library, with connections that are kept. No thread is started."""
from __future__ import annotations

import http.client
import socket
import threading
from typing import Dict, Iterator, List, Mapping, Optional, Type
from types import TracebackType

from ._address import Address, Lost, NotSent

_BROKEN = (http.client.HTTPException, OSError, EOFError)


class Response:
    """An answer whose body has not been read yet. Read it whole, or close it: the connection serves others only then."""

    def __init__(
        self, answer: http.client.HTTPResponse, connection: http.client.HTTPConnection, owner: "Connections"
    ) -> None:
        self.status = answer.status
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in answer.getheaders()}
        self._answer = answer
        self._connection: Optional[http.client.HTTPConnection] = connection
        self._owner = owner

    def read(self) -> bytes:
        return b"".join(self.chunks())

    def chunks(self, size: int = 1 << 18) -> Iterator[bytes]:
        try:
            while True:
                data = self._answer.read1(size)
                if not data:
                    break
                yield data
            # read1 takes an early end of the connection for the end of the body; what is still owed tells.
            if self._answer.length:
                raise http.client.IncompleteRead(b"", self._answer.length)
        except _BROKEN as broken:
            self.close()
            raise Lost(f"The connection was lost in the middle of an answer: {broken!r}") from broken
        self._release()

    def close(self) -> None:
        """Gives the rest of the body up."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _release(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            # read1 leaves an answer open that it has read whole, and its connection takes no other answer until then.
            self._answer.close()
            self._owner.take_back(connection, self._answer)

    def __enter__(self) -> "Response":
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], value: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()


class Connections:
    """Connections to one gateway. Several threads may send at once."""

    KEPT = 8

    def __init__(self, address: Address, timeout: float, ca_file: Optional[str]) -> None:
        self.address = address
        self._timeout = timeout
        self._tls = address.tls(ca_file)
        self._idle: List[http.client.HTTPConnection] = []
        self._lock = threading.Lock()

    def send(
        self, method: str, path: str, headers: Dict[str, str], body: Optional[bytes], timeout: Optional[float], fresh: bool
    ) -> Response:
        """Sends one request once. fresh: never over a kept connection, which the server may have closed a moment ago.

        Raises NotSent where the server has not seen it, Lost where that is not known.
        """
        connection = self._take(fresh)
        limit = timeout or self._timeout
        reused = connection is not None
        if connection is None:
            connection = self._open(limit)
        try:
            connection.sock.settimeout(limit)
            connection.request(method, self.address.prefix + path, body, headers)
            return Response(connection.getresponse(), connection, self)
        except _BROKEN as broken:
            connection.close()
            if reused and method == "GET":
                return self.send(method, path, headers, body, timeout, fresh=True)
            raise Lost(f"The connection to {self.address.url} was lost: {broken!r}") from broken
        except BaseException:
            connection.close()
            raise

    def take_back(self, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse) -> None:
        with self._lock:
            if not answer.will_close and connection.sock is not None and len(self._idle) < self.KEPT:
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def __del__(self) -> None:
        self.close()

    def _take(self, fresh: bool) -> Optional[http.client.HTTPConnection]:
        with self._lock:
            return None if fresh or not self._idle else self._idle.pop()

    def _open(self, timeout: float) -> http.client.HTTPConnection:
        where = self.address
        connection = (
            http.client.HTTPSConnection(where.host, where.port, timeout=timeout, context=self._tls)
            if self._tls
            else http.client.HTTPConnection(where.host, where.port, timeout=timeout)
        )
        try:
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as broken:
            connection.close()
            raise NotSent(f"No connection to {where.url}: {broken}") from broken
        return connection
