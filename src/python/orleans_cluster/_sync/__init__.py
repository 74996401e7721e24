"""The source of both clients. ``tools/generate.py`` makes ``_sync`` from it."""

# Made from _async by tools/generate.py; change it there.
