// The client's page, "Message Types": a sum, a text, and an event that is in no schema.
#include "datadivr/v1/datadivr.client.hpp"

#include <parley/by_name.hpp>

#include <iostream>

int main(int argc, char** argv) {
  parley::client link{argc > 1 ? argv[1] : "ws://localhost:8765/ws", {.encoding = parley::encoding::plain}};
  datadivr::v1::DatadivrClient hub{link};
  std::cout << hub.sum({.numbers = {1, 2, 3}}) << std::endl;
  hub.msg("Hello everyone!", parley::to::all);
  parley::by_name names{link};
  names.send({.name = "custom_event", .payload = R"({"data":"custom_data"})"},
             parley::to::client(argc > 2 ? argv[2] : "specific_client_id"));
}
