#ifndef MUSTER_CTL_COMMAND_CONFIG_ARGUMENT_H_
#define MUSTER_CTL_COMMAND_CONFIG_ARGUMENT_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ctl/command/parameter.h"
#include "muster/ctl/command/session.h"
#include "muster/ctl/master/master_connection.h"
#include "muster/proto/config_call.pb.h"

namespace muster::ctl {

// The argument FILE of the commands that have the master look at a configuration: a file of this
// machine, or, without it, the one that a reload of the master would read.
inline constexpr Parameter kConfigArgument = {
    .name = "FILE",
    .kind = Parameter::Kind::kFile,
    .summary = "a file of this machine, not the master's; \"-\" for standard input",
};

// Reads the file, and blocks as it does; nothing without the argument. To be called before the
// master is asked for anything.
absl::StatusOr<std::optional<admin::v1::ConfigText>> ReadConfigArgument(const Session& session);

// What the master says of it. `doing`: what a terminal shows meanwhile, "checking".
absl::StatusOr<admin::v1::ConfigCheck> CheckConfigArgument(
    MasterConnection& master, const std::optional<admin::v1::ConfigText>& config,
    const char* doing);

// InvalidArgument, with all mistakes of `check`. `name`: of the file.
absl::Status MistakesOf(const admin::v1::ConfigCheck& check, const std::string& name);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_COMMAND_CONFIG_ARGUMENT_H_
