#include "muster/ipc/channel/pipe.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"

namespace muster::ipc {
namespace {

Pipe MakePipe() {
  auto pipe = Pipe::Create();
  EXPECT_TRUE(pipe.ok()) << pipe.status();
  return *std::move(pipe);
}

TEST(Pipe, KeepsRecordsApart) {
  const Pipe pipe = MakePipe();
  ASSERT_EQ(*pipe.writer.Send("first"), SendOutcome::kSent);
  ASSERT_EQ(*pipe.writer.Send("second"), SendOutcome::kSent);
  std::string record;
  ASSERT_EQ(*pipe.reader.Receive(&record), ReceiveOutcome::kReceived);
  EXPECT_EQ(record, "first");
  ASSERT_EQ(*pipe.reader.Receive(&record), ReceiveOutcome::kReceived);
  EXPECT_EQ(record, "second");
}

TEST(Pipe, KeepsTheLongestRecordsOfSeveralWritersWhole) {
  const Pipe pipe = MakePipe();
  constexpr int kRecords = 300;
  const auto write = [&](char letter) {
    for (int i = 0; i < kRecords; ++i) {
      if (!pipe.writer.Send(std::string(kMaxPipeRecordBytes, letter)).ok()) return 1;
    }
    return 0;
  };
  ForkedChild first([&] { return write('a'); });
  ForkedChild second([&] { return write('b'); });
  std::string record;
  for (int i = 0; i < 2 * kRecords; ++i) {
    ASSERT_EQ(*pipe.reader.Receive(&record), ReceiveOutcome::kReceived);
    ASSERT_EQ(record, std::string(kMaxPipeRecordBytes, record[0]));
  }
  EXPECT_EQ(first.Join(), 0);
  EXPECT_EQ(second.Join(), 0);
}

TEST(Pipe, LosesNothingWhenItIsFull) {
  const Pipe pipe = MakePipe();
  int sent = 0;
  while (*pipe.writer.TrySend(absl::StrCat(sent)) == SendOutcome::kSent) ASSERT_LT(++sent, 1 << 20);
  std::string record;
  for (int i = 0; i < sent; ++i) {
    ASSERT_EQ(*pipe.reader.TryReceive(&record), ReceiveOutcome::kReceived);
    ASSERT_EQ(record, absl::StrCat(i));
  }
  EXPECT_EQ(*pipe.reader.TryReceive(&record), ReceiveOutcome::kWouldBlock);
}

TEST(Pipe, RefusesRecordsThatWouldNotStayWhole) {
  const Pipe pipe = MakePipe();
  EXPECT_EQ(pipe.writer.TrySend(std::string(4097, 'x')).status(),
            absl::InvalidArgumentError("pipe record of 4097 bytes, expected 1 to 4096"));
  EXPECT_EQ(pipe.writer.TrySend("").status(),
            absl::InvalidArgumentError("pipe record of 0 bytes, expected 1 to 4096"));
}

TEST(Pipe, DeliversWhatAKilledWriterHadWrittenAndThenReportsItGone) {
  Pipe pipe = MakePipe();
  ForkedChild child([&] {
    if (!pipe.writer.Send("last words").ok()) return 1;
    return ::raise(SIGKILL);
  });
  ASSERT_EQ(child.Join(), -SIGKILL);
  { const PipeWriter closed = std::move(pipe.writer); }
  std::string record;
  ASSERT_EQ(*pipe.reader.Receive(&record), ReceiveOutcome::kReceived);
  EXPECT_EQ(record, "last words");
  EXPECT_EQ(*pipe.reader.Receive(&record), ReceiveOutcome::kPeerGone);
  EXPECT_EQ(*pipe.reader.TryReceive(&record), ReceiveOutcome::kPeerGone);
}

TEST(Pipe, ReportsAReaderThatIsGoneWithoutASignal) {
  Pipe pipe = MakePipe();
  { const PipeReader closed = std::move(pipe.reader); }
  EXPECT_EQ(*pipe.writer.TrySend("x"), SendOutcome::kPeerGone);  // SIGPIPE would end the test
  sigset_t pending;
  ASSERT_EQ(::sigpending(&pending), 0);
  EXPECT_EQ(sigismember(&pending, SIGPIPE), 0);
}

TEST(Pipe, LeavesAPendingSigpipeOfSomebodyElseAlone) {
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGPIPE);
  ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, &mask, nullptr), 0);
  ::raise(SIGPIPE);
  Pipe pipe = MakePipe();
  { const PipeReader closed = std::move(pipe.reader); }
  EXPECT_EQ(*pipe.writer.TrySend("x"), SendOutcome::kPeerGone);
  int taken = 0;
  ASSERT_EQ(::sigwait(&mask, &taken), 0);
  EXPECT_EQ(taken, SIGPIPE);
  ASSERT_EQ(::pthread_sigmask(SIG_UNBLOCK, &mask, nullptr), 0);
}

TEST(Pipe, IsMadeOfDescriptorsThatExecCloses) {
  const Pipe pipe = MakePipe();
  EXPECT_EQ(::fcntl(pipe.reader.fd(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  EXPECT_EQ(::fcntl(pipe.writer.fd(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST(PipeAdopt, TakesOverAnInheritedPipe) {
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  const auto reader = PipeReader::Adopt(UniqueFd(fds[0]));
  const auto writer = PipeWriter::Adopt(UniqueFd(fds[1]));
  ASSERT_TRUE(reader.ok() && writer.ok()) << reader.status() << writer.status();
  ASSERT_EQ(*writer->TrySend("a"), SendOutcome::kSent);
  ASSERT_EQ(*writer->TrySend("b"), SendOutcome::kSent);
  std::string record;
  ASSERT_EQ(*reader->TryReceive(&record), ReceiveOutcome::kReceived);
  EXPECT_EQ(record, "a");
}

TEST(PipeAdopt, RefusesTheWrongEnd) {
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  EXPECT_EQ(PipeWriter::Adopt(UniqueFd(fds[0])).status(),
            absl::InvalidArgumentError(
                absl::StrCat("pipe in descriptor ", fds[0], ": not the writing end of a pipe")));
  EXPECT_EQ(PipeReader::Adopt(UniqueFd(fds[1])).status(),
            absl::InvalidArgumentError(
                absl::StrCat("pipe in descriptor ", fds[1], ": not the reading end of a pipe")));
}

TEST(PipeAdopt, RefusesWhatIsNoPipe) {
  EXPECT_EQ(PipeReader::Adopt(UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC))).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(PipeReader::Adopt(UniqueFd(-1)).status().message(),
                                "fstat pipe in descriptor -1: Bad file descriptor"));
}

}  // namespace
}  // namespace muster::ipc
