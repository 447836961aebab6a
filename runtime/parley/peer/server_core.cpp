#include "parley/peer/server_core.hpp"

#include "parley/core/give_back.hpp"
#include "parley/peer/bounds.hpp"
#include "parley/peer/guarded_log.hpp"
#include "parley/peer/origins.hpp"
#include "parley/transport/loopback.hpp"
#include "parley/transport/websocket.hpp"

#include <asio/post.hpp>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <future>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace parley {
namespace {

constexpr std::size_t envelope_room = 8 * 1024;  // see client_core.cpp

server_options checked(server_options options) {
  options.log = guarded(std::move(options.log));
  for (std::string& origin : options.origins) {
    auto usable = usable_origin(origin);
    if (!usable) throw std::invalid_argument(usable.error().message);
    origin = std::move(*usable);
  }
  return options;
}

// Of the system, which has none left.
int descriptor(int made, const char* what) {
  if (made < 0) throw call_failed(error{std::error_code(errno, std::system_category()), what});
  return made;
}

}  // namespace

handler::~handler() {
  for (registration& one : serving_) one.end_late();
}

void registration::end() noexcept {
  if (const auto server = server_.lock()) server->remove(id_, false);
  server_.reset();
}

void registration::end_late() noexcept {
  if (const auto server = server_.lock()) server->remove(id_, true);
}

server_core::server_core(server_options options, std::vector<home> homes)
    : options_(checked(std::move(options))),
      node_(wire::make_node_id()),
      clock_(options_.clock ? options_.clock : transport::steady_clock()),
      waiting_(std::make_shared<account>(options_.max_queued_total)) {
  loops_.reserve(homes.size());
  for (home& where : homes) loops_.push_back(std::make_unique<server_loop>(*this, std::move(where)));
  loops_left_ = loops_.size();
  listen({.address = options_.address, .port = options_.port, .path = options_.path, .dialect = options_.dialect});
  // After what may throw: the destructor closes it.
  stop_event_ = descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "a server cannot be made");
}

server_core::~server_core() {
  stop_watch_.reset();  // closes the descriptor if it was being watched
  if (stop_event_ >= 0) ::close(stop_event_);
}

server_loop* server_core::here() const {
  for (const auto& loop : loops_)
    if (loop->where().inside()) return loop.get();
  return nullptr;
}

bool server_core::runs_here() const {
  return std::any_of(loops_.begin(), loops_.end(), [](const auto& loop) { return loop->where().runs_here(); });
}

template <class F>
bool server_core::post(server_loop& loop, F f) {
  std::lock_guard lock(mutex_);
  if (phase_ == phase::ended) return false;
  asio::post(loop.where().executor(), [self = shared_from_this(), &loop, f = std::move(f)]() mutable { f(*self, loop); });
  return true;
}

template <class F>
bool server_core::on_loop(server_loop& loop, F f) {
  if (!loop.where().inside()) return post(loop, std::move(f));
  if (phase_ == phase::ended) return false;
  f(*this, loop);
  return true;
}

void server_core::log(log_level level, const std::string& text) const {
  if (options_.log) options_.log(level, text);
}

std::function<void(const std::string&)> server_core::warning_to_log() const {
  if (!options_.log) return nullptr;
  return [sink = options_.log](const std::string& text) { sink(log_level::warning, text); };
}

// --- setting up

// Whether it fits is known at once. What the loop reads is changed on the loop, and before what is posted afterwards.
void server_core::use(const service& used) {
  std::unique_lock lock(mutex_);
  if (declared_.knows(used)) return;
  if (has_several_loops() && phase_ != phase::idle)
    throw std::invalid_argument("with several threads, what a server speaks is settled before it starts");
  if (auto added = declared_.add(used); !added) throw std::invalid_argument(added.error().message);
  if (phase_ == phase::idle) {
    (void)contract_.add(used);
    return;
  }
  lock.unlock();
  on_loop(*loops_.front(), [&used](server_core& self, server_loop&) { (void)self.contract_.add(used); });
}

