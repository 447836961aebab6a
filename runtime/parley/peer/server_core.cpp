#include "parley/peer/server_core.hpp"

#include "parley/transport/loopback.hpp"
#include "parley/transport/websocket.hpp"

#include <asio/dispatch.hpp>
#include <asio/post.hpp>

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <stdexcept>
#include <utility>

namespace parley {
namespace {

constexpr std::size_t envelope_room = 8 * 1024;  // see client_core.cpp

wire::policy as_wire(contract_policy p) {
  switch (p) {
    case contract_policy::refuse:
      return wire::policy::refuse;
    case contract_policy::degrade:
      return wire::policy::degrade;
    case contract_policy::warn:
      return wire::policy::warn;
  }
  return wire::policy::degrade;
}

}  // namespace

handler::~handler() {
  if (auto server = serving_.lock()) server->remove(*this);
}

server_core::server_core(server_options options, home where)
    : options_(std::move(options)),
      home_(std::move(where)),
      clock_(options_.clock ? options_.clock : transport::steady_clock()),
      stop_event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      patience_(clock_->make_alarm(home_.executor())) {}

server_core::~server_core() {
  for (auto& [raw, end] : ends_) end->forget_owner();
  stop_watch_.reset();  // closes the descriptor if it was being watched
  if (stop_event_ >= 0) ::close(stop_event_);
}

template <class F>
bool server_core::on_executor(F f) {
  if (home_.inside()) {
    if (phase_ == phase::ended) return false;
    f(*this);
    return true;
  }
  std::lock_guard lock(mutex_);
  if (phase_ == phase::ended) return false;
  asio::post(home_.executor(), [self = shared_from_this(), f = std::move(f)]() mutable { f(*self); });
  return true;
}

// --- setting up

void server_core::use(const service& used) {
  result<> added;
  {
    std::unique_lock lock(mutex_);
    if (phase_ == phase::idle || home_.inside()) {
      added = contract_.add(used);
    } else if (phase_ == phase::running) {
      std::promise<result<>> done;
      auto outcome = done.get_future();
      asio::post(home_.executor(), [&] { done.set_value(contract_.add(used)); });
      lock.unlock();
      added = outcome.get();
    }
  }
  if (!added) throw std::invalid_argument(added.error().message);
}

void server_core::add(handler& h, const service& s, std::span<const binding> bindings) {
  use(s);
  std::lock_guard lock(mutex_);
  if (phase_ != phase::idle && !home_.inside())
    throw std::logic_error("parley::server::add: add handlers before the start, or from a handler");
  for (const binding& b : bindings)
    if (bound_.contains(b.what)) throw std::invalid_argument("two handlers for " + std::string(b.what->name));
  for (const binding& b : bindings) bound_.emplace(b.what, bound{&h, b});
  if (std::find(handlers_.begin(), handlers_.end(), &h) == handlers_.end()) handlers_.push_back(&h);
  h.serving_ = weak_from_this();
}

void server_core::remove(handler& h) {
  const auto take_out = [this, &h] {
    std::erase(handlers_, &h);
    std::erase_if(bound_, [&h](const auto& entry) { return entry.second.handler == &h; });
  };
  std::promise<void> gone;
  auto done = gone.get_future();
  {
    std::lock_guard lock(mutex_);
    if (phase_ == phase::idle || phase_ == phase::ended || home_.inside() || !home_.loop()) return take_out();
    asio::post(home_.executor(), [&] {
      take_out();
      gone.set_value();
    });
  }
  done.wait();
}

void server_core::open_ports() {
  {
    std::lock_guard lock(mutex_);
    if (phase_ != phase::idle) throw std::logic_error("parley::server: started twice");
  }
  const std::size_t largest = contract_.largest_payload(options_.max_message) + envelope_room;
  if (options_.loopback) {
    transport::limits limits;
    limits.max_message = largest;
    limits.max_connections = options_.max_connections;
    listener_ = options_.loopback->listen(home_.executor(), limits);
  } else {
    transport::listen_options listen;
    listen.address = options_.address;
    listen.port = options_.port;
    listen.limits.max_message = largest;
    listen.limits.handshake = options_.handshake_timeout;
    listen.limits.max_connections = options_.max_connections;
    listen.help = "supported subprotocols:";
    if (options_.binary) (listen.help += ' ') += wire::fbs_subprotocol;
    if (options_.json) (listen.help += ' ') += wire::json_subprotocol;
    auto listener = transport::websocket_listen(home_.executor(), std::move(listen));
    if (!listener) throw call_failed(listener.error());
    listener_ = *listener;
    port_ = listener_->port();
  }
  phase_ = phase::running;
  asio::post(home_.executor(), [self = shared_from_this()] {
    self->watch_for_stop();
    if (self->listener_)
      self->listener_->start([weak = self->weak_from_this()](std::shared_ptr<transport::request> ask) {
        if (const auto server = weak.lock()) server->on_request(ask);
      });
  });
  log(log_level::info, "listening on port " + std::to_string(port_));
}

void server_core::run() {
  open_ports();
  if (home_.loop()) home_.loop()->run();
}

void server_core::start() {
  open_ports();
  if (!home_.loop()) return;
  thread_ = std::thread([self = shared_from_this()] { self->home_.loop()->run(); });
}

void server_core::join() {
  if (thread_.joinable() && thread_.get_id() != std::this_thread::get_id()) thread_.join();
}

// --- stopping

void server_core::stop() noexcept {
  // Nothing but write(2): this may be a signal handler.
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(stop_event_, &one, sizeof one);
}

void server_core::shut_down() {
  {
    std::lock_guard lock(mutex_);
    if (phase_ == phase::idle) phase_ = phase::ended;
    if (phase_ == phase::ended) return;
  }
  if (home_.loop()) return stop();
  asio::post(home_.executor(), [self = shared_from_this()] { self->begin_stopping(); });
}

void server_core::watch_for_stop() {
  stop_watch_ = std::make_unique<asio::posix::stream_descriptor>(home_.executor(), ::dup(stop_event_));
  stop_watch_->async_wait(asio::posix::stream_descriptor::wait_read, [weak = weak_from_this()](std::error_code failed) {
    if (const auto self = weak.lock(); self && !failed) self->begin_stopping();
  });
}

void server_core::begin_stopping() {
  if (phase_ != phase::running) return;
  {
    std::lock_guard lock(mutex_);
    phase_ = phase::stopping;
  }
  self_ = shared_from_this();
  if (listener_) listener_->stop();
  listener_.reset();
  std::vector<std::shared_ptr<connection_end>> all;
  for (auto& [raw, end] : ends_) all.push_back(end);
  for (auto& end : all) end->close(session::close_code::going_away, "the server is stopping");
  // A client that does not answer the close is not waited for.
  patience_->set(clock_->now() + std::chrono::seconds(2), [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    std::vector<std::shared_ptr<connection_end>> left;
    for (auto& [raw, end] : self->ends_) left.push_back(end);
    for (auto& end : left) end->abort();
  });
  end_if_empty();
}

void server_core::end_if_empty() {
  if (phase_ != phase::stopping || !ends_.empty()) return;
  {
    std::lock_guard lock(mutex_);
    phase_ = phase::ended;
  }
  patience_->clear();
  stop_watch_.reset();
  log(log_level::info, "stopped");
  if (own_loop* loop = home_.loop()) loop->end();
  asio::post(home_.executor(), [self = std::move(self_)] {});  // not the last owner in the middle of its own function
}

// --- clients come and go

void server_core::log(log_level level, const std::string& text) const {
  if (options_.log) options_.log(level, text);
}

bool server_core::origin_allowed(const transport::request& ask) const {
  if (ask.origin.empty()) return true;
  if (std::find(options_.origins.begin(), options_.origins.end(), ask.origin) != options_.origins.end()) return true;
  const std::string_view origin = ask.origin;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!origin.starts_with(scheme)) continue;
    const std::string_view authority = origin.substr(scheme.size());
    return authority.size() == ask.host.size() && std::equal(authority.begin(), authority.end(), ask.host.begin(), [](char a, char b) {
             const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
             return lower(a) == lower(b);
           });
  }
  return false;
}

