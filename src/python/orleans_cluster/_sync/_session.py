"""One gateway: sends requests, sends them again where that is right, and turns refusals into exceptions."""

# Made from _async by tools/generate.py; change it there.
from __future__ import annotations

import json
import random
import time
import uuid
from typing import Any, Dict, Mapping, Optional
from urllib.parse import urlencode

from .._address import Address, Lost, NotSent, default_key, default_url
from .._errors import ProtocolError, Unreachable, refusal
from .._http import Connections, Response
from .._retry import RetryPolicy, retry_after_seconds

API = "/api/processing"


class Session:
    """Calls of one gateway. Repeats what may be repeated, as the retry policy says."""

    def __init__(
        self, url: Optional[str], api_key: Optional[str], timeout: float, retry: RetryPolicy, ca_file: Optional[str]
    ) -> None:
        self.address = Address.parse(url or default_url())
        self.timeout = timeout
        self._key = api_key or default_key()
        self._retry = retry
        self._connections = Connections(self.address, timeout, ca_file)

    def close(self) -> None:
        self._connections.close()

    def document(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        headers: Optional[Mapping[str, str]] = None,
        parameters: Optional[Mapping[str, Any]] = None,
        again: Optional[bool] = None,
        timeout: Optional[float] = None,
        query: Optional[str] = None,
    ) -> Any:
        """The answer's JSON; None where it has no body.

        ``again``: whether it may be sent twice; a GET may. ``query``: the SQL for errors.
        """
        response = self.send(
            method,
            path,
            body=body,
            headers=headers,
            parameters=parameters,
            again=again,
            timeout=timeout,
            query=query,
            whole=True,
        )
        return self.parse(response.body, path) if response.body else None

    def parse(self, data: bytes, path: str) -> Any:
        try:
            return json.loads(data)
        except ValueError as broken:
            raise ProtocolError(
                f"{self.address.url}{path} did not answer with JSON.", "Is this the address of an Orleans.Cluster gateway?"
            ) from broken

    def send(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        headers: Optional[Mapping[str, str]] = None,
        parameters: Optional[Mapping[str, Any]] = None,
        again: Optional[bool] = None,
        timeout: Optional[float] = None,
        query: Optional[str] = None,
        whole: bool = False,
        accept: str = "application/json",
    ) -> "Answer":
        """A good answer; with ``whole`` its body has been read."""
        target = path if path.startswith("/api/") else API + path
        if parameters:
            listed = {name: value for name, value in parameters.items() if value is not None}
            target += "?" + urlencode(listed, doseq=True) if listed else ""
        sent: Dict[str, str] = {"Accept": accept, "User-Agent": "orleans-cluster-python/0.1.0", **(headers or {})}
        if self._key:
            sent["Authorization"] = f"Bearer {self._key}"
        data = None
        if body is not None:
            data = json.dumps(body, allow_nan=False).encode()
            sent["Content-Type"] = "application/json"
        elif method == "POST":
            data, sent["Content-Type"] = b"", "application/json"
        repeatable = method == "GET" if again is None else again
        attempt, spent = 0, 0.0
        while True:
            attempt += 1
            asked: Optional[float] = None
            try:
                response = self._connections.send(method, target, sent, data, timeout, fresh=not repeatable)
                answer = Answer(response)
                if response.status < 300 or response.status == 304:
                    if whole:
                        answer.body = response.read()
                    return answer
                problem = self._problem(response.status, response.read(), target)
                asked = retry_after_seconds(response.headers.get("retry-after"), time.time())
                error: Exception = refusal(problem, query)
                # 429 says that nothing was done. Of a 503, and of a lost connection, that is not known.
                may_repeat = response.status == 429 or (
                    repeatable and (response.status == 503 or problem.get("code") == "idempotency-in-flight")
                )
            except NotSent as refused:
                error, may_repeat = self._unreachable(refused), True
            except Lost as lost:
                error, may_repeat = self._unreachable(lost), repeatable
            pause = self._retry.pause(attempt, asked, spent, random.random()) if may_repeat else None
            if pause is None:
                raise error
            spent += pause
            time.sleep(pause)

    def submit(self, spec: Mapping[str, Any], key: Optional[str], query: Optional[str]) -> Any:
        """Submits a job, once, however often it has to be sent: every submit has an idempotency key."""
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        return self.document("POST", "/jobs/submit", body=spec, headers=headers, again=True, query=query)

    def _problem(self, status: int, data: bytes, path: str) -> Mapping[str, Any]:
        try:
            document = json.loads(data)
        except ValueError:
            document = None
        if isinstance(document, dict) and "code" in document:
            return {"status": status, **document}
        text = data[:200].decode("utf-8", "replace").strip()
        return {
            "status": status,
            "code": "http-error",
            "detail": f"{self.address.url}{path} answered {status}. {text}".strip(),
        }

    def _unreachable(self, broken: ConnectionError) -> Unreachable:
        return Unreachable(
            str(broken), "Start a cluster with `orleans-cluster up`, or name its gateway with ORLEANS_CLUSTER_URL."
        )


class Answer:
    """A good answer. ``body`` is set where it was read whole."""

    def __init__(self, response: Response) -> None:
        self.response = response
        self.body = b""

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self.response.headers
