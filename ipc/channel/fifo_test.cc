#include "muster/ipc/channel/fifo.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"

namespace muster::ipc {
namespace {

std::string TestPath() {
  return absl::StrCat(std::getenv("TEST_TMPDIR"), "/",
                      testing::UnitTest::GetInstance()->current_test_info()->name());
}

TEST(Fifo, CarriesRecordsBetweenProcessesThatShareItsName) {
  const auto fifo = Fifo::Create(TestPath());
  ASSERT_TRUE(fifo.ok()) << fifo.status();
  const auto reader = Fifo::OpenReader(fifo->path());
  ASSERT_TRUE(reader.ok()) << reader.status();
  ForkedChild child([] {
    const auto writer = Fifo::OpenWriter(TestPath());
    return writer.ok() && writer->Send("first").ok() && writer->Send("second").ok() ? 0 : 1;
  });
  std::string record;
  // Waits for the first writer too, which read(2) would take for the end.
  ASSERT_EQ(*reader->Receive(&record), ReceiveOutcome::kReceived);
  EXPECT_EQ(record, "first");
  ASSERT_EQ(*reader->Receive(&record), ReceiveOutcome::kReceived);
  EXPECT_EQ(record, "second");
  EXPECT_EQ(*reader->Receive(&record), ReceiveOutcome::kPeerGone);
  EXPECT_EQ(child.Join(), 0);
}

TEST(Fifo, HasNothingToReceiveBeforeItsFirstWriter) {
  const auto fifo = Fifo::Create(TestPath());
  const auto reader = Fifo::OpenReader(fifo->path());
  std::string record;
  EXPECT_EQ(*reader->TryReceive(&record), ReceiveOutcome::kWouldBlock);
}

// The first writer comes, writes and goes while the reader looks.
TEST(Fifo, HasWhatAWriterOfAMomentLeft) {
  for (int round = 0; round < 300; ++round) {
    const auto fifo = Fifo::Create(TestPath());
    const auto reader = Fifo::OpenReader(fifo->path());
    std::atomic<bool> does_read = false;
    std::thread writer([&] {
      while (!does_read) {
      }
      ASSERT_EQ(*Fifo::OpenWriter(fifo->path())->TrySend("left"), SendOutcome::kSent);
    });
    std::string record;
    ReceiveOutcome outcome = ReceiveOutcome::kWouldBlock;
    while (outcome == ReceiveOutcome::kWouldBlock) {
      outcome = *reader->TryReceive(&record);
      does_read = true;
    }
    writer.join();
    ASSERT_EQ(outcome, ReceiveOutcome::kReceived) << "round " << round;
  }
}

TEST(Fifo, ServesTheNextWriterAfterOneIsGone) {
  const auto fifo = Fifo::Create(TestPath());
  const auto reader = Fifo::OpenReader(fifo->path());
  std::string record;
  { const auto gone = Fifo::OpenWriter(fifo->path()); }
  ASSERT_EQ(*reader->TryReceive(&record), ReceiveOutcome::kPeerGone);
  const auto next = Fifo::OpenWriter(fifo->path());
  ASSERT_EQ(*next->TrySend("next"), SendOutcome::kSent);
  EXPECT_EQ(*reader->TryReceive(&record), ReceiveOutcome::kReceived);
}

TEST(Fifo, CannotBeWrittenWhileNobodyReads) {
  const auto fifo = Fifo::Create(TestPath());
  EXPECT_EQ(Fifo::OpenWriter(fifo->path()).status(),
            absl::FailedPreconditionError(
                absl::StrCat("open ", fifo->path(), " for writing: nobody reads it")));
}

TEST(Fifo, RemovesItsNameInTheEnd) {
  { const auto fifo = Fifo::Create(TestPath()); }
  EXPECT_NE(::access(TestPath().c_str(), F_OK), 0);
}

TEST(Fifo, IsForItsUserOnly) {
  const auto fifo = Fifo::Create(TestPath());
  struct stat file;
  ASSERT_EQ(::stat(fifo->path().c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600u);
}

TEST(Fifo, DoesNotTakeANameThatIsTaken) {
  const auto fifo = Fifo::Create(TestPath());
  EXPECT_EQ(Fifo::Create(TestPath()).status(),
            absl::AlreadyExistsError(absl::StrCat("mkfifo ", TestPath(), ": File exists")));
}

TEST(Fifo, IsNotADevice) {
  const absl::Status expected = absl::InvalidArgumentError("/dev/null: not a FIFO");
  EXPECT_EQ(Fifo::OpenReader("/dev/null").status(), expected);
  EXPECT_EQ(Fifo::OpenWriter("/dev/null").status(), expected);
}

TEST(Fifo, IsNotALinkToOne) {
  const auto fifo = Fifo::Create(TestPath());
  const std::string link = TestPath() + ".link";
  ASSERT_EQ(::symlink(fifo->path().c_str(), link.c_str()), 0);
  EXPECT_FALSE(Fifo::OpenReader(link).ok());
  EXPECT_FALSE(Fifo::OpenWriter(link).ok());
  ::unlink(link.c_str());
}

TEST(Fifo, IsNotTakenIfOthersMayWriteIt) {
  const auto fifo = Fifo::Create(TestPath());
  ASSERT_EQ(::chmod(fifo->path().c_str(), 0622), 0);
  EXPECT_EQ(Fifo::OpenReader(fifo->path()).status().code(), absl::StatusCode::kPermissionDenied);
  const auto reader = Fifo::OpenReader(fifo->path(), {.others_may_write = true});
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ(Fifo::OpenWriter(fifo->path()).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(Fifo::OpenWriter(fifo->path(), {.others_may_write = true}).ok());
}

TEST(Fifo, IsNotRemovedByAChildOfFork) {
  auto fifo = Fifo::Create(TestPath());
  ForkedChild child([&] {
    const Fifo destroyed = *std::move(fifo);
    return 0;
  });
  ASSERT_EQ(child.Join(), 0);
  EXPECT_EQ(::access(TestPath().c_str(), F_OK), 0);
}

TEST(Fifo, RemovesNoOtherThatTookItsName) {
  auto fifo = Fifo::Create(TestPath());
  // Kept, so that its inode is not used again.
  const std::string kept = TestPath() + ".kept";
  ASSERT_EQ(std::rename(TestPath().c_str(), kept.c_str()), 0);
  const auto other = Fifo::Create(TestPath());
  { const Fifo destroyed = *std::move(fifo); }
  EXPECT_EQ(::access(TestPath().c_str(), F_OK), 0);
  ::unlink(kept.c_str());
}

TEST(Fifo, IsRemovedByItsMakerWhereverItWasMoved) {
  auto fifo = Fifo::Create(TestPath());
  { const Fifo moved = *std::move(fifo); }
  EXPECT_NE(::access(TestPath().c_str(), F_OK), 0);
}

}  // namespace
}  // namespace muster::ipc
