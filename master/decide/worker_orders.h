#ifndef MUSTER_MASTER_DECIDE_WORKER_ORDERS_H_
#define MUSTER_MASTER_DECIDE_WORKER_ORDERS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "muster/master/decide/clock.h"
#include "muster/master/decide/decision.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/decide/worker_record.h"
#include "muster/master/decide/worker_slots.h"

namespace muster::master {

// The operator's orders about single workers of the generation that serves: to restart all of them,
// one after another; to restart, drain, end or kill one; to have so many. One order at a time, and
// each is answered once. Who is replaced hands its connections over: its successor serves first.
// The last worker that serves is never taken away.
//
// What happens to the workers meanwhile is told by the core. Workers on probation are this class's:
// it started them, and drops them if they do not become ready.
class WorkerOrders {
 public:
  // `workers` outlives it.
  explicit WorkerOrders(WorkerSlots& workers) : workers_(workers) {}

  bool is_under_way() const { return order_.has_value(); }

  // For a generation that serves. Refused while another one is under way.
  void Begin(const WorkerOrderEvent& event, std::uint64_t serving, const Settings& settings,
             Decision& decision);
  // Answers a request for which nothing is begun.
  static void Refuse(const WorkerOrderEvent& event, const absl::Status& reason, Decision& decision);

  // The worker was told to serve, since it is ready.
  void OnServing(WorkerRecord& worker, Decision& decision);
  // The worker acknowledged what it was told last. False: no order waits for this.
  bool OnAcked(const AckedEvent& event, Decision& decision);
  // The worker was asked to end, and has. Its record is of no use any more.
  void OnEnded(const WorkerRecord& worker, bool is_clean, Decision& decision);
  // The worker did not become ready: `why` names it. If it was on probation, the caller has to drop
  // it. Else it is started again.
  void OnFailure(const WorkerRecord& worker, const std::string& why, Decision& decision);
  // Gives up on acknowledgements that are late.
  void Expire(Decision& decision);
  std::optional<TimePoint> next_deadline() const;

  // The order is over, since something else ends or has replaced all workers. `why`: "the master is
  // stopping".
  void Cancel(absl::string_view why, Decision& decision);
  // Whoever asked waits no longer. False: it does not wait here.
  bool Leave(RequestId request, absl::string_view why, Decision& decision);

 private:
  using What = WorkerOrderEvent::What;

  struct Order {
    WorkerOrderEvent event{};
    std::uint64_t serving = 0;
    Settings settings{};
    TimePoint began{};
    std::deque<std::uint32_t> todo{};                // restart: indexes
    std::optional<std::uint32_t> replaced{};         // restart: the slot of the one that goes next
    std::set<std::uint32_t> fresh{};                 // slots of those that are to be ready
    std::vector<std::uint32_t> added{};              // scale: slots, to be undone
    std::map<std::uint32_t, std::string> awaited{};  // names by slot: to acknowledge
    std::optional<TimePoint> deadline{};             // of that
    std::optional<std::uint32_t> ending{};           // quit, kill: the slot
    std::uint32_t restarted = 0;
    std::vector<std::string> warnings{};
  };

  // Each goes on until it has to wait, or answers.
  void BeginRestart(Decision& decision);
  void BeginChange(Decision& decision);
  void BeginScale(Decision& decision);
  void RestartNext(Decision& decision);
  void GoOn(Decision& decision);
  // Null: no slot is free, and the order has failed.
  WorkerRecord* StartFresh(std::uint32_t index, bool is_on_probation, Decision& decision);
  // Ends a worker, which hands its connections over, and waits until it says that it does.
  void Drain(WorkerRecord& worker, Decision& decision);
  void Await(const WorkerRecord& worker, Decision& decision);
  void StartInItsPlace(std::uint32_t index, Decision& decision);
  // FailedPrecondition, with the reason WORKER_CHANGED: its number stands for something else than
  // the order's condition says. Null: no worker has the number.
  absl::Status CheckCondition(const WorkerRecord* worker) const;
  // OK, or why it cannot be taken away.
  absl::Status CheckRemoval(const WorkerRecord& worker) const;
  std::string HowFar() const;
  void Succeed(Decision& decision);
  void Fail(const absl::Status& reason, Decision& decision);
  // "restart", "worker drain".
  static absl::string_view NameOf(What what);

  WorkerSlots& workers_;
  std::optional<Order> order_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_WORKER_ORDERS_H_
