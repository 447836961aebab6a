// Numbers in the grammar of RFC 8259. The token must contain nothing else. All functions return
// false if it is not a number or its value does not fit.
#pragma once

#include <cstdint>
#include <string_view>

namespace parley::json {

bool is_number(std::string_view token) noexcept;

// The value of an integer in any notation: 12, 1.2e1. Exact, without a conversion through double.
bool parse_integer(std::string_view token, std::int64_t& value) noexcept;
bool parse_integer(std::string_view token, std::uint64_t& value) noexcept;

// A map key: only digits, without fraction and exponent.
bool parse_key(std::string_view token, std::int64_t& value) noexcept;
bool parse_key(std::string_view token, std::uint64_t& value) noexcept;

// The nearest value. A number beyond the type's range does not fit. A number too close to zero for
// the type becomes zero.
bool parse_floating(std::string_view token, double& value) noexcept;
bool parse_floating(std::string_view token, float& value) noexcept;

}  // namespace parley::json
