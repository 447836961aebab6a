// Includes everything that a generated x.client.hpp needs. Included only there.
#pragma once

#include "parley/peer/completion.hpp"
#include "parley/peer/gcc12.hpp"
#include "parley/peer/subscription.hpp"
#include "parley/wire/target.hpp"

#include <utility>
