#include "muster/worker/http/log/access_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/log/lost_lines.h"

namespace muster::worker::http {
namespace {

constexpr char kLine[] = "- \"GET / HTTP/1.1\" 200 34\n";

class AccessLogTest : public testing::Test {
 protected:
  AccessLogTest() : loop_(*loop::EventLoop::Create()) {
    std::string pattern = testing::TempDir() + "/access.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ / "access.log";
    options_.path = path_;
    options_.format = *config::ParseLogFormat("$remote_user \"$request\" $status $body_bytes_sent",
                                              /*is_json=*/false);
    options_.buffer_bytes = 64 * 1024;
    options_.flush_interval = std::chrono::milliseconds(20);
  }
  ~AccessLogTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<AccessLog> Open() {
    auto log = AccessLog::Open(options_, *loop_);
    EXPECT_TRUE(log.ok()) << log.status();
    return *std::move(log);
  }

  AccessRecord Record() const {
    return {.peer = peer_,
            .date = date_,
            .request_line = "GET / HTTP/1.1",
            .head = nullptr,
            .status = 200,
            .body_bytes = 34};
  }

  static std::string Read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  // What is in it now.
  std::string ReadFifo() const {
    const ipc::UniqueFd fifo(::open(path_.c_str(), O_RDONLY | O_NONBLOCK));
    std::string text(1 << 20, '\0');
    const ssize_t size = ::read(fifo.get(), text.data(), text.size());
    text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return text;
  }

  std::unique_ptr<loop::EventLoop> loop_;
  std::vector<std::string> reports_;
  std::filesystem::path folder_;
  std::filesystem::path path_;
  AccessLog::Options options_;
  PeerAddress peer_;
  DateCache date_;
};

TEST_F(AccessLogTest, AppendsToTheFileThatIsThere) {
  std::ofstream(path_) << "before\n";
  Open()->Write(Record());
  EXPECT_EQ(Read(path_), std::string("before\n") + kLine);
}

TEST_F(AccessLogTest, IsWrittenAtDestruction) {
  auto log = Open();
  log->Write(Record());
  EXPECT_EQ(Read(path_), "");
  log.reset();
  EXPECT_EQ(Read(path_), kLine);
}

TEST_F(AccessLogTest, IsWrittenAfterItsInterval) {
  auto log = Open();
  log->Write(Record());
  const loop::TimePoint deadline = loop::Clock::now() + std::chrono::seconds(10);
  while (Read(path_).empty() && loop::Clock::now() < deadline) {
    ASSERT_TRUE(loop_->RunOnce(std::chrono::seconds(10)).ok());
  }
  EXPECT_EQ(Read(path_), kLine);
}

TEST_F(AccessLogTest, IsWrittenInWholeLinesWhenMuchCameTogether) {
  auto log = Open();
  for (int i = 0; i < 5000; ++i) log->Write(Record());
  const std::string text = Read(path_);
  EXPECT_GT(text.size(), 100'000u);
  EXPECT_EQ(text.size() % (sizeof(kLine) - 1), 0u);
}

TEST_F(AccessLogTest, IsWrittenAtOnceWithoutABuffer) {
  options_.buffer_bytes = 0;
  auto log = Open();
  log->Write(Record());
  EXPECT_EQ(Read(path_), kLine);
}

TEST_F(AccessLogTest, GathersAsMuchAsItsBufferHolds) {
  options_.buffer_bytes = 4096;
  auto log = Open();
  std::size_t lines = 0;
  while (Read(path_).empty()) {
    log->Write(Record());
    ++lines;
  }
  EXPECT_EQ(Read(path_).size(), lines * (sizeof(kLine) - 1));
  EXPECT_GT(Read(path_).size(), 3500u);
  EXPECT_LT(Read(path_).size(), 4096u);
}

TEST_F(AccessLogTest, GoesOnInANewFileAfterReopen) {
  auto log = Open();
  log->Write(Record());
  std::filesystem::rename(path_, folder_ / "old.log");
  ASSERT_TRUE(log->Reopen().ok());
  EXPECT_EQ(Read(folder_ / "old.log"), kLine);
  log->Write(Record());
  log->Flush();
  EXPECT_EQ(Read(path_), kLine);
  EXPECT_EQ(Read(folder_ / "old.log"), kLine);
}

TEST_F(AccessLogTest, KeepsItsFileWhenReopenFails) {
  auto log = Open();
  std::filesystem::rename(path_, folder_ / "old.log");
  std::filesystem::create_directory(path_);
  EXPECT_EQ(log->Reopen().message(), "open " + path_.string() + ": Is a directory");
  log->Write(Record());
  log->Flush();
  EXPECT_EQ(Read(folder_ / "old.log"), kLine);
}

TEST_F(AccessLogTest, GivesTheLinesOfAFifoToTheReaderWhoComesLater) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  auto log = Open();
  log->Write(Record());
  log->Flush();
  EXPECT_EQ(ReadFifo(), kLine);
}

TEST_F(AccessLogTest, KeepsWholeLinesForALateReaderAndTellsHowManyWereLost) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  options_.report = [this](absl::string_view text) { reports_.emplace_back(text); };
  const std::uint64_t lost_before = log::LostLines();
  auto log = Open();
  constexpr std::size_t kLines = 20'000;
  for (std::size_t i = 0; i < kLines; ++i) log->Write(Record());
  ASSERT_EQ(reports_.size(), 1u);
  EXPECT_THAT(reports_[0],
              testing::MatchesRegex("the access log: write .*access.log: Resource "
                                    "temporarily unavailable; [0-9]+ lines were lost"));
  const std::size_t kept_bytes = (kLines - (log::LostLines() - lost_before)) * (sizeof(kLine) - 1);
  std::string text = ReadFifo();
  // By its timer, without another request.
  const loop::TimePoint deadline = loop::Clock::now() + std::chrono::seconds(10);
  while (text.size() < kept_bytes && loop::Clock::now() < deadline) {
    ASSERT_TRUE(loop_->RunOnce(std::chrono::milliseconds(10)).ok());
    text += ReadFifo();
  }
  EXPECT_EQ(text.size(), kept_bytes);
  EXPECT_EQ(absl::StrReplaceAll(text, {{kLine, ""}}), "") << "whole lines";
}

TEST_F(AccessLogTest, TellsThatADiskIsFull) {
  options_.path = "/dev/full";
  options_.buffer_bytes = 0;
  options_.report = [this](absl::string_view text) { reports_.emplace_back(text); };
  auto log = Open();
  for (int i = 0; i < 10; ++i) log->Write(Record());
  EXPECT_THAT(reports_,
              testing::ElementsAre("the access log: write /dev/full: No space left on device"));
}

TEST_F(AccessLogTest, TellsAtItsEndThatLinesAreLeft) {
  options_.path = "/dev/full";
  options_.report = [this](absl::string_view text) { reports_.emplace_back(text); };
  auto log = Open();
  log->Write(Record());
  log.reset();
  EXPECT_THAT(reports_, testing::ElementsAre("the access log: write /dev/full: No space left on "
                                             "device; the lines that were left are lost"));
}

}  // namespace
}  // namespace muster::worker::http
