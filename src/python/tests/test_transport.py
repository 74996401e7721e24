"""What is sent again and what is not, against a gateway of the test's own, for both clients."""
import asyncio
import hashlib
import json
import os
import socket
import tempfile
import threading
import types
import unittest
from pathlib import Path

from orleans_cluster import (
    AsyncCluster,
    Cluster,
    Conflict,
    Invalid,
    ProtocolError,
    RetryPolicy,
    Unavailable,
    Unreachable,
    WaitTimeout,
)

from .fake_gateway import HANG_UP, FakeGateway, problem, status

QUICK = RetryPolicy(attempts=5, first_seconds=0.001, longest_seconds=0.01, total_seconds=5)
COLUMNS = [{"name": "n", "type": "BIGINT"}]


def done(rows):
    return status(result={"rows": rows, "bytes": 1, "columns": COLUMNS, "files": []})


def rows_document(begin, end, total):
    return {"columns": COLUMNS, "rows": [[number] for number in range(begin, end)], "totalRows": total}


def keys(gateway):
    return {headers.get("Idempotency-Key") for method, path, headers, _ in gateway.requests if path.endswith("/submit")}


class Both:
    """Each test runs with the client and with its twin."""

    def run_with(self, gateway, use, **options):
        raise NotImplementedError

    def test_a_busy_server_is_asked_again_after_the_time_it_says(self):
        busy = (429, {"Retry-After": "0"}, problem("queue-full", 429))
        down = (503, {"Retry-After": "0"}, problem("storage-unavailable", 503))
        with FakeGateway(busy, down, (202, {}, status("QUEUED"))) as gateway:
            self.run_with(gateway, lambda c: c.submit({"operation": "sql"}), retry=QUICK)
            self.assertEqual(len(gateway.requests), 3)
            self.assertEqual(len(keys(gateway)), 1)

    def test_a_kept_connection_serves_the_next_request_once(self):
        with FakeGateway((200, {}, done(1)), (200, {}, rows_document(0, 1, 1))) as gateway:
            self.run_rows(gateway, retry=QUICK)
            self.assertEqual(len(gateway.requests), 2)

    def test_a_retry_after_beyond_the_budget_ends_the_call(self):
        with FakeGateway((429, {"Retry-After": "6"}, problem("rate-limited", 429))) as gateway:
            with self.assertRaises(Unavailable) as caught:
                self.run_with(gateway, lambda c: c.status(), retry=QUICK)
            self.assertEqual((caught.exception.code, len(gateway.requests)), ("rate-limited", 1))

    def test_a_submit_whose_answer_was_lost_keeps_its_key(self):
        with FakeGateway(HANG_UP, HANG_UP, (202, {}, status("QUEUED"))) as gateway:
            self.run_with(gateway, lambda c: c.submit({"operation": "sql"}), retry=QUICK)
            self.assertEqual((len(gateway.requests), len(keys(gateway))), (3, 1))
            self.assertNotIn(None, keys(gateway))

    def test_two_submits_have_two_keys_and_a_given_key_is_kept(self):
        with FakeGateway((202, {}, status("QUEUED"))) as gateway:
            for key in (None, None, "mine"):
                self.run_with(gateway, lambda c: c.submit({"operation": "sql"}, key=key), retry=QUICK)
            self.assertEqual(len(keys(gateway)), 3)
            self.assertIn("mine", keys(gateway))

    def test_what_could_happen_twice_is_sent_once(self):
        for first in (HANG_UP, (503, {}, problem("storage-unavailable", 503))):
            with FakeGateway((200, {}, status("FAILED")), first, (202, {}, status("QUEUED"))) as gateway:
                with self.assertRaises((Unreachable, Unavailable)):
                    self.run_job(gateway, lambda job: job.retry(), retry=QUICK)
                self.assertEqual(len(gateway.requests), 2)

    def test_no_more_attempts_than_the_policy_has(self):
        with FakeGateway(HANG_UP) as gateway:
            with self.assertRaises(Unreachable):
                self.run_with(gateway, lambda c: c.submit({"operation": "sql"}), retry=QUICK)
            self.assertEqual(len(gateway.requests), 5)

    def test_a_refusal_is_no_reason_to_ask_again(self):
        for number, kind in ((409, Conflict), (422, Invalid), (400, Invalid)):
            with FakeGateway((number, {}, problem("output-exists", number, hint="Use another folder."))) as gateway:
                with self.assertRaises(kind) as caught:
                    self.run_with(gateway, lambda c: c.submit({"operation": "sql"}), retry=QUICK)
                self.assertEqual((len(gateway.requests), caught.exception.hint), (1, "Use another folder."))

    def test_rows_go_on_where_the_connection_broke(self):
        def part(_method, path, _headers, _body):
            offset = int(path.split("offset=")[1].split("&")[0])
            data = json.dumps(rows_document(offset, 5000, 5000)).encode()
            return 200, ({"X-Cut": str(len(data) // 2)} if offset < 4000 else {}), data

        with FakeGateway((200, {}, done(5000)), part) as gateway:
            read = self.run_rows(gateway, retry=QUICK)
            self.assertEqual(read, list(range(5000)))
            self.assertGreater(len(gateway.requests), 2)

    def test_parts_are_checked_and_those_that_are_there_are_not_fetched_again(self):
        data = [b"first", b"second"]
        parts = [{"index": n, "rows": 1, "bytes": len(d), "sha256": hashlib.sha256(d).hexdigest()} for n, d in enumerate(data)]
        damaged = [b"sec0nd"]

        def answer(_method, path, _headers, _body):
            if path.endswith("/parts"):
                return 200, {}, {"parts": parts}
            number = int(path.rsplit("/", 1)[1])
            return 200, {}, damaged.pop() if number == 1 and damaged else data[number]

        with tempfile.TemporaryDirectory() as folder, FakeGateway((200, {}, done(2)), answer) as gateway:
            paths = self.run_folder(gateway, folder, retry=QUICK)
            self.assertEqual([Path(path).read_bytes() for path in paths], data)
            self.assertEqual(sorted(os.listdir(folder)), ["part-00000.parquet", "part-00001.parquet"])
            Path(paths[0]).write_bytes(b"fir")
            gateway.requests.clear()
            gateway.answers.insert(0, (200, {}, done(2)))
            self.run_folder(gateway, folder, retry=QUICK)
            self.assertEqual(Path(paths[0]).read_bytes(), data[0])
            self.assertEqual([path.rsplit("/", 2)[-1] for _, path, _, _ in gateway.requests if "/parts/" in path], ["0"])

    def test_a_wait_has_an_end(self):
        with FakeGateway((200, {}, status("RUNNING")), (304, {}, b"")) as gateway:
            with self.assertRaises(WaitTimeout) as caught:
                self.run_job(gateway, lambda job: job.wait(timeout=0.0), retry=QUICK)
            self.assertIn("goes on", caught.exception.hint)

    def test_something_else_at_the_address_is_told(self):
        with FakeGateway((200, {}, b"<html>hello</html>")) as gateway:
            with self.assertRaises(ProtocolError):
                self.run_with(gateway, lambda c: c.status(), retry=QUICK)

    def test_nobody_at_the_address_is_told(self):
        with socket.socket() as taken:
            # Bound and deaf: nobody else can get the port while the test runs.
            taken.bind(("127.0.0.1", 0))
            gateway = types.SimpleNamespace(url=f"http://127.0.0.1:{taken.getsockname()[1]}")
            with self.assertRaises(Unreachable) as caught:
                self.run_with(gateway, lambda c: c.status(), retry=QUICK)
        self.assertIn("orleans-cluster up", str(caught.exception))


class SyncTests(Both, unittest.TestCase):
    def run_with(self, gateway, use, **options):
        with_cluster = Cluster(gateway.url, progress=False, **options)
        try:
            return use(with_cluster)
        finally:
            with_cluster.close()

    def run_job(self, gateway, use, **options):
        return self.run_with(gateway, lambda c: use(c.job("01JD7Z4Q8M3K5T6V7W8X9Y0ABC")), **options)

    def run_rows(self, gateway, **options):
        return self.run_job(gateway, lambda job: [row["n"] for row in job.result().rows()], **options)

    def run_folder(self, gateway, folder, **options):
        return self.run_job(gateway, lambda job: job.result().to_parquet_folder(folder), **options)


class AsyncTests(Both, unittest.TestCase):
    def run_with(self, gateway, use, **options):
        async def main():
            async with AsyncCluster(gateway.url, progress=False, **options) as cluster:
                result = await use(cluster)
            self.assertEqual(len(asyncio.all_tasks()), 1)
            return result

        result = asyncio.run(main())
        self.assertEqual(self.threads(), self.before)
        return result

    def setUp(self):
        self.before = self.threads()

    @staticmethod
    def threads():
        """Names of threads, those of the test's own gateway aside, which end when they like."""
        own = ("process_request", "serve_forever")
        return [thread.name for thread in threading.enumerate() if not any(word in thread.name for word in own)]

    def run_job(self, gateway, use, **options):
        async def with_job(cluster):
            return await use(await cluster.job("01JD7Z4Q8M3K5T6V7W8X9Y0ABC"))

        return self.run_with(gateway, with_job, **options)

    def run_rows(self, gateway, **options):
        async def read(job):
            return [row["n"] async for row in (await job.result()).rows()]

        return self.run_job(gateway, read, **options)

    def run_folder(self, gateway, folder, **options):
        async def fetch(job):
            return await (await job.result()).to_parquet_folder(folder)

        return self.run_job(gateway, fetch, **options)
