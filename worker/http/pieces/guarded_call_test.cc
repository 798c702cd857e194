#include "muster/worker/http/pieces/guarded_call.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/worker/http/handler.h"
#include "muster/worker/http/http_service.h"
#include "muster/worker/http/pieces/chunked_response.h"
#include "muster/worker/testkit/fake_context.h"
#include "muster/worker/testkit/fake_stream.h"

namespace muster::worker::http {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testkit::FakeContext;
using testkit::FakeStream;

constexpr char kPost[] = "POST /h HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n";
constexpr char kGetNext[] = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";

[[noreturn]] void Throw() { throw std::runtime_error("no such row"); }

// "/h" does what the test says, "/next" is answered.
class GuardedCallTest : public testing::Test {
 protected:
  struct Throwing : public Handler {
    explicit Throwing(GuardedCallTest& t) : test(t) {}
    bool TakesBodyInPieces() const override { return true; }
    void Handle(const Request&, Reply reply) override { test.handle_(std::move(reply)); }
    GuardedCallTest& test;
  };
  struct Client : public FakeStream {
    Client(GuardedCallTest& test, absl::string_view bytes)
        : FakeStream(test.context_, *test.service_) {
      Send(bytes);
    }
  };

  ~GuardedCallTest() override {
    stream_.reset();
    kept_.reset();
  }

  void ExpectLogged(absl::string_view name) {
    ASSERT_EQ(context_.log_lines().size(), 1u);
    EXPECT_EQ(context_.log_lines()[0].text,
              absl::StrCat("a response ends for an exception: ", name, ": no such row"));
    EXPECT_EQ(context_.log_lines()[0].level, config::v1::Log::ERROR);
  }
  // It has the 500, and another request after that.
  static void ExpectServerError(Client& client) {
    client.Send(kGetNext);
    EXPECT_THAT(client.Receive(), AllOf(StartsWith("HTTP/1.1 500 "), EndsWith("\r\n\r\nnext")));
  }
  void ExpectAborted(Client& client) {
    EXPECT_FALSE(ChunkedResponse(client.Receive()).is_complete);
    EXPECT_TRUE(client.has_ended());
    EXPECT_EQ(context_.connections(), 0u);
  }

  FakeContext context_{R"(
    http {
      location { path: "/h" handler: "h" }
      location { path: "/next" return { body: "next" } }
    }
  )"};
  std::function<void(Reply)> handle_;
  std::optional<Reply> kept_;
  std::optional<StreamedReply> stream_;
  const std::unique_ptr<Service> service_ = *MakeHttpService(
      context_, {{"h", [this](Context&) { return std::make_unique<Throwing>(*this); }}});
};

TEST_F(GuardedCallTest, AnswersForAHandlerThatThrows) {
  handle_ = [](const Reply&) { Throw(); };
  Client client(*this, absl::StrCat(kPost, "body"));
  ExpectServerError(client);
  ExpectLogged("Handler::Handle");
}

TEST_F(GuardedCallTest, AnswersForAHandlerThatThrowsAndKeepsItsReply) {
  handle_ = [this](Reply reply) {
    reply.TakeBody({.on_piece = [](absl::string_view) { ADD_FAILURE(); },
                    .on_end = [] { ADD_FAILURE(); },
                    .on_gone = [] { ADD_FAILURE(); }});
    kept_.emplace(std::move(reply));
    Throw();
  };
  Client client(*this, absl::StrCat(kPost, "body"));
  ExpectServerError(client);
  std::exchange(kept_, {})->Send({.body = "late"});
  context_.RunReady();
  EXPECT_EQ(client.Receive(), "");
  ExpectLogged("Handler::Handle");
}

TEST_F(GuardedCallTest, LogsOneOfManyAndCountsTheOthers) {
  handle_ = [](const Reply&) { Throw(); };
  Client client(*this, "");
  for (int i = 0; i < 100; ++i) {
    client.Send(absl::StrCat(kPost, "body"));
    EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 500 "));
  }
  ExpectLogged("Handler::Handle");
  context_.Advance(std::chrono::seconds(10));
  ASSERT_EQ(context_.log_lines().size(), 2u);
  EXPECT_EQ(context_.log_lines()[1].text,
            "99 more responses ended for an exception: Handler::Handle");
}

TEST_F(GuardedCallTest, LeavesAnAnswerThatWasSent) {
  handle_ = [](Reply reply) {
    reply.Send({.body = "sent"});
    throw 5;
  };
  Client client(*this, absl::StrCat(kPost, "body"));
  EXPECT_THAT(client.Receive(), AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("sent")));
  ASSERT_EQ(context_.log_lines().size(), 1u);
  EXPECT_THAT(context_.log_lines()[0].text, EndsWith(": what it threw is no std::exception"));
}

