#!/usr/bin/env python3
"""A protoc plugin that replaces protoc-gen-parley in tests of the build. It writes tiny files with the right names."""

import sys

from google.protobuf.compiler import plugin_pb2


def files_of(file, all_files):
    stem = file.name.removesuffix(".proto")
    used = {field.type_name for message in file.message_type for field in message.field}
    needed = [other.name for other in all_files if other is not file and used & {f".{other.package}.{m.name}" for m in other.message_type}]
    imports = "".join(f'#include "{name.removesuffix(".proto")}.types.hpp"\n' for name in needed)
    structs = "".join(f"struct {message.name} {{}};\n" for message in file.message_type)
    yield f"{stem}.types.hpp", f"#pragma once\n{imports}{structs}"
    yield f"{stem}.codec.hpp", f'#pragma once\n#include "{stem}.types.hpp"\n'
    yield f"{stem}.codec.cpp", f'#include "{stem}.codec.hpp"\n'
    yield f"{stem}.fbs", "// nothing\n"
    if file.service:
        yield f"{stem}.client.hpp", f'#pragma once\n#include "{stem}.codec.hpp"\n'
        yield f"{stem}.server.hpp", f'#pragma once\n#include "{stem}.codec.hpp"\n'


request = plugin_pb2.CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
response = plugin_pb2.CodeGeneratorResponse()
for proto in request.proto_file:
    if proto.name in request.file_to_generate:
        if any(message.name == "Bad" for message in proto.message_type):
            response.error = f"{proto.name}:2:1: that is bad [FAKE]"
        for name, content in files_of(proto, request.proto_file):
            response.file.add(name=name, content=content)
sys.stdout.buffer.write(response.SerializeToString())
