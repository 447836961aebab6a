// The pages of a server by their paths, and their answers, without I/O except in keep(). Not
// installed.
//
// A path selects a page only if it is equal to the path of that page, byte for byte. Nothing is
// decoded, and nothing that a client sends reaches the file system.
#pragma once

#include "parley/core/core.hpp"
#include "parley/ends/pages.hpp"
#include "parley/transport/options.hpp"
#include "parley/transport/request.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

// An answer as a transport sends it.
struct page_answer {
  int status = 200;
  std::vector<transport::header> headers;
  buffer body;
};

inline constexpr std::size_t max_page = 4 * 1024 * 1024;

// Adds the headers of every answer: it is not stored and not interpreted as another type, and a page
// loads and connects to nothing but its own server. What is larger than max_page is a 500.
page_answer answer_with(page);
// A short text for a status without a page.
page_answer answer_with(int status, std::string_view text);

class page_shelf {
 public:
  // Both throw std::invalid_argument for a path that no request can have, and for one that is used
  // already.
  void add(std::string path, page_function made);
  // Reads every file of a folder and its folders. `path` + "/" + the file's name there selects it.
  // `path` and `path` + "/" select index.html. Hidden files and symbolic links are left out. Throws
  // std::invalid_argument also for a folder that cannot be read, for a file of more than max_page, and
  // for more than 64 MiB.
  void keep(std::string path, const std::string& folder);

  bool empty() const noexcept { return pages_.empty(); }
  bool has(std::string_view path) const { return pages_.find(path) != pages_.end(); }
  // has(request.path) must be true. What the function of the page throws becomes a 500 with a fixed
  // text, and `threw` is called inside of the catch block.
  page_answer answer(const page_request&, const std::function<void()>& threw) const;

 private:
  using entry = std::function<page_answer(const page_request&)>;
  void add_entry(std::string path, entry made);

  std::map<std::string, entry, std::less<>> pages_;
};

// The requests for pages of one server that are being answered: at most 64 at a time. Any thread.
class page_places {
 public:
  // Takes a place for as long as the client is connected. Otherwise rejects the request with 503, and
  // returns false.
  bool take(transport::page_request& ask);

 private:
  // Shared with the requests, because they may outlive the server.
  const std::shared_ptr<std::atomic<std::size_t>> taken_ = std::make_shared<std::atomic<std::size_t>>(0);
};

}  // namespace parley
