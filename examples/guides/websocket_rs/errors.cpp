// Distinguishes the errors that can occur.
#include <parley/raw.hpp>

#include <iostream>

int main(int argc, char** argv) try {
  parley::raw_connection ws{argc > 1 ? argv[1] : "ws://localhost:8765", {.connect_timeout = std::chrono::seconds(5)}};
  ws.send("Hello");
  std::cout << ws.receive() << '\n';
} catch (const parley::call_failed& e) {
  if (e.error().code == parley::errc::deadline_exceeded) std::cout << "Connection or receive timeout\n";
  else std::cout << "WebSocket error: " << e.what() << '\n';
} catch (const std::exception& e) { std::cout << "Unexpected error: " << e.what() << '\n'; }
