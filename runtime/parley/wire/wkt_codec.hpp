// The four codec functions for the C++ values of google.protobuf's well-known types. These include
// bare C++ values: double for DoubleValue, std::string for StringValue, std::vector<std::byte> for
// BytesValue, ...
//
// In JSON, a payload of one of these types follows the proto3 mapping (1.5, "text",
// "2024-05-01T12:00:00Z"). In binary it is a table of schema/parley/wkt.fbs. Limits and errors are
// those of wire/codec.hpp, which includes this file.
#pragma once

#include "parley/core/core.hpp"
#include "parley/wire/format.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

struct empty;
struct timestamp;
struct duration;
struct field_mask;
struct null_value;
struct value;
struct structure;
struct list_value;
struct any;

// Values that JSON cannot represent are refused in both formats (wire/codec.hpp). NaN of a double
// or float is written as the text "NaN".
result<> write_json(double, std::string& out);
result<> write_json(float, std::string& out);
result<> write_json(std::int64_t, std::string& out);
result<> write_json(std::uint64_t, std::string& out);
result<> write_json(std::int32_t, std::string& out);
result<> write_json(std::uint32_t, std::string& out);
result<> write_json(bool, std::string& out);
result<> write_json(const std::string&, std::string& out);
result<> write_json(const std::vector<std::byte>&, std::string& out);
result<> write_json(const empty&, std::string& out);
result<> write_json(const timestamp&, std::string& out);
result<> write_json(const duration&, std::string& out);
result<> write_json(const field_mask&, std::string& out);
result<> write_json(const value&, std::string& out);
result<> write_json(const structure&, std::string& out);
result<> write_json(const list_value&, std::string& out);
result<> write_json(const any&, std::string& out);

result<> write_binary(double, std::string& out);
result<> write_binary(float, std::string& out);
result<> write_binary(std::int64_t, std::string& out);
result<> write_binary(std::uint64_t, std::string& out);
result<> write_binary(std::int32_t, std::string& out);
result<> write_binary(std::uint32_t, std::string& out);
result<> write_binary(bool, std::string& out);
result<> write_binary(const std::string&, std::string& out);
result<> write_binary(const std::vector<std::byte>&, std::string& out);
result<> write_binary(const empty&, std::string& out);
result<> write_binary(const timestamp&, std::string& out);
result<> write_binary(const duration&, std::string& out);
result<> write_binary(const field_mask&, std::string& out);
result<> write_binary(const value&, std::string& out);
result<> write_binary(const structure&, std::string& out);
result<> write_binary(const list_value&, std::string& out);
result<> write_binary(const any&, std::string& out);

result<> read_json(std::string_view, double&, const decode_options& = {});
result<> read_json(std::string_view, float&, const decode_options& = {});
result<> read_json(std::string_view, std::int64_t&, const decode_options& = {});
result<> read_json(std::string_view, std::uint64_t&, const decode_options& = {});
result<> read_json(std::string_view, std::int32_t&, const decode_options& = {});
result<> read_json(std::string_view, std::uint32_t&, const decode_options& = {});
result<> read_json(std::string_view, bool&, const decode_options& = {});
result<> read_json(std::string_view, std::string&, const decode_options& = {});
result<> read_json(std::string_view, std::vector<std::byte>&, const decode_options& = {});
result<> read_json(std::string_view, empty&, const decode_options& = {});
result<> read_json(std::string_view, timestamp&, const decode_options& = {});
result<> read_json(std::string_view, duration&, const decode_options& = {});
result<> read_json(std::string_view, field_mask&, const decode_options& = {});
result<> read_json(std::string_view, value&, const decode_options& = {});
result<> read_json(std::string_view, structure&, const decode_options& = {});
result<> read_json(std::string_view, list_value&, const decode_options& = {});
result<> read_json(std::string_view, any&, const decode_options& = {});

result<> read_binary(bytes_view, double&, const decode_options& = {});
result<> read_binary(bytes_view, float&, const decode_options& = {});
result<> read_binary(bytes_view, std::int64_t&, const decode_options& = {});
result<> read_binary(bytes_view, std::uint64_t&, const decode_options& = {});
result<> read_binary(bytes_view, std::int32_t&, const decode_options& = {});
result<> read_binary(bytes_view, std::uint32_t&, const decode_options& = {});
result<> read_binary(bytes_view, bool&, const decode_options& = {});
result<> read_binary(bytes_view, std::string&, const decode_options& = {});
result<> read_binary(bytes_view, std::vector<std::byte>&, const decode_options& = {});
result<> read_binary(bytes_view, empty&, const decode_options& = {});
result<> read_binary(bytes_view, timestamp&, const decode_options& = {});
result<> read_binary(bytes_view, duration&, const decode_options& = {});
result<> read_binary(bytes_view, field_mask&, const decode_options& = {});
result<> read_binary(bytes_view, value&, const decode_options& = {});
result<> read_binary(bytes_view, structure&, const decode_options& = {});
result<> read_binary(bytes_view, list_value&, const decode_options& = {});
result<> read_binary(bytes_view, any&, const decode_options& = {});

}  // namespace parley
