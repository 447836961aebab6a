#include "parley/transport/tcp/flush_list.hpp"

#include "parley/transport/tcp/socket_stream.hpp"

#include <asio/post.hpp>

#include <exception>
#include <new>
#include <utility>

namespace parley::transport {
namespace {

constexpr std::size_t keep = 1024;        // capacity that is kept between turns
constexpr std::size_t most_put_off = 16;  // how many turns of other streams a flush waits for

}  // namespace

void flush_list::add(const asio::any_io_executor& on, std::shared_ptr<socket_stream> stream) {
  waiting_.push_back(std::move(stream));
  if (waiting_.size() == 1) flush_later(on);
}

void flush_list::hurry() noexcept { put_off_ = most_put_off; }

void flush_list::flush_later(const asio::any_io_executor& on) {
  asio::post(on, [self = shared_from_this(), on] {
    if (self->turns_to_come_ > 0 && ++self->put_off_ <= most_put_off) {
      try {
        return self->flush_later(on);
      } catch (const std::bad_alloc&) {}  // flush now, because nothing else would flush these streams
    }
    self->put_off_ = 0;
    self->flush_all();
  });
}

// Streams that are added meanwhile wait for the next turn. If an owner throws in on_written, the
// other streams are still flushed. Each stream is flushed once, and the borrowed content is held
// only until the end of this function.
void flush_list::flush_all() {
  flushing_.swap(waiting_);
  const std::vector<buffer> held = std::exchange(held_, {});
  std::exception_ptr thrown;
  for (auto& stream : flushing_) {
    try {
      stream->flush_now();
    } catch (...) { thrown = std::current_exception(); }
    stream.reset();
  }
  if (flushing_.capacity() > keep) flushing_ = {};
  else flushing_.clear();
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace parley::transport
