"""The package as files: what is generated is current, types hold, the wheel has what it needs."""
import importlib.util
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent


class SourceFileTests(unittest.TestCase):
    def run_here(self, *command):
        run = subprocess.run([sys.executable, *command], cwd=HERE, capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        return run.stdout

    def test_generated_files_are_current(self):
        self.run_here("tools/generate.py", "--check")

    def test_an_operation_that_the_product_gets_becomes_a_method(self):
        spec = importlib.util.spec_from_file_location("generate", HERE / "tools/generate.py")
        generate = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(generate)
        contracts = """
            public enum OperationKind
            {
                /// <summary>Sums by window. See <see cref="RollingSumParameters"/>.</summary>
                RollingSum = 90,
            }

            /// <summary>Parameters of <c>rolling-sum</c>. Needs an order.</summary>
            public sealed record RollingSumParameters
            {
                /// <summary>Rows of a window.</summary>
                public required long WindowRows { get; init; }

                /// <summary>Columns; all when empty.</summary>
                public IReadOnlyList<string> Columns { get; init; } = [];
            }
            """
        found = generate.operations({"x.cs": contracts}, ["rolling-sum"])
        module = {"__name__": "made"}
        exec(generate.methods(found).replace("from ._reference import described", "described = lambda name: lambda method: method"), module)

        class Made(module["Operations"]):
            def _operated(self, operation, parameters):
                return operation, parameters

        self.assertEqual(Made().rolling_sum(window_rows=3, newer=1), ("rolling-sum", {"windowRows": 3, "newer": 1}))
        text = generate.notes({"paths": {}}, found)
        self.assertIn("Sums by window. Needs an order.\\n\\n``window_rows``: Rows of a window.", text)

    @unittest.skipUnless(importlib.util.find_spec("mypy"), "mypy is not installed.")
    def test_types_hold(self):
        with tempfile.TemporaryDirectory() as cache:
            self.assertIn("Success", self.run_here("-m", "mypy", "--cache-dir", cache))

    @unittest.skipUnless(
        importlib.util.find_spec("pip") and importlib.util.find_spec("setuptools") and importlib.util.find_spec("wheel"),
        "pip, setuptools or wheel is not installed.",
    )
    def test_the_wheel_is_whole_and_needs_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "source"
            subprocess.run(["cp", "-r", str(HERE), str(copy)], check=True)
            self.run_here("-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder, str(copy))
            with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
                names = wheel.namelist()
                metadata = wheel.read(next(name for name in names if name.endswith("METADATA"))).decode()
        for name in ("py.typed", "_sync/_cluster.py", "_async/_cluster.py"):
            self.assertIn(f"orleans_cluster/{name}", names)
        self.assertNotIn(
            "\nRequires-Dist: p",
            metadata.replace("; extra", "")
            .replace("Requires-Dist: pandas", "")
            .replace("Requires-Dist: pyarrow", "")
            .replace("Requires-Dist: polars", ""),
        )

    def test_no_module_needs_a_package(self):
        listed = self.run_here(
            "-S",
            "-c",
            "import sys, orleans_cluster; "
            "print([n for n in ('pandas','pyarrow','polars','IPython','numpy') if n in sys.modules])",
        )
        self.assertEqual(listed.strip(), "[]")


if __name__ == "__main__":
    unittest.main()
