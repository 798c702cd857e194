#ifndef MUSTER_MASTER_CONFIG_CONFIG_FILE_H_
#define MUSTER_MASTER_CONFIG_CONFIG_FILE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/master/config/field_places.h"
#include "muster/master/config/syntax_tree.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/field_rules.h"
#include "muster/proto/worker.pb.h"

namespace muster::master {

// Tells what the worker program of a configuration knows; the argument is its worker_binary, empty
// if it names none.
using DescribeWorker =
    std::function<absl::StatusOr<worker::v1::Description>(const std::string& worker_binary)>;

// A configuration without mistakes.
struct CheckedConfig {
  config::v1::Config config;  // defaults filled in, paths absolute
  FieldPlaces places;
};

// Looks at more than the text: what it returns is told with the other mistakes, at its places.
// Called with a configuration that has all that the text says, which may have mistakes.
using CheckMore = std::function<std::vector<config::FieldMistake>(const config::v1::Config&)>;

// Reads the configuration in the file `path` (text format, or JSON if the name ends in .json),
// fills its defaults in and makes its paths absolute, relative to `prefix`. InvalidArgument: it
// has mistakes; the message has a line for each, in the order of the file:
//   muster.textproto:3:10: listen[0].address: "x" has no port; write ...
// Other errors: the file cannot be read. `describe` is called, once, if the configuration has
// something in it that only the worker program can judge: the message in `service`, or a handler.
absl::StatusOr<CheckedConfig> ReadConfigFile(const std::string& path, absl::string_view prefix,
                                             const DescribeWorker& describe,
                                             const CheckMore& check_more = nullptr);

// What can be read of it, whatever its mistakes are: enough, perhaps, to find its master.
absl::StatusOr<config::v1::Config> ReadSpoiltConfigFile(const std::string& path,
                                                        absl::string_view prefix);

// The same for a text; `name` stands in the messages.
absl::StatusOr<config::v1::Config> ReadConfigText(absl::string_view name, absl::string_view text,
                                                  SyntaxTree::Syntax syntax,
                                                  absl::string_view prefix,
                                                  const DescribeWorker& describe = nullptr,
                                                  const CheckMore& check_more = nullptr);

}  // namespace muster::master

#endif  // MUSTER_MASTER_CONFIG_CONFIG_FILE_H_
