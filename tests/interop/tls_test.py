"""tls_test.py <parley|openssl|curl|python|node> <make-certificates> <tls_server> <tls_client>

Clients of a server over TLS: those of examples/10_tls, and foreign ones. If the foreign program is not installed, the exit status is 77.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from conversation_test import Node, Python, skip  # noqa: E402
from programs import OrderedServer, check, run, sanitizer_environment  # noqa: E402


# ---- The clients.

def parley(server, folder, make, client):
    url = f"wss://127.0.0.1:{server.port}/ws"
    check(run(client, folder, url, environment=sanitizer_environment()) == (0, "391 + 29 = 420\n"), "the example's client failed")
    # The server gets a certificate of another authority.
    with tempfile.TemporaryDirectory() as other:
        subprocess.run([make, other], check=True)
        for name in ("server.pem", "server.key", "ca.pem"):
            shutil.copy(pathlib.Path(other, name), folder)
        check(server.order("reload") == "reloaded", "no reload", server.said())
        status, said = run(client, other, url, environment=sanitizer_environment())
        check((status, said) == (0, "391 + 29 = 420\n"), "not connected after a reload", said)
        pathlib.Path(folder, "server.key").write_text("nothing", encoding="ascii")
        check("contains no private key" in server.order("reload"), "a key that is none was accepted")
        check(run(client, other, url, environment=sanitizer_environment())[0] == 0, "not connected after a reload that failed")


def openssl(server, folder, *_):
    program = shutil.which("openssl") or skip("no openssl")
    common = (program, "s_client", "-connect", f"127.0.0.1:{server.port}", "-CAfile", f"{folder}/ca.pem", "-verify_return_error")
    for version, name in (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
        status, said = run(*common, version, "-verify_hostname", "localhost")
        check(status == 0 and f"New, {name}, Cipher is" in said, f"{name} failed", said)
        check("Verify return code: 0 (ok)" in said and "Secure Renegotiation IS NOT" not in said.replace("TLSv1.3", "") or name == "TLSv1.3",
              f"{name} was not verified", said)
        check("Compression: NONE" in said, "compression", said)
    status, said = run(*common, "-verify_hostname", "example.org")
    check(status != 0 and "hostname mismatch" in said.lower(), "another name was accepted", said)
    for version in ("-tls1", "-tls1_1"):
        status, said = run(*common, version, "-cipher", "ALL:@SECLEVEL=0")
        check(status != 0, f"{version} was accepted", said)
    # Ciphers without forward secrecy or authenticated encryption.
    for cipher in ("AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA"):
        status, said = run(*common, "-tls1_2", "-cipher", cipher)
        check(status != 0 and "Cipher is (NONE)" in said, f"{cipher} was accepted", said)
    # With a certificate, and with one of a stranger.
    status, said = run(*common, "-cert", f"{folder}/client.pem", "-key", f"{folder}/client.key")
    check(status == 0 and "Acceptable client certificate CA names" in said, "no certificate was asked for", said)
    # Renegotiation, which the line R asks for in TLS 1.2.
    status, said = run(*common, "-tls1_2", text="R\n")
    check("no renegotiation" in said.lower() or "RENEGOTIATING" in said and status != 0, "renegotiated", said)
    # A ticket, which s_client stores and presents again.
    for version in ("-tls1_2", "-tls1_3"):
        kept = f"{folder}/session{version}"
        request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
        status, said = run(*common, version, "-ign_eof", "-sess_out", kept, text=request)
        check("HTTP/1.1 4" in said, "no answer inside of TLS", said)
        status, said = run(*common, version, "-ign_eof", "-sess_in", kept, text=request)
        check("Reused, TLSv1" in said, f"the ticket was not used in {version}", said)


def curl(server, folder, *_):
    program = shutil.which("curl") or skip("no curl")
    status, said = run(program, "-sS", "--include", "--cacert", f"{folder}/ca.pem", f"https://localhost:{server.port}/ws")
    check(status == 0 and said.startswith("HTTP/1.1 426"), "no answer over https", said)
    status, said = run(program, "-sS", "--cacert", f"{folder}/ca.pem", "--resolve", f"example.org:{server.port}:127.0.0.1",
                       f"https://example.org:{server.port}/ws")
    check(status == 60, "another name was accepted", said)
    status, said = run(program, "-sS", "--include", f"http://127.0.0.1:{server.port}/ws")
    check(status == 0 and said.startswith("HTTP/1.1 400") and "this port speaks TLS: use wss:// or https://" in said, "no hint in plain text", said)
    upgrade = ("-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13", "-H",
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
    status, said = run(program, "-sS", "--include", "--http1.1", "--max-time", "2", "--cacert", f"{folder}/ca.pem", *upgrade,
                       f"https://localhost:{server.port}/ws")
    check(said.startswith("HTTP/1.1 101") and re.search("s3pPLMBiTxaQ9kYGzzhZRbK\\+xOo=", said), "no upgrade", said)


CALL = json.dumps({"event_name": "Lobby.Add", "payload": {"numbers": [391, 29]}, "id": 1})


def answered(said):
    check(json.loads(said)["payload"] == {"value": 420}, "another answer", said)


def python(server, folder, *_):
    program = textwrap.dedent(f"""
        import asyncio, ssl, websockets
        async def main():
            trust = ssl.create_default_context(cafile="{folder}/ca.pem")
            async with websockets.connect("wss://localhost:{server.port}/ws", ssl=trust) as socket:
                await socket.send({CALL!r})
                print(await socket.recv())
        asyncio.run(main())
        """)
    status, said = run(Python().python, "-c", program)
    check(status == 0, "Python failed", said)
    answered(said)


def node(server, folder, *_):
    foreign = Node()
    program = textwrap.dedent(f"""
        const socket = new (require('ws'))('wss://localhost:{server.port}/ws', {{ca: require('fs').readFileSync('{folder}/ca.pem')}});
        socket.on('open', () => socket.send({CALL!r}));
        socket.on('message', (data) => {{ console.log(String(data)); socket.close(); }});
        socket.on('error', (why) => {{ console.log(why); process.exit(1); }});
        """)
    status, said = run(foreign.node, "-e", program, environment=foreign.environment())
    check(status == 0, "Node failed", said)
    answered(said)


if __name__ == "__main__":
    who, make_certificates, tls_server, tls_client = sys.argv[1:5]
    with tempfile.TemporaryDirectory() as certificates:
        subprocess.run([make_certificates, certificates], check=True)
        running = OrderedServer([tls_server, certificates, "0"])
        try:
            {"parley": parley, "openssl": openssl, "curl": curl, "python": python, "node": node}[who](
                running, certificates, make_certificates, tls_client)
            running.end()
        finally:
            running.kill()
