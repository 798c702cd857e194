#ifndef MUSTER_TESTS_CHAOS_PERFORMER_H_
#define MUSTER_TESTS_CHAOS_PERFORMER_H_

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "muster/proto/admin.pb.h"
#include "muster/tests/chaos/action.h"
#include "muster/tests/chaos/audit.h"
#include "muster/tests/chaos/clients.h"
#include "muster/tests/chaos/ledger.h"
#include "muster/tests/chaos/log_pipes.h"
#include "muster/tests/chaos/probes.h"
#include "muster/tests/chaos/stage.h"

namespace muster::tests::chaos {

// Performs actions on a master that runs and serves clients. It knows what each must lead to, and
// writes into the ledger which connections it may close.
class Performer {
 public:
  // Starts the master. `is_started` tells whether it serves.
  explicit Performer(const Settings& first);
  // Leaves no process behind, also if End was not called.
  ~Performer();
  bool is_started() const { return clients_ != nullptr; }

  // Returns when the action is complete, with each thing that went otherwise than it must.
  std::vector<std::string> Perform(const Action& action);
  // Nothing drains: a slot that no worker has is free, and workers of a further reload take it.
  std::vector<std::string> TrySlots();
  // Ends the master, at once or gracefully, with all that must be gone then.
  std::vector<std::string> End(bool is_graceful);

  RunningMaster& muster() { return stage_.muster(); }
  Clients& clients() { return *clients_; }
  Ledger& ledger() { return ledger_; }
  const Expected& expected() const { return expected_; }
  const Settings& settings() const { return settings_; }
  // The numbers of configurations that were refused.
  const std::set<int>& refused() const { return refused_; }
  // Processes that may answer by an old configuration: the answer to a reload counted the
  // connections that they kept, or said that they had not begun to drain.
  const std::set<pid_t>& keepers() const { return keepers_; }
  // Whether all clients find room at once.
  bool has_room_for_all();

  // Over ctl, as an operator gets it. Nothing if it gave no status.
  std::optional<admin::v1::Status> Status();

 private:
  using Wrongs = std::vector<std::string>;
  using Time = Ledger::Time;
  struct Served {
    Settings settings;
    int number = 0;
  };

  Wrongs Reload(const Action& action);
  Wrongs ReloadToBeRefused(const Action& action);
  Wrongs ReloadsInARow(const Action& action);
  Wrongs FillChannel(const Action& action);
  Wrongs ReloadTwice(const Action& action);
  Wrongs ReloadWithFewDescriptors(const Action& action);
  // Runs `ctl reload`; `meanwhile` is called while it is under way, `answered` at once after it.
  struct Ended {
    Finished ctl;
    Time at{};
  };
  Ended AwaitReload(
      const std::function<void()>& meanwhile, const std::function<void()>& answered = [] {});
  // So long new connections are made after the answer to a reload.
  static constexpr std::chrono::milliseconds kProbesAfterAnswer{60};
  // What was told of a worker of `before` that was stopped until the answer; and who was answered
  // by whom around it.
  Wrongs NoteOldWorkers(const Ended& reload, int number, const std::set<pid_t>& stopped,
                        const std::vector<admin::v1::Worker>& before,
                        const std::vector<Probes::Answer>& answers);
  // What follows from the answer of a reload that has succeeded.
  Wrongs NoteSuccess(const Finished& reload, const Settings& settings, int number, Time begin,
                     const std::vector<admin::v1::Worker>& before);
  void NoteSettings(const Settings& settings);
  // A refused reload has changed nothing.
  Wrongs NoteRefusal(const Finished& reload, int number,
                     const std::vector<admin::v1::Worker>& before, bool has_killed);

  Wrongs Scale(int by);
  Wrongs ScaleTo(int workers);
  Wrongs Restart();
  Wrongs Rollback(int back);
  Wrongs OrderWorker(const Action& action);
  Wrongs Try(const Action& action);
  // Lets workers of the generation on trial die until it is given up, and awaits what served
  // before.
  Wrongs FailTrial(const Served& before);
  // Answers of orders about single workers: the warnings that they may have.
  template <typename Response>
  Wrongs ReadWarnings(const Response& response, Time begin,
                      const std::vector<admin::v1::Worker>& before);
  // ---- Other programs (performer_upgrades.cc) ----

  Wrongs Upgrade(bool by_signal);
  Wrongs Undo();
  Wrongs Commit();
  // Runs ctl until the master is not busy otherwise: with what came before.
  Finished CtlWhenQuiet(const std::string& command);
  // Whether it is still for an order to end the trial. It ends by itself after a minute.
  bool IsOnTrial();
  // Another generation serves since an upgrade or an undo, and those before it drain.
  Wrongs NoteChange(const Served& served, Time begin, std::vector<admin::v1::Worker> before);

  Wrongs Pause();
  Wrongs Resume();
  Wrongs Reopen();
  Wrongs Rest();
  void Kill(pid_t pid);
  // Whoever kills it next closes what it holds. It is stopped until then.
  void NoteKill(pid_t pid);
  void Stop(pid_t pid);
  void Continue();
  void LimitDescriptors(pid_t pid, int spare);
  void LiftLimits();
  // Draining begins at `begin` in each of them.
  void NoteDrain(Time begin, const std::vector<admin::v1::Worker>& workers);

  // Those that have a process, the oldest generation's first.
  std::vector<admin::v1::Worker> Workers();
  std::optional<pid_t> WorkerNumber(int number);
  // The same of those that serve.
  static std::optional<pid_t> ServingNumber(int number,
                                            const std::vector<admin::v1::Worker>& workers);
  pid_t master() { return stage_.muster().master().pid(); }

  Stage stage_;
  LogPipes pipes_;
  Ledger ledger_;
  std::unique_ptr<Clients> clients_;
  Expected expected_;
  Settings settings_;                        // of what serves
  std::map<std::uint64_t, Served> history_;  // by generation
  std::optional<Served> before_upgrade_;     // of what an undo goes back to
  Time upgraded_{};
  int last_number_ = 1;
  std::set<int> refused_;
  std::set<pid_t> stopped_;
  // Whether a worker may be late for what the action did, or one before: it is stopped or killed.
  bool is_disturbed_ = false;
  bool is_begun_ = false;
  bool has_ended_ = false;
  std::set<pid_t> limited_;
  std::set<pid_t> keepers_;
};

}  // namespace muster::tests::chaos

#endif  // MUSTER_TESTS_CHAOS_PERFORMER_H_
