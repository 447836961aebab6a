// Who a client is: the options of servers and clients for authentication. They are documented where
// they are declared.
#pragma once

#include "parley/stub/authenticator.hpp"
#include "parley/stub/credential.hpp"
#include "parley/stub/credential_source.hpp"
#include "parley/stub/principal.hpp"
