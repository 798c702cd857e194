#include "muster/worker/http/message/status_code.h"

#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

TEST(StatusCode, HasTheReasonPhraseOfTheRegistry) {
  EXPECT_EQ(ReasonPhrase(200), "OK");
  EXPECT_EQ(ReasonPhrase(404), "Not Found");
  EXPECT_EQ(ReasonPhrase(431), "Request Header Fields Too Large");
}

TEST(StatusCode, HasNoReasonPhraseWhenItIsNotRegistered) { EXPECT_EQ(ReasonPhrase(299), ""); }

TEST(StatusCode, HasNoBodyWhereTheStatusSaysSo) {
  EXPECT_FALSE(HasBody(204));
  EXPECT_FALSE(HasBody(205));
  EXPECT_FALSE(HasBody(304));
  EXPECT_TRUE(HasBody(200));
  EXPECT_TRUE(HasBody(404));
  EXPECT_FALSE(IsFramed(204));
  EXPECT_TRUE(IsFramed(205));
  EXPECT_FALSE(IsFramed(304));
}

}  // namespace
}  // namespace muster::worker::http
