// For the test of what survives an exec: starts a fake worker, executes itself in its own place,
// and goes on with the worker there. Tells on standard output what it finds. Its arguments: a
// folder, and what happens to the worker in between:
//   nothing   the worker is told to end in the next program
//   killed    it is killed while no program watches it
//   stranger  another child, which is no worker, is left behind
// In the next program: also the state, and the descriptors that are passed on.

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "muster/ipc/process/signal_set.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/run_until.h"
#include "muster/master/keep/descriptor_inheritance.h"
#include "muster/master/keep/descriptor_keep.h"
#include "muster/master/process/log.h"
#include "muster/master/process/pid_file.h"
#include "muster/master/process/supervised_worker.h"
#include "muster/master/process/worker_program.h"
#include "muster/proto/state/process_state.pb.h"

namespace muster::master {
namespace {

using loop::RunUntil;
using worker::Command;

constexpr char kAcked[] = "acknowledged 9";

void Say(const std::string& text) {
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);
}

template <typename Result>
Result OrDie(absl::StatusOr<Result> result) {
  if (result.ok()) return *std::move(result);
  Say(absl::StrCat("error: ", result.status().message()));
  ::_exit(1);
}

void OrDie(const absl::Status& status) {
  if (status.ok()) return;
  Say(absl::StrCat("error: ", status.message()));
  ::_exit(1);
}

struct Heard {
  bool is_ready = false;
  bool is_acked = false;
  bool has_exited = false;
  ExitedEvent exited{};

