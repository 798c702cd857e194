#ifndef MUSTER_TESTS_CHAOS_CTL_ANSWER_H_
#define MUSTER_TESTS_CHAOS_CTL_ANSWER_H_

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests::chaos {

// What `ctl -o json` printed. Nothing: it is no such message.
template <typename Message>
std::optional<Message> FromJson(const std::string& json) {
  Message message;
  if (!google::protobuf::util::JsonStringToMessage(json, &message).ok()) return std::nullopt;
  return message;
}

// For whoever looks for what went wrong.
inline std::string Told(const Finished& finished) {
  return absl::StrCat("exit ", finished.exit, ", ", finished.output, finished.errors);
}

}  // namespace muster::tests::chaos

#endif  // MUSTER_TESTS_CHAOS_CTL_ANSWER_H_
