#include "parley/raw/raw_connection.hpp"

#include "parley/ends/address.hpp"
#include "parley/raw/raw_core.hpp"

#include <ostream>

namespace parley {
namespace {

// Whether the connection ended as both ends intended.
bool ended_well(std::uint16_t code) noexcept { return code == 1000 || code == 1001 || code == 1005; }

}  // namespace

std::ostream& operator<<(std::ostream& out, const raw_message& message) { return out << message.text(); }

raw_connection::raw_connection(std::string_view url, raw_options options) {
  const auto loop = std::make_shared<own_loop>();  // it outlives a core whose constructor throws
  core_ = std::make_shared<raw_core>(checked_url(url, options.loopback, options.proxy), std::move(options), home(loop));
  end_ = core_;
  core_->run_on_own_thread();
}

raw_connection::raw_connection(asio::any_io_executor executor, std::string_view url)
    : raw_connection(std::move(executor), url, raw_options{}) {}

raw_connection::raw_connection(asio::any_io_executor executor, std::string_view url, raw_options options)
    : core_(std::make_shared<raw_core>(checked_url(url, options.loopback, options.proxy), std::move(options), home(std::move(executor)))) {
  end_ = core_;
}

raw_connection::raw_connection(std::shared_ptr<raw_core> accepted) : end_(accepted), core_(std::move(accepted)) {}

raw_connection::~raw_connection() { leave(); }

raw_connection& raw_connection::operator=(raw_connection&& other) noexcept {
  if (this == &other) return *this;
  leave();
  end_ = std::move(other.end_);
  core_ = std::move(other.core_);
  return *this;
}

void raw_connection::leave() noexcept {
  if (!core_) return;
  core_->leave();
  core_->join();
}

void raw_connection::connect() { core_->connect_here(); }
void raw_connection::send(raw_message message) { core_->send_here(std::move(message)); }
raw_message raw_connection::receive() { return core_->receive_here({}); }
raw_message raw_connection::receive_within(duration limit) { return core_->receive_here(limit); }
raw_message raw_connection::ask(raw_message message) { return core_->ask_here(std::move(message)); }
void raw_connection::close(std::uint16_t code, std::string_view reason) { core_->close_and_wait(code, std::string(reason)); }

result<> raw_connection::try_send(raw_message message) { return core_->try_send(message); }
void raw_connection::ping() { core_->ping(); }

std::optional<raw_message> raw_connection::next() {
  try {
    return receive();
  } catch (const call_failed& failed) {
    if (failed.error().code != errc::deadline_exceeded && ended_well(close_code())) return std::nullopt;
    throw;
  }
}

void raw_connection::on_message(std::function<void(const raw_message&)> handler) { core_->on_message(std::move(handler)); }
void raw_connection::on_closed(std::function<void(const error&)> handler) { core_->on_closed(std::move(handler)); }
void raw_connection::on_pong(std::function<void()> handler) { core_->on_pong(std::move(handler)); }
void raw_connection::pause_reading() { core_->pause_reading(true); }
void raw_connection::resume_reading() { core_->pause_reading(false); }

bool raw_connection::open() const noexcept { return core_ && core_->open(); }
std::string raw_connection::subprotocol() const { return core_->known().subprotocol; }
std::uint16_t raw_connection::close_code() const { return core_->known().ended.code; }
std::string raw_connection::close_reason() const { return core_->known().ended.text; }
const raw_request& raw_connection::request() const { return core_->asked(); }
std::string raw_connection::local_address() const { return core_->known().local; }
std::string raw_connection::remote_address() const { return core_->known().remote; }
asio::any_io_executor raw_connection::executor() const { return core_->executor_for_program(); }

}  // namespace parley
