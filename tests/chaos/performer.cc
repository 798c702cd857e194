#include "muster/tests/chaos/performer.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/check.h"
#include "muster/tests/chaos/ctl_answer.h"
#include "muster/tests/chaos/plan.h"
#include "muster/tests/chaos/process_control.h"
#include "muster/tests/chaos/process_view.h"
#include "muster/tests/chaos/reload_answer.h"
#include "muster/tests/support/child_process.h"

namespace muster::tests::chaos {
namespace {

using admin::v1::Worker;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A worker may see the end of its deadline a little before the run does.
constexpr milliseconds kSlack{200};
// So long the master has few descriptors while it reloads.
constexpr milliseconds kFewDescriptorsTime{400};
constexpr milliseconds kShortStop{300};
constexpr int kDownloadsInARow = 6;
// More than a channel and the master's queue take.
constexpr int kReopensOfFullChannel = 450;
constexpr milliseconds kPauseBetweenReopens{1};
// Less than until a worker that does not drain is killed.
constexpr milliseconds kPatienceOfObedience{4000};
constexpr milliseconds kPatienceOfDownloads{500};
constexpr milliseconds kTimeOfCutDownloads{150};
constexpr rlim_t kManyDescriptors = 20000;

}  // namespace

Performer::Performer(const Settings& first)
    : pipes_(stage_.muster().folder(), {stage_.log_fifo(), stage_.access_fifo()}),
      settings_(first) {
  stage_.Write(first, last_number_);
  // A run that is interrupted ends its master itself, and takes it along if it is killed.
  if (!muster().Start([this] {
        return ::dup2(pipes_.standard_error(), STDERR_FILENO) >= 0 &&
               ::prctl(PR_SET_PDEATHSIG, SIGTERM) == 0;
      })) {
    return;
  }
  is_begun_ = true;
  expected_ = {.generation = 1, .workers = first.workers};
  NoteSettings(first);
  history_[1] = {first, last_number_};
  const std::string address = muster().address();
  int port = 0;
  MUSTER_CHECK(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port), "a port");
  clients_ = std::make_unique<Clients>(port, master(), kFirstClients);
  clients_->Demand(last_number_);
}

// Workers that are stopped would outlive the master. It is stopped, too, so that it starts no
// others.
Performer::~Performer() {
  clients_.reset();
  if (has_ended_ || !is_begun_) return;
  ::kill(master(), SIGSTOP);
  AwaitStopped(master());
  for (const pid_t pid : ChildrenOf(master())) ::kill(pid, SIGKILL);
}

std::vector<std::string> Performer::Perform(const Action& action) {
  using Kind = Action::Kind;
  const auto on_worker = [&](const std::function<void(pid_t)>& act) {
    const std::optional<pid_t> pid = WorkerNumber(action.worker);
    if (pid.has_value()) act(*pid);
    return Wrongs();
  };
  is_disturbed_ = !stopped_.empty() || action.meanwhile != Action::Meanwhile::kNothing;
  switch (action.kind) {
    case Kind::kReload:
      return Reload(action);
    case Kind::kRefusedReload:
      return ReloadToBeRefused(action);
    case Kind::kTwoReloads:
      return ReloadTwice(action);
    case Kind::kReloadWithFewDescriptors:
      return ReloadWithFewDescriptors(action);
    case Kind::kReloadsInARow:
      return ReloadsInARow(action);
    case Kind::kKill:
      return on_worker([this](pid_t pid) { Kill(pid); });
    case Kind::kStop:
      return on_worker([this](pid_t pid) { Stop(pid); });
    case Kind::kContinue:
      Continue();
      return {};
    case Kind::kFillChannel:
      return FillChannel(action);
    case Kind::kFewDescriptors:
      return on_worker([&](pid_t pid) { LimitDescriptors(pid, action.amount); });
    case Kind::kFillLogs:
      pipes_.Fill();
      return {};
    case Kind::kReadLogs:
      pipes_.Read();
      return {};
    case Kind::kMoreWorkers:
      return Scale(1);
    case Kind::kFewerWorkers:
      return Scale(-1);
    case Kind::kScaleTo:
      return ScaleTo(action.amount);
    case Kind::kRestart:
      return Restart();
    case Kind::kRollback:
      return Rollback(action.amount);
    case Kind::kPause:
      return Pause();
    case Kind::kResume:
      return Resume();
    case Kind::kReopen:
      return Reopen();
    case Kind::kReopenBySignal:
      muster().master().Signal(SIGUSR1);
      return {};
    case Kind::kConnect:
      clients_->Change(action.amount);
      return {};
    case Kind::kDisconnect:
      clients_->Change(-action.amount);
      return {};
    case Kind::kRest:
      return Rest();
  }
  return {};
}

