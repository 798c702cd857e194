#ifndef MUSTER_MASTER_DECIDE_TESTING_SUPERVISOR_CORE_FIXTURE_H_
#define MUSTER_MASTER_DECIDE_TESTING_SUPERVISOR_CORE_FIXTURE_H_

#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/ipc/process/process_exit.h"
#include "muster/master/decide/clock.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/master/decide/supervisor_core.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/decide/worker_state.h"
#include "muster/worker/protocol/command.h"

namespace muster::master {

inline ipc::ProcessExit Code(int code) { return {.pid = 1, .code = code}; }
inline ipc::ProcessExit KilledBy(int signal) {
  return {.pid = 1, .was_killed = true, .code = signal};
}

// A supervisor whose actions are only written down, for the tests of its core. Spawns succeed
// unless told otherwise, with pid 100 + slot.
class SupervisorCoreTest : public testing::Test {
 protected:
  struct Sent {
    std::uint32_t slot;
    worker::Command command;
    friend bool operator==(const Sent&, const Sent&) = default;
  };
  struct Signalled {
    std::uint32_t slot;
    int signal;
    friend bool operator==(const Signalled&, const Signalled&) = default;
  };

  void Give(const Event& event) {
    for (const Action& action : core_.Handle(event, now_)) {
      if (const auto* spawn = std::get_if<SpawnAction>(&action)) {
        spawned_.push_back(spawn->slot);
        if (fail_spawns_) {
          events_.push_back(SpawnFailedEvent{spawn->slot, "posix_spawn /w: Resource busy"});
        } else {
          events_.push_back(SpawnedEvent{spawn->slot, static_cast<pid_t>(100 + spawn->slot)});
        }
      } else if (const auto* send = std::get_if<SendAction>(&action)) {
        sent_.push_back({send->slot, send->command});
        token_ = send->token;
        tokens_[send->slot] = send->token;
      } else if (const auto* signal = std::get_if<SignalAction>(&action)) {
        signalled_.push_back({signal->slot, signal->signal});
      } else if (const auto* release = std::get_if<ReleaseSlotAction>(&action)) {
        released_.push_back(release->slot);
      } else if (const auto* load = std::get_if<LoadAction>(&action)) {
        ++loads_;
        load_ = load->load;
      } else if (const auto* again = std::get_if<LoadAgainAction>(&action)) {
        ++loads_again_;
        load_ = again->load;
        load_again_ = *again;
      } else if (const auto* abandon = std::get_if<AbandonLoadAction>(&action)) {
        abandoned_.push_back(*abandon);
      } else if (const auto* listen = std::get_if<ListenAction>(&action)) {
        if (listen_error_.ok()) {
          events_.push_back(ListeningEvent{listen->generation});
        } else {
          events_.push_back(ListenRefusedEvent{listen->generation, listen_error_});
        }
      } else if (const auto* commit = std::get_if<CommitAction>(&action)) {
        committed_.push_back(commit->generation);
      } else if (std::get_if<RollBackAction>(&action)) {
        ++roll_backs_;
      } else if (std::get_if<CloseListenersAction>(&action)) {
        ++listener_closes_;
      } else if (const auto* reply = std::get_if<ReplyAction>(&action)) {
        replies_.push_back(*reply);
      } else if (const auto* log = std::get_if<LogAction>(&action)) {
        if (log->severity != Severity::kDebug) log_.push_back(log->text);
      } else if (const auto* notify = std::get_if<NotifyAction>(&action)) {
        notified_.push_back(notify->what);
      } else if (const auto* exit = std::get_if<ExitAction>(&action)) {
        exits_.push_back(exit->code);
      } else if (const auto* tried = std::get_if<TryProgramAction>(&action)) {
        tried_.push_back(*tried);
      } else if (std::get_if<AbandonProgramAction>(&action)) {
        ++programs_abandoned_;
      } else if (const auto* exec = std::get_if<ExecAction>(&action)) {
        execs_.push_back(*exec);
      } else if (std::get_if<DropOldProgramAction>(&action)) {
        ++old_programs_dropped_;
      }
    }
    while (!events_.empty()) {
      const Event next = events_.front();
      events_.erase(events_.begin());
      Give(next);
    }
  }
  // Lets `delay` go by with all the ticks that fall due.
  void Pass(Duration delay) {
    const TimePoint until = now_ + delay;
    while (core_.next_deadline() && *core_.next_deadline() <= until) {
      now_ = std::max(now_, *core_.next_deadline());
      Give(TickEvent{});
    }
    now_ = until;
  }
  void StartServing(std::uint32_t workers = 2) {
    settings_.workers = workers;
    Give(StartEvent{settings_});
    for (std::uint32_t slot = 0; slot < workers; ++slot) Give(ReadyEvent{slot});
    Forget();
  }
  // Up to where the workers of the new generation are started, in slots 2 and 3.
  void BeginReload(RequestId request) {
    Give(ReloadEvent{request});
    Give(LoadedEvent{load_, settings_});
  }
  void Forget() {
    spawned_.clear();
    sent_.clear();
    signalled_.clear();
    released_.clear();
    committed_.clear();
    abandoned_.clear();
    replies_.clear();
    log_.clear();
    notified_.clear();
    tried_.clear();
    execs_.clear();
    programs_abandoned_ = old_programs_dropped_ = 0;
    loads_ = loads_again_ = roll_backs_ = 0;
  }
  // All that was asked of the worker in the slot last is done.
  void Acknowledge(std::uint32_t slot, const std::string& error = "") {
    Give(AckedEvent{slot, tokens_[slot], error});
  }
  // Up to the answer: the workers of generation 2 are ready, and all workers acknowledge.
  void FinishReload() {
    for (std::uint32_t slot : {2u, 3u}) Give(ReadyEvent{slot});
    for (std::uint32_t slot : {0u, 1u, 2u, 3u}) Acknowledge(slot);
  }
  // What the one who asked for that reload was told; empty: nothing, or that it was done.
  std::string RefusalOf(RequestId request) const {
    for (const ReplyAction& reply : replies_) {
      if (reply.request == request) return std::string(reply.outcome.status.message());
    }
    return "";
  }
  WorkerState StateOf(std::uint32_t slot) const {
    const auto found = core_.workers().find(slot);
    return found == core_.workers().end() ? WorkerState::kGone : found->second.state;
  }

