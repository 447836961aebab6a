// Checks JSON Web Tokens (RFC 7519) for server_options::auth. A library of its own: link parley::jwt.
#pragma once

#include "parley/jwt/jwt.hpp"
