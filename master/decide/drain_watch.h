#ifndef MUSTER_MASTER_DECIDE_DRAIN_WATCH_H_
#define MUSTER_MASTER_DECIDE_DRAIN_WATCH_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "muster/master/decide/decision.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/decide/worker_record.h"
#include "muster/master/decide/worker_slots.h"

namespace muster::master {

// Who waits after a reload until the processes of all older generations have ended, and how these
// ended. It tells no worker anything; each has a deadline of its own, so the wait ends.
class DrainWatch {
 public:
  // `serving` was committed just now: counts from now on how the others end.
  void Begin(const WorkerSlots& workers, std::uint64_t serving);
  // The reload that began it is answered: `outcome` is the answer to those who go on to wait. If
  // nobody does, nothing is counted any more.
  void Await(std::uint64_t serving, Outcome outcome, std::vector<RequestId> waiting);

  void OnExit(const WorkerRecord& worker, const ExitedEvent& event);
  // The process in the slot was never there.
  void Forget(std::uint32_t slot);
  // Answers those whose old workers have all ended.
  void AnswerEnded(Decision& decision);
  // Answers a request now, with a warning for each process that is left. `why` it waits no longer:
  // "its deadline came". False: it does not wait here.
  bool Leave(RequestId request, absl::string_view why, Decision& decision);
  // The same for all who wait.
  void LeaveAll(absl::string_view why, Decision& decision);
  bool is_waited_for() const { return !drains_.empty(); }

 private:
  struct Drain {
    std::uint64_t serving = 0;
    std::map<std::uint32_t, std::string> left{};  // by slot: the worker's name
    std::uint64_t connections = 0;
    std::uint32_t exited = 0;
    std::uint32_t killed = 0;
    std::optional<Outcome> outcome{};  // once the reload is answered
    std::vector<RequestId> waiting{};

    Outcome Complete() const;
  };

  std::vector<Drain> drains_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_DRAIN_WATCH_H_
