#ifndef MUSTER_MASTER_DECIDE_TESTING_SIMULATED_MACHINE_H_
#define MUSTER_MASTER_DECIDE_TESTING_SIMULATED_MACHINE_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "muster/ipc/process/process_exit.h"
#include "muster/master/decide/clock.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/master/decide/supervisor_core.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/proto/state/core_state.pb.h"
#include "muster/worker/protocol/command.h"

namespace muster::master {

// Stands for the machine: processes that live, get ready, obey or do not, and die; and for those
// who ask the master for something. What happens is random, but the same for the same seed. A
// promise of the core that does not hold is a failure of the test that runs.
class SimulatedMachine {
 public:
  // What is done to a saved state before a core is restored from it. False: nothing was to be done.
  using Spoil = std::function<bool(state::v1::CoreState& state)>;

  explicit SimulatedMachine(unsigned seed) : random_(seed) {}

  // Lets a second core do the same as the first: it is restored at each quiet point from what was
  // saved of the one that was there in its place, while the first goes on undisturbed. With `spoil`
  // it is restored from the first core, and only once, when `spoil` has done something.
  void AddTwin(Spoil spoil = nullptr) {
    has_twin_ = true;
    spoil_ = std::move(spoil);
  }
  // What the second core, or its state, had otherwise at first. Empty: nothing.
  const std::string& difference() const { return difference_; }

  // A whole history: from the start, through so many events or fewer, to the master's end. Once.
  void Run(int events);

 private:
  static constexpr std::uint32_t kSlots = 24;
  static constexpr std::chrono::milliseconds kLongestFloor{200};  // of AnySettings

  struct Process {
    std::uint64_t generation = 0;
    std::uint32_t protocol = worker::kProtocolVersion;
    pid_t pid = 0;
    bool is_ready = false;
    bool serves = false;               // accepts connections
    std::uint32_t unacknowledged = 0;  // the token of its DRAIN or QUIT
    std::uint32_t reopening = 0;       // of its REOPEN
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
  void TheLastDroppedListenerEnds();
  // Asks to stop; from now on only what has been killed is sure to die.
  void End();
  void Give(const Event& event);
  // What must hold between two events.
  void CheckState() const;
  // If nobody serves, somebody who has served is started again soon.
  void CheckRestart() const;
  void CheckUpgrade() const;
  // Whether the twin does the same, and knows the same.
  void CompareTwin(const Event& event, const std::vector<Action>& actions);
  void RestoreTwin();
  // Of what was serialised and parsed. Null, and a difference: it could not be restored.
  std::optional<SupervisorCore> Restore(state::v1::CoreState state);
  void Differ(bool is_same, absl::string_view what);

  void OrderAnUpgrade();
  Event AnyVerdict();
  // Another program takes over, or does not.
  void Execute();
  // That generation's deployment, or a copy of it, is that of an upgrade.
  bool IsOfUpgrade(std::uint64_t generation) const;

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
  void Do(const CommitAction& action, std::vector<Event>* outcomes);
  void Do(const RollBackAction& action, std::vector<Event>*);
  void Do(const CloseListenersAction&, std::vector<Event>*);
  void Do(const ReplyAction& action, std::vector<Event>*);
  void Do(const LogAction& action, std::vector<Event>*);
  void Do(const ExitAction&, std::vector<Event>*);
  void Do(const TryProgramAction& action, std::vector<Event>* outcomes);
  void Do(const AbandonProgramAction& action, std::vector<Event>*);
  void Do(const ExecAction& action, std::vector<Event>*);
  void Do(const DropOldProgramAction&, std::vector<Event>*);
  Event AnyEndOf(LoadId load);
  bool AnotherServes(std::uint32_t slot) const;
  // Those of the generation that serves who will go on after this action.
  std::uint32_t CountServing() const;

  std::mt19937 random_;
  std::optional<SupervisorCore> core_{std::in_place, kSlots};
  bool has_twin_ = false;
  Spoil spoil_{};
  std::optional<SupervisorCore> twin_{};
  std::string difference_{};
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
  bool is_retiring_ = false;  // dropped listeners have not come to their end
  std::uint64_t committed_ = 0;
  std::map<std::uint64_t, bool> kept_;  // by generation: whether it is whole
  std::set<LoadId> loading_;
  std::set<LoadId> loaded_;  // neither committed nor rolled back
  // Of an upgrade: the number of the one that is being tried; whether the tried program and the one
  // that was replaced are there; the generation that it brought; whether the program is to be
  // executed, and is the one before.
  std::optional<std::uint64_t> trying_{};
  bool has_tried_ = false;
  bool has_old_ = false;
  std::uint64_t brought_ = 0;
  std::optional<bool> exec_{};
  RequestId locked_out_ = 0;  // asked for in this event, while an upgrade is under way
  bool is_hup_owed_ = false;  // a signal asked for a reload then, and none was begun since
  int depth_ = 0;             // of Give
  bool stop_asked_ = false;
  bool exited_ = false;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_TESTING_SIMULATED_MACHINE_H_
