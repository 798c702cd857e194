#ifndef MUSTER_CTL_COMMAND_ENDING_REPORT_H_
#define MUSTER_CTL_COMMAND_ENDING_REPORT_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "muster/proto/counted.h"

namespace muster::ctl {

// "2 workers exited, 0 killed, 3 connections and 1 request cut off": the answer to pause, quit and
// stop.
template <typename Response>
std::string DescribeEnding(const Response& answer) {
  return absl::StrCat(config::Counted(answer.exited(), "worker"), " exited, ", answer.killed(),
                      " killed, ", config::Counted(answer.connections_closed(), "connection"),
                      " and ", config::Counted(answer.requests_cut(), "request"), " cut off");
}

}  // namespace muster::ctl

#endif  // MUSTER_CTL_COMMAND_ENDING_REPORT_H_
