// Requests and responses in JSON, as values of a schema's types.
#include "api.codec.hpp"

#include <parley/raw.hpp>

#include <iostream>

api::Response api_request(std::string_view url, const api::Request& request) {
  std::string text;
  write_json(request, text);
  api::Response response;
  read_json(parley::raw_connection{url}.ask(text).text(), response).value();
  return response;
}

int main(int argc, char** argv) {
  auto result = api_request(argc > 1 ? argv[1] : "ws://localhost:8765", {.endpoint = "/users/create", .data = api::User{.name = "Alice"}});
  std::cout << result.status << ' ' << result.id << '\n';
}
