#!/usr/bin/env python3
"""Issues tokens for auth_server. A real system has an identity provider for this, which signs with a key that servers do not have.

  login.py KEYS                      writes new keys
  login.py KEYS token NAME [ROLE ...]  prints a token
  login.py KEYS serve PORT           serves a page that logs in: its form asks for a name, and the answer sets the cookie
"""

import base64
import hashlib
import hmac
import http.server
import json
import pathlib
import secrets
import sys
import time
import urllib.parse


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(keys, name, roles):
    key = json.loads(keys.read_text())["keys"][0]
    claims = {"iss": "https://login.example", "aud": "lobby", "sub": name, "roles": roles, "exp": int(time.time()) + 3600}
    text = ".".join(base64url(json.dumps(part).encode()) for part in ({"alg": "HS256", "kid": key["kid"]}, claims))
    secret = base64.urlsafe_b64decode(key["k"] + "=" * (-len(key["k"]) % 4))
    return text + "." + base64url(hmac.new(secret, text.encode(), hashlib.sha256).digest())


class Login(http.server.BaseHTTPRequestHandler):
    """The page, and the form behind it. It trusts every name, because it shows the cookie and not the password."""

    keys = None

    def do_GET(self):
        self.answer(200, (pathlib.Path(__file__).parent / "page.html").read_text())

    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
        name = form.get("name", [""])[0]
        if not name:
            return self.answer(400, "a name is missing")
        # HttpOnly hides the token from scripts. Over https it is also Secure. SameSite would suffice
        # against other sites only where page and server have the same site: the server checks the
        # origin, too.
        cookie = f"session={token(self.keys, name, form.get('role', []))}; HttpOnly; SameSite=Strict; Path=/"
        self.answer(303, "", {"Set-Cookie": cookie, "Location": self.path})

    def answer(self, status, text, headers={}):
        self.send_response(status)
        for header, value in {"Content-Type": "text/html; charset=utf-8", "Content-Length": len(text.encode()), **headers}.items():
            self.send_header(header, str(value))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass  # requests contain cookies


def main(keys, command="keys", *more):
    keys = pathlib.Path(keys)
    if command == "keys":
        keys.write_text(json.dumps({"keys": [{"kty": "oct", "alg": "HS256", "kid": secrets.token_hex(4),
                                              "k": base64url(secrets.token_bytes(32))}]}))
        keys.chmod(0o600)
    elif command == "token":
        print(token(keys, more[0], list(more[1:])))
    elif command == "serve":
        Login.keys = keys
        with http.server.ThreadingHTTPServer(("127.0.0.1", int(more[0])), Login) as server:
            print(f"log in at http://127.0.0.1:{server.server_port}/", flush=True)
            server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
