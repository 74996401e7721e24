"""A gateway that answers what a test wants, and remembers what it was asked."""
from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HANG_UP = object()
"""An answer that is none: the connection closes after the request was read."""


class FakeGateway:
    """``answers`` is a list of functions from (method, path, headers, body) to an answer, the last of which stays."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _handle(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                fake.requests.append((self.command, self.path, dict(self.headers), body))
                answer = fake.answers.pop(0) if len(fake.answers) > 1 else fake.answers[0]
                answer = answer(*fake.requests[-1]) if callable(answer) else answer
                if answer is HANG_UP:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                status, headers, data = answer
                cut = headers.pop("X-Cut", None)
                data = data if isinstance(data, bytes) else json.dumps(data).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data[: int(cut)] if cut else data)
                if cut:
                    self.wfile.flush()
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)

            do_GET = do_POST = do_DELETE = _handle

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None  # A client that gives an answer up is what some tests are about.
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def status(state="SUCCEEDED", **more):
    """A status document."""
    return {
        "id": "01JD7Z4Q8M3K5T6V7W8X9Y0ABC",
        "name": None,
        "operation": "sql",
        "priority": "NORMAL",
        "status": state,
        "revision": 3,
        "createdAt": "2026-01-31T12:00:00Z",
        "startedAt": None,
        "finishedAt": None,
        "progress": {
            "fraction": 1.0 if state == "SUCCEEDED" else 0.4,
            "bytesDone": 1,
            "bytesTotal": 2,
            "rowsDone": 3,
            "partitions": {"total": 10, "completed": 4, "running": 2, "waiting": 4, "retried": 1},
            "stages": [
                {"index": 0, "name": "scan", "total": 8, "completed": 4},
                {"index": 1, "name": "merge", "total": 2, "completed": 0},
            ],
        },
        "eta": None,
        "reason": None if state == "SUCCEEDED" else {"code": "RUNNING", "detail": "2 of 4 slots busy"},
        "result": None,
        "error": None,
        **more,
    }


def problem(code, number, **more):
    return {
        "type": "about:blank",
        "title": "t",
        "status": number,
        "detail": "d",
        "code": code,
        "retryable": False,
        "hint": None,
        **more,
    }
