#ifndef MASTER_CONFIG_FILE_H_
#define MASTER_CONFIG_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "master/config_outline.h"
#include "proto/config.pb.h"

namespace muster::master {

inline constexpr std::size_t kMostConfigBytes = 16 << 20;

// Reads the configuration in the file `path` (text format, or JSON if the name ends in .json),
// fills its defaults in and makes its paths absolute, relative to `prefix`. InvalidArgument: it
// has mistakes; the message has a line for each, in the order of the file:
//   muster.textproto:3:10: listen[0].address: "x" has no port; write ...
// Other errors: the file cannot be read.
absl::StatusOr<config::v1::Config> ReadConfigFile(const std::string& path,
                                                  absl::string_view prefix);

// What can be read of it, whatever its mistakes are: enough, perhaps, to find its master.
absl::StatusOr<config::v1::Config> ReadSpoiltConfigFile(const std::string& path,
                                                        absl::string_view prefix);

// The same as ReadConfigFile for a text; `name` stands in the messages.
absl::StatusOr<config::v1::Config> ReadConfigText(absl::string_view name, absl::string_view text,
                                                  ConfigOutline::Syntax syntax,
                                                  absl::string_view prefix);

}  // namespace muster::master

#endif  // MASTER_CONFIG_FILE_H_
