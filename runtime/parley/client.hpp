// Include this in a program that connects to a server, beside its generated x.client.hpp.
#pragma once

#include "parley/client/client.hpp"
#include "parley/stub/asio.hpp"
#include "parley/stub/block.hpp"
