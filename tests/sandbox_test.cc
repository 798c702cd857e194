// What a worker in its sandbox may not do. That it does everything else as before is in
// sandboxed_service_test.cc.

#include <sys/stat.h>
#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"
#include "muster/tests/support/sandbox_conditions.h"

namespace muster::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kLocations[] =
    "location { path: '/try' handler: 'try' } location { path: '/spin' handler: 'spin' }\n";

std::string Variable(const std::string& name, const std::string& value) {
  return absl::StrCat("environment { name: '", name, "' value: '", value, "' }\n");
}

// A file as in /usr/share/zoneinfo, of a zone that is always three hours ahead.
std::string TimeZone() {
  std::string bytes(44, '\0');
  bytes.replace(0, 4, "TZif");
  bytes[39] = 1;  // one type of local time,
  bytes[43] = 4;  // and four bytes of names
  const char type[] = {0, 0, 0x2a, 0x30, 0, 0, 'B', 'O', 'X', 0};
  return bytes + std::string(type, sizeof(type));
}

// A master of which each worker is one that tries what it may not do.
class BoxedTest : public testing::Test {
 protected:
  BoxedTest() {
    for (const char* folder : {"readable", "writable", "elsewhere"}) {
      ::mkdir(muster_.path(folder).c_str(), 0755);
    }
    for (const char* file : {"readable/file.txt", "outside.txt", "unlinked.txt"}) {
      WriteFile(muster_.path(file), "text");
    }
    WriteFile(muster_.path("zone"), TimeZone());
    ::mkdir(muster_.path("logs").c_str(), 0755);
  }
  void Start(const std::string& more) {
    WriteBoxed(more);
    ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  }
  void WriteBoxed(const std::string& more) {
    std::string config = RunningMaster::ConfigOfOneWorker(
        absl::StrCat("heartbeat_timeout { seconds: 2 }\n", Variable("BOX_FOLDER", muster_.folder()),
                     Variable("TZ", absl::StrCat(":", muster_.path("zone"))), more, "\n"),
        kLocations);
    config.replace(config.find("access.log"), 10, "logs/access.log");
    muster_.WriteConfig(config);
  }
  // What each call got, by its name.
  std::map<std::string, std::string> TryAll() {
    std::map<std::string, std::string> results;
    const auto response = FetchOnce(muster_.address(), "/try");
    EXPECT_TRUE(response.has_value()) << muster_.master().errors();
    if (!response.has_value()) return results;
    for (const auto& line : absl::StrSplit(response->body, '\n', absl::SkipEmpty())) {
      const std::vector<std::string> parts = absl::StrSplit(line, ' ');
      results[parts.at(0)] = parts.at(1);
    }
    return results;
  }

  RunningMaster muster_{"", "worker/testing/boxed_worker"};
};

const std::vector<std::string> kAlwaysPermitted = {
    "read-inside",      "read-own-proc", "thread",       "pass-descriptor",
    "raise-own-signal", "map-memory",    "use-time-zone"};
// By seccomp.
const std::vector<std::string> kForbiddenCalls = {"unlink",
                                                  "mkdir",
                                                  "symlink",
                                                  "truncate",
                                                  "chmod",
                                                  "chroot",
                                                  "mount",
                                                  "umount",
                                                  "fork",
                                                  "spawn",
                                                  "execve",
                                                  "kill-master",
                                                  "kill-group",
                                                  "own-another",
                                                  "pidfd-signal",
                                                  "ptrace",
                                                  "setuid",
                                                  "personality",
                                                  "unshare",
                                                  "setns",
                                                  "socket",
                                                  "socket-unix",
                                                  "socket-packet",
                                                  "connect",
                                                  "datagram-pair",
                                                  "bpf",
                                                  "io-uring",
                                                  "perf",
                                                  "userfaultfd",
                                                  "keyctl",
                                                  "init-module",
                                                  "reboot",
                                                  "inotify",
                                                  "type-into-terminal",
                                                  "read-memory-of-master"};
// By Landlock.
const std::vector<std::string> kForbiddenFiles = {
    "read-shadow",    "read-outside",          "read-folder-outside", "read-other-process",
    "write-outside",  "write-inside-readable", "make-outside",        "change-writable",
    "change-outside", "make-beside-log",       "rewrite-log"};

void ExpectEach(std::map<std::string, std::string>* results, const std::vector<std::string>& names,
                const std::string& expected) {
  for (const std::string& name : names) {
    EXPECT_EQ((*results)[name], expected) << name;
    results->erase(name);
  }
}

TEST_F(BoxedTest, CallsThatAServiceHasNoBusinessWithFailAndItGoesOn) {
  NEEDS_A_SANDBOX();
  Start("");
  std::map<std::string, std::string> results = TryAll();
  ExpectEach(&results, kAlwaysPermitted, "ok");
  ExpectEach(&results, kForbiddenCalls, "EPERM");
  if (results.count("x32") > 0) ExpectEach(&results, {"x32"}, "EPERM");
  if (HasLandlock()) {
    ExpectEach(&results, kForbiddenFiles, "EACCES");
    EXPECT_THAT(results, IsEmpty()) << "nothing is tried that is not expected";
  }
  EXPECT_EQ(ReadFile(muster_.path("outside.txt")), "text");
  EXPECT_TRUE(FetchOnce(muster_.address(), "/index.html").has_value());
  const pid_t pid = muster_.WorkerPids().at(0);
  EXPECT_THAT(StatusOf(pid), AllOf(HasSubstr("Seccomp:\t2\n"), HasSubstr("NoNewPrivs:\t1\n")));
  EXPECT_THAT(StatusOf(muster_.master().pid()), HasSubstr("Seccomp:\t0\n"));
}

