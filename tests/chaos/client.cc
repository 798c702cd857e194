#include "muster/tests/chaos/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "muster/ipc/base/check.h"

namespace muster::tests::chaos {
namespace {

using std::chrono::milliseconds;

constexpr char kGetSmall[] = "GET /small HTTP/1.1\r\nHost: chaos\r\n\r\n";
constexpr char kGetBig[] = "GET /big HTTP/1.1\r\nHost: chaos\r\n\r\n";
constexpr char kFirstHalfOfHead[] = "GET /small HTTP/1.1\r\nHo";
constexpr char kSecondHalfOfHead[] = "st: chaos\r\n\r\n";
constexpr char kFirstHalfOfBody[] =
    "POST /post HTTP/1.1\r\nHost: chaos\r\nContent-Length: 10\r\n\r\nhello";
constexpr char kSecondHalfOfBody[] = "world";

constexpr milliseconds kBusyPause{5};
constexpr milliseconds kIdlePause{20'000};  // or until a round begins
constexpr milliseconds kReadPause{20};
constexpr std::size_t kDownloadPortion = 100'000;
constexpr std::size_t kStuckPortion = 1000;

Client::Kind KindOf(std::uint64_t number) {
  constexpr Client::Kind kKinds[] = {Client::Kind::kIdle,          Client::Kind::kBusy,
                                     Client::Kind::kDownload,      Client::Kind::kIdle,
                                     Client::Kind::kHalfHead,      Client::Kind::kHalfBody,
                                     Client::Kind::kBusy,          Client::Kind::kIdle,
                                     Client::Kind::kStuckDownload, Client::Kind::kHalfHead};
  return kKinds[number % std::size(kKinds)];
}

const char* NameOf(Client::Kind kind) {
  constexpr const char* kNames[] = {"idle",           "busy",      "download",
                                    "stuck download", "half head", "half body"};
  return kNames[static_cast<int>(kind)];
}

// So long half a request waits: from 0.2 to 3 s.
milliseconds HalfPause(std::uint64_t connection) {
  return milliseconds(200 + connection * 617 % 2800);
}

}  // namespace

Client::Client(std::uint64_t number, std::uint64_t connection, std::uint16_t port)
    : number_(number),
      connection_(connection),
      kind_(KindOf(number)),
      fd_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
      opened_(std::chrono::steady_clock::now()) {
  MUSTER_CHECK(fd_.valid(), "a client has a socket");
  if (kind_ == Kind::kStuckDownload || kind_ == Kind::kDownload) {
    const int bytes = 16384;
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
  }
  sockaddr_in server = {};
  server.sin_family = AF_INET;
  server.sin_port = htons(port);
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&server), sizeof(server));
  sockaddr_in own = {};
  socklen_t size = sizeof(own);
  ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&own), &size);
  local_port_ = ntohs(own.sin_port);
}

std::vector<Client::Event> Client::Step(Time now, int demanded, std::uint64_t round,
                                        bool are_failures_allowed) {
  std::vector<Event> events;
  if (is_closed()) return events;
  // A rollback may be under way since the request began.
  demanded_ = std::min(demanded_, demanded);
  SendWhatIsDue(now, demanded, round);
  Read(now, are_failures_allowed, events);
  return events;
}

// A connection that is not made yet takes nothing: then it is due again the next time.
void Client::SendWhatIsDue(Time now, int demanded, std::uint64_t round) {
  const bool is_hurried = round > answered_round_;
  if (now < next_ && !is_hurried) return;
  if (phase_ == Phase::kHalf) {
    if (Send(kSecondHalfOfHead)) phase_ = Phase::kAwaitsHead;
    return;
  }
  // The answer may come before.
  if (owes_body_) {
    owes_body_ = !Send(kSecondHalfOfBody);
    return;
  }
  if (phase_ != Phase::kPaused) return;
  const bool is_big = kind_ == Kind::kDownload || kind_ == Kind::kStuckDownload;
  const char* const request = kind_ == Kind::kHalfHead   ? kFirstHalfOfHead
                              : kind_ == Kind::kHalfBody ? kFirstHalfOfBody
                              : is_big                   ? kGetBig
                                                         : kGetSmall;
  if (!Send(request)) return;
  demanded_ = demanded;
  round_ = round;
  phase_ = kind_ == Kind::kHalfHead ? Phase::kHalf : Phase::kAwaitsHead;
  owes_body_ = kind_ == Kind::kHalfBody;
  next_ = now + HalfPause(connection_ + answers_);
}

