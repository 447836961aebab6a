#include "oracle.hpp"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/util/json_util.h>

#include <bit>
#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>

namespace oracle {

schema::schema() {
  for (const char* folder : {PARLEY_CODEC_SCHEMAS, PARLEY_SCHEMAS, PARLEY_PROTOBUF_INCLUDE}) tree_.MapPath("", folder);
  importer_ = std::make_unique<pb::compiler::Importer>(&tree_, nullptr);
  for (const char* file : {"all_types.proto", "limits.proto"})
    if (!importer_->Import(file)) throw std::runtime_error(std::string("cannot load ") + file);
}

const pb::Descriptor& schema::message(const std::string& full_name) const {
  const pb::Descriptor* found = importer_->pool()->FindMessageTypeByName(full_name);
  if (!found) throw std::runtime_error("no message " + full_name);
  return *found;
}

std::unique_ptr<pb::Message> schema::make(const std::string& full_name) const {
  return std::unique_ptr<pb::Message>(factory_.GetPrototype(&message(full_name))->New());
}

std::string schema::to_json(const pb::Message& message) const {
  std::string json;
  if (const auto status = pb::util::MessageToJsonString(message, &json); !status.ok()) throw std::runtime_error(status.ToString());
  return json;
}

std::unique_ptr<pb::Message> schema::from_json(const std::string& full_name, std::string_view json, bool ignore_unknown) const {
  auto message = make(full_name);
  pb::util::JsonParseOptions options;
  options.ignore_unknown_fields = ignore_unknown;
  if (!pb::util::JsonStringToMessage(std::string(json), message.get(), options).ok()) return nullptr;
  return message;
}

std::string bytes_of(const pb::Message& message) {
  std::string bytes;
  {
    pb::io::StringOutputStream stream(&bytes);
    pb::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

// ---------------------------------------------------------------------------------------------------------------------

std::uint64_t filler::number() {
  switch (random_() % 6) {
    case 0:
      return random_() % 10;
    case 1:
      return ~std::uint64_t{0} - random_() % 3;
    case 2:
      return (std::uint64_t{1} << 63) - random_() % 3 + 1;
    case 3:
      return (std::uint64_t{1} << random_() % 64) + random_() % 3 - 1;
    default:
      return random_();
  }
}

double filler::floating() {
  using limits = std::numeric_limits<double>;
  if (tame_) return static_cast<double>(random_() % 2001) / 8 - 125;
  switch (random_() % 8) {
    case 0:
      return limits::quiet_NaN();
    case 1:
      return chance(50) ? limits::infinity() : -limits::infinity();
    case 2:
      return chance(50) ? 0.0 : -0.0;
    case 3:
      return static_cast<double>(static_cast<std::int64_t>(random_() % 2001) - 1000) / 8;
    case 4:
      return chance(50) ? limits::denorm_min() : limits::max();
    default: {
      const double value = std::bit_cast<double>(random_());
      return std::isnan(value) ? 0.1 : value;
    }
  }
}

std::string filler::text() {
  static constexpr std::string_view pieces[] = {"a",
                                                "B",
                                                "7",
                                                " ",
                                                "\"",
                                                "\\",
                                                "/",
                                                "<",
                                                "&",
                                                "\n",
                                                "\x01",
                                                "\x7f",
                                                "{",
                                                "]",
                                                ",",
                                                "null",
                                                "0",
                                                "\xC3\xA4",
                                                "\xE2\x82\xAC",
                                                "\xF0\x9F\x98\x80",
                                                "\xE2\x80\xA8",
                                                "\xEF\xBB\xBF",
                                                "@type"};
  std::string out;
  for (auto n = random_() % 12; n > 0; --n) out += pieces[random_() % std::size(pieces)];
  if (chance(5)) out += '\0';
  return out;
}

std::string filler::path() {
  std::string out;
  const auto word = [&] {
    for (auto n = 1 + random_() % 4; n > 0; --n) out += static_cast<char>('a' + random_() % 26);
  };
  word();
  while (chance(50)) {
    out += chance(50) ? '_' : '.';
    word();
  }
  return out;
}

void filler::fill(pb::Message& message, int depth) {
  if (fill_well_known(message, depth)) return;
  const pb::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i)
    if (chance(type.field_count() > 20 ? 20 : 60)) fill_one(message, *type.field(i), depth);
}

void filler::fill_one(pb::Message& message, const pb::FieldDescriptor& field, int depth) {
  const bool is_message = field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE;
  if (field.is_map()) {
    const pb::FieldDescriptor& value = *field.message_type()->map_value();
    if (value.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE && depth <= 0) return;
    std::set<std::string> keys;
    for (auto n = random_() % 4; n > 0; --n) {
      pb::Message& entry = *message.GetReflection()->AddMessage(&message, &field);
      set(entry, *field.message_type()->map_key(), false, depth);
      if (keys.insert(bytes_of(entry)).second) set(entry, value, false, depth);
      else message.GetReflection()->RemoveLast(&message, &field);
    }
    return;
  }
  if (is_message && depth <= 0) return;
  if (!field.is_repeated()) return set(message, field, false, depth);
  for (auto n = random_() % 4; n > 0; --n) set(message, field, true, depth);
}

void filler::set(pb::Message& message, const pb::FieldDescriptor& field, bool add, int depth) {
  const pb::Reflection& access = *message.GetReflection();
  const auto put = [&](auto add_one, auto set_one, auto value) {
    if (add) (access.*add_one)(&message, &field, value);
    else (access.*set_one)(&message, &field, value);
  };
  using R = pb::Reflection;
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return put(&R::AddInt32, &R::SetInt32, static_cast<std::int32_t>(number()));
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return put(&R::AddInt64, &R::SetInt64, static_cast<std::int64_t>(number()));
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return put(&R::AddUInt32, &R::SetUInt32, static_cast<std::uint32_t>(number()));
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return put(&R::AddUInt64, &R::SetUInt64, number());
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      return put(&R::AddDouble, &R::SetDouble, floating());
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return put(&R::AddFloat, &R::SetFloat, static_cast<float>(floating()));
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return put(&R::AddBool, &R::SetBool, chance(50));
    case pb::FieldDescriptor::CPPTYPE_ENUM: {
      const pb::EnumDescriptor& type = *field.enum_type();
      int value = type.value(static_cast<int>(random_() % static_cast<unsigned>(type.value_count())))->number();
      if (chance(20) && type.full_name() != "google.protobuf.NullValue") value = static_cast<int>(number());
      return put(&R::AddEnumValue, &R::SetEnumValue, value);
    }
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return put(&R::AddString, &R::SetString, text());
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      return fill(add ? *access.AddMessage(&message, &field) : *access.MutableMessage(&message, &field), depth - 1);
  }
}

bool filler::fill_well_known(pb::Message& message, int depth) {
  const pb::Descriptor& type = *message.GetDescriptor();
  const pb::Reflection& access = *message.GetReflection();
  const auto set_time = [&](std::int64_t seconds, std::int32_t nanos) {
    access.SetInt64(&message, type.field(0), seconds);
    access.SetInt32(&message, type.field(1), nanos);
  };
  const auto nanos = [&]() -> std::int32_t {
    switch (random_() % 4) {
      case 0:
        return 0;
      case 1:
        return static_cast<std::int32_t>(random_() % 1000) * 1'000'000;
      case 2:
        return static_cast<std::int32_t>(random_() % 1'000'000) * 1'000;
      default:
        return static_cast<std::int32_t>(random_() % 1'000'000'000);
    }
  };
  if (type.full_name() == "google.protobuf.Timestamp") {
    constexpr std::int64_t first = -62'135'596'800;
    constexpr std::int64_t last = 253'402'300'799;
    set_time(first + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(last - first + 1)), nanos());
    return true;
  }
  if (type.full_name() == "google.protobuf.Duration") {
    const auto seconds = static_cast<std::int64_t>(chance(50) ? random_() % 3 : random_() % 315'576'000'000);
    if (chance(50)) set_time(seconds, nanos());
    else set_time(-seconds, -nanos());
    return true;
  }
  if (type.full_name() == "google.protobuf.Value") {
    fill_value(message, depth);
    return true;
  }
  if (type.full_name() == "google.protobuf.FieldMask") {
    for (auto n = random_() % 4; n > 0; --n) access.AddString(&message, type.field(0), path());
    return true;
  }
  return false;
}

// A Value must have a kind, and JSON cannot express NaN for it.
void filler::fill_value(pb::Message& message, int depth) {
  const pb::Descriptor& type = *message.GetDescriptor();
  const pb::Reflection& access = *message.GetReflection();
  switch (random_() % (depth > 0 ? 6 : 4)) {
    case 0:
      return access.SetEnumValue(&message, type.FindFieldByName("null_value"), 0);
    case 1: {
      const double value = floating();
      return access.SetDouble(&message, type.FindFieldByName("number_value"), std::isfinite(value) ? value : 0.5);
    }
    case 2:
      return access.SetString(&message, type.FindFieldByName("string_value"), text());
    case 3:
      return access.SetBool(&message, type.FindFieldByName("bool_value"), chance(50));
    case 4:
      return fill(*access.MutableMessage(&message, type.FindFieldByName("struct_value")), depth - 1);
    default:
      return fill(*access.MutableMessage(&message, type.FindFieldByName("list_value")), depth - 1);
  }
}

}  // namespace oracle
