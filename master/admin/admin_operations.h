#ifndef MUSTER_MASTER_ADMIN_ADMIN_OPERATIONS_H_
#define MUSTER_MASTER_ADMIN_ADMIN_OPERATIONS_H_

#include <functional>

#include "muster/master/decide/supervisor_action.h"
#include "muster/proto/admin.pb.h"

namespace muster::master {

// What the calls of the admin service ask of the master. Each is called in the loop's thread.
struct AdminOperations {
  // Called once, in the loop's thread, when the change is complete or did not happen.
  using Reply = std::function<void(const Outcome&)>;

  std::function<admin::v1::Status()> status;
  std::function<void(Reply)> reload;
  std::function<void(Reply)> reopen;
  std::function<void(Reply)> pause;
  std::function<void(Reply)> resume;
  std::function<void(Reply)> quit;
  std::function<void(Reply)> stop;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_ADMIN_OPERATIONS_H_
