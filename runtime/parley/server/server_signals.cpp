// A server as a service: the signals that end it or reload its certificates, and what the manager of the
// service is told.
#include "parley/ends/inherited.hpp"
#include "parley/ends/service.hpp"
#include "parley/server/server_core.hpp"

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/signal_set.hpp>

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace parley {
namespace {

// Waits for signals on a thread of its own, so that a handler that blocks a loop does not delay them.
class signal_thread {
 public:
  signal_thread(std::shared_ptr<server_core> server, drain_options options)
      : server_(std::move(server)), options_(std::move(options)), signals_(io_, SIGTERM, SIGINT, SIGHUP) {
    wait();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~signal_thread() {
    io_.stop();
    thread_.join();
  }
  signal_thread(const signal_thread&) = delete;
  signal_thread& operator=(const signal_thread&) = delete;

 private:
  void wait() {
    signals_.async_wait([this](std::error_code failed, int signal) {
      if (failed) return;
      if (signal == SIGHUP) reload();
      else if (std::exchange(ends_, true) || !server_->is_started()) server_->stop();
      else server_->begin_draining(options_, nullptr);
      wait();
    });
  }

  void reload() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    notify("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
    if (const auto done = server_->reload_tls(); !done)
      server_->log(log_level::error, "the files of TLS cannot be used, and nothing has changed: " + done.error().message);
    notify("READY=1");
  }

  const std::shared_ptr<server_core> server_;
  const drain_options options_;
  asio::io_context io_;
  asio::signal_set signals_;
  std::thread thread_;
  bool ends_ = false;
};

}  // namespace

void server_core::run_until_signal(drain_options options) {
  if (!first().loop()) throw std::logic_error("parley::server::run_until_signal: the caller's executor has its own loop");
  const auto self = shared_from_this();
  const signal_thread signals(self, std::move(options));
  as_service_ = true;
  run();
}

// Called when the ports are open.
void server_core::begin_service() {
  if (!as_service_) return;
  notify("READY=1");
  // Half of it, as sd_watchdog_enabled(3) recommends.
  const auto interval = watchdog_interval() / 2;
  if (interval.count() <= 0) return;
  asio::post(first().executor(), [self = shared_from_this(), interval] {
    self->service_alarm_ = self->clock_->make_alarm(self->first().executor());
    self->tell_watchdog(interval);
  });
}

// The manager restarts the service if the first loop does not turn any more.
void server_core::tell_watchdog(std::chrono::microseconds interval) {
  notify("WATCHDOG=1");
  service_alarm_->set(clock_->now() + interval, [interval, weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->tell_watchdog(interval);
  });
}

}  // namespace parley
