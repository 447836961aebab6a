// Includes everything that a generated x.client.hpp needs. Included only there.
#pragma once

#include "parley/stub/asio.hpp"
#include "parley/stub/send.hpp"
#include "parley/stub/subscription.hpp"
#include "parley/wire/target.hpp"

#include <utility>
