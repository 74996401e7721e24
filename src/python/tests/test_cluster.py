"""Against the product itself."""
import asyncio
import csv
import datetime as dt
import subprocess
import sys
import tempfile
import unittest
import uuid
from collections import Counter
from decimal import Decimal
from pathlib import Path

from orleans_cluster import Conflict, Invalid, JobCancelled, JobFailed, NotFound, Refused, col
from orleans_cluster._parts import sha256_of

from .cluster import ROOT, ClusterTestCase

HERE = Path(__file__).resolve().parent.parent

EVERY_TYPE = {
    "a": ("1::HUGEINT", 1),
    "b": ("9007199254740993::BIGINT", 9007199254740993),
    "c": ("1.50::DECIMAL(5,2)", Decimal("1.50")),
    "d": ("DATE '2020-01-02'", dt.date(2020, 1, 2)),
    "e": ("TIME '01:02:03.5'", dt.time(1, 2, 3, 500000)),
    "f": ("TIMESTAMP '2020-01-02 03:04:05.123456'", dt.datetime(2020, 1, 2, 3, 4, 5, 123456)),
    "g": ("TIMESTAMPTZ '2020-01-02 03:04:05+02'", dt.datetime(2020, 1, 2, 1, 4, 5, tzinfo=dt.timezone.utc)),
    "i": ("CAST('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11' AS UUID)", uuid.UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")),
    "j": ("'ab\\x00'::BLOB", b"ab\0"),
    "l": ("[1, NULL]", [1, None]),
    "m": ("{'a': 1, 'b c': 2.5}", {"a": 1, "b c": Decimal("2.5")}),
    "n": ("MAP{1: 'k'}", {1: "k"}),
    "o": ("'-inf'::DOUBLE", float("-inf")),
    "p": ("TRUE", True),
    "q": ("NULL::VARCHAR", None),
    "r": ("'ünïcödé ''quoted'''", "ünïcödé 'quoted'"),
    "s": ("sum(count)", None),
}


class FrameTests(ClusterTestCase):
    def test_a_frame_runs_once_and_its_rows_are_the_files(self):
        by_gene = self.c.sql("SELECT gene, sum(count) AS n FROM t GROUP BY ALL", t="expression/*.csv")
        wanted = Counter()
        for row in self.rows():
            wanted[row["gene"]] += int(row["count"])

        self.assertEqual({row["gene"]: row["n"] for row in by_gene.rows()}, dict(wanted))
        job = by_gene.job().id
        by_gene.to_csv(ROOT / "n.csv")
        with (ROOT / "n.csv").open() as file:
            self.assertEqual({row["gene"]: int(row["n"]) for row in csv.DictReader(file)}, dict(wanted))
        self.assertEqual(by_gene.job().id, job)
        top = by_gene.filter("n > 100").order_by("-n").limit(3).to_dicts()
        self.assertEqual([row["n"] for row in top], sorted(wanted.values(), reverse=True)[:3])
        self.assertEqual([column.name for column in by_gene.schema], ["gene", "n"])
        self.assertTrue(by_gene.explain()["stages"])

    def test_every_type_is_what_python_has_for_it(self):
        items = ", ".join(f"{sql} AS {name}" for name, (sql, _) in EVERY_TYPE.items())
        row = self.c.sql(f"SELECT {items} FROM t", t="expression/*.csv").compute()[0]
        self.assertIsInstance(row.pop("s"), int)
        for name, (sql, value) in EVERY_TYPE.items():
            if name != "s":
                with self.subTest(sql):
                    self.assertEqual(row[name], value)
                    self.assertIs(type(row[name]), type(value))

    def test_frames_feed_frames(self):
        big = self.df.filter(self.df["count"] > 500)
        joined = big.join(self.genes, on="gene").group_by("chromosome").agg(n="count(*)").order_by("chromosome")
        places = {
            row["gene"]: int(row["chromosome"]) for row in csv.DictReader((ROOT / "genes.csv").read_text().splitlines())
        }
        wanted = Counter(places[row["gene"]] for row in self.rows() if int(row["count"]) > 500 and row["gene"] in places)
        self.assertEqual(joined.compute().tuples(), sorted(wanted.items()))
        one = self.c.sql("SELECT count(*) AS n FROM big JOIN g USING (gene)", big=big, g=self.genes).item()
        self.assertEqual(one, sum(wanted.values()))
        two = self.c.sql("SELECT gene FROM t", t="genes.csv").join(
            self.c.sql("SELECT DISTINCT gene FROM t", t="expression/*.csv"), on="gene"
        )
        self.assertEqual(two.count(), 7)
        self.assertEqual(self.df.join(self.df, left_on=["gene", "sample"], right_on=["gene", "sample"]).count(), 96)

    def test_shapes_that_pandas_users_expect(self):
        rows, df = self.rows(), self.df
        self.assertEqual(df.count(), len(rows))
        self.assertEqual(df.assign(count="count * 2").columns, ["gene", "sample", "tissue", "tpm", "count"])
        self.assertEqual(
            df.order_by("-count", "gene").assign(count=0).head(1)[0]["gene"],
            sorted(rows, key=lambda row: (-int(row["count"]), row["gene"]))[0]["gene"],
        )
        self.assertEqual(df.sample(n=7, seed=1).compute().tuples(), df.sample(n=7, seed=1).compute().tuples())
        self.assertEqual(df.pivot("gene", "tissue", "count").columns[0], "gene")
        self.assertEqual(df.fillna({"tpm": -1}).filter("tpm = -1").count(), sum(row["tpm"] == "" for row in rows))
        self.assertAlmostEqual(sum(row["proportion"] for row in df.value_counts("gene", normalize=True).rows()), 1.0)
        self.assertEqual(df[10:15].compute().shape, (5, 5))
        self.assertEqual(df.agg().compute().shape[0], 1)
        self.assertEqual(self.c.table().head(2).shape[0], 2)

    def test_a_shaped_frame_feeds_an_operation(self):
        try:
            long = self.df.filter("count > 100").melt("gene", ["count"]).count()
        except Invalid as refused:
            self.assertIn("save()", refused.hint)
            self.skipTest("This server does not read a job's result as a source yet.")
        self.assertEqual(long, sum(int(row["count"]) > 100 for row in self.rows()))
        job = self.df.group_by("gene").size().submit()
        self.assertEqual(self.c.table(job).filter("size = 12").count(), 8)


class JobTests(ClusterTestCase):
    def test_a_job_from_submit_to_delete(self):
        key = str(uuid.uuid4())
        job = self.df.filter("count > 10").submit(name="from python", priority="high", labels={"by": key}, key=key)
        self.assertEqual(
            self.df.filter("count > 10").submit(name="from python", priority="high", labels={"by": key}, key=key).id, job.id
        )
        job.wait(timeout=60)
        self.assertEqual((job.status, job.progress.fraction, job.why), ("SUCCEEDED", 1.0, "The job succeeded."))
        self.assertEqual([each.id for each in self.c.jobs(status="SUCCEEDED", labels={"by": key})], [job.id])
        self.assertTrue(list(job.partitions()) and job.logs() and job.plan())
        self.assertEqual(job.result().total_rows, len(list(self.c.job(job.id).result().rows())))
        self.assertIn("from python", job._repr_html_())
        self.assertTrue(any(event["data"] for event in job.events()))
        job.delete()
        job.delete()
        with self.assertRaises(NotFound):
            self.c.job(job.id)

    def test_a_program_that_dies_leaves_a_job_that_goes_on(self):
        program = (
            "import os; from orleans_cluster import Cluster; "
            f"print(Cluster({self.c.url!r}).table('expression/*.csv').submit(name='x', key='died').id, flush=True); os._exit(9)"
        )
        run = subprocess.run(
            [sys.executable, "-S", "-c", program],
            capture_output=True,
            text=True,
            cwd=ROOT.parent,
            env={"PYTHONPATH": str(HERE)},
        )
        self.assertEqual(run.returncode, 9, run.stderr)
        self.assertEqual(self.c.job(run.stdout.strip()).wait(timeout=60).result().total_rows, 96)

    def test_saving(self):
        job = self.df.save("saved/one", format="CSV")
        self.assertEqual(sum(file["rows"] for file in job.last.raw["result"]["files"]), 96)
        with self.assertRaises((Conflict, JobFailed)) as caught:
            self.df.save("saved/one", format="CSV")
        self.assertEqual(caught.exception.code, "output-exists")
        self.df.save("saved/one", format="CSV", mode="OVERWRITE")
        self.assertEqual(self.c.table("saved/one/*.csv").count(), 96)

    def test_the_parts_of_a_result_are_its_rows(self):
        result = self.df.filter("count > 3").submit().wait(timeout=60).result()
        with tempfile.TemporaryDirectory() as folder:
            paths = result.to_parquet_folder(folder)
            self.assertEqual(sum(part.rows for part in result.parts()), result.total_rows)
            for part, path in zip(result.parts(), paths):
                self.assertEqual((Path(path).stat().st_size, sha256_of(path)), (part.bytes, part.sha256))

    def test_cancelling(self):
        slow = self.c.sql(
            "SELECT count(*) AS n FROM a, a b, a c, a d, a e WHERE a.count + b.count * c.count % 7 + d.count - e.count % 3 > 1",
            a="expression/*.csv",
        )
        job = slow.submit()
        job.cancel()
        with self.assertRaises(JobCancelled):
            job.wait(timeout=60)
        self.assertEqual(job.status, "CANCELLED")

    def test_failures_say_what_and_where(self):
        (ROOT / "bad.csv").write_text("a,b\n" + "1,2\n" * 30_000 + "1,x\n")
        with self.assertRaises((Invalid, JobFailed)) as caught:
            self.c.table("bad.csv", columns={"a": "BIGINT", "b": "BIGINT"}).filter("b > 0").compute()
        self.assertEqual(caught.exception.code, "bad-row")
        self.assertIn("bad.csv", caught.exception.message)
        with self.assertRaises(Invalid) as caught:
            self.c.sql("SELECT gene,\n  cuont FROM t", t="expression/*.csv").head()
        self.assertEqual((caught.exception.place or "").split(", ", 1)[1], "line 2, column 3")
        with self.assertRaises(Invalid) as caught:
            self.c.table("nosuch/*.csv").head()
        self.assertEqual(caught.exception.code, "dataset-not-found")
        bad = self.c.table("bad.csv", columns={"a": "BIGINT", "b": "BIGINT"}).submit(onBadRow="QUARANTINE").wait(timeout=60)
        self.assertEqual([row["value"] for row in bad.quarantine().rows()], ["x"])


class ClusterTests(ClusterTestCase):
    def test_what_operators_ask_has_a_method(self):
        self.assertEqual(self.c.health()["status"], "HEALTHY")
        self.assertEqual(self.c.status()["state"], "RUNNING")
        for answer in (self.c.queue(), self.c.metrics(), self.c.resources()):
            self.assertIsInstance(answer, dict)
        self.assertIsInstance(self.c.decisions(), list)
        self.assertIsInstance(self.c.recommendations(), list)
        self.assertEqual(len(self.c.partition("expression/*.csv")["columns"]), 5)
        self.assertEqual(self.c.preview("expression/*.csv", limit=3).shape, (3, 5))
        self.assertEqual(self.c.call("get", "/jobs/list?pageSize=1").keys() >= {"items"}, True)
        with self.assertRaises(Refused) as caught:
            self.c.call("get", "/nosuch")
        self.assertEqual(caught.exception.code, "not-found")

    def test_every_operation_of_the_cluster_has_a_method(self):
        from orleans_cluster import Cluster, Frame
        from orleans_cluster._reference import TEXTS

        words = [word for word in TEXTS if word[0].islower()]
        self.assertGreater(len(words), 11)
        by_other_name = {"aggregate": "agg", "convert": "save", "sql": None}
        for word in words:
            name = by_other_name.get(word, word.replace("-", "_"))
            self.assertTrue(hasattr(Frame, name) if name else hasattr(Cluster, "sql"), word)
            self.assertTrue((getattr(Frame, name) if name else Cluster.sql).__doc__, word)


class TwinTests(ClusterTestCase):
    def test_the_twin_does_the_same(self):
        async def main():
            async with self.twin() as c:
                t = c.table("expression/*.csv").group_by("gene").agg(n="sum(count)")
                rows = [row async for row in t.rows()]
                schema, head = await t.schema, await t.head(2)
                job = await (await c.table("genes.csv").submit()).wait(timeout=60)
                several = await asyncio.gather(
                    *[c.table("genes.csv").filter(col("length") > size).count() for size in (0, 5000, 10**9)]
                )
                return rows, schema, head, await job.status, several

        rows, schema, head, state, several = asyncio.run(main())
        same = self.df.group_by("gene").agg(n="sum(count)")
        self.assertEqual((rows, schema, head.tuples()), (same.to_dicts(), same.schema, same.head(2).tuples()))
        self.assertEqual((state, several), ("SUCCEEDED", [8, 6, 0]))


if __name__ == "__main__":
    unittest.main()
