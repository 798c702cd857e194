#include "muster/proto/field_rules.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/text_format.h"
#include "muster/proto/counted.h"
#include "muster/proto/duration.h"
#include "muster/proto/field_rule.pb.h"
#include "muster/proto/utf8.h"

namespace muster::config {
namespace {

using google::protobuf::Duration;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::TextFormat;

const v1::FieldRule& RuleOf(const FieldDescriptor& field) {
  return field.options().GetExtension(v1::rule);
}

bool IsMessage(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
}

bool IsDuration(const FieldDescriptor& field) {
  // By name, since a message may also be of a pool made at run time.
  return IsMessage(field) && field.message_type()->full_name() == "google.protobuf.Duration";
}

// Through the wire format, for the same reason.
Duration DurationIn(const Message& message) {
  Duration duration;
  duration.ParseFromString(message.SerializeAsString());
  return duration;
}

// False: the default cannot be read as a value of the field.
bool SetDefault(Message* message, const FieldDescriptor& field, const std::string& text) {
  const Reflection& reflection = *message->GetReflection();
  if (field.is_repeated()) {
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_STRING) return false;
    reflection.AddString(message, &field, text);
    return true;
  }
  if (IsDuration(field)) {
    const std::optional<std::chrono::nanoseconds> value = ParseDuration(text);
    if (!value) return false;
    reflection.MutableMessage(message, &field)
        ->ParseFromString(FromChrono(*value).SerializeAsString());
    return true;
  }
  if (IsMessage(field)) {
    if (text != "{}") return false;
    reflection.MutableMessage(message, &field);
    return true;
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    reflection.SetString(message, &field, text);
    return true;
  }
  return TextFormat::ParseFieldValueFromString(text, &field, message);
}

// ---- Bounds ----

template <typename Value>
struct Bounds {
  std::optional<Value> min;
  std::optional<Value> max;
};

bool Read(const std::string& text, std::int64_t* value) { return absl::SimpleAtoi(text, value); }
bool Read(const std::string& text, std::uint64_t* value) { return absl::SimpleAtoi(text, value); }
bool Read(const std::string& text, double* value) { return absl::SimpleAtod(text, value); }
bool Read(const std::string& text, std::chrono::nanoseconds* value) {
  const std::optional<std::chrono::nanoseconds> duration = ParseDuration(text);
  if (duration) *value = *duration;
  return duration.has_value();
}

// Empty: a bound cannot be read.
template <typename Value>
std::optional<Bounds<Value>> ReadBounds(const v1::FieldRule& rule) {
  Bounds<Value> bounds;
  Value value{};
  if (!rule.min().empty()) {
    if (!Read(rule.min(), &value)) return std::nullopt;
    bounds.min = value;
  }
  if (!rule.max().empty()) {
    if (!Read(rule.max(), &value)) return std::nullopt;
    bounds.max = value;
  }
  return bounds;
}

// "at least 1", "at most 9", "from 1 to 9", in the rule's own words.
std::string BoundsText(const v1::FieldRule& rule) {
  if (rule.max().empty()) return absl::StrCat("at least ", rule.min());
  if (rule.min().empty()) return absl::StrCat("at most ", rule.max());
  return absl::StrCat("from ", rule.min(), " to ", rule.max());
}

// What is wrong with `value`, if anything is. `is` and `must_be` are "is 0" and "must be", say.
template <typename Value>
std::optional<std::string> CheckBounds(const v1::FieldRule& rule, Value value, absl::string_view is,
                                       absl::string_view must_be) {
  const std::optional<Bounds<Value>> bounds = ReadBounds<Value>(rule);
  if (!bounds) return std::string("its rule in the schema has a bound that cannot be read");
  if ((bounds->min && value < *bounds->min) || (bounds->max && value > *bounds->max)) {
    return absl::StrCat(is, "; ", must_be, " ", BoundsText(rule));
  }
  return std::nullopt;
}

std::optional<std::string> CheckSize(const v1::FieldRule& rule, std::uint64_t size,
                                     absl::string_view unit) {
  return CheckBounds<std::uint64_t>(rule, size, absl::StrCat("has ", Counted(size, unit)),
                                    "must have");
}

// ---- One field ----

constexpr char kNotUtf8[] = "is not UTF-8";

// Bytes may be anything, text may not.
bool IsText(const FieldDescriptor& field) { return field.type() == FieldDescriptor::TYPE_STRING; }

std::optional<std::string> CheckEnum(const FieldDescriptor& field, int number) {
  if (field.enum_type()->FindValueByNumber(number) != nullptr) return std::nullopt;
  std::string names;
  for (int i = 0; i < field.enum_type()->value_count(); ++i) {
    absl::StrAppend(&names, i == 0 ? "" : ", ", std::string(field.enum_type()->value(i)->name()));
  }
  return absl::StrCat("is ", number, "; must be one of ", names);
}

std::optional<std::string> CheckDuration(const v1::FieldRule& rule, const Duration& duration) {
  if (!IsValid(duration)) {
    return std::string(
        "is no valid duration; seconds and nanos must have one sign, and nanos be under a second");
  }
  return CheckBounds(rule, ToChrono(duration),
                     absl::StrCat("is ", DurationText(ToChrono(duration))), "must be");
}

std::optional<std::string> CheckSingular(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  const v1::FieldRule& rule = RuleOf(field);
  const auto check_number = [&rule](auto value) {
    return CheckBounds(rule, value, absl::StrCat("is ", value), "must be");
  };
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return check_number(std::int64_t{reflection.GetInt32(message, &field)});
    case FieldDescriptor::CPPTYPE_INT64:
      return check_number(std::int64_t{reflection.GetInt64(message, &field)});
    case FieldDescriptor::CPPTYPE_UINT32:
      return check_number(std::uint64_t{reflection.GetUInt32(message, &field)});
    case FieldDescriptor::CPPTYPE_UINT64:
      return check_number(std::uint64_t{reflection.GetUInt64(message, &field)});
    case FieldDescriptor::CPPTYPE_FLOAT:
      return check_number(double{reflection.GetFloat(message, &field)});
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return check_number(reflection.GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text = reflection.GetString(message, &field);
      if (text.empty() && (rule.required() || !rule.min().empty())) return std::string("is empty");
      if (IsText(field) && !IsUtf8(text)) return std::string(kNotUtf8);
      return CheckSize(rule, text.size(), "byte");
    }
    case FieldDescriptor::CPPTYPE_ENUM:
      return CheckEnum(field, reflection.GetEnumValue(message, &field));
    case FieldDescriptor::CPPTYPE_BOOL:
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return std::nullopt;
}

// Whether the default of the field's rule, if any, is a value that the field can have.
bool HasReadableDefault(const Message& message, const FieldDescriptor& field) {
  const std::string& text = RuleOf(field).default_value();
  if (text.empty()) return true;
  const std::unique_ptr<Message> scratch(message.New());
  return SetDefault(scratch.get(), field, text);
}

void Check(const Message& message, const std::string& prefix, std::vector<FieldMistake>* mistakes);

void CheckRepeated(const Message& message, const FieldDescriptor& field, const std::string& path,
                   std::vector<FieldMistake>* mistakes) {
  const Reflection& reflection = *message.GetReflection();
  const int size = reflection.FieldSize(message, &field);
  if (RuleOf(field).required() && size == 0) {
    mistakes->push_back({path, "is missing"});
  } else if (auto problem = CheckSize(RuleOf(field), size, "element")) {
    mistakes->push_back({path, *std::move(problem)});
  }
  for (int i = 0; i < size && IsText(field); ++i) {
    if (IsUtf8(reflection.GetRepeatedString(message, &field, i))) continue;
    mistakes->push_back({absl::StrCat(path, "[", i, "]"), kNotUtf8});
  }
  for (int i = 0; i < size && IsMessage(field); ++i) {
    Check(reflection.GetRepeatedMessage(message, &field, i), absl::StrCat(path, "[", i, "]."),
          mistakes);
  }
}

void Check(const Message& message, const std::string& prefix, std::vector<FieldMistake>* mistakes) {
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    const std::string path = prefix + std::string(field.name());
    if (!HasReadableDefault(message, field)) {
      mistakes->push_back({path, "its rule in the schema has a default that cannot be read"});
    }
    if (field.is_repeated()) {
      CheckRepeated(message, field, path, mistakes);
      continue;
    }
    std::optional<std::string> problem;
    if (field.has_presence() && !reflection.HasField(message, &field)) {
      if (RuleOf(field).required()) problem = "is missing";
    } else if (IsDuration(field)) {
      problem = CheckDuration(RuleOf(field), DurationIn(reflection.GetMessage(message, &field)));
    } else if (IsMessage(field)) {
      Check(reflection.GetMessage(message, &field), path + ".", mistakes);
    } else {
      problem = CheckSingular(message, field);
    }
    if (problem) mistakes->push_back({path, *std::move(problem)});
  }
}

}  // namespace

void FillDefaults(Message* message) {
  const Reflection& reflection = *message->GetReflection();
  for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message->GetDescriptor()->field(i);
    const std::string& text = RuleOf(field).default_value();
    if (field.is_repeated()) {
      if (!IsMessage(field)) {
        if (!text.empty() && reflection.FieldSize(*message, &field) == 0) {
          SetDefault(message, field, text);
        }
        continue;
      }
      for (int n = 0; n < reflection.FieldSize(*message, &field); ++n) {
        FillDefaults(reflection.MutableRepeatedMessage(message, &field, n));
      }
      continue;
    }
    // A default in a oneof would choose one of its fields.
    if (!reflection.HasField(*message, &field) && !text.empty() &&
        field.real_containing_oneof() == nullptr) {
      SetDefault(message, field, text);
    }
    if (IsMessage(field) && !IsDuration(field) && reflection.HasField(*message, &field)) {
      FillDefaults(reflection.MutableMessage(message, &field));
    }
  }
}

std::vector<FieldMistake> CheckRules(const Message& message) {
  std::vector<FieldMistake> mistakes;
  Check(message, "", &mistakes);
  return mistakes;
}

}  // namespace muster::config
