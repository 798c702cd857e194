#ifndef MUSTER_MASTER_CONFIG_CONFIG_FILE_H_
#define MUSTER_MASTER_CONFIG_CONFIG_FILE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/master/config/config_identity.h"
#include "muster/master/config/field_places.h"
#include "muster/master/config/syntax/config_format.h"
#include "muster/master/config/worker_description.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/field_rules.h"

namespace muster::master {

// A configuration without mistakes.
struct CheckedConfig {
  config::v1::Config config;  // defaults filled in, paths absolute
  FieldPlaces places;
  ConfigIdentity identity;
};

// Checks more than the text. The mistakes that it returns are reported with the others, each at its
// place. Called with a configuration that has all that the text says, and may have mistakes.
using CheckMore = std::function<std::vector<config::FieldMistake>(const config::v1::Config&)>;

// Reads the configuration in the file `path`, fills in the defaults, and makes the paths absolute,
// relative to `prefix`. The format is that of the file's name (config_format.h). `describe` is
// called, once, if only the worker program can judge a part of it (worker_description.h).
// InvalidArgument: there are mistakes; the message has a line for each (mistake_report.h). Other
// errors: the file cannot be read.
absl::StatusOr<CheckedConfig> ReadConfigFile(const std::string& path, absl::string_view prefix,
                                             const DescribeWorker& describe,
                                             const CheckMore& check_more = nullptr);

// What can be read in spite of mistakes. It is meant for finding the master of the configuration.
absl::StatusOr<config::v1::Config> ReadSpoiltConfigFile(const std::string& path,
                                                        absl::string_view prefix);

// The same for a text. `name` is the file's in messages.
absl::StatusOr<CheckedConfig> ReadCheckedText(absl::string_view name, absl::string_view text,
                                              ConfigFormat format, absl::string_view prefix,
                                              const DescribeWorker& describe,
                                              const CheckMore& check_more = nullptr);

// The configuration alone.
absl::StatusOr<config::v1::Config> ReadConfigText(absl::string_view name, absl::string_view text,
                                                  ConfigFormat format, absl::string_view prefix,
                                                  const DescribeWorker& describe = nullptr,
                                                  const CheckMore& check_more = nullptr);

}  // namespace muster::master

#endif  // MUSTER_MASTER_CONFIG_CONFIG_FILE_H_
