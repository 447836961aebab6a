#!/usr/bin/env python3
"""Kills a server with many clients, several times, and measures how long it takes until all are back.

    bench/storm/storm.py build/bench/bench/bin/bench_storm [--clients 10000] [--storms 3]

The clients run in two processes. The server limits each of them by an address of its own. Prints one line for each storm: seconds until
every client is back, attempts, and the memory and descriptors of the client processes before and after it.
"""

import argparse
import re
import resource
import signal
import subprocess
import sys
import time

PATIENCE = 120  # seconds for all clients to be back


class Clients:
    def __init__(self, program, count, first, port):
        self.count = count
        self.process = subprocess.Popen([program, "clients", str(count), str(first), str(port)], stdout=subprocess.PIPE, text=True)

    def figures(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit("storm: a client process has ended")
        return {name: int(value) for name, value in re.findall(r"(\w+) (\d+)", line)}

    def wait(self, until, patience=PATIENCE):
        end = time.monotonic() + patience
        while time.monotonic() < end:
            now = self.figures()
            if until(now):
                return now
        sys.exit(f"storm: not all clients are back after {patience} s: {now}")


def serve(program, port):
    server = subprocess.Popen([program, "server", str(port)], stdout=subprocess.PIPE, text=True)
    return server, int(server.stdout.readline().split()[1])


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("program")
    arguments.add_argument("--clients", type=int, default=10_000)
    arguments.add_argument("--storms", type=int, default=3)
    chosen = arguments.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    server, port = serve(chosen.program, 0)
    half = chosen.clients // 2
    processes = [server]
    try:
        crowds = [Clients(chosen.program, half, 0, port), Clients(chosen.program, chosen.clients - half, half, port)]
        processes += [crowd.process for crowd in crowds]
        began = time.monotonic()
        before = [crowd.wait(lambda now, crowd=crowd: now["open"] == crowd.count) for crowd in crowds]
        print(f"{chosen.clients} clients connected in {time.monotonic() - began:.1f} s")
        for storm in range(1, chosen.storms + 1):
            server.send_signal(signal.SIGKILL)
            server.wait()
            began = time.monotonic()
            for crowd in crowds:
                crowd.wait(lambda now: now["open"] == 0)
            server, _ = serve(chosen.program, port)
            processes[0] = server
            after = [crowd.wait(lambda now, crowd=crowd: now["open"] == crowd.count) for crowd in crowds]
            seconds = time.monotonic() - began
            attempts = sum(now["attempts"] - then["attempts"] for now, then in zip(after, before))
            told = ", ".join(f"{name} {sum(one[name] for one in before)} -> {sum(one[name] for one in after)}"
                             for name in ("resident_kib", "descriptors"))
            print(f"storm {storm}: all back in {seconds:.1f} s, {attempts} attempts, {told}")
            before = after
    finally:
        for process in processes:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
