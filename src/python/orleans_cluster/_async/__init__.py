"""The source of both clients. ``tools/generate.py`` makes ``_sync`` from it."""
