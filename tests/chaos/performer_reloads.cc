// Reloads of the file: good ones, bad ones and several at once, and what follows from each answer.

#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "muster/tests/chaos/ctl_answer.h"
#include "muster/tests/chaos/performer.h"
#include "muster/tests/chaos/probes.h"
#include "muster/tests/chaos/process_control.h"
#include "muster/tests/chaos/process_view.h"
#include "muster/tests/chaos/reload_answer.h"

namespace muster::tests::chaos {

using admin::v1::Worker;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

// So long the master has few descriptors while it reloads.
constexpr milliseconds kFewDescriptorsTime{400};
constexpr milliseconds kShortStop{300};
constexpr int kDownloadsInARow = 6;
constexpr milliseconds kPatienceOfDownloads{500};
constexpr milliseconds kTimeOfCutDownloads{150};

}  // namespace

Performer::Ended Performer::AwaitReload(const std::function<void()>& meanwhile,
                                        const std::function<void()>& answered) {
  Ended ended;
  std::thread ctl([&] {
    ended.ctl = muster().Ctl({"-o", "json", "reload"});
    ended.at = steady_clock::now();
    answered();
  });
  meanwhile();
  ctl.join();
  return ended;
}

Performer::Wrongs Performer::Reload(const Action& action) {
  using Meanwhile = Action::Meanwhile;
  const int number = ++last_number_;
  stage_.Write(action.settings, number);
  const std::vector<Worker> before = Workers();
  std::optional<pid_t> stopped_for_this;
  if (action.meanwhile == Meanwhile::kStopUntilAnswer) {
    stopped_for_this = ServingNumber(action.worker, before);
    if (stopped_for_this.has_value() && stopped_.count(*stopped_for_this) == 0) {
      ::kill(*stopped_for_this, SIGSTOP);
      AwaitStopped(*stopped_for_this);
    } else {
      stopped_for_this.reset();
    }
  }
  Probes probes(clients_->port());
  const Time begin = steady_clock::now();
  bool has_killed = false;
  const auto meanwhile = [&] {
    if (action.meanwhile != Meanwhile::kKill && action.meanwhile != Meanwhile::kStop) return;
    std::this_thread::sleep_for(action.delay);
    const std::vector<pid_t> children = ChildrenOf(master());
    if (children.empty()) return;
    const pid_t pid = children[action.worker % children.size()];
    if (action.meanwhile == Meanwhile::kKill) {
      has_killed = true;
      Kill(pid);
      return;
    }
    ::kill(pid, SIGSTOP);
    std::this_thread::sleep_for(kShortStop);
    if (stopped_.count(pid) == 0) ::kill(pid, SIGCONT);
  };
  const Ended reload = AwaitReload(meanwhile, [&] {
    if (stopped_for_this.has_value()) ::kill(*stopped_for_this, SIGCONT);
  });
  // Who was killed meanwhile has nothing to tell.
  std::set<pid_t> stopped = stopped_;
  if (stopped_for_this.has_value()) stopped.insert(*stopped_for_this);
  if (reload.ctl.exit == 0) {
    Wrongs wrongs = NoteSuccess(reload.ctl, action.settings, number, begin, before);
    std::this_thread::sleep_for(kProbesAfterAnswer);
    const Wrongs more = NoteOldWorkers(reload, number, stopped, before, probes.End());
    wrongs.insert(wrongs.end(), more.begin(), more.end());
    return wrongs;
  }
  Wrongs wrongs = NoteRefusal(reload.ctl, number, before, has_killed);
  if (!has_killed) wrongs.push_back(absl::StrCat("a good reload failed: ", Told(reload.ctl)));
  return wrongs;
}

Performer::Wrongs Performer::NoteOldWorkers(const Ended& reload, int number,
                                            const std::set<pid_t>& stopped,
                                            const std::vector<Worker>& before,
                                            const std::vector<Probes::Answer>& answers) {
  const auto response = FromJson<admin::v1::ReloadResponse>(reload.ctl.output);
  if (!response.has_value()) return {};
  Wrongs wrongs = UntoldWorkers(*response, before, stopped);
  // Who has not begun to drain may accept; the answer has told it.
  if (TellsOfLateDrain(*response)) return wrongs;
  std::map<int, int> old;
  for (const Probes::Answer& answer : answers) {
    if (answer.began > reload.at && answer.configuration < number) ++old[answer.configuration];
  }
  for (const auto& [configuration, count] : old) {
    wrongs.push_back(absl::StrCat(count,
                                  " connections that began after the answer to the reload of ",
                                  "configuration ", number, " were answered by ", configuration));
  }
  return wrongs;
}

Performer::Wrongs Performer::ReloadsInARow(const Action& action) {
  Wrongs wrongs;
  for (int i = 0; i < action.amount; ++i) {
    clients_->BeginDownloads(kDownloadsInARow, kPatienceOfDownloads);
    const Wrongs more = Reload({.kind = Action::Kind::kReload, .settings = action.settings});
    wrongs.insert(wrongs.end(), more.begin(), more.end());
  }
  clients_->EndDownloads(kTimeOfCutDownloads);
  return wrongs;
}

Performer::Wrongs Performer::TrySlots() {
  const std::size_t workers_before = Workers().size();
  Wrongs wrongs = Reload({.kind = Action::Kind::kReload, .settings = settings_});
  for (const Worker& worker : Workers()) {
    if (worker.generation() != expected_.generation) continue;
    if (worker.slot() < workers_before + expected_.workers) continue;
    wrongs.push_back(absl::StrCat("a new worker has slot ", worker.slot(), " beside ",
                                  workers_before, " others: earlier ones are not free"));
  }
  return wrongs;
}

