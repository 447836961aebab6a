#include "parley/wire/json.hpp"
#include "parley/c/wsclient/json_tree.hpp"
#include "parley/dialects/wschat_text.hpp"
#include "parley/wire/json_writer.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <string_view>

static_assert(sizeof(wsJson) == 328 && offsetof(wsJson, stringValue) == 72 && offsetof(wsJson, object.childCount) == 200);

using namespace parley;
using tree = wsclient::json_tree;

namespace {

constexpr int most_entries = 16;

// Copies as many whole characters of `text` as fit before a zero byte.
template <std::size_t Room>
void put(char (&room)[Room], std::string_view text) {
  const std::string fits = wschat::repaired(text, Room - 1);
  std::copy_n(fits.c_str(), fits.size() + 1, room);
}

tree node(wsJsonType type, std::string_view key) {
  tree made(new (std::nothrow) wsJson{});
  if (!made) return made;
  made->type = type;
  put(made->key, key);
  return made;
}
tree node(wsJsonType type, const char* key) { return node(type, std::string_view(key ? key : "")); }

bool add(wsJson& parent, tree& child) {
  if (parent.type == WS_JSON_OBJECT && parent.object.childCount < most_entries)
    parent.object.children[parent.object.childCount++] = child.release();
  else if (parent.type == WS_JSON_ARRAY && parent.array.elementCount < most_entries)
    parent.array.elements[parent.array.elementCount++] = child.release();
  else return false;
  return true;
}

// Returns null if memory is exhausted or the reader has failed.
tree read_value(json::reader& in, std::string_view key);

tree read_object(json::reader& in, std::string_view key) {
  tree object = node(WS_JSON_OBJECT, key);
  if (!object || !in.enter_object()) return nullptr;
  for (std::string_view name; in.next_member(name);) {
    if (object->object.childCount == most_entries) {
      in.skip();
      continue;
    }
    tree child = read_value(in, std::string(name));
    if (!child) return nullptr;
    add(*object, child);
  }
  return in.failed() ? nullptr : std::move(object);
}

tree read_array(json::reader& in, std::string_view key) {
  tree array = node(WS_JSON_ARRAY, key);
  if (!array || !in.enter_array()) return nullptr;
  while (in.next_element()) {
    if (array->array.elementCount == most_entries) {
      in.skip();
      continue;
    }
    tree child = read_value(in, "");
    if (!child) return nullptr;
    add(*array, child);
  }
  return in.failed() ? nullptr : std::move(array);
}

tree read_value(json::reader& in, std::string_view key) {
  tree made;
  switch (in.kind()) {
    case json::kind::object:
      return read_object(in, key);
    case json::kind::array:
      return read_array(in, key);
    case json::kind::string: {
      std::string_view text;
      if ((made = node(WS_JSON_STRING, key)) && in.read(text)) put(made->stringValue, text);
      break;
    }
    case json::kind::number:
      if ((made = node(WS_JSON_NUMBER, key))) in.read(made->numberValue);
      break;
    case json::kind::boolean:
      if ((made = node(WS_JSON_BOOL, key))) in.read(made->boolValue);
      break;
    case json::kind::null:
      if ((made = node(WS_JSON_NULL, key))) in.read_null();
      break;
    default:
      return nullptr;
  }
  return in.failed() ? nullptr : std::move(made);
}

// The end of the object that `text` begins with, or 0 if it has none. Brackets in strings do not
// count.
std::size_t end_of_object(std::string_view text) {
  std::size_t open = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      else if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++open;
    } else if (c == '}' || c == ']') {
      if (open == 0 || --open == 0) return i + 1;
    }
  }
  return 0;
}

tree read_tree(std::string_view text) {
  json::reader in(text);
  tree root = in.kind() == json::kind::object ? read_object(in, "") : nullptr;
  return root && in.finish() ? std::move(root) : nullptr;
}

// The family's readers do not know escapes.
void write_text(const char* text, std::string& out) {
  out.append(1, '"').append(wschat::for_the_family(text, sizeof(wsJson::stringValue))).append(1, '"');
}

