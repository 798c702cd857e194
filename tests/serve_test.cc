#include <sys/types.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/http_client.h"
#include "tests/support/running_master.h"

namespace muster::tests {
namespace {

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
