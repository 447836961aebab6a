#include "parley/transport/lifeline.hpp"
#include "parley/transport/tcp/address_race.hpp"
#include "parley/transport/tcp/name_lookup.hpp"
#include "parley/transport/tcp/socket_stream.hpp"
#include "parley/transport/tcp/unix_path.hpp"
#include "parley/transport/tcp/unix_socket.hpp"
#include "parley/transport/tls/context.hpp"
#include "parley/transport/websocket.hpp"
#include "parley/transport/websocket/client_handshake.hpp"
#include "parley/transport/websocket/protocol/http_head.hpp"
#include "parley/transport/websocket/protocol/proxy_url.hpp"
#include "parley/transport/websocket/protocol/url.hpp"
#include "parley/transport/websocket/proxy_handshake.hpp"
#include "parley/transport/websocket/slow_path_only.hpp"

#include <asio/error.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley::transport {
namespace {

using asio::ip::tcp;

// The pause between attempts to connect to a Unix socket whose backlog is full. The system does not
// report when the backlog has room.
constexpr std::chrono::milliseconds pause_for_queue{10};

class attempt final : public std::enable_shared_from_this<attempt>, private tethered {
 public:
  attempt(const asio::any_io_executor& on, connect_options options, std::shared_ptr<connection_handler> handler)
      : tethered(on), io_(std::in_place, on), options_(std::move(options)), handler_(std::move(handler)) {}

  void start() {
    result<route> way = parse_route(options_.url, options_.proxy);
    if (!way) return fail(way.error());
    if (const result<> usable = check_offer(options_); !usable) return fail(usable.error());
    where_ = std::move(way->server);
    proxy_ = std::move(way->proxy);
    if (where_.secure && !options_.tls) {
      auto usual = load_tls(client_tls{});
      if (!usual) return fail(usual.error());
      options_.tls = std::move(*usual);
    }

    deadline_ = saturating_add(steady::now(), options_.limits.handshake);
    io_->deadline.expires_at(deadline_);
    io_->deadline.async_wait([self = shared_from_this()](std::error_code ec) {
      if (!ec) self->too_late();
    });

    if (!where_.socket.empty()) return connect_to_file();
    const host_and_port& first = first_stop();
    std::error_code not_numeric;
    const auto address = asio::ip::make_address(first.host, not_numeric);
    if (!not_numeric) return begin_race({{address, first.port}});
    io_->abandon_lookup = look_up(io_->on, first.host, [self = shared_from_this()](const name_answer& found) { self->found(found); });
  }

  void abandon() {
    if (io_) fail({errc::cancelled, "connecting was abandoned"});
    else if (abandon_upgrade_) abandon_upgrade_();
  }

 private:
  // The completion handler of the connect shares this object, so the socket lives until its
  // operation has ended. To abandon an attempt, close the socket.
  struct trial {
    explicit trial(const asio::any_io_executor& on) : socket(on) {}
    tcp::socket socket;
  };

  // The objects that use the executor. They are destroyed before its context.
  struct io {
    explicit io(const asio::any_io_executor& executor) : on(executor), deadline(executor), next_attempt(executor) {}
    ~io() {
      if (abandon_lookup) abandon_lookup();
      std::error_code ignored;
      for (const auto& one : trials)
        if (one) one->socket.close(ignored);
    }
    io(const io&) = delete;
    io& operator=(const io&) = delete;

    asio::any_io_executor on;
    asio::steady_timer deadline;
    asio::steady_timer next_attempt;
    std::function<void()> abandon_lookup;
    // In the order of the race's addresses. Null: not started, or failed.
    std::vector<std::shared_ptr<trial>> trials;
  };

  void sever() noexcept override {
    const auto keep = weak_from_this().lock();
    io_.reset();
    const auto forgotten = std::exchange(handler_, nullptr);
  }

  // Connecting to a Unix socket succeeds or fails at once, unless the server's backlog is full.
  void connect_to_file() {
    asio::local::stream_protocol::socket socket(io_->on);
    const std::error_code ec = connect_now(socket, where_.socket);
    if (!ec) return connected(std::move(socket));
    if (ec != asio::error::try_again)
      return fail({errc::disconnected, "the server could not be reached at " + printed_unix_path(where_.socket) + ": " + ec.message()});
    io_->next_attempt.expires_after(pause_for_queue);
    io_->next_attempt.async_wait([self = shared_from_this()](std::error_code failed) {
      if (!failed && self->io_) self->connect_to_file();
    });
  }

  void found(const name_answer& answer) {
    if (!io_) return;
    io_->abandon_lookup = nullptr;
    const host_and_port& first = first_stop();
    if (answer.addresses.empty()) return fail({errc::disconnected, name() + " was not found: " + first.host + ": " + answer.problem});
    std::vector<tcp::endpoint> ends;
    for (const auto& address : answer.addresses) ends.emplace_back(address, first.port);
    begin_race(ends);
  }

