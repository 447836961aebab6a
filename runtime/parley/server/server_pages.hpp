// Answers requests without an upgrade: the pages of the application, health and metrics. Private to
// the server room.
//
// Pages are added before the start. Afterwards each loop answers the requests that it has accepted.
// Only the functions of the application run on the first loop.
#pragma once

#include "parley/ends/page_shelf.hpp"
#include "parley/server/server.hpp"
#include "parley/transport/request.hpp"

#include <atomic>
#include <memory>
#include <string>

namespace parley {

class server_core;
class server_loop;
struct entrance;

class server_pages {
 public:
  explicit server_pages(server_core& of) noexcept : server_(of) {}

  page_shelf& shelf() noexcept { return shelf_; }
  // Any thread.
  void set_ready(bool ready) noexcept { ready_ = ready; }
  bool ready() const noexcept;

  // Called on the loop that has accepted the request.
  void answer(server_loop& on, const entrance& came_by, std::shared_ptr<transport::page_request> ask);

 private:
  void answer_kept(server_loop& on, std::shared_ptr<transport::page_request> ask, bool from_loopback);
  void probe_loops(server_loop& on, std::shared_ptr<transport::page_request> ask);
  void send(server_loop& on, transport::page_request& ask, const page_answer&) const;

  server_core& server_;
  page_shelf shelf_;
  std::atomic<bool> ready_ = true;
  page_places places_;
};

}  // namespace parley
