// Everything a generated x.client.hpp needs; nothing else includes it.
#pragma once

#include "parley/peer/completion.hpp"
#include "parley/peer/gcc12.hpp"
#include "parley/peer/subscription.hpp"
#include "parley/wire/target.hpp"

#include <utility>
