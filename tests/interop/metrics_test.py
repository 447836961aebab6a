"""metrics_test.py <promtool|python> <service_server>

The metrics of a server, read by `promtool check metrics` (Debian: prometheus) and by the parser of python3-prometheus-client, and compared
with the table of docs/operations.md. If the reader is not installed, the exit status is 77.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from programs import PATIENCE, SKIPPED, Failed, Program  # noqa: E402


def scraped(server):
    program = Program([server])
    try:
        port = int(program.line_with(r"listening on port (\d+)")[1])
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE) as answer:
            return answer.headers["Content-Type"], answer.read().decode()
    finally:
        program.stop()


def check_with_promtool(text):
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=PATIENCE)
    if done.returncode != 0 or done.stderr or done.stdout:
        raise Failed(f"promtool: {done.stdout}{done.stderr}")


def check_with_python(parse, text):
    families = {family.name: family for family in parse(text)}
    listed = dict(re.findall(r"^\| `(parley_\w+)` \| (counter|gauge) \|", (HERE.parent.parent / "docs/operations.md").read_text(), re.MULTILINE))
    # The parser removes the ending of counters.
    read = {name + ("_total" if family.type == "counter" else ""): family.type for name, family in families.items()}
    wanted = {name: kind for name, kind in listed.items() if not name.startswith(("parley_tls_", "parley_certificate_"))}
    if read != wanted:
        raise Failed(f"read {read}\nbut documented are {wanted}")
    for family in families.values():
        if not family.samples or not family.documentation:
            raise Failed(f"{family.name} has no value or no description")
        if family.name in ("parley_ready", "parley_build_info") and family.samples[0].value != 1:
            raise Failed(f"{family.name} is {family.samples[0].value}")


def main(reader, server):
    if reader == "promtool":
        if not shutil.which("promtool"):
            print("promtool is not installed")
            return SKIPPED
        check = check_with_promtool
    else:
        try:
            from prometheus_client.parser import text_string_to_metric_families as parse
        except ImportError:
            print("python3-prometheus-client is not installed")
            return SKIPPED
        def check(text):
            check_with_python(parse, text)
    kind, text = scraped(server)
    if kind != "text/plain; version=0.0.4; charset=utf-8":
        raise Failed(f"the type is {kind}")
    check(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
