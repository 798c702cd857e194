// What the service shows in the zone of the requests: how long each took, and which one is at hand.

#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/loop/timer.h"
#include "muster/worker/http/service_fixture.h"
#include "muster/worker/zone/latency_histogram.h"
#include "muster/worker/zone/request_at_hand.h"

namespace muster::worker::http {
namespace {

using std::chrono::milliseconds;

// Looks at the zone while it is called, and keeps the reply if the path ends in "later".
class Watcher final : public Handler {
 public:
  struct Seen {
    std::optional<RequestShown> during;
    std::optional<Reply> reply;
  };
  Watcher(Context& context, Seen& seen) : context_(context), seen_(seen) {}
  void Handle(const Request& request, Reply reply) override {
    seen_.during = ReadRequest(context_.zone().request(context_.slot()));
    if (absl::EndsWith(request.path, "later")) {
      seen_.reply.emplace(std::move(reply));
    } else {
      reply.Send({.body = "seen"});
    }
  }

 private:
  Context& context_;
  Seen& seen_;
};

class RequestMeasureTest : public ServiceFixture {
 protected:
  RequestMeasureTest() {
    config::v1::Location& location = *http().add_location();
    location.set_path("/watch/");
    location.set_handler("watcher");
    handlers()["watcher"] = [this](worker::Context& context) {
      return std::make_unique<Watcher>(context, seen_);
    };
  }
  ~RequestMeasureTest() override {
    seen_.reply.reset();
    RunWhatIsReady();
  }

  std::uint64_t Measured() { return Latencies().Count(); }
  LatencyValues Latencies() { return ReadLatency(context().zone().latency(context().slot())); }
  // Of those, how many took that long or longer.
  std::uint64_t MeasuredFrom(milliseconds least) {
    // The begin of a bucket before it.
    return Measured() - Latencies().CountBelow(LatencyBucketBegin(LatencyBucketOf(least)));
  }
  std::optional<RequestShown> AtHand() {
    return ReadRequest(context().zone().request(context().slot()));
  }
  // Lets the loop run for that long.
  void Pass(milliseconds time) {
    bool is_over = false;
    loop::Timer timer(loop(), [&] { is_over = true; });
    timer.SetAfter(time);
    ASSERT_TRUE(RunUntil([&] { return is_over; }));
  }

  Watcher::Seen seen_;
};

TEST_F(RequestMeasureTest, CountsEachAnsweredRequest) {
  Client client = Connect();
  EXPECT_EQ(client.Ask(kGet).status, 200);
  EXPECT_EQ(Measured(), 1u);
  client.Send(absl::StrCat(kGet, kGet, kGet));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.Receive().status, 200);
  EXPECT_EQ(Measured(), 4u);
  EXPECT_EQ(Ask("GET /a b HTTP/1.1\r\n\r\n").status, 400);
  EXPECT_EQ(Measured(), 5u);
  EXPECT_EQ(Latencies().buckets[kLatencyBuckets - 1], 0u);
}

TEST_F(RequestMeasureTest, MeasuresFromTheFirstByte) {
  Client client = Connect();
  client.Send("GET / HTTP/1.1\r\n");
  RunWhatIsReady();
  Pass(milliseconds(30));
  EXPECT_EQ(client.Ask("Host: a\r\n\r\n").status, 200);
  EXPECT_EQ(MeasuredFrom(milliseconds(30)), 1u);
}

TEST_F(RequestMeasureTest, MeasuresUntilAHandlerHasAnswered) {
  Client client = Connect();
  client.Send("GET /watch/later HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(RunUntil([&] { return seen_.reply.has_value(); }));
  EXPECT_EQ(Measured(), 0u);
  Pass(milliseconds(30));
  seen_.reply->Send({.body = "at last"});
  EXPECT_EQ(client.Receive().body, "at last");
  EXPECT_EQ(MeasuredFrom(milliseconds(30)), 1u);
}

TEST_F(RequestMeasureTest, MeasuresUntilTheKernelHasTheLastByteOfAFile) {
  AddRoot("/f/");
  WriteFile("f/large", std::string(20'000'000, 'x'));
  Client client = Connect();
  client.Send("GET /f/large HTTP/1.1\r\nHost: a\r\n\r\n");
  RunWhatIsReady();
  EXPECT_EQ(Measured(), 0u) << "the client has not read it";
  Pass(milliseconds(30));
  EXPECT_EQ(client.Receive().body.size(), 20'000'000u);
  EXPECT_EQ(MeasuredFrom(milliseconds(30)), 1u);
}

TEST_F(RequestMeasureTest, CountsNoRequestWhoseClientLeaves) {
  AddRoot("/f/");
  WriteFile("f/large", std::string(20'000'000, 'x'));
  Client client = Connect();
  client.Send("GET /f/large HTTP/1.1\r\nHost: a\r\n\r\n");
  RunWhatIsReady();
  client.Close();
  ASSERT_TRUE(RunUntil([&] { return connections() == 0; }));
  EXPECT_EQ(Measured(), 0u);
  EXPECT_EQ(Ask(kGet).status, 200);
  EXPECT_EQ(Measured(), 1u) << "and nothing of it is left for others";
}

TEST_F(RequestMeasureTest, MeasuresFromTheFirstByteThatAnotherWorkerGot) {
  Client client = Connect();
  client.Send("GET / HTTP/1.1\r\n");
  RunWhatIsReady();
  Pass(milliseconds(30));
  service().Drain(Service::Idle::kHandOff);
  ASSERT_EQ(handed_off(), 1u);
  AdoptAll();
  EXPECT_EQ(client.Ask("Host: a\r\n\r\n").status, 200);
  EXPECT_EQ(MeasuredFrom(milliseconds(30)), 1u);
}

TEST_F(RequestMeasureTest, ShowsTheRequestThatAHandlerIsCalledFor) {
  EXPECT_EQ(Ask("POST /watch/now?secret=1 HTTP/1.0\r\nContent-Length: 0\r\n\r\n").body, "seen");
  ASSERT_TRUE(seen_.during.has_value());
  EXPECT_EQ(seen_.during->method, "POST");
  EXPECT_EQ(seen_.during->path, "/watch/now");
  EXPECT_TRUE(absl::StartsWith(seen_.during->peer, "127.0.0.1:")) << seen_.during->peer;
  EXPECT_FALSE(seen_.during->is_waiting);
  EXPECT_FALSE(AtHand().has_value());
}

TEST_F(RequestMeasureTest, ShowsTheRequestThatAHandlerHasNotAnswered) {
  Client client = Connect();
  client.Send("GET /watch/later HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(RunUntil([&] { return seen_.reply.has_value(); }));
  ASSERT_TRUE(AtHand().has_value());
  EXPECT_EQ(AtHand()->path, "/watch/later");
  EXPECT_TRUE(AtHand()->is_waiting);
  seen_.reply->Send({.body = "at last"});
  EXPECT_EQ(client.Receive().body, "at last");
  EXPECT_FALSE(AtHand().has_value());
}

TEST_F(RequestMeasureTest, ForgetsARequestWhoseClientLeft) {
  Client client = Connect();
  client.Send("GET /watch/later HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(RunUntil([&] { return AtHand().has_value(); }));
  // By RST: an end alone is no reason to give the answer up.
  const linger reset = {.l_onoff = 1, .l_linger = 0};
  ASSERT_EQ(::setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
  client.Close();
  ASSERT_TRUE(RunUntil([&] { return connections() == 0; }));
  EXPECT_FALSE(AtHand().has_value());
}

}  // namespace
}  // namespace muster::worker::http
