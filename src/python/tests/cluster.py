"""The cluster that ``run.py`` started, for tests that need one."""
import csv
import os
import unittest
from pathlib import Path

from orleans_cluster import AsyncCluster, Cluster

URL = os.environ.get("ORLEANS_CLUSTER_TEST_URL")
ROOT = Path(os.environ.get("ORLEANS_CLUSTER_TEST_ROOT") or ".")
"""The data root of that cluster, with a copy of ``tests/data`` in it."""


@unittest.skipUnless(URL, "No cluster: run tests/run.py, which starts one.")
class ClusterTestCase(unittest.TestCase):
    def setUp(self):
        self.c = Cluster(URL, progress=False)
        self.addCleanup(self.c.close)
        self.df = self.c.table("expression/*.csv")
        self.genes = self.c.table("genes.csv")

    @staticmethod
    def twin():
        return AsyncCluster(URL, progress=False)

    def rows(self):
        """The rows of the files, as text reads them."""
        return [
            row
            for path in sorted((ROOT / "expression").glob("*.csv"))
            for row in csv.DictReader(path.read_text().splitlines())
        ]
