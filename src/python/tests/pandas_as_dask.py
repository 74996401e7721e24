"""Enough of ``dask.dataframe`` in pandas, where Dask is not installed: the same lines, of which pandas is the oracle then too."""
import glob

import pandas


class dd:
    concat = staticmethod(pandas.concat)

    @staticmethod
    def read_csv(pattern):
        return Frame(pandas.concat([pandas.read_csv(path) for path in sorted(glob.glob(pattern))], ignore_index=True))


class Frame(pandas.DataFrame):
    """pandas writes one file where Dask writes one for each partition."""

    @property
    def _constructor(self):
        return Frame

    def compute(self):
        return self

    def to_csv(self, path, **options):
        return super().to_csv(path.replace("*", "0"), **options)
