// Containers for messages that contain themselves or each other.
//
//   box<T>           an optional T on the heap. It copies, compares and is constructed like
//                    optional<T>
//   late_vector<T>   a std::vector<T> whose T may be defined further down
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace parley {

template <class T>
class box {
 public:
  box() noexcept = default;
  box(std::nullopt_t) noexcept {}
  box(T value) : value_(std::make_unique<T>(std::move(value))) {}
  box(const box& other) : value_(other ? std::make_unique<T>(*other) : nullptr) {}
  box(box&&) noexcept = default;
  box& operator=(const box& other) { return *this = box(other); }
  box& operator=(box&&) noexcept = default;
  ~box() = default;

  bool has_value() const noexcept { return value_ != nullptr; }
  explicit operator bool() const noexcept { return has_value(); }
  T& operator*() noexcept { return *value_; }
  const T& operator*() const noexcept { return *value_; }
  T* operator->() noexcept { return value_.get(); }
  const T* operator->() const noexcept { return value_.get(); }
  template <class... Args>
  T& emplace(Args&&... args) {
    return *(value_ = std::make_unique<T>(T{std::forward<Args>(args)...}));
  }
  void reset() noexcept { value_.reset(); }

  friend bool operator==(const box& a, const box& b) { return a.has_value() == b.has_value() && (!a.has_value() || *a == *b); }

 private:
  std::unique_ptr<T> value_;
};

// A std::vector<T>, and used as one. Only its constructors differ: they are not constant
// expressions, so a compiler does not inspect T before it is complete. (clang does that for the
// initialiser of a member.)
template <class T>
class late_vector : public std::vector<T> {
 public:
  using std::vector<T>::vector;
  // Not defaulted, because a defaulted constructor could be a constant expression.
  late_vector() noexcept {}  // NOLINT(modernize-use-equals-default)
  late_vector(std::vector<T> items) : std::vector<T>(std::move(items)) {}
  late_vector(const late_vector&) = default;
  late_vector(late_vector&&) noexcept = default;
  late_vector& operator=(const late_vector&) = default;
  late_vector& operator=(late_vector&&) noexcept = default;
  ~late_vector() {}  // NOLINT(modernize-use-equals-default): as above
};

}  // namespace parley
