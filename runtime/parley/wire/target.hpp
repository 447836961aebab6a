// Who receives: as a value the runtime routes by, as tags a program writes, and as the base of the generated `<Event>Target` types.
#pragma once

#include "parley/core/core.hpp"
#include "parley/wire/method.hpp"

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace parley {

// Any target at all: what the runtime routes by, what a program may read from a configuration file.
struct target {
  target_kind kind = target_kind::none;
  std::string name{};                 // client: its id; user: its name; group, group_others: "<group>:<key>"; else empty
  std::string subject{};              // the server sends to OTHERS, SENDER or GROUP_OTHERS: the client they speak of
  std::vector<std::string> except{};  // clients left out of a set
  std::vector<target> parts{};        // `several` only, at most 16, none of them `several`

  bool operator==(const target&) const = default;
};

// The canonical text: "all", "id:<client id>" is written "<client id>" where no confusion is possible, "group:<name>:<key>".
std::string to_text(const target&);
// Reads a target's text (several, except and subject have none). unknown_target for an empty name or an unknown prefix.
result<target> parse_target(std::string_view text);

namespace to {

// The client tags are empty types; calling a tag with a peer names the subject, which a server must do: to::others(peer).
struct others_of {
  explicit others_of(std::string client_id) : id(std::move(client_id)) {}
  bool operator==(const others_of&) const = default;
  std::string id;
};
struct sender_of {
  explicit sender_of(std::string client_id) : id(std::move(client_id)) {}
  bool operator==(const sender_of&) const = default;
  std::string id;
};

// A set with some clients left out; made by `.except(...)`.
template <class Set>
struct set_except {
  explicit set_except(std::vector<std::string> client_ids) : ids(std::move(client_ids)) {}
  bool operator==(const set_except&) const = default;
  std::vector<std::string> ids;
};

struct server_t {
  bool operator==(const server_t&) const = default;
};
struct sender_t {
  bool operator==(const sender_t&) const = default;
  template <class Peer>
  sender_of operator()(const Peer& peer) const {
    return sender_of{std::string(peer.id())};
  }
};
struct all_t {
  bool operator==(const all_t&) const = default;
  set_except<all_t> except(std::vector<std::string> ids) const { return set_except<all_t>{std::move(ids)}; }
};
struct others_t {
  bool operator==(const others_t&) const = default;
  set_except<others_t> except(std::vector<std::string> ids) const { return set_except<others_t>{std::move(ids)}; }
  template <class Peer>
  others_of operator()(const Peer& peer) const {
    return others_of{std::string(peer.id())};
  }
};
inline constexpr server_t server{};
inline constexpr sender_t sender{};
inline constexpr all_t all{};
inline constexpr others_t others{};

// One client by its id. Explicit, so that no text becomes a target by accident.
struct client {
  explicit client(std::string client_id) : id(std::move(client_id)) {}
  template <class Peer>
  requires requires(const Peer& p) { std::string(p.id()); } explicit client(const Peer& peer) : id(peer.id()) {}
  bool operator==(const client&) const = default;
  std::string id;
};
// Up to 16 clients by their ids; each receives once.
struct clients {
  explicit clients(std::vector<std::string> client_ids) : ids(std::move(client_ids)) {}
  bool operator==(const clients&) const = default;
  std::vector<std::string> ids;
};

}  // namespace to

// Which kind a tag stands for, and the run-time value it becomes. A type without a specialisation is no target.
template <class T>
struct target_traits;
template <>
struct target_traits<to::server_t> {
  static constexpr target_kind kind = target_kind::server;
  static target value(const to::server_t&) { return {.kind = kind}; }
};
template <>
struct target_traits<to::sender_t> {
  static constexpr target_kind kind = target_kind::sender;
  static target value(const to::sender_t&) { return {.kind = kind}; }
};
template <>
struct target_traits<to::sender_of> {
  static constexpr target_kind kind = target_kind::sender;
  static target value(const to::sender_of& t) { return {.kind = kind, .subject = t.id}; }
};
template <>
struct target_traits<to::all_t> {
  static constexpr target_kind kind = target_kind::all;
  static target value(const to::all_t&) { return {.kind = kind}; }
};
template <>
struct target_traits<to::set_except<to::all_t>> {
  static constexpr target_kind kind = target_kind::all;
  static target value(const to::set_except<to::all_t>& t) { return {.kind = kind, .except = t.ids}; }
};
template <>
struct target_traits<to::others_t> {
  static constexpr target_kind kind = target_kind::others;
  static target value(const to::others_t&) { return {.kind = kind}; }
};
template <>
struct target_traits<to::set_except<to::others_t>> {
  static constexpr target_kind kind = target_kind::others;
  static target value(const to::set_except<to::others_t>& t) { return {.kind = kind, .except = t.ids}; }
};
template <>
struct target_traits<to::others_of> {
  static constexpr target_kind kind = target_kind::others;
  static target value(const to::others_of& t) { return {.kind = kind, .subject = t.id}; }
};
template <>
struct target_traits<to::client> {
  static constexpr target_kind kind = target_kind::client;
  static target value(const to::client& t) { return {.kind = kind, .name = t.id}; }
};
template <>
struct target_traits<to::clients> {
  static constexpr target_kind kind = target_kind::client;
  static target value(const to::clients& t) {
    target all{.kind = target_kind::several};
    for (const std::string& id : t.ids) all.parts.push_back({.kind = kind, .name = id});
    return all;
  }
};

template <class T>
concept target_type = requires(const T& t) {
  target_traits<T>::kind;
  target_traits<T>::value(t);
};

template <class T>
inline constexpr bool is_target_variant = false;
template <target_type... Ts>
inline constexpr bool is_target_variant<std::variant<Ts...>> = true;

// A target, or a variant of targets.
template <class T>
concept names_target = target_type<T> || is_target_variant<T>;

// The base of the generated `<Event>Target` types: a value chosen at run time among Default and Others; nothing else fits in.
template <target_type Default, target_type... Others>
class one_of {
 public:
  template <class T>
  static constexpr bool allows = (std::same_as<T, Default> || ... || std::same_as<T, Others>);

  // The same for a variant of targets: every alternative must be allowed.
  template <names_target T>
  static constexpr bool accepts = [] {
    if constexpr (target_type<T>) return allows<T>;
    else return []<class... Ts>(std::type_identity<std::variant<Ts...>>) { return (allows<Ts> && ...); }(std::type_identity<T>{});
  }();

  one_of() requires std::default_initializable<Default> : value_(target_traits<Default>::value(Default{})) {}
  template <class T>
  requires(allows<T>) one_of(const T& where) : value_(target_traits<T>::value(where)) {}

  // A variant whose every alternative is allowed: checked when compiling.
  template <class... Ts>
  requires(allows<Ts> && ...)
  one_of(const std::variant<Ts...>& where) : value_(std::visit([]<class T>(const T& t) { return target_traits<T>::value(t); }, where)) {}

  // Does a target known only at run time belong to the set?
  static bool contains(const parley::target& where) {
    if (where.kind == target_kind::several) {
      for (const parley::target& part : where.parts)
        if (!contains(part)) return false;
      return !where.parts.empty();
    }
    return where.kind == target_traits<Default>::kind || ((where.kind == target_traits<Others>::kind) || ...);
  }

  const parley::target& get() const noexcept { return value_; }

 protected:
  struct unchecked {};
  one_of(unchecked, parley::target where) : value_(std::move(where)) {}

 private:
  parley::target value_;
};

// For static_assert in a template that must not be instantiated.
template <class>
inline constexpr bool never = false;

}  // namespace parley
