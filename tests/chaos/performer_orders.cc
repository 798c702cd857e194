// What an operator orders, but for reloads of the file.

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
#include "muster/tests/chaos/reload_answer.h"

namespace muster::tests::chaos {

using admin::v1::Worker;
using std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds kShortTrial{1};  // the shortest
constexpr std::chrono::seconds kLongTrial{600};

}  // namespace

Performer::Wrongs Performer::Scale(int by) {
  const std::vector<Worker> before = Workers();
  const bool can_scale = settings_.accept != Settings::Accept::kReuseport && !expected_.is_paused &&
                         expected_.workers + by >= 1;
  muster().master().Signal(by > 0 ? SIGTTIN : SIGTTOU);
  if (!can_scale) return {};
  const Time begin = steady_clock::now();
  expected_.workers += by;
  if (by > 0) return {};
  // Which one goes is the master's decision; whoever goes on serving has no reason to close.
  std::vector<Worker> gone = before;
  muster().AwaitStatus([&](const admin::v1::Status& status) {
    int stay = 0;
    for (const Worker& worker : status.workers()) {
      if (worker.generation() == expected_.generation && worker.state() != Worker::DRAINING &&
          worker.state() != Worker::STOPPING) {
        ++stay;
      }
    }
    if (stay != expected_.workers) return false;
    gone.erase(std::remove_if(gone.begin(), gone.end(),
                              [&](const Worker& worker) {
                                return std::any_of(status.workers().begin(), status.workers().end(),
                                                   [&](const Worker& each) {
                                                     return each.pid() == worker.pid() &&
                                                            each.state() != Worker::DRAINING;
                                                   });
                              }),
               gone.end());
    return true;
  });
  NoteDrain(begin, gone);
  return {};
}

template <typename Response>
Performer::Wrongs Performer::ReadWarnings(const Response& response, Time begin,
                                          const std::vector<Worker>& before) {
  admin::v1::ReloadResponse same;  // but for what is asked of a reload alone
  bool keeps = false;
  for (const std::string& warning : response.warning()) {
    same.add_warning(warning);
    keeps = keeps || absl::StrContains(warning, "goes on serving");
  }
  same.set_connections_kept(keeps ? 1 : 0);
  ReloadAnswer answer =
      Read(same, {.begin = begin, .workers = 0, .drained = before, .is_disturbed = is_disturbed_});
  for (Ledger::Reason& reason : answer.reasons) ledger_.Add(std::move(reason));
  keepers_.merge(answer.keepers);
  return std::move(answer.wrongs);
}

// With REUSEPORT it is a new generation with the same configuration.
Performer::Wrongs Performer::ScaleTo(int workers) {
  if (expected_.is_paused) return {};
  const std::vector<Worker> before = Workers();
  const Time begin = steady_clock::now();
  const Finished scale = muster().Ctl({"-o", "json", "scale", absl::StrCat(workers)});
  const auto response = FromJson<admin::v1::ScaleResponse>(scale.output);
  if (scale.exit != 0 || !response.has_value()) {
    return {absl::StrCat("scale failed: ", Told(scale))};
  }
  NoteDrain(begin, before);
  expected_.workers = workers;
  if (response->generation() != expected_.generation) {
    settings_.workers = workers;
    history_[response->generation()] = {settings_, history_[expected_.generation].number};
    expected_.generation = response->generation();
    NoteSettings(settings_);
  }
  return ReadWarnings(*response, begin, before);
}

Performer::Wrongs Performer::Restart() {
  if (expected_.is_paused) return {};
  const std::vector<Worker> before = Workers();
  const Time begin = steady_clock::now();
  const Finished restart = muster().Ctl({"-o", "json", "restart"});
  const auto response = FromJson<admin::v1::RestartResponse>(restart.output);
  if (restart.exit != 0 || !response.has_value()) {
    return {absl::StrCat("restart failed: ", Told(restart))};
  }
  NoteDrain(begin, before);
  Wrongs wrongs = ReadWarnings(*response, begin, before);
  for (const Worker& now : Workers()) {
    const bool is_old = std::any_of(before.begin(), before.end(), [&](const Worker& old) {
      return old.pid() == now.pid() && now.state() == Worker::SERVING;
    });
    if (is_old) wrongs.push_back(absl::StrCat("a restart has left worker ", now.index()));
  }
  return wrongs;
}

