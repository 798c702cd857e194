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
#include "muster/tests/support/child_process.h"

namespace muster::tests::chaos {
namespace {

using admin::v1::Worker;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A worker may see the end of its deadline a little before the run does.
constexpr milliseconds kSlack{200};
// More than a channel and the master's queue take.
constexpr int kReopensOfFullChannel = 450;
constexpr milliseconds kPauseBetweenReopens{1};
// Less than until a worker that does not drain is killed.
constexpr milliseconds kPatienceOfObedience{4000};
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
    case Kind::kWorkerOrder:
      return OrderWorker(action);
    case Kind::kTrial:
      return Try(action);
    case Kind::kUpgrade:
      return Upgrade(action.amount > 0);
    case Kind::kUndo:
      return Undo();
    case Kind::kCommit:
      return Commit();
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
void Performer::NoteKill(pid_t pid) {
  ::kill(pid, SIGSTOP);
  AwaitStopped(pid);
  Ledger::Reason reason = {.name = "held by a killed worker", .from = steady_clock::now()};
  const auto connections = clients_->SocketsOfServer();
  for (const std::uint64_t socket : SocketsOf(pid)) {
    const auto held = connections.find(socket);
    if (held != connections.end()) reason.connections.insert(held->second.connection);
  }
  ledger_.Add(std::move(reason));
}

void Performer::Kill(pid_t pid) {
  const ipc::UniqueFd process = OpenProcess(pid);
  NoteKill(pid);
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

std::optional<pid_t> Performer::ServingNumber(int number, const std::vector<Worker>& workers) {
  std::vector<pid_t> serving;
  for (const Worker& worker : workers) {
    if (worker.state() == Worker::SERVING) serving.push_back(worker.pid());
  }
  if (serving.empty()) return std::nullopt;
  return serving[number % serving.size()];
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

void Performer::NoteSettings(const Settings& settings) {
  settings_ = settings;
  expected_.workers = settings.workers;
  if (settings.accept == Settings::Accept::kReuseport) {
    expected_.listeners = std::max(expected_.listeners, settings.workers);
  }
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
  // On trial, the master keeps what an undo needs.
  const Wrongs commit = Commit();
  wrongs.insert(wrongs.end(), commit.begin(), commit.end());
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
