"""Tests of the bench itself: its computations, and that its programs still do their work. Nothing
is measured here.

tool_test.py BUILD    needs bench_load, bench_epoll_server, bench_frame_server, bench_raw_client and
bench_typed_server, and bench_tls_load for the test of TLS
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.dom.minidom
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from tool import big_schema, measure, paper, plot, programs, python_peers, report  # noqa: E402
from tool.group import Bar, Contender, Group, Results  # noqa: E402
from tool.load import EPOLL, EPOLL_TO_ALL, FRAMES, FRAMES_TO_ALL, TYPED, Settings  # noqa: E402

BUILD = pathlib.Path(sys.argv.pop(1)).resolve()


def contender(name, *values):
    samples = iter(values)
    return Contender(name, lambda: {"ns": next(samples)})


def broken():
    raise RuntimeError("no answer")


def results_of(*contenders, bars=(), **options):
    group = Group("row", "group", "a title", "ns", "ns", list(contenders), "floor", list(bars), **options)
    return measure.run([group], 3)[0]


class Ratios(unittest.TestCase):
    def test_a_ratio_is_the_median_of_the_quotients_within_each_round(self):
        # In the second round the machine was three times slower for both.
        results = results_of(contender("floor", 10, 30, 10), contender("ours", 20, 60, 30))
        self.assertEqual(results.ratio("ours", "floor"), 2)
        self.assertEqual(results.median("ours"), 30)

    def test_a_paired_contender_is_divided_by_the_floor_measured_right_before_it(self):
        results = results_of(contender("floor", 10, 100, 10), contender("ours", 20, 200, 20), paired=True)
        self.assertEqual(results.outcomes["ours"].floors, [10, 100, 10])
        self.assertEqual(results.ratio("ours", "floor"), 2)

    def test_a_bar_is_reached_not_reached_or_not_measured(self):
        most = Bar("most", "ours", 2, "floor")
        least = Bar("least", "ours", 3, "floor", at_least=True)
        absolute = Bar("absolute", "ours", 25)
        absent = Bar("absent", "nobody", 1, "floor")
        results = results_of(contender("floor", 10, 10, 10), contender("ours", 20, 20, 20), bars=[most, least, absolute, absent])
        self.assertEqual([results.verdict(bar) for bar in results.group.bars], ["reached", "not reached", "reached", "not measured"])

    def test_a_contender_that_fails_is_told_and_not_tried_again(self):
        results = results_of(contender("floor", 1, 1, 1), Contender("ours", broken), bars=[Bar("bar", "ours", 1, "floor")])
        self.assertEqual(results.outcomes["ours"].failure, "no answer")
        self.assertEqual(results.verdict(results.group.bars[0]), "not measured")
        self.assertIn("no answer", report.table([results], {"row": "Row"}))

    def test_everything_that_is_written_can_be_read(self):
        results = results_of(contender("floor", 1, 1, 1), contender("<ours>", 20_000, 2, 2), bars=[Bar("bar", "<ours>", 1, "floor")])
        self.assertIn("2.00x", report.markdown([results], {"row": "Row"}))
        xml.dom.minidom.parseString(plot.draw("a & b", [results]))
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "RESULTS.md")
            path.with_name("processors.json").write_text(json.dumps({"Other": {"bar": "3.00x (not reached)"}}))
            paper.write(path, {"processor": "This", "cores": "2"}, 2, 3, [results], {"row": "Row"}, ["a peer"], every=False)
            self.assertIn("each of 3 rounds", path.read_text())
            self.assertIn("| bar | <= 1x | 3.00x (not reached) | 2.00x (not reached) |", path.read_text())
            path = pathlib.Path(folder, "results.json")
            report.write_json(path, {}, [results], [])
            self.assertEqual(json.loads(path.read_text())["groups"][0]["contenders"]["<ours>"]["ratio"], 2)


class Programs(unittest.TestCase):
    """The load client compares each answer, and ends with an error if one differs."""

    settings = Settings(rounds=1, warm_up=0.01, seconds=0.02, every=False, quick=True, programs=programs.Programs(BUILD))

    def run_one(self, server, mode, script, **options):
        [one] = self.settings.load(server, mode, script, "it", **options)
        return one.measure()

    def test_frames_come_back(self):
        for server in (EPOLL, FRAMES):
            for script in ("text", "binary"):
                for size in (64, 1024, 65536):
                    with self.subTest(server=server, script=script, size=size):
                        self.assertGreater(self.run_one(server, "pipeline", script, size=size, connections=3)["count"], 0)

    def test_calls_are_answered(self):
        for script in ("call-binary", "call-json"):
            for size in (64, 65536):
                with self.subTest(script=script, size=size):
                    self.assertGreater(self.run_one(TYPED, "pipeline", script, size=size, connections=3)["count"], 0)
                    self.assertGreater(self.run_one(TYPED, "round-trips", script, size=size)["p50_us"], 0)

    def test_events_reach_everybody(self):
        for server, script in ((EPOLL_TO_ALL, "text"), (FRAMES_TO_ALL, "text"), (TYPED, "event-binary"), (TYPED, "event-json,event-binary")):
            for burst in (1, 8):
                with self.subTest(server=server, script=script, burst=burst):
                    self.assertGreater(self.run_one(server, "fan-out", script, connections=5, burst=burst)["count"], 0)

    def test_connections_without_a_schema_echo(self):
        for form in ("blocking", "coroutine"):
            for pattern in ("ask", "window", "first"):
                with self.subTest(form=form, pattern=pattern):
                    self.assertGreater(self.run_one(FRAMES, None, f"{form}-{pattern}", client="bench_raw_client", size=64)["us"], 0)

    def test_frames_come_back_over_tls(self):
        if not self.settings.programs.find("bench_tls_load"):
            self.skipTest("bench_tls_load is not built")
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([programs.BENCH.parent / "scripts" / "make-certificates", folder], check=True)
            for server, tls in ((["bench_frame_server", f"tls={folder}"], "yes"), (["bench_frame_server"], "no")):
                for size in (64, 16384):
                    with self.subTest(server=server, size=size):
                        found = self.run_one(server, "pipeline", "text", client="bench_tls_load", tls=tls, size=size, connections=3, in_flight=4)
                        self.assertGreater(found["count"], 0)

    def test_peers_that_cannot_be_had_are_skipped_and_said(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(python_peers, "_succeeds", return_value=False):
            settings = Settings(rounds=1, warm_up=0, seconds=0, every=True, quick=True, programs=programs.Programs(pathlib.Path(folder)))
            self.assertIsNone(python_peers.have(settings, ["websocket-rs"]))
            self.assertEqual(len(settings.skipped), 1)
            self.assertIn("websocket-rs", settings.skipped[0])

    def test_a_server_that_says_no_port_is_ended(self):
        with self.assertRaises(RuntimeError):
            with programs.server(["/bin/true"], programs.SERVER_CORES):
                pass

    def test_a_client_that_fails_says_why(self):
        with self.assertRaisesRegex(RuntimeError, "are needed"):
            programs.client([self.settings.programs.find("bench_load")])


class BigSchema(unittest.TestCase):
    def test_it_has_as_many_messages_as_asked_for(self):
        self.assertEqual(big_schema.write(30).count("\nmessage "), 30)


if __name__ == "__main__":
    unittest.main()
