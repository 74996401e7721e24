"""What the README and the page for newcomers show, as it stands."""
import contextlib
import datetime as dt
import importlib.util
import io
import math
import os
import re
import unittest
from decimal import Decimal
from pathlib import Path

from orleans_cluster import Frame, Table, col, expr

from .cluster import ROOT, URL, ClusterTestCase

HERE = Path(__file__).resolve().parent.parent


def has(package):
    return importlib.util.find_spec(package) is not None


def lines_of(title):
    """Pairs of code from the table under a heading."""
    page = (HERE / "docs/coming-from.md").read_text(encoding="utf-8")
    section = page.split(f"## From {title}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `(.+?)` \| `(.+?)` \|$", section, re.MULTILINE)


def plain(value):
    """A value as both sides have it."""
    if hasattr(value, "item") and callable(value.item) and not isinstance(value, (Table, Frame)):
        value = value.item()
    if value is None or (isinstance(value, float) and math.isnan(value)) or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return float(f"{float(value):.9g}")
    return str(value) if isinstance(value, (dt.date, dt.time)) else value


def rows_of(frame, wanted=None):
    """Rows as a sorted list; of pandas without an index that has no name."""
    if isinstance(frame, Frame):
        frame = frame.compute()
    if isinstance(frame, Table):
        rows = frame.tuples()
    else:
        named = frame.to_frame() if type(frame).__name__ == "Series" else frame
        named = (
            named.reset_index() if named.index.name or type(frame).__name__ == "Series" or named.index.nlevels > 1 else named
        )
        rows = list(named.itertuples(index=False, name=None))
    return sorted([tuple(plain(value) for value in row) for row in rows], key=repr)


@unittest.skipUnless(has("pandas"), "pandas is not installed.")
class DaskTests(ClusterTestCase):
    def test_each_line_of_dask_has_a_line_here_with_the_same_values(self):
        import pandas

        dask = has("dask.dataframe") if has("dask") else False
        if dask:
            import dask.dataframe as dd
        else:
            from .pandas_as_dask import dd
        here = os.getcwd()
        self.addCleanup(os.chdir, here)
        os.chdir(ROOT)
        (ROOT / "out").mkdir(exist_ok=True)
        theirs = {"dd": dd, "df": dd.read_csv("expression/*.csv"), "genes": dd.read_csv("genes.csv")}
        ours = {"c": self.c, "df": self.df, "genes": self.genes, "col": col}
        pairs = lines_of("Dask")
        self.assertGreaterEqual(len(pairs), 20)
        compared = 0
        for left, right in pairs:
            with self.subTest(left):
                mine = eval(right, dict(ours))
                if "to_parquet" in left and not (has("pyarrow") or has("fastparquet")):
                    self.assertEqual(mine.status, "SUCCEEDED")
                    continue
                other = eval(left, dict(theirs))
                other = other.compute() if hasattr(other, "compute") else other
                self.compare(pandas, right, mine, other)
                compared += 1
        self.assertGreaterEqual(compared, 20)

    def compare(self, pandas, line, mine, other):
        if ".describe(" in line:
            row = mine.compute()[0]
            wanted = {
                "count": row["count"],
                "mean": row["mean"],
                "std": row["stddev"],
                "min": float(row["min"]),
                "max": float(row["max"]),
            }
            for name, value in wanted.items():
                self.assertAlmostEqual(float(other[name]), float(value), places=6, msg=name)
        elif ".save(" in line:
            table = self.c.table(line.split('"')[1] + "/*.csv")
            self.assertEqual(rows_of(table), rows_of(self.df))
        elif isinstance(mine, (Frame, Table)) or isinstance(mine, pandas.DataFrame):
            if ".head(5)" in line or "nlargest" in line:
                self.assertEqual(
                    [plain(value) for value in mine.compute()["count"]]
                    if isinstance(mine, Frame)
                    else [plain(v) for v in mine["count"]],
                    [plain(value) for value in other["count"]],
                )
            else:
                self.assertEqual(rows_of(mine), rows_of(other))
        else:
            self.assertEqual(plain(mine), plain(other))


class OtherLinesTests(ClusterTestCase):
    def test_lines_for_people_from_polars_and_spark_run(self):
        names = {"c": self.c, "df": self.df, "genes": self.genes, "col": col, "expr": expr}
        for title in ("Polars", "Spark"):
            pairs = lines_of(title)
            self.assertGreater(len(pairs), 10)
            for _, right in pairs:
                if "to_pandas" in right and not has("pandas"):
                    continue
                with self.subTest(right):
                    made = eval(right, dict(names))
                    if isinstance(made, Frame) and ".melt" not in right:
                        made.head(1)


@unittest.skipUnless(URL, "No cluster: run tests/run.py, which starts one.")
class ReadmeTests(unittest.TestCase):
    def test_snippets_run_as_they_stand(self):
        blocks = re.findall(
            r"^```python( pandas)?\n(.*?)^```", (HERE / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        )
        self.assertGreater(len(blocks), 4)
        before, place = dict(os.environ), os.getcwd()
        self.addCleanup(lambda: (os.environ.clear(), os.environ.update(before), os.chdir(place)))
        os.environ["ORLEANS_CLUSTER_URL"] = URL
        os.chdir(ROOT.parent)
        for needs, block in blocks:
            if needs and not has(needs.strip()):
                continue
            printed = io.StringIO()
            with self.subTest(block), contextlib.redirect_stdout(printed):
                exec(compile(block, "README.md", "exec"), {"__name__": "readme"})
            self.assertTrue(printed.getvalue())
            if "cuont" in block:
                said = re.search(r"print\(error\.code, error\.place\)  # (.+)", block).group(1)
                self.assertEqual(printed.getvalue().strip(), said)


if __name__ == "__main__":
    unittest.main()
