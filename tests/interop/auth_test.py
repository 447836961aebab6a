"""auth_test.py <parley|curl|python|pyjwt|page|node> <login.py> <auth_server> <auth_client>

Clients of examples/11_auth with credentials: the example's own, and foreign ones with every source of a credential. If the foreign program
is not installed, the exit status is 77.
"""

import base64
import http.client
import json
import os
import pathlib
import shutil
import sys
import tempfile
import textwrap
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from conversation_test import Node, Python, skip  # noqa: E402
from programs import PATIENCE, OrderedServer, Program, check, run, sanitizer_environment  # noqa: E402

ORIGIN = "http://login.example:8000"
CALL = json.dumps({"event_name": "Lobby.Add", "payload": {"numbers": [391, 29]}, "id": 1})


class Login:
    def __init__(self, program, folder):
        self.program, self.keys = program, pathlib.Path(folder, "keys.json")
        check(run(sys.executable, program, self.keys)[0] == 0, "no keys")

    def token(self, name, *roles):
        status, said = run(sys.executable, self.program, self.keys, "token", name, *roles)
        check(status == 0, "no token", said)
        return said.strip()


def base64url(text):
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


# ---- The clients.

def parley(server, login, client):
    url = f"ws://127.0.0.1:{server.port}/ws"

    def outcome(token):
        environment = sanitizer_environment()
        environment.pop("TOKEN", None)
        if token:
            environment["TOKEN"] = token
        return run(client, url, environment=environment)

    check(outcome(login.token("ada", "clerk")) == (0, "391 + 29 = 420\n"), "the example's client failed")
    check(server.line_with("connected")[0] and server.output[-1] == "ada connected", "the server does not know who it was", server.said())
    status, said = outcome(login.token("bob"))
    check(status == 1 and "only clerks add" in said, "a client without the role was served", said)
    status, said = outcome(login.token("eve", "clerk")[:-4] + "AAAA")
    check(status == 1 and "unauthenticated" in said, "a forged token was accepted", said)
    status, said = outcome(None)
    check(status == 1, "a client without a token was served", said)
    # The server gets new keys, and old tokens are worth nothing.
    old = login.token("ada", "clerk")
    check(run(sys.executable, login.program, login.keys)[0] == 0, "no keys")
    check(server.order("reload") == "bob connected" and server.next_line() == "reloaded", "no reload", server.said())
    check(outcome(old)[0] == 1, "an old token was accepted")
    check(outcome(login.token("ada", "clerk"))[0] == 0, "a new token was refused")


