// Includes everything that a generated x.server.hpp needs. Included only there.
#pragma once

#include "parley/stub/completion.hpp"
#include "parley/stub/gcc12.hpp"
#include "parley/stub/handler.hpp"
#include "parley/wire/target.hpp"

#include <utility>
