// The TLS options of servers, clients and raw connections. They are documented where they are
// declared.
#pragma once

#include "parley/transport/tls/options.hpp"
