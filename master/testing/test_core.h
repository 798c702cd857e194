#ifndef MUSTER_MASTER_TESTING_TEST_CORE_H_
#define MUSTER_MASTER_TESTING_TEST_CORE_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "muster/master/admin/admin_operations.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/master/decide/supervisor_core.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/deployment/deployment_source.h"
#include "muster/master/events/call_audit.h"
#include "muster/master/events/event_ring.h"
#include "muster/master/process/log.h"

namespace muster::master {

// For tests: what the admin service asks for is decided by the real core of a master. Its outside
// is made up: each worker is ready as soon as it is started, and ends as soon as it is told to. The
// configuration of a call is read as the master reads it. When the core has ended, another one
// begins, as after a start of the master. One loop's thread, but where AdminOperations says else.
class TestCore {
 public:
  // All outlive it.
  TestCore(Log& log, EventRing& events, CallAudit& audit);
  TestCore(const TestCore&) = delete;
  TestCore& operator=(const TestCore&) = delete;

  // It outlives what they are given to.
  AdminOperations operations();

 private:
  void Start();
  void Give(const Event& event);
  RequestId Await(AdminOperations::Reply reply);

  void Do(const SpawnAction& action);
  void Do(const SendAction& action);
  void Do(const SignalAction& action);
  void Do(const LoadAction& action);
  void Do(const LoadAgainAction& action);
  void Do(const AbandonLoadAction& action);
  void Do(const ListenAction& action);
  void Do(const TryProgramAction& action);
  void Do(const ReplyAction& action);
  void Do(const LogAction& action);
  void Do(const ExitAction& action);
  // What changes nothing here.
  void Do(const ReleaseSlotAction&) {}
  void Do(const CommitAction&) {}
  void Do(const RollBackAction&) {}
  void Do(const CloseListenersAction&) {}
  void Do(const CountClosedAction&) {}
  void Do(const NotifyAction&) {}
  void Do(const ReleaseAction&) {}
  void Do(const ForgetAction&) {}
  void Do(const AbandonProgramAction&) {}
  void Do(const ExecAction&) {}
  void Do(const DropOldProgramAction&) {}

  Log& log_;
  EventRing& events_;
  CallAudit& audit_;
  std::optional<SupervisorCore> core_;
  bool has_ended_ = false;
  std::vector<Event> outcomes_;  // of the actions, to be given next
  pid_t last_pid_ = 1;
  std::set<std::uint32_t> processes_;  // by slot
  RequestId last_request_ = 0;
  std::map<RequestId, AdminOperations::Reply> waiting_;
  std::map<RequestId, admin::v1::ConfigText> configs_;  // that came with a reload
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_TESTING_TEST_CORE_H_