std::optional<admin::v1::Status> Performer::Status() {
  const Finished status = muster().Ctl({"-o", "json", "--timeout", "20s", "status"});
  if (status.exit != 0) return std::nullopt;
  return FromJson<admin::v1::Status>(status.output);
}

std::vector<Worker> Performer::Workers() {
  std::vector<Worker> workers;
  const auto status = Status();
  if (!status.has_value()) return workers;
  for (const Worker& worker : status->workers()) {
    if (worker.pid() != 0) workers.push_back(worker);
  }
  return workers;
}

std::optional<pid_t> Performer::WorkerNumber(int number) {
  const std::vector<Worker> workers = Workers();
  if (workers.empty()) return std::nullopt;
  return workers[number % workers.size()].pid();
}

bool Performer::has_room_for_all() {
  return limited_.empty() && settings_.connections * expected_.workers >= clients_->count() + 8;
}

// Stopped first, so that it is known exactly what it holds when it dies.
void Performer::Kill(pid_t pid) {
  const ipc::UniqueFd process = OpenProcess(pid);
  ::kill(pid, SIGSTOP);
  AwaitStopped(pid);
  Ledger::Reason reason = {.name = "held by a killed worker", .from = steady_clock::now()};
  const auto connections = clients_->SocketsOfServer();
  for (const std::uint64_t socket : SocketsOf(pid)) {
    const auto held = connections.find(socket);
    if (held != connections.end()) reason.connections.insert(held->second.connection);
  }
  ledger_.Add(std::move(reason));
  ::kill(pid, SIGKILL);
  AwaitDeath(process.get());
  stopped_.erase(pid);
  limited_.erase(pid);
}

void Performer::Stop(pid_t pid) {
  ::kill(pid, SIGSTOP);
  AwaitStopped(pid);
  stopped_.insert(pid);
}

void Performer::Continue() {
  for (const pid_t pid : std::exchange(stopped_, {})) ::kill(pid, SIGCONT);
}

void Performer::LimitDescriptors(pid_t pid, int spare) {
  clients_->AllowFailures(true);
  SetSoftLimit(pid, HighestDescriptor(pid) + 1 + spare);
  limited_.insert(pid);
}

void Performer::LiftLimits() {
  limited_.clear();
  // A worker that was started again while the master had few descriptors has few, too.
  for (const pid_t pid : ChildrenOf(master())) SetSoftLimit(pid, kManyDescriptors);
}

void Performer::NoteDrain(Time begin, const std::vector<Worker>& workers) {
  Ledger::Reason reason = {.name = "shutdown_timeout", .from = begin + kShutdownTimeout - kSlack};
  for (const Worker& worker : workers) reason.holders.insert(worker.pid());
  ledger_.Add(std::move(reason));
}

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

