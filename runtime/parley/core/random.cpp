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

}  // namespace parley
