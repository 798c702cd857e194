#ifndef MUSTER_CTL_TEXT_HANG_TEXT_H_
#define MUSTER_CTL_TEXT_HANG_TEXT_H_

#include <google/protobuf/repeated_field.h>

#include <string>

#include "muster/proto/admin.pb.h"

namespace muster::ctl {

// What the master found out about a worker that hangs, on one line without its newline: "worker 0,
// pid 4711: runs; its stack is in its log; holds z/m; uses z; listens on 127.0.0.1:8080". Empty:
// nothing. Pure.
std::string HangLine(const admin::v1::Worker& worker);

// Those of all workers, below a blank line and a title. Empty: nobody hangs.
std::string RenderHangs(const google::protobuf::RepeatedPtrField<admin::v1::Worker>& workers);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TEXT_HANG_TEXT_H_