registration server_core::add(handler& h, const service& s, std::span<const binding> bindings) {
  use(s);
  std::lock_guard lock(mutex_);
  if (phase_ != phase::idle && (has_several_loops() || !first().inside()))
    throw std::logic_error("parley::server::add: add handlers before the start, or, with one thread, from a handler");
  for (const binding& b : bindings)
    if (loops_.front()->has_handler_for(*b.what)) throw std::invalid_argument("two handlers for " + std::string(b.what->name));
  const std::uint64_t id = next_registration_++;
  for (const auto& loop : loops_) loop->take_in(id, h, bindings);
  registered_.push_back(id);
  h.serving_.push_back({weak_from_this(), id});
  return h.serving_.back();
}

void server_core::remove(std::uint64_t registered, bool late) {
  std::vector<std::future<void>> gone;  // of the loops that may be in the handler just now
  {
    std::lock_guard lock(mutex_);
    if (std::erase(registered_, registered) == 0) return;
    if (phase_ == phase::ended) return;  // no loop calls a handler any more
    for (const auto& loop : loops_) {
      home& where = loop->where();
      if (phase_ == phase::idle || where.inside() || !where.loop()) {
        loop->take_out(registered, [] {});
        continue;
      }
      auto ended = std::make_shared<std::promise<void>>();  // dropped with the loop it counts as kept
      gone.push_back(ended->get_future());
      asio::post(where.executor(), [raw = loop.get(), registered, ended] { raw->take_out(registered, [ended] { ended->set_value(); }); });
    }
  }
  if (late && !gone.empty())
    log(log_level::error, "a handler was destroyed while its server runs: end its registration first (parley::scoped_registration)");
  for (auto& one : gone) one.wait();
}

std::size_t server_core::listen(port_options chosen) {
  std::lock_guard lock(mutex_);
  if (phase_ != phase::idle) throw std::logic_error("parley::server::listen: add ports before the start");
  if (chosen.address.empty()) chosen.address = options_.address;
  const wire::envelope_format* const foreign = chosen.dialect.format;
  if (foreign && foreign->has_session()) throw std::invalid_argument("a dialect has no session of its own");
  if (foreign && with_dialect_.size() == max_dialects) throw std::invalid_argument("too many ports with a dialect");
  entrance& one = entrances_.emplace_back();
  one.options = std::move(chosen);
  if (foreign) {
    one.kind = static_cast<spoken>(static_cast<std::size_t>(spoken::dialect) + with_dialect_.size());
    with_dialect_.push_back(&one);
  }
  return entrances_.size() - 1;
}

const dialect& server_core::dialect_of(spoken kind) const {
  return with_dialect_[static_cast<std::size_t>(kind) - static_cast<std::size_t>(spoken::dialect)]->options.dialect;
}

const wire::envelope_format& server_core::format_of(spoken kind) const {
  switch (kind) {
    case spoken::binary:
    case spoken::binary_without_lists:
      return wire::fbs_format();
    case spoken::json:
    case spoken::json_without_lists:
      return wire::json_format();
    case spoken::plain:
      return wire::plain_format();
    default:
      return *dialect_of(kind).format;
  }
}

const entrance& server_core::entrance_for(const entrance& at, std::string_view path) const {
  if (!options_.loopback) return at;
  const auto named =
      std::find_if(entrances_.begin() + 1, entrances_.end(), [path](const entrance& one) { return one.options.path == path; });
  return named == entrances_.end() ? at : *named;
}

