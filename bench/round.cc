#include "muster/bench/round.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "muster/bench/shared.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"

namespace muster::bench {
namespace {

// That a round may take beyond its duration.
constexpr unsigned kGraceSeconds = 10;

// The first and the last CPU that this process may use: where two threads share a
// core, these are hardly ever of the same one.
std::pair<int, int> Cpus() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return {0, 0};
  int first = -1;
  int last = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    if (first < 0) first = cpu;
    last = cpu;
  }
  return {std::max(first, 0), last};
}

void Pin(int cpu) {
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(cpu, &only);
  ::sched_setaffinity(0, sizeof(only), &only);
}

// One process's part of a round, in that process.
struct Part {
  RoundPage* page;
  int role;     // the first of its roles
  int threads;  // each has a role
  int roles;    // of the round
  std::chrono::nanoseconds warmup;
  std::chrono::nanoseconds duration;
};

[[noreturn]] void Play(const Contestant& contestant, const Part& part, const int (&cpus)[2],
                       pid_t parent, unsigned hang_seconds) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have died before that took effect.
  if (::getppid() != parent) ::_exit(1);
  ::alarm(hang_seconds);
  const auto play = [&](int role) {
    Pin(cpus[role]);
    Turn turn(part.page, role, part.roles, part.warmup, part.duration);
    contestant.play(turn);
  };
  if (part.threads == 1) {
    play(part.role);
  } else {
    std::thread second(play, part.role + 1);
    play(part.role);
    second.join();
  }
  ::_exit(0);
}

absl::Status OutcomeOf(const Contestant& contestant, int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    const int signal = WTERMSIG(wait_status);
    return absl::InternalError(
        absl::StrCat(contestant.name, ": ",
                     signal == SIGALRM ? "hangs" : absl::StrCat("killed by signal ", signal)));
  }
  if (WEXITSTATUS(wait_status) != 0) {
    return absl::InternalError(
        absl::StrCat(contestant.name, ": exited with code ", WEXITSTATUS(wait_status)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<double> RunRound(const Contestant& contestant, Processes processes,
                                std::chrono::nanoseconds duration) {
  if (contestant.reset) contestant.reset();
  const auto page = MakeShared<RoundPage>();
  const auto [first_cpu, last_cpu] = Cpus();
  const int roles = processes == Processes::kOne ? 1 : 2;
  const int threads = processes == Processes::kTwoThreads ? 2 : 1;
  const int count = roles / threads;
  const int cpus[] = {first_cpu, processes == Processes::kTwoOnOneCpu ? first_cpu : last_cpu};
  const std::chrono::nanoseconds warmup = duration / 10;
  const auto hang_seconds =
      kGraceSeconds +
      static_cast<unsigned>(std::chrono::duration_cast<std::chrono::seconds>(duration).count());
  const pid_t parent = ::getpid();
  pid_t children[RoundPage::kMaxProcesses] = {};
  for (int child = 0; child < count; ++child) {
    children[child] = ::fork();
    if (children[child] < 0) return ipc::ErrnoStatus(absl::StrCat("fork for ", contestant.name));
    if (children[child] == 0) {
      Play(contestant, Part{page.get(), child, threads, roles, warmup, duration}, cpus, parent,
           hang_seconds);
    }
  }
  // Whoever ends well ends soon; the other one of a pair has its alarm.
  absl::Status status;
  for (int child = 0; child < count; ++child) {
    int wait_status = 0;
    ipc::RetryOnEintr([&] { return ::waitpid(children[child], &wait_status, 0); });
    status.Update(OutcomeOf(contestant, wait_status));
  }
  MUSTER_RETURN_IF_ERROR(status);

  std::uint64_t total = 0;
  double per_nanosecond = 0;
  for (int role = 0; role < roles; ++role) {
    const Lap& lap = page->lines[role].lap;
    total += lap.total;
    if (lap.nanoseconds > 0) {
      per_nanosecond += static_cast<double>(lap.operations) / static_cast<double>(lap.nanoseconds);
    }
  }
  MUSTER_RETURN_IF_ERROR(ipc::Annotate(contestant.check(total), contestant.name));
  if (per_nanosecond <= 0) {
    return absl::InternalError(absl::StrCat(contestant.name, ": no operation was completed"));
  }
  return 1 / per_nanosecond;
}

std::string DescribePlacement() {
  const auto [first, last] = Cpus();
  if (first == last) return absl::StrCat("CPU ", first, " only: nothing below runs at once");
  return absl::StrCat("CPUs ", first, " and ", last);
}

}  // namespace muster::bench
