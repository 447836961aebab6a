"""fronts_test.py <nginx|haproxy> <make-certificates> <examples/deploy> <lobby_server> <tls_client>

A server without TLS behind a real proxy that speaks TLS, with the configuration of examples/deploy: only ports and paths are replaced. If the
proxy is not installed, the exit status is 77.
"""

import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from conversation_test import skip  # noqa: E402
from programs import PATIENCE, Failed, Program, Server, free_port, listens, sanitizer_environment  # noqa: E402

NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ }}
http {{
  access_log off; proxy_temp_path {folder}/proxy; client_body_temp_path {folder}/body;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{site}
}}
"""


def replaced(text, *rows):
    """Replaces each pattern, which must be there."""
    for pattern, by in rows:
        text, count = re.subn(pattern, by, text)
        if count == 0:
            raise Failed(f"the configuration has no {pattern}")
    return text


def nginx(folder, deploy, behind, port):
    program = shutil.which("nginx") or skip("no nginx")
    site = replaced((deploy / "nginx.conf").read_text(encoding="utf-8"), (r"listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
                    (r"/etc/lobby", str(folder)), (r"127\.0\.0\.1:8765", f"127.0.0.1:{behind}"))
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, site=site), encoding="utf-8")
    return Program([program, "-p", str(folder), "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]), (signal.SIGQUIT, 0)


def haproxy(folder, deploy, behind, port):
    program = shutil.which("haproxy") or skip("no haproxy")
    (folder / "server-and-key.pem").write_text((folder / "server.pem").read_text() + (folder / "server.key").read_text())
    text = replaced((deploy / "haproxy.cfg").read_text(encoding="utf-8"), (r"bind :443", f"bind 127.0.0.1:{port}"), (r"/etc/lobby", str(folder)),
                    (r"127\.0\.0\.1:8765", f"127.0.0.1:{behind}"))
    (folder / "haproxy.cfg").write_text(text, encoding="utf-8")
    return Program([program, "-q", "-f", f"{folder}/haproxy.cfg"]), (signal.SIGUSR1, 0)


def page(port, path, authority):
    done = subprocess.run(["openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{port}", "-CAfile", str(authority)], capture_output=True,
                          input=f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", text=True, timeout=PATIENCE, check=False)
    return done.stdout.split("\r\n", 1)[0]


def ready(front, port, authority):
    until = time.monotonic() + PATIENCE
    # HAProxy listens before it has checked its servers.
    while listens(front, port) and time.monotonic() < until:
        if " 200 " in page(port, "/readyz", authority) + " ":
            return
    raise Failed(f"the proxy does not answer:\n{front.said()}")


def main():
    which, make, deploy, lobby_server, tls_client = sys.argv[1:]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        subprocess.run([make, name], check=True)
        server = Server([lobby_server])
        port = free_port()
        front, (order, clean) = {"nginx": nginx, "haproxy": haproxy}[which](folder, pathlib.Path(deploy), int(server.port), port)
        try:
            ready(front, port, folder / "ca.pem")
            for _ in range(3):
                done = subprocess.run([tls_client, name, f"wss://localhost:{port}/ws"], capture_output=True, text=True, timeout=PATIENCE,
                                      env=sanitizer_environment(), check=False)
                if (done.returncode, done.stdout) != (0, "391 + 29 = 420\n"):
                    raise Failed(f"the client failed:\n{done.stdout}{done.stderr}\n{front.said()}")
            if " 200 " in page(port, "/metrics", folder / "ca.pem"):
                raise Failed("the proxy shows the metrics to everybody")
            front.process.send_signal(order)
            if front.wait() != clean:
                raise Failed(f"the proxy ended badly:\n{front.said()}")
            server.expect_clean_end(server.stop())
        finally:
            front.kill()
            server.kill()


try:
    main()
except Failed as failed:
    print(failed)
    sys.exit(1)