bool Client::Send(const std::string& bytes) {
  // Small enough to be taken wholly or not at all.
  return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
         static_cast<ssize_t>(bytes.size());
}

std::size_t Client::Portion() const {
  if (phase_ != Phase::kAwaitsBody || is_hurried_) return 65536;
  if (kind_ == Kind::kDownload) return kDownloadPortion;
  if (kind_ == Kind::kStuckDownload) return kStuckPortion;
  return 65536;
}

void Client::Read(Time now, bool are_failures_allowed, std::vector<Event>& events) {
  if (now < next_read_ && !is_hurried_) return;
  static thread_local char buffer[kDownloadPortion];
  const ssize_t n = ::recv(fd_.get(), buffer, Portion(), MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == ENOTCONN || errno == EINPROGRESS)) return;
  if (n <= 0) {
    Close(n == 0 ? "end" : std::strerror(errno), events);
    return;
  }
  if (phase_ == Phase::kAwaitsBody) next_read_ = now + kReadPause;
  std::size_t rest = n;
  if (phase_ != Phase::kAwaitsBody) {
    head_.append(buffer, n);
    if (!TakeHead(are_failures_allowed, events)) return;
    rest = head_.size();
    head_.clear();
  }
  if (rest > body_left_) {
    events.push_back({Event::What::kWrong, configuration_, "more bytes than the answer has"});
    rest = body_left_;
  }
  body_left_ -= rest;
  if (body_left_ == 0) Finish(now, events);
}

// Whether the head is complete. What follows it stays in head_.
bool Client::TakeHead(bool are_failures_allowed, std::vector<Event>& events) {
  const std::size_t end = head_.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  int status = 0;
  configuration_ = 0;
  body_left_ = 0;
  for (const absl::string_view line : absl::StrSplit(head_.substr(0, end), "\r\n")) {
    const std::pair<absl::string_view, absl::string_view> field =
        absl::StrSplit(line, absl::MaxSplits(": ", 1));
    const bool lacks_number =
        (absl::StartsWith(line, "HTTP/1.1 ") && !absl::SimpleAtoi(line.substr(9, 3), &status)) ||
        (field.first == "X-Config" && !absl::SimpleAtoi(field.second, &configuration_)) ||
        (field.first == "Content-Length" && !absl::SimpleAtoi(field.second, &body_left_));
    if (lacks_number) {
      events.push_back({Event::What::kWrong, configuration_, absl::StrCat("no number: ", line)});
    }
  }
  if (status != 200 && !(are_failures_allowed && status >= 500)) {
    events.push_back({Event::What::kWrong, configuration_, absl::StrCat("status ", status)});
  }
  head_.erase(0, end + 4);
  phase_ = Phase::kAwaitsBody;
  return true;
}

void Client::Finish(Time now, std::vector<Event>& events) {
  if (configuration_ < demanded_) {
    events.push_back({Event::What::kStale, configuration_,
                      absl::StrCat("answered by configuration ", configuration_, ", though ",
                                   demanded_, " served when the request began")});
  }
  ++answers_;
  answered_round_ = round_;
  phase_ = Phase::kPaused;
  next_read_ = now;
  if (!owes_body_) next_ = now + (kind_ == Kind::kIdle ? kIdlePause : kBusyPause);
  events.push_back({Event::What::kAnswered, configuration_, ""});
}

void Client::Close(const std::string& why, std::vector<Event>& events) {
  events.push_back({Event::What::kClosed, 0, absl::StrCat(why, ", ", Text())});
  fd_.reset();
}

std::string Client::Text() const {
  constexpr const char* kPhases[] = {"between requests", "within a request", "awaiting an answer",
                                     "within an answer"};
  return absl::StrCat(NameOf(kind_), " client ", number_, ", port ", local_port_, ", ",
                      kPhases[static_cast<int>(phase_)], ", ", answers_, " answers, body left ",
                      body_left_);
}

}  // namespace muster::tests::chaos
