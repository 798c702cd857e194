#include "muster/worker/runtime/service_config.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "muster/proto/field_error.h"
#include "muster/proto/field_rules.h"

namespace muster::worker {

namespace {

absl::Status Mistaken(const std::string& problem) {
  return config::AtField(absl::InvalidArgumentError(problem), "service");
}

}  // namespace

absl::Status ReadServiceConfig(const config::v1::Config& config,
                               google::protobuf::Message* message) {
  const std::string type(message->GetDescriptor()->full_name());
  if (!config.has_service()) {
    return Mistaken(
        absl::StrCat("service: is missing; write service { [type.googleapis.com/", type, "] {} }"));
  }
  const google::protobuf::Any& service = config.service();
  const std::string& url = service.type_url();
  if (url.substr(url.rfind('/') + 1) != type) {
    return Mistaken(absl::StrCat("service: is \"", url, "\", this worker wants ", type));
  }
  if (!message->ParseFromString(service.value())) {
    return Mistaken(absl::StrCat("service: its bytes are no serialised ", type));
  }
  config::FillDefaults(message);
  std::vector<std::string> lines;
  for (const config::FieldMistake& mistake : config::CheckRules(*message)) {
    lines.push_back(absl::StrCat("service.", mistake.field, ": ", mistake.problem));
  }
  if (lines.empty()) return absl::OkStatus();
  return Mistaken(absl::StrJoin(lines, "\n"));
}

}  // namespace muster::worker
