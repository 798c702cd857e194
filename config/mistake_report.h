#ifndef MUSTER_CONFIG_MISTAKE_REPORT_H_
#define MUSTER_CONFIG_MISTAKE_REPORT_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "muster/config/syntax/line_index.h"
#include "muster/config/syntax/text_mistake.h"

namespace muster::config {

// InvalidArgument with a line for each mistake, in the order of the text, and with the mistakes
// beside them (config_mistake.h):
//   NAME:3:10: listen[0].address: "x" has no port; write ...
// What a message quotes from the text is made printable: it can neither end the line nor control a
// terminal, and the whole is valid UTF-8, as the admin service requires, if `name` is.
absl::Status ReportMistakes(absl::string_view name, const LineIndex& lines,
                            std::vector<TextMistake> mistakes);

}  // namespace muster::config

#endif  // MUSTER_CONFIG_MISTAKE_REPORT_H_
