"""Runs the tests of the Python client against a cluster of its own: once without any package, then with those that are installed.

    python3 src/python/tests/run.py [NAME ...]      tests by name, such as tests.test_values; all when absent

Build the command line first; ORLEANS_CLUSTER_CLI names its program elsewhere. The last line counts:
"12 passed, 0 failed, 0 skipped".
"""
from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAM = HERE.parent.parent.parent / "src/Orleans.Cluster.Cli/bin/Debug/net10.0/Orleans.Cluster.Cli"
START_SECONDS = 600
"""A busy machine starts a cluster slowly; `up` gives up by itself when nothing goes on."""
WITH_PACKAGES = ["tests.test_frames", "tests.test_pages.DaskTests", "tests.test_pages.ReadmeTests", "tests.test_source_files"]
"""What the second run repeats: the rest does not look at packages."""


class Counting(unittest.TextTestResult):
    def startTestRun(self):
        self.passed = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1


def main() -> int:
    if os.environ.get("ORLEANS_CLUSTER_TEST_COUNTS"):
        return run_tests(sys.argv[1:], Path(os.environ["ORLEANS_CLUSTER_TEST_COUNTS"]))
    folder = Path(tempfile.mkdtemp(prefix="orleans-cluster-python-"))
    total = {"passed": 0, "failed": 0, "skipped": 0}
    try:
        data = folder / "data"
        shutil.copytree(HERE / "data", data)
        cluster, url = start(folder, data)
        try:
            names = sys.argv[1:] or sorted(f"tests.{path.stem}" for path in HERE.glob("test_*.py"))
            print(f"-- without packages, {sys.executable}", flush=True)
            add(total, run_once(["-S"], names, url, data, folder))
            if importlib.util.find_spec("pandas"):
                print("-- with pandas", flush=True)
                add(total, run_once([], sys.argv[1:] or WITH_PACKAGES, url, data, folder))
            else:
                print("pandas is not installed for this Python: the tests with it did not run.")
                total["failed" if os.environ.get("CI") else "skipped"] += 1
        finally:
            cluster.send_signal(signal.SIGTERM)
            try:
                cluster.wait(60)
            except subprocess.TimeoutExpired:
                cluster.kill()
                cluster.wait()
        if total["failed"]:
            print((folder / "cluster.log").read_text(errors="replace")[-4000:])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    return 1 if total["failed"] or not total["passed"] else 0


def start(folder: Path, data: Path) -> "tuple[subprocess.Popen[bytes], str]":
    """An embedded cluster of two workers on a free port, ready."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    program = os.environ.get("ORLEANS_CLUSTER_CLI") or str(PROGRAM)
    with (folder / "cluster.log").open("wb") as log:
        cluster = subprocess.Popen(
            [
                program,
                "up",
                "--workers",
                "2",
                "--url",
                url,
                "--state",
                str(folder / "state"),
                "--data",
                str(data),
                "--",
                "--Cluster:DashboardPort=0",
            ],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while cluster.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url + "/api/processing/health/ready", timeout=5) as answer:
                if answer.status == 200:
                    return cluster, url
        except OSError:
            time.sleep(0.2)
    cluster.kill()
    sys.exit(
        f"The cluster was not ready after {START_SECONDS} s.\n{(folder / 'cluster.log').read_text(errors='replace')}\n"
        "0 passed, 1 failed, 0 skipped"
    )


def run_once(options: "list[str]", names: "list[str]", url: str, data: Path, folder: Path) -> "dict[str, int]":
    """One run of the tests in a process of its own, on a copy of the data that no run before has changed."""
    counts = folder / "counts.json"
    counts.unlink(missing_ok=True)
    for each in ("out", "saved"):
        shutil.rmtree(data / each, ignore_errors=True)
    environment = {
        **os.environ,
        "ORLEANS_CLUSTER_TEST_URL": url,
        "ORLEANS_CLUSTER_TEST_ROOT": str(data),
        "ORLEANS_CLUSTER_TEST_COUNTS": str(counts),
        "PYTHONPATH": str(HERE.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    code = subprocess.run(
        [sys.executable, *options, str(HERE / "run.py"), *names], env=environment, cwd=HERE.parent
    ).returncode
    if not counts.exists():
        return {"passed": 0, "failed": 1, "skipped": 0}
    found = json.loads(counts.read_text())
    return {**found, "failed": found["failed"] or int(code != 0)}


def run_tests(names: "list[str]", counts: Path) -> int:
    result = unittest.TextTestRunner(resultclass=Counting, verbosity=1).run(
        unittest.defaultTestLoader.loadTestsFromNames(names)
    )
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    counts.write_text(json.dumps({"passed": result.passed, "failed": failed, "skipped": len(result.skipped)}))
    return 1 if failed else 0


def add(total: "dict[str, int]", found: "dict[str, int]") -> None:
    for name in total:
        total[name] += found[name]


if __name__ == "__main__":
    sys.exit(main())
