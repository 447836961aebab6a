// The engine on OpenSSL: one SSL over a BIO of its own, which reads the offered ciphertext and
// writes to the lent room.
#pragma once

#include "parley/transport/tls/engine.hpp"
#include "parley/transport/tls/options.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

extern "C" {
struct bio_st;
struct ssl_ctx_st;
struct ssl_session_st;
struct ssl_st;
struct x509_st;
struct x509_store_ctx_st;
}

namespace parley::transport {

class openssl_engine final : public tls_engine {
 public:
  enum class role : std::uint8_t { server, client };
  struct setup {
    role is = role::server;
    tls_version minimum = tls_version::v1_2;
    std::string host{};                         // client: the expected name or address
    bool shows_certificate = false;             // client
    std::shared_ptr<const void> keeps_alive{};  // what the callbacks of the context use
    // Client: receives each ticket, as a session that it does not keep.
    std::function<void(ssl_session_st*)> on_ticket{};
  };

  // Null if memory is exhausted.
  static std::unique_ptr<openssl_engine> make(ssl_ctx_st& of, setup how);
  ~openssl_engine() override;

  state advance() override;
  std::size_t read(std::span<char> to, state& how) override;
  std::size_t write(std::string_view text, state& how) override;
  void say_goodbye() override;
  bool is_up() const noexcept override;
  bool is_resumed() const noexcept override;
  std::shared_ptr<const peer_certificate> shown_certificate() const override;

  ssl_st* handle() const noexcept { return ssl_; }
  // For the callbacks of contexts.
  static openssl_engine& of(const ssl_st* ssl) noexcept;
  static int on_verified(int good, x509_store_ctx_st* store) noexcept;
  static int on_new_session(ssl_st* ssl, ssl_session_st* session) noexcept;

 private:
  explicit openssl_engine(ssl_st* ssl, setup how) noexcept : ssl_(ssl), how_(std::move(how)) {}
  state judge(int count);
  state fail();
  static void on_message(int written, int version, int kind, const void* bytes, std::size_t size, ssl_st* ssl, void* engine) noexcept;
  static int bio_read(bio_st* bio, char* to, int size) noexcept;
  static int bio_write(bio_st* bio, const char* from, int size) noexcept;
  static long bio_control(bio_st* bio, int command, long number, void* more) noexcept;

  ssl_st* const ssl_;
  setup how_;
  bool asked_for_certificate_ = false;
  bool out_of_memory_ = false;
  // Since the last MiB of plain text.
  unsigned key_updates_ = 0;
  std::size_t read_ = 0;
  // Of the certificate that failed its check. OpenSSL forgets it.
  std::string not_before_;
  std::string not_after_;
};

}  // namespace parley::transport
