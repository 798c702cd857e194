#include "muster/examples/events/events.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "muster/examples/events/event_log.h"
#include "muster/ipc/base/status.h"
#include "muster/worker/zone/zone_bell.h"

namespace muster::examples {
namespace {

using worker::http::Reply;
using worker::http::Request;
using worker::http::Response;
using worker::http::StreamedReply;

// A client that takes its events slowly has more of them written when these are sent.
constexpr std::uint64_t kMostUnsentBytes = 64 * 1024;
// With nothing to tell, a comment now and then shows that the connection lives, also to proxies.
constexpr std::chrono::seconds kHeartbeat(15);

// As the standard has it: a line for each line of the text.
std::string Format(const EventLog::Event& event) {
  std::string text = absl::StrCat("id: ", event.number, "\n");
  for (const absl::string_view line : absl::StrSplit(event.text, '\n')) {
    absl::StrAppend(&text, "data: ", line, "\n");
  }
  return text + "\n";
}

// A client that has asked for events.
struct Subscriber {
  std::uint64_t last = 0;  // the number of the last event that was written to it
  std::optional<StreamedReply> reply;
};

class Events : public worker::http::Handler {
 public:
  Events(worker::Context& context, EventLog log)
      : context_(context), log_(std::move(log)), heartbeat_(context.loop(), [this] { Beat(); }) {
    heartbeat_.SetAfter(kHeartbeat);
  }
  ~Events() override {
    for (const auto& subscriber : std::exchange(subscribers_, {})) subscriber->reply->Abort();
  }

  // Hears of events from now on.
  absl::Status Listen() {
    MUSTER_ASSIGN_OR_RETURN(
        bell_, worker::ZoneBell::Watch(context_.loop(), log_.zone(), [this] { DeliverAll(); }));
    return absl::OkStatus();
  }

  void Handle(const Request& request, Reply reply) override {
    if (request.method == "GET") {
      Subscribe(request, std::move(reply));
    } else if (request.method == "POST") {
      reply.Send(Publish(request.body));
    } else {
      reply.Send({.status = 405, .headers = {{"Allow", "GET, POST"}}});
    }
  }

  // [events drain]
  void OnDrain() override {
    DeliverAll();
    for (const auto& subscriber : subscribers_) subscriber->reply->End();
    subscribers_.clear();
  }
  // [end]

 private:
  // [events subscribe]
  void Subscribe(const Request& request, Reply reply) {
    auto subscriber = std::make_shared<Subscriber>();
    subscriber->last = LastOf(request);
    worker::http::StreamOptions options;
    options.on_writable = [this, subscriber] { Deliver(*subscriber); };
    options.on_input_end = options.on_gone = [this, subscriber] { Remove(subscriber); };
    subscriber->reply.emplace(reply.Begin({.body = "retry: 100\n\n",
                                           .content_type = "text/event-stream",
                                           .headers = {{"Cache-Control", "no-store"}}},
                                          std::move(options)));
    Deliver(*subscriber);
    if (context_.is_draining()) {
      subscriber->reply->End();
    } else {
      subscribers_.insert(std::move(subscriber));
    }
  }
  // [end]

  // The event behind which the client goes on: that of its last connection, or the last one.
  std::uint64_t LastOf(const Request& request) {
    const std::uint64_t last = log_.last();
    std::uint64_t told = 0;
    const bool is_told = absl::SimpleAtoi(request.headers.Get("Last-Event-ID").value_or(""), &told);
    return is_told ? std::min(told, last) : last;
  }

  // [events deliver]
  void Deliver(Subscriber& subscriber) {
    while (subscriber.reply->unsent_bytes() < kMostUnsentBytes) {
      const std::vector<EventLog::Event> events = log_.ReadBehind(subscriber.last);
      if (events.empty()) return;
      for (const EventLog::Event& event : events) subscriber.reply->Write(Format(event));
      subscriber.last = events.back().number;
    }
  }
  // [end]

  void DeliverAll() {
    for (const auto& subscriber : subscribers_) Deliver(*subscriber);
  }

  void Remove(const std::shared_ptr<Subscriber>& subscriber) {
    subscriber->reply->Abort();
    subscribers_.erase(subscriber);
  }

  void Beat() {
    for (const auto& subscriber : subscribers_) {
      if (subscriber->reply->unsent_bytes() == 0) subscriber->reply->Write(":\n\n");
    }
    heartbeat_.SetAfter(kHeartbeat);
  }

  Response Publish(absl::string_view text) {
    if (text.size() > EventTable::kMostBytes) return {.status = 413, .body = "it is too long\n"};
    if (text.find_first_of(absl::string_view("\r\0", 2)) != text.npos) {
      return {.status = 400, .body = "it has a character that ends lines\n"};
    }
    return {.body = absl::StrCat(log_.Append(text), "\n")};
  }

  worker::Context& context_;
  EventLog log_;
  std::unique_ptr<worker::ZoneBell> bell_;
  loop::Timer heartbeat_;
  std::set<std::shared_ptr<Subscriber>> subscribers_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<worker::http::Handler>> MakeEvents(worker::Context& context) {
  MUSTER_ASSIGN_OR_RETURN(EventLog log, EventLog::Open(context));
  auto events = std::make_unique<Events>(context, std::move(log));
  MUSTER_RETURN_IF_ERROR(events->Listen());
  return events;
}

}  // namespace muster::examples
