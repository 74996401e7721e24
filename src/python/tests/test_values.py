"""Types, rows, expressions and queries: values in, values out."""
import datetime as dt
import json
import random
import unittest
import uuid
from decimal import Decimal

from orleans_cluster import Column, ProtocolError, Table, col, expr, source
from orleans_cluster._errors import refusal
from orleans_cluster._expr import literal
from orleans_cluster._json_rows import RowReader
from orleans_cluster._query import Query, aggregates, name_of_source, order_keys, with_tables
from orleans_cluster._retry import RetryPolicy, retry_after_seconds
from orleans_cluster._types import converter, parse_type


class TypeTests(unittest.TestCase):
    def test_values_become_what_python_has_for_them(self):
        zone = dt.timezone.utc
        cases = [
            ("BIGINT", 12, 12),
            ("BIGINT", "9007199254740993", 9007199254740993),
            ("DECIMAL(38,0)", "1", 1),
            ("HUGEINT", "170141183460469", 170141183460469),
            ("DECIMAL(5,2)", "1.50", Decimal("1.50")),
            ("DOUBLE", 2557, 2557.0),
            ("FLOAT", "-Infinity", float("-inf")),
            ("VARCHAR", "x", "x"),
            ("BOOLEAN", True, True),
            ("DATE", "2020-01-02", dt.date(2020, 1, 2)),
            ("TIME", "01:02:03.5", dt.time(1, 2, 3, 500000)),
            ("TIMESTAMP", "2020-01-02T03:04:05.123456", dt.datetime(2020, 1, 2, 3, 4, 5, 123456)),
            ("TIMESTAMP WITH TIME ZONE", "2020-01-02T01:04:05.000000Z", dt.datetime(2020, 1, 2, 1, 4, 5, tzinfo=zone)),
            ("TIMESTAMP_NS", "2020-01-02T03:04:05.123456789", dt.datetime(2020, 1, 2, 3, 4, 5, 123456)),
            ("UUID", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", uuid.UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")),
            ("BLOB", "YWIA", b"ab\0"),
            ("INTEGER[]", [1, None, 2], [1, None, 2]),
            ("INTEGER[2]", [1, 2], [1, 2]),
            ("DATE[][]", [["2020-01-02"]], [[dt.date(2020, 1, 2)]]),
            ('STRUCT(a INTEGER, "b c" DECIMAL(2,1))', {"a": 1, "b c": 2.5}, {"a": 1, "b c": Decimal("2.5")}),
            ("MAP(INTEGER, VARCHAR)", {"1": "k"}, {1: "k"}),
            ("MAP(DATE, BIGINT)", [{"key": "2020-01-02", "value": 1}], {dt.date(2020, 1, 2): 1}),
            (
                "STRUCT(d DATE, x DECIMAL(9,2))[]",
                [{"d": "2020-01-02", "x": "1.25"}],
                [{"d": dt.date(2020, 1, 2), "x": Decimal("1.25")}],
            ),
            ("ENUM('a, b', 'c)')", "c)", "c)"),
            ("JSON", {"a": 1.5}, {"a": 1.5}),
            ("GEOMETRY", "x", "x"),
            ("DATE", "infinity", "infinity"),
        ]
        for name, given, wanted in cases:
            with self.subTest(name):
                self.assertEqual(converter(name)(given), wanted)
                self.assertIs(type(converter(name)(given)), type(wanted))
                self.assertIsNone(converter(name)(None))

    def test_a_type_that_is_not_understood_stays_as_it_is(self):
        self.assertEqual(parse_type("STRUCT(a INTEGER").word, "STRUCT(a INTEGER")
        self.assertEqual(converter("NEW_TYPE(1; 2)")([1]), [1])


