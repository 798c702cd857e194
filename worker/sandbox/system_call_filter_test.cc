// The programs that the kernel gets, run here: for this machine and for the other architecture.

#include "muster/worker/sandbox/system_call_filter.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::worker {
namespace {

using ::testing::HasSubstr;

constexpr std::uint32_t kRefused = SECCOMP_RET_ERRNO | EPERM;
constexpr pid_t kSelf = 4711;

// Numbers of system calls, as the kernel has them: "read" is not the same call everywhere.
struct Numbers {
  std::uint32_t architecture;
  int read, sendto, sendmsg, socket, connect, kill, clone, clone3, execve, fcntl, ioctl, ptrace,
      openat2, unlinkat, accept4, inotify_init1, socketpair;
};
constexpr Numbers kX86 = {
    AUDIT_ARCH_X86_64, 0, 44, 46, 41, 42, 62, 56, 435, 59, 72, 16, 101, 437, 263, 288, 294, 53};
constexpr Numbers kArm = {AUDIT_ARCH_AARCH64,
                          63,
                          206,
                          211,
                          198,
                          203,
                          129,
                          220,
                          435,
                          221,
                          25,
                          29,
                          117,
                          437,
                          35,
                          242,
                          26,
                          199};

class Filter {
 public:
  Filter(SystemCallFilter::Options options, std::uint32_t architecture)
      : architecture_(architecture) {
    options.self = kSelf;
    options.architecture = architecture;
    const auto filter = SystemCallFilter::Create(options);
    EXPECT_TRUE(filter.ok()) << filter.status();
    if (!filter.ok()) return;
    const auto program = filter->Program();
    EXPECT_TRUE(program.ok()) << program.status();
    if (!program.ok()) return;
    program_.resize(program->size() / sizeof(sock_filter));
    std::memcpy(program_.data(), program->data(), program->size());
  }

  std::uint32_t operator()(int call, std::array<std::uint64_t, 6> arguments = {}) const {
    return Run(architecture_, call, arguments);
  }

  // Does what the kernel does with the instructions that it has for this.
  std::uint32_t Run(std::uint32_t architecture, int call,
                    const std::array<std::uint64_t, 6>& arguments) const {
    seccomp_data data = {};
    data.arch = architecture;
    data.nr = call;
    std::memcpy(data.args, arguments.data(), sizeof(data.args));
    std::uint32_t a = 0;
    for (std::size_t at = 0; at < program_.size(); ++at) {
      const sock_filter& step = program_[at];
      const auto jump_if = [&](bool is_so) { at += is_so ? step.jt : step.jf; };
      switch (step.code) {
        case BPF_LD | BPF_W | BPF_ABS:
          std::memcpy(&a, reinterpret_cast<const char*>(&data) + step.k, sizeof(a));
          break;
        case BPF_ALU | BPF_AND | BPF_K:
          a &= step.k;
          break;
        case BPF_JMP | BPF_JA:
          at += step.k;
          break;
        case BPF_JMP | BPF_JEQ | BPF_K:
          jump_if(a == step.k);
          break;
        case BPF_JMP | BPF_JGT | BPF_K:
          jump_if(a > step.k);
          break;
        case BPF_JMP | BPF_JGE | BPF_K:
          jump_if(a >= step.k);
          break;
        case BPF_RET | BPF_K:
          return step.k;
        default:
          ADD_FAILURE() << "instruction " << step.code;
          return 0;
      }
    }
    ADD_FAILURE() << "the program has no end";
    return 0;
  }

