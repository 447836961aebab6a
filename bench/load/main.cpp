// load mode=round-trips|pipeline|fan-out|idle script=NAME[,NAME] port=P server=PID [size=64 connections=1 in_flight=64 burst=1 warm_up=0.25 seconds=0.5]
#include "load/modes.hpp"
#include "support/arguments.hpp"
#include "support/figures.hpp"

#include <sstream>
#include <string>

int main(int argc, char** argv) {
  const bench::arguments given(argc, argv);
  bench::load what{
      .port = static_cast<std::uint16_t>(given.count("port", 0)),
      .server = static_cast<int>(given.count("server", 0)),
      .connections = given.count("connections", 1),
      .in_flight = given.count("in_flight", 64),
      .burst = given.count("burst", 1),
      .warm_up = given.seconds("warm_up", 0.25),
      .seconds = given.seconds("seconds", 0.5),
  };
  std::istringstream names(given.text("script"));
  for (std::string name; std::getline(names, name, ',');) what.scripts.push_back(bench::script_by_name(name, given.count("size", 64)));
  if (what.scripts.empty() || what.port == 0 || what.server == 0) bench::fail("script, port and server are needed");

  const std::string mode = given.text("mode");
  if (mode == "round-trips") bench::round_trips(what);
  else if (mode == "pipeline") bench::pipeline(what);
  else if (mode == "fan-out") bench::fan_out(what);
  else if (mode == "idle") bench::idle(what);
  else bench::fail("no mode is called " + mode);
}
