#ifndef MUSTER_CTL_TEXT_OUTPUT_H_
#define MUSTER_CTL_TEXT_OUTPUT_H_

#include <google/protobuf/message.h>

#include <string>

#include "absl/status/status.h"

namespace muster::ctl {

// The formats of -o.
enum class Output { kTable, kJson };

// Prints to standard output: with kTable `text`, with kJson `answer` as protobuf's JSON, which
// includes fields that are zero and has 64-bit numbers as strings. Error: not everything could be
// written.
absl::Status Print(Output output, const google::protobuf::Message& answer, const std::string& text);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TEXT_OUTPUT_H_
