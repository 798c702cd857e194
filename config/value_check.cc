#include "muster/config/value_check.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace muster::config {
namespace {

using google::protobuf::FieldDescriptor;

bool IsDuration(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
         field.message_type()->full_name() == "google.protobuf.Duration";
}

// Messages that JSON writes in ways of their own.
bool IsWellKnown(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
         absl::StartsWith(std::string(field.message_type()->full_name()), "google.protobuf.");
}

bool IsAny(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
         field.message_type()->full_name() == "google.protobuf.Any";
}

std::string EnumNames(const FieldDescriptor& field) {
  std::string names;
  for (int i = 0; i < field.enum_type()->value_count(); ++i) {
    absl::StrAppend(&names, i == 0 ? "" : ", ", std::string(field.enum_type()->value(i)->name()));
  }
  return names;
}

// ---- Numbers with a unit ----

struct Measure {
  std::uint64_t number = 0;
  std::string unit;  // in lower case
};

// Of "16M". Nothing: it is not of that kind.
std::optional<Measure> MeasureIn(absl::string_view word) {
  const std::size_t end = word.find_first_not_of("0123456789");
  Measure measure;
  if (end == word.npos || end == 0 || !absl::SimpleAtoi(word.substr(0, end), &measure.number)) {
    return std::nullopt;
  }
  measure.unit = absl::AsciiStrToLower(word.substr(end));
  for (const char c : measure.unit) {
    if (!absl::ascii_isalpha(static_cast<unsigned char>(c))) return std::nullopt;
  }
  return measure;
}

std::optional<std::uint64_t> BytesIn(const Measure& measure) {
  absl::string_view unit = measure.unit;
  absl::ConsumeSuffix(&unit, "b");
  absl::ConsumeSuffix(&unit, "i");
  const std::size_t power = unit.size() == 1 ? absl::string_view("kmgt").find(unit) : unit.npos;
  if (power == unit.npos) return std::nullopt;
  const int shift = 10 * (static_cast<int>(power) + 1);
  if (measure.number > std::numeric_limits<std::uint64_t>::max() >> shift) return std::nullopt;
  return measure.number << shift;
}

std::string WhyNotMeasure(absl::string_view word, const FieldDescriptor& field) {
  const std::optional<Measure> measure = MeasureIn(word);
  if (!measure.has_value()) return "";
  const std::string name(field.name());
  const std::string beginning = absl::StrCat("\"", word, "\" is no number");
  if (IsDuration(field)) {
    const std::string& unit = measure->unit;
    const int seconds = unit == "s"                    ? 1
                        : unit == "m" || unit == "min" ? 60
                        : unit == "h"                  ? 3600
                                                       : 0;
    if (seconds != 0 && measure->number < 1'000'000'000) {
      return absl::StrCat("is a message; write ", name, " { seconds: ", measure->number * seconds,
                          " }");
    }
    if (unit == "ms" && measure->number < 1000) {
      return absl::StrCat("is a message; write ", name, " { nanos: ", measure->number * 1'000'000,
                          " }");
    }
    return "";
  }
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      if (const auto bytes = BytesIn(*measure)) {
        return absl::StrCat(beginning, "; write ", name, ": ", *bytes);
      }
      return absl::StrCat(beginning, "; write it without a unit");
    default:
      return "";
  }
}

// ---- JSON ----

// "84", 84, 84.0 and 8.4e1 are the same to JSON.
template <typename Integer>
bool IsInteger(const SyntaxValue& value) {
  const std::string& text = value.text.empty() ? value.word : value.text;
  Integer integer;
  if (absl::SimpleAtoi(text, &integer)) return true;
  double number;
  return absl::SimpleAtod(text, &number) && std::trunc(number) == number &&
         number >= static_cast<double>(std::numeric_limits<Integer>::min()) &&
         number < std::ldexp(1.0, std::numeric_limits<Integer>::digits);
}

bool IsNumber(const SyntaxValue& value) {
  const std::string& text = value.text.empty() ? value.word : value.text;
  double number;
  return absl::SimpleAtod(text, &number);
}

bool IsString(const SyntaxValue& value) {
  return absl::StartsWith(value.word, "\"") || absl::StartsWith(value.word, "'");
}

// "60s", "0.5s", within what a Duration may be.
bool IsDurationText(const SyntaxValue& value) {
  absl::string_view text = value.text;
  double seconds;
  const std::size_t dot = text.find('.');
  return absl::ConsumeSuffix(&text, "s") && text.find_first_not_of("-0123456789.") == text.npos &&
         (dot == text.npos || text.size() - dot <= 10) && absl::SimpleAtod(text, &seconds) &&
         std::abs(seconds) <= 315'576'000'000;
}

