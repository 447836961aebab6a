"""proxies_test.py <microsocks|tinyproxy> <raw_guest>: the tests of raw_test.py through a real proxy
that requires a user, and the error for a user that it does not know. The exit status is 77 if the
proxy is not installed.
"""

import pathlib
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from programs import Failed, PATIENCE, Program, SKIPPED, free_port, listens, sanitizer_environment  # noqa: E402
from raw_test import echo_server, run_guest  # noqa: E402


def command(name, port, folder):
    if name == "microsocks":
        return [shutil.which(name), "-i", "127.0.0.1", "-p", str(port), "-u", "me", "-P", "word"]
    config = pathlib.Path(folder) / "tinyproxy.conf"
    config.write_text(f"Port {port}\nListen 127.0.0.1\nBasicAuth me word\nMaxClients 300\nTimeout 600\nLogLevel Warning\n")
    return [shutil.which(name), "-d", "-c", str(config)]


def started(name, folder):
    for _ in range(10):
        port = free_port()
        program = Program(command(name, port, folder))
        if listens(program, port):
            return program, port
    raise Failed(f"{name} found no port:\n{program.said()}")


def main(name, guest):
    if not shutil.which(name):
        print(f"skipped: no {name}; on Debian: apt-get install {'tinyproxy-bin' if name == 'tinyproxy' else name}")
        sys.exit(SKIPPED)
    scheme = "socks5" if name == "microsocks" else "http"
    echo, url = echo_server("python")
    with tempfile.TemporaryDirectory() as folder:
        proxy, port = started(name, folder)
        try:
            run_guest(guest, ECHO_URL=url, PROXY_URL=f"{scheme}://me:word@127.0.0.1:{port}")
            stranger = Program([guest, "--gtest_filter=*Text_and_binary*"],
                               {**sanitizer_environment(), "ECHO_URL": url, "PROXY_URL": f"{scheme}://me:secret@127.0.0.1:{port}"})
            if stranger.wait() == 0:
                raise Failed("a stranger was let through")
            said = "\n".join(stranger.output + stranger.errors)
            if "the proxy refused" not in said or "secret" in said:
                raise Failed(f"a stranger is told:\n{said}")
        finally:
            proxy.kill()
            echo.kill()


if __name__ == "__main__":
    main(*sys.argv[1:])
