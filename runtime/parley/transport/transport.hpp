// transport: carries whole messages between two ends, text or binary, in order. It knows nothing of
// envelopes, calls or events.
//
// There are two implementations of this interface: `websocket`, the only one that includes
// websocketpp, and `loopback`, which runs in memory and can inject faults. A listener hands out
// requests. Each request is accepted or rejected, immediately or later. Accepting a request
// produces a connection.
//
//   listener.start([](std::shared_ptr<transport::request> ask) {
//     if (ask->path != "/ws") return ask->reject(404, "not here");
//     ask->accept("parley.v1.json", std::make_shared<my_handler>());
//   });
//
// This header includes the whole interface:
//
//   message.hpp   connections, their handlers, and messages; without Asio
//   options.hpp   how to listen and how to connect; without Asio
//   request.hpp   requests and listeners; without Asio
//   status.hpp    what an HTTP status means
//   clock.hpp     clocks and alarms, which run on Asio's executors
//
// network.hpp makes connections and listeners.
//
// Threads: every connection, request and listener belongs to one executor that runs one thing at a
// time (a strand, or a loop with one thread). All member functions must be called there.
#pragma once

#include "parley/transport/clock.hpp"
#include "parley/transport/message.hpp"
#include "parley/transport/options.hpp"
#include "parley/transport/request.hpp"
#include "parley/transport/status.hpp"