def curl(server, login, *_):
    program = shutil.which("curl") or skip("no curl")
    upgrade = ("-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13", "-H",
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")

    def answer(*more):
        return run(program, "-sS", "--include", "--http1.1", "--max-time", "2", *upgrade, *more, f"http://127.0.0.1:{server.port}/ws")[1]

    token = login.token("ada", "clerk")
    check(answer("-H", f"Authorization: Bearer {token}").startswith("HTTP/1.1 101"), "a good token was refused")
    for wrong in ((), ("-H", "Authorization: Bearer x.y.z"), ("-u", "ada:secret"), ("-H", f"Cookie: session={token}")):
        said = answer(*wrong)
        check(said.startswith("HTTP/1.1 401") and "\r\nWWW-Authenticate: Bearer\r\n" in said.replace("\n", "\r\n").replace("\r\r", "\r"),
              f"{wrong} was not refused with 401", said)
        check(token not in said and "x.y.z" not in said, "the answer repeats the token", said)
    said = answer("-H", f"Authorization: Bearer {token}", "-H", f"Sec-WebSocket-Protocol: parley.v1.json, parley.auth.{base64url(token)}")
    check(said.startswith("HTTP/1.1 400") and "two credentials" in said, "two credentials were accepted", said)


def python(server, login, *_):
    token = login.token("ada", "clerk")
    hello = json.dumps({"event_name": "$hello", "payload": {"revision": 1, "auth": {"scheme": "bearer", "credential": token}}})
    program = textwrap.dedent(f"""
        import asyncio, json, websockets
        url, call = "ws://127.0.0.1:{server.port}/ws", {CALL!r}
        async def ask(hello=None, **how):
            try:
                async with websockets.connect(url, **how) as socket:
                    if hello:
                        await socket.send(hello)
                        await socket.recv()
                    await socket.send(call)
                    return json.loads(await socket.recv())["payload"]["value"]
            except websockets.InvalidStatusCode as refused:
                return refused.status_code
            except websockets.ConnectionClosed as closed:
                return closed.code
        async def main():
            token, hello = {token!r}, {hello!r}
            cookie = {{"Cookie": "session=" + token}}
            print([await ask(extra_headers={{"Authorization": "Bearer " + token}}),
                   await ask(hello='{{"event_name":"$hello","payload":{{"revision":1}}}}',
                             subprotocols=["parley.v1.json", "parley.auth.{base64url(token)}"]),
                   await ask(hello=hello, subprotocols=["parley.v1.json"]),
                   await ask(extra_headers=cookie, origin="{ORIGIN}"),
                   await ask(extra_headers=cookie, origin="http://evil.example"),
                   await ask(extra_headers=cookie),
                   await ask(),
                   await ask(hello='{{"event_name":"$hello","payload":{{"revision":1}}}}', subprotocols=["parley.v1.json"]),
                   await ask(hello=hello.replace(token, token[:-4] + "AAAA"), subprotocols=["parley.v1.json"])])
        asyncio.run(main())
        """)
    status, said = run(Python().python, "-c", program)
    check(status == 0 and said == "[420, 420, 420, 420, 403, 401, 401, 4005, 4005]\n", "Python's clients had other outcomes", said)


def pyjwt(server, login, *_):
    """Tokens of another library, in each algorithm."""
    program = textwrap.dedent("""
        import json, sys, time
        try:
            import jwt
            from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
        except ImportError:
            sys.exit(77)
        private = {"RS256": rsa.generate_private_key(65537, 2048), "ES256": ec.generate_private_key(ec.SECP256R1()),
                   "EdDSA": ed25519.Ed25519PrivateKey.generate()}
        names = {"RS256": jwt.algorithms.RSAAlgorithm, "ES256": jwt.algorithms.ECAlgorithm, "EdDSA": jwt.algorithms.OKPAlgorithm}
        keys = []
        for name, key in private.items():
            made = names[name].to_jwk(key.public_key())
            keys.append({**(json.loads(made) if isinstance(made, str) else made), "kid": name, "use": "sig"})
        claims = {"iss": "https://login.example", "aud": ["lobby", "other"], "sub": "ada", "roles": ["clerk"], "exp": int(time.time()) + 600}
        tokens = [jwt.encode(claims, key, name, headers={"kid": name}) for name, key in private.items()]
        tokens += [jwt.encode(claims, None, "none"), jwt.encode({**claims, "aud": "other"}, private["ES256"], "ES256")]
        print(json.dumps({"keys": {"keys": keys}, "tokens": tokens}))
        """)
    status, said = run("/usr/bin/python3", "-c", program)
    if status == 77:
        skip("no PyJWT")
    check(status == 0, "PyJWT failed", said)
    made = json.loads(said)
    login.keys.write_text(json.dumps(made["keys"]))
    check(server.order("reload") == "reloaded", "the keys of PyJWT were refused", server.said())
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    outcomes = []
    for token in made["tokens"]:
        connection.request("GET", "/ws", headers={"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                                                  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Authorization": "Bearer " + token})
        outcomes.append(connection.getresponse().status)
        connection.close()
    check(outcomes == [101, 101, 101, 401, 401], "tokens of PyJWT had other outcomes", outcomes)


class Page(Program):
    """login.py, which serves the page."""

    def __init__(self, program, keys):
        super().__init__([sys.executable, "-u", program, keys, "serve", "0"])
        self.port = int(self.line_with(r"log in at http://127\.0\.0\.1:(\d+)/")[1])


def page(server, login, *_):
    """The page in a browser: it logs in with its form, and connects with the cookie."""
    served = login.page
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or skip("no browser")
    try:
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE)
        connection.request("POST", "/", urllib.parse.urlencode({"name": "ada", "role": "clerk"}))
        answer = connection.getresponse()
        cookie = answer.getheader("Set-Cookie")
        check(answer.status == 303 and cookie.startswith("session=") and "HttpOnly" in cookie, "no cookie", answer.status)
        answer.read()
        # The form is sent by a script, because a browser without a window has no user.
        start = f"""<form id=f method=post action="http://127.0.0.1:{served.port}/?port={server.port}"><input name=name value=ada><input name=role value=clerk></form>
                    <script>document.getElementById("f").submit()</script>"""
        # The browser's virtual time may run ahead of the connection on a busy machine. The page is opened again then.
        for _ in range(8):
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
                first = pathlib.Path(profile, "start.html")
                first.write_text(start)
                status, said = run(chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}/profile",
                                   "--virtual-time-budget=20000", "--dump-dom", first.as_uri())
            if status == 0 and "391 + 29 = 420" in said:
                break
        check(status == 0 and "391 + 29 = 420" in said, "the page was not let in", said)
    finally:
        served.kill()


def node(server, login, *_):
    foreign = Node()
    token = login.token("ada", "clerk")
    program = textwrap.dedent(f"""
        const {{WebSocket}} = require('ws');
        const url = 'ws://127.0.0.1:{server.port}/ws', call = {CALL!r};
        const socket = new WebSocket(url, ['parley.v1.json', 'parley.auth.{base64url(token)}']);
        socket.on('open', () => socket.send('{{"event_name":"$hello","payload":{{"revision":1}}}}'));
        socket.on('message', (data) => {{
          const frame = JSON.parse(data);
          if (frame.event_name === '$welcome') return socket.send(call);
          console.log(frame.payload.value);
          socket.close();
        }});
        socket.on('error', (why) => {{ console.log(String(why)); process.exit(1); }});
        """)
    status, said = run(foreign.node, "-e", program, environment=foreign.environment())
    check(status == 0 and said == "420\n", "Node failed", said)


if __name__ == "__main__":
    who, login_program, auth_server, auth_client = sys.argv[1:5]
    with tempfile.TemporaryDirectory() as scratch:
        issuer = Login(login_program, scratch)
        clients = {"parley": parley, "curl": curl, "python": python, "pyjwt": pyjwt, "page": page, "node": node}
        origin = ORIGIN
        if who == "page":
            issuer.page = Page(login_program, issuer.keys)
            origin = f"http://127.0.0.1:{issuer.page.port}"
        running = OrderedServer([auth_server, issuer.keys, "0", origin])
        try:
            clients[who](running, issuer, auth_client)
            running.end()
        finally:
            running.kill()
