#include "parley/wire/wkt_codec.hpp"

#include "parley/wire/flat_values.hpp"
#include "parley/wire/json_values.hpp"
#include "parley/wire/wkt_values.hpp"

namespace parley {
namespace {

// A bare value is the only field of its table: DoubleValue, StringValue, ... in
// schema/parley/wkt.fbs.
template <class T>
result<> write_wrapper(const T& value, std::string& out) {
  const std::size_t start = out.size();
  flat::writer buffer;
  if constexpr (flat::inline_value<T>) {
    buffer.begin_table();
    buffer.add(0, value);
  } else {
    const flat::offset content = flat::write_member(buffer, value);
    buffer.begin_table();
    buffer.add(0, content);
  }
  buffer.finish(buffer.end_table(), out);
  return buffer.finish_document(out, start);
}

template <class T>
result<> read_wrapper(bytes_view bytes, T& value, const decode_options& options) {
  flat::reader in(bytes, options);
  const flat::table root = in.root();
  if (!in.failed()) flat::read_field(root, 0, value, {});
  if (options.grown) *options.grown += in.memory().grown();
  if (in.failed()) return in.error();
  return {};
}

}  // namespace

result<> write_json(double value, std::string& out) { return json::write_document(value, out); }
result<> write_json(float value, std::string& out) { return json::write_document(value, out); }
result<> write_json(std::int64_t value, std::string& out) { return json::write_document(value, out); }
result<> write_json(std::uint64_t value, std::string& out) { return json::write_document(value, out); }
result<> write_json(std::int32_t value, std::string& out) { return json::write_document(value, out); }
result<> write_json(std::uint32_t value, std::string& out) { return json::write_document(value, out); }
result<> write_json(bool value, std::string& out) { return json::write_document(value, out); }
result<> write_json(const std::string& value, std::string& out) { return json::write_document(value, out); }
result<> write_json(const std::vector<std::byte>& value, std::string& out) { return json::write_document(value, out); }
result<> write_json(const empty& value, std::string& out) { return json::write_document(value, out); }
result<> write_json(const timestamp& value, std::string& out) { return json::write_document(value, out); }
result<> write_json(const duration& value, std::string& out) { return json::write_document(value, out); }
result<> write_json(const field_mask& value, std::string& out) { return json::write_document(value, out); }
result<> write_json(const value& value, std::string& out) { return json::write_document(value, out); }
result<> write_json(const structure& value, std::string& out) { return json::write_document(value, out); }
result<> write_json(const list_value& value, std::string& out) { return json::write_document(value, out); }
result<> write_json(const any& value, std::string& out) { return json::write_document(value, out); }

result<> write_binary(double value, std::string& out) { return write_wrapper(value, out); }
result<> write_binary(float value, std::string& out) { return write_wrapper(value, out); }
result<> write_binary(std::int64_t value, std::string& out) { return write_wrapper(value, out); }
result<> write_binary(std::uint64_t value, std::string& out) { return write_wrapper(value, out); }
result<> write_binary(std::int32_t value, std::string& out) { return write_wrapper(value, out); }
result<> write_binary(std::uint32_t value, std::string& out) { return write_wrapper(value, out); }
result<> write_binary(bool value, std::string& out) { return write_wrapper(value, out); }
result<> write_binary(const std::string& value, std::string& out) { return write_wrapper(value, out); }
result<> write_binary(const std::vector<std::byte>& value, std::string& out) { return write_wrapper(value, out); }
result<> write_binary(const empty&, std::string&) { return {}; }  // zero bytes are an empty message
result<> write_binary(const timestamp& value, std::string& out) { return flat::write_document(value, out); }
result<> write_binary(const duration& value, std::string& out) { return flat::write_document(value, out); }
result<> write_binary(const field_mask& value, std::string& out) { return flat::write_document(value, out); }
result<> write_binary(const value& value, std::string& out) { return flat::write_document(value, out); }
result<> write_binary(const structure& value, std::string& out) { return flat::write_document(value, out); }
result<> write_binary(const list_value& value, std::string& out) { return flat::write_document(value, out); }
result<> write_binary(const any& value, std::string& out) { return flat::write_document(value, out); }

result<> read_json(std::string_view text, double& value, const decode_options& options) {
  return json::read_document(text, value, options);
}
result<> read_json(std::string_view text, float& value, const decode_options& options) { return json::read_document(text, value, options); }
result<> read_json(std::string_view text, std::int64_t& value, const decode_options& options) {
  return json::read_document(text, value, options);
}
result<> read_json(std::string_view text, std::uint64_t& value, const decode_options& options) {
  return json::read_document(text, value, options);
}
result<> read_json(std::string_view text, std::int32_t& value, const decode_options& options) {
  return json::read_document(text, value, options);
}
result<> read_json(std::string_view text, std::uint32_t& value, const decode_options& options) {
  return json::read_document(text, value, options);
}
result<> read_json(std::string_view text, bool& value, const decode_options& options) { return json::read_document(text, value, options); }
result<> read_json(std::string_view text, std::string& value, const decode_options& options) {
  return json::read_document(text, value, options);
}
result<> read_json(std::string_view text, std::vector<std::byte>& value, const decode_options& options) {
  return json::read_document(text, value, options);
}
result<> read_json(std::string_view text, empty& value, const decode_options& options) { return json::read_document(text, value, options); }
result<> read_json(std::string_view text, timestamp& value, const decode_options& options) {
  return json::read_document(text, value, options);
}
result<> read_json(std::string_view text, duration& value, const decode_options& options) {
  return json::read_document(text, value, options);
}
result<> read_json(std::string_view text, field_mask& value, const decode_options& options) {
  return json::read_document(text, value, options);
}
result<> read_json(std::string_view text, value& value, const decode_options& options) { return json::read_document(text, value, options); }
result<> read_json(std::string_view text, structure& value, const decode_options& options) {
  return json::read_document(text, value, options);
}
result<> read_json(std::string_view text, list_value& value, const decode_options& options) {
  return json::read_document(text, value, options);
}
result<> read_json(std::string_view text, any& value, const decode_options& options) { return json::read_document(text, value, options); }

result<> read_binary(bytes_view bytes, double& value, const decode_options& options) { return read_wrapper(bytes, value, options); }
result<> read_binary(bytes_view bytes, float& value, const decode_options& options) { return read_wrapper(bytes, value, options); }
result<> read_binary(bytes_view bytes, std::int64_t& value, const decode_options& options) { return read_wrapper(bytes, value, options); }
result<> read_binary(bytes_view bytes, std::uint64_t& value, const decode_options& options) { return read_wrapper(bytes, value, options); }
result<> read_binary(bytes_view bytes, std::int32_t& value, const decode_options& options) { return read_wrapper(bytes, value, options); }
result<> read_binary(bytes_view bytes, std::uint32_t& value, const decode_options& options) { return read_wrapper(bytes, value, options); }
result<> read_binary(bytes_view bytes, bool& value, const decode_options& options) { return read_wrapper(bytes, value, options); }
result<> read_binary(bytes_view bytes, std::string& value, const decode_options& options) { return read_wrapper(bytes, value, options); }
result<> read_binary(bytes_view bytes, std::vector<std::byte>& value, const decode_options& options) {
  return read_wrapper(bytes, value, options);
}
result<> read_binary(bytes_view bytes, empty& value, const decode_options& options) { return flat::read_document(bytes, value, options); }
result<> read_binary(bytes_view bytes, timestamp& value, const decode_options& options) {
  return flat::read_document(bytes, value, options);
}
result<> read_binary(bytes_view bytes, duration& value, const decode_options& options) {
  return flat::read_document(bytes, value, options);
}
result<> read_binary(bytes_view bytes, field_mask& value, const decode_options& options) {
  return flat::read_document(bytes, value, options);
}
result<> read_binary(bytes_view bytes, value& value, const decode_options& options) { return flat::read_document(bytes, value, options); }
result<> read_binary(bytes_view bytes, structure& value, const decode_options& options) {
  return flat::read_document(bytes, value, options);
}
result<> read_binary(bytes_view bytes, list_value& value, const decode_options& options) {
  return flat::read_document(bytes, value, options);
}
result<> read_binary(bytes_view bytes, any& value, const decode_options& options) { return flat::read_document(bytes, value, options); }

}  // namespace parley
