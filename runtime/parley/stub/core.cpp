#include "parley/stub/core.hpp"

#include <memory>
#include <string>
#include <utility>

namespace parley {

time_point deadline_of(const outgoing& request, std::chrono::steady_clock::duration otherwise, time_point now) {
  auto wait = otherwise;
  if (request.what->deadline_ms != 0) wait = std::chrono::milliseconds(request.what->deadline_ms);
  if (request.options.deadline) wait = *request.options.deadline;
  return saturating_add(now, wait);
}

outgoing encode_for(const endpoint& to, const method& what, const void* payload, target where) {
  outgoing out{.what = &what, .to = std::move(where), .options = to.options};
  const formats_in_use wanted = to.core->formats();
  const auto write = [&](format f, std::string& made) {
    if (auto written = what.in->write(f, payload, made); !written)
      out.unwritable = std::make_shared<const error>(std::move(written).error());
  };
  if (wanted.json) write(format::json, out.json.emplace());
  if (wanted.binary && !out.unwritable) write(format::binary, out.binary.emplace());
  return out;
}

}  // namespace parley
