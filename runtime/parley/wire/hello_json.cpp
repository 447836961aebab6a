// The greeting as JSON with snake_case keys. Hashes and the epoch are strings of 16 hexadecimal
// digits, and features are an array of names.
#include "parley/wire/hello_parts.hpp"
#include "parley/wire/json_members.hpp"
#include "parley/wire/json_writer.hpp"
#include "parley/wire/kinds.hpp"
#include "parley/wire/limits.hpp"

#include <charconv>
#include <limits>

namespace parley::wire {
namespace {

constexpr std::uint64_t max_u32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t any_length = std::numeric_limits<std::size_t>::max();  // limited by the size of the message

// ---------------------------------------------------------------------------------------------------------------------
// Writing

void text(json::writer& w, std::string_view member, std::string_view value) {
  if (value.empty()) return;
  w.member(member);
  w.text(value);
}
void number(json::writer& w, std::string_view member, std::uint64_t value) {
  w.member(member);
  w.number(value);
}
void hex(json::writer& w, std::uint64_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<char, 16> out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = digits[value >> (60 - 4 * i) & 15];
  w.plain_text({out.data(), out.size()});
}
void features(json::writer& w, std::string_view member, std::uint64_t bits) {
  w.member(member);
  w.open_array();
  for (std::size_t i = 0; i < feature_words.size(); ++i) {
    if ((bits >> i & 1) == 0) continue;
    w.element();
    w.plain_text(feature_words[i]);
  }
  w.close_array();
}
void prints(json::writer& w, std::string_view member, const std::vector<print>& methods) {
  if (methods.empty()) return;
  w.member(member);
  w.open_object();
  for (const print& p : methods) {
    w.member_named(p.name);
    hex(w, p.fingerprint);
  }
  w.close_object();
}
// The shapes of one method are adjacent.
void print_lists(json::writer& w, std::string_view member, const std::vector<print>& shapes) {
  if (shapes.empty()) return;
  w.member(member);
  w.open_object();
  for (auto p = shapes.begin(); p != shapes.end();) {
    const std::string& name = p->name;
    w.member_named(name);
    w.open_array();
    for (; p != shapes.end() && p->name == name; ++p) {
      w.element();
      hex(w, p->fingerprint);
    }
    w.close_array();
  }
  w.close_object();
}
void limits_object(json::writer& w, const limits& mine) {
  const limits defaults;
  if (mine == defaults) return;
  w.member("\"limits\":");
  w.open_object();
  for (const limit_row& row : limit_rows)
    if (mine.*row.value != defaults.*row.value) number(w, row.member, mine.*row.value);
  w.close_object();
}

// ---------------------------------------------------------------------------------------------------------------------
// Reading

// Reads an object member by member. `take(name)` reads the value of a name that it knows and
// returns true. Otherwise it returns false.
class object_reader {
 public:
  explicit object_reader(std::string_view text) : in_(text), members_(in_) {}

  json::reader& in() noexcept { return in_; }
  member_reader& members() noexcept { return members_; }

  // Returns nullptr, or a fixed text that says what is wrong.
  const char* read_all(auto take) {
    read_object("not an object", take);
    if (!in_.finish()) {
      words_ = in_.error().message;
      return words_.c_str();
    }
    return members_.complaint();
  }

  void read_object(const char* complaint, auto take) {
    if (in_.kind() != json::kind::object) {
      members_.refuse(complaint);
      return;
    }
    seen_names seen;
    if (!in_.enter_object()) return;
    for (std::string_view name; in_.next_member(name);) {
      if (!seen.add(name)) members_.refuse("a duplicate member, or too many members");
      else if (in_.kind() == json::kind::null) in_.read_null();
      else if (!take(name)) in_.skip();
    }
  }

  bool text(std::string& out, std::size_t max, const char* complaint) { return members_.text(out, max, complaint), true; }
  template <class Int>
  bool number(Int& out, std::uint64_t max, const char* complaint) {
    return members_.integer(out, 0, max, complaint), true;
  }

