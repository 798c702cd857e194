#include "muster/master/admin/connection/status_bound.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

using grpc::Status;
using grpc::StatusCode;
using testing::EndsWith;
using testing::StartsWith;

TEST(StatusBound, LeavesAStatusThatFits) {
  const Status status(StatusCode::NOT_FOUND, std::string(3000, 'x'), std::string(3000, '\0'));
  EXPECT_EQ(SentBytes(status), 7000u);
  const Status bound = BoundStatus(status);
  EXPECT_EQ(bound.error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(bound.error_message(), status.error_message());
  EXPECT_EQ(bound.error_details(), status.error_details());
}

TEST(StatusBound, LeavesASuccess) { EXPECT_TRUE(BoundStatus(Status::OK).ok()); }

TEST(StatusBound, CutsALongMessageAndKeepsTheDetails) {
  const Status bound =
      BoundStatus(Status(StatusCode::NOT_FOUND, "begin" + std::string(50000, 'x'), "details"));
  EXPECT_EQ(bound.error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(SentBytes(bound), kMostStatusBytes);
  EXPECT_THAT(bound.error_message(), StartsWith("beginxxx"));
  EXPECT_THAT(bound.error_message(), EndsWith("xxx..."));
  EXPECT_EQ(bound.error_details(), "details");
}

TEST(StatusBound, CountsWhatGrpcEscapes) {
  for (const char* escaped : {"\n", "%", "\x01", "\x7f", "\xff"}) {
    EXPECT_EQ(SentBytes(Status(StatusCode::ABORTED, escaped)), 3u);
  }
  std::string text;
  while (text.size() < 6000) text += "\n";
  const Status bound = BoundStatus(Status(StatusCode::ABORTED, text));
  EXPECT_LE(SentBytes(bound), kMostStatusBytes);
  EXPECT_GT(SentBytes(bound), kMostStatusBytes - 3);
}

TEST(StatusBound, CutsAtTheEndOfACharacter) {
  for (const char* before : {"", "x", "xx", "xxx"}) {
    std::string text = before;
    while (text.size() < 9000) text += "\xe2\x82\xac";  // the euro sign
    std::string message = BoundStatus(Status(StatusCode::ABORTED, text)).error_message();
    ASSERT_THAT(message, EndsWith("\xe2\x82\xac..."));
  }
}

TEST(StatusBound, LeavesOutDetailsThatAloneAreTooLong) {
  const Status bound =
      BoundStatus(Status(StatusCode::ABORTED, "message", std::string(kMostStatusBytes, 'd')));
  EXPECT_EQ(bound.error_message(), "message");
  EXPECT_EQ(bound.error_details(), "");
}

}  // namespace
}  // namespace muster::master
