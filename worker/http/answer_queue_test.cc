#include "muster/worker/http/answer_queue.h"

#include <sys/socket.h>

#include <cstddef>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/worker/http/handler_action.h"
#include "muster/worker/http/message/request_parser.h"
#include "muster/worker/http/pieces/handler_log.h"
#include "muster/worker/http/service_fixture.h"

namespace muster::worker::http {
namespace {

using Outcome = Outbox::Outcome;

constexpr std::size_t kLargeBytes = 4'000'000;

// Keeps the reply that it is given.
class Keeper final : public Handler {
 public:
  explicit Keeper(std::optional<Reply>& kept) : kept_(kept) {}
  void Handle(const Request&, Reply reply) override { kept_.emplace(std::move(reply)); }

 private:
  std::optional<Reply>& kept_;
};

// "/" returns "hello", "/files/" has a large file, and "/later" answers when reply_ does.
class AnswerQueueTest : public ServiceFixture {
 protected:
  AnswerQueueTest() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    server_.reset(ends[0]);
    client_.reset(ends[1]);
    AddRoot("/files/");
    WriteFile("files/large", std::string(kLargeBytes, 'x'));
    config::v1::Location& later = *http().add_location();
    later.set_path("/later");
    later.set_handler("keeper");
  }
  ~AnswerQueueTest() override {
    // Before what they refer to; a reply that is not sent is answered.
    queue_.reset();
    reply_.reset();
    RunWhatIsReady();
  }

  // A queue with the configuration of now.
  AnswerQueue& Queue() {
    const auto find = [this](const std::string&) -> absl::StatusOr<HandlerAction> {
      return HandlerAction(std::make_shared<Keeper>(reply_), handler_log_);
    };
    responder_.emplace(*Responder::Create(http(), context().zone(), find));
    share_.reset(new ConnectionShare{.context = context(),
                                     .loop = loop(),
                                     .stats = stats(),
                                     .responder = *responder_,
                                     .access_log = log_.get(),
                                     .settings = ConnectionSettings::From(http())});
    share_->BeginTurn();
    queue_ = std::make_unique<AnswerQueue>(*share_, Origin(), 0, loop().now());
    return *queue_;
  }

  // Answers GET of `target`, with `fields`; returns what was put together for it.
  std::string Answer(const std::string& target, AnswerQueue::Following following = {},
                     absl::string_view fields = "") {
    const std::string bytes =
        absl::StrCat("GET ", target, " HTTP/1.1\r\nHost: a\r\n", fields, "\r\n");
    RequestParser parser;
    parser.Reset();
    EXPECT_EQ(parser.Parse(bytes, {}), RequestParser::Outcome::kComplete);
    const std::size_t start = share_->output.size();
    queue_->Answer(parser.head(), "", loop().now(), following);
    return share_->output.substr(start);
  }

