#include "parley/wire/flat.hpp"

#include "parley/wire/utf8.hpp"

namespace parley::flat {

[[gnu::hot]] reader::reader(bytes_view buffer, const decode_options& options)
    : buffer_(buffer), options_(options), visits_left_(buffer.size()), memory_(buffer.size(), options) {
  if (buffer.size() >= 0x7FFF'FFFF) fail("too long");  // the limit of the format; the sums below cannot overflow
}

bool reader::fail(const char* what) {
  fault_.set(what);
  return false;
}

bool reader::visit(std::size_t size) {
  if (size > visits_left_) return fail("refers to the same bytes more than once");
  visits_left_ -= size;
  return true;
}

bool reader::enter() {
  if (++depth_ > options_.max_depth) return fail(nested_too_deeply);
  return true;
}

[[gnu::hot]] table reader::root() {
  table root;
  root.in_ = this;
  if (buffer_.empty() || failed()) return root;
  if (buffer_.size() < sizeof(std::uint32_t)) {
    fail(out_of_bounds);
    return root;
  }
  if (const std::size_t at = follow(0)) table_at(at, root);
  return root;
}

[[gnu::hot]] bool reader::table_at(std::size_t at, table& value) {
  if (failed()) return false;
  const std::int64_t vtable = static_cast<std::int64_t>(at) - load<std::int32_t>(at);
  if (vtable < 0 || vtable > static_cast<std::int64_t>(buffer_.size() - sizeof(std::uint32_t))) return fail(out_of_bounds);
  if (vtable % 2 != 0) return fail(misaligned);
  value.in_ = this;
  value.at_ = at;
  value.vtable_ = static_cast<std::size_t>(vtable);
  value.vtable_size_ = load<std::uint16_t>(value.vtable_);
  value.size_ = load<std::uint16_t>(value.vtable_ + 2);
  if (value.vtable_size_ < 4 || value.vtable_size_ % 2 != 0 || value.vtable_size_ > buffer_.size() - value.vtable_)
    return fail("not a vtable");
  if (value.size_ < sizeof(std::int32_t) || value.size_ > buffer_.size() - at) return fail(out_of_bounds);
  return visit(value.size_);
}

bool reader::list_at(std::size_t at, std::size_t size, std::size_t& first, std::size_t& count) {
  if (failed()) return false;
  first = at + sizeof(std::uint32_t);
  count = load<std::uint32_t>(at);
  if (count > (buffer_.size() - first) / size) return fail(out_of_bounds);
  // A struct is aligned like its largest member, at most to 8.
  const std::size_t alignment = size % 8 == 0 ? 8 : size % 4 == 0 ? 4 : size % 2 == 0 ? 2 : 1;
  if (count > 0 && first % alignment != 0) return fail(misaligned);
  return visit(sizeof(std::uint32_t) + count * size);
}

[[gnu::hot]] bool reader::bytes_at(std::size_t at, bytes_view& value) {
  std::size_t first = 0;
  std::size_t count = 0;
  if (!list_at(at, 1, first, count)) return false;
  value = buffer_.subspan(first, count);
  return true;
}

bool reader::text_at(std::size_t at, std::string_view& value) {
  bytes_view content;
  if (!bytes_at(at, content)) return false;
  const std::size_t past = at + sizeof(std::uint32_t) + content.size();
  if (past >= buffer_.size() || buffer_[past] != std::byte{0}) return fail("a string without its final zero");
  value = as_text(content);
  return visit(1) && (is_utf8(value) || fail("not UTF-8"));
}

bool table::text(unsigned id, std::string_view& value) const {
  value = {};
  const std::size_t at = reference(id);
  return at ? in_->text_at(at, value) : !failed();
}

bool table::bytes(unsigned id, bytes_view& value) const {
  value = {};
  const std::size_t at = reference(id);
  return at ? in_->bytes_at(at, value) : !failed();
}

bool table::child(unsigned id, table& value) const {
  value = table();
  value.in_ = in_;
  const std::size_t at = reference(id);
  return at ? in_->table_at(at, value) : !failed();
}

bool table::list(unsigned id, std::size_t size, std::size_t& first, std::size_t& count) const {
  first = count = 0;
  const std::size_t at = reference(id);
  return at ? in_->list_at(at, size, first, count) : !failed();
}

}  // namespace parley::flat
