// Included by generated x.codec.cpp sources.
#pragma once

#include "parley/generated/codec.hpp"
#include "parley/wire/any.hpp"
#include "parley/wire/flat_values.hpp"
#include "parley/wire/json_values.hpp"
#include "parley/wire/print.hpp"
#include "parley/wire/wkt_values.hpp"

#include <array>
#include <ostream>
#include <string>
#include <string_view>
