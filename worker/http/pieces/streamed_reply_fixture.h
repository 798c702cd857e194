#ifndef MUSTER_WORKER_HTTP_PIECES_STREAMED_REPLY_FIXTURE_H_
#define MUSTER_WORKER_HTTP_PIECES_STREAMED_REPLY_FIXTURE_H_

#include <unistd.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/worker/http/handler.h"
#include "muster/worker/http/http_service.h"
#include "muster/worker/http/pieces/streamed_reply.h"
#include "muster/worker/testkit/fake_context.h"
#include "muster/worker/testkit/fake_stream.h"

namespace muster::worker::http {

inline constexpr char kGet[] = "GET /s HTTP/1.1\r\nHost: a\r\n\r\n";
inline constexpr char kGetNext[] = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";

// "/s" begins the test's response in pieces at once, "/later" keeps the reply, "/next" is answered.
class StreamedReplyFixture : public testing::Test {
 protected:
  struct Streaming : public Handler {
    explicit Streaming(StreamedReplyFixture& t) : test(t) {}
    void Handle(const Request& request, Reply reply) override {
      if (request.path == "/later") {
        test.kept_.emplace(std::move(reply));
      } else {
        test.Begin(std::move(reply));
      }
    }
    void OnDrain() override { ++test.drains_; }
    StreamedReplyFixture& test;
  };

  ~StreamedReplyFixture() override {
    reply_.reset();
    kept_.reset();
  }

  void Begin(Reply reply) {
    StreamOptions options = options_;
    options.on_writable = [this] {
      ++writable_;
      if (when_writable_ != nullptr) when_writable_();
    };
    options.on_input_end = [this] { ++input_ends_; };
    options.on_gone = [this] { ++gone_; };
    reply_.emplace(reply.Begin(head_, std::move(options)));
    if (gives_up_) reply_.reset();
  }
  Service& service() {
    if (service_ == nullptr) {
      service_ = *MakeHttpService(
          context_, {{"s", [this](Context&) { return std::make_unique<Streaming>(*this); }}});
    }
    return *service_;
  }
  struct Client : public testkit::FakeStream {
    Client(StreamedReplyFixture& test, absl::string_view request)
        : testkit::FakeStream(test.context_, test.service()) {
      Send(request);
    }
  };
  void Write(absl::string_view bytes) {
    reply_->Write(bytes);
    context_.RunReady();
  }
  void End(Trailers trailers = {}) {
    reply_->End(std::move(trailers));
    context_.RunReady();
  }
  static std::string LogPath() {
    return absl::StrCat(testing::TempDir(), "/streamed.", ::getpid(), ".log");
  }
  std::string Logged() {
    service_.reset();
    std::ifstream file(LogPath(), std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(file), {});
    ::unlink(LogPath().c_str());
    return text;
  }

  testkit::FakeContext context_{absl::StrCat(R"(
    http {
      location { path: "/s" handler: "s" header { name: "X-Of" value: "location" } }
      location { path: "/later" handler: "s" }
      location { path: "/next" return { body: "next" } }
      access_log { path: ")",
                                             LogPath(), R"("
        format: "$request_uri $status $body_bytes_sent $bytes_sent $request_completion" }
    }
  )")};
  Response head_ = {};
  StreamOptions options_ = {};
  std::function<void()> when_writable_;
  bool gives_up_ = false;
  std::optional<StreamedReply> reply_;
  std::optional<Reply> kept_;
  int writable_ = 0;
  int input_ends_ = 0;
  int gone_ = 0;
  int drains_ = 0;

 private:
  std::unique_ptr<Service> service_;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_PIECES_STREAMED_REPLY_FIXTURE_H_
