"""Messages that are written and read without a network: CPU time for each message."""

import tempfile

from .. import programs
from ..group import Bar, Contender, Group

NAME = "codecs"
TITLE = "Codecs: CPU time of one message"

_KINDS = {"flat": "small and flat", "nested": "nested", "series": "100 numbers", "block": "64 KiB of bytes", "board": "maps and oneofs"}
_OTHERS = {
    "json": {"Protobuf": "bench_protobuf_codec", "nlohmann": "bench_nlohmann_codec"},
    "binary": {"Protobuf": "bench_protobuf_codec", "FlatBuffers": "bench_flatbuffers_codec"},
}
_NEEDS = {"Protobuf": "libprotobuf-dev", "nlohmann": "nlohmann-json3-dev", "FlatBuffers": "flatbuffers-compiler"}


def packages(every):
    return ["libprotobuf-dev"] + (["nlohmann-json3-dev", "flatbuffers-compiler"] if every else [])


def groups(settings):
    kinds = list(_KINDS) if settings.every else ["nested"]
    formats = ["json", "binary"] if settings.every else ["json"]
    samples = tempfile.TemporaryDirectory(prefix="parley-bench-")
    programs.run([settings.programs.find("bench_parley_codec"), f"write={samples.name}"])
    return [_group(settings, samples, kind, form, operation) for kind in kinds for form in formats for operation in ("encode", "decode")]


def _group(settings, samples, kind, form, operation):
    contenders = []
    for name, program in {"parley": "bench_parley_codec", **_OTHERS[form]}.items():
        path = settings.programs.find(program)
        if not path:
            if settings.every or name == "Protobuf":
                settings.skip(f"{name}'s codec: {program} is not there ({_NEEDS[name]})")
            continue
        command = [path, f"kind={kind}", f"format={form}", f"operation={operation}", f"samples={samples.name}", f"seconds={settings.seconds * 0.3}"]
        # `samples` is kept until the last contender has read it.
        contenders.append(Contender(name, lambda command=command, _=samples: programs.client(command)))
    bars = []
    if (kind, form) == ("nested", "json"):
        bars = [Bar(f"JSON {operation} of the nested message: Protobuf's time against ours", "Protobuf", 15, "parley", at_least=True)]
    return Group(NAME, f"codecs-{kind}-{form}-{operation}", f"{_KINDS[kind]}, {'JSON' if form == 'json' else 'binary'}, {operation}", "ns", "ns",
                 contenders, "parley", bars)
