#ifndef MUSTER_MASTER_DECIDE_TESTING_SIMULATED_MACHINE_H_
#define MUSTER_MASTER_DECIDE_TESTING_SIMULATED_MACHINE_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "muster/ipc/process/process_exit.h"
#include "muster/master/decide/clock.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/master/decide/supervisor_core.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/worker/protocol/command.h"

namespace muster::master {

// Stands for the machine: processes that live, get ready, obey or do not, and die; and for those
// who ask the master for something. What happens is random, but the same for the same seed. A
// promise of the core that does not hold is a failure of the test that runs.
class SimulatedMachine {
 public:
  explicit SimulatedMachine(unsigned seed) : random_(seed) {}

  // A whole history: from the start, through so many events or fewer, to the master's end. Once.
  void Run(int events);

 private:
  static constexpr std::uint32_t kSlots = 24;

  struct Process {
    std::uint64_t generation = 0;
    std::uint32_t protocol = worker::kProtocolVersion;
    pid_t pid = 0;
    bool is_ready = false;
    bool serves = false;               // accepts connections
    std::uint32_t unacknowledged = 0;  // the token of its DRAIN or QUIT
    bool is_asked = false;             // to end, in whatever way
    bool is_cut = false;               // told to end at once
    bool is_killed = false;            // SIGKILL
    std::vector<std::uint32_t> tokens{};
  };

  int Any(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }
  RequestId NewRequest() {
    unanswered_.insert(++last_request_);
    return last_request_;
  }
  RequestId NewReload() {
    reloads_.insert(NewRequest());
    return last_request_;
  }

  // What happens.
  Settings AnySettings();
  std::uint32_t AnySlot();
  void Step();
  void AskForAReload();
  void OrderWorkers();
  void SomebodyWaitsNoLonger();
  void SomethingInAProcess();
  void Die(std::uint32_t slot, const ipc::ProcessExit& exit);
  void PassTime();
  // Some end so late that nobody waits for them any more.
  void ALoadEnds();
  // Asks to stop; from now on only what has been killed is sure to die.
  void End();
  void Give(const Event& event);
  // What must hold between two events.
  void CheckState() const;

  // What the core wants done, and whether it may want that. `outcomes`: events that come of it at
  // once.
  void Do(const SpawnAction& action, std::vector<Event>* outcomes);
  void Do(const SendAction& action, std::vector<Event>*);
  void Do(const SignalAction& action, std::vector<Event>*);
  void Do(const ReleaseSlotAction& action, std::vector<Event>*);
  void Do(const LoadAction& action, std::vector<Event>* outcomes);
  void Do(const LoadAgainAction& action, std::vector<Event>* outcomes);
  void Do(const ReleaseAction& action, std::vector<Event>*);
  void Do(const ForgetAction& action, std::vector<Event>*);
  void Do(const CountClosedAction&, std::vector<Event>*);
  void Do(const NotifyAction& action, std::vector<Event>*);
  void Do(const AbandonLoadAction& action, std::vector<Event>* outcomes);
  void Do(const ListenAction& action, std::vector<Event>* outcomes);
  void Do(const CommitAction& action, std::vector<Event>*);
  void Do(const RollBackAction& action, std::vector<Event>*);
  void Do(const CloseListenersAction&, std::vector<Event>*);
  void Do(const ReplyAction& action, std::vector<Event>*);
  void Do(const LogAction& action, std::vector<Event>*);
  void Do(const ExitAction&, std::vector<Event>*);
  Event AnyEndOf(LoadId load);
  bool AnotherServes(std::uint32_t slot) const;
  // Those of the generation that serves who will go on after this action.
  std::uint32_t CountServing() const;

  std::mt19937 random_;
  SupervisorCore core_{kSlots};
  TimePoint now_ = TimePoint() + std::chrono::seconds(1000);
  std::map<std::uint32_t, Process> processes_;
  std::set<std::uint32_t> taken_;
  // Their failure is not yet told to the core, which may still command them.
  std::set<std::uint32_t> not_spawned_;
  std::set<RequestId> unanswered_;
  std::set<RequestId> reloads_;        // among all requests that there were
  std::set<RequestId> orders_;         // about single workers
  std::set<RequestId> configs_;        // of reloads that brought one, until it is loaded
  std::set<RequestId> patient_;        // reloads that wait until the old workers have ended
  std::vector<std::string> refusals_;  // logged during this event
  RequestId last_request_ = 0;
  RequestId withdrawn_ = 0;               // during this event
  std::optional<std::uint32_t> hangs_{};  // the same: a slot
  pid_t last_pid_ = 1000;
  bool is_told_reloading_ = false;
  std::uint64_t committed_ = 0;
  std::map<std::uint64_t, bool> kept_;  // by generation: whether it is whole
  std::set<LoadId> loading_;
  std::set<LoadId> loaded_;  // neither committed nor rolled back
  bool stop_asked_ = false;
  bool exited_ = false;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_TESTING_SIMULATED_MACHINE_H_
