#include "muster/master/launch/launcher.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "muster/master/launch/launch_plan.h"
#include "muster/worker/protocol/command.h"

namespace muster::master {
namespace {

constexpr int kExitFailed = 125;

[[noreturn]] void Fail(const std::string& step, int error, bool is_execution = false) {
  const std::string text = LaunchFailure{step, is_execution, error}.Serialize();
  // A pipe takes so little as a whole.
  if (::write(kFailureFd, text.data(), text.size()) < 0) {
    constexpr char kByHand[] = "a launcher is started by a master only\n";
    (void)!::write(STDERR_FILENO, kByHand, sizeof(kByHand) - 1);
  }
  ::_exit(kExitFailed);
}

// `result` as system calls return it.
void Check(long result, const std::string& step) {
  if (result < 0) Fail(step, errno);
}

LaunchPlan ReadPlan() {
  std::string bytes;
  char buffer[4096];
  ssize_t size;
  while ((size = ::pread(kPlanFd, buffer, sizeof(buffer), static_cast<off_t>(bytes.size()))) > 0) {
    bytes.append(buffer, static_cast<std::size_t>(size));
  }
  Check(size, "read the plan");
  std::optional<LaunchPlan> plan = LaunchPlan::Parse(bytes);
  if (!plan.has_value()) Fail("read the plan", EBADMSG);
  return *std::move(plan);
}

void SetLimit(__rlimit_resource resource, const char* name,
              const std::optional<std::uint64_t>& limit) {
  if (!limit.has_value()) return;
  static_assert(sizeof(rlim_t) == sizeof(std::uint64_t) && RLIM_INFINITY == ~rlim_t{0});
  const rlimit both = {*limit, *limit};
  const std::string amount = *limit == RLIM_INFINITY ? "no limit" : absl::StrCat(*limit);
  Check(::setrlimit(resource, &both), absl::StrCat("setrlimit ", name, " to ", amount));
}

void SetCpus(const std::vector<int>& cpus) {
  if (cpus.empty()) return;
  int most = 0;
  for (const int cpu : cpus) most = std::max(most, cpu);
  std::vector<unsigned long> mask(static_cast<std::size_t>(most) / (8 * sizeof(long)) + 1);
  for (const int cpu : cpus) {
    const auto bit = static_cast<std::size_t>(cpu);
    mask[bit / (8 * sizeof(long))] |= 1UL << (bit % (8 * sizeof(long)));
  }
  Check(::sched_setaffinity(0, mask.size() * sizeof(long),
                            reinterpret_cast<const cpu_set_t*>(mask.data())),
        "sched_setaffinity");
}

// What root may do, in part. The user that the process becomes has none of it, and whatever it
// executes gets none.
void DropBoundingSet() {
  for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    Check(::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0),
          absl::StrCat("drop capability ", capability));
  }
}

// A master that is not root may have some of its service manager.
void DropCapabilities() {
  Check(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "drop ambient capabilities");
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  Check(::syscall(SYS_capset, &header, none), "drop capabilities");
}

void BecomeUser(const LaunchPlan& plan) {
  if (plan.groups.has_value()) {
    Check(::setgroups(plan.groups->size(), plan.groups->data()),
          absl::StrCat("setgroups of ", plan.groups->size()));
  }
  if (plan.group.has_value()) {
    const gid_t group = *plan.group;
    Check(::setresgid(group, group, group), absl::StrCat("setresgid ", group));
  }
  if (plan.user.has_value()) {
    const uid_t user = *plan.user;
    if (user != 0 && ::geteuid() == 0) DropBoundingSet();
    Check(::setresuid(user, user, user), absl::StrCat("setresuid ", user));
  }
  if (plan.drops_capabilities || ::geteuid() != 0) DropCapabilities();
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

[[noreturn]] void Launch(int argc, char** argv) {
  for (const int fd : {kPlanFd, kFailureFd}) {
    Check(::fcntl(fd, F_SETFD, FD_CLOEXEC), absl::StrCat("descriptor ", fd));
  }
  // If it is there.
  (void)::fcntl(kLauncherFd, F_SETFD, FD_CLOEXEC);
  const LaunchPlan plan = ReadPlan();
  // What needs rights that the user does not have comes first.
  SetLimit(RLIMIT_NOFILE, "nofile", plan.nofile);
  SetLimit(RLIMIT_CORE, "core", plan.core);
  SetLimit(RLIMIT_MEMLOCK, "memlock", plan.memlock);
  if (plan.nice.has_value()) {
    Check(::setpriority(PRIO_PROCESS, 0, *plan.nice), absl::StrCat("setpriority ", *plan.nice));
  }
  SetCpus(plan.cpus);
  std::vector<std::string> arguments = {argv[0]};
  arguments.insert(arguments.end(), argv + 2, argv + argc);
  const std::vector<char*> argument_pointers = Pointers(arguments);
  const std::vector<char*> environment_pointers = Pointers(plan.environment);
  const std::string program = absl::StrCat("/proc/self/fd/", worker::kProgramFd);
  // The launcher may have more than the program will need. What follows needs hardly any.
  SetLimit(RLIMIT_AS, "address_space", plan.address_space);
  BecomeUser(plan);
  // The user has to have the right to be there.
  if (!plan.folder.empty()) Check(::chdir(plan.folder.c_str()), "chdir " + plan.folder);
  if (plan.no_new_privs) Check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs");
  ::execve(program.c_str(), argument_pointers.data(), environment_pointers.data());
  Fail(absl::StrCat("execve ", argv[0]), errno, true);
}

}  // namespace

std::string LaunchFailure::Serialize() const {
  return absl::StrCat(is_execution ? "x" : "s", error, " ", step);
}

std::optional<LaunchFailure> LaunchFailure::Parse(const std::string& bytes) {
  LaunchFailure failure;
  const std::size_t space = bytes.find(' ');
  if (space == bytes.npos || space < 2 || (bytes[0] != 'x' && bytes[0] != 's')) return std::nullopt;
  if (!absl::SimpleAtoi(bytes.substr(1, space - 1), &failure.error)) return std::nullopt;
  failure.is_execution = bytes[0] == 'x';
  failure.step = bytes.substr(space + 1);
  return failure;
}

void LaunchIfAsked(int argc, char** argv) {
  if (argc >= 2 && std::strcmp(argv[1], kLaunchFlag) == 0) Launch(argc, argv);
}

}  // namespace muster::master
