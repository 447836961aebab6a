#include "parley/core/wipe.hpp"

#include <cstddef>

namespace parley {

void wipe(std::string& secret) noexcept {
  secret.resize(secret.capacity());  // within the capacity, so nothing is allocated
  volatile char* const bytes = secret.data();
  for (std::size_t i = 0; i < secret.size(); ++i) bytes[i] = 0;
  secret.clear();
}

}  // namespace parley
