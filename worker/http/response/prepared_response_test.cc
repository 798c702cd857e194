#include "muster/worker/http/response/prepared_response.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

class PreparedResponseTest : public testing::Test {
 protected:
  std::string Send(Persistence persistence, bool has_body) {
    std::string out;
    response_.AppendTo(out, persistence, date_, has_body);
    return out;
  }

  DateCache date_;
  PreparedResponse response_{200, "Content-Length: 2\r\n", "ok"};
};

TEST_F(PreparedResponseTest, IsAWholeResponseWithTheDateOfNow) {
  date_.Update(loop::TimePoint());
  EXPECT_EQ(Send(Persistence::kKeepAlive, true),
            absl::StrCat("HTTP/1.1 200 OK\r\nServer: muster\r\nDate: ", date_.http_date(),
                         "\r\nContent-Length: 2\r\n\r\nok"));
}

TEST_F(PreparedResponseTest, SaysThatTheConnectionIsClosed) {
  date_.Update(loop::TimePoint());
  EXPECT_EQ(Send(Persistence::kClose, true),
            absl::StrCat("HTTP/1.1 200 OK\r\nServer: muster\r\nDate: ", date_.http_date(),
                         "\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"));
}

TEST_F(PreparedResponseTest, LeavesItsBodyOutForHead) {
  date_.Update(loop::TimePoint());
  EXPECT_EQ(Send(Persistence::kKeepAlive, true), Send(Persistence::kKeepAlive, false) + "ok");
}

TEST_F(PreparedResponseTest, IsTheSameTwice) {
  date_.Update(loop::TimePoint());
  EXPECT_EQ(Send(Persistence::kKeepAlive, true), Send(Persistence::kKeepAlive, true));
}

}  // namespace
}  // namespace muster::worker::http
