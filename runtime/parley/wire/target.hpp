// The receivers of a message: as a value that the runtime routes by, as tags that a program writes,
// and as the base of the generated `<Event>Target` types.
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

// Any target. The runtime routes by it, and a program may read it from a configuration file.
struct target {
  target_kind kind = target_kind::none;
  // client: its id. user: its name. group, group_others: "<group>:<key>". Otherwise empty.
  std::string name{};
  // The client that OTHERS, SENDER or GROUP_OTHERS relate to, when the server sends to them.
  std::string subject{};
  std::vector<std::string> except{};  // clients excluded from a set
  // Only for `several`: at most 16 targets, none of them `several`.
  std::vector<target> parts{};

  bool operator==(const target&) const = default;
};

// The canonical text: "all", "group:<name>:<key>". A client is written as "id:<client id>", or as
// "<client id>" if that is unambiguous.
std::string to_text(const target&);
// Parses the text of a target. `several`, `except` and `subject` have no text form. Returns
// unknown_target for an empty name or an unknown prefix.
result<target> parse_target(std::string_view text);

namespace to {

// The tags for clients are empty types. A server must also name the subject, by calling the tag
// with a peer: to::others(peer).
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

// A set without some of its clients, created by `.except(...)`.
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

// One client by its id. The constructor is explicit, so that no text becomes a target by accident.
struct client {
  explicit client(std::string client_id) : id(std::move(client_id)) {}
  template <class Peer>
  requires requires(const Peer& p) { std::string(p.id()); } explicit client(const Peer& peer) : id(peer.id()) {}
  bool operator==(const client&) const = default;
  std::string id;
};
// Up to 16 clients by their ids. Each receives the message once.
struct clients {
  explicit clients(std::vector<std::string> client_ids) : ids(std::move(client_ids)) {}
  bool operator==(const clients&) const = default;
  std::vector<std::string> ids;
};

// Every session of one principal, by its name (parley::principal::name). The constructor is explicit.
struct user {
  explicit user(std::string principal_name) : name(std::move(principal_name)) {}
  bool operator==(const user&) const = default;
  std::string name;
};
// Up to 16 principals. Each of their sessions receives the message once.
struct users {
  explicit users(std::vector<std::string> principal_names) : names(std::move(principal_names)) {}
  bool operator==(const users&) const = default;
  std::vector<std::string> names;
};

}  // namespace to

// The kind of a tag, and the run-time value it becomes. A type without a specialisation is not a
// target.
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

template <>
struct target_traits<to::user> {
  static constexpr target_kind kind = target_kind::user;
  static target value(const to::user& t) { return {.kind = kind, .name = t.name}; }
};
template <>
struct target_traits<to::users> {
  static constexpr target_kind kind = target_kind::user;
  static target value(const to::users& t) {
    target all{.kind = target_kind::several};
    for (const std::string& name : t.names) all.parts.push_back({.kind = kind, .name = name});
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

// The base of the generated `<Event>Target` types: a value chosen at run time among Default and
// Others. Other targets do not compile.
template <target_type Default, target_type... Others>
class one_of {
 public:
  template <class T>
  static constexpr bool allows = (std::same_as<T, Default> || ... || std::same_as<T, Others>);

  // The same for a variant of targets, where every alternative must be allowed.
  template <names_target T>
  static constexpr bool accepts = [] {
    if constexpr (target_type<T>) return allows<T>;
    else return []<class... Ts>(std::type_identity<std::variant<Ts...>>) { return (allows<Ts> && ...); }(std::type_identity<T>{});
  }();

  one_of() requires std::default_initializable<Default> : value_(target_traits<Default>::value(Default{})) {}
  template <class T>
  requires(allows<T>) one_of(const T& where) : value_(target_traits<T>::value(where)) {}

  // A variant whose alternatives are all allowed, checked at compile time.
  template <class... Ts>
  requires(allows<Ts> && ...)
  one_of(const std::variant<Ts...>& where) : value_(std::visit([]<class T>(const T& t) { return target_traits<T>::value(t); }, where)) {}

  // Whether a target known only at run time belongs to the set.
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
