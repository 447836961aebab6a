#include "parley/server/server_core.hpp"

#include "parley/core/give_back.hpp"
#include "parley/ends/guarded_log.hpp"
#include "parley/ends/origins.hpp"
#include "parley/ends/service.hpp"

#include <asio/post.hpp>

#include <algorithm>
#include <future>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace parley {
namespace {

server_options checked(server_options options) {
  options.log = guarded(std::move(options.log));
  for (std::string& origin : options.origins) {
    auto usable = usable_origin(origin, "server_options::origins");
    if (!usable) throw std::invalid_argument(usable.error().message);
    origin = std::move(*usable);
  }
  for (std::string& host : options.hosts) {
    auto usable = usable_host(host, "server_options::hosts");
    if (!usable) throw std::invalid_argument(usable.error().message);
    host = std::move(*usable);
  }
  if (auto sound = check_limits(options.limits, "server_options::limits"); !sound) throw std::invalid_argument(sound.error().message);
  return options;
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
      checks_(options_.auth.check ? std::make_unique<shared_checks>(options_.auth.check) : nullptr),
      node_(wire::make_node_id()),
      clock_(options_.clock ? options_.clock : transport::steady_clock()),
      ports_(options_.loopback),
      waiting_(std::make_shared<account>(options_.max_queued_total)),
      arrivals_(options_.limits),
      speed_(options_.limits) {
  loops_.reserve(homes.size());
  for (home& where : homes) loops_.push_back(std::make_unique<server_loop>(*this, std::move(where)));
  loops_left_ = loops_.size();
  listen({.address = options_.address,
          .port = options_.port,
          .inherited = options_.inherited,
          .path = options_.path,
          .tls = std::exchange(options_.tls, std::nullopt),
          .dialect = options_.dialect});
}

server_core::~server_core() {
  for (auto& one : drains_) one.release()->finish_late();
}

server_loop* server_core::here() const {
  for (const auto& loop : loops_)
    if (loop->where().inside()) return loop.get();
  return nullptr;
}

bool server_core::runs_here() const {
  return std::any_of(loops_.begin(), loops_.end(), [](const auto& loop) { return loop->where().runs_here(); });
}

void server_core::log(log_level level, const std::string& text) const {
  if (options_.log) options_.log(level, text);
}

// --- Setting up.

// The caller learns at once whether the service fits. After the start, the contract that the loop
// reads is changed on the loop, before anything that is posted later.
void server_core::use(const service& used) {
  std::unique_lock lock(mutex_);
  if (declared_.knows(used)) return;
  if (has_several_loops() && phase_ != phase::idle)
    throw std::invalid_argument("with several threads, services must be added before the server starts");
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
    if (loops_.front()->handlers().find(*b.what)) throw std::invalid_argument("two handlers for " + std::string(b.what->name));
  if (phase_ != phase::idle) (void)contract_.add(s);  // another thread's use() may still be posted, and the numbers are needed now
  const std::uint64_t id = next_registration_++;
  for (const auto& loop : loops_) loop->handlers().add(id, h, bindings);
  registered_.push_back(id);
  h.serving_.push_back({weak_from_this(), id});
  return h.serving_.back();
}

void server_core::remove(std::uint64_t registered, bool late) {
  std::vector<std::future<void>> gone;  // one for each loop that may be in a function of the handler
  {
    std::lock_guard lock(mutex_);
    if (std::erase(registered_, registered) == 0) return;
    if (phase_ == phase::ended) return;  // no loop calls a handler any more
    for (const auto& loop : loops_) {
      home& where = loop->where();
      if (phase_ == phase::idle || where.inside() || !where.loop()) {
        loop->handlers().remove(registered, [] {});
        continue;
      }
      auto ended = std::make_shared<std::promise<void>>();  // if the loop drops this promise, the wait ends as well
      gone.push_back(ended->get_future());
      asio::post(where.executor(),
                 [raw = loop.get(), registered, ended] { raw->handlers().remove(registered, [ended] { ended->set_value(); }); });
    }
  }
  if (late && !gone.empty())
    log(log_level::error, "a handler was destroyed while its server runs: end its registration first (parley::scoped_registration)");
  for (auto& one : gone) one.wait();
}

void server_core::open_ports() {
  {
    std::lock_guard lock(mutex_);
    if (phase_ != phase::idle) throw std::logic_error("parley::server: started twice");
  }
  if (const auto failed = stop_event_.watch_on(first().executor())) throw call_failed(error{failed, "the server cannot be started"});
  open_listeners();
  {
    std::lock_guard lock(mutex_);  // until now use() changes the contract itself, and afterwards it posts
    phase_ = phase::running;
  }
  asio::post(first().executor(), [self = shared_from_this()] { self->watch_for_stop(); });
  for (const auto& loop : loops_) asio::post(loop->where().executor(), [self = shared_from_this(), raw = loop.get()] { raw->accept(); });
  log_ports();
  begin_service();
}

// Starts a thread for each loop but the first.
std::vector<std::thread> server_core::run_other_loops() {
  std::vector<std::thread> others;
  try {
    for (std::size_t i = 1; i < loops_.size(); ++i) others.emplace_back([loop = loops_[i]->where().loop()] { loop->run(); });
  } catch (const std::system_error& none) { call_off(std::move(others), none.code()); }
  return others;
}

// Runs the first loop on this thread. Work that is left on the loops is destroyed when none of them
// runs any more.
void server_core::run_loops(std::vector<std::thread> others) {
  first().loop()->run();
  for (std::thread& other : others) other.join();
  for (const auto& loop : loops_) loop->where().loop()->shut_down();
}

// Ends the server if the system has no thread left for a loop. The ports are closed.
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
  stop_event_.forget();
  for (const auto& loop : loops_) loop->where().loop()->shut_down();
  throw call_failed(error{why, "the server cannot be started: a thread could not be created: " + why.message()});
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

// With several loops, the thread of start() joins the threads of the others, so a handler on any
// loop must not wait for it.
void server_core::join() {
  if (thread_.joinable() && !runs_here()) thread_.join();
}

void server_core::let_go() {
  if (!thread_.joinable()) return;
  if (runs_here()) thread_.detach();  // the thread holds this object until its loops have ended
  else thread_.join();
}

// --- Stopping.

// May run in a signal handler.
void server_core::stop() noexcept { stop_event_.set(); }

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
  stop_event_.watch([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->begin_stopping();
  });
}

void server_core::begin_stopping() {
  if (phase_ != phase::running) return;
  if (as_service_ && !draining_) notify("STOPPING=1");
  service_alarm_.reset();
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
  stop_event_.forget();
  log(log_level::info, "stopped");
  end_drains();
  for (const auto& loop : loops_)
    if (own_loop* own = loop->where().loop()) asio::post(own->context(), [own] { own->end(); });
  asio::post(first().executor(), [self = std::move(self_)] {});  // the last reference is released in a turn of its own
}

server_counters server_core::counters() const {
  server_counters sum;
  for (const auto& loop : loops_) loop->counts().add_to(sum);
  sum.queued = waiting_->used();
  return sum;
}

void server_core::reached(limit which, std::string_view by) {
  const auto line = limited_.count(which, clock_->now(), by);
  if (line) log(log_level::warning, *line);
}

void server_core::look_at_memory() const noexcept {
  constexpr std::size_t worth_it = 16 * 1024 * 1024;
  if (waiting_->peak_is_over(worth_it)) give_memory_back();
}

// --- Formats, and messages from the server itself.

formats_in_use server_core::formats() const {
  formats_in_use now;
  for (const auto& loop : loops_) {
    for (const spoken kind : {spoken::binary, spoken::binary_without_lists}) now.binary = now.binary || loop->counts().speaking(kind) != 0;
    for (const spoken kind : {spoken::json, spoken::json_without_lists, spoken::plain})
      now.json = now.json || loop->counts().speaking(kind) != 0;
    for (const entrance* one : ports_.with_dialect())
      if (loop->counts().speaking(one->kind) != 0)
        (ports_.format_of(one->kind).payload_format() == format::json ? now.json : now.binary) = true;
  }
  if (!now.json && !now.binary) now.binary = true;
  return now;
}

bool server_core::admit(std::size_t cost) noexcept {
  const std::size_t before = posted_.fetch_add(cost);
  if (before == 0 || before + cost <= options_.max_posted) return true;
  posted_ -= cost;
  return false;
}

sent server_core::send(outgoing event) {
  const method& m = *event.what;
  const std::size_t cost = event.cost();
  if (event.unwritable) {
    if (!admit(cost)) return sent::dropped;
    if (!post(*loops_.front(), [&m, cost, why = event.unwritable](server_core& self, server_loop&) {
          self.posted_ -= cost;
          self.log(log_level::error, std::string(m.name) + ": " + why->message);
        }))
      posted_ -= cost;
    return sent::unwritable;
  }
  const std::size_t limit = m.max_bytes != 0 ? m.max_bytes : 1024 * 1024;
  if ((event.json && event.json->size() > limit) || (event.binary && event.binary->size() > limit)) return sent::too_large;
  if (server_loop* loop = here()) return phase_ == phase::ended ? sent::closed : loop->deliver_own(event);
  if (!admit(cost)) return sent::dropped;
  if (post(*loops_.front(), [event = std::move(event), cost](server_core& self, server_loop& loop) {
        self.posted_ -= cost;
        loop.deliver_own(event);
      }))
    return sent::queued;
  posted_ -= cost;
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
        return done.release()->finish(error{errc::too_large, "the event exceeds 1 MiB or max_bytes of its method"});
      case sent::mismatched:
        return done.release()->finish(errc::version_mismatch);
      case sent::unwritable:
        return done.release()->finish(*unwritable);
    }
  });
}

// A server has no link to connect and no subscriptions: its handlers receive the events.
void server_core::connect(ticket, outgoing, std::unique_ptr<pending_call> done) {
  asio::post(first().executor(), [done = std::move(done)]() mutable { done.release()->finish(errc::invalid); });
}
std::uint64_t server_core::subscribe(const method&, std::shared_ptr<subscriber>) { return 0; }
std::uint64_t server_core::answer(const method&, std::shared_ptr<call_server>) { return 0; }
void server_core::unsubscribe(std::uint64_t) {}

}  // namespace parley