Performer::Wrongs Performer::Rollback(int back) {
  auto goal = history_.find(expected_.generation);
  while (goal != history_.begin() && back-- > 0) --goal;
  if (goal->first == expected_.generation) return {};
  const Served served = goal->second;
  const std::vector<Worker> before = Workers();
  Probes probes(clients_->port());
  const Time begin = steady_clock::now();
  // From now on it may answer.
  clients_->Demand(std::min(served.number, history_[expected_.generation].number));
  const Finished rollback = muster().Ctl({"-o", "json", "rollback", absl::StrCat(goal->first)});
  const Time answered = steady_clock::now();
  if (rollback.exit != 0) return {absl::StrCat("rollback failed: ", Told(rollback))};
  Wrongs wrongs = NoteSuccess(rollback, served.settings, served.number, begin, before);
  std::this_thread::sleep_for(kProbesAfterAnswer);
  const auto response = FromJson<admin::v1::ReloadResponse>(rollback.output);
  const std::vector<Probes::Answer> answers = probes.End();
  if (!response.has_value() || TellsOfLateDrain(*response)) return wrongs;
  const auto others = std::count_if(answers.begin(), answers.end(), [&](const auto& answer) {
    return answer.began > answered && answer.configuration != served.number;
  });
  if (others > 0) {
    wrongs.push_back(absl::StrCat(others,
                                  " connections that began after the answer to a rollback to ",
                                  "configuration ", served.number, " were answered by another"));
  }
  return wrongs;
}

Performer::Wrongs Performer::OrderWorker(const Action& action) {
  using Order = Action::Order;
  const std::vector<Worker> before = Workers();
  const std::optional<pid_t> pid = ServingNumber(action.worker, before);
  if (expected_.is_paused || !pid.has_value()) return {};
  const auto is_it = [&](const Worker& each) { return each.pid() == *pid; };
  const Worker worker = *std::find_if(before.begin(), before.end(), is_it);
  if (worker.generation() != expected_.generation) return {};  // it serves until others have room
  const auto serving = std::count_if(before.begin(), before.end(), [&](const Worker& each) {
    return each.generation() == expected_.generation && each.state() == Worker::SERVING;
  });
  // Of the last one nothing is closed, since it is not taken away.
  const bool is_killed = action.order == Order::kKill && serving > 1;
  if (is_killed) NoteKill(*pid);
  const Time begin = steady_clock::now();
  const Finished order =
      muster().Ctl({"-o", "json", "worker", NameOf(action.order), absl::StrCat(worker.index())});
  if (order.exit != 0) {
    if (is_killed) ::kill(*pid, SIGCONT);
    const bool has_own_sockets =
        action.order == Order::kDrain && settings_.accept == Settings::Accept::kReuseport;
    if (has_own_sockets && absl::StrContains(order.errors, "REUSEPORT")) return {};
    // A worker that was killed before may wait to be started again.
    const bool is_last = action.order != Order::kRestart && serving <= 1;
    if (is_last && order.exit == 1 && absl::StrContains(order.errors, "last")) return {};
    return {absl::StrCat("the order failed: ", Told(order))};
  }
  const auto response = FromJson<admin::v1::ChangeWorkerResponse>(order.output);
  if (!response.has_value()) return {absl::StrCat("no answer to an order: ", Told(order))};
  limited_.erase(*pid);
  if (action.order == Order::kDrain) --expected_.workers;
  if (action.order != Order::kKill) NoteDrain(begin, {worker});
  Wrongs wrongs = ReadWarnings(*response, begin, {worker});
  for (const Worker& now : Workers()) {
    if (is_it(now) && now.state() == Worker::SERVING) {
      wrongs.push_back(absl::StrCat("it serves on after the order: ", Told(order)));
    }
  }
  return wrongs;
}

