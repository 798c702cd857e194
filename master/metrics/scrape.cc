#include "muster/master/metrics/scrape.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/worker/http/message/request_parser.h"

namespace muster::master {
namespace {

using Outcome = ByteStream::Outcome;

absl::string_view ReasonOf(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    default:
      return "Bad Request";
  }
}

absl::string_view WithoutEmptyLines(absl::string_view request) {
  worker::http::SkipEmptyLines(request);
  return request;
}

// Then the answer has no body, whatever is wrong with the rest.
bool IsHead(absl::string_view request) {
  return absl::StartsWith(WithoutEmptyLines(request), "HEAD ");
}

}  // namespace

Scrape::Scrape(loop::EventLoop& loop, std::unique_ptr<ByteStream> stream,
               std::function<std::string()> text, std::function<void(Scrape&)> on_end)
    : loop_(loop),
      stream_(std::move(stream)),
      text_(std::move(text)),
      on_end_(std::move(on_end)),
      deadline_(loop, [this] { on_end_(*this); }) {}

Scrape::~Scrape() {
  if (is_watched_) loop_.Remove(stream_->fd(), this);
}

absl::Status Scrape::Start() {
  const absl::Status status = loop_.Add(stream_->fd(), EPOLLIN, this);
  is_watched_ = status.ok();
  deadline_.SetAfter(kPatience);
  return status;
}

void Scrape::OnEvents(std::uint32_t) {
  if (Go()) return;
  const auto on_end = on_end_;  // this may be destroyed in it
  on_end(*this);
}

bool Scrape::Go() {
  if (!is_ready_) {
    const Outcome outcome = stream_->Handshake();
    if (outcome != Outcome::kDone) return Wait(outcome);
    is_ready_ = true;
  }
  while (answer_.empty()) {
    char bytes[4096];
    std::size_t came = 0;
    const Outcome outcome = stream_->Read(bytes, sizeof(bytes), came);
    if (outcome != Outcome::kDone) return Wait(outcome);
    request_.append(bytes, came);
    if (!TakeRequest() && request_.size() > kMostRequestBytes) {
      Answer(400, "too long\n", !IsHead(request_));
    }
  }
  while (!answer_.empty()) {
    std::size_t taken = 0;
    const Outcome outcome = stream_->Write(answer_, taken);
    if (outcome != Outcome::kDone) return Wait(outcome);
    answer_.erase(0, taken);
  }
  // The rest of a request that was not read would have the kernel cut the answer short.
  ::shutdown(stream_->fd(), SHUT_WR);
  return false;
}

bool Scrape::Wait(Outcome outcome) {
  if (outcome == Outcome::kClosed) return false;
  const std::uint32_t events = outcome == Outcome::kWantsWrite ? EPOLLOUT : EPOLLIN;
  return loop_.Modify(stream_->fd(), events, this).ok();
}

bool Scrape::TakeRequest() {
  using worker::http::Method;
  using worker::http::RequestParser;
  RequestParser parser;
  parser.Reset();
  switch (parser.Parse(WithoutEmptyLines(request_),
                       {.max_request_line_bytes = 1024, .max_header_bytes = kMostRequestBytes})) {
    case RequestParser::Outcome::kIncomplete:
      return false;
    case RequestParser::Outcome::kRefused:
      Answer(400, "this is no request\n", !IsHead(request_));
      return true;
    case RequestParser::Outcome::kComplete:
      break;
  }
  const Method method = parser.head().method();
  const absl::string_view target = parser.head().target();
  const absl::string_view path = target.substr(0, target.find('?'));
  if (method != Method::kGet && method != Method::kHead) {
    Answer(405, "GET or HEAD only\n", true);
  } else if (path != "/metrics") {
    Answer(404, "the metrics are at /metrics\n", method == Method::kGet);
  } else {
    Answer(200, text_(), method == Method::kGet);
  }
  return true;
}

void Scrape::Answer(int status, const std::string& body, bool has_body) {
  answer_ = absl::StrCat("HTTP/1.1 ", status, " ", ReasonOf(status),
                         "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8"
                         "\r\nContent-Length: ",
                         body.size(), status == 405 ? "\r\nAllow: GET, HEAD" : "",
                         "\r\nConnection: close\r\n\r\n", has_body ? body : "");
}

}  // namespace muster::master
