#include "muster/proto/secrets.h"

#include <memory>
#include <vector>

#include "google/protobuf/any.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/text_format.h"
#include "muster/proto/field_rule.pb.h"

namespace muster::config {
namespace {

using google::protobuf::Any;
using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::Reflection;

constexpr char kMask[] = "***";

void MaskField(Message* message, const FieldDescriptor* field) {
  const Reflection* reflection = message->GetReflection();
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
    reflection->ClearField(message, field);
  } else if (field->is_repeated()) {
    for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
      reflection->SetRepeatedString(message, field, i, kMask);
    }
  } else {
    reflection->SetString(message, field, kMask);
  }
}

void MaskAny(Any* any) {
  std::string name;
  if (!Any::ParseAnyTypeUrl(any->type_url(), &name)) return any->clear_value();
  const Descriptor* type = DescriptorPool::generated_pool()->FindMessageTypeByName(name);
  const Message* prototype =
      type == nullptr ? nullptr : MessageFactory::generated_factory()->GetPrototype(type);
  if (prototype == nullptr) return any->clear_value();
  const std::unique_ptr<Message> inner(prototype->New());
  if (!inner->ParseFromString(any->value())) return any->clear_value();
  MaskSecrets(inner.get());
  any->set_value(inner->SerializeAsString());
}

}  // namespace

void MaskSecrets(Message* message) {
  if (auto* any = google::protobuf::DynamicCastToGenerated<Any>(message)) return MaskAny(any);
  const Reflection* reflection = message->GetReflection();
  // A field that is not in the schema may be anything.
  reflection->MutableUnknownFields(message)->Clear();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->options().GetExtension(v1::secret)) {
      MaskField(message, field);
    } else if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      continue;
    } else if (!field->is_repeated()) {
      MaskSecrets(reflection->MutableMessage(message, field));
    } else {
      for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
        MaskSecrets(reflection->MutableRepeatedMessage(message, field, i));
      }
    }
  }
}

std::string OneLineWithoutSecrets(const Message& message) {
  const std::unique_ptr<Message> masked(message.New());
  masked->CopyFrom(message);
  MaskSecrets(masked.get());
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  printer.SetExpandAny(true);
  std::string line;
  printer.PrintToString(*masked, &line);
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace muster::config
