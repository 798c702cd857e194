#ifndef MUSTER_CTL_TEXT_LAST_WORDS_TEXT_H_
#define MUSTER_CTL_TEXT_LAST_WORDS_TEXT_H_

#include <google/protobuf/repeated_field.h>

#include <string>

#include "absl/time/time.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {

// Why a process of this worker ended by itself, as it said, on one line without its newline:
// "worker 0, pid 4711, 2026-11-27 04:48:32: TEXT". Empty: none said anything. Pure.
std::string LastWordsLine(const admin::v1::Worker& worker, absl::TimeZone zone);

// Those of all workers, below a blank line and a title. Empty: none said anything.
std::string RenderLastWords(const google::protobuf::RepeatedPtrField<admin::v1::Worker>& workers,
                            absl::TimeZone zone);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TEXT_LAST_WORDS_TEXT_H_
