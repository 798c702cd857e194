// The examples of docs/IPC.md for what goes through the kernel: the page quotes the pieces between
// a line with a name in brackets and one with [end]; //tests:quoted_code_test compares them.

#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel.h"
#include "muster/ipc/channel/pipe.h"
#include "muster/ipc/lock/file_lock.h"
#include "muster/ipc/memory/sealed_bytes.h"
#include "muster/ipc/memory/shared_memory.h"
#include "muster/ipc/process/pid_fd.h"
#include "muster/ipc/process/signal_set.h"

namespace {

using namespace muster::ipc;

TEST(GuideNames, TrustedOwner) {
  const uid_t publisher = ::geteuid();
  // [trusted_owner]
  auto memory = SharedMemory::AttachPosix("/prices", {.trusted = {.user = publisher}});
  // [end]
  EXPECT_TRUE(absl::IsNotFound(memory.status())) << memory.status();
}

absl::Status RunAlone(const std::string& path) {
  // [file_lock]
  MUSTER_ASSIGN_OR_RETURN(FileLock lock, FileLock::Open(path, FileLockOwner::kOpenFile));
  MUSTER_ASSIGN_OR_RETURN(bool is_mine, lock.TryLock());
  if (!is_mine) return absl::AlreadyExistsError("another instance is running");
  // [end]
  return absl::OkStatus();
}

TEST(Guide, FileLock) {
  const std::string path = absl::StrCat(testing::TempDir(), "/instance.lock");
  EXPECT_TRUE(RunAlone(path).ok());
  auto other = FileLock::Open(path, FileLockOwner::kOpenFile);
  ASSERT_TRUE(other.ok() && other->Lock().ok());
  EXPECT_EQ(RunAlone(path).code(), absl::StatusCode::kAlreadyExists);
}

absl::Status PassOverChannel(int fd, int* answered) {
  // [channel]
  enum class Command : std::uint16_t { kServe = 1 };
  MUSTER_ASSIGN_OR_RETURN(Channel::Pair pair, Channel::CreatePair());  // one end for each process

  MUSTER_RETURN_IF_ERROR(pair.first
                             .Send({.command = CommandNumber(Command::kServe),
                                    .payload = "orders",
                                    .fds = absl::MakeConstSpan(&fd, 1)})
                             .status());

  ReceivedMessage message;
  MUSTER_ASSIGN_OR_RETURN(ReceiveOutcome outcome, pair.second.Receive(&message));
  if (outcome == ReceiveOutcome::kPeerGone) return absl::UnavailableError("the peer died");
  if (message.command_as<Command>() == Command::kServe) {
    // this process owns message.fds[0]; message.sender.pid is from the kernel
  }
  // [end]
  *answered =
      message.payload == "orders" && message.fds.size() == 1 && message.sender.pid == ::getpid();
  return absl::OkStatus();
}

absl::Status AwaitAnswer(const Channel& channel) {
  ReceivedMessage message;
  // [deadline]
  auto answer = channel.Receive(&message, Deadline::After(absl::Seconds(5)));
  if (absl::IsDeadlineExceeded(answer.status())) return absl::UnavailableError("no answer");
  // [end]
  return answer.status();
}

TEST(Guide, Deadline) {
  auto pair = Channel::CreatePair();
  ASSERT_TRUE(pair->first.Send({}).ok());
  EXPECT_TRUE(AwaitAnswer(pair->second).ok());
}

TEST(Guide, Channel) {
  int answered = 0;
  ASSERT_TRUE(PassOverChannel(STDIN_FILENO, &answered).ok());
  EXPECT_TRUE(answered);
}

absl::Status WaitForSignal(int* got) {
  // [signals]
  MUSTER_ASSIGN_OR_RETURN(SignalSet signals, SignalSet::Block({SIGTERM, SIGHUP}));
  MUSTER_ASSIGN_OR_RETURN(PidFd self, PidFd::Open(::getpid()));
  MUSTER_RETURN_IF_ERROR(self.Send(SIGHUP));  // that process or none, never another
  // ... when poll says that signals.fd() is readable:
  MUSTER_ASSIGN_OR_RETURN(std::optional<ReceivedSignal> signal, signals.TryRead());
  // [end]
  if (signal.has_value()) *got = signal->number;
  return absl::OkStatus();
}

TEST(Guide, Signals) {
  int got = 0;
  ASSERT_TRUE(WaitForSignal(&got).ok());
  EXPECT_EQ(got, SIGHUP);
}

absl::Status PassRecord(std::string* record) {
  // [pipe]
  MUSTER_ASSIGN_OR_RETURN(Pipe pipe, Pipe::Create());
  MUSTER_RETURN_IF_ERROR(pipe.writer.Send("one record, whole").status());
  MUSTER_RETURN_IF_ERROR(pipe.reader.Receive(record).status());
  // [end]
  return absl::OkStatus();
}

TEST(Guide, Pipe) {
  std::string record;
  ASSERT_TRUE(PassRecord(&record).ok());
  EXPECT_EQ(record, "one record, whole");
}

absl::Status PassConfiguration(std::string* received) {
  // [sealed_bytes]
  MUSTER_ASSIGN_OR_RETURN(UniqueFd sealed, SealBytes("configuration", "workers: 4"));
  // ... over a channel, then
  MUSTER_ASSIGN_OR_RETURN(*received, ReadSealedBytes(sealed.get(), 1 << 20));
  // [end]
  return absl::OkStatus();
}

TEST(Guide, SealedBytes) {
  std::string received;
  ASSERT_TRUE(PassConfiguration(&received).ok());
  EXPECT_EQ(received, "workers: 4");
}

}  // namespace
