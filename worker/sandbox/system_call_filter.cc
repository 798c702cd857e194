#include "muster/worker/sandbox/system_call_filter.h"

#include <fcntl.h>
#include <linux/prctl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::worker {
namespace {

// With any arguments. Files are opened by path, and Landlock decides which.
constexpr int kPermitted[] = {
    // Files.
    SCMP_SYS(access), SCMP_SYS(chdir), SCMP_SYS(close), SCMP_SYS(close_range),
    SCMP_SYS(copy_file_range), SCMP_SYS(creat), SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3),
    SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(fadvise64), SCMP_SYS(fallocate),
    SCMP_SYS(fchdir), SCMP_SYS(fdatasync), SCMP_SYS(flock), SCMP_SYS(fstat), SCMP_SYS(fstatfs),
    SCMP_SYS(fsync), SCMP_SYS(ftruncate), SCMP_SYS(getcwd), SCMP_SYS(getdents),
    SCMP_SYS(getdents64), SCMP_SYS(lseek), SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(open),
    SCMP_SYS(openat), SCMP_SYS(openat2), SCMP_SYS(pipe), SCMP_SYS(pipe2), SCMP_SYS(pread64),
    SCMP_SYS(preadv), SCMP_SYS(preadv2), SCMP_SYS(pwrite64), SCMP_SYS(pwritev), SCMP_SYS(pwritev2),
    SCMP_SYS(read), SCMP_SYS(readahead), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(readv),
    SCMP_SYS(sendfile), SCMP_SYS(splice), SCMP_SYS(stat), SCMP_SYS(statfs), SCMP_SYS(statx),
    SCMP_SYS(sync_file_range), SCMP_SYS(tee), SCMP_SYS(umask), SCMP_SYS(write), SCMP_SYS(writev),
    // Memory.
    SCMP_SYS(brk), SCMP_SYS(madvise), SCMP_SYS(membarrier), SCMP_SYS(memfd_create),
    SCMP_SYS(mincore), SCMP_SYS(mlock), SCMP_SYS(mlock2), SCMP_SYS(mlockall), SCMP_SYS(mmap),
    SCMP_SYS(mprotect), SCMP_SYS(mremap), SCMP_SYS(msync), SCMP_SYS(munlock), SCMP_SYS(munlockall),
    SCMP_SYS(munmap),
    // Waiting.
    SCMP_SYS(clock_nanosleep), SCMP_SYS(epoll_create), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2), SCMP_SYS(epoll_wait), SCMP_SYS(eventfd),
    SCMP_SYS(eventfd2), SCMP_SYS(futex), SCMP_SYS(futex_waitv), SCMP_SYS(nanosleep),
    SCMP_SYS(pause), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(pselect6), SCMP_SYS(select),
    SCMP_SYS(signalfd), SCMP_SYS(signalfd4), SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_gettime),
    SCMP_SYS(timerfd_settime),
    // Connections that somebody else has made, or that a listener accepts.
    SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(getpeername), SCMP_SYS(getsockname),
    SCMP_SYS(getsockopt), SCMP_SYS(recvfrom), SCMP_SYS(recvmmsg), SCMP_SYS(recvmsg),
    SCMP_SYS(setsockopt), SCMP_SYS(shutdown),
    // Time.
    SCMP_SYS(clock_getres), SCMP_SYS(clock_gettime), SCMP_SYS(getitimer), SCMP_SYS(gettimeofday),
    SCMP_SYS(setitimer), SCMP_SYS(alarm), SCMP_SYS(time), SCMP_SYS(timer_create),
    SCMP_SYS(timer_delete), SCMP_SYS(timer_getoverrun), SCMP_SYS(timer_gettime),
    SCMP_SYS(timer_settime), SCMP_SYS(times),
    // The process itself, its threads and its signals.
    SCMP_SYS(arch_prctl), SCMP_SYS(capget), SCMP_SYS(exit), SCMP_SYS(exit_group),
    SCMP_SYS(get_robust_list), SCMP_SYS(getcpu), SCMP_SYS(getegid), SCMP_SYS(geteuid),
    SCMP_SYS(getgid), SCMP_SYS(getgroups), SCMP_SYS(getpgid), SCMP_SYS(getpgrp), SCMP_SYS(getpid),
    SCMP_SYS(getppid), SCMP_SYS(getpriority), SCMP_SYS(getrandom), SCMP_SYS(getresgid),
    SCMP_SYS(getresuid), SCMP_SYS(getrlimit), SCMP_SYS(getrusage), SCMP_SYS(getsid),
    SCMP_SYS(gettid), SCMP_SYS(getuid), SCMP_SYS(pidfd_open), SCMP_SYS(restart_syscall),
    SCMP_SYS(rseq), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigpending), SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigsuspend), SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(sched_get_priority_max), SCMP_SYS(sched_get_priority_min), SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_getparam), SCMP_SYS(sched_getscheduler), SCMP_SYS(sched_yield),
    SCMP_SYS(set_robust_list), SCMP_SYS(set_tid_address), SCMP_SYS(sigaltstack), SCMP_SYS(sysinfo),
    SCMP_SYS(uname), SCMP_SYS(wait4), SCMP_SYS(waitid)};

