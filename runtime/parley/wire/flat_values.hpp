// The FlatBuffers form of C++ types: reader and writer functions by type. For generated codecs and
// wkt_codec.
//
// The binary form of a type depends on its C++ type alone:
//   scalars, enums           inline; an optional one is present or absent
//   std::string              string               in a list: [string]
//   bytes                    [ubyte]              in a list: tables with one field, value
//   std::vector<T>           a list
//   std::map<K, T>           a list of tables, key = 0, value = 1; in any order, keys unique
//   a oneof                  a union of tables with one field, value
//   messages, well-known     tables. write_binary(writer&, message) and
//                            read_binary(table, message&) are in the type's own namespace.
// The depth is counted as in JSON: messages, lists and maps count. The tables around map entries
// and members of oneofs do not.
#pragma once

#include "parley/wire/flat_reading.hpp"
#include "parley/wire/flat_writing.hpp"
