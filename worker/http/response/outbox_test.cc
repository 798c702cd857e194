#include "muster/worker/http/response/outbox.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "muster/worker/http/response/sending_fixture.h"

namespace muster::worker::http {
namespace {

using Outcome = Outbox::Outcome;

class OutboxTest : public SendingTest {
 protected:
  static std::unique_ptr<FileTransfer> Transfer(const std::string& content) {
    std::vector<FileTransfer::Part> parts(1);
    parts[0].range = {0, content.size()};
    return std::make_unique<FileTransfer>(File(content), std::move(parts));
  }

  Outbox outbox_;
};

TEST_F(OutboxTest, SendsItsBytesBeforeItsFile) {
  outbox_.SetTransfer(Transfer("file"));
  outbox_.Append("one");
  outbox_.Append("two");
  EXPECT_EQ(outbox_.Send(server_.get()), Outcome::kSent);
  EXPECT_EQ(Received(), "onetwofile");
}

TEST_F(OutboxTest, GoesOnWhereTheSocketWasFull) {
  std::string bytes;
  while (bytes.size() < 2'000'000) bytes += std::to_string(bytes.size());
  outbox_.Append(bytes);
  outbox_.SetTransfer(Transfer(bytes));
  std::string received;
  Outcome outcome;
  while ((outcome = outbox_.Send(server_.get())) == Outcome::kWaiting) received += Received();
  EXPECT_EQ(outcome, Outcome::kSent);
  received += Received();
  EXPECT_TRUE(received == bytes + bytes);
}

TEST_F(OutboxTest, TellsHowMuchWasSent) {
  outbox_.Append("head");
  outbox_.SetTransfer(Transfer("content"));
  EXPECT_EQ(outbox_.Send(server_.get()), Outcome::kSent);
  EXPECT_EQ(outbox_.TakeSentBytes(), 11u);
  EXPECT_EQ(outbox_.TakeSentBytes(), 0u);
}

TEST_F(OutboxTest, FailsWhenTheClientIsGone) {
  outbox_.Append("head");
  client_.reset();
  EXPECT_EQ(outbox_.Send(server_.get()), Outcome::kFailed);
}

}  // namespace
}  // namespace muster::worker::http
