#include <signal.h>
#include <sys/types.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "muster/proto/status.pb.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

std::string BytesOfEveryValue(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 1;
  for (char& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

TEST(Serve, AFileByteForByte) {
  RunningMaster muster;
  const std::string bytes = BytesOfEveryValue(3'000'001);
  WriteFile(muster.path("site/data.bin"), bytes);
  ASSERT_TRUE(muster.Start()) << muster.master().errors();

  const auto response = FetchOnce(muster.address(), "/data.bin");

  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 200);
  EXPECT_TRUE(response->body == bytes) << "got " << response->body.size() << " bytes";
}

// In kB: the pages of the program's and its libraries' code whose file has this in its name.
int ResidentCode(pid_t pid, const std::string& name) {
  std::ifstream maps(absl::StrCat("/proc/", pid, "/smaps"));
  int resident = 0;
  bool is_it = false;
  for (std::string line; std::getline(maps, line);) {
    if (absl::StrContains(line, "-") && absl::StrContains(line, " r")) {
      is_it = absl::StrContains(line, " r-xp ") && absl::StrContains(line, name);
    } else if (int kib = 0; is_it && std::sscanf(line.c_str(), "Rss: %d kB", &kib) == 1) {
      resident += kib;
    }
  }
  return resident;
}

// Protobuf is used until the master has been told that the worker serves.
TEST(Serve, WithoutTheMemoryThatOnlyTheStartNeeded) {
  RunningMaster muster(RunningMaster::ConfigOfOneWorker());
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  if (ResidentCode(muster.master().pid(), "libprotobuf") == 0) {
    GTEST_SKIP() << "protobuf is part of the program";
  }
  const pid_t worker = muster.WorkerPids().at(0);
  EXPECT_TRUE(muster.AwaitStatus([&](const admin::v1::Status&) {
    return ResidentCode(worker, "libprotobuf") == 0;
  })) << ResidentCode(worker, "libprotobuf");
}

TEST(Serve, TheIndexOfAFolder) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();

  const auto response = FetchOnce(muster.address(), "/");

  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->body, "<h1>first</h1>\n");
  EXPECT_EQ(response->headers.at("content-type"), "text/html; charset=utf-8");
}

TEST(Serve, NothingOutsideTheRoot) {
  RunningMaster muster;
  WriteFile(muster.path("secret"), "secret");
  ASSERT_EQ(::symlink("../secret", muster.path("site/link").c_str()), 0);
  ASSERT_TRUE(muster.Start()) << muster.master().errors();

  for (const char* path : {"/../secret", "/%2e%2e/secret", "/link", "/x/..%2f../secret"}) {
    const auto response = FetchOnce(muster.address(), path);
    ASSERT_TRUE(response.has_value()) << path;
    EXPECT_GE(response->status, 400) << path;
    EXPECT_EQ(response->body.find("secret"), std::string::npos) << path;
  }
}

TEST(Serve, StubStatusInTheFormatOfNginx) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();

  const auto response = FetchOnce(muster.address(), "/stub_status");

  ASSERT_TRUE(response.has_value());
  EXPECT_THAT(response->body, MatchesRegex("Active connections: 1 \n"
                                           "server accepts handled requests\n"
                                           " 1 1 1 \n"
                                           "Reading: 0 Writing: 1 Waiting: 0 \n"));
}

TEST(Serve, TheStatusOfAllWorkersByAnyOfThem) {
  RunningMaster muster(RunningMaster::Config("", R"(
  location { path: "/status.json" status_json {} }
  location { path: "/metrics" metrics {} }
)"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(FetchOnce(muster.address(), "/none").has_value());
  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);

  const auto json = FetchOnce(muster.address(), "/status.json");
  const auto metrics = FetchOnce(muster.address(), "/metrics");

  ASSERT_TRUE(json.has_value());
  EXPECT_EQ(json->headers.at("content-type"), "application/json");
  worker::v1::Status status;
  const auto parsed = google::protobuf::util::JsonStringToMessage(json->body, &status);
  ASSERT_TRUE(parsed.ok()) << parsed.ToString() << "\n" << json->body;
  EXPECT_EQ(status.master().pid(), muster.master().pid());
  EXPECT_EQ(status.master().generation(), 2u);
  EXPECT_EQ(status.master().worker_processes(), 2u);
  EXPECT_EQ(status.master().reloads(), 1u);
  int serving = 0;
  for (const worker::v1::Worker& worker : status.workers()) {
    if (worker.state() != worker::v1::Worker::SERVING) continue;
    ++serving;
    EXPECT_EQ(worker.generation(), 2u);
    EXPECT_EQ(::kill(worker.pid(), 0), 0) << worker.pid();
  }
  EXPECT_EQ(serving, 2);
  // Those of the first generation's workers, too.
  EXPECT_EQ(status.total().responses_4xx(), 5u);
  ASSERT_TRUE(metrics.has_value());
  EXPECT_THAT(metrics->body, HasSubstr("\nmuster_workers{state=\"serving\"} 2\n"));
  EXPECT_THAT(metrics->body, HasSubstr("\nmuster_config_generation 2\n"));
}

TEST(Serve, WithTheAcceptMutexToo) {
  RunningMaster muster(RunningMaster::Config("accept: MUTEX"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();

  for (int i = 0; i < 100; ++i) {
    const auto response = FetchOnce(muster.address(), "/");
    ASSERT_TRUE(response.has_value()) << "request " << i;
    ASSERT_EQ(response->status, 200) << "request " << i;
  }
}

}  // namespace
}  // namespace muster::tests
