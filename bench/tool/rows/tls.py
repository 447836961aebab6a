"""Messages that are echoed through TLS: the cost beside asio::ssl::stream, and beside Parley behind
nginx. Each message of a client is a record of its own.
"""

import subprocess
import sys

from .. import programs
from ..group import Bar, Group

NAME = "tls"
TITLE = "Frames echoed over TLS: server CPU per message"


def packages(every):
    return ["openssl", "nginx-light"]


def groups(settings):
    folder = _certificates(settings.programs.build / "bench" / "certificates")
    secure = ["bench_frame_server", f"tls={folder}"]
    asio = ["bench_asio_ssl_server", f"tls={folder}"]
    frames = ["bench_frame_server"]

    def load(name, server, mode="pipeline", **options):
        return settings.load(server, mode, "text", name, client="bench_tls_load", **options)

    found = []
    for size, connections, in_flight, limit in ((64, 16, 64, 0.6), (16384, 4, 4, 0.85)):
        def against(name, server, **options):
            return load(name, server, size=size, connections=connections, in_flight=in_flight, **options)

        contenders = against("asio::ssl::stream", asio) + against("parley wss", secure) + against("parley ws", frames, tls="no")
        bars = [Bar(f"TLS, {size} B, against asio::ssl::stream", "parley wss", limit, "asio::ssl::stream")]
        if size == 64:
            bars.append(Bar("TLS, 64 B, against plain text", "parley wss", 1.9, "parley ws"))
        if not settings.programs.find("nginx"):
            settings.skip("parley ws behind nginx: nginx is not there (nginx-light)")
        else:
            behind = [sys.executable, str(programs.BENCH / "peers" / "behind_nginx.py"), str(folder), settings.programs.find("bench_frame_server")]
            contenders += against("parley ws behind nginx", behind)
            bars.append(Bar(f"TLS, {size} B, against nginx in front of ws", "parley wss", 0.7, "parley ws behind nginx"))
        found.append(Group(NAME, f"tls-{size}", f"{size} B, {connections} connections, {in_flight} in flight each", "cpu_ns", "ns",
                           contenders, "asio::ssl::stream", bars))
    # After one echo. The figure varies by little from run to run.
    contenders = load("parley wss", secure, "idle", connections=1000) + load("asio::ssl::stream", asio, "idle", connections=1000)
    found.append(Group(NAME, "tls-idle", "memory of an idle connection, 1000 of them", "bytes", "B", contenders, None,
                       [Bar("bytes of an idle TLS connection", "parley wss", 20 * 1024)], rounds=2))
    return found


def _certificates(folder):
    if not (folder / "server.pem").exists():
        subprocess.run([programs.BENCH.parent / "scripts" / "make-certificates", folder], check=True)
    return folder
