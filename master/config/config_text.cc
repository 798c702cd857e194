#include "muster/master/config/config_text.h"

#include <memory>

#include "google/protobuf/any.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/text_format.h"
#include "muster/proto/secrets.h"

namespace muster::master {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::Message;
using google::protobuf::TextFormat;

// Finds the types of the worker program, which the master is not linked with.
class TypesOf final : public TextFormat::Finder {
 public:
  explicit TypesOf(const DescriptorPool* pool) : pool_(pool) {}

  const Descriptor* FindAnyType(const Message&, const std::string&,
                                const std::string& name) const override {
    return pool_ == nullptr ? nullptr : pool_->FindMessageTypeByName(name);
  }

 private:
  const DescriptorPool* const pool_;
};

void MaskService(const DescriptorPool* pool, google::protobuf::Any* service) {
  std::string name;
  const Descriptor* const type =
      pool != nullptr && google::protobuf::Any::ParseAnyTypeUrl(service->type_url(), &name)
          ? pool->FindMessageTypeByName(name)
          : nullptr;
  if (type == nullptr) return service->clear_value();
  google::protobuf::DynamicMessageFactory factory(pool);
  const std::unique_ptr<Message> message(factory.GetPrototype(type)->New());
  if (!message->ParsePartialFromString(service->value())) return service->clear_value();
  config::MaskSecrets(message.get());
  message->SerializePartialToString(service->mutable_value());
}

}  // namespace

std::string PrintConfigWithoutSecrets(const config::v1::Config& config,
                                      const DescriptorPool* pool) {
  config::v1::Config masked = config;
  // MaskSecrets does not know its type.
  const std::unique_ptr<google::protobuf::Any> service(masked.release_service());
  config::MaskSecrets(&masked);
  if (service != nullptr) {
    MaskService(pool, service.get());
    *masked.mutable_service() = *service;
  }
  return PrintConfig(masked, pool);
}

std::string PrintConfig(const config::v1::Config& config, const DescriptorPool* pool) {
  const TypesOf types(pool);
  TextFormat::Printer printer;
  printer.SetExpandAny(true);
  printer.SetFinder(&types);
  // What is no ASCII is readable, too.
  printer.SetUseUtf8StringEscaping(true);
  std::string text;
  printer.PrintToString(config, &text);
  return text;
}

}  // namespace muster::master
