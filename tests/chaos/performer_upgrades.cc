// Other programs in the master's process: the same one again, and back.

#include <signal.h>

#include <algorithm>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "muster/tests/chaos/ctl_answer.h"
#include "muster/tests/chaos/performer.h"

namespace muster::tests::chaos {

using admin::v1::Worker;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

using UpgradeState = admin::v1::Upgrade;

// Of the actions before: a worker opens its logs again, a trial is just over.
constexpr std::chrono::seconds kPatienceOfQuiet{10};
// The trial of an upgrade takes a minute, if the configuration has none.
constexpr std::chrono::seconds kSurelyOnTrial{55};

}  // namespace

Finished Performer::CtlWhenQuiet(const std::string& command) {
  const auto deadline = steady_clock::now() + kPatienceOfQuiet;
  while (true) {
    Finished finished = muster().Ctl({command});
    const bool is_busy = absl::StrContains(finished.errors, "being opened again") ||
                         absl::StrContains(finished.errors, "being started") ||
                         absl::StrContains(finished.errors, "is on trial");
    if (finished.exit == 0 || !is_busy || steady_clock::now() > deadline) return finished;
    std::this_thread::sleep_for(milliseconds(50));
  }
}

Performer::Wrongs Performer::NoteChange(const Served& served, Time begin,
                                        std::vector<Worker> before) {
  std::uint64_t serves = expected_.generation;
  const bool is_told = muster().AwaitStatus([&](const admin::v1::Status& status) {
    serves = status.master().generation();
    for (const Worker& worker : status.workers()) {
      if (worker.generation() < serves) before.push_back(worker);
    }
    return serves > expected_.generation && status.master().state() == admin::v1::Master::RUNNING;
  });
  if (!is_told) return {absl::StrCat("generation ", expected_.generation, " serves on")};
  NoteDrain(begin, before);
  // No answer tells what ended with the oldest generation.
  std::set<std::uint64_t> generations = {serves};
  for (const Worker& worker : before) generations.insert(worker.generation());
  if (static_cast<int>(generations.size()) > served.settings.generations) {
    Ledger::Reason reason = {.name = "max_generations", .from = begin};
    for (const Worker& worker : before) {
      if (worker.generation() == *generations.begin()) reason.holders.insert(worker.pid());
    }
    ledger_.Add(std::move(reason));
  }
  expected_.generation = serves;
  history_[serves] = served;
  // There are as many as before.
  const int workers = expected_.workers;
  NoteSettings(served.settings);
  settings_.workers = workers;
  history_[serves].settings.workers = workers;
  expected_.workers = workers;
  return {};
}

Performer::Wrongs Performer::Upgrade(bool by_signal) {
  if (expected_.is_paused || before_upgrade_.has_value()) return {};
  const Served served = history_[expected_.generation];
  const std::vector<Worker> before = Workers();
  const Time begin = steady_clock::now();
  if (by_signal) {
    muster().master().Signal(SIGUSR2);
    UpgradeState upgrade;
    const bool is_on_trial = muster().AwaitStatus([&](const admin::v1::Status& status) {
      upgrade = status.master().upgrade();
      return upgrade.by() == "SIGUSR2" && upgrade.state() == UpgradeState::ON_TRIAL;
    });
    // It may have come while something else was under way, which nobody is told but the log.
    if (!is_on_trial) return {absl::StrCat("SIGUSR2 has led to ", upgrade.ShortDebugString())};
  } else {
    const Finished upgrade = CtlWhenQuiet("upgrade");
    if (upgrade.exit != 0) return {absl::StrCat("an upgrade failed: ", Told(upgrade))};
  }
  before_upgrade_ = served;
  upgraded_ = steady_clock::now();
  return NoteChange(served, begin, before);
}

bool Performer::IsOnTrial() {
  if (!before_upgrade_.has_value()) return false;
  if (steady_clock::now() - upgraded_ < kSurelyOnTrial) return true;
  UpgradeState::State state = UpgradeState::ON_TRIAL;
  muster().AwaitStatus([&](const admin::v1::Status& status) {
    state = status.master().upgrade().state();
    return state == UpgradeState::COMMITTED;
  });
  return state == UpgradeState::ON_TRIAL;
}

Performer::Wrongs Performer::Undo() {
  const bool is_on_trial = IsOnTrial();
  const std::optional<Served> served = std::exchange(before_upgrade_, std::nullopt);
  if (!is_on_trial || !served.has_value()) return {};
  const std::vector<Worker> before = Workers();
  const Time begin = steady_clock::now();
  clients_->Demand(std::min(served->number, history_[expected_.generation].number));
  const Finished undo = CtlWhenQuiet("undo");
  if (undo.exit != 0) return {absl::StrCat("an undo failed: ", Told(undo))};
  return NoteChange(*served, begin, before);
}

Performer::Wrongs Performer::Commit() {
  const bool is_on_trial = IsOnTrial();
  before_upgrade_.reset();
  if (!is_on_trial) return {};
  const Finished commit = muster().Ctl({"commit"});
  if (commit.exit != 0) return {absl::StrCat("a commit failed: ", Told(commit))};
  return {};
}

}  // namespace muster::tests::chaos
