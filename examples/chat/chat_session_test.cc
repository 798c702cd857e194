// What one client of the chat gets, and what two of them do, without processes.

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/examples/chat/chat.h"
#include "muster/worker/testkit/fake_context.h"
#include "muster/worker/testkit/fake_stream.h"

namespace muster::examples {
namespace {

using ::testing::HasSubstr;
using worker::testkit::FakeContext;
using worker::testkit::FakeStream;

// [chat fixture]
class ChatSession : public ::testing::Test {
 protected:
  static constexpr char kConfig[] = R"(
    zone { name: "chat" size_bytes: 1048576 }
    metrics {}
    stream { idle_timeout { seconds: 3600 } }
    service { [type.googleapis.com/muster.examples.chat.v1.Chat] { greeting: "hello" } }
  )";

  FakeContext context_{kConfig};
  const std::unique_ptr<worker::Service> chat_ = *MakeChat(context_);
};
// [end]

TEST_F(ChatSession, IsGreetedAndHearsItsRoom) {
  FakeStream ann(context_, *chat_);
  FakeStream bob(context_, *chat_);
  FakeStream eve(context_, *chat_);
  EXPECT_EQ(ann.Receive(), "* hello\n");
  bob.Send("/nick bob\n");
  eve.Send("/join coffee\n");
  EXPECT_EQ(bob.Receive(), "* hello\n* you are bob\n");
  bob.Send("tea?\n");
  EXPECT_EQ(ann.Receive(), "bob: tea?\n");
  EXPECT_EQ(bob.Receive(), "bob: tea?\n");
  EXPECT_EQ(eve.Receive(), "* hello\n* you are in coffee\n");
}

TEST_F(ChatSession, HearsTheClientsOfOtherWorkers) {
  const auto other = context_.NewWorker();
  const std::unique_ptr<worker::Service> other_chat = *MakeChat(*other);
  FakeStream ann(context_, *chat_);
  FakeStream bob(*other, *other_chat);
  bob.Send("tea?\n");
  EXPECT_EQ(ann.Receive(), "* hello\nsomebody: tea?\n");
}

// [chat move test]
TEST_F(ChatSession, HearsOverAReloadWhatWasSaidInTheMeantime) {
  FakeStream ann(context_, *chat_);
  ann.Send("/nick ann\n/join tea\nhalf a ");
  ASSERT_EQ(ann.Receive(), "* hello\n* you are ann\n* you are in tea\n");
  const auto next = context_.NewGeneration();
  const std::unique_ptr<worker::Service> next_chat = *MakeChat(*next);
  FakeStream bob(*next, *next_chat);

  context_.Drain(*chat_);  // ann's session is suspended
  bob.Send("/join tea\nmore?\n");
  ASSERT_TRUE(ann.Resume(*next, *next_chat).ok());

  EXPECT_EQ(ann.Receive(), "somebody: more?\n");
  ann.Send("line\n");
  EXPECT_EQ(ann.Receive(), "ann: half a line\n");
}
// [end]

TEST_F(ChatSession, IsNotResumedFromWhatIsNoState) {
  FakeStream ann(context_, *chat_);
  context_.Drain(*chat_);
  const auto next = context_.NewGeneration();
  const std::unique_ptr<worker::Service> next_chat = *MakeChat(*next);
  EXPECT_THAT(ann.ResumeFrom("\xff", *next, *next_chat).message(), HasSubstr("its state is no"));
}

TEST_F(ChatSession, EndsWithALongLineOrByItsCommand) {
  FakeStream ann(context_, *chat_);
  ann.Send("/quit\n");
  EXPECT_EQ(ann.Receive(), "* hello\n* bye\n");
  EXPECT_TRUE(ann.has_ended());
  FakeStream bob(context_, *chat_);
  bob.Send(std::string(500, 'x'));
  EXPECT_EQ(bob.Receive(), "* hello\n* that line is too long\n");
  EXPECT_TRUE(bob.has_ended());
}

TEST_F(ChatSession, EndsWithTheChat) {
  FakeStream ann(context_, *chat_);
  context_.Quit(*chat_);
  EXPECT_EQ(ann.Receive(), "* hello\n* the chat is over\n");
  EXPECT_TRUE(ann.has_ended());
}

// [chat clock test]
TEST_F(ChatSession, EndsAfterAnHourOfSilence) {
  FakeStream ann(context_, *chat_);
  context_.Advance(std::chrono::minutes(59));
  EXPECT_THAT(context_.MetricsText(), HasSubstr("\nchat_clients{slot=\"0\"} 1\n"));
  EXPECT_EQ(context_.connections(), 1u);
  context_.Advance(std::chrono::minutes(1));
  EXPECT_EQ(context_.connections(), 0u);
  EXPECT_THAT(context_.MetricsText(), HasSubstr("\nchat_clients{slot=\"0\"} 0\n"));
}
// [end]

}  // namespace
}  // namespace muster::examples
