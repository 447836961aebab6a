#include "parley/core/random.hpp"

#include "parley/core/raise.hpp"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace parley {

void fill_random(std::span<std::byte> out) {
  constexpr std::size_t most_at_once = 256;  // of getentropy
  while (!out.empty()) {
    const std::size_t size = std::min(out.size(), most_at_once);
    if (getentropy(out.data(), size) != 0) raise(std::system_error(errno, std::generic_category(), "no random bytes"));
    out = out.subspan(size);
  }
}

std::uint64_t random_number() {
  std::uint64_t number = 0;
  fill_random(std::as_writable_bytes(std::span(&number, 1)));
  return number;
}

}  // namespace parley