void server_core::open_ports() {
  {
    std::lock_guard lock(mutex_);
    if (phase_ != phase::idle) throw std::logic_error("parley::server: started twice");
  }
  const std::size_t largest = with_room(contract_.largest_payload(options_.max_message), envelope_room);
  stop_watch_ = std::make_unique<asio::posix::stream_descriptor>(
      first().executor(), descriptor(::fcntl(stop_event_, F_DUPFD_CLOEXEC, 0), "the server cannot be started"));
  if (options_.loopback) {
    transport::limits limits;
    limits.max_message = largest;
    limits.max_connections = options_.max_connections;
    loops_.front()->listen(entrances_.front(), options_.loopback->listen(first().executor(), limits));
  } else {
    // All or none: what was opened is closed again if the next cannot be.
    const auto open = std::make_shared<std::atomic<std::size_t>>(0);
    std::vector<std::vector<std::shared_ptr<transport::listener>>> opened;
    for (const entrance& one : entrances_) opened.push_back(open_websocket(one, largest, open));
    auto listeners = opened.begin();
    for (entrance& one : entrances_) {
      one.bound = listeners->front()->port();
      for (std::size_t i = 0; i < loops_.size(); ++i) loops_[i]->listen(one, std::move((*listeners)[i]));
      ++listeners;
    }
  }
  {
    std::lock_guard lock(mutex_);  // use() changes the contract itself until now, and posts from now on
    phase_ = phase::running;
  }
  asio::post(first().executor(), [self = shared_from_this()] { self->watch_for_stop(); });
  for (const auto& loop : loops_) asio::post(loop->where().executor(), [self = shared_from_this(), raw = loop.get()] { raw->accept(); });
  for (const entrance& one : entrances_) log(log_level::info, "listening on port " + std::to_string(one.bound));
}

// With several loops each has a socket of its own on the same port, and the system divides the clients among them.
// The first takes the port alone, which fails if another process has it; then it lets the others in.
std::vector<std::shared_ptr<transport::listener>> server_core::open_websocket(const entrance& at, std::size_t largest,
                                                                              const std::shared_ptr<std::atomic<std::size_t>>& open) {
  using transport::port_sharing;
  transport::listen_options listen;
  listen.address = at.options.address;
  listen.port = at.options.port;
  listen.sharing = options_.share_port ? port_sharing::everybody : has_several_loops() ? port_sharing::later : port_sharing::nobody;
  listen.limits.max_message = largest;
  listen.limits.handshake = options_.handshake_timeout;
  listen.limits.max_connections = options_.max_connections;
  listen.open_connections = open;
  listen.waiting = waiting_;
  if (const dialect* const foreign = at.dialect()) {
    listen.manners = manners_of(*foreign);
  } else {
    listen.help = "supported subprotocols:";
    if (options_.binary) (listen.help += ' ') += wire::fbs_subprotocol;
    if (options_.json) (listen.help += ' ') += wire::json_subprotocol;
  }
  std::vector<std::shared_ptr<transport::listener>> opened;
  for (const auto& loop : loops_) {
    listen.on_refused = [raw = loop.get(), weak = weak_from_this()](int status, std::string_view text, const std::string& remote) {
      if (const auto self = weak.lock()) raw->upgrade_refused(status, text, remote);
    };
    listen.on_accept_failed = [raw = loop.get(), weak = weak_from_this()](const std::error_code& why) {
      if (const auto self = weak.lock()) raw->accept_failed(why);
    };
    auto listener = transport::websocket_listen(loop->where().executor(), listen);
    if (!listener) throw call_failed(listener.error());
    opened.push_back(*listener);
    listen.port = opened.back()->port();
    listen.sharing = port_sharing::everybody;
  }
  return opened;
}

// A thread for each loop but the first.
std::vector<std::thread> server_core::run_other_loops() {
  std::vector<std::thread> others;
  try {
    for (std::size_t i = 1; i < loops_.size(); ++i) others.emplace_back([loop = loops_[i]->where().loop()] { loop->run(); });
  } catch (const std::system_error& none) { call_off(std::move(others), none.code()); }
  return others;
}

// The first loop on this thread. What a loop leaves is destroyed when none of them runs any more.
void server_core::run_loops(std::vector<std::thread> others) {
  first().loop()->run();
  for (std::thread& other : others) other.join();
  for (const auto& loop : loops_) loop->where().loop()->shut_down();
}

// The system has no thread left: nothing of the server goes on, and its ports are closed.
void server_core::call_off(std::vector<std::thread> others, std::error_code why) {
  {
    std::lock_guard lock(mutex_);
    phase_ = phase::ended;
  }
  for (std::size_t i = 0; i < others.size(); ++i) {
    own_loop* const loop = loops_[i + 1]->where().loop();
    asio::post(loop->context(), [loop] { loop->end(); });
  }
  for (std::thread& other : others) other.join();
  stop_watch_.reset();
  for (const auto& loop : loops_) loop->where().loop()->shut_down();
  throw call_failed(error{why, "the server cannot be started: no thread for each of its loops: " + why.message()});
}

