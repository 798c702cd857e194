#ifndef MUSTER_CTL_OUTPUT_H_
#define MUSTER_CTL_OUTPUT_H_

#include <google/protobuf/message.h>

#include <string>

#include "absl/status/status.h"

namespace muster::ctl {

enum class Output { kTable, kJson };

// Writes `text`, or with kJson `answer` in protobuf's JSON (fields that are zero included, 64-bit
// numbers as strings), to standard output. Error: it could not be written, all of it.
absl::Status Print(Output output, const google::protobuf::Message& answer, const std::string& text);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_OUTPUT_H_
