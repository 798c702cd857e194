#include "muster/ctl/master/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/status/status.h"
#include "absl/strings/match.h"

namespace muster::ctl {
namespace {

using ::testing::ElementsAre;

const Surroundings kHome = {.directory = "/home/op", .workspace = {}, .config_file = {}};

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
  const Surroundings docs = {
      .directory = "/src/muster/docs", .workspace = "/src/muster", .config_file = {}};
  EXPECT_THAT(Found(std::nullopt, docs),
              ElementsAre("/src/muster/docs/run/admin.sock",
                          "/src/muster/examples/site/run/admin.sock", "/run/muster/admin.sock"));
}

TEST(IsHostAndPort, TellsPortsOfTcpFromPaths) {
  for (const char* address : {"localhost:9000", "127.0.0.1:9000", "[::1]:9000", "a.b:1"}) {
    EXPECT_TRUE(IsHostAndPort(address)) << address;
  }
  for (const char* address :
       {"unix:9000", "UNIX:9000", "./a:9000", "run/a:9000", "a:", "a", "a:b"}) {
    EXPECT_FALSE(IsHostAndPort(address)) << address;
  }
}

TEST(SocketPaths, RefusesTheAddressesOfOtherProtocols) {
  EXPECT_EQ(SocketPaths("http://x", kHome).status().message(),
            "master address \"http://x\": a master does not listen on http; write "
            "unix:PATH, HOST:PORT or a path");
  EXPECT_EQ(SocketPaths("tcp:x", kHome).status().message(),
            "master address \"tcp:x\": a master does not listen on tcp; write "
            "unix:PATH, HOST:PORT or a path, as ./tcp:x");
  EXPECT_FALSE(SocketPaths("unix-abstract:x", kHome).ok());
  EXPECT_THAT(Found("./tcp:x", kHome), ElementsAre("/home/op/tcp:x"));
  EXPECT_THAT(Found("run/tcp:x", kHome), ElementsAre("/home/op/run/tcp:x"));
}

// What is written, and what is wrong with it.
struct Mistake {
  const char* address;
  const char* why;
};

class WrongAddresses : public ::testing::TestWithParam<Mistake> {};

TEST_P(WrongAddresses, AreExplained) {
  EXPECT_EQ(MistakeInAddress(GetParam().address), GetParam().why) << GetParam().address;
}

INSTANTIATE_TEST_SUITE_P(
    Each, WrongAddresses,
    ::testing::Values(
        Mistake{"", "the path is missing"}, Mistake{"unix:", "the path is missing"},
        Mistake{"localhost:", "the port is missing; write localhost:PORT"},
        Mistake{"[::1]:", "the port is missing; write [::1]:PORT"},
        Mistake{"[::1]", "the port is missing; write [::1]:PORT"},
        Mistake{"::1", "the port is missing; write [::1]:PORT"},
        Mistake{"2001:db8::1", "the port is missing; write [2001:db8::1]:PORT"},
        Mistake{"::1:9000", "write an IPv6 address in brackets: [::1]:9000"},
        Mistake{"[web]:9000", "only an IPv6 address has brackets, as [::1]:9000"},
        Mistake{"[::1:9000", "only an IPv6 address has brackets, as [::1]:9000"},
        Mistake{":9000", "the host is missing"}, Mistake{":", "the host is missing"},
        Mistake{"web:0", "\"0\" is no port; write 1 to 65535"},
        Mistake{"web:65536", "\"65536\" is no port; write 1 to 65535"},
        Mistake{"web:99999999999", "\"99999999999\" is no port; write 1 to 65535"},
        Mistake{"web:ssh", "\"ssh\" is no port; write 1 to 65535, or ./web:ssh for a path"},
        Mistake{"web:-1", "\"-1\" is no port; write 1 to 65535, or ./web:-1 for a path"},
        Mistake{"web:9000/", "an address of TCP ends with its port; write web:9000"},
        Mistake{"UNIX:x", "write unix: in small letters: unix:x"},
        Mistake{"Unix:9000", "write unix: in small letters: unix:9000"},
        Mistake{"UNIX:///run/x", "write unix: in small letters: unix:///run/x"},
        Mistake{"tcp:web:9000", "a master does not listen on tcp; write web:9000"},
        Mistake{"TCP://web:9000", "a master does not listen on TCP; write web:9000"},
        Mistake{"ipv4:127.0.0.1:9000", "a master does not listen on ipv4; write 127.0.0.1:9000"},
        Mistake{"dns:///web:9000", "a master does not listen on dns; write web:9000"},
        Mistake{"https://web",
                "a master does not listen on https; write unix:PATH, HOST:PORT or a path"},
        Mistake{"fd:3",
                "a master does not listen on fd; write unix:PATH, HOST:PORT or a path, as "
                "./fd:3"}));

TEST(MistakeInAddress, IsNoneInThoseOfMasters) {
  for (const char* address :
       {"localhost:9000", "127.0.0.1:1", "[::1]:65535", "unix:x", "unix:/run/x", "unix:///run/x",
        "./a:b", "/run/a", "run/a:b", "admin.sock", "web"}) {
    EXPECT_EQ(MistakeInAddress(address), "") << address;
  }
}

TEST(SocketPaths, RefusesAHostInTheAddressOfAUnixSocket) {
  EXPECT_EQ(SocketPaths("unix://run/a.sock", kHome).status().message(),
            "master address \"unix://run/a.sock\": write unix:/run/a.sock for an absolute path, "
            "unix:run/a.sock for a relative one");
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
