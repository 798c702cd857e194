#include "muster/worker/http/handler.h"

#include <sys/socket.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/worker/http/service_fixture.h"

namespace muster::worker::http {
namespace {

using ::testing::HasSubstr;

// Answers from a thread of its own.
class Threaded : public Handler {
 public:
  explicit Threaded(std::function<Response(std::string body)> answer)
      : answer_(std::move(answer)), thread_([this] { Run(); }) {}
  ~Threaded() override {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  void Handle(const Request& request, Reply reply) override {
    {
      const std::lock_guard lock(mutex_);
      work_.emplace_back(std::string(request.body), std::move(reply));
    }
    changed_.notify_one();
  }

 private:
  void Run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return is_over_ || !work_.empty(); });
      if (work_.empty()) return;
      auto [body, reply] = std::move(work_.front());
      work_.pop_front();
      lock.unlock();
      reply.Send(answer_(std::move(body)));
      lock.lock();
    }
  }

  std::function<Response(std::string)> answer_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<std::string, Reply>> work_;
  bool is_over_ = false;
  std::thread thread_;
};

// Keeps the replies for the test to send.
struct Waiting : public Handler {
  explicit Waiting(std::vector<Reply>& replies) : replies(replies) {}
  void Handle(const Request&, Reply reply) override { replies.push_back(std::move(reply)); }
  void OnDrain() override {
    for (Reply& reply : std::exchange(replies, {})) reply.Send({.body = "the worker leaves"});
  }
  std::vector<Reply>& replies;
};

class HandlerTest : public ServiceFixture {
 protected:
  void Register(HandlerFactory factory) {
    handlers()["h"] = std::move(factory);
    config::v1::Location& location = *http().add_location();
    location.set_path("/h/");
    location.set_handler("h");
  }
  void RegisterWaiting() {
    Register([this](worker::Context&) { return std::make_unique<Waiting>(replies_); });
  }
  void AwaitReplies(std::size_t count) {
    ASSERT_TRUE(RunUntil([&] { return replies_.size() == count; }));
  }

  std::vector<Reply> replies_;
};

TEST_F(HandlerTest, IsToldWhatTheClientAsks) {
  Register(AnswerWith([](const Request& request) {
    return Response{.body = absl::StrCat(request.method, "|", request.path, "|", request.query, "|",
                                         request.headers.Get("x-token").value_or("none"), "|",
                                         request.body)};
  }));
  EXPECT_EQ(Ask("PUT /h/a%20b/../c?q=%20 HTTP/1.1\r\nHost: a\r\nX-Token:  t \r\n"
                "Content-Length: 4\r\n\r\nbody")
                .body,
            "PUT|/h/c|q=%20|t|body");
}

TEST_F(HandlerTest, IsGivenABodyThatComesInPieces) {
  Register(AnswerWith(
      [](const Request& request) { return Response{.body = std::string(request.body)}; }));
  Client client = Connect();
  client.Send("POST /h/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nab");
  EXPECT_TRUE(client.IsQuiet());
  client.Send("c\r\n1\r\n");
  client.Send("d\r\n0\r\nTrailer: x\r\n\r\n");
  EXPECT_EQ(client.Receive().body, "abcd");
  client.Send("POST /h/ HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\ne");
  EXPECT_TRUE(client.IsQuiet());
  client.Send("fg");
  EXPECT_EQ(client.Receive().body, "efg");
}

TEST_F(HandlerTest, IsNotGivenABodyThatIsTooLong) {
  http().set_max_body_bytes(3);
  int calls = 0;
  Register(AnswerWith([&](const Request&) {
    ++calls;
    return Response{};
  }));
  EXPECT_EQ(Ask("POST /h/ HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd").status, 413);
  EXPECT_EQ(Ask("POST /h/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n")
                .status,
            413);
  EXPECT_EQ(calls, 0);
}

