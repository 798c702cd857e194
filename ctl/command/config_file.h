#ifndef MUSTER_CTL_COMMAND_CONFIG_FILE_H_
#define MUSTER_CTL_COMMAND_CONFIG_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "muster/proto/config_call.pb.h"

namespace muster::ctl {

// A configuration in a file of the client, for a call: in JSON if the name ends in ".json". "-" is
// standard input, which has JSON if it begins with "{". Blocks as the file does. Errors name the
// path; InvalidArgument: it is too large for a call.
absl::StatusOr<admin::v1::ConfigText> ReadConfigFile(const std::string& path);

// How `path` is called in messages.
std::string NameOfConfigFile(const std::string& path);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_COMMAND_CONFIG_FILE_H_
