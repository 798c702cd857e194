// The handler within the HTTP service, without processes.

#include <chrono>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/examples/events/events.h"
#include "muster/worker/http/http_service.h"
#include "muster/worker/testkit/fake_context.h"
#include "muster/worker/testkit/fake_stream.h"

namespace muster::examples {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using worker::testkit::FakeContext;
using worker::testkit::FakeStream;

class EventsTest : public testing::Test {
 protected:
  static std::unique_ptr<worker::Service> Serve(FakeContext& context) {
    return *worker::http::MakeHttpService(context, {{"events", MakeEvents}});
  }
  static void Subscribe(FakeStream& client, const std::string& fields = "") {
    client.Send(absl::StrCat("GET /events HTTP/1.1\r\nHost: a\r\n", fields, "\r\n"));
  }
  std::string Publish(const std::string& text) {
    FakeStream client(context_, *service_);
    client.Send(absl::StrCat("POST /events HTTP/1.1\r\nHost: a\r\nContent-Length: ", text.size(),
                             "\r\n\r\n", text));
    return client.Receive();
  }

  FakeContext context_{R"(
    zone { name: "events" size_bytes: 2097152 }
    http { location { path: "/events" handler: "events" } }
  )"};
  const std::unique_ptr<worker::Service> service_ = Serve(context_);
};

TEST_F(EventsTest, TellsSubscribersWhatIsPublished) {
  EXPECT_THAT(Publish("before"), EndsWith("\r\n\r\n1\n"));
  FakeStream client(context_, *service_);
  Subscribe(client);
  EXPECT_THAT(client.Receive(), AllOf(HasSubstr("\r\nContent-Type: text/event-stream\r\n"),
                                      HasSubstr("\r\nCache-Control: no-store\r\n"),
                                      EndsWith("\r\nretry: 100\n\n\r\n")));
  Publish("one");
  EXPECT_EQ(client.Receive(), "11\r\nid: 2\ndata: one\n\n\r\n");
  Publish("two\nlines");
  EXPECT_EQ(client.Receive(), "1d\r\nid: 3\ndata: two\ndata: lines\n\n\r\n");
}

TEST_F(EventsTest, TellsTheSubscribersOfOtherWorkers) {
  const auto other = context_.NewWorker();
  const std::unique_ptr<worker::Service> service = Serve(*other);
  FakeStream client(*other, *service);
  Subscribe(client);
  Publish("hello");
  other->RunReady();
  EXPECT_THAT(client.Receive(), HasSubstr("id: 1\ndata: hello\n\n"));
}

TEST_F(EventsTest, GoesOnBehindTheEventThatTheClientKnows) {
  for (const char* text : {"a", "b", "c"}) Publish(text);
  FakeStream client(context_, *service_);
  Subscribe(client, "Last-Event-ID: 1\r\n");
  EXPECT_THAT(client.Receive(), HasSubstr("id: 2\ndata: b\n\nid: 3\ndata: c\n\n"));
  FakeStream strange(context_, *service_);
  Subscribe(strange, "Last-Event-ID: 99\r\n");
  strange.Receive();
  Publish("d");
  EXPECT_THAT(strange.Receive(), HasSubstr("id: 4\ndata: d\n\n"));
}

TEST_F(EventsTest, WritesMoreWhenASlowClientHasTakenSome) {
  FakeStream client(context_, *service_);
  Subscribe(client);
  const std::string text(1000, 'x');
  for (int i = 0; i < 900; ++i) Publish(text);
  const std::string all = client.Receive();
  EXPECT_THAT(all, HasSubstr("\nid: 1\n"));
  EXPECT_THAT(all, HasSubstr("\nid: 900\n"));
}

TEST_F(EventsTest, ShowsThatItLives) {
  FakeStream client(context_, *service_);
  Subscribe(client);
  client.Receive();
  context_.Advance(std::chrono::seconds(15));
  EXPECT_EQ(client.Receive(), "3\r\n:\n\n\r\n");
}

TEST_F(EventsTest, LetsClientsGo) {
  {
    FakeStream left(context_, *service_);
    Subscribe(left);
    left.Leave();
    FakeStream ended(context_, *service_);
    Subscribe(ended);
    ended.EndInput();
  }
  context_.RunReady();
  EXPECT_EQ(context_.connections(), 0u);
  EXPECT_THAT(Publish("nobody"), EndsWith("\r\n\r\n1\n"));
}

TEST_F(EventsTest, SendsItsClientsToAnotherWorkerWhenItDrains) {
  FakeStream client(context_, *service_);
  Subscribe(client);
  Publish("last");
  context_.Drain(*service_);
  EXPECT_THAT(client.Receive(), EndsWith("\r\nid: 1\ndata: last\n\n\r\n0\r\n\r\n"));
  EXPECT_FALSE(client.has_ended());

  const auto next = context_.NewGeneration();
  const std::unique_ptr<worker::Service> service = Serve(*next);
  ASSERT_TRUE(client.Resume(*next, *service).ok());
  Subscribe(client, "Last-Event-ID: 1\r\n");
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 200 OK\r\n"));
  client.Leave();
}

TEST_F(EventsTest, RefusesWhatCannotBeAnEvent) {
  EXPECT_THAT(Publish(std::string(1001, 'x')), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Publish("a\rdata: b"), StartsWith("HTTP/1.1 400 "));
  FakeStream client(context_, *service_);
  client.Send("PUT /events HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.Receive(),
              AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("\r\nAllow: GET, POST\r\n")));
}

}  // namespace
}  // namespace muster::examples
