// What a program that connects includes, beside its generated x.client.hpp.
#pragma once

#include "parley/peer/block.hpp"
#include "parley/peer/client.hpp"
#include "parley/peer/subscription.hpp"
