#include "muster/worker/stream/output_queue.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace muster::worker {
namespace {

constexpr std::uint64_t kAll = std::uint64_t{1} << 40;

class OutputQueueTest : public ::testing::Test {
 protected:
  OutputQueueTest() {
    std::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    own_.reset(ends[0]);
    client_.reset(ends[1]);
  }

  static FileRange File(const std::string& content, std::uint64_t offset, std::uint64_t bytes) {
    std::string path = absl::StrCat(::testing::TempDir(), "/rangeXXXXXX");
    auto file = std::make_shared<ipc::UniqueFd>(::mkostemp(path.data(), O_CLOEXEC));
    ::unlink(path.c_str());
    EXPECT_EQ(::write(file->get(), content.data(), content.size()),
              static_cast<ssize_t>(content.size()));
    return {.file = std::move(file), .offset = offset, .bytes = bytes};
  }
  std::string Receive() {
    std::string text;
    char bytes[65536];
    for (ssize_t n = 0; (n = ::recv(client_.get(), bytes, sizeof(bytes), 0)) > 0;) {
      text.append(bytes, static_cast<std::size_t>(n));
    }
    return text;
  }
  // All of it, by turns of the two sides.
  std::string SendAll() {
    std::string received;
    for (auto outcome = OutputQueue::Outcome::kBlocked; outcome != OutputQueue::Outcome::kSent;) {
      outcome = queue_.Send(own_.get(), kAll);
      EXPECT_TRUE(outcome == OutputQueue::Outcome::kSent ||
                  outcome == OutputQueue::Outcome::kBlocked);
      received += Receive();
      if (HasFailure()) break;
    }
    return received;
  }

  ipc::UniqueFd own_;
  ipc::UniqueFd client_;
  OutputQueue queue_;
};

TEST_F(OutputQueueTest, SendsSmallTextsAsOne) {
  queue_.Append("a");
  queue_.Append("b");
  queue_.Append("c");
  EXPECT_EQ(queue_.bytes(), 3u);
  EXPECT_EQ(queue_.Send(own_.get(), kAll), OutputQueue::Outcome::kSent);
  EXPECT_TRUE(queue_.empty());
  EXPECT_EQ(Receive(), "abc");
}

TEST_F(OutputQueueTest, SendsTextsCordsAndFilesInTheirOrder) {
  queue_.Append("one ");
  queue_.Append(absl::Cord("two "));
  queue_.Append("three ");
  queue_.Append(File("0123456789", 3, 4));
  queue_.Append(" four");
  queue_.Append(absl::Cord(" five"));
  EXPECT_EQ(queue_.bytes(), 28u);
  EXPECT_EQ(queue_.memory_bytes(), 24u);
  EXPECT_TRUE(queue_.has_file());
  EXPECT_EQ(SendAll(), "one two three 3456 four five");
  EXPECT_FALSE(queue_.has_file());
}

TEST_F(OutputQueueTest, SendsWhatASocketDoesNotTakeAtOnce) {
  std::string expected;
  std::string file(700'000, 'f');
  for (int i = 0; i < 200; ++i) {
    const std::string text = std::string(static_cast<std::size_t>(i) * 100, 'a' + i % 26);
    expected += text;
    if (i % 3 == 0) {
      queue_.Append(absl::Cord(text));
    } else {
      queue_.Append(text);
    }
    if (i == 100) {
      queue_.Append(File(file, 0, file.size()));
      expected += file;
    }
  }
  EXPECT_TRUE(SendAll() == expected);
  EXPECT_EQ(queue_.bytes(), 0u);
}

TEST_F(OutputQueueTest, CountsWhatIsLeft) {
  queue_.Append(std::string(3'000'000, 'x'));
  EXPECT_EQ(queue_.Send(own_.get(), kAll), OutputQueue::Outcome::kBlocked);
  EXPECT_EQ(queue_.bytes(), 3'000'000 - Receive().size());
}

TEST_F(OutputQueueTest, PausesAfterWhatATurnAllows) {
  queue_.Append(File(std::string(100'000, 'f'), 0, 100'000));
  EXPECT_EQ(queue_.Send(own_.get(), 10'000), OutputQueue::Outcome::kPaused);
  EXPECT_EQ(queue_.bytes(), 90'000u);
  EXPECT_EQ(Receive().size(), 10'000u);
}

TEST_F(OutputQueueTest, FailsWithoutTheClient) {
  client_.reset();
  queue_.Append("x");
  EXPECT_EQ(queue_.Send(own_.get(), kAll), OutputQueue::Outcome::kFailed);
}

TEST_F(OutputQueueTest, FailsAtTheEndOfAFileThatIsTooShort) {
  queue_.Append(File("short", 0, 6));
  EXPECT_EQ(queue_.Send(own_.get(), kAll), OutputQueue::Outcome::kFileEnded);
  EXPECT_EQ(Receive(), "short");
}

TEST_F(OutputQueueTest, GivesWhatIsLeftAsOneText) {
  const std::string much(3'000'000, 'x');
  queue_.Append(much);
  queue_.Append(absl::Cord("cord"));
  queue_.Append("end");
  EXPECT_EQ(queue_.Send(own_.get(), kAll), OutputQueue::Outcome::kBlocked);
  const std::string sent = Receive();
  EXPECT_TRUE(sent + queue_.Take() == much + "cordend");
  EXPECT_TRUE(queue_.empty());
}

// A client that is always a little behind.
TEST_F(OutputQueueTest, SendsInItsOrderWhatNeverEnds) {
  std::string expected(1'000'000, 'x');
  std::string received;
  queue_.Append(expected);
  for (int i = 0; i < 1000; ++i) {
    const std::string text(10'000, static_cast<char>('a' + i % 26));
    queue_.Append(text);
    if (i % 200 == 0) queue_.Append(absl::Cord("cord"));
    absl::StrAppend(&expected, text, i % 200 == 0 ? "cord" : "");
    ASSERT_EQ(queue_.Send(own_.get(), kAll), OutputQueue::Outcome::kBlocked);
    char bytes[10'000];
    const ssize_t n = ::recv(client_.get(), bytes, sizeof(bytes), 0);
    ASSERT_GT(n, 0);
    received.append(bytes, static_cast<std::size_t>(n));
  }
  received += SendAll();
  EXPECT_TRUE(received == expected);
}

TEST_F(OutputQueueTest, UsesMemoryThatItWasLent) {
  std::string spare;
  spare.reserve(10'000);
  const char* const memory = spare.data();
  queue_.Lend(spare);
  queue_.Append("text");
  queue_.GiveBack(spare);  // it is still needed
  EXPECT_NE(spare.data(), memory);
  EXPECT_EQ(queue_.Send(own_.get(), kAll), OutputQueue::Outcome::kSent);
  queue_.GiveBack(spare);
  EXPECT_EQ(spare.data(), memory);
  EXPECT_EQ(spare, "");
  EXPECT_EQ(Receive(), "text");
}

}  // namespace
}  // namespace muster::worker