 private:
  const std::uint32_t architecture_;
  std::vector<sock_filter> program_;
};

class SystemCalls : public ::testing::TestWithParam<Numbers> {
 protected:
  Filter Make(SystemCallFilter::Options options = {}) const {
    return Filter(std::move(options), GetParam().architecture);
  }
  const Numbers& call() const { return GetParam(); }
};

std::string NameOf(const ::testing::TestParamInfo<Numbers>& info) {
  return info.param.architecture == AUDIT_ARCH_X86_64 ? "x86_64" : "aarch64";
}

INSTANTIATE_TEST_SUITE_P(Of, SystemCalls, ::testing::Values(kX86, kArm), NameOf);

TEST_P(SystemCalls, ThatServeAClientArePermitted) {
  const Filter filter = Make();
  for (const int each : {call().read, call().accept4, call().openat2}) {
    EXPECT_EQ(filter(each, {~0ULL, ~0ULL, ~0ULL}), SECCOMP_RET_ALLOW) << each;
  }
  EXPECT_EQ(filter(call().sendto, {7, 1, 2, MSG_NOSIGNAL}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(filter(call().sendmsg, {7, 1, MSG_NOSIGNAL}), SECCOMP_RET_ALLOW);
}

TEST_P(SystemCalls, ThatReachOtherProcessesAndFilesAreRefused) {
  const Filter filter = Make();
  for (const int each : {call().execve, call().ptrace, call().socket, call().connect,
                         call().unlinkat, call().inotify_init1}) {
    EXPECT_EQ(filter(each), kRefused) << each;
  }
}

TEST_P(SystemCalls, ThatNobodyKnowsYetAreRefused) { EXPECT_EQ(Make()(60'000), kRefused); }

TEST_P(SystemCalls, ThatSendMustNotConnect) {
  const Filter filter = Make();
  EXPECT_EQ(filter(call().sendto, {7, 1, 2, 0, 0x7000, 16}), kRefused);
  EXPECT_EQ(filter(call().sendto, {7, 1, 2, MSG_FASTOPEN}), kRefused);
  EXPECT_EQ(filter(call().sendmsg, {7, 1, MSG_FASTOPEN | MSG_NOSIGNAL}), kRefused);
}

TEST_P(SystemCalls, ThatMakeAPairMakeNoneThatSendsToOthers) {
  const Filter filter = Make();
  EXPECT_EQ(filter(call().socketpair, {AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(filter(call().socketpair, {AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK}),
            SECCOMP_RET_ALLOW);
  for (const std::uint64_t type : {SOCK_DGRAM, SOCK_RAW}) {
    EXPECT_EQ(filter(call().socketpair, {AF_UNIX, type | SOCK_CLOEXEC}), kRefused) << type;
  }
  EXPECT_EQ(filter(call().socketpair, {AF_INET, SOCK_STREAM}), kRefused);
}

TEST_P(SystemCalls, ThatSignalReachTheProcessItselfOnly) {
  const Filter filter = Make();
  EXPECT_EQ(filter(call().kill, {kSelf, 6}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(filter(call().kill, {kSelf + 1, 6}), kRefused);
  EXPECT_EQ(filter(call().kill, {0, 6}), kRefused);
  EXPECT_EQ(filter(call().kill, {static_cast<std::uint64_t>(-1), 6}), kRefused);
  EXPECT_EQ(filter(call().fcntl, {2, F_SETOWN, 1}), kRefused);
}

TEST_P(SystemCalls, ThatMakeAThreadMakeNoProcess) {
  const Filter filter = Make();
  constexpr std::uint64_t kThread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
                                    CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS;
  EXPECT_EQ(filter(call().clone, {kThread}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(filter(call().clone, {SIGCHLD}), kRefused);
  EXPECT_EQ(filter(call().clone, {CLONE_VM | CLONE_VFORK | SIGCHLD}), kRefused);
  EXPECT_EQ(filter(call().clone, {kThread | CLONE_NEWUSER}), kRefused);
  EXPECT_EQ(filter(call().clone3), SECCOMP_RET_ERRNO | ENOSYS) << "so that clone is called";
}

TEST_P(SystemCalls, ThatControlADeviceAreNamed) {
  const Filter filter = Make();
  EXPECT_EQ(filter(call().ioctl, {2, FIONREAD}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(filter(call().ioctl, {2, TIOCSTI}), kRefused);
  EXPECT_EQ(filter(call().ioctl, {2, 0x100000000 | FIONREAD}), kRefused);
}

TEST_P(SystemCalls, OfConnectionsArePermittedToAProgramThatConnects) {
  const Filter filter = Make({.may_connect = true});
  EXPECT_EQ(filter(call().socket, {AF_INET6, SOCK_STREAM, 0}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(filter(call().connect), SECCOMP_RET_ALLOW);
  EXPECT_EQ(filter(call().sendto, {7, 1, 2, 0, 0x7000, 16}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(filter(call().socket, {AF_PACKET, SOCK_RAW, 0}), kRefused);
}

TEST_P(SystemCalls, OfFoldersArePermittedToAProgramThatWrites) {
  EXPECT_EQ(Make({.may_change_files = true})(call().unlinkat), SECCOMP_RET_ALLOW);
}

TEST_P(SystemCalls, ArePermittedByName) {
  EXPECT_EQ(Make({.further = {"inotify_init1"}})(call().inotify_init1), SECCOMP_RET_ALLOW);
}

TEST_P(SystemCalls, AreOnlyLoggedIfNothingIsEnforced) {
  const Filter filter = Make({.is_enforced = false});
  EXPECT_EQ(filter(call().read), SECCOMP_RET_ALLOW);
  EXPECT_EQ(filter(call().execve), SECCOMP_RET_LOG);
  EXPECT_EQ(filter(call().clone, {SIGCHLD}), SECCOMP_RET_LOG);
}

TEST_P(SystemCalls, OfAnotherArchitectureAreRefused) {
  const Filter filter = Make();
  for (const std::uint32_t other : {AUDIT_ARCH_I386, AUDIT_ARCH_ARM}) {
    EXPECT_EQ(filter.Run(other, call().read, {}), kRefused) << other;
  }
}

TEST(SystemCallFilter, RefusesTheCallsOfX32) {
  constexpr int kX32 = 0x40000000;
  EXPECT_EQ(Filter({}, AUDIT_ARCH_X86_64)(kX32 | kX86.read), kRefused);
}

TEST(SystemCallFilter, NamesASystemCallThatDoesNotExist) {
  const auto filter = SystemCallFilter::Create({.further = {"inotify_innit"}});
  EXPECT_TRUE(absl::IsInvalidArgument(filter.status()));
  EXPECT_THAT(std::string(filter.status().message()), HasSubstr("\"inotify_innit\""));
}

}  // namespace
}  // namespace muster::worker