void write(const wsJson& from, std::string& out) {
  const auto separate = [&](int32_t i) {
    if (i > 0) out += ',';
  };
  switch (from.type) {
    case WS_JSON_STRING:
      return write_text(from.stringValue, out);
    case WS_JSON_NUMBER:
      return json::writer(out).number(from.numberValue);
    case WS_JSON_BOOL:
      return json::writer(out).boolean(from.boolValue);
    case WS_JSON_OBJECT:
      out += '{';
      for (int32_t i = 0; i < from.object.childCount; ++i) {
        separate(i);
        write_text(from.object.children[i]->key, out);
        out += ": ";
        write(*from.object.children[i], out);
      }
      out += '}';
      return;
    case WS_JSON_ARRAY:
      out += '[';
      for (int32_t i = 0; i < from.array.elementCount; ++i) {
        separate(i);
        write(*from.array.elements[i], out);
      }
      out += ']';
      return;
    case WS_JSON_NULL:
      break;
  }
  out += "null";
}

}  // namespace

wsJson* wsJsonInitChild(const char* key) { return node(WS_JSON_OBJECT, key).release(); }
wsJson* wsJsonInitArray(const char* key) { return node(WS_JSON_ARRAY, key).release(); }
wsJson* wsJsonInitNull(const char* key) { return node(WS_JSON_NULL, key).release(); }
wsJson* wsJsonInitString(const char* key, const char* val) {
  tree made = node(WS_JSON_STRING, key);
  if (made && val) put(made->stringValue, val);
  return made.release();
}
wsJson* wsJsonInitNumber(const char* key, double val) {
  tree made = node(WS_JSON_NUMBER, key);
  if (made) made->numberValue = val;
  return made.release();
}
wsJson* wsJsonInitBool(const char* key, bool val) {
  tree made = node(WS_JSON_BOOL, key);
  if (made) made->boolValue = val;
  return made.release();
}

void wsJsonAddField(wsJson* parent, wsJson* child) {
  if (!parent || !child || parent->type != WS_JSON_OBJECT) return;
  tree owned(child);
  if (!add(*parent, owned)) owned.release();
}
void wsJsonAddElement(wsJson* array, wsJson* element) {
  if (!array || !element || array->type != WS_JSON_ARRAY) return;
  tree owned(element);
  if (!add(*array, owned)) owned.release();
}

int32_t wsJsonToString(wsJson* obj, char* out, size_t size) {
  if (!out || size == 0) return WS_ERROR;
  out[0] = '\0';
  if (!obj) return WS_ERROR;
  try {
    std::string text;
    write(*obj, text);
    if (text.size() >= size || text.size() > static_cast<std::size_t>(std::numeric_limits<int32_t>::max())) return WS_ERROR;
    std::copy_n(text.c_str(), text.size() + 1, out);
    return static_cast<int32_t>(text.size());
  } catch (const std::bad_alloc&) { return WS_ERROR; }
}

wsJson* wsStringToJson(const char** string) {
  if (!string || !*string) return nullptr;
  try {
    std::string_view text(*string);
    const std::size_t begin = text.find_first_not_of(" \t\r\n\v\f");
    if (begin == std::string_view::npos || text[begin] != '{') return nullptr;
    text.remove_prefix(begin);
    const std::size_t length = end_of_object(text);
    if (length == 0) return nullptr;
    text = text.substr(0, length);
    tree root = read_tree(text);
    if (!root) {
      // The family's writers leave control characters in strings unchanged.
      std::string tame(text);
      std::replace_if(
          tame.begin(), tame.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
      root = read_tree(tame);
    }
    if (root) *string += begin + length;
    return root.release();
  } catch (const std::bad_alloc&) { return nullptr; }
}

wsJson* wsJsonGet(wsJson* obj, const char* key) {
  if (!obj || !key || obj->type != WS_JSON_OBJECT) return nullptr;
  for (int32_t i = 0; i < obj->object.childCount; ++i)
    if (std::strcmp(obj->object.children[i]->key, key) == 0) return obj->object.children[i];
  return nullptr;
}
const char* wsJsonGetString(wsJson* obj, const char* key) {
  const wsJson* child = wsJsonGet(obj, key);
  return child && child->type == WS_JSON_STRING ? child->stringValue : nullptr;
}
double wsJsonGetNumber(wsJson* obj, const char* key) {
  const wsJson* child = wsJsonGet(obj, key);
  return child && child->type == WS_JSON_NUMBER ? child->numberValue : -1;
}

void wsJsonFree(wsJson* obj) {
  if (!obj) return;
  if (obj->type == WS_JSON_OBJECT)
    for (int32_t i = 0; i < obj->object.childCount; ++i) wsJsonFree(obj->object.children[i]);
  if (obj->type == WS_JSON_ARRAY)
    for (int32_t i = 0; i < obj->array.elementCount; ++i) wsJsonFree(obj->array.elements[i]);
  delete obj;
}
