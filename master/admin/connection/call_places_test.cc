#include "muster/master/admin/connection/call_places.h"

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

class CallPlacesTest : public testing::Test {
 protected:
  absl::Status Take(const int& call, const char* principal, bool is_stream = false) {
    return places_.Take(&call, principal, is_stream);
  }

  CallPlaces places_{{.calls = 2, .streams = 1}};
  int calls_[4] = {};
};

TEST_F(CallPlacesTest, RefuseOnePrincipalAndTellHowManyItHas) {
  EXPECT_TRUE(Take(calls_[0], "uid:9").ok());
  EXPECT_TRUE(Take(calls_[1], "uid:9").ok());
  EXPECT_EQ(
      Take(calls_[2], "uid:9"),
      absl::ResourceExhaustedError("uid:9 has 2 calls under way; admin.calls_per_caller allows 2"));
  EXPECT_TRUE(Take(calls_[3], "uid:8").ok()) << "another one";
}

TEST_F(CallPlacesTest, CountStreamsApart) {
  EXPECT_TRUE(Take(calls_[0], "uid:9", true).ok());
  EXPECT_EQ(Take(calls_[1], "uid:9", true),
            absl::ResourceExhaustedError(
                "uid:9 has 1 streams under way; admin.streams_per_caller allows 1"));
  EXPECT_TRUE(Take(calls_[2], "uid:9").ok());
}

TEST_F(CallPlacesTest, GiveAPlaceToTheNextWhenACallIsOver) {
  EXPECT_TRUE(Take(calls_[0], "uid:9").ok());
  EXPECT_TRUE(Take(calls_[1], "uid:9").ok());
  EXPECT_FALSE(Take(calls_[2], "uid:9").ok());
  places_.Leave(&calls_[2]);  // it has none
  EXPECT_FALSE(Take(calls_[2], "uid:9").ok());
  places_.Leave(&calls_[0]);
  EXPECT_TRUE(Take(calls_[2], "uid:9").ok());
  places_.Leave(&calls_[1]);
  places_.Leave(&calls_[2]);
  EXPECT_EQ(places_.calls_of("uid:9"), 0u);
}

TEST_F(CallPlacesTest, LeaveThoseThatHaveBegunWhenTheBoundsAreLower) {
  EXPECT_TRUE(Take(calls_[0], "uid:9").ok());
  EXPECT_TRUE(Take(calls_[1], "uid:9").ok());
  places_.Set({.calls = 1, .streams = 1});
  EXPECT_EQ(places_.calls_of("uid:9"), 2u);
  places_.Leave(&calls_[0]);
  EXPECT_FALSE(Take(calls_[2], "uid:9").ok());
  places_.Leave(&calls_[1]);
  EXPECT_TRUE(Take(calls_[2], "uid:9").ok());
}

}  // namespace
}  // namespace muster::master