  void LogRequests() {
    const std::string path = root() / "access.log";
    log_ = *AccessLog::Open(
        {.path = path,
         .format = *config::ParseLogFormat("$request $status $body_bytes_sent", false)},
        loop());
  }
  std::string Logged() const {
    std::ifstream file(root() / "access.log", std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  // What the client has received since it was asked last.
  std::string Received() {
    std::string all;
    char bytes[65536];
    for (ssize_t n; (n = ::recv(client_.get(), bytes, sizeof(bytes), 0)) > 0;) {
      all.append(bytes, static_cast<std::size_t>(n));
    }
    return all;
  }

  ipc::UniqueFd server_;
  ipc::UniqueFd client_;
  HandlerLog handler_log_{context()};
  std::optional<Reply> reply_;
  std::unique_ptr<AccessLog> log_;
  std::optional<Responder> responder_;
  std::unique_ptr<ConnectionShare> share_;
  std::unique_ptr<AnswerQueue> queue_;
};

TEST_F(AnswerQueueTest, SendsAnswersInTheOrderOfTheRequests) {
  Queue();
  const std::string first = Answer("/");
  const std::string second = Answer("/files/nothing");
  EXPECT_EQ(queue_->Send(server_.get()), Outcome::kSent);
  EXPECT_EQ(Received(), first + second);
}

TEST_F(AnswerQueueTest, LeavesTheOutputEmptyForTheNextConnection) {
  Queue();
  share_->output.assign(kLargeBytes, 'x');
  EXPECT_EQ(queue_->Send(server_.get()), Outcome::kWaiting);
  EXPECT_EQ(share_->output, "");
}

TEST_F(AnswerQueueTest, KeepsWhatTheSocketDoesNotTake) {
  Queue();
  const std::string output(kLargeBytes, 'x');
  share_->output = output;
  std::string received;
  Outcome outcome;
  while ((outcome = queue_->Send(server_.get())) == Outcome::kWaiting) received += Received();
  EXPECT_EQ(outcome, Outcome::kSent);
  EXPECT_TRUE(received + Received() == output);
  EXPECT_EQ(counters().bytes_sent, output.size());
}

TEST_F(AnswerQueueTest, FailsWhenTheClientIsGone) {
  Queue();
  Answer("/");
  client_.reset();
  EXPECT_EQ(queue_->Send(server_.get()), Outcome::kFailed);
}

TEST_F(AnswerQueueTest, HasNoRoomBehindAFileThatIsSent) {
  Queue();
  Answer("/files/large");
  EXPECT_FALSE(queue_->MayAnswer());
  while (queue_->Send(server_.get()) == Outcome::kWaiting) Received();
  EXPECT_TRUE(queue_->MayAnswer());
}

TEST_F(AnswerQueueTest, HasNoRoomWhenEnoughWaitsToBeSent) {
  Queue();
  while (queue_->MayAnswer()) {
    Answer("/");
    ASSERT_LT(share_->output.size(), 100'000u);
  }
  EXPECT_GE(share_->output.size(), 65'536u);
  EXPECT_EQ(queue_->Send(server_.get()), Outcome::kSent);
  EXPECT_TRUE(queue_->MayAnswer());
}

TEST_F(AnswerQueueTest, ClosesWithTheLastRequestThatAConnectionMayMake) {
  http().set_keepalive_requests(2);
  Queue();
  EXPECT_FALSE(absl::StrContains(Answer("/"), "Connection: close"));
  EXPECT_TRUE(queue_->MayAnswer());
  EXPECT_TRUE(absl::StrContains(Answer("/"), "Connection: close"));
  EXPECT_TRUE(queue_->is_closing());
  EXPECT_FALSE(queue_->MayAnswer());
}

TEST_F(AnswerQueueTest, CountsTheRequestsThatOtherWorkersHaveAnswered) {
  http().set_keepalive_requests(3);
  Queue();
  queue_ = std::make_unique<AnswerQueue>(*share_, Origin(), 2, loop().now());
  Answer("/");
  EXPECT_EQ(queue_->requests(), 3u);
  EXPECT_TRUE(queue_->is_closing());
}

TEST_F(AnswerQueueTest, ClosesWithARequestThatIsTheLast) {
  Queue();
  EXPECT_TRUE(absl::StrContains(Answer("/", {.is_last = true}), "Connection: close"));
  EXPECT_TRUE(queue_->is_closing());
}

TEST_F(AnswerQueueTest, DoesNotLingerForAClientThatAskedToCloseAndSentNoMore) {
  Queue();
  Answer("/", {}, "Connection: close\r\n");
  EXPECT_TRUE(queue_->is_closing());
  EXPECT_FALSE(queue_->must_linger());
}

TEST_F(AnswerQueueTest, LingersForAClientThatMayBeSending) {
  Queue();
  Answer("/", {.has_more_input = true}, "Connection: close\r\n");
  EXPECT_TRUE(queue_->must_linger());
  Queue();
  Answer("/", {.is_last = true});
  EXPECT_TRUE(queue_->must_linger());
}

TEST_F(AnswerQueueTest, ClosesAfterARefusal) {
  Queue();
  queue_->Refuse(400, "nonsense\r\n", loop().now());
  EXPECT_TRUE(absl::StartsWith(share_->output, "HTTP/1.1 400 "));
  EXPECT_TRUE(queue_->is_closing());
  EXPECT_TRUE(queue_->must_linger());
}

TEST_F(AnswerQueueTest, WaitsForAHandlerAndPutsItsAnswerTogether) {
  Queue();
  EXPECT_EQ(Answer("/later"), "");
  ASSERT_TRUE(queue_->is_awaiting());
  EXPECT_FALSE(queue_->MayAnswer());
  reply_->Send({.body = "late"});
  EXPECT_TRUE(RunUntil([this] { return queue_->awaited().response().has_value(); }));
  queue_->FinishAwaited({});
  EXPECT_TRUE(absl::EndsWith(share_->output, "\r\n\r\nlate"));
  EXPECT_TRUE(queue_->MayAnswer());
}

TEST_F(AnswerQueueTest, IsNotToldOfAnAnswerWhenItIsGone) {
  Queue();
  Answer("/later");
  bool is_told = false;
  queue_->awaited().SetOnResponse([&is_told] { is_told = true; });
  queue_.reset();
  reply_->Send({});
  RunWhatIsReady();
  EXPECT_FALSE(is_told);
}

TEST_F(AnswerQueueTest, CountsRequestsAndResponses) {
  Queue();
  Answer("/");
  Answer("/files/nothing");
  queue_->Refuse(400, "", loop().now());
  EXPECT_EQ(counters().requests, 3u);
  EXPECT_EQ(counters().responses[0], 1u);
  EXPECT_EQ(counters().responses[2], 2u);
}

TEST_F(AnswerQueueTest, LogsAnAnswer) {
  LogRequests();
  Queue();
  Answer("/");
  EXPECT_EQ(Logged(), "GET / HTTP/1.1 200 5\n");
}

TEST_F(AnswerQueueTest, LogsTheLineOnlyOfWhatItRefuses) {
  LogRequests();
  Queue();
  queue_->Refuse(431, absl::StrCat("GET /a HTTP/1.1\r\nX: ", std::string(1000, 'x')), loop().now());
  EXPECT_TRUE(absl::StartsWith(Logged(), "GET /a HTTP/1.1 431 "));
  Queue();
  queue_->Refuse(414, std::string(1000, 'x'), loop().now());
  EXPECT_TRUE(absl::StrContains(Logged(), absl::StrCat("\n", std::string(512, 'x'), " 414 ")));
}

TEST_F(AnswerQueueTest, LogsAFileWhenItIsSent) {
  LogRequests();
  Queue();
  Answer("/files/large");
  EXPECT_EQ(Logged(), "");
  while (queue_->Send(server_.get()) == Outcome::kWaiting) Received();
  EXPECT_EQ(Logged(), absl::StrCat("GET /files/large HTTP/1.1 200 ", kLargeBytes, "\n"));
}

TEST_F(AnswerQueueTest, LogsHowMuchOfAFileAClientTookThatLeft) {
  LogRequests();
  Queue();
  const std::size_t head_bytes = Answer("/files/large").size();
  ASSERT_EQ(queue_->Send(server_.get()), Outcome::kWaiting);
  queue_.reset();
  EXPECT_EQ(Logged(), absl::StrCat("GET /files/large HTTP/1.1 200 ",
                                   counters().bytes_sent - head_bytes, "\n"));
}

}  // namespace
}  // namespace muster::worker::http
