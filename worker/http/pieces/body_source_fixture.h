#ifndef MUSTER_WORKER_HTTP_PIECES_BODY_SOURCE_FIXTURE_H_
#define MUSTER_WORKER_HTTP_PIECES_BODY_SOURCE_FIXTURE_H_

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/worker/http/handler.h"
#include "muster/worker/http/http_service.h"
#include "muster/worker/http/pieces/body_source.h"
#include "muster/worker/testkit/fake_context.h"
#include "muster/worker/testkit/fake_stream.h"

namespace muster::worker::http {

inline constexpr char kChunkedPost[] =
    "POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
inline constexpr char kGetNext[] = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
inline constexpr char kContinue[] = "HTTP/1.1 100 Continue\r\n\r\n";

inline std::string Post(std::size_t body_bytes, absl::string_view fields = "") {
  return absl::StrCat("POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: ", body_bytes, "\r\n", fields,
                      "\r\n");
}

// "/b" takes its body in pieces and is answered by the test, "/bounded" the same with a bound of
// its own, "/next" is answered.
class BodySourceFixture : public testing::Test {
 protected:
  struct Taking : public Handler {
    explicit Taking(BodySourceFixture& t) : test(t) {}
    bool TakesBodyInPieces() const override { return true; }
    void Handle(const Request& request, Reply reply) override {
      EXPECT_EQ(request.body, "");
      ++test.requests_;
      if (test.takes_) {
        test.body_ = reply.TakeBody({.on_piece =
                                         [this](absl::string_view piece) {
                                           test.taken_.append(piece.data(), piece.size());
                                           test.largest_ = std::max(test.largest_, piece.size());
                                           if (test.on_piece_ != nullptr) test.on_piece_();
                                         },
                                     .on_end =
                                         [this] {
                                           ++test.ends_;
                                           if (test.on_end_ != nullptr) test.on_end_();
                                         },
                                     .on_gone = [this] { ++test.gone_; }});
      }
      test.reply_.emplace(std::move(reply));
      if (test.on_request_ != nullptr) test.on_request_();
    }
    BodySourceFixture& test;
  };
  struct Client : public testkit::FakeStream {
    Client(BodySourceFixture& test, absl::string_view bytes)
        : testkit::FakeStream(test.context_, test.service()) {
      Send(bytes);
    }
  };

  ~BodySourceFixture() override {
    stream_.reset();
    reply_.reset();
  }

  Service& service() {
    if (service_ == nullptr) {
      service_ = *MakeHttpService(
          context_, {{"b", [this](Context&) { return std::make_unique<Taking>(*this); }}});
    }
    return *service_;
  }
  void Answer(Response response) {
    reply_->Send(std::move(response));
    context_.RunReady();
  }

  testkit::FakeContext context_{R"(
    http {
      max_body_bytes: 10000000
      location { path: "/b" handler: "b" }
      location { path: "/bounded" handler: "b" max_body_bytes: 20 }
      location { path: "/next" return { body: "next" } }
    }
  )"};
  bool takes_ = true;
  std::function<void()> on_request_;
  std::function<void()> on_piece_;
  std::function<void()> on_end_;
  IncomingBody body_;
  std::optional<Reply> reply_;
  std::optional<StreamedReply> stream_;
  std::string taken_;
  std::size_t largest_ = 0;
  int requests_ = 0;
  int ends_ = 0;
  int gone_ = 0;

 private:
  std::unique_ptr<Service> service_;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_PIECES_BODY_SOURCE_FIXTURE_H_