  void operator()(const Event& event) {
    if (std::holds_alternative<ReadyEvent>(event)) is_ready = true;
    if (std::holds_alternative<AckedEvent>(event)) is_acked = true;
    const auto* end = std::get_if<ExitedEvent>(&event);
    if (end == nullptr) return;
    exited = *end;
    has_exited = true;
  }
};

[[noreturn]] void First(char** argv) {
  const std::string folder = argv[1];
  const std::string what = argv[2];
  const std::unique_ptr<loop::EventLoop> loop = OrDie(loop::EventLoop::Create());
  Log log;
  config::v1::Log config;
  config.set_path(folder + "/log");
  OrDie(log.Configure(config));
  PidFile pid_file = OrDie(PidFile::Lock(folder + "/pid"));
  OrDie(pid_file.Write());
  // What comes waits for the next program.
  OrDie(ipc::SignalSet::Block({SIGCHLD, SIGHUP}));
  Heard heard;
  const auto program = OrDie(WorkerProgram::Open("master/process/fake_worker"));
  const auto worker = OrDie(SupervisedWorker::Start(*loop, log, OrDie(SpawnWorker(program)), 7,
                                                    "worker 1 of generation 3",
                                                    [&](const Event& event) { heard(event); }));
  if (what == "killed") {
    worker->Send(Command::kHello, 0, "", {});
    RunUntil(*loop, [&] { return heard.is_ready; });
  } else {
    // Its channel is full, so that the last of it is not sent: HELLO first, then what it
    // acknowledges.
    worker->Signal(SIGSTOP);
    worker->Send(Command::kHello, 0, "", {});
    const std::string large(60'000, 'x');
    DescriptorKeep unused;
    while (worker->Save(unused).queue().commands_size() == 0) {
      worker->Send(Command::kReopen, 0, large, {});
    }
    worker->Send(Command::kReopen, 9, "", {});
  }
  std::optional<Child> stranger;
  if (what == "stranger") {
    stranger.emplace(OrDie(Child::Start({"/bin/sleep", {"sleep", "1000"}, {}})));
    Say(absl::StrCat("stranger ", stranger->pid()));
  }
  log.Write(Severity::kInfo, "of the first program");

  DescriptorKeep keep;
  state::v1::ProcessState state;
  *state.mutable_log() = log.Save(keep);
  *state.mutable_pid_file() = pid_file.Save(keep);
  auto& workers = *state.mutable_supervisor()->mutable_workers();
  *workers.add_workers()->mutable_process() = worker->Save(keep);
  for (const pid_t child : OrDie(Children())) workers.add_children(child);
  const std::string bytes = state.SerializeAsString();
  const int memory = ::memfd_create("state", MFD_CLOEXEC);
  if (::write(memory, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) ::_exit(1);
  keep.Add(memory);
  if (what == "killed") {
    worker->Signal(SIGKILL);
    siginfo_t dead = {};
    ::waitid(P_PID, static_cast<id_t>(worker->pid()), &dead, WEXITED | WNOWAIT);
  }
  ::kill(::getpid(), SIGHUP);
  OrDie(keep.Pass());
  const std::string number = absl::StrCat(memory);
  const std::string numbers = absl::StrJoin(keep.numbers(), ",");
  ::execl("/proc/self/exe", "self_replacing", argv[1], argv[2], number.c_str(), numbers.c_str(),
          nullptr);
  ::_exit(1);
}

int Next(char** argv) {
  const std::string folder = argv[1];
  const std::string what = argv[2];
  int memory = -1;
  std::set<int> numbers;
  if (!absl::SimpleAtoi(argv[3], &memory)) return 1;
  for (const auto& text : absl::StrSplit(argv[4], ',')) {
    int number = -1;
    if (!absl::SimpleAtoi(text, &number)) return 1;
    numbers.insert(number);
  }
  state::v1::ProcessState state;
  ::lseek(memory, 0, SEEK_SET);
  if (!state.ParseFromFileDescriptor(memory)) return 1;

  const std::unique_ptr<loop::EventLoop> loop = OrDie(loop::EventLoop::Create());
  DescriptorInheritance inheritance(numbers);
  Log log;
  OrDie(log.Restore(state.log(), inheritance));
  PidFile pid_file = OrDie(PidFile::Restore(state.pid_file(), inheritance));
  Heard heard;
  const auto& workers = state.supervisor().workers();
  const auto worker =
      OrDie(SupervisedWorker::Restore(*loop, log, workers.workers(0).process(), inheritance,
                                      [&](const Event& event) { heard(event); }));
  inheritance.Settle();
  OrDie(worker->Watch());
  log.Begin();
  pid_file.Begin();
  worker->Begin();
  log.Write(Severity::kInfo, "of the next program");
  const ipc::SignalSet signals = OrDie(ipc::SignalSet::Block({SIGHUP, SIGCHLD}));
  for (auto signal = OrDie(signals.TryRead()); signal.has_value();
       signal = OrDie(signals.TryRead())) {
    if (signal->number == SIGHUP) Say("got SIGHUP");
  }
  const auto holder = PidFile::Read(folder + "/pid");
  if (holder.ok() && *holder == ::getpid()) Say("has the same pid");
  for (const pid_t child : workers.children()) {
    if (child == worker->pid()) continue;
    EndChild(child);
    siginfo_t dead = {};
    ::waitid(P_PID, static_cast<id_t>(child), &dead, WEXITED | WNOWAIT);
    Say(absl::StrCat("ended stranger ", child, " by signal ", dead.si_status));
    ReapStrangers();
  }
  if (what != "killed") {
    worker->Signal(SIGCONT);
    if (!RunUntil(*loop, [&] { return heard.is_ready && heard.is_acked; })) return 1;
    Say(kAcked);
    worker->Send(Command::kTerminate, 0, "", {});
  }
  if (!RunUntil(*loop, [&] { return heard.has_exited; })) return 1;
  Say(absl::StrCat("the worker ", heard.exited.exit.ToString()));
  if (heard.exited.exit.pid != worker->pid()) return 1;
  worker->Reap();
  if (const auto children = OrDie(Children()); !children.empty()) Say("children are left");
  return 0;
}

}  // namespace
}  // namespace muster::master

int main(int argc, char** argv) {
  if (argc == 5) return muster::master::Next(argv);
  if (argc == 3) muster::master::First(argv);
  return 2;
}
