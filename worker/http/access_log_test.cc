#include "worker/http/access_log.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

AccessRecord Record() {
  sockaddr_storage address = {};
  auto& in = reinterpret_cast<sockaddr_in&>(address);
  in.sin_family = AF_INET;
  ::inet_pton(AF_INET, "192.0.2.1", &in.sin_addr);
  AccessRecord record;
  record.peer = PeerAddress(address);
  record.time = "06/Nov/1994:08:49:37 +0000";
  record.request_line = "GET / HTTP/1.1";
  record.status = 200;
  record.body_bytes = 34;
  return record;
}

constexpr char kLine[] =
    "192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] \"GET / HTTP/1.1\" 200 34 \"-\" \"-\"\n";

std::string LineOf(const AccessRecord& record) {
  std::string line;
  AppendAccessLine(line, record);
  return line;
}

TEST(AccessLine, HasTheCombinedFormat) {
  AccessRecord record = Record();
  EXPECT_EQ(LineOf(record), kLine);
  record.referer = "http://a/";
  record.user_agent = "curl/8";
  EXPECT_EQ(LineOf(record),
            "192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] \"GET / HTTP/1.1\" 200 34 \"http://a/\" "
            "\"curl/8\"\n");
}

TEST(AccessLine, EscapesWhatAClientCouldForgeLinesWith) {
  AccessRecord record = Record();
  record.request_line = "GET /\"\\\r\n\x1b\x7f\xc3";
  record.user_agent = "";
  EXPECT_EQ(LineOf(record),
            "192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] \"GET "
            "/\\x22\\x5C\\x0D\\x0A\\x1B\\x7F\\xC3\" 200 34 \"-\" \"-\"\n");
}

class AccessLogTest : public testing::Test {
 protected:
  AccessLogTest() : loop_(*loop::EventLoop::Create()) {
    std::string pattern = testing::TempDir() + "/access.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ / "access.log";
  }
  ~AccessLogTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<AccessLog> Open() {
    auto log = AccessLog::Open(path_, *loop_);
    EXPECT_TRUE(log.ok()) << log.status();
    return *std::move(log);
  }

  static std::string Read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  std::unique_ptr<loop::EventLoop> loop_;
  std::filesystem::path folder_;
  std::filesystem::path path_;
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

TEST_F(AccessLogTest, IsWrittenASecondLater) {
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
  for (int i = 0; i < 2000; ++i) log->Write(Record());
  const std::string text = Read(path_);
  EXPECT_GT(text.size(), 100'000u);
  EXPECT_EQ(text.size() % (sizeof(kLine) - 1), 0u);
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

TEST_F(AccessLogTest, CannotBeAFifoThatNobodyReads) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(AccessLog::Open(path_, *loop_).status().message(),
            "open " + path_.string() + ": No such device or address");
}

}  // namespace
}  // namespace muster::worker::http