// Not those by which descriptors send signals to others (F_SETOWN, F_SETSIG, F_NOTIFY).
constexpr int kFcntlCommands[] = {
    F_DUPFD,     F_DUPFD_CLOEXEC, F_GETFD,      F_SETFD,      F_GETFL,     F_SETFL,
    F_GETLK,     F_SETLK,         F_SETLKW,     F_OFD_GETLK,  F_OFD_SETLK, F_OFD_SETLKW,
    F_ADD_SEALS, F_GET_SEALS,     F_SETPIPE_SZ, F_GETPIPE_SZ,
};

// Above all not TIOCSTI, which types into the terminal that the master was started from.
constexpr unsigned long kIoctlCommands[] = {FIONREAD, FIONBIO,    FIOCLEX, FIONCLEX,
                                            TCGETS,   TIOCGWINSZ, TIOCOUTQ};

constexpr int kPrctlOptions[] = {
    PR_SET_NAME,      PR_GET_NAME,       PR_SET_VMA,          PR_SET_PDEATHSIG,
    PR_GET_PDEATHSIG, PR_GET_DUMPABLE,   PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS,
    PR_GET_SECCOMP,   PR_SET_TIMERSLACK, PR_GET_TIMERSLACK,
};

// Which of them change files by descriptor or link is Landlock's to judge. Modes, owners and times,
// which it does not know, are not here.
constexpr int kFileChanges[] = {
    SCMP_SYS(link),      SCMP_SYS(linkat),  SCMP_SYS(mkdir),    SCMP_SYS(mkdirat),
    SCMP_SYS(mknod),     SCMP_SYS(mknodat), SCMP_SYS(rename),   SCMP_SYS(renameat),
    SCMP_SYS(renameat2), SCMP_SYS(rmdir),   SCMP_SYS(symlink),  SCMP_SYS(symlinkat),
    SCMP_SYS(truncate),  SCMP_SYS(unlink),  SCMP_SYS(unlinkat),
};

constexpr int kConnecting[] = {SCMP_SYS(bind),    SCMP_SYS(connect),  SCMP_SYS(sendto),
                               SCMP_SYS(sendmsg), SCMP_SYS(sendmmsg), SCMP_SYS(socketpair)};

constexpr std::uint64_t kThreadFlags = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD;
constexpr std::uint64_t kNamespaceFlags = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                                          CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
                                          CLONE_NEWNET;

// The bits of a socket's type; the others are SOCK_CLOEXEC and SOCK_NONBLOCK.
constexpr scmp_datum_t kSocketTypes = 0xf;

scmp_arg_cmp Equals(unsigned argument, scmp_datum_t value) {
  return {argument, SCMP_CMP_EQ, value, 0};
}

// Of the bits in `mask`.
scmp_arg_cmp HasBits(unsigned argument, scmp_datum_t mask, scmp_datum_t bits) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, bits};
}

class Rules {
 public:
  explicit Rules(scmp_filter_ctx context) : context_(context) {}

  void Allow(int call, std::initializer_list<scmp_arg_cmp> arguments = {}) {
    Add(SCMP_ACT_ALLOW, call, arguments);
  }
  void Add(std::uint32_t action, int call, std::initializer_list<scmp_arg_cmp> arguments = {}) {
    const int result = ::seccomp_rule_add_array(
        context_, action, call, static_cast<unsigned>(arguments.size()), arguments.begin());
    if (result < 0 && first_error_ == 0) first_error_ = -result;
  }
  template <typename Calls>
  void AllowAll(const Calls& calls) {
    for (const int call : calls) Allow(call);
  }
  template <typename Values>
  void AllowWith(int call, unsigned argument, const Values& values) {
    for (const auto value : values) {
      Allow(call, {Equals(argument, static_cast<scmp_datum_t>(value))});
    }
  }

  absl::Status status() const {
    return first_error_ == 0 ? absl::OkStatus()
                             : ipc::ErrnoStatus("seccomp_rule_add_array", first_error_);
  }

 private:
  void* const context_;  // a scmp_filter_ctx
  int first_error_ = 0;
};

void AddConnecting(Rules& rules) {
  rules.AllowAll(kConnecting);
  rules.AllowWith(SCMP_SYS(socket), 0, std::initializer_list<int>{AF_UNIX, AF_INET, AF_INET6});
  // How getaddrinfo learns the machine's addresses: NETLINK_ROUTE.
  rules.Allow(SCMP_SYS(socket), {Equals(0, AF_NETLINK), Equals(2, 0)});
}