bool IsEnumValue(const SyntaxValue& value, const FieldDescriptor& field) {
  if (!IsString(value)) return IsInteger<std::int32_t>(value);
  return field.enum_type()->FindValueByName(value.text) != nullptr ||
         IsInteger<std::int32_t>(value);
}

bool IsOfKind(const SyntaxValue& value, const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return IsInteger<std::int32_t>(value);
    case FieldDescriptor::CPPTYPE_INT64:
      return IsInteger<std::int64_t>(value);
    case FieldDescriptor::CPPTYPE_UINT32:
      return IsInteger<std::uint32_t>(value);
    case FieldDescriptor::CPPTYPE_UINT64:
      return IsInteger<std::uint64_t>(value);
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return IsNumber(value);
    case FieldDescriptor::CPPTYPE_BOOL:
      return value.word == "true" || value.word == "false" || value.text == "true" ||
             value.text == "false";
    case FieldDescriptor::CPPTYPE_STRING:
      return IsString(value);
    case FieldDescriptor::CPPTYPE_ENUM:
      return IsEnumValue(value, field);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (IsDuration(field)) return IsDurationText(value);
      return IsWellKnown(field) && !IsAny(field);
  }
  return true;
}

std::string WhyNotJson(const SyntaxValue& value, const FieldDescriptor& field) {
  const bool takes_block = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  if (value.is_block) {
    return takes_block ? ""
                       : absl::StrCat("is an object; ", WhatIsRight(field, ConfigFormat::kJson));
  }
  // Null: unset. An empty word is a list in a list, or missing, which the parser tells.
  if (value.word.empty() || value.word == "null" || IsOfKind(value, field)) return "";
  return absl::StrCat("is ", value.word, "; ", WhatIsRight(field, ConfigFormat::kJson));
}

// ---- What is right ----

// `"backlog": 1` or `backlog: 1`
std::string Assigned(const FieldDescriptor& field, ConfigFormat format, absl::string_view value) {
  return format == ConfigFormat::kJson
             ? absl::StrCat("\"", std::string(field.json_name()), "\": ", value)
             : absl::StrCat(std::string(field.name()), ": ", value);
}

}  // namespace

std::string WhatIsRight(const FieldDescriptor& field, ConfigFormat format) {
  const bool is_json = format == ConfigFormat::kJson;
  const std::string name(field.name());
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat("write a whole number, ", Assigned(field, format, "1"));
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat("write a whole number that is not negative, ",
                          Assigned(field, format, "1"));
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return absl::StrCat("write a number, ", Assigned(field, format, "0.5"));
    case FieldDescriptor::CPPTYPE_BOOL:
      return absl::StrCat("write ", Assigned(field, format, "true"), " or ",
                          Assigned(field, format, "false"));
    case FieldDescriptor::CPPTYPE_STRING:
      return absl::StrCat("write a text in quotes, ", Assigned(field, format, "\"...\""));
    case FieldDescriptor::CPPTYPE_ENUM:
      return absl::StrCat("write one of ", EnumNames(field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (IsDuration(field)) {
        return is_json ? absl::StrCat("write ", Assigned(field, format, "\"60s\""))
                       : absl::StrCat("write ", name, " { seconds: 60 }");
      }
      if (IsAny(field)) {
        return is_json
                   ? absl::StrCat("write ",
                                  Assigned(field, format,
                                           "{\"@type\": \"type.googleapis.com/my.Type\", ... }"))
                   : absl::StrCat("write ", name, " { [type.googleapis.com/my.Type] { ... } }");
      }
      if (is_json) {
        return absl::StrCat("write ",
                            Assigned(field, format, field.is_repeated() ? "[{ ... }]" : "{ ... }"));
      }
      return absl::StrCat("write ", name, " { ... }");
  }
  return "";
}

std::string WhyNotValue(const SyntaxValue& value, const FieldDescriptor& field,
                        ConfigFormat format) {
  if (IsAny(field) && value.is_block && ContentOfAny(value).type.empty()) {
    for (const SyntaxStatement& statement : value.statements) {
      if (format == ConfigFormat::kJson ||
          (statement.name != "type_url" && statement.name != "value")) {
        return absl::StrCat("does not say of which type it is; ", WhatIsRight(field, format));
      }
    }
  }
  if (format == ConfigFormat::kJson) return WhyNotJson(value, field);
  return value.is_block ? "" : WhyNotMeasure(value.word, field);
}

std::string WhyNotList(const SyntaxStatement& statement, const FieldDescriptor& field,
                       ConfigFormat format) {
  if (!statement.is_list || field.is_repeated() || format != ConfigFormat::kJson) return "";
  if (IsWellKnown(field) && !IsAny(field) && !IsDuration(field)) return "";
  return absl::StrCat("is a list, but there is one only; ", WhatIsRight(field, format));
}

}  // namespace muster::config
