#include "muster/worker/runtime/program.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "muster/cli/version.h"
#include "muster/proto/field_error.h"

namespace muster::worker {
namespace {

using google::protobuf::FileDescriptor;

// A file after those that it imports, each once.
void AddFile(const FileDescriptor& file, std::set<std::string>* added,
             google::protobuf::FileDescriptorSet* files) {
  if (!added->insert(std::string(file.name())).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) AddFile(*file.dependency(i), added, files);
  file.CopyTo(files->add_file());
}

}  // namespace

v1::Description Describe(const Program& program) {
  v1::Description description;
  description.set_version(cli::kVersion);
  std::set<std::string> added;
  for (const google::protobuf::Descriptor* type : program.config_types) {
    description.add_service_type(std::string(type->full_name()));
    AddFile(*type->file(), &added, description.mutable_files());
  }
  for (const std::string& handler : program.handlers) description.add_handler(handler);
  return description;
}

absl::Status CheckServiceType(const Program& program, const config::v1::Config& config) {
  // An empty one asks for the program's own service and tells it nothing.
  const std::string& url = config.service().type_url();
  if (url.empty()) return absl::OkStatus();
  const std::string name = url.substr(url.rfind('/') + 1);
  for (const google::protobuf::Descriptor* type : program.config_types) {
    if (type->full_name() == name) return absl::OkStatus();
  }
  return config::AtField(
      absl::InvalidArgumentError(absl::StrCat("service: this worker has no ", url)), "service");
}

}  // namespace muster::worker
