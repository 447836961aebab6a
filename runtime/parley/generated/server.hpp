// Includes everything that a generated x.server.hpp needs. Included only there.
#pragma once

#include "parley/stub/asio.hpp"
#include "parley/stub/handler.hpp"
#include "parley/stub/send.hpp"
#include "parley/wire/target.hpp"

#include <utility>