void server_core::on_request(const std::shared_ptr<transport::request>& ask) {
  const auto reject = [&](int status, std::string_view text) {
    {
      std::lock_guard lock(counters_mutex_);
      ++counters_.rejected;
    }
    ask->reject(status, text);
  };
  if (phase_ != phase::running) return reject(503, "stopping");
  if (!options_.loopback && ask->path != options_.path) return reject(404, "nothing here");
  if (!origin_allowed(*ask)) return reject(403, "origin not allowed");

  // Credentials in a subprotocol name are taken out before the choice and never echoed; there is nothing yet to check them with.
  std::vector<std::string_view> names;
  for (const std::string& name : ask->subprotocols)
    if (!name.starts_with("parley.auth.")) names.push_back(name);
  std::string_view chosen;
  if (names.empty()) {
    if (!options_.plain) return reject(400, "a subprotocol must be offered");
  } else {
    for (const auto& [enabled, name] :
         {std::pair{options_.binary, wire::fbs_subprotocol}, std::pair{options_.json, wire::json_subprotocol}})
      if (enabled && chosen.empty() && std::find(names.begin(), names.end(), name) != names.end()) chosen = name;
    if (chosen.empty()) return reject(400, "none of the subprotocols offered is supported");
  }
  session::session_options session{.self = side::server};
  session.limits.max_message = static_cast<std::uint32_t>(options_.max_message);
  session.limits.max_calls = options_.max_calls;
  session.limits.max_depth = static_cast<std::uint32_t>(options_.max_depth);
  session.heartbeat = options_.heartbeat;
  session.hello_timeout = options_.handshake_timeout;
  session.max_queue = options_.max_queue;
  session.agent = options_.agent;
  session.policy = as_wire(options_.contract);
  session.drop_on_invalid = options_.drop_on_invalid;
  auto end = std::make_shared<connection_end>(*this, std::move(session), contract_, clock_, home_.executor());
  end->know_types(options_.types);
  ends_.emplace(end.get(), end);
  ask->accept(chosen, end);
}

