#ifndef MUSTER_MASTER_ADMIN_ADMIN_OPERATIONS_H_
#define MUSTER_MASTER_ADMIN_ADMIN_OPERATIONS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "muster/master/admin/report/status_part.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/events/call_audit.h"
#include "muster/master/events/event_ring.h"
#include "muster/proto/admin.pb.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/config_call.pb.h"
#include "muster/proto/zone_call.pb.h"

namespace muster::master {

// What a reload is to load, and when it is to be answered.
struct ReloadTerms {
  std::optional<admin::v1::ConfigText> config{};  // nothing: the file
  bool until_drained = false;  // when the old workers have ended, not when they have begun to drain
  ReloadCondition condition{};
  std::string by{};  // who asks, for the history
};

// What the calls of the admin service ask of the master. Each is called in the loop's thread, but
// the first ones.
struct AdminOperations {
  // Called once, in the loop's thread, when the change is complete or did not happen.
  using Reply = std::function<void(const Outcome&)>;
  // Begins a change. Returns the number under which it can be withdrawn. The reply may come before
  // it returns.
  using Order = std::function<RequestId(Reply)>;
  using ReloadOrder = std::function<RequestId(const ReloadTerms&, Reply)>;
  // Tells that whoever ordered a change waits no longer, and why: "its deadline came". A reload or
  // a resume is answered before it returns, and is undone if it can be. Others go on.
  using Withdraw = std::function<void(RequestId, const std::string& why)>;

  // Called once, in the loop's thread, with what was asked for, which may take a while to find.
  template <typename T>
  using Answer = std::function<void(absl::StatusOr<T>)>;

  // The only ones that may be called in any thread.
  std::function<admin::v1::Status()> status;
  std::function<std::string(StatusPart)> write_status;  // serialised
  std::function<std::uint64_t()> generation;            // that serves

  std::function<void(Answer<admin::v1::ActiveConfig>)> config{};
  // Null: checks the file.
  std::function<void(const admin::v1::ConfigText*, Answer<admin::v1::ConfigCheck>)> check_config{};
  std::function<admin::v1::ListGenerationsResponse()> list_generations{};
  std::function<void(Answer<admin::v1::ListZonesResponse>)> list_zones{};
  std::function<void(const admin::v1::ListLocksRequest&, Answer<admin::v1::ListLocksResponse>)>
      list_locks{};
  // Sets it and returns the one until now.
  std::function<config::v1::Log::Level(config::v1::Log::Level)> set_log_level{};
  ReloadOrder reload;
  std::function<RequestId(const RollbackEvent&, Reply)> rollback{};
  std::function<RequestId(const WorkerOrderEvent&, Reply)> change_workers{};
  // Not answered, if the upgrade comes so far that the process becomes another program.
  std::function<RequestId(const UpgradeEvent&, Reply)> upgrade{};
  Order reopen;
  Order pause;
  std::function<RequestId(const std::string& by, Reply)> resume{};
  Order quit;
  Order stop;
  Withdraw withdraw;

  // What is told of calls, and of all that happens. Thread-safe; they outlive the service.
  CallAudit* audit = nullptr;
  EventRing* events = nullptr;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_ADMIN_OPERATIONS_H_
