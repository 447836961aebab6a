#!/usr/bin/env python3
"""tokens.py FOLDER NAME [ROLE...]: prints a token for NAME, valid for an hour, to try a server out.

The key is FOLDER/token.key, and its public part FOLDER/jwks.json. Both are made when the key is missing. Needs openssl. In production an identity
provider does this.
"""

import base64
import json
import pathlib
import subprocess
import sys
import time


def run(*command, given=None):
    return subprocess.run(command, input=given, check=True, capture_output=True).stdout


def text_of(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def json_text(value):
    return text_of(json.dumps(value, separators=(",", ":")).encode())


def raw_signature(der):
    """The two numbers of an ECDSA signature, 32 bytes each (RFC 7518 section 3.4)."""
    numbers, at = b"", 2
    for _ in range(2):
        size = der[at + 1]
        numbers += der[at + 2:at + 2 + size].lstrip(b"\0").rjust(32, b"\0")
        at += 2 + size
    return numbers


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    folder, name, roles = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    key = folder / "token.key"
    if not key.exists():
        key.touch(0o600)
        run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(key))
        point = run("openssl", "ec", "-in", str(key), "-pubout", "-outform", "DER")[-64:]
        jwk = {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "x": text_of(point[:32]), "y": text_of(point[32:])}
        (folder / "jwks.json").write_text(json.dumps({"keys": [jwk]}, indent=2) + "\n", encoding="ascii")
    now = int(time.time())
    said = json_text({"alg": "ES256", "typ": "JWT"}) + "." + json_text({"sub": name, "roles": roles, "iat": now, "exp": now + 3600})
    print(said + "." + text_of(raw_signature(run("openssl", "dgst", "-sha256", "-sign", str(key), given=said.encode()))))


main()
