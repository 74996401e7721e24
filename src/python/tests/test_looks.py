"""What a person sees: the bar, the panel, and the question of Ctrl-C."""
import io
import unittest

from orleans_cluster._interrupts import wants_cancel
from orleans_cluster._progress import Display, bar, duration, panel
from orleans_cluster._status import JobStatus

from .fake_gateway import status


def running(**more):
    facts = {"name": "expression by tissue", "eta": {"seconds": 12.4, "secondsHigh": 19.0}, **more}
    return JobStatus.of(status("RUNNING", **facts))


def waiting():
    document = status(
        "QUEUED",
        name="nightly",
        reason={"code": "WAITING_FOR_SLOT", "detail": "4 of 4 slots are busy; 2 jobs are before this one."},
    )
    document["progress"]["partitions"].update(running=0)
    return JobStatus.of(document)


class BarTests(unittest.TestCase):
    def test_it_fits_and_keeps_what_matters(self):
        for width in (20, 40, 60, 80, 120, 200):
            for state in (running(), waiting()):
                with self.subTest(width=width, state=state.status):
                    line = bar(state, width)
                    self.assertLessEqual(len(line), width)
                    self.assertIn("40%", line)
        self.assertEqual(
            bar(running(), 120),
            f"expression by tissue  40% ▕{'█' * 16}{' ' * 24}▏ 4/10 partitions, 3 rows, about 12 s left",
        )
        self.assertIn("slots are busy", bar(waiting(), 120))
        self.assertTrue(bar(waiting(), 40).endswith("queued"), bar(waiting(), 40))
        self.assertIn("about 48 min left", bar(running(eta={"seconds": 2886.0, "secondsHigh": 4000.0}), 120))
        self.assertTrue(bar(waiting(), 120, unicode=False).isascii())

    def test_durations(self):
        self.assertEqual(
            [duration(seconds) for seconds in (0.4, 59.6, 200, 7500, 7200)], ["0 s", "1 min", "3 min 20 s", "2 h 5 min", "2 h"]
        )


class PanelTests(unittest.TestCase):
    def test_it_says_what_is_going_on(self):
        text = panel(running())
        for word in ("RUNNING", "4 of 10 partitions, 2 running", "about 12 s left", "merge", "4 / 8"):
            self.assertIn(word, text)
        self.assertIn("slots are busy", panel(waiting()))

    def test_words_of_others_are_no_html(self):
        failed = JobStatus.of(
            status("FAILED", name="<script>", error={"code": "bad-row", "detail": "value '<b>' & more", "hint": "<i>"})
        )
        text = panel(failed)
        self.assertNotIn("<script>", text)
        self.assertIn("&lt;b&gt;", text)
        self.assertIn("bad-row", text)
        self.assertNotIn("running", text)


class DisplayTests(unittest.TestCase):
    def test_short_jobs_show_nothing_and_lines_are_cleared(self):
        now, stream = [0.0], io.StringIO()
        display = Display(True, stream, lambda: now[0])
        display.update(running())
        self.assertEqual(stream.getvalue(), "")
        now[0] = 1.0
        display.update(running())
        self.assertIn("40%", stream.getvalue())
        display.close(running())
        self.assertTrue(stream.getvalue().endswith(" \r"))

    def test_where_nobody_looks_nothing_is_written(self):
        stream = io.StringIO()
        display = Display(None, stream, iter(range(100)).__next__)
        display.update(running())
        display.close(running())
        self.assertEqual(stream.getvalue(), "")


class InterruptTests(unittest.TestCase):
    def ask(self, policy, answer, can_ask=True):
        stream, asked = io.StringIO(), []

        def question(text):
            asked.append(text)
            if isinstance(answer, type):
                raise answer
            return answer

        return wants_cancel(policy, "01X", question, stream, can_ask), bool(asked), stream.getvalue()

    def test_it_asks_where_somebody_can_answer(self):
        self.assertEqual(self.ask("ask", "y")[:2], (True, True))
        self.assertEqual(self.ask("ask", "")[:2], (False, True))
        self.assertEqual(self.ask("ask", KeyboardInterrupt)[:2], (False, True))
        self.assertEqual(self.ask("ask", "y", can_ask=False)[:2], (False, False))
        self.assertEqual(self.ask("cancel", "")[:2], (True, False))
        self.assertIn("cluster.job('01X')", self.ask("keep", "")[2])
