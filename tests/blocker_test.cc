// What is in the master's way must not be in the way of its workers and operators. Each blocker
// stays in place until a worker that was killed serves again and `ctl status` has answered.

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/descriptor_refusal.h"
#include "muster/tests/support/child_process.h"
#include "muster/tests/support/lingering_socket.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::HasSubstr;

bool IsServing(const admin::v1::Status& status, int workers) {
  int serving = 0;
  for (const admin::v1::Worker& worker : status.workers()) {
    if (worker.state() == admin::v1::Worker::SERVING) ++serving;
  }
  return serving == workers;
}

// Kills a worker, and waits until another serves in its place and `ctl` has the status.
void ExpectSupervised(RunningMaster& muster) {
  // None of them drains.
  ASSERT_TRUE(muster.AwaitStatus([](const admin::v1::Status& status) {
    return status.workers_size() == 2 && IsServing(status, 2);
  })) << muster.Status().DebugString();
  const pid_t killed = muster.WorkerPids().at(0);
  ASSERT_EQ(::kill(killed, SIGKILL), 0);
  EXPECT_TRUE(muster.AwaitStatus([&](const admin::v1::Status& status) {
    return IsServing(status, 2) && status.workers(0).pid() != killed;
  })) << muster.Status().DebugString();
  const Finished status = muster.Ctl({"status"});
  EXPECT_EQ(status.exit, 0) << status.errors;
}

TEST(Blocker, IsAConfigurationThatIsAFifo) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  std::filesystem::remove(muster.path("muster.textproto"));
  ASSERT_EQ(::mkfifo(muster.path("muster.textproto").c_str(), 0600), 0);

  const Finished reload = muster.Ctl({"reload"});
  EXPECT_EQ(reload.exit, 1);
  EXPECT_THAT(reload.errors, HasSubstr("muster.textproto: is a pipe; a configuration is in a "
                                       "regular file"));
  ExpectSupervised(muster);
}

TEST(Blocker, IsAFifoInPlaceOfAFileThatTheConfigurationNames) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  ASSERT_EQ(::mkfifo(muster.path("fifo").c_str(), 0700), 0);
  for (const char* field : {"error_page { status: 404 file: 'fifo' }", "worker_binary: 'fifo'"}) {
    const bool is_http = field[0] == 'e';
    muster.WriteConfig(RunningMaster::Config(is_http ? "" : field, is_http ? field : ""));
    const Finished reload = muster.Ctl({"reload"});
    EXPECT_EQ(reload.exit, 1) << field;
    EXPECT_THAT(reload.errors, HasSubstr("regular file")) << field;
  }
  ExpectSupervised(muster);
}

// A program that is asked with --describe tells its pid to the one who reads the FIFO "asked", and
// never ends.
class HangingProgram {
 public:
  explicit HangingProgram(const RunningMaster& muster) : asked_(muster.path("asked")) {
    ::mkfifo(asked_.c_str(), 0600);
    const std::string program = muster.path("hanging");
    WriteFile(program, absl::StrCat("#!/bin/sh\necho $$ >", asked_, "\nexec sleep 1000\n"));
    ::chmod(program.c_str(), 0700);
  }
  // Blocks until it runs.
  void AwaitQuestion() {
    pid_t pid = 0;
    std::ifstream(asked_) >> pid;
    process_ = OpenProcess(pid);
  }
  bool runs() const {
    return process_.valid() && ::syscall(SYS_pidfd_send_signal, process_.get(), 0, nullptr, 0) == 0;
  }
  bool AwaitEnd() const { return !process_.valid() || AwaitDeath(process_.get()); }

 private:
  const std::string asked_;
  ipc::UniqueFd process_;
};

constexpr char kNamesTheHangingProgram[] = "worker_binary: 'hanging'";
constexpr char kNeedsTheProgram[] = "location { path: '/h' handler: 'h' }";

