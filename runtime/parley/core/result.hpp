// result<T>: a T or an error. The member names are those of std::expected. Uses only the standard
// library.
#pragma once

#include "parley/core/error.hpp"
#include "parley/core/raise.hpp"

#include <concepts>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace parley {

// A default-constructed result is a failure. Asio's `||` needs a default constructor, and never
// exposes such an object.
template <class T = void>
class result {
 public:
  using value_type = T;
  using error_type = parley::error;

  result() : state_(std::in_place_index<1>, errc::failed, "no result") {}
  result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  result(parley::error e) : state_(std::in_place_index<1>, std::move(e)) {}
  result(errc code) : state_(std::in_place_index<1>, code) {}

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  // The value. Throws call_failed if there is none.
  T& value() & {
    check();
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    check();
    return *std::get_if<0>(&state_);
  }
  T value() && {
    check();
    return std::move(*std::get_if<0>(&state_));
  }

  // The value. Undefined behaviour if there is none, as in std::expected.
  T& operator*() & noexcept { return *std::get_if<0>(&state_); }
  const T& operator*() const& noexcept { return *std::get_if<0>(&state_); }
  T operator*() && { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() noexcept { return std::get_if<0>(&state_); }
  const T* operator->() const noexcept { return std::get_if<0>(&state_); }

  // The error. Undefined behaviour if there is a value.
  const parley::error& error() const& noexcept { return *std::get_if<1>(&state_); }
  parley::error error() && { return std::move(*std::get_if<1>(&state_)); }

  template <class U>
  T value_or(U&& other) const& {
    return has_value() ? **this : static_cast<T>(std::forward<U>(other));
  }

  bool operator==(const result&) const = default;

 private:
  void check() const {
    if (!has_value()) raise(call_failed{error()});
  }
  std::variant<T, parley::error> state_;
};

// A default-constructed result<void> is a success, as in std::expected<void, E>.
template <>
class result<void> {
 public:
  using value_type = void;
  using error_type = parley::error;

  result() = default;
  result(parley::error e) : failure_(std::move(e)) {}
  result(errc code) : failure_(std::in_place, code) {}

  bool has_value() const noexcept { return !failure_; }
  explicit operator bool() const noexcept { return has_value(); }
  // Throws call_failed if the result is a failure.
  void value() const {
    if (!has_value()) raise(call_failed{error()});
  }
  void operator*() const noexcept {}
  // The error. Undefined behaviour if the result is a success.
  const parley::error& error() const& noexcept { return *failure_; }
  parley::error error() && { return *std::move(failure_); }

  bool operator==(const result&) const = default;

 private:
  std::optional<parley::error> failure_;
};

}  // namespace parley
