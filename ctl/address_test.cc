#include "ctl/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/status/status.h"
#include "absl/strings/match.h"

namespace muster::ctl {
namespace {

using ::testing::ElementsAre;

const Surroundings kHome = {.directory = "/home/op", .workspace = {}};

std::vector<std::string> Found(const std::optional<std::string>& address,
                               const Surroundings& surroundings) {
  auto paths = SocketPaths(address, surroundings);
  EXPECT_TRUE(paths.ok()) << paths.status();
  return paths.ok() ? *paths : std::vector<std::string>();
}

TEST(SocketPaths, TakesAnAddressOfAUnixSocket) {
  EXPECT_THAT(Found("unix:/run/a.sock", kHome), ElementsAre("/run/a.sock"));
  EXPECT_THAT(Found("unix:///run/a.sock", kHome), ElementsAre("/run/a.sock"));
}

TEST(SocketPaths, TakesABarePath) {
  EXPECT_THAT(Found("/run/a.sock", kHome), ElementsAre("/run/a.sock"));
}

TEST(SocketPaths, ResolvesRelativePathsFromTheCallersFolder) {
  EXPECT_THAT(Found("unix:run/a.sock", kHome), ElementsAre("/home/op/run/a.sock"));
  EXPECT_THAT(Found("../a.sock", kHome), ElementsAre("/home/a.sock"));
}

TEST(SocketPaths, WithoutAnAddressLooksHereInTheExampleAndWhereItIsInstalled) {
  EXPECT_THAT(Found(std::nullopt, kHome),
              ElementsAre("/home/op/run/admin.sock", "/home/op/examples/site/run/admin.sock",
                          "/run/muster/admin.sock"));
}

TEST(SocketPaths, FindsTheExampleFromASubfolderOfTheTree) {
  const Surroundings docs = {.directory = "/src/muster/docs", .workspace = "/src/muster"};
  EXPECT_THAT(Found(std::nullopt, docs),
              ElementsAre("/src/muster/docs/run/admin.sock",
                          "/src/muster/examples/site/run/admin.sock", "/run/muster/admin.sock"));
}

TEST(SocketPaths, RefusesAHostAndPort) {
  for (const char* address : {"localhost:9000", "127.0.0.1:9000", "[::1]:9000"}) {
    const auto paths = SocketPaths(address, kHome);
    EXPECT_EQ(paths.status().code(), absl::StatusCode::kInvalidArgument) << address;
    EXPECT_TRUE(absl::StrContains(paths.status().message(), "unix:PATH")) << paths.status();
  }
}

TEST(SocketPaths, RefusesAnEmptyPath) {
  EXPECT_EQ(SocketPaths("", kHome).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(SocketPaths("unix:", kHome).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(SocketPaths, RefusesAPathThatNoSocketCanHave) {
  EXPECT_TRUE(SocketPaths("/" + std::string(106, 'x'), kHome).ok());
  const auto paths = SocketPaths("/" + std::string(107, 'x'), kHome);
  EXPECT_EQ(paths.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(
      absl::StrContains(paths.status().message(), "108 bytes, a Unix socket's path at most 107"))
      << paths.status();
}

}  // namespace
}  // namespace muster::ctl