TEST_F(GuardedCallTest, AbortsAResponseThatAHandlerBeganBeforeItThrew) {
  handle_ = [this](Reply reply) {
    stream_.emplace(reply.Begin({.body = "begun"}));
    Throw();
  };
  Client client(*this, absl::StrCat(kPost, "body"));
  ExpectAborted(client);
  ExpectLogged("Handler::Handle");
}

TEST_F(GuardedCallTest, AnswersIfAPieceOrTheEndOfABodyThrows) {
  for (const bool is_piece : {true, false}) {
    handle_ = [&](Reply reply) {
      reply.TakeBody({.on_piece =
                          [&](absl::string_view) {
                            if (is_piece) Throw();
                          },
                      .on_end = Throw,
                      .on_gone = [] { ADD_FAILURE(); }});
      kept_.emplace(std::move(reply));
    };
    Client client(*this, absl::StrCat(kPost, "b"));
    client.Send("ody");
    ExpectServerError(client);
    ASSERT_EQ(context_.log_lines().size(), is_piece ? 1u : 2u);
    EXPECT_THAT(context_.log_lines().back().text,
                HasSubstr(is_piece ? "BodyEvents::on_piece: " : "BodyEvents::on_end: "));
  }
}

TEST_F(GuardedCallTest, AbortsAResponseInPiecesIfTheBodyBesideItThrows) {
  handle_ = [this](Reply reply) {
    reply.TakeBody({.on_piece = [](absl::string_view) { Throw(); }});
    stream_.emplace(reply.Begin({.body = "begun"}));
  };
  Client client(*this, absl::StrCat(kPost, "body"));
  ExpectAborted(client);
  ExpectLogged("BodyEvents::on_piece");
}

TEST_F(GuardedCallTest, AbortsAResponseIfANoticeOfItThrows) {
  for (const bool is_writable : {true, false}) {
    handle_ = [&](Reply reply) {
      StreamOptions options;
      (is_writable ? options.on_writable : options.on_input_end) = Throw;
      stream_.emplace(reply.Begin({.body = "begun"}, std::move(options)));
    };
    Client client(*this, absl::StrCat(kPost, "body"));
    if (!is_writable) client.EndInput();
    ExpectAborted(client);
    ASSERT_EQ(context_.log_lines().size(), is_writable ? 1u : 2u);
  }
}

TEST_F(GuardedCallTest, LogsIfANoticeThatTheClientIsGoneThrows) {
  handle_ = [this](Reply reply) {
    reply.TakeBody({.on_gone = Throw});
    stream_.emplace(reply.Begin({}, {.on_gone = Throw}));
  };
  Client client(*this, kPost);
  client.Leave();
  context_.RunReady();
  EXPECT_EQ(context_.connections(), 0u);
  ASSERT_EQ(context_.log_lines().size(), 2u);
  EXPECT_THAT(context_.log_lines()[0].text, HasSubstr("BodyEvents::on_gone: no such row"));
  EXPECT_THAT(context_.log_lines()[1].text, HasSubstr("StreamOptions::on_gone: no such row"));
}

}  // namespace
}  // namespace muster::worker::http