// To whom a socket is connected already. With an address, or with MSG_FASTOPEN, a send connects.
void AddSending(Rules& rules) {
  rules.Allow(SCMP_SYS(sendto), {Equals(4, 0), HasBits(3, MSG_FASTOPEN, 0)});
  rules.Allow(SCMP_SYS(sendmsg), {HasBits(2, MSG_FASTOPEN, 0)});
  // Not of datagrams: such a socket sends to any other by its path, though it is one of a pair.
  for (const int type : {SOCK_STREAM, SOCK_SEQPACKET}) {
    rules.Allow(SCMP_SYS(socketpair),
                {Equals(0, AF_UNIX), HasBits(1, kSocketTypes, static_cast<scmp_datum_t>(type))});
  }
}

void AddOfProcess(Rules& rules, pid_t self) {
  const std::initializer_list<pid_t> processes = {self};
  for (const int call :
       {SCMP_SYS(kill), SCMP_SYS(tgkill), SCMP_SYS(rt_sigqueueinfo), SCMP_SYS(rt_tgsigqueueinfo)}) {
    rules.AllowWith(call, 0, processes);
  }
  // 0 is the caller.
  rules.AllowWith(SCMP_SYS(prlimit64), 0, std::initializer_list<pid_t>{0, self});
  rules.Allow(SCMP_SYS(clone), {HasBits(0, kThreadFlags | kNamespaceFlags, kThreadFlags)});
  rules.Add(SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3));
}

absl::Status AddFurther(Rules& rules, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const int call = ::seccomp_syscall_resolve_name(name.c_str());
    if (call == __NR_SCMP_ERROR) {
      return absl::InvalidArgumentError(
          absl::StrCat("libseccomp knows no system call \"", name, "\""));
    }
    rules.Allow(call);
  }
  return absl::OkStatus();
}

absl::Status SetUp(scmp_filter_ctx context, std::uint32_t refusal, std::uint32_t architecture) {
  const std::pair<scmp_filter_attr, std::uint32_t> attributes[] = {
      // A call of another architecture.
      {SCMP_FLTATR_ACT_BADARCH, refusal},
      // As a binary tree: the calls with arguments are not looked for one after the other.
      {SCMP_FLTATR_CTL_OPTIMIZE, 2},
      // Kernels before 5.16 would slow down the whole process otherwise.
      {SCMP_FLTATR_CTL_SSB, 1},
  };
  for (const auto& [attribute, value] : attributes) {
    if (const int result = ::seccomp_attr_set(context, attribute, value); result < 0) {
      return ipc::ErrnoStatus("seccomp_attr_set", -result);
    }
  }
  if (architecture == 0) return absl::OkStatus();
  for (const int result : {::seccomp_arch_add(context, architecture),
                           ::seccomp_arch_remove(context, SCMP_ARCH_NATIVE)}) {
    if (result < 0 && result != -EEXIST) return ipc::ErrnoStatus("seccomp_arch_add", -result);
  }
  return absl::OkStatus();
}

}  // namespace

void SystemCallFilter::Release::operator()(void* context) const { ::seccomp_release(context); }

absl::StatusOr<SystemCallFilter> SystemCallFilter::Create(const Options& options) {
  const std::uint32_t refusal = options.is_enforced ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_LOG;
  Context context(::seccomp_init(refusal));
  if (context == nullptr) return absl::InternalError("seccomp_init");
  const bool is_native = options.architecture == ::seccomp_arch_native();
  MUSTER_RETURN_IF_ERROR(SetUp(context.get(), refusal, is_native ? 0 : options.architecture));
  Rules rules(context.get());
  rules.AllowAll(kPermitted);
  rules.AllowWith(SCMP_SYS(fcntl), 1, kFcntlCommands);
  rules.AllowWith(SCMP_SYS(ioctl), 1, kIoctlCommands);
  rules.AllowWith(SCMP_SYS(prctl), 0, kPrctlOptions);
  AddOfProcess(rules, options.self);
  if (options.may_change_files) rules.AllowAll(kFileChanges);
  if (options.may_connect) {
    AddConnecting(rules);
  } else {
    AddSending(rules);
  }
  MUSTER_RETURN_IF_ERROR(AddFurther(rules, options.further));
  MUSTER_RETURN_IF_ERROR(rules.status());
  return SystemCallFilter(std::move(context));
}

absl::Status SystemCallFilter::Load() const {
  const int result = ::seccomp_load(context_.get());
  return result < 0 ? ipc::ErrnoStatus("seccomp_load", -result) : absl::OkStatus();
}

absl::StatusOr<std::string> SystemCallFilter::Program() const {
  const ipc::UniqueFd file(::memfd_create("filter", MFD_CLOEXEC));
  if (!file.valid()) return ipc::ErrnoStatus("memfd_create");
  if (const int result = ::seccomp_export_bpf(context_.get(), file.get()); result < 0) {
    return ipc::ErrnoStatus("seccomp_export_bpf", -result);
  }
  std::string bytes(static_cast<std::size_t>(::lseek(file.get(), 0, SEEK_END)), '\0');
  if (::pread(file.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return ipc::ErrnoStatus("pread");
  }
  return bytes;
}

}  // namespace muster::worker
