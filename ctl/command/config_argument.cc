#include "muster/ctl/command/config_argument.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "muster/ctl/command/config_file.h"
#include "muster/ctl/text/config_text.h"
#include "muster/ctl/text/progress.h"
#include "muster/ipc/base/status.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

// The master reads files, and looks names up.
constexpr absl::Duration kForChecking = absl::Seconds(30);

}  // namespace

absl::StatusOr<std::optional<v1::ConfigText>> ReadConfigArgument(const Session& session) {
  const std::optional<std::string> file = session.arguments.text(kConfigArgument.name);
  if (!file.has_value()) return std::nullopt;
  MUSTER_ASSIGN_OR_RETURN(v1::ConfigText config, ReadConfigFile(*file));
  return config;
}

absl::StatusOr<v1::ConfigCheck> CheckConfigArgument(MasterConnection& master,
                                                    const std::optional<v1::ConfigText>& config,
                                                    const char* doing) {
  const Progress progress(doing);
  if (!config.has_value()) {
    return master.Ask<v1::ConfigCheck>(v1::CheckConfigRequest(), kForChecking);
  }
  v1::CheckConfigTextRequest request;
  *request.mutable_config() = *config;
  return master.Ask<v1::ConfigCheck>(request, kForChecking);
}

absl::Status MistakesOf(const v1::ConfigCheck& check, const std::string& name) {
  return absl::InvalidArgumentError(
      absl::StrCat("the configuration has mistakes:\n", RenderMistakes(check, name)));
}

}  // namespace muster::ctl
