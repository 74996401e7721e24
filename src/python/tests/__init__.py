"""Tests of the Python client. ``run.py`` starts a cluster and runs them."""
