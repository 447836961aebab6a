#include "parley/wire/flat.hpp"

#include "parley/core/per_thread.hpp"
#include "parley/wire/utf8.hpp"

#include <flatbuffers/flatbuffers.h>

#include <vector>

namespace parley::flat {

struct writer::state {
  flatbuffers::FlatBufferBuilder builder;
  flatbuffers::uoffset_t table_start = 0;
  std::size_t vtables = 0;    // distinct ones in the buffer
  std::vector<offset> items;  // of the lists that are being built
};

namespace {

constexpr std::size_t kept_size = 256 * 1024;  // the largest buffer whose builder is kept
// The builder compares a new vtable with all earlier ones. Above this number it stops sharing them,
// because the time would be quadratic.
constexpr std::size_t most_shared_vtables = 128;

}  // namespace

[[gnu::hot]] writer::writer() {
  auto& kept = per_thread<std::unique_ptr<state>>();
  state_ = kept ? std::move(kept) : std::make_unique<state>();
  give_back_to_ = &kept;
}

[[gnu::hot]] writer::~writer() {
  if (state_->builder.GetSize() > kept_size) return;
  state_->builder.Clear();
  state_->builder.DedupVtables(true);
  state_->vtables = 0;
  state_->items.clear();
  *give_back_to_ = std::move(state_);
}

offset writer::text(std::string_view content) {
  if (!is_utf8(content)) return text(to_utf8(content));
  return {state_->builder.CreateString(content.data(), content.size()).o};
}

offset writer::key(std::string_view content) {
  if (!is_utf8(content)) fail("a key that is not UTF-8");
  return text(content);
}

offset writer::bytes(bytes_view content) { return raw_list(content.data(), content.size(), 1, 1); }

[[gnu::hot]] offset writer::raw_list(const void* items, std::size_t count, std::size_t size, std::size_t alignment) {
  auto& builder = state_->builder;
  // The builder expects single bytes, aligned to 64 bits like the structs that they are.
  builder.ForceVectorAlignment(count, size, alignment);
  builder.StartVector(count * size / alignment, alignment);
  if (count > 0) builder.PushBytes(static_cast<const std::uint8_t*>(items), count * size);
  return {builder.EndVector(count)};
}

std::size_t writer::begin_list() { return state_->items.size(); }
void writer::add_item(offset item) { state_->items.push_back(item); }

offset writer::end_list(std::size_t begun) {
  auto& items = state_->items;
  auto& builder = state_->builder;
  const std::size_t count = items.size() - begun;
  builder.StartVector(count, sizeof(flatbuffers::uoffset_t));
  for (; items.size() > begun; items.pop_back()) builder.PushElement(flatbuffers::Offset<void>(items.back().at));
  return {builder.EndVector(count)};
}

[[gnu::hot]] void writer::begin_table() { state_->table_start = state_->builder.StartTable(); }

template <scalar T>
void writer::add_present(unsigned id, T value) {
  const auto field = flatbuffers::FieldIndexToOffset(static_cast<flatbuffers::voffset_t>(id));
  if constexpr (std::is_same_v<T, bool>) state_->builder.AddElement(field, static_cast<std::uint8_t>(value));
  else state_->builder.AddElement(field, value);
}
template void writer::add_present(unsigned, bool);
template void writer::add_present(unsigned, std::uint8_t);
template void writer::add_present(unsigned, std::uint16_t);
template void writer::add_present(unsigned, std::int32_t);
template void writer::add_present(unsigned, std::uint32_t);
template void writer::add_present(unsigned, std::int64_t);
template void writer::add_present(unsigned, std::uint64_t);
template void writer::add_present(unsigned, float);
template void writer::add_present(unsigned, double);

[[gnu::hot]] void writer::add(unsigned id, offset object) {
  const auto field = flatbuffers::FieldIndexToOffset(static_cast<flatbuffers::voffset_t>(id));
  state_->builder.AddOffset(field, flatbuffers::Offset<void>(object.at));
}

[[gnu::hot]] offset writer::end_table() {
  auto& builder = state_->builder;
  const flatbuffers::uoffset_t table = builder.EndTable(state_->table_start);
  // A new vtable stays in the buffer after its table. A vtable that was found again is removed.
  if (builder.GetSize() != table && ++state_->vtables > most_shared_vtables) builder.DedupVtables(false);
  return {table};
}

[[gnu::hot]] void writer::finish(offset root, std::string& out) {
  auto& builder = state_->builder;
  builder.Align(sizeof(std::uint64_t));
  builder.Finish(flatbuffers::Offset<void>(root.at));
  out.append(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
}

}  // namespace parley::flat