const wire::envelope_format* server_core::format_for(std::string_view subprotocol) {
  if (subprotocol == wire::fbs_subprotocol) return &wire::fbs_format();
  if (subprotocol == wire::json_subprotocol) return &wire::json_format();
  return &wire::plain_format();
}

void server_core::opened(connection_end& end) {
  ++(end.session().format().payload_format() == format::json ? json_clients_ : binary_clients_);
  clients_.add(end.session().client_id(), &end);
  {
    std::lock_guard lock(counters_mutex_);
    ++counters_.accepted;
    ++counters_.clients;
  }
  parley::peer& peer = end.as_peer();
  if (options_.log) {
    log(log_level::info, "client " + peer.id() + " connected from " + peer.remote());
    for (const method* m : end.session().mismatched())
      log(log_level::warning, "client " + peer.id() + " disagrees about " + std::string(m->name));
  }
  const auto now = handlers_;  // a handler may add another
  for (handler* h : now) {
    try {
      h->connected(peer);
    } catch (...) { log(log_level::error, "a handler failed in connected()"); }
  }
}

void server_core::closed(connection_end& end, const transport::close_reason& why, const error& how) {
  const auto found = ends_.find(&end);
  if (found == ends_.end()) return;
  const auto keep = found->second;
  ends_.erase(found);
  if (options_.log && !end.has_peer() && end.has_session()) {  // refused for its contract, before it was anybody
    for (const method* m : end.session().mismatched())
      log(log_level::warning, "a client was refused: it disagrees about " + std::string(m->name));
  }
  if (end.has_peer()) {
    const std::string& id = end.session().client_id();
    clients_.remove(id);
    --(end.session().format().payload_format() == format::json ? json_clients_ : binary_clients_);
    {
      std::lock_guard lock(counters_mutex_);
      --counters_.clients;
      counters_.refused += end.session().counters().refused;
    }
    if (options_.log) log(log_level::info, "client " + id + " disconnected with code " + std::to_string(why.code));
    const auto now = handlers_;
    for (handler* h : now) {
      try {
        h->disconnected(end.as_peer(), how);
      } catch (...) { log(log_level::error, "a handler failed in disconnected()"); }
    }
  }
  end_if_empty();
}

server_counters server_core::counters() const {
  std::lock_guard lock(counters_mutex_);
  return counters_;
}

// --- calls

void server_core::call_received(connection_end&, incoming_call& in) {
  {
    std::lock_guard lock(counters_mutex_);
    ++counters_.calls;
  }
  const auto found = bound_.find(&in.what);
  if (found == bound_.end() || !found->second.how.overridden)
    return in.to->answer(in.what, in.id, error{errc::unimplemented, "this server does not answer it"});
  found->second.how.serve(*found->second.handler, in);
}

// --- formats, and sending from the server itself

formats_in_use server_core::formats() const {
  formats_in_use now{.json = json_clients_ != 0, .binary = binary_clients_ != 0};
  if (!now.json && !now.binary) now.binary = true;
  return now;
}