  Settings settings_ = {.workers = 2,
                        .ready_timeout = std::chrono::seconds(10),
                        .shutdown_timeout = std::chrono::seconds(60),
                        .drain_ack_timeout = std::chrono::seconds(5),
                        .max_generations = 4,
                        .restart = {.crash_loop_limit = 3}};
  SupervisorCore core_{1024};
  TimePoint now_{};
  bool fail_spawns_ = false;
  std::vector<Event> events_;

  std::vector<std::uint32_t> spawned_;
  std::vector<Sent> sent_;
  std::vector<Signalled> signalled_;
  std::vector<std::uint32_t> released_;
  std::vector<std::uint64_t> committed_;
  std::vector<ReplyAction> replies_;
  std::vector<std::string> log_;
  std::vector<NotifyAction::What> notified_;
  std::vector<int> exits_;
  int loads_ = 0;
  int loads_again_ = 0;
  LoadId load_ = 0;  // the last one
  LoadAgainAction load_again_;
  std::vector<TryProgramAction> tried_;
  std::vector<ExecAction> execs_;
  int programs_abandoned_ = 0;
  int old_programs_dropped_ = 0;
  std::vector<AbandonLoadAction> abandoned_;
  int roll_backs_ = 0;
  int listener_closes_ = 0;
  absl::Status listen_error_;
  std::uint32_t token_ = 0;
  std::map<std::uint32_t, std::uint32_t> tokens_;  // the last one by slot
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_TESTING_SUPERVISOR_CORE_FIXTURE_H_
