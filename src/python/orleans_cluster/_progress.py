"""How a job that is waited for looks: a bar in a terminal, a panel in a notebook."""
from __future__ import annotations

import html
import importlib
import shutil
import sys
import time
from typing import Any, List, Optional, TextIO

from ._status import JobStatus

QUIET_SECONDS = 0.5
"""A job that ends sooner shows nothing."""

_EIGHTHS = " ▏▎▍▌▋▊▉█"


def bar(status: JobStatus, width: int, unicode: bool = True) -> str:
    """One line of at most ``width`` columns. What matters least leaves first; what is left of the room is the bar."""
    progress = status.progress
    title = status.name or status.id
    share = f"{int(progress.fraction * 100):3d}%"
    counts = f"{progress.completed}/{progress.total} partitions" if progress.total else ""
    tail = [
        part
        for part in (
            _reason(status),
            counts,
            f"{_short(progress.rows_done)} rows" if progress.rows_done else "",
            _eta(status),
        )
        if part
    ]
    ellipsis = "…" if unicode else "..."
    least = 10
    while (
        tail and len(_cut(title, width // 3, ellipsis)) + len(share) + least + 4 + sum(len(part) + 2 for part in tail) > width
    ):
        # The reason stays longest, for a job that waits has nothing else to say.
        tail.pop(1 if len(tail) > 1 and _reason(status) else len(tail) - 1)
        if len(tail) == 1:
            # Where the reason would be cut to nothing that can be read, the state is one word.
            room = width - (len(_cut(title, width // 3, ellipsis)) + len(share) + least + 6)
            word = status.status.lower()
            tail = [_cut(tail[0], room, ellipsis)] if room > 20 else [word] if _reason(status) else []
            break
    title = _cut(title, width // 3, ellipsis)
    text = ", ".join(tail)
    length = max(4, min(40, width - len(title) - len(share) - len(text) - 5))
    line = f"{title} {share} {_drawn(progress.fraction, length, unicode)} {text}".rstrip()
    return _cut(line, width, ellipsis)


def panel(status: JobStatus) -> str:
    """HTML of a job: state, stages, partitions, time left, and why it waits or failed.

    It needs no style or script of the page.
    """
    progress = status.progress
    colour = {"SUCCEEDED": "#2e7d32", "FAILED": "#c62828", "CANCELLED": "#757575"}.get(status.status, "#1565c0")
    waits = not status.is_over and progress.running == 0
    title = html.escape(status.name or status.operation)
    rows = [
        '<div style="font-family:system-ui,sans-serif;font-size:13px;line-height:1.45;max-width:44em;'
        'border:1px solid rgba(128,128,128,.4);border-radius:6px;padding:.7em .9em">',
        f'<div><b>{title}</b> <span style="background:{"#8d6e00" if waits else colour};color:#fff;border-radius:9px;'
        f'padding:1px 8px;font-size:11px">{html.escape(status.status)}</span> '
        f'<code style="opacity:.65;font-size:11px">{html.escape(status.id)}</code></div>',
        _strip(progress.fraction, colour),
        f'<div style="opacity:.85">{html.escape(_sentence(status))}</div>',
    ]
    for stage in progress.stages:
        share = stage.completed / stage.total if stage.total else 0.0
        rows.append(
            '<div style="display:flex;gap:.6em;align-items:center">'
            f'<span style="flex:0 0 9em;overflow:hidden;text-overflow:ellipsis">{stage.index} {html.escape(stage.name)}</span>'
            f'<span style="flex:1">{_strip(share, colour, 5)}</span>'
            '<span style="flex:0 0 6em;text-align:right;font-variant-numeric:tabular-nums">'
            f"{stage.completed} / {stage.total}</span></div>"
        )
    if status.error:
        rows.append(
            '<div style="border-left:3px solid #c62828;padding-left:.6em;margin-top:.5em;white-space:pre-wrap;'
            f'overflow-wrap:anywhere"><b>{html.escape(str(status.error.get("code")))}'
            "</b> "
            f"{html.escape(status.why)}</div>"
        )
        if status.error.get("hint"):
            rows.append(f'<div style="opacity:.85"><b>Hint</b> {html.escape(str(status.error["hint"]))}</div>')
    elif waits and status.reason:
        rows.append(f'<div style="margin-top:.4em"><b>Waiting</b> {html.escape(status.reason)}</div>')
    return "\n".join(rows + ["</div>"])


def duration(seconds: float) -> str:
    """``12 s``, ``3 min 20 s``, ``5 min``, ``2 h 5 min``."""
    whole = max(0, int(round(seconds)))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    return f"{whole // 3600} h" + (f" {whole % 3600 // 60} min" if whole % 3600 // 60 else "")


class Display:
    """Shows one job while it is waited for, in a notebook, a terminal, or not at all."""

    def __init__(self, wanted: Optional[bool], stream: Optional[TextIO] = None, clock: Any = time.monotonic) -> None:
        self._stream = stream or sys.stderr
        self._begun = clock()
        self._clock = clock
        self._handle: Any = None
        self._length = 0
        self._notebook = _notebook() if wanted is not False else None
        self._on = wanted if wanted is not None else self._notebook is not None or _is_terminal(self._stream)

    def update(self, status: JobStatus) -> None:
        if not self._on or (self._handle is None and self._length == 0 and self._clock() - self._begun < QUIET_SECONDS):
            return
        if self._notebook is not None:
            shown = self._notebook.HTML(panel(status))
            if self._handle is None:
                self._handle = self._notebook.display(shown, display_id=True)
            else:
                self._handle.update(shown)
            return
        width = shutil.get_terminal_size((80, 24)).columns - 1
        encoding = (getattr(self._stream, "encoding", None) or "ascii").lower()
        line = bar(status, width, encoding.startswith("utf"))
        self._stream.write("\r" + line + " " * max(0, self._length - len(line)))
        self._stream.flush()
        self._length = len(line)

    def close(self, status: Optional[JobStatus]) -> None:
        """The last state stays in a notebook; a terminal's line goes."""
        if status is not None and (self._handle is not None or self._length):
            self.update(status)
        if self._length:
            self._stream.write("\r" + " " * self._length + "\r")
            self._stream.flush()
            self._length = 0


def _drawn(fraction: float, length: int, unicode: bool) -> str:
    if not unicode:
        done = int(fraction * length)
        return "[" + "#" * done + "-" * (length - done) + "]"
    eighths = int(fraction * length * 8)
    full, part = divmod(eighths, 8)
    filled = "█" * full + (_EIGHTHS[part] if part else "")
    return "▕" + filled.ljust(length) + "▏"


def _strip(fraction: float, colour: str, height: int = 8) -> str:
    return (
        f'<div style="background:rgba(128,128,128,.25);border-radius:4px;height:{height}px;margin:5px 0">'
        f'<div style="background:{colour};border-radius:4px;height:{height}px;width:{fraction * 100:.1f}%"></div></div>'
    )


def _sentence(status: JobStatus) -> str:
    progress = status.progress
    parts: List[str] = [f"{progress.fraction:.0%}"]
    if progress.total:
        parts.append(
            f"{progress.completed} of {progress.total} {'partition' if progress.total == 1 else 'partitions'}"
            + (f", {progress.running} running" if progress.running and not status.is_over else "")
        )
    if progress.retried:
        parts.append(f"{progress.retried} tried again")
    if progress.rows_done:
        parts.append(f"{_short(progress.rows_done)} rows read")
    if status.rows is not None:
        parts.append(f"{status.rows:,} {'row' if status.rows == 1 else 'rows'} in the result")
    if status.quarantined_rows:
        parts.append(f"{status.quarantined_rows:,} set aside")
    if _eta(status):
        parts.append(_eta(status))
    return " · ".join(parts)


def _reason(status: JobStatus) -> str:
    if status.is_over:
        return status.status.lower()
    return (status.reason or "").rstrip(".") if status.progress.running == 0 else ""


def _eta(status: JobStatus) -> str:
    eta = status.progress.eta_seconds
    if status.is_over or eta is None:
        return ""
    # A guess is told no finer than it is worth.
    step = 60 if eta >= 600 else 10 if eta >= 60 else 1
    return f"about {duration(round(eta / step) * step)} left"


def _short(number: int) -> str:
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if number >= 10 * size or (number >= size and size > 10**3):
            return f"{number / size:.3g}{unit}"
    return str(number)


def _cut(text: str, width: int, ellipsis: str) -> str:
    return text if len(text) <= width else text[: max(0, width - len(ellipsis))] + ellipsis


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def _notebook() -> Any:
    """IPython's display where a notebook runs this, else None."""
    if "IPython" not in sys.modules:
        return None
    shell = importlib.import_module("IPython").get_ipython()
    is_notebook = shell is not None and type(shell).__name__ == "ZMQInteractiveShell"
    return importlib.import_module("IPython.display") if is_notebook else None
