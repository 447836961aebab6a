// Include this in a program that connects to a server, beside its generated x.client.hpp.
#pragma once

#include "parley/peer/block.hpp"
#include "parley/peer/client.hpp"
#include "parley/peer/subscription.hpp"