  bool hex(std::uint64_t& out, const char* complaint) {
    std::string_view digits;
    if (!members_.text(digits, 16, complaint)) return true;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out, 16);
    if (digits.size() != 16 || error != std::errc{} || end != digits.data() + digits.size()) members_.complain(complaint);
    return true;
  }

  // A name that is not known sets the bits of `unknown`.
  bool features(std::uint64_t& out, std::uint64_t unknown, const char* complaint) {
    return list(complaint, [&](std::string_view word) {
      std::uint64_t bit = unknown;
      for (std::size_t i = 0; i < feature_words.size(); ++i)
        if (feature_words[i] == word) bit = std::uint64_t{1} << i;
      out |= bit;
    });
  }

  bool list(const char* complaint, auto take) {
    if (in_.kind() != json::kind::array) return members_.refuse(complaint), true;
    if (!in_.enter_array()) return true;
    while (in_.next_element()) {
      std::string_view word;
      if (members_.text(word, any_length, complaint)) take(word);
    }
    return true;
  }

  // {"<wire name>": "<16 digits>", ...}. Duplicate names are found where the ids are sorted.
  bool prints(std::vector<print>& out, const char* complaint) {
    if (in_.kind() != json::kind::object) return members_.refuse(complaint), true;
    if (!in_.enter_object()) return true;
    for (std::string_view name; in_.next_member(name);) {
      print& p = out.emplace_back();
      name_method(p, name, complaint);
      hex(p.fingerprint, complaint);
    }
    return true;
  }
  // {"<wire name>": ["<16 digits>", ...], ...}
  bool print_lists(std::vector<print>& out, const char* complaint) {
    if (in_.kind() != json::kind::object) return members_.refuse(complaint), true;
    if (!in_.enter_object()) return true;
    print p;
    for (std::string_view name; in_.next_member(name);) {
      name_method(p, name, complaint);
      if (in_.kind() != json::kind::array) {
        members_.refuse(complaint);
        continue;
      }
      if (!in_.enter_array()) return true;
      while (in_.next_element()) {
        hex(p.fingerprint, complaint);
        out.push_back(p);
      }
    }
    return true;
  }
  void name_method(print& p, std::string_view name, const char* complaint) {
    if (!is_method_name(name) || name.size() > max_name) members_.complain(complaint);
    p.name = name;
    p.method = method_id(name);
  }

  bool limits(wire::limits& out) {
    read_object("limits: not an object", [&](std::string_view name) {
      for (const limit_row& row : limit_rows) {
        if (row.name != name) continue;
        std::uint32_t value = 0;
        if (members_.integer(value, 0, max_u32, "limits: not an integer from 0 to 2^32-1") && value != 0) out.*row.value = value;
        return true;
      }
      return false;
    });
    return true;
  }

  bool word(std::uint8_t& out, const auto& words, const char* complaint) {
    std::string_view text;
    if (!members_.text(text, any_length, complaint)) return true;
    for (std::size_t i = 0; i < words.size(); ++i)
      if (words[i] == text) out = static_cast<std::uint8_t>(i + 1);
    return true;
  }

  bool meta(std::vector<meta_entry>& out) {
    constexpr const char* complaint = "meta: not an object of at most 16 strings";
    read_object(complaint, [&](std::string_view key) {
      if (out.size() >= max_meta_entries) return members_.refuse(complaint), true;
      meta_entry& m = out.emplace_back();
      m.key = key;
      return text(m.value, max_meta_bytes, complaint);
    });
    return true;
  }

 private:
  json::reader in_;
  member_reader members_;
  std::string words_;
};

}  // namespace

