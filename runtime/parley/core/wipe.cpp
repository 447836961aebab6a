#include "parley/core/wipe.hpp"

namespace parley {
namespace {

template <class Bytes>
void overwrite(Bytes& secret) noexcept {
  secret.resize(secret.capacity());  // within the capacity, so nothing is allocated
  volatile auto* const bytes = secret.data();
  for (std::size_t i = 0; i < secret.size(); ++i) bytes[i] = {};
  secret.clear();
}

}  // namespace

void wipe(std::string& secret) noexcept { overwrite(secret); }
void wipe(std::vector<std::byte>& secret) noexcept { overwrite(secret); }

}  // namespace parley
