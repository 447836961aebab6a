// A folder for Unix sockets, which need short names. Removed when destroyed.
#pragma once

#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

class socket_folder {
 public:
  socket_folder() {
    if (!::mkdtemp(path_.data())) throw std::system_error(errno, std::generic_category(), "mkdtemp");
  }
  ~socket_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  socket_folder(const socket_folder&) = delete;
  socket_folder& operator=(const socket_folder&) = delete;

  std::string file(std::string_view name) const { return path_ + '/' + std::string(name); }
  // The address of a server.
  std::string address(std::string_view name) const { return "unix:" + file(name); }
  std::string url(std::string_view name, std::string_view resource = "/ws") const {
    return "ws+unix://" + file(name) + ':' + std::string(resource);
  }

 private:
  std::string path_ = "/tmp/parley-XXXXXX";
};
