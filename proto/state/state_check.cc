#include "muster/proto/state/state_check.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/unknown_field_set.h"
#include "muster/proto/state/state_rule.pb.h"

namespace muster::state {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// What is asked beside that everything is known.
enum class Asks { kKnown, kWhole };

absl::Status Mistake(absl::string_view place, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(place, ": ", what));
}

absl::Status CheckEnum(const FieldDescriptor& field, int number, absl::string_view place,
                       Asks asks) {
  const bool may_be = number != 0 || asks == Asks::kKnown;
  if (may_be && field.enum_type()->FindValueByNumber(number) != nullptr) return absl::OkStatus();
  return Mistake(place, absl::StrCat("the value ", number, " is not known"));
}

absl::Status Check(const Message& message, absl::string_view place, Asks asks);

absl::Status CheckElements(const Message& message, const FieldDescriptor& field,
                           absl::string_view place, Asks asks) {
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    const std::string element = absl::StrCat(place, "[", i, "]");
    absl::Status status;
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      status = Check(reflection.GetRepeatedMessage(message, &field, i), element, asks);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      status = CheckEnum(field, reflection.GetRepeatedEnumValue(message, &field, i), element, asks);
    }
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CheckField(const Message& message, const FieldDescriptor& field,
                        absl::string_view place, Asks asks) {
  const Reflection& reflection = *message.GetReflection();
  if (field.is_repeated()) return CheckElements(message, field, place, asks);
  if (field.has_presence() && !reflection.HasField(message, &field)) return absl::OkStatus();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    return Check(reflection.GetMessage(message, &field), place, asks);
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    return CheckEnum(field, reflection.GetEnumValue(message, &field), place, asks);
  }
  return absl::OkStatus();
}

bool IsMissing(const Message& message, const FieldDescriptor& field) {
  return !field.is_repeated() && field.has_presence() &&
         !message.GetReflection()->HasField(message, &field) &&
         !field.options().GetExtension(v1::may_be_absent) &&
         field.real_containing_oneof() == nullptr;
}

absl::Status Check(const Message& message, absl::string_view place, Asks asks) {
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  const auto& unknown = message.GetReflection()->GetUnknownFields(message);
  if (!unknown.empty()) {
    return Mistake(place.empty() ? type.full_name() : place,
                   absl::StrCat("field ", unknown.field(0).number(), " is not known"));
  }
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (asks == Asks::kWhole && IsMissing(message, field)) {
      return Mistake(place, absl::StrCat(field.name(), " is missing"));
    }
    const std::string below = absl::StrCat(place, place.empty() ? "" : ".", field.name());
    if (absl::Status status = CheckField(message, field, below, asks); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckState(const Message& message, absl::string_view place) {
  return Check(message, place, Asks::kWhole);
}

absl::Status CheckKnown(const Message& message) { return Check(message, "", Asks::kKnown); }

}  // namespace muster::state
