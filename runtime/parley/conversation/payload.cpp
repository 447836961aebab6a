#include "parley/conversation/payload.hpp"

#include "parley/wire/codec.hpp"

namespace parley {

result<bytes_view> payload_as(format f, const outgoing& from, const any_types* types, std::string& made) {
  const auto& ready = f == format::json ? from.json : from.binary;
  if (ready) return as_bytes(*ready);
  const bool have_json = from.json.has_value();
  const std::string& other = have_json ? *from.json : *from.binary;
  made.clear();
  if (auto done = from.what->in->transcode(have_json ? format::json : format::binary, as_bytes(other), made, {.types = types}); !done)
    return std::move(done).error();
  return as_bytes(made);
}

error payload_too_large(const method& what, std::size_t size, std::size_t limit, std::string_view option) {
  const bool own = what.max_bytes != 0;
  std::string text = "the payload has " + std::to_string(size) + " bytes, the limit is " + std::to_string(own ? what.max_bytes : limit);
  text += own ? " (max_bytes of " + std::string(what.name) : " (" + std::string(option);
  return {errc::too_large, text + ')'};
}

bool write_frame(const wire::envelope_format& as, side writer, const method& what, wire::envelope& e, bytes_view payload, std::string& out,
                 bytes_view beside) {
  e.method = what.id;
  if (!as.binary()) e.name = what.name;
  if (what.body_message && !as.binary() && e.kind == wire::kind::event) {
    // The payload is a JSON string, because it was encoded here or checked when it arrived.
    if (!payload.empty() && read_json(as_text(payload), e.text, {})) e.has_text = true;
    payload = beside;
  }
  return as.write(e, writer, payload, out);
}

bytes_view payload_of(const wire::envelope& e, const method& what, format f, std::string& scratch) {
  if (!what.body_message || f != format::json) return e.payload;
  scratch.clear();
  if (e.has_text) write_json(e.text, scratch);
  else scratch = "\"\"";
  return as_bytes(scratch);
}

bool is_quoted_nan(const codec& of, std::string_view json) noexcept {
  const bool is_number = &of == &codec_for<double> || &of == &codec_for<float>;
  return is_number && json.size() > 2 && json.front() == '"' && json.back() == '"';
}

}  // namespace parley