TEST(Blocker, IsAWorkerProgramThatHangsWhenItIsAsked) {
  RunningMaster muster(RunningMaster::Config(), "");
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  HangingProgram program(muster);
  muster.WriteConfig(RunningMaster::Config(kNamesTheHangingProgram, kNeedsTheProgram));

  // The master kills the program after 5 s. On a machine that is too busy for that, again.
  bool was_in_place = false;
  for (int trial = 0; trial < 5 && !was_in_place && !HasFailure(); ++trial) {
    muster.master().Signal(SIGHUP);
    program.AwaitQuestion();
    ExpectSupervised(muster);
    was_in_place = program.runs();
  }
  EXPECT_TRUE(was_in_place) << "whenever a worker served again, the program had been killed";
}

TEST(Blocker, IsAWorkerProgramThatTheKernelCannotLoad) {
  RunningMaster muster(RunningMaster::Config(), "");
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  WriteFile(muster.path("leased"), "#!/bin/sh\n");
  ::chmod(muster.path("leased").c_str(), 0700);
  // Whoever opens the file waits until this lease is given up, or broken after 45 s.
  ::signal(SIGIO, SIG_IGN);
  ipc::UniqueFd lease(::open(muster.path("leased").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::fcntl(lease.get(), F_SETLEASE, F_WRLCK), 0);
  muster.WriteConfig(RunningMaster::Config("worker_binary: 'leased'"));

  const Finished reload = muster.Ctl({"reload"});
  EXPECT_EQ(reload.exit, 1);
  EXPECT_THAT(reload.errors,
              HasSubstr(absl::StrCat("worker_binary: still starting ", muster.path("leased"))));
  ExpectSupervised(muster);
}

TEST(Blocker, DoesNotKeepAMasterFromItsEnd) {
  RunningMaster muster(RunningMaster::Config(), "");
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  HangingProgram program(muster);
  muster.WriteConfig(RunningMaster::Config(kNamesTheHangingProgram, kNeedsTheProgram));
  muster.master().Signal(SIGHUP);
  program.AwaitQuestion();
  muster.master().Signal(SIGTERM);
  EXPECT_EQ(muster.master().Wait(), 0);
  EXPECT_TRUE(program.AwaitEnd()) << "was left behind";
}

TEST(Blocker, DoesNotKeepAStartThatIsInterruptedFromItsEnd) {
  RunningMaster muster(RunningMaster::Config(kNamesTheHangingProgram, kNeedsTheProgram), "");
  HangingProgram program(muster);
  muster.Launch();
  program.AwaitQuestion();
  muster.master().Signal(SIGTERM);
  EXPECT_EQ(muster.master().Wait(), 0);
  EXPECT_TRUE(program.AwaitEnd()) << "was left behind";
}

sockaddr_un AddressOf(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  return address;
}

TEST(Blocker, IsAServiceManagerThatDoesNotRead) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const sockaddr_un manager = AddressOf(muster.path("notify.sock"));
  const ipc::UniqueFd other(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  while (::sendto(other.get(), "x", 1, 0, reinterpret_cast<const sockaddr*>(&manager),
                  sizeof(manager)) == 1) {
    continue;
  }
  ASSERT_EQ(errno, EAGAIN);
  EXPECT_EQ(muster.Ctl({"reload"}).exit, 0);
  ExpectSupervised(muster);
}

// A pipe that is full, with a reader who does not read.
class FullPipe {
 public:
  FullPipe() {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    read_ = ipc::UniqueFd(ends[0]);
    write_ = ipc::UniqueFd(ends[1]);
  }
  int write_fd() const { return write_.get(); }
  void Fill() const { FillPipe(absl::StrCat("/proc/self/fd/", write_.get())); }

  // Through a descriptor of its own: not to block is the description's, which others share.
  static void FillPipe(const std::string& path) {
    const ipc::UniqueFd own(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    ASSERT_TRUE(own.valid());
    const std::string page(4096, 'x');
    while (::write(own.get(), page.data(), page.size()) > 0) continue;
    // A page may have room for less.
    while (::write(own.get(), page.data(), 1) > 0) continue;
  }

 private:
  ipc::UniqueFd read_;
  ipc::UniqueFd write_;
};

TEST(Blocker, IsAStandardErrorThatNobodyReads) {
  RunningMaster muster;
  const FullPipe pipe;
  ASSERT_TRUE(muster.Start([&] { return ::dup2(pipe.write_fd(), STDERR_FILENO) >= 0; }));
  pipe.Fill();
  ExpectSupervised(muster);
}

TEST(Blocker, IsALogThatIsAFullFifo) {
  RunningMaster muster(RunningMaster::Config("log { path: 'log.fifo' }"));
  ASSERT_EQ(::mkfifo(muster.path("log.fifo").c_str(), 0600), 0);
  const ipc::UniqueFd reader(
      ::open(muster.path("log.fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  ASSERT_TRUE(muster.Start());
  FullPipe::FillPipe(muster.path("log.fifo"));
  ExpectSupervised(muster);
}

// gRPC's own listener would not listen again.
TEST(Blocker, IsAMomentWithoutDescriptorsOnTheAdminSocket) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const pid_t master = muster.master().pid();
  ASSERT_TRUE(IsServing(muster.Status(), 2));
  rlimit before = {};
  ASSERT_EQ(::prlimit(master, RLIMIT_NOFILE, nullptr, &before), 0);
  rlimit none = before;
  none.rlim_cur = 3;
  ASSERT_EQ(::prlimit(master, RLIMIT_NOFILE, &none, nullptr), 0);
  const sockaddr_un address = AddressOf(muster.path("admin.sock"));
  const ipc::UniqueFd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
            0);
  // Over the connection that was there before.
  ASSERT_TRUE(IsServing(muster.Status(), 2));
  ASSERT_EQ(::prlimit(master, RLIMIT_NOFILE, &before, nullptr), 0);
  ExpectSupervised(muster);
}

// Who closes the last descriptor of such a connection waits for its peer. As before Linux 6.16,
// which lets the master refuse descriptors.
TEST(Blocker, IsAConnectionThatLingersInTheChannelOfAWorker) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const auto of_master = UnixSocketsOf(muster.master().pid());
  const auto of_worker = UnixSocketsOf(muster.WorkerPids().at(0));
  ASSERT_FALSE(of_worker.empty());
  AllowDescriptors(of_master);
  LingeringSocket lingering;
  muster.master().Signal(SIGSTOP);
  // The first one is the worker's channel.
  EXPECT_TRUE(lingering.SendAway(of_worker.front().get(), "no message"));
  muster.master().Signal(SIGCONT);
  ExpectSupervised(muster);
  EXPECT_THAT(muster.master().errors(), HasSubstr("sent a descriptor, which no worker may"));
}

class LingeringClient : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
    listener_ = UnixSocketsOf(muster_.master().pid(), muster_.path("admin.sock"));
    ASSERT_EQ(listener_.size(), 1u);
  }
  // A connection to the admin service whose first bytes, which begin HTTP/2, have `lingering` with
  // them. False: the kernel refuses it.
  bool Send(LingeringSocket* lingering) {
    const sockaddr_un address = AddressOf(muster_.path("admin.sock"));
    client_ = ipc::UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(
        ::connect(client_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    muster_.master().Signal(SIGSTOP);
    const bool is_sent = lingering->SendAway(
        client_.get(), std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33));
    muster_.master().Signal(SIGCONT);
    return is_sent;
  }

  RunningMaster muster_;
  std::vector<ipc::UniqueFd> listener_;
  LingeringSocket lingering_;
  ipc::UniqueFd client_;
};

TEST_F(LingeringClient, OfTheAdminServiceIsRefusedWhereTheKernelCan) {
  const ipc::UniqueFd other(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!ipc::RefuseDescriptors(other.get())) GTEST_SKIP() << "this kernel cannot";
  EXPECT_FALSE(Send(&lingering_));
  ExpectSupervised(muster_);
}

TEST_F(LingeringClient, OfTheAdminServiceIsNotWaitedFor) {
  AllowDescriptors(listener_);
  ASSERT_TRUE(Send(&lingering_));
  ExpectSupervised(muster_);
  EXPECT_THAT(muster_.master().errors(), HasSubstr("sent a descriptor; it is closed"));
}

}  // namespace
}  // namespace muster::tests
