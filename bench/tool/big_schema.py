"""A schema with many messages, as in large projects. It is always the same."""

from typing import List

_SCALARS = ["string", "int32", "int64", "double", "bool", "bytes", "fixed64"]


def _message(number: int) -> List[str]:
    lines = [f"message Message{number} {{"]
    for field in range(1, 7):
        kind = _SCALARS[(number + field) % len(_SCALARS)]
        label = "repeated " if (number + field) % 5 == 0 else "optional " if (number + field) % 7 == 0 else ""
        lines.append(f"  {label}{kind} field_{field} = {field};")
    if number > 0:
        lines.append(f"  Message{number - 1} inner = 7;")
    if number % 5 == 0:
        lines.append("  map<string, int64> counts = 8;")
    if number % 7 == 0:
        lines += ["  oneof choice {", "    string text = 9;", "    int64 number = 10;", "  }"]
    return lines + ["}", ""]


def write(messages: int) -> str:
    """Every tenth message is the request of a call, and every twentieth is sent as an event."""
    lines = ['syntax = "proto3";', "package big.v1;", "", 'import "google/protobuf/empty.proto";', 'import "parley/options.proto";', ""]
    for number in range(messages):
        lines += _message(number)
    lines.append("service Big {")
    for number in range(0, messages, 10):
        lines += [f"  // Call {number}.", f"  rpc Call{number}(Message{number}) returns (Message{number + 1});"]
    for number in range(0, messages, 20):
        lines += [f"  // Event {number}.", f"  rpc Event{number}(Message{number}) returns (google.protobuf.Empty) {{",
                  "    option (parley.event) = { to: [ALL, OTHERS] };", "  }"]
    return "\n".join(lines + ["}", ""])
