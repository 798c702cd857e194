#ifndef MUSTER_MASTER_ADMIN_ADMIN_OPERATIONS_H_
#define MUSTER_MASTER_ADMIN_ADMIN_OPERATIONS_H_

#include <functional>
#include <string>

#include "muster/master/decide/supervisor_action.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/proto/admin.pb.h"

namespace muster::master {

// What the calls of the admin service ask of the master. Each is called in the loop's thread.
struct AdminOperations {
  // Called once, in the loop's thread, when the change is complete or did not happen.
  using Reply = std::function<void(const Outcome&)>;
  // Begins a change. Returns the number under which it can be withdrawn. The reply may come before
  // it returns.
  using Order = std::function<RequestId(Reply)>;
  // Tells that whoever ordered a change waits no longer, and why: "its deadline came". A reload or
  // a resume is answered before it returns, and is undone if it can be. Others go on.
  using Withdraw = std::function<void(RequestId, const std::string& why)>;

  std::function<admin::v1::Status()> status;
  Order reload;
  Order reopen;
  Order pause;
  Order resume;
  Order quit;
  Order stop;
  Withdraw withdraw;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_ADMIN_OPERATIONS_H_