class RowReaderTests(unittest.TestCase):
    def test_rows_are_the_same_however_the_bytes_are_cut(self):
        dice = random.Random(28)
        for case in range(200):
            rows = [
                [
                    dice.choice([1, -2.5, None, 'x]}"\\', "é𝄞" * dice.randrange(9), [1, {"a": ["b", None]}], True])
                    for _ in range(3)
                ]
                for _ in range(dice.randrange(6))
            ]
            document = {
                "columns": [{"name": "rows", "type": "VARCHAR"}],
                "rows": rows,
                "totalRows": 123456,
                "more": {"rows": [[1]]},
            }
            data = json.dumps(document, ensure_ascii=dice.random() < 0.5, indent=dice.choice([None, 1])).encode()
            reader, read, at = RowReader(), [], 0
            while at < len(data):
                size = dice.choice([1, 2, 3, 7, 50])
                read += reader.feed(data[at : at + size])
                at += size
            read += reader.finish()
            with self.subTest(case):
                self.assertEqual(read, rows)
                self.assertEqual(reader.document, {name: value for name, value in document.items() if name != "rows"})

    def test_a_document_that_is_cut_off_is_an_error(self):
        data = b'{"columns":[],"rows":[[1],[2]],"totalRows":2}'
        for end in range(len(data)):
            reader = RowReader()
            rows = reader.feed(data[:end])
            with self.assertRaises(ProtocolError):
                rows += reader.finish()
            self.assertLessEqual(len(rows), 2)

    def test_one_huge_row_is_not_decoded_again_for_every_piece(self):
        reader, text = RowReader(), json.dumps({"columns": [], "rows": [["x" * 3_000_000]], "totalRows": 1}).encode()
        decodes = []
        decode = reader._decoder.raw_decode
        reader._decoder.raw_decode = lambda *given: (decodes.append(1), decode(*given))[1]
        rows = [row for at in range(0, len(text), 10_000) for row in reader.feed(text[at : at + 10_000])] + reader.finish()
        self.assertEqual(len(rows[0][0]), 3_000_000)
        self.assertLess(len(decodes), 40)