Performer::Wrongs Performer::Try(const Action& action) {
  if (expected_.is_paused) return {};
  const Served served = history_[expected_.generation];
  const int number = ++last_number_;
  const std::chrono::seconds time = action.passes ? kShortTrial : kLongTrial;
  stage_.WriteOnTrial(action.settings, number, time);
  const std::vector<Worker> before = Workers();
  const Time begin = steady_clock::now();
  const Finished reload = muster().Ctl({"-o", "json", "reload"});
  if (reload.exit != 0) return {absl::StrCat("a good reload failed: ", Told(reload))};
  Wrongs wrongs = NoteSuccess(reload, action.settings, number, begin, before);
  if (action.passes) {
    std::this_thread::sleep_for(time);
    return wrongs;
  }
  const Wrongs more = FailTrial(served);
  wrongs.insert(wrongs.end(), more.begin(), more.end());
  return wrongs;
}

Performer::Wrongs Performer::FailTrial(const Served& before) {
  const std::uint64_t on_trial = expected_.generation;
  clients_->Demand(std::min(before.number, last_number_));
  std::vector<Worker> tried;
  std::set<pid_t> killed;  // the status has them until the master has seen their end
  std::uint64_t serves = on_trial;
  const Time begin = steady_clock::now();
  for (int crashes = 0; crashes <= kCrashesOfTrial; ++crashes) {
    std::optional<pid_t> pid;
    const bool is_there = muster().AwaitStatus([&](const admin::v1::Status& status) {
      tried = {status.workers().begin(), status.workers().end()};
      std::vector<Worker> alive;
      for (const Worker& worker : tried) {
        if (killed.count(worker.pid()) == 0) alive.push_back(worker);
      }
      pid = ServingNumber(crashes, alive);
      return pid.has_value();
    });
    if (!is_there) return {"no worker serves on trial"};
    Kill(*pid);
    killed.insert(*pid);
  }
  const bool is_back = muster().AwaitStatus([&](const admin::v1::Status& status) {
    serves = status.master().generation();
    for (const Worker& worker : status.workers()) {
      if (worker.generation() == on_trial) tried.push_back(worker);
    }
    return serves > on_trial && status.master().state() == admin::v1::Master::RUNNING;
  });
  if (!is_back) return {absl::StrCat("generation ", on_trial, " has failed its trial, and serves")};
  NoteDrain(begin, tried);
  // With that of the rollback they may be too many. No answer tells what ended with the oldest.
  std::set<std::uint64_t> generations = {serves};
  for (const Worker& worker : tried) generations.insert(worker.generation());
  if (static_cast<int>(generations.size()) > before.settings.generations) {
    Ledger::Reason reason = {.name = "max_generations", .from = begin};
    for (const Worker& worker : tried) {
      if (worker.generation() == *generations.begin()) reason.holders.insert(worker.pid());
    }
    ledger_.Add(std::move(reason));
  }
  expected_.generation = serves;
  history_[serves] = before;
  NoteSettings(before.settings);
  return {};
}

Performer::Wrongs Performer::Pause() {
  if (expected_.is_paused) return {};
  const Time begin = steady_clock::now();
  const Finished pause = muster().Ctl({"pause"});
  ledger_.Add({.name = "pause", .from = begin, .all_opened_before = steady_clock::now()});
  stopped_.clear();
  limited_.clear();
  if (pause.exit != 0) return {absl::StrCat("pause failed: ", Told(pause))};
  expected_.is_paused = true;
  return {};
}

Performer::Wrongs Performer::Resume() {
  if (!expected_.is_paused) return {};
  const Finished resume = muster().Ctl({"-o", "json", "resume"});
  const auto response = FromJson<admin::v1::ResumeResponse>(resume.output);
  if (resume.exit != 0 || !response.has_value()) {
    return {absl::StrCat("resume failed: ", Told(resume))};
  }
  history_[response->generation()] = history_[expected_.generation];
  expected_.generation = response->generation();
  expected_.is_paused = false;
  expected_.workers = settings_.workers;
  return {};
}

}  // namespace muster::tests::chaos
