"""What happens to a job when the one who waits for it presses Ctrl-C."""
from __future__ import annotations

import sys
from typing import Callable, Optional, TextIO

from ._progress import _is_terminal, _notebook

ASK, KEEP, CANCEL = "ask", "keep", "cancel"


def wants_cancel(
    policy: str,
    job_id: str,
    question: Callable[[str], str] = input,
    stream: Optional[TextIO] = None,
    can_ask: Optional[bool] = None,
) -> bool:
    """Whether the job shall be cancelled. Asks where somebody can answer; a second Ctrl-C at the question lets it go on."""
    notes = stream or sys.stderr
    askable = can_ask if can_ask is not None else (_is_terminal(sys.stdin) or _notebook() is not None)
    if policy == ASK and askable:
        try:
            answer = question(f"\nJob {job_id} is still going. Cancel it? [y/N] ")
        except (KeyboardInterrupt, EOFError):
            answer = ""
        cancelled = answer.strip().lower() in ("y", "yes")
    else:
        cancelled = policy == CANCEL
    if not cancelled:
        notes.write(f"\nThe job goes on. Take it up again with cluster.job({job_id!r}).\n")
    return cancelled