class QueryTests(unittest.TestCase):
    table = Query.table("t", {"path": "t.csv"})

    def one_line(self, query):
        return " ".join(query.sql().split())

    def test_clauses_that_keep_the_meaning_stay_in_one_select(self):
        query = self.table.filter("n > 1").ordered(order_keys(["-n"])).limited(5).limited(9)
        self.assertEqual(self.one_line(query), 'SELECT * FROM "t" AS _t WHERE (n > 1) ORDER BY "n" DESC LIMIT 5')

    def test_a_filter_behind_a_limit_is_nested(self):
        query = self.table.limited(5).filter("n > 1")
        self.assertEqual(self.one_line(query), 'SELECT * FROM (SELECT * FROM "t" AS _t LIMIT 5 ) AS _t WHERE (n > 1)')

    def test_an_order_outlives_nesting_and_renaming(self):
        query = self.table.ordered(order_keys(["a"])).limited(5).filter("n > 1")
        self.assertTrue(self.one_line(query).endswith('WHERE (n > 1) ORDER BY "a"'))
        renamed = self.table.ordered(order_keys(["a"])).project(['"b" AS "a"'])
        self.assertEqual(self.one_line(renamed), 'SELECT "b" AS "a" FROM "t" AS _t ORDER BY _t."a"')

    def test_a_group_of_groups_is_nested(self):
        query = self.table.grouped(['"g"'], aggregates([], {"n": "sum(c)"}), True).grouped([], ['max("n") AS "m"'], False)
        self.assertEqual(
            self.one_line(query),
            'SELECT max("n") AS "m" FROM (SELECT "g", sum(c) AS "n" FROM "t" AS _t GROUP BY "g" ORDER BY 1 ) AS _t',
        )

    def test_a_query_that_somebody_wrote_is_sent_as_it_is(self):
        self.assertEqual(Query.text("SELECT 1 -- ; \n FROM t ; ", {"t": None}).sql(), "SELECT 1 -- ; \n FROM t")

    def test_two_sources_of_one_name_are_kept_apart(self):
        both = Query.text("SELECT * FROM t", {"t": {"path": "a"}}).combined(
            Query.text("SELECT * FROM t", {"t": {"path": "b"}}), lambda left, right: f"({left} , {right})"
        )
        self.assertEqual(len(both.inputs), 2)
        self.assertEqual(both.sql().count("WITH"), 2)
        self.assertEqual(self.table.combined(self.table, lambda left, right: f"({left}, {right})").inputs, self.table.inputs)

    def test_named_queries_go_in_front_of_a_with_that_is_there(self):
        self.assertEqual(
            with_tables("-- x\nwith recursive a AS (SELECT 1) SELECT 2", {"b": "SELECT 3"}),
            'WITH recursive "b" AS (SELECT 3\n), a AS (SELECT 1) SELECT 2',
        )
        self.assertEqual(with_tables("SELECT 1", {}), "SELECT 1")

    def test_aggregates_take_what_pandas_takes(self):
        self.assertEqual(
            aggregates([{"n": "mean"}], {"a": ("n", "sum"), "b": "max(n)", "c": col("n").nunique()}),
            ['avg("n") AS "n"', 'sum("n") AS "a"', 'max(n) AS "b"', 'count(DISTINCT "n") AS "c"'],
        )
        self.assertEqual(aggregates([{"n": ["min", "size"]}], {}), ['min("n") AS "n_min"', 'count(*) AS "n_size"'])
        with self.assertRaisesRegex(TypeError, "at least one aggregate"):
            aggregates([], {})

    def test_names_of_sources_are_their_files(self):
        names = [
            name_of_source({"path": path})
            for path in ("expression/*.csv", ["a/genes.tsv.gz", "b"], "s3://b/k.parquet", "*.csv", "2024.csv", "source.csv")
        ]
        self.assertEqual(names, ["expression", "genes", "k", "t", "t_2024", "t_source"])

    def test_only_what_was_said_of_a_source_is_sent(self):
        self.assertEqual(source("a.csv"), {"path": "a.csv"})
        self.assertEqual(
            source(["a", "b"], "csv", sep="\t", null_values=["NA"], skip_lines=0, options={"samples": ["S1"]}),
            {
                "path": ["a", "b"],
                "format": "CSV",
                "options": {"delimiter": "\t", "nullValues": ["NA"], "skipLines": 0, "samples": ["S1"]},
            },
        )
        with self.assertRaises(TypeError):
            source("a.csv", delimeter=",")


class ExpressionTests(unittest.TestCase):
    def test_operators_are_sql(self):
        n = col("n")
        self.assertEqual(
            str((n > 1) & ~(col('a "b"') == "it's") | n.isin([1, None])),
            '((("n" > 1) AND (NOT ("a ""b""" = \'it\'\'s\'))) OR ("n" IN (1, NULL)))',
        )
        self.assertEqual(str(2 - n * 3), '(2 - ("n" * 3))')
        self.assertEqual(str(n == None), '("n" IS NULL)')  # noqa: E711
        self.assertEqual(str(expr("a + b").round(2)), "round((a + b), 2)")

    def test_literals(self):
        cases = [
            (True, "TRUE"),
            (1.5, "1.5"),
            (float("nan"), "CAST('nan' AS DOUBLE)"),
            (Decimal("1E+2"), "100"),
            (dt.date(2020, 1, 2), "DATE '2020-01-02'"),
            (dt.datetime(2020, 1, 2, 3), "TIMESTAMP '2020-01-02 03:00:00'"),
            ([1, "a"], "[1, 'a']"),
            (10**30, "1" + "0" * 30),
        ]
        for value, wanted in cases:
            self.assertEqual(literal(value), wanted)
        with self.assertRaises(TypeError):
            literal(object())

    def test_and_is_refused_where_it_would_be_wrong(self):
        with self.assertRaisesRegex(TypeError, "Use &"):
            bool(col("a") == 1)


