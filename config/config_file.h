#ifndef MUSTER_CONFIG_CONFIG_FILE_H_
#define MUSTER_CONFIG_CONFIG_FILE_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/config/field_places.h"
#include "muster/config/semantic_check.h"
#include "muster/config/service_types.h"
#include "muster/config/syntax/config_format.h"
#include "muster/config/worker_description.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/field_rules.h"

namespace muster::config {

// A configuration without mistakes.
struct CheckedConfig {
  v1::Config config;  // defaults filled in, paths absolute
  FieldPlaces places;
  std::string source;  // the bytes that were read
  // What the worker program takes in `service`; nothing: it was not asked.
  std::optional<ServiceTypes> types;
};

// Checks more than the text. The mistakes that it returns are reported with the others, each at its
// place. Called with a configuration that has all that the text says, and may have mistakes.
using CheckMore = std::function<std::vector<FieldMistake>(const v1::Config&)>;

// Reads the configuration in the file `path`, fills in the defaults, and makes the paths absolute,
// relative to `prefix`. The format is that of the file's name (config_format.h). `describe` is
// called, once, if only the worker program can judge a part of it (worker_description.h).
// InvalidArgument: there are mistakes; the message has a line for each (mistake_report.h). Other
// errors: the file cannot be read.
absl::StatusOr<CheckedConfig> ReadConfigFile(const std::string& path, absl::string_view prefix,
                                             const DescribeWorker& describe,
                                             const CheckMore& check_more = nullptr,
                                             Reader reader = Reader::kMaster);

// What can be read in spite of mistakes. It is meant for finding the master of the configuration.
absl::StatusOr<v1::Config> ReadSpoiltConfigFile(const std::string& path, absl::string_view prefix);

// The same for a text. `name` is the file's in messages.
absl::StatusOr<CheckedConfig> ReadCheckedText(absl::string_view name, absl::string_view text,
                                              ConfigFormat format, absl::string_view prefix,
                                              const DescribeWorker& describe,
                                              const CheckMore& check_more = nullptr,
                                              Reader reader = Reader::kMaster);

// The configuration alone.
absl::StatusOr<v1::Config> ReadConfigText(absl::string_view name, absl::string_view text,
                                          ConfigFormat format, absl::string_view prefix,
                                          const DescribeWorker& describe = nullptr,
                                          const CheckMore& check_more = nullptr);

}  // namespace muster::config

#endif  // MUSTER_CONFIG_CONFIG_FILE_H_
