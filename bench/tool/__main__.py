"""The part of scripts/bench that runs when everything is built."""

from __future__ import annotations

import argparse
import pathlib
import sys

from . import machine, measure, paper, plot, programs, report, rows
from .load import Settings


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measures, prints a table, and writes build/bench/results.json.")
    parser.add_argument("rows", nargs="*", metavar="row", help="only these rows: " + ", ".join(row.NAME for row in rows.ALL))
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--quick", action="store_true", help="a smoke run in about a minute")
    how.add_argument("--all", action="store_true", help="every row, not only what has a bar")
    parser.add_argument("--rounds", type=int, help="5 unless told otherwise; quick: 1")
    parser.add_argument("--plot", action="store_true", help="also a picture per row: build/bench/plots/*.svg")
    parser.add_argument("--write-results", action="store_true", help="also bench/RESULTS.md; not with --quick, nor with rows named")
    parser.add_argument("--packages", action="store_true", help="only print the packages of the peers that these rows have")
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/bench"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    unknown = set(given.rows) - {row.NAME for row in rows.ALL}
    if unknown:
        parser.error("no row is called " + ", ".join(sorted(unknown)))
    if given.write_results and (given.rows or given.quick):
        parser.error("--write-results is for the whole: not with --quick, nor with rows named")
    return given


def main() -> int:
    given = arguments()
    wanted = [row for row in rows.ALL if not given.rows or row.NAME in given.rows]
    if given.packages:
        print("\n".join(sorted({package for row in wanted for package in row.packages(given.all)})))
        return 0
    settings = Settings(
        rounds=given.rounds or (1 if given.quick else 5), warm_up=0.1 if given.quick else 0.25, seconds=0.2 if given.quick else 0.5,
        every=given.all, quick=given.quick, programs=programs.Programs(given.build.resolve()), named=given.rows)
    groups = [group for row in wanted for group in row.groups(settings)]
    for what in settings.skipped:
        print(f"skipped: {what}")
    if len(programs.CORES) < 2:
        print("One core only: server and client share it, and the figures say little.")
    results = measure.run(groups, settings.rounds)

    titles = {row.NAME: row.TITLE for row in wanted}
    print(report.table(results, titles))
    path = given.build / "results.json"
    facts = machine.describe(given.build)
    report.write_json(path, facts, results, settings.skipped)
    print(f"\nAll samples: {path}")
    if given.plot:
        print("Pictures: " + " ".join(str(picture) for picture in plot.write(given.build / "plots", titles, results)))
    if given.write_results:
        paper.write(programs.BENCH / "RESULTS.md", facts, len(programs.CORES), settings.rounds, results, titles, settings.skipped, given.all)
    return 1 if any(outcome.failure for one in results for outcome in one.outcomes.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