void server_core::run() {
  open_ports();
  if (!first().loop()) return;
  const auto self = shared_from_this();
  run_loops(run_other_loops());
}

void server_core::start() {
  open_ports();
  if (!first().loop()) return;
  const auto others = std::make_shared<std::vector<std::thread>>(run_other_loops());
  try {
    thread_ = std::thread([self = shared_from_this(), others] { self->run_loops(std::move(*others)); });
  } catch (const std::system_error& none) { call_off(std::move(*others), none.code()); }
}

// With several loops the thread of start() waits for the others: none of them can wait for it.
void server_core::join() {
  if (thread_.joinable() && !runs_here()) thread_.join();
}

void server_core::let_go() {
  if (!thread_.joinable()) return;
  if (runs_here()) thread_.detach();  // it holds this object until its loops have ended
  else thread_.join();
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
  if (first().loop()) return stop();
  asio::post(first().executor(), [self = shared_from_this()] { self->begin_stopping(); });
}

void server_core::watch_for_stop() {
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
  for (const auto& loop : loops_) on_loop(*loop, [](server_core&, server_loop& stopping) { stopping.stop(); });
}

void server_core::loop_is_empty() {
  on_loop(*loops_.front(), [](server_core& self, server_loop&) {
    if (--self.loops_left_ == 0) self.end();
  });
}

void server_core::end() {
  {
    std::lock_guard lock(mutex_);
    phase_ = phase::ended;
  }
  stop_watch_.reset();
  log(log_level::info, "stopped");
  for (const auto& loop : loops_)
    if (own_loop* own = loop->where().loop()) asio::post(own->context(), [own] { own->end(); });
  asio::post(first().executor(), [self = std::move(self_)] {});  // not the last owner in the middle of its own function
}

server_counters server_core::counters() const {
  server_counters sum;
  for (const auto& loop : loops_) loop->add_to(sum);
  sum.queued = waiting_->used();
  return sum;
}

void server_core::look_at_memory() const noexcept {
  constexpr std::size_t worth_it = 16 * 1024 * 1024;
  if (waiting_->peak_is_over(worth_it)) give_memory_back();
}

// --- formats, and sending from the server itself

formats_in_use server_core::formats() const {
  formats_in_use now;
  for (const auto& loop : loops_) {
    for (const spoken kind : {spoken::binary, spoken::binary_without_lists}) now.binary = now.binary || loop->population(kind) != 0;
    for (const spoken kind : {spoken::json, spoken::json_without_lists, spoken::plain}) now.json = now.json || loop->population(kind) != 0;
    for (const entrance* one : with_dialect_)
      if (loop->population(one->kind) != 0) (format_of(one->kind).payload_format() == format::json ? now.json : now.binary) = true;
  }
  if (!now.json && !now.binary) now.binary = true;
  return now;
}

sent server_core::send(outgoing event) {
  const method& m = *event.what;
  if (event.unwritable) {
    post(*loops_.front(), [&m, why = event.unwritable](server_core& self, server_loop&) {
      self.log(log_level::error, std::string(m.name) + ": " + why->message);
    });
    return sent::mismatched;
  }
  const std::size_t limit = m.max_bytes != 0 ? m.max_bytes : 1024 * 1024;
  if ((event.json && event.json->size() > limit) || (event.binary && event.binary->size() > limit)) return sent::too_large;
  if (server_loop* loop = here()) return phase_ == phase::ended ? sent::closed : loop->deliver_own(event);
  const std::size_t size = cost_of(event.size());
  if (posted_.fetch_add(size) + size > options_.max_posted) {
    posted_ -= size;
    return sent::dropped;
  }
  if (post(*loops_.front(), [event = std::move(event), size](server_core& self, server_loop& loop) {
        self.posted_ -= size;
        loop.deliver_own(event);
      }))
    return sent::queued;
  posted_ -= size;
  return sent::closed;
}