TEST_F(HandlerTest, SetsStatusTypeAndHeaders) {
  Register(AnswerWith([](const Request&) {
    return Response{.status = 201,
                    .body = "{}",
                    .content_type = "application/json",
                    .headers = {{"X-A", "1"}, {"Set-Cookie", "b"}, {"Set-Cookie", "c"}}};
  }));
  const ClientResponse response = Ask("GET /h/ HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.Field("Content-Type"), "application/json");
  EXPECT_EQ(response.Field("Content-Length"), "2");
  EXPECT_THAT(response.head, HasSubstr("X-A: 1\r\nSet-Cookie: b\r\nSet-Cookie: c\r\n"));
}

TEST_F(HandlerTest, AnswersHeadWithoutItsBody) {
  Register(AnswerWith([](const Request&) { return Response{.body = "four"}; }));
  Client client = Connect();
  const ClientResponse response = client.Ask("HEAD /h/ HTTP/1.1\r\nHost: a\r\n\r\n", false);
  EXPECT_EQ(response.Field("Content-Length"), "4");
  EXPECT_TRUE(client.IsQuiet());
}

TEST_F(HandlerTest, HasAResponseReplacedThatWouldBreakTheConnection) {
  std::optional<Response> next;
  Register(AnswerWith([&](const Request&) { return *next; }));
  for (const Response& bad : std::vector<Response>{{.headers = {{"content-length", "7"}}},
                                                   {.status = 100},
                                                   {.headers = {{"A", "b\r\nC: d"}}},
                                                   {.headers = {{"A B", "c"}}},
                                                   {.content_type = "a\r\n"}}) {
    next = bad;
    EXPECT_EQ(Ask("GET /h/ HTTP/1.1\r\nHost: a\r\n\r\n").status, 500);
  }
  EXPECT_EQ(logged().size(), 1u) << "the others are counted";
  EXPECT_EQ(
      logged()[0],
      "a handler's response cannot be sent: header \"content-length\" is the worker's to set");
}

TEST_F(HandlerTest, AnswersFromAThreadInTheOrderOfTheRequests) {
  Register([](worker::Context&) {
    return std::make_unique<Threaded>(
        [](std::string body) { return Response{.body = body + "!"}; });
  });
  Client client = Connect();
  std::string requests;
  for (int i = 0; i < 20; ++i) {
    absl::StrAppend(&requests, "POST /h/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n", 10 + i,
                    "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  client.Send(requests);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(client.Receive().body, absl::StrCat(10 + i, "!"));
    EXPECT_EQ(client.Receive().body, "hello");
  }
  EXPECT_EQ(counters().requests, 40u);
}

TEST_F(HandlerTest, MayServeManyClientsFromThreads) {
  Register([](worker::Context&) {
    return std::make_unique<Threaded>([](std::string body) { return Response{.body = body}; });
  });
  std::vector<Client> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(Connect());
  for (int i = 0; i < 20; ++i) {
    clients[i].Send(
        absl::StrCat("POST /h/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n", 10 + i));
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(clients[i].Receive().body, absl::StrCat(10 + i));
}

TEST_F(HandlerTest, MayAnswerLater) {
  RegisterWaiting();
  Client client = Connect();
  client.Send("GET /h/ HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  AwaitReplies(1);
  EXPECT_TRUE(client.IsQuiet()) << "the next one waits";
  EXPECT_EQ(counters().writing, 1u);
  replies_[0].Send({.body = "late"});
  EXPECT_EQ(client.Receive().body, "late");
  EXPECT_EQ(client.Receive().body, "hello");
  EXPECT_EQ(counters().writing, 0u);
}

TEST_F(HandlerTest, DoesNotAddItsTimeToTheRequestBehind) {
  RegisterWaiting();
  config::v1::AccessLog& log = *http().mutable_access_log();
  log.set_path(root() / "access.log");
  log.set_format("$request_uri $request_time");
  Client client = Connect();
  client.Send("GET /h/ HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  AwaitReplies(1);
  const loop::TimePoint begin = loop().now();
  while (loop().now() - begin < std::chrono::milliseconds(50)) RunWhatIsReady();
  replies_[0].Send({});
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_EQ(client.Receive().body, "hello");
  std::ifstream file(root() / "access.log");
  std::string uri;
  double seconds = 0;
  file >> uri >> seconds;
  EXPECT_EQ(uri, "/h/");
  EXPECT_GE(seconds, 0.05);
  file >> uri >> seconds;
  EXPECT_EQ(uri, "/");
  EXPECT_EQ(seconds, 0);
}

TEST_F(HandlerTest, MayAnswerWhileAnotherRequestIsHandled) {
  RegisterWaiting();
  handlers()["other"] = AnswerWith([this](const Request&) {
    replies_[0].Send({.body = "first"});
    return Response{.body = "second"};
  });
  config::v1::Location& location = *http().add_location();
  location.set_path("/other");
  location.set_handler("other");
  Client one = Connect();
  one.Send("GET /h/ HTTP/1.1\r\nHost: a\r\n\r\n");
  AwaitReplies(1);
  EXPECT_EQ(Ask("GET /other HTTP/1.1\r\nHost: a\r\n\r\n").body, "second");
  EXPECT_EQ(one.Receive().body, "first");
}

TEST_F(HandlerTest, LeavesNobodyWithoutAnAnswer) {
  RegisterWaiting();
  Client client = Connect();
  client.Send("GET /h/ HTTP/1.1\r\nHost: a\r\n\r\n");
  AwaitReplies(1);
  replies_.clear();
  EXPECT_EQ(client.Receive().status, 500);
}

TEST_F(HandlerTest, MayAnswerAClientThatIsGone) {
  RegisterWaiting();
  Client client = Connect();
  client.Send("GET /h/ HTTP/1.1\r\nHost: a\r\n\r\n");
  AwaitReplies(1);
  // With a reset, as when a process is killed: half a close is no end.
  const linger now = {.l_onoff = 1, .l_linger = 0};
  ::setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  client.Close();
  ASSERT_TRUE(RunUntil([&] { return connections() == 0; }));
  replies_[0].Send({});
  RunWhatIsReady();
}

TEST_F(HandlerTest, ResetsTheConnectionOfAResponseInPiecesThatIsNotComplete) {
  std::optional<StreamedReply> stream;
  bool is_gone = false;
  RegisterWaiting();
  for (const auto& [version, is_given_up] : std::vector<std::pair<std::string, bool>>{
           {"HTTP/1.0", true}, {"HTTP/1.1", true}, {"HTTP/1.0", false}}) {
    Client client = Connect();
    client.Send(absl::StrCat("GET /h/ ", version, "\r\nHost: a\r\n\r\n"));
    AwaitReplies(1);
    stream.emplace(replies_[0].Begin({.body = "half"}, {.on_gone = [&] { is_gone = true; }}));
    replies_.clear();
    client.Await([](const std::string& bytes) { return absl::StrContains(bytes, "half"); });
    is_given_up ? stream.reset() : Stop();
    ASSERT_TRUE(RunUntil([&] { return connections() == 0; }));
    EXPECT_TRUE(is_gone);
    client.Await([](const std::string&) { return false; });
    EXPECT_TRUE(client.is_reset()) << "with HTTP/1.0 an end would be that of the body";
  }
}

TEST_F(HandlerTest, AnswersAClientThatHasEndedItsSide) {
  RegisterWaiting();
  Client client = Connect();
  client.Send("GET /h/ HTTP/1.1\r\nHost: a\r\n\r\n");
  AwaitReplies(1);
  client.FinishSending();
  EXPECT_TRUE(client.IsQuiet());
  replies_[0].Send({.body = "late"});
  EXPECT_EQ(client.Receive().body, "late");
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(HandlerTest, HasItsClientHandedOffWhenItHasAnswered) {
  RegisterWaiting();
  Client client = Connect();
  client.Send("GET /h/ HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  AwaitReplies(1);
  service().Drain(Service::Idle::kHandOff);
  EXPECT_EQ(handed_off(), 0u);
  EXPECT_EQ(client.Receive().body, "the worker leaves");
  EXPECT_EQ(client.Receive().body, "hello");
  ASSERT_TRUE(RunUntil([&] { return handed_off() == 1; }));
}

TEST_F(HandlerTest, DoesNotCloseInADrainBeforeARequestThatNobodyHasRead) {
  RegisterWaiting();
  Client client = Connect();
  client.Send("GET /h/ HTTP/1.1\r\nHost: a\r\n\r\n");
  AwaitReplies(1);
  client.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  service().Drain(Service::Idle::kClose);
  EXPECT_EQ(client.Receive().Field("Connection"), "keep-alive");
  const ClientResponse last = client.Receive();
  EXPECT_EQ(last.body, "hello");
  EXPECT_EQ(last.Field("Connection"), "close");
}

TEST_F(HandlerTest, MayGoBeforeItHasAnswered) {
  RegisterWaiting();
  Client client = Connect();
  client.Send("GET /h/ HTTP/1.1\r\nHost: a\r\n\r\n");
  AwaitReplies(1);
  Stop();
  EXPECT_TRUE(client.IsClosed());
  replies_.clear();
  RunWhatIsReady();
}

}  // namespace
}  // namespace muster::worker::http