void write_hello_json(const hello& h, std::string& out) {
  json::writer w(out);
  w.open_object();
  number(w, "\"revision\":", h.revision);
  features(w, "\"features\":", h.features);
  if (h.required != 0) features(w, "\"required\":", h.required);
  text(w, "\"agent\":", h.agent);
  if (!h.methods.empty()) {
    w.member("\"contract\":");
    hex(w, h.contract);
  }
  prints(w, "\"methods\":", h.methods);
  print_lists(w, "\"accepted\":", h.accepted);
  if (h.auth) {
    w.member("\"auth\":");
    w.open_object();
    text(w, "\"scheme\":", h.auth->scheme);
    text(w, "\"credential\":", h.auth->credential);
    w.close_object();
  }
  if (h.resume) {
    w.member("\"resume\":");
    w.open_object();
    text(w, "\"token\":", h.resume->token);
    w.member("\"epoch\":");
    hex(w, h.resume->epoch);
    number(w, "\"received\":", h.resume->received);
    w.close_object();
  }
  limits_object(w, h.limits);
  if (!h.meta.empty()) {
    w.member("\"meta\":");
    w.open_object();
    for (const meta_entry& m : h.meta) {
      w.member_named(m.key);
      w.text(m.value);
    }
    w.close_object();
  }
  w.close_object();
}

void write_welcome_json(const welcome& v, std::string& out) {
  json::writer w(out);
  w.open_object();
  number(w, "\"revision\":", v.revision);
  features(w, "\"features\":", v.features);
  text(w, "\"agent\":", v.agent);
  text(w, "\"client_id\":", v.client_id);
  text(w, "\"token\":", v.token);
  if (v.epoch != 0) {
    w.member("\"epoch\":");
    hex(w, v.epoch);
  }
  text(w, "\"outcome\":", outcome_words[static_cast<std::size_t>(v.outcome) - 1]);
  number(w, "\"received\":", v.received);
  number(w, "\"next\":", v.next);
  if (v.contract != 0) {
    w.member("\"contract\":");
    hex(w, v.contract);
  }
  prints(w, "\"mismatched\":", v.mismatched);
  if (!v.missing.empty()) {
    w.member("\"missing\":");
    w.open_array();
    for (const print& p : v.missing) {
      w.element();
      w.text(p.name);
    }
    w.close_array();
  }
  text(w, "\"policy\":", policy_words[static_cast<std::size_t>(v.policy) - 1]);
  limits_object(w, v.limits);
  number(w, "\"heartbeat_ms\":", v.heartbeat_ms);
  if (v.auth_ms != 0) number(w, "\"auth_ms\":", v.auth_ms);
  w.close_object();
}

void write_auth_json(const auth& a, std::string& out) {
  json::writer w(out);
  w.open_object();
  text(w, "\"scheme\":", a.scheme);
  text(w, "\"credential\":", a.credential);
  if (a.auth_ms != 0) number(w, "\"auth_ms\":", a.auth_ms);
  w.close_object();
}

void write_goaway_json(const goaway& g, std::string& out) {
  json::writer w(out);
  w.open_object();
  if (g.reason >= 1 && g.reason <= goaway_words.size()) text(w, "\"reason\":", goaway_words[g.reason - 1u]);
  number(w, "\"retry_ms\":", g.retry_ms);
  number(w, "\"last_id\":", g.last_id);
  text(w, "\"text\":", g.text);
  w.close_object();
}

std::optional<fault> read_hello_json(std::string_view payload, hello& out) {
  object_reader r(payload);
  const char* wrong = r.read_all([&](std::string_view name) {
    if (name == "revision") return r.number(out.revision, max_u32, "revision: not an integer");
    if (name == "features") return r.features(out.features, 0, "features: not a list of names");
    if (name == "required") return r.features(out.required, unknown_feature, "required: not a list of names");
    if (name == "agent") return r.text(out.agent, max_agent, "agent: not a string of at most 64 bytes");
    if (name == "contract") return r.hex(out.contract, "contract: not 16 hexadecimal digits");
    if (name == "methods") return r.prints(out.methods, "methods: not an object of names with 16 hexadecimal digits each");
    if (name == "accepted") return r.print_lists(out.accepted, "accepted: not an object of names with lists of 16 hexadecimal digits");
    if (name == "limits") return r.limits(out.limits);
    if (name == "meta") return r.meta(out.meta);
    if (name == "auth") {
      r.read_object("auth: not an object", [&, &a = out.auth.emplace()](std::string_view member) {
        if (member == "scheme") return r.text(a.scheme, any_length, "auth.scheme: not a string");
        return member == "credential" && r.text(a.credential, any_length, "auth.credential: not a string");
      });
      return true;
    }
    if (name == "resume") {
      r.read_object("resume: not an object", [&, &s = out.resume.emplace()](std::string_view member) {
        if (member == "token") return r.text(s.token, any_length, "resume.token: not a string");
        if (member == "epoch") return r.hex(s.epoch, "resume.epoch: not 16 hexadecimal digits");
        return member == "received" && r.number(s.received, max_id, "resume.received: not an integer from 0 to 2^53-1");
      });
      return true;
    }
    return false;
  });
  if (wrong) return refused(bad_hello, wrong);
  return std::nullopt;
}

