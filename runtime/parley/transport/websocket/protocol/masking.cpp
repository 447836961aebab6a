#include "parley/transport/websocket/protocol/masking.hpp"

#include <array>
#include <cstring>

namespace parley::transport {
namespace {

using word = std::uint64_t;
// All words are read before they are written. The compiler can then use vector instructions, and if
// the destination begins up to a word earlier, only bytes that have been read are overwritten.
using words = std::array<word, 4>;

}  // namespace

[[gnu::hot]] void mask_bytes(char* to, const char* from, std::size_t size, std::uint32_t mask, std::size_t offset) noexcept {
  std::array<char, sizeof(word)> key;
  std::memcpy(key.data(), &mask, sizeof mask);
  std::memcpy(key.data() + sizeof mask, &mask, sizeof mask);
  word twice;
  if (const std::size_t turn = offset % sizeof mask) {
    std::array<char, sizeof(word)> turned;
    for (std::size_t i = 0; i < turned.size(); ++i) turned[i] = key[(i + turn) % key.size()];
    key = turned;
  }
  std::memcpy(&twice, key.data(), sizeof twice);

  std::size_t at = 0;
  for (; at + sizeof(words) <= size; at += sizeof(words)) {
    words some;
    std::memcpy(some.data(), from + at, sizeof some);
    for (word& one : some) one ^= twice;
    std::memcpy(to + at, some.data(), sizeof some);
  }
  for (; at + sizeof(word) <= size; at += sizeof(word)) {
    word one;
    std::memcpy(&one, from + at, sizeof one);
    one ^= twice;
    std::memcpy(to + at, &one, sizeof one);
  }
  for (; at < size; ++at) to[at] = static_cast<char>(from[at] ^ key[at % sizeof twice]);
}

}  // namespace parley::transport