class RetryTests(unittest.TestCase):
    policy = RetryPolicy(attempts=4, first_seconds=1, factor=3, longest_seconds=5, total_seconds=20)

    def test_pauses_grow_to_a_bound_and_end(self):
        self.assertEqual([self.policy.pause(attempt, None, 0, 0.0) for attempt in (1, 2, 3, 4)], [1, 3, 5, None])
        self.assertEqual(self.policy.pause(1, None, 0, 0.5), 0.75)

    def test_what_the_server_asks_for_is_kept(self):
        self.assertEqual(self.policy.pause(1, 7.0, 0, 0.9), 7)
        self.assertEqual(self.policy.pause(1, 0.0, 0, 0.0), 1)
        self.assertIsNone(self.policy.pause(1, 21.0, 0, 0.0))
        self.assertIsNone(self.policy.pause(2, 7.0, 14, 0.0))

    def test_retry_after_is_seconds_or_a_date(self):
        self.assertEqual(retry_after_seconds("12", 0), 12)
        self.assertEqual(retry_after_seconds("Thu, 01 Jan 1970 00:01:00 GMT", 20), 40)
        self.assertIsNone(retry_after_seconds("soon", 0))
        self.assertIsNone(retry_after_seconds(None, 0))


class ErrorTests(unittest.TestCase):
    def test_the_place_is_in_the_query_that_was_written(self):
        shown = "LINE 1: DESCRIBE SELECT cell, nosuch FROM t\n" + " " * 30 + "^"
        detail = f'Binder Error: Referenced column "nosuch" not found\n\n{shown}'
        error = refusal(
            {
                "status": 422,
                "code": "query-invalid",
                "detail": detail,
                "errors": [{"pointer": "/parameters/query", "code": "x", "detail": detail}],
            },
            "SELECT cell,\n  nosuch FROM t",
        )
        self.assertEqual((type(error).__name__, error.place), ("Invalid", "/parameters/query, line 2, column 3"))
        near = refusal({"status": 422, "code": "query-invalid", "detail": 'syntax error at or near "SELEC"'}, "SELEC 1")
        self.assertEqual(near.place, "line 1, column 1")
        said = refusal({"status": 422, "code": "query-invalid", "detail": "No column 'x' (line 3, column 8)."}, "q")
        self.assertEqual(said.place, "line 3, column 8")

    def test_every_fault_is_told(self):
        error = refusal(
            {
                "status": 400,
                "code": "validation-failed",
                "detail": "2 faults; the first: /a: One.",
                "hint": "Do it.",
                "errors": [
                    {"pointer": "/a", "code": "x", "detail": "One."},
                    {"pointer": "/b", "code": "x", "detail": "Two."},
                ],
            }
        )
        self.assertEqual(str(error), "validation-failed: 2 faults; the first: /a: One.\n  /b: Two. (at /a)\nHint: Do it.")
        self.assertEqual([fault.pointer for fault in error.errors], ["/a", "/b"])


class TableTests(unittest.TestCase):
    table = Table(
        [Column("gene", "VARCHAR"), Column("n", "BIGINT"), Column("a long name of a column", "VARCHAR")],
        [("TP53", 12, "x" * 60), ("MYC", None, "line\nbreak")],
        700,
    )

    def test_it_fits_the_width(self):
        for width in (10, 20, 40, 80, 120):
            with self.subTest(width):
                self.assertLessEqual(max(len(line) for line in self.table.text(width).split("\n")), width)
        self.assertIn("2 of 3 columns", self.table.text(40))
        self.assertIn("2 of 700 rows", self.table.text(120))

    def test_it_can_be_asked_by_column_and_row(self):
        self.assertEqual(self.table["n"], [12, None])
        self.assertEqual(self.table[0]["gene"], "TP53")
        with self.assertRaisesRegex(KeyError, "Columns: gene, n"):
            self.table["m"]
        self.assertIn('<td style="text-align:right">NULL</td>', self.table._repr_html_())
        with self.assertRaises(ValueError):
            self.table.item()


if __name__ == "__main__":
    unittest.main()
