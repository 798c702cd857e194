#include "muster/cli/spelling.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace muster::cli {
namespace {

const std::vector<std::string> kNames = {
    "listen", "accept", "accept_delay", "worker_processes", "worker_connections", "log"};

TEST(Spelling, FindsTheWordBehindASlip) {
  EXPECT_EQ(LikelyMeant("lisen", kNames), "listen");
  EXPECT_EQ(LikelyMeant("litsen", kNames), "listen");
  EXPECT_EQ(LikelyMeant("listens", kNames), "listen");
  EXPECT_EQ(LikelyMeant("worker_process", kNames), "worker_processes");
  EXPECT_EQ(LikelyMeant("accept-delay", kNames), "accept_delay");
  EXPECT_EQ(LikelyMeant("lg", kNames), "log");
}

TEST(Spelling, FindsNothingForAnotherWord) {
  EXPECT_EQ(LikelyMeant("sendfile", kNames), "");
  EXPECT_EQ(LikelyMeant("x", kNames), "");
  EXPECT_EQ(LikelyMeant(std::string(1000, 'a'), kNames), "");
}

TEST(Spelling, PrefersTheNearest) { EXPECT_EQ(LikelyMeant("accept_", kNames), "accept"); }

}  // namespace
}  // namespace muster::cli