  void begin_race(const std::vector<tcp::endpoint>& ends) {
    race_.emplace(ends);
    io_->trials.resize(race_->addresses().size());
    go_on();
  }

  void go_on() {
    while (const auto place = race_->next(steady::now())) begin(*place);
    if (race_->next_attempt() == time_point::max()) return;
    io_->next_attempt.expires_at(race_->next_attempt());
    io_->next_attempt.async_wait([self = shared_from_this()](std::error_code ec) {
      if (!ec && self->io_) self->go_on();
    });
  }

  // Asio also reports through the handler if the socket cannot be opened.
  void begin(std::size_t place) {
    const auto one = std::make_shared<trial>(io_->on);
    io_->trials[place] = one;
    one->socket.async_connect(race_->addresses()[place],
                              [self = shared_from_this(), one, place](std::error_code ec) { self->ended(place, ec); });
  }

  void ended(std::size_t place, std::error_code ec) {
    if (!io_) return;
    const auto one = std::exchange(io_->trials[place], nullptr);
    if (!ec) return connected(std::move(one->socket));
    race_->failed();
    if (race_->lost()) return fail({errc::disconnected, unreachable(race_->addresses()[place], ec)});
    io_->next_attempt.cancel();
    go_on();
  }

  void connected(stream_socket socket) {
    auto stream = std::make_shared<socket_stream>(std::move(socket), nullptr, std::make_shared<flush_list>());
    untie();
    io_.reset();
    if (!proxy_) return ask_server(std::move(stream), std::exchange(handler_, nullptr));
    abandon_upgrade_ =
        ask_proxy(std::move(stream), *proxy_, where_, options_, deadline_, std::exchange(handler_, nullptr),
                  [self = shared_from_this()](std::shared_ptr<socket_stream> way, std::shared_ptr<connection_handler> handler) {
                    self->ask_server(std::move(way), std::move(handler));
                  });
  }

  void ask_server(std::shared_ptr<socket_stream> stream, std::shared_ptr<connection_handler> handler) {
    if (where_.secure) {
      auto engine = options_.tls->connect(where_.host, where_.port);
      if (!engine) return fail_late(*stream, std::move(handler));
      stream->secure(std::move(engine));
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - steady::now());
    abandon_upgrade_ = ask_for_upgrade(std::move(stream), where_, options_, left, std::move(handler));
  }

  // There is no memory for TLS. The io_ is gone by now.
  void fail_late(socket_stream& stream, std::shared_ptr<connection_handler> handler) {
    const asio::any_io_executor on = stream.executor();
    stream.close();
    asio::post(on, [handler = std::move(handler)] {
      handler->on_closed({}, {std::make_error_code(std::errc::not_enough_memory), "TLS cannot be set up"});
    });
  }

  const host_and_port& first_stop() const { return proxy_ ? proxy_->at : where_; }
  std::string name() const { return proxy_ ? "the proxy" : "the server"; }

  std::string unreachable(const tcp::endpoint& last, std::error_code why) const {
    const std::size_t count = race_->addresses().size();
    const std::string others = count == 1 ? "" : "any of " + std::to_string(count) + " addresses, the last ";
    return name() + " could not be reached at " + others + printed(last) + ": " + why.message();
  }

  void too_late() {
    if (!io_) return;
    if (!where_.socket.empty())
      return fail({errc::deadline_exceeded, "connecting to " + printed_unix_path(where_.socket) + " took longer than connect_timeout"});
    if (!race_) return fail({errc::deadline_exceeded, "looking up " + first_stop().host + " took longer than connect_timeout"});
    const auto& all = race_->addresses();
    const std::string where = all.size() == 1 ? printed(all.front()) : first_stop().host;
    fail({errc::deadline_exceeded, "connecting to " + where + " took longer than connect_timeout"});
  }

  void fail(error why) {
    if (!io_) return;
    const asio::any_io_executor on = io_->on;
    untie();
    io_.reset();
    asio::post(on, [handler = std::exchange(handler_, nullptr), why = std::move(why)] { handler->on_closed({}, why); });
  }

  std::optional<io> io_;
  std::optional<address_race<tcp::endpoint>> race_;
  connect_options options_;
  url where_;
  std::optional<proxy_url> proxy_;
  time_point deadline_;
  std::shared_ptr<connection_handler> handler_;
  std::function<void()> abandon_upgrade_;
};

}  // namespace

std::function<void()> websocket_connect(const asio::any_io_executor& on, connect_options options,
                                        std::shared_ptr<connection_handler> handler) {
  options.fast_path = options.fast_path && !slow_path_only::asked_for(on);
  const auto one = std::make_shared<attempt>(on, std::move(options), std::move(handler));
  one->start();
  return [one] { one->abandon(); };
}

}  // namespace parley::transport