void server_core::send_when_room(ticket, outgoing event, std::unique_ptr<pending_call> done) {
  const auto unwritable = event.unwritable;
  const sent outcome = send(std::move(event));
  asio::post(first().executor(), [outcome, unwritable, done = std::move(done)]() mutable {
    switch (outcome) {
      case sent::queued:
        return done.release()->finish(encoded_answer{});
      case sent::dropped:
        return done.release()->finish(errc::overloaded);
      case sent::closed:
        return done.release()->finish(errc::disconnected);
      case sent::too_large:
        return done.release()->finish(error{errc::too_large, "an event of the server has at most 1 MiB, or max_bytes of its method"});
      case sent::mismatched:
        return done.release()->finish(unwritable ? *unwritable : error{errc::version_mismatch});
    }
  });
}

namespace {

// Forgets where a call went when it is over, or dropped with its loop.
class tracked_call final : public pending_call {
 public:
  tracked_call(std::unique_ptr<pending_call> inner, std::function<void()> over) : inner_(std::move(inner)), over_(std::move(over)) {}
  ~tracked_call() override { over_(); }
  void finish(result<encoded_answer> answer) override {
    const std::unique_ptr<tracked_call> self(this);
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
  server_loop* loop = loops_.front().get();
  if (has_several_loops())
    if (const auto known = directory_.find(request.to.name)) loop = known->loop;
  {
    // Before it is posted: it can be cancelled from now on.
    const std::lock_guard lock(asked_guard_);
    asked_.emplace(of, asked{loop, {}});
  }
  std::unique_ptr<pending_call> tracked = std::make_unique<tracked_call>(std::move(done), [weak = weak_from_this(), of] {
    const auto server = weak.lock();
    if (!server) return;
    const std::lock_guard lock(server->asked_guard_);
    server->asked_.erase(of);
  });
  {
    const std::lock_guard lock(mutex_);
    if (phase_ != phase::ended) {
      // Always posted: an operation never completes inside its own start.
      asio::post(loop->where().executor(), [self = shared_from_this(), loop, of, request = std::move(request),
                                            call = std::move(tracked)]() mutable { self->ask(*loop, of, request, std::move(call)); });
      return;
    }
  }
  tracked.release()->finish_late();
}

void server_core::ask(server_loop& loop, ticket of, const outgoing& request, std::unique_ptr<pending_call> done) {
  if (phase_ == phase::ended) return done.release()->finish(errc::cancelled);
  if (request.unwritable) return done.release()->finish(*request.unwritable);
  connection_end* end = loop.client(request.to.name);
  if (!end) return done.release()->finish(error{errc::unknown_target, "this client is not connected"});
  bool cancelled = false;
  {
    const std::lock_guard lock(asked_guard_);
    asked& one = asked_.at(of);
    cancelled = one.cancelled;
    one.end = end->weak_from_this();
  }
  if (cancelled) return done.release()->finish(errc::cancelled);
  auto wait = options_.deadline;
  if (request.what->deadline_ms != 0) wait = std::chrono::milliseconds(request.what->deadline_ms);
  if (request.options.deadline) wait = *request.options.deadline;
  end->start_call(of, request, saturating_add(clock_->now(), wait), std::move(done));
}

void server_core::cancel(ticket of) {
  asked found{};
  {
    const std::lock_guard lock(asked_guard_);
    const auto it = asked_.find(of);
    if (it == asked_.end()) return;
    it->second.cancelled = true;  // which ask() looks at, if the call has not reached its loop
    found = it->second;
  }
  if (found.end.expired()) return;
  on_loop(*found.loop, [of, where = found.end](server_core&, server_loop&) {
    if (const auto end = where.lock()) end->cancel_call(of);
  });
}

// A server's link connects nowhere and hears no events: its handlers do.
void server_core::connect(ticket, outgoing, std::unique_ptr<pending_call> done) {
  asio::post(first().executor(), [done = std::move(done)]() mutable { done.release()->finish(errc::invalid); });
}
std::uint64_t server_core::subscribe(const method&, std::shared_ptr<subscriber>) { return 0; }
std::uint64_t server_core::answer(const method&, std::shared_ptr<call_server>) { return 0; }
void server_core::unsubscribe(std::uint64_t) {}

}  // namespace parley