std::optional<fault> read_welcome_json(std::string_view payload, welcome& out) {
  object_reader r(payload);
  std::uint8_t outcome = 0;
  auto policy = static_cast<std::uint8_t>(wire::policy::degrade);
  const char* wrong = r.read_all([&](std::string_view name) {
    if (name == "revision") return r.number(out.revision, max_u32, "revision: not an integer");
    if (name == "features") return r.features(out.features, 0, "features: not a list of names");
    if (name == "agent") return r.text(out.agent, any_length, "agent: not a string");
    if (name == "client_id") return r.text(out.client_id, any_length, "client_id: not a string");
    if (name == "token") return r.text(out.token, any_length, "token: not a string");
    if (name == "epoch") return r.hex(out.epoch, "epoch: not 16 hexadecimal digits");
    if (name == "outcome") return r.word(outcome, outcome_words, "outcome: not a string");
    if (name == "received") return r.number(out.received, max_id, "received: not an integer from 0 to 2^53-1");
    if (name == "next") return r.number(out.next, max_id, "next: not an integer from 0 to 2^53-1");
    if (name == "contract") return r.hex(out.contract, "contract: not 16 hexadecimal digits");
    if (name == "mismatched") return r.prints(out.mismatched, "mismatched: not an object of names with 16 hexadecimal digits each");
    if (name == "missing")
      return r.list("missing: not a list of names",
                    [&](std::string_view method) { r.name_method(out.missing.emplace_back(), method, "missing: not a list of names"); });
    if (name == "policy") return r.word(policy, policy_words, "policy: not a string");
    if (name == "limits") return r.limits(out.limits);
    if (name == "heartbeat_ms") return r.number(out.heartbeat_ms, max_u32, "heartbeat_ms: not an integer");
    return name == "auth_ms" && r.number(out.auth_ms, max_u32, "auth_ms: not an integer");
  });
  if (wrong) return refused(bad_welcome, wrong);
  if (outcome == 0) return refused(bad_welcome, "an unknown outcome");
  out.outcome = static_cast<wire::outcome>(outcome);
  out.policy = static_cast<wire::policy>(policy);  // the server applies an unknown policy of a later revision
  if (out.heartbeat_ms == 0) out.heartbeat_ms = welcome{}.heartbeat_ms;
  if (out.next == 0) out.next = 1;
  return std::nullopt;
}

std::optional<fault> read_auth_json(std::string_view payload, auth& out) {
  object_reader r(payload);
  const char* wrong = r.read_all([&](std::string_view name) {
    if (name == "scheme") return r.text(out.scheme, any_length, "scheme: not a string");
    if (name == "credential") return r.text(out.credential, any_length, "credential: not a string");
    return name == "auth_ms" && r.number(out.auth_ms, max_u32, "auth_ms: not an integer");
  });
  if (wrong) return violation(wrong);
  return std::nullopt;
}

std::optional<fault> read_goaway_json(std::string_view payload, goaway& out) {
  object_reader r(payload);
  const char* wrong = r.read_all([&](std::string_view name) {
    if (name == "reason") return r.word(out.reason, goaway_words, "reason: not a string");
    if (name == "retry_ms") return r.number(out.retry_ms, max_u32, "retry_ms: not an integer");
    if (name == "last_id") return r.number(out.last_id, max_id, "last_id: not an integer");
    return name == "text" && r.text(out.text, max_text, "text: not a string of at most 512 bytes");
  });
  if (wrong) return violation(wrong);
  return std::nullopt;
}

}  // namespace parley::wire
