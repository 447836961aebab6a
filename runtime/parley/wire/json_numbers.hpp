// Numbers of RFC 8259's grammar, in a token that is nothing else. All functions return false if it is none, or its value does not fit.
#pragma once

#include <cstdint>
#include <string_view>

namespace parley::json {

bool is_number(std::string_view token) noexcept;

// An integer's value, however it is written: 12, 1.2e1. Exact, without a detour through double.
bool parse_integer(std::string_view token, std::int64_t& value) noexcept;
bool parse_integer(std::string_view token, std::uint64_t& value) noexcept;

// A map's key: digits alone, no fraction and no exponent.
bool parse_key(std::string_view token, std::int64_t& value) noexcept;
bool parse_key(std::string_view token, std::uint64_t& value) noexcept;

// The nearest value. One beyond the type's range does not fit; one too small to be told from zero is zero.
bool parse_floating(std::string_view token, double& value) noexcept;
bool parse_floating(std::string_view token, float& value) noexcept;

}  // namespace parley::json
