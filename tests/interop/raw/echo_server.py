"""echo_server.py: Python's `websockets` for raw connections to meet. Prints `listening on <url>`.

With TLS_FOLDER it speaks TLS, with the certificate of scripts/make-certificates in that folder.

Echoes every message, except that a text that begins with "!" asks for something else: see `obey`. Chooses the subprotocol "second".
"""

import asyncio
import json
import os
import ssl

import websockets

last_close = {}


async def obey(socket, order):
    verb, _, rest = order.partition(" ")
    if verb == "!request":
        # The attributes of a request have other names in older releases.
        headers = socket.request_headers if hasattr(socket, "request_headers") else socket.request.headers
        await socket.send(json.dumps({name.lower(): value for name, value in headers.raw_items()}))
    elif verb == "!fragments":
        await socket.send([piece for piece in rest.split("|")])
    elif verb == "!binary":
        await socket.send([bytes([0, 255]), bytes([1]), b""])
    elif verb == "!large":
        await socket.send("x" * int(rest))
    elif verb == "!ping":
        await (await socket.ping(b"are you there?"))
        await socket.send("pong came")
    elif verb == "!close":
        code, _, reason = rest.partition(" ")
        await socket.close(int(code), reason)
    elif verb == "!abort":
        socket.transport.abort()
    elif verb == "!last":
        await socket.send(json.dumps(last_close))
    else:
        raise ValueError(order)


async def serve(socket, *_):
    try:
        async for message in socket:
            if isinstance(message, str) and message.startswith("!"):
                await obey(socket, message)
            else:
                await socket.send(message)
    except websockets.ConnectionClosed:
        pass
    last_close.update(code=socket.close_code, reason=socket.close_reason)


async def main():
    secure = None
    if folder := os.environ.get("TLS_FOLDER"):
        secure = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        secure.load_cert_chain(f"{folder}/server.pem", f"{folder}/server.key")
    server = await websockets.serve(serve, "127.0.0.1", 0, subprotocols=["second"], max_size=64 * 1024 * 1024, ssl=secure)
    port = server.sockets[0].getsockname()[1]
    print(f"listening on {'wss' if secure else 'ws'}://127.0.0.1:{port}/echo", flush=True)
    await asyncio.Future()


if __name__ == "__main__":
    asyncio.run(main())
