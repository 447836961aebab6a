"""schema/parley/envelope.proto describes the JSON frames that are frozen here. Each parses with the
content that the file states.
"""

import pathlib
import subprocess
import sys
import tempfile
import unittest

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory, struct_pb2  # noqa: F401 (struct: for the pool)

VECTORS = pathlib.Path(__file__).resolve().parent
SCHEMA = VECTORS.parent.parent / "schema"
PROTOC = "protoc"


def messages():
    """The message classes of envelope.proto, by name."""
    with tempfile.TemporaryDirectory() as folder:
        compiled = pathlib.Path(folder) / "envelope.pb"
        subprocess.run([PROTOC, "-I", str(SCHEMA), "--include_imports", "-o", str(compiled), "parley/envelope.proto"], check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(compiled.read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    return {name: factory.GetPrototype(pool.FindMessageTypeByName("parley.wire." + name))
            for name in ("Envelope", "Hello", "Welcome", "Goaway", "Gap", "Credit", "Auth")}


def records(file):
    for block in (VECTORS / file).read_text(encoding="utf-8").split("\n\n"):
        lines = [line.split(": ", 1) for line in block.splitlines() if line and not line.startswith("#")]
        if lines:
            yield {line[0]: line[1] for line in lines}


class EnvelopeProto(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.messages = messages()

    def parse(self, name, text):
        return json_format.Parse(text, self.messages[name]())

    def test_describes_every_frame(self):
        for record in records("frames.json.txt"):
            with self.subTest(record["name"]):
                self.assertTrue(self.parse("Envelope", record["frame"]).event_name)

    def test_describes_the_payloads_of_control_frames(self):
        named = {"$hello": "Hello", "$welcome": "Welcome", "$goaway": "Goaway", "$gap": "Gap", "$credit": "Credit", "$auth": "Auth"}
        seen = set()
        for record in records("frames.json.txt"):
            frame = self.parse("Envelope", record["frame"])
            if frame.event_name in named:
                seen.add(frame.event_name)
                self.parse(named[frame.event_name], json_format.MessageToJson(frame.payload))
        self.assertEqual(seen, set(named))

    def test_describes_every_greeting(self):
        for record in records("greetings.txt"):
            with self.subTest(record["name"]):
                self.assertEqual(self.parse(record["kind"].capitalize(), record["json"]).revision, 1)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        PROTOC = sys.argv.pop(1)
    unittest.main()