std::optional<pid_t> Performer::ServingNumber(int number, const std::vector<Worker>& workers) {
  std::vector<pid_t> serving;
  for (const Worker& worker : workers) {
    if (worker.state() == Worker::SERVING) serving.push_back(worker.pid());
  }
  if (serving.empty()) return std::nullopt;
  return serving[number % serving.size()];
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

// What the worker has not taken when it goes on is not lost: it opens its log again, and drains.
Performer::Wrongs Performer::FillChannel(const Action& action) {
  const std::optional<pid_t> pid = ServingNumber(action.worker, Workers());
  if (!pid.has_value()) return {};
  Stop(*pid);
  is_disturbed_ = true;
  for (int i = 0; i < kReopensOfFullChannel; ++i) {
    muster().master().Signal(SIGUSR1);
    std::this_thread::sleep_for(kPauseBetweenReopens);
  }
  const std::string before = muster().path("access-before.log");
  std::error_code ignored;
  std::filesystem::remove(before, ignored);
  std::filesystem::rename(muster().path("access.log"), before, ignored);
  muster().master().Signal(SIGUSR1);  // this one counts
  Wrongs wrongs;
  bool must_drain = false;
  if (action.amount > 0) {
    const std::uint64_t generation = expected_.generation;
    wrongs = Reload({.kind = Action::Kind::kReload, .settings = action.settings});
    must_drain = expected_.generation != generation;
  }
  ::kill(*pid, SIGCONT);
  stopped_.erase(*pid);
  const auto deadline = steady_clock::now() + kPatienceOfObedience;
  bool has_obeyed = false;
  while (!has_obeyed && steady_clock::now() < deadline) {
    std::this_thread::sleep_for(milliseconds(10));
    const auto process = ReadProcess(*pid);
    has_obeyed = !process.has_value() || process->state == 'Z' ||
                 ((!must_drain || absl::StrContains(process->title, "is draining")) &&
                  !HasOpen(*pid, before));
  }
  if (!has_obeyed) {
    wrongs.push_back(absl::StrCat("pid ", *pid, ", whose channel was full, has not ",
                                  must_drain ? "begun to drain" : "opened its log again"));
  }
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

void Performer::NoteSettings(const Settings& settings) {
  settings_ = settings;
  expected_.workers = settings.workers;
  if (settings.accept == Settings::Accept::kReuseport) {
    expected_.listeners = std::max(expected_.listeners, settings.workers);
  }
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

Performer::Wrongs Performer::Reopen() {
  const Finished reopen = muster().Ctl({"reopen"});
  if (reopen.exit == 0 || !stopped_.empty() || !limited_.empty()) return {};
  return {absl::StrCat("reopen failed: ", Told(reopen))};
}

Performer::Wrongs Performer::Rest() {
  Continue();
  LiftLimits();
  pipes_.Read();
  Wrongs wrongs = Resume();
  if (!has_room_for_all()) {
    Action roomy = {.kind = Action::Kind::kReload, .settings = settings_};
    roomy.settings.connections = 4096;
    const Wrongs more = Reload(roomy);
    wrongs.insert(wrongs.end(), more.begin(), more.end());
  }
  return wrongs;
}

std::vector<std::string> Performer::End(bool is_graceful) {
  Continue();
  std::vector<pid_t> children = ChildrenOf(master());
  const Time begin = steady_clock::now();
  const Finished end = muster().Ctl({is_graceful ? "quit" : "stop"});
  ledger_.Add({.name = "end", .from = begin, .all_opened_before = Time::max()});
  Wrongs wrongs;
  if (end.exit != 0) wrongs.push_back(absl::StrCat("the end failed: ", Told(end)));
  const std::optional<int> exit = muster().master().Wait();
  has_ended_ = exit.has_value();
  if (exit != 0) wrongs.push_back(absl::StrCat("the master's exit code is ", exit.value_or(-1000)));
  for (const pid_t pid : children) {
    if (ReadProcess(pid).has_value()) wrongs.push_back(absl::StrCat("left behind: pid ", pid));
  }
  for (const char* file : {"admin.sock", "muster.pid", "muster.pid.workers"}) {
    if (std::filesystem::exists(muster().path(file))) {
      wrongs.push_back(absl::StrCat("left behind: ", file));
    }
  }
  return wrongs;
}

}  // namespace muster::tests::chaos
