"""Starts a server of the bench, and nginx with TLS in front of it. Prints nginx's port.

behind_nginx.py FOLDER SERVER...    FOLDER has server.pem and server.key
"""

import ctypes
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

CONFIGURATION = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; proxy_temp_path {folder}/proxy; client_body_temp_path {folder}/body;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificates}/server.pem; ssl_certificate_key {certificates}/server.key;
    location / {{
      proxy_pass http://127.0.0.1:{behind};
      proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; proxy_read_timeout 1h;
    }}
  }}
}}
"""


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def start(command, **options):
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent, **options)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def connects(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def main():
    certificates = pathlib.Path(sys.argv[1]).resolve()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory() as folder:
        children = [start(sys.argv[2:], stdout=subprocess.PIPE)]
        try:
            behind = int(children[0].stdout.readline().split()[1])
            port = free_port()
            path = pathlib.Path(folder, "nginx.conf")
            path.write_text(CONFIGURATION.format(folder=folder, port=port, behind=behind, certificates=certificates))
            children.append(start(["nginx", "-p", folder, "-e", f"{folder}/error.log", "-c", str(path)], stdout=subprocess.DEVNULL))
            until = time.monotonic() + 5
            while not connects(port):
                if children[1].poll() is not None or time.monotonic() > until:
                    sys.exit("nginx does not listen")
                time.sleep(0.05)
            print(f"port {port}", flush=True)
            signal.pause()
        finally:
            for child in reversed(children):
                child.terminate()
                child.wait()


main()
