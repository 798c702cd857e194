#include "muster/master/config/config_text.h"

#include "absl/strings/string_view.h"
#include "google/protobuf/text_format.h"

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

}  // namespace

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
