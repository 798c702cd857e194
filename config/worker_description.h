#ifndef MUSTER_CONFIG_WORKER_DESCRIPTION_H_
#define MUSTER_CONFIG_WORKER_DESCRIPTION_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/config/config_parser.h"
#include "muster/config/service_types.h"
#include "muster/config/syntax/config_format.h"
#include "muster/config/syntax/syntax_tree.h"
#include "muster/config/syntax/text_mistake.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/field_rules.h"
#include "muster/proto/worker.pb.h"

namespace muster::config {

// Asks the worker program of a configuration what it can serve. The argument is the configuration
// without its `service`, as far as it can be read, with defaults filled in and absolute paths. An
// error may have the field that is the cause.
using DescribeWorker =
    std::function<absl::StatusOr<worker::v1::Description>(const v1::Config& config)>;

// What the worker program says about the parts of a configuration that only it can judge: the
// message in `service`, and the names of handlers.
struct WorkerDescription {
  // The text of the configuration. If the program cannot be asked, or does not know the message,
  // the message is blanked out, so that the rest can be read.
  std::string text;
  // Nothing: the program was not asked, or gave no usable answer.
  std::optional<ServiceTypes> types;
  std::optional<std::vector<std::string>> handlers;
  AnyTypes any;  // of `types`
  std::vector<TextMistake> mistakes;
};

// Calls `describe`, once, if the configuration has a `service` or a handler. A null `describe`: the
// program is not asked.
WorkerDescription ReadWorkerDescription(const SyntaxTree& tree, absl::string_view text,
                                        ConfigFormat format, absl::string_view prefix,
                                        const DescribeWorker& describe);

// The handlers in `config` that the worker program does not have.
std::vector<FieldMistake> CheckHandlers(const v1::Config& config, const WorkerDescription& worker);

}  // namespace muster::config

#endif  // MUSTER_CONFIG_WORKER_DESCRIPTION_H_