// The same calls, so that what was refused above was refused by the sandbox.
const std::vector<std::string> kPossible = {"read-outside",
                                            "read-folder-outside",
                                            "read-other-process",
                                            "write-outside",
                                            "write-inside-readable",
                                            "make-outside",
                                            "make-beside-log",
                                            "rewrite-log",
                                            "change-writable",
                                            "change-outside",
                                            "unlink",
                                            "mkdir",
                                            "symlink",
                                            "truncate",
                                            "chmod",
                                            "fork",
                                            "spawn",
                                            "kill-master",
                                            "kill-group",
                                            "own-another",
                                            "pidfd-signal",
                                            "setuid",
                                            "personality",
                                            "unshare",
                                            "socket",
                                            "socket-unix",
                                            "datagram-pair",
                                            "inotify"};

TEST_F(BoxedTest, CallsAreCarriedOutIfTheyAreOnlyLogged) {
  NEEDS_A_SANDBOX();
  Start("sandbox: LOG");
  std::map<std::string, std::string> results = TryAll();
  ExpectEach(&results, kAlwaysPermitted, "ok");
  ExpectEach(&results, kPossible, "ok");
  EXPECT_EQ(results["execve"], "ENOENT");
  EXPECT_EQ(results["ptrace"], "ESRCH");
  EXPECT_EQ(results["connect"], "ECONNREFUSED");
  const pid_t pid = muster_.WorkerPids().at(0);
  EXPECT_THAT(StatusOf(pid), AllOf(HasSubstr("Seccomp:\t2\n"), HasSubstr("NoNewPrivs:\t1\n")));
}

TEST_F(BoxedTest, CallsAreCarriedOutWithoutASandbox) {
  Start("sandbox: OFF no_new_privs: false");
  std::map<std::string, std::string> results = TryAll();
  ExpectEach(&results, kAlwaysPermitted, "ok");
  ExpectEach(&results, kPossible, "ok");
  EXPECT_EQ(results["execve"], "ENOENT");
  const pid_t pid = muster_.WorkerPids().at(0);
  EXPECT_THAT(StatusOf(pid), AllOf(HasSubstr("Seccomp:\t0\n"), HasSubstr("NoNewPrivs:\t0\n")));
}

TEST_F(BoxedTest, WhatTheProgramNeedsIsPermittedAndNothingElse) {
  NEEDS_A_SANDBOX();
  if (!HasLandlock()) GTEST_SKIP() << "this kernel has no Landlock";
  Start(absl::StrCat(Variable("BOX_WRITES", "1"), Variable("BOX_CONNECTS", "1"),
                     Variable("BOX_CALL", "inotify_init1")));
  std::map<std::string, std::string> results = TryAll();
  ExpectEach(&results, {"change-writable", "socket", "socket-unix", "inotify"}, "ok");
  ExpectEach(&results, {"connect"}, "ECONNREFUSED");
  ExpectEach(&results, {"change-outside", "unlink", "mkdir", "symlink", "truncate", "read-outside"},
             "EACCES");
  ExpectEach(&results, {"chmod", "fork", "socket-packet", "kill-master"}, "EPERM");
}

TEST_F(BoxedTest, AWorkerThatHangsWritesItsStack) {
  Start("");
  HttpClient client(muster_.address());
  ASSERT_TRUE(client.Send("GET /spin HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_TRUE(muster_.AwaitStatus([&](const admin::v1::Status&) {
    return absl::StrContains(muster_.master().errors(), "SpinInSandbox");
  })) << muster_.master().errors();
}

TEST_F(BoxedTest, AThreadThatWouldStayFreeIsRefused) {
  NEEDS_A_SANDBOX();
  muster_.WriteConfig(RunningMaster::Config(Variable("BOX_THREAD", "1"), kLocations));
  EXPECT_FALSE(muster_.Start());
  EXPECT_THAT(muster_.master().errors(),
              HasSubstr("sandbox: the process has 2 threads before its service is made"));
}

TEST_F(BoxedTest, ANeedThatNobodyKnowsIsRefused) {
  NEEDS_A_SANDBOX();
  muster_.WriteConfig(RunningMaster::Config(Variable("BOX_CALL", "inotify_innit"), kLocations));
  EXPECT_FALSE(muster_.Start());
  EXPECT_THAT(muster_.master().errors(),
              HasSubstr("sandbox: libseccomp knows no system call \"inotify_innit\""));
}

TEST_F(BoxedTest, SystemCallsAreRefusedWithoutLandlockToo) {
  NEEDS_A_SANDBOX();
  WriteBoxed("");
  ASSERT_TRUE(muster_.Start(HideLandlock)) << muster_.master().errors();
  std::map<std::string, std::string> results = TryAll();
  ExpectEach(&results, kAlwaysPermitted, "ok");
  ExpectEach(&results, kForbiddenCalls, "EPERM");
  ExpectEach(&results, {"read-outside"}, "ok");
}

}  // namespace
}  // namespace muster::tests
