#include "worker/service_config.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/field_rules.h"

namespace muster::worker {

absl::Status ReadServiceConfig(const config::v1::Config& config,
                               google::protobuf::Message* message) {
  const std::string type(message->GetDescriptor()->full_name());
  if (!config.has_service()) {
    return absl::InvalidArgumentError(
        absl::StrCat("service: is missing; write service { [type.googleapis.com/", type, "] {} }"));
  }
  const google::protobuf::Any& service = config.service();
  const std::string& url = service.type_url();
  if (url.substr(url.rfind('/') + 1) != type) {
    return absl::InvalidArgumentError(
        absl::StrCat("service: is \"", url, "\", this worker wants ", type));
  }
  if (!message->ParseFromString(service.value())) {
    return absl::InvalidArgumentError(absl::StrCat("service: its bytes are no serialised ", type));
  }
  config::FillDefaults(message);
  std::vector<std::string> lines;
  for (const config::FieldMistake& mistake : config::CheckRules(*message)) {
    lines.push_back(absl::StrCat("service.", mistake.field, ": ", mistake.problem));
  }
  if (lines.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(lines, "\n"));
}

}  // namespace muster::worker
