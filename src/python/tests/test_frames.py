"""Rows as pandas has them, where pandas is installed, and a clear word where it is not."""
import importlib.util
import unittest

from orleans_cluster import Column, MissingPackage
from orleans_cluster._frames import need, pandas_frame
from orleans_cluster._types import converter

from .cluster import ClusterTestCase


class MissingTests(unittest.TestCase):
    def test_a_package_that_is_not_there_is_named(self):
        with self.assertRaises(MissingPackage) as caught:
            need("orleans_cluster_nosuch", "to_nosuch")
        self.assertEqual(
            str(caught.exception),
            "missing-package: to_nosuch needs orleans_cluster_nosuch, which is not installed.\n"
            "Hint: pip install orleans_cluster_nosuch",
        )


@unittest.skipUnless(importlib.util.find_spec("pandas"), "pandas is not installed.")
class PandasTests(unittest.TestCase):
    def frame(self, kind, *values):
        convert = converter(kind)
        return pandas_frame([Column("v", kind)], [(convert(value),) for value in values])["v"]

    def test_columns_have_the_types_that_pandas_users_expect(self):
        cases = [
            ("BIGINT", (1, 2), "int64"),
            ("BIGINT", (1, None), "Int64"),
            ("DECIMAL(38,0)", ("1", 2), "int64"),
            ("HUGEINT", (str(2**70), 1), "object"),
            ("DOUBLE", (1.5, None), "float64"),
            ("BOOLEAN", (True, False), "bool"),
            ("BOOLEAN", (True, None), "boolean"),
            ("TIMESTAMP", ("2020-01-02T03:04:05", None), "datetime64[ns]"),
            ("TIMESTAMP WITH TIME ZONE", ("2020-01-02T01:04:05.0Z",), "datetime64[ns, UTC]"),
            ("TIMESTAMP", ("9999-01-02T03:04:05",), "object"),
            ("VARCHAR", ("x", None), "object"),
            ("INTEGER[]", ([1], []), "object"),
            ("BIGINT", (), "int64"),
        ]
        for kind, values, wanted in cases:
            with self.subTest(kind=kind, values=values):
                series = self.frame(kind, *values)
                self.assertTrue(
                    str(series.dtype).startswith(wanted[:10]) if "datetime" in wanted else str(series.dtype) == wanted,
                    series.dtype,
                )
                self.assertEqual(len(series), len(values))


class ToPandasTests(ClusterTestCase):
    @unittest.skipUnless(importlib.util.find_spec("pandas"), "pandas is not installed.")
    def test_a_frame_becomes_a_data_frame(self):
        frame = self.df.order_by("gene", "sample").to_pandas()
        self.assertEqual((frame.shape, list(frame.columns)), ((96, 5), ["gene", "sample", "tissue", "count", "tpm"]))
        self.assertEqual(int(frame["count"].sum()), sum(int(row["count"]) for row in self.rows()))
        self.assertEqual(int(frame["tpm"].isna().sum()), sum(row["tpm"] == "" for row in self.rows()))
        self.assertEqual(self.df.filter("count < 0").to_pandas().shape, (0, 5))

    @unittest.skipIf(importlib.util.find_spec("pandas"), "pandas is installed.")
    def test_without_pandas_it_says_so(self):
        with self.assertRaises(MissingPackage):
            self.df.to_pandas()

    @unittest.skipUnless(importlib.util.find_spec("pyarrow"), "pyarrow is not installed.")
    def test_arrow_has_the_same_rows(self):
        table = self.df.order_by("gene", "sample").to_arrow()
        self.assertEqual(table.to_pylist(), self.df.order_by("gene", "sample").to_dicts())


if __name__ == "__main__":
    unittest.main()
