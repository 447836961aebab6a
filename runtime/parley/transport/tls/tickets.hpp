// The keys with which a server encrypts its tickets (RFC 5077, RFC 8446 section 4.6.1). The newest
// key encrypts. The one before it still decrypts, so that tickets live for at least one period.
// Survives a reload of the certificates, so that clients can use their tickets afterwards.
#pragma once

#include "parley/core/core.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>

extern "C" {
struct ssl_ctx_st;
}

namespace parley::transport {

class ticket_keys {
 public:
  static constexpr std::chrono::hours period{12};

  ticket_keys() = default;
  ~ticket_keys();
  ticket_keys(const ticket_keys&) = delete;
  ticket_keys& operator=(const ticket_keys&) = delete;

  // Replaces the keys if their time is over. Any thread.
  void look_at(time_point now);

  static constexpr std::size_t name_size = 16, secret_size = 32;
  struct key {
    std::array<std::byte, name_size> name{};
    std::array<std::byte, secret_size> cipher{};
    std::array<std::byte, secret_size> mac{};
  };
  // A copy, which the caller erases. Any thread.
  key newest() const;
  // The key of this name. `is_newest` is set for the newest one.
  std::optional<key> find(const unsigned char* name, bool& is_newest) const;

  // Makes the connections of `to` use these keys. They must outlive these connections.
  void serve(ssl_ctx_st& to);

 private:
  mutable std::mutex guard_;
  std::optional<key> newest_;
  std::optional<key> before_;
  time_point since_{};
};

}  // namespace parley::transport
