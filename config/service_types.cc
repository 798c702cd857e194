#include "muster/config/service_types.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "muster/ipc/base/status.h"

namespace muster::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using google::protobuf::Message;

// What the pool has by that name already is as good.
absl::Status AddFile(const FileDescriptorProto& file, DescriptorPool* pool) {
  if (pool->FindFileByName(file.name()) != nullptr) return absl::OkStatus();
  if (pool->BuildFile(file) != nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the worker program describes ", file.name(), " in a way that makes no sense"));
}

absl::Status AddOwnFile(const FileDescriptor& file, DescriptorPool* pool) {
  for (int i = 0; i < file.dependency_count(); ++i) {
    MUSTER_RETURN_IF_ERROR(AddOwnFile(*file.dependency(i), pool));
  }
  FileDescriptorProto proto;
  file.CopyTo(&proto);
  return AddFile(proto, pool);
}

}  // namespace

absl::StatusOr<ServiceTypes> ServiceTypes::Make(const worker::v1::Description& description) {
  ServiceTypes types;
  types.pool_ = std::make_unique<DescriptorPool>();
  for (const FileDescriptorProto& file : description.files().file()) {
    MUSTER_RETURN_IF_ERROR(AddFile(file, types.pool_.get()));
  }
  MUSTER_RETURN_IF_ERROR(AddOwnFile(*v1::Config::descriptor()->file(), types.pool_.get()));
  for (const std::string& name : description.service_type()) {
    if (types.pool_->FindMessageTypeByName(name) == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("the worker program does not describe its ", name));
    }
    types.names_.push_back(name);
  }
  types.factory_ = std::make_unique<google::protobuf::DynamicMessageFactory>(types.pool_.get());
  return types;
}

const Descriptor* ServiceTypes::Find(absl::string_view url) const {
  const std::size_t slash = url.rfind('/');
  const std::string name(slash == url.npos ? url : url.substr(slash + 1));
  if (std::find(names_.begin(), names_.end(), name) == names_.end()) return nullptr;
  return pool_->FindMessageTypeByName(name);
}

std::string ServiceTypes::Names() const { return absl::StrJoin(names_, ", "); }

std::vector<FieldMistake> ServiceTypes::Complete(v1::Config* config) const {
  if (!config->has_service()) return {};
  const Descriptor* type = Find(config->service().type_url());
  if (type == nullptr) return {};
  const std::unique_ptr<Message> message(factory_->GetPrototype(type)->New());
  if (!message->ParsePartialFromString(config->service().value())) {
    return {
        {"service", absl::StrCat("its bytes are no serialised ", std::string(type->full_name()))}};
  }
  FillDefaults(message.get());
  message->SerializePartialToString(config->mutable_service()->mutable_value());
  std::vector<FieldMistake> mistakes = CheckRules(*message);
  for (FieldMistake& mistake : mistakes) mistake.field.insert(0, "service.");
  return mistakes;
}

}  // namespace muster::config