Performer::Wrongs Performer::ReloadToBeRefused(const Action& action) {
  const int number = ++last_number_;
  stage_.Write(action.settings, number, action.mistake);
  const std::vector<Worker> before = Workers();
  Probes probes(clients_->port());
  const Finished reload = AwaitReload([] {}).ctl;
  Wrongs wrongs = NoteRefusal(reload, number, before, false);
  if (reload.exit == 0) wrongs.push_back(absl::StrCat("a bad reload succeeded: ", Told(reload)));
  int refused = 0;
  for (const Probes::Answer& answer : probes.End()) refused += answer.configuration == number;
  if (refused > 0) {
    wrongs.push_back(absl::StrCat(refused, " connections were answered by configuration ", number,
                                  " before it was refused: ", Told(reload)));
  }
  return wrongs;
}

Performer::Wrongs Performer::ReloadTwice(const Action& action) {
  const int number = ++last_number_;
  stage_.Write(action.settings, number);
  const std::vector<Worker> before = Workers();
  const Time begin = steady_clock::now();
  Finished other;
  const Finished reload = AwaitReload([&] { other = muster().Ctl({"-o", "json", "reload"}); }).ctl;
  Wrongs wrongs;
  for (const Finished* each : {&reload, static_cast<const Finished*>(&other)}) {
    if (each->exit != 0) {
      wrongs.push_back(absl::StrCat("one of two good reloads failed: ", Told(*each)));
      continue;
    }
    const std::uint64_t newest = expected_.generation;
    const Wrongs more = NoteSuccess(*each, action.settings, number, begin, before);
    wrongs.insert(wrongs.end(), more.begin(), more.end());
    // The workers of the first of the two drain as well.
    const auto response = FromJson<admin::v1::ReloadResponse>(each->output);
    if (response.has_value()) {
      NoteDrain(begin, {response->workers().begin(), response->workers().end()});
    }
    expected_.generation = std::max(expected_.generation, newest);
  }
  return wrongs;
}

Performer::Wrongs Performer::ReloadWithFewDescriptors(const Action& action) {
  const int number = ++last_number_;
  stage_.Write(action.settings, number);
  const std::vector<Worker> before = Workers();
  const Time begin = steady_clock::now();
  const rlim_t usual = SetSoftLimit(master(), HighestDescriptor(master()) + 1 + action.amount);
  const Finished reload = AwaitReload([&] {
                            std::this_thread::sleep_for(kFewDescriptorsTime);
                            SetSoftLimit(master(), usual);
                          }).ctl;
  // The workers of a reload that has succeeded were started with this limit.
  if (reload.exit == 0) {
    Wrongs wrongs = NoteSuccess(reload, action.settings, number, begin, before);
    for (const Worker& worker : Workers()) limited_.insert(worker.pid());
    clients_->AllowFailures(true);
    return wrongs;
  }
  return NoteRefusal(reload, number, before, false);
}

Performer::Wrongs Performer::NoteSuccess(const Finished& reload, const Settings& settings,
                                         int number, Time begin,
                                         const std::vector<Worker>& before) {
  const auto response = FromJson<admin::v1::ReloadResponse>(reload.output);
  if (!response.has_value()) return {absl::StrCat("no answer to a reload: ", Told(reload))};
  clients_->Demand(number);
  expected_.generation = response->generation();
  expected_.is_paused = false;
  NoteSettings(settings);
  history_[response->generation()] = {settings, number};
  // With those that were started again between the look before and the reload.
  std::vector<Worker> draining = before;
  for (const Worker& worker : Workers()) {
    if (worker.generation() < response->generation()) draining.push_back(worker);
  }
  NoteDrain(begin, draining);
  ReloadAnswer answer = Read(*response, {.begin = begin,
                                         .workers = settings.workers,
                                         .drained = std::move(draining),
                                         .is_disturbed = is_disturbed_});
  for (Ledger::Reason& reason : answer.reasons) ledger_.Add(std::move(reason));
  keepers_.merge(answer.keepers);
  return std::move(answer.wrongs);
}

Performer::Wrongs Performer::NoteRefusal(const Finished& reload, int number,
                                         const std::vector<Worker>& before, bool has_killed) {
  refused_.insert(number);
  Wrongs wrongs;
  if (reload.exit != 0 &&
      (reload.exit != 1 || !absl::StrContains(reload.errors, "reload refused"))) {
    wrongs.push_back(absl::StrCat("no refusal: ", Told(reload)));
  }
  if (has_killed) return wrongs;
  const std::vector<Worker> after = Workers();
  for (const Worker& worker : before) {
    const bool serves = worker.generation() == expected_.generation &&
                        (worker.state() == Worker::SERVING || worker.state() == Worker::HUNG);
    const bool is_there = std::any_of(after.begin(), after.end(), [&](const Worker& each) {
      return each.pid() == worker.pid() && each.state() != Worker::DRAINING;
    });
    if (serves && !is_there) {
      wrongs.push_back(absl::StrCat("a refused reload has ended worker ", worker.index(), " (pid ",
                                    worker.pid(), "): ", Told(reload)));
    }
  }
  return wrongs;
}

}  // namespace muster::tests::chaos
