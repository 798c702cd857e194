#ifndef MUSTER_CTL_TEXT_OUTPUT_H_
#define MUSTER_CTL_TEXT_OUTPUT_H_

#include <google/protobuf/message.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace muster::ctl {

// The formats of -o.
enum class Output { kTable, kJson };

// Returns `message` as protobuf's JSON, which includes fields that are zero and has 64-bit numbers
// as strings. Ends with a newline.
absl::StatusOr<std::string> Json(const google::protobuf::Message& message);

// The same on one line.
absl::StatusOr<std::string> JsonLine(const google::protobuf::Message& message);

// Returns `text` as a JSON string, in quotation marks.
std::string JsonString(absl::string_view text);

// Writes to standard output. Error: not everything could be written.
absl::Status Write(const std::string& text);

// Writes with kTable `text`, with kJson `answer`.
absl::Status Print(Output output, const google::protobuf::Message& answer, const std::string& text);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TEXT_OUTPUT_H_
