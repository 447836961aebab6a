// Includes everything that a generated x.server.hpp needs. Included only there.
#pragma once

#include "parley/peer/completion.hpp"
#include "parley/peer/gcc12.hpp"
#include "parley/peer/handler.hpp"
#include "parley/wire/target.hpp"

#include <utility>
