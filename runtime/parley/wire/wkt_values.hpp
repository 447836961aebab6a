// The well-known types inside other messages: the functions that json_values.hpp and
// flat_values.hpp call for them.
#pragma once

#include "parley/wire/flat.hpp"
#include "parley/wire/json.hpp"
#include "parley/wire/json_writer.hpp"
#include "parley/wkt.hpp"

#include <string>

namespace parley {

// A field of this type never carries information. Defined here, where argument-dependent lookup
// finds it.
constexpr bool is_default(const null_value&) noexcept { return true; }

}  // namespace parley

namespace parley::json {

void write_json(writer&, const empty&);
void write_json(writer&, const timestamp&);
void write_json(writer&, const duration&);
void write_json(writer&, const field_mask&);
void write_json(writer&, const null_value&);
void write_json(writer&, const value&);
void write_json(writer&, const structure&);
void write_json(writer&, const list_value&);
void write_json(writer&, const any&);  // fails if its type is not known

bool read_json(reader&, empty&);
bool read_json(reader&, timestamp&);
bool read_json(reader&, duration&);
bool read_json(reader&, field_mask&);
bool read_json(reader&, null_value&);
bool read_json(reader&, value&);
bool read_json(reader&, structure&);
bool read_json(reader&, list_value&);
bool read_json(reader&, any&);

}  // namespace parley::json

namespace parley::flat {

offset write_binary(writer&, const empty&);
offset write_binary(writer&, const timestamp&);
offset write_binary(writer&, const duration&);
offset write_binary(writer&, const field_mask&);
offset write_binary(writer&, const null_value&);
offset write_binary(writer&, const value&);
offset write_binary(writer&, const structure&);
offset write_binary(writer&, const list_value&);
offset write_binary(writer&, const any&);

bool read_binary(table, empty&);
bool read_binary(table, timestamp&);
bool read_binary(table, duration&);
bool read_binary(table, field_mask&);
bool read_binary(table, null_value&);
bool read_binary(table, value&);
bool read_binary(table, structure&);
bool read_binary(table, list_value&);
bool read_binary(table, any&);

inline offset write_member(writer&, const null_value&) { return {}; }
inline bool read_field(table, unsigned, null_value&, const field_limits&) { return true; }

}  // namespace parley::flat