sent server_core::send(outgoing event) {
  const method& m = *event.what;
  const std::size_t limit = m.max_bytes != 0 ? m.max_bytes : 1024 * 1024;
  if ((event.json && event.json->size() > limit) || (event.binary && event.binary->size() > limit)) return sent::too_large;
  if (home_.inside()) return phase_ == phase::ended ? sent::closed : deliver_own(event);
  const std::size_t size = event.size();
  if (posted_.fetch_add(size) + size > options_.max_posted) {
    posted_ -= size;
    return sent::dropped;
  }
  if (on_executor([event = std::move(event), size](server_core& self) {
        self.posted_ -= size;
        self.deliver_own(event);
      }))
    return sent::queued;
  posted_ -= size;
  return sent::closed;
}

void server_core::send_when_room(ticket, outgoing event, std::unique_ptr<pending_call> done) {
  const sent outcome = send(std::move(event));
  asio::post(home_.executor(), [outcome, done = std::move(done)]() mutable {
    switch (outcome) {
      case sent::queued:
        return done.release()->finish(encoded_answer{});
      case sent::dropped:
        return done.release()->finish(errc::overloaded);
      case sent::closed:
        return done.release()->finish(errc::disconnected);
      case sent::too_large:
        return done.release()->finish(errc::too_large);
    }
  });
}

namespace {

// Forgets where a call went when it is over.
class tracked_call final : public pending_call {
 public:
  tracked_call(std::unique_ptr<pending_call> inner, std::function<void()> over) : inner_(std::move(inner)), over_(std::move(over)) {}
  void finish(result<encoded_answer> answer) override {
    const std::unique_ptr<tracked_call> self(this);
    over_();
    inner_.release()->finish(std::move(answer));
  }
  void finish_late() override {
    const std::unique_ptr<tracked_call> self(this);
    inner_.release()->finish_late();
  }

 private:
  std::unique_ptr<pending_call> inner_;
  std::function<void()> over_;
};

}  // namespace

void server_core::start(ticket of, outgoing request, std::unique_ptr<pending_call> done) {
  {
    std::lock_guard lock(mutex_);
    if (phase_ != phase::ended) {
      // Always posted: an operation never completes inside its own start.
      asio::post(home_.executor(), [self = shared_from_this(), of, request = std::move(request), done = std::move(done)]() mutable {
        if (self->phase_ == phase::ended) return done.release()->finish(errc::cancelled);
        connection_end* const* end = self->clients_.find(request.to.name);
        if (!end) return done.release()->finish(error{errc::unknown_target, "this client is not connected"});
        auto wait = self->options_.deadline;
        if (request.what->deadline_ms != 0) wait = std::chrono::milliseconds(request.what->deadline_ms);
        if (request.options.deadline) wait = *request.options.deadline;
        const time_point now = self->clock_->now();
        const time_point deadline = wait >= time_point::max() - now ? time_point::max() : now + wait;
        self->asked_[of] = (*end)->weak_from_this();
        auto forget = [weak = self->weak_from_this(), of] {
          if (const auto server = weak.lock()) server->asked_.erase(of);
        };
        (*end)->start_call(of, request, deadline, std::make_unique<tracked_call>(std::move(done), std::move(forget)));
      });
      return;
    }
  }
  done.release()->finish_late();
}

void server_core::cancel(ticket of) {
  on_executor([of](server_core& self) {
    const auto found = self.asked_.find(of);
    if (found == self.asked_.end()) return;
    if (const auto end = found->second.lock()) end->cancel_call(of);
  });
}

// A server's link connects nowhere and hears no events: its handlers do.
void server_core::connect(ticket, outgoing, std::unique_ptr<pending_call> done) {
  asio::post(home_.executor(), [done = std::move(done)]() mutable { done.release()->finish(errc::invalid); });
}
std::uint64_t server_core::subscribe(const method&, std::shared_ptr<subscriber>) { return 0; }
std::uint64_t server_core::answer(const method&, std::shared_ptr<call_server>) { return 0; }
void server_core::unsubscribe(std::uint64_t) {}

void server_core::error_received(connection_end& end, const error& e, const method* about) {
  if (options_.log)
    log(log_level::warning,
        "client " + end.session().client_id() + " refused " + std::string(about ? about->name : "an event") + ": " + e.code.message());
}

}  // namespace parley
