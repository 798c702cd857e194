#include "muster/examples/chat/chat.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "muster/examples/chat/chat.pb.h"
#include "muster/examples/chat/message_log.h"
#include "muster/ipc/base/status.h"
#include "muster/worker/stream/stream_service.h"
#include "muster/worker/zone/zone_bell.h"

namespace muster::examples {
namespace {

class Client;

// What the sessions of one worker share.
class Chat : public worker::Protocol {
 public:
  // Without `metrics` in the configuration it counts where nobody looks.
  Chat(worker::Context& context, chat::v1::Chat config, std::unique_ptr<MessageLog> log)
      : context_(context),
        config_(std::move(config)),
        log_(std::move(log)),
        next_(log_->end()),
        connected_(context.metrics()
                       .Gauge("chat_clients", "Clients that are connected.")
                       .value_or(worker::MetricGauge())),
        line_bytes_(context.metrics()
                        .Histogram("chat_line_bytes", "Lines that clients sent, by length.",
                                   {8, 32, 128, 512})
                        .value_or(worker::MetricHistogram())) {}

  // Hears of messages from now on.
  absl::Status Listen();

  std::unique_ptr<worker::Session> Begin(worker::Stream& stream) override;
  absl::StatusOr<std::unique_ptr<worker::Session>> Resume(worker::Stream& stream,
                                                          std::string state) override;

  const chat::v1::Chat& config() const { return config_; }
  MessageLog& log() { return *log_; }
  void Add(Client* client) {
    clients_.insert(client);
    connected_.Add();
  }
  void Remove(Client* client) {
    clients_.erase(client);
    connected_.Subtract();
  }
  void CountLine(absl::string_view line) {
    context_.stats().requests.Add();
    line_bytes_.Observe(static_cast<double>(line.size()));
  }

 private:
  void Deliver();

  worker::Context& context_;
  const chat::v1::Chat config_;
  const std::unique_ptr<MessageLog> log_;
  std::unique_ptr<worker::ZoneBell> bell_;
  std::uint64_t next_;  // the first message that was not delivered here
  std::set<Client*> clients_;
  const worker::MetricGauge connected_;
  const worker::MetricHistogram line_bytes_;
};

bool IsName(absl::string_view name) {
  return !name.empty() && name.size() <= LogTable::kMostRoomBytes &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); });
}

class Client : public worker::Session {
 public:
  Client(Chat& chat, worker::Stream& stream, chat::v1::Session state)
      : chat_(chat), stream_(stream), state_(std::move(state)) {
    chat_.Add(this);
  }
  ~Client() override { chat_.Remove(this); }

  std::size_t OnInput(absl::string_view input) override {
    const std::size_t end = input.find('\n');
    if (std::min(end, input.size()) > chat_.config().most_line_bytes()) {
      stream_.Write("* that line is too long\n");
      stream_.Close();
      return 0;
    }
    if (end == input.npos) return 0;  // the rest is still to come
    OnLine(absl::StripSuffix(input.substr(0, end), "\r"));
    return end + 1;
  }

  // [chat suspend]
  std::string Suspend() override { return state_.SerializeAsString(); }
  // [end]

  void OnQuit() override { stream_.Write("* the chat is over\n"); }

  // Each message comes here, in their order.
  void OnMessage(const MessageLog::Message& message) {
    if (message.number < state_.next()) return;
    if (message.number > state_.next()) stream_.Write("* messages were missed\n");
    state_.set_next(message.number + 1);
    if (message.room == state_.room()) stream_.Write(message.text);
  }
  std::uint64_t next() const { return state_.next(); }

 private:
  void OnLine(absl::string_view line) {
    chat_.CountLine(line);
    if (absl::ConsumePrefix(&line, "/nick ")) {
      Rename(line);
    } else if (absl::ConsumePrefix(&line, "/join ")) {
      Join(line);
    } else if (line == "/quit") {
      stream_.Write("* bye\n");
      stream_.Close();
    } else {
      chat_.log().Append(state_.room(), absl::StrCat(state_.nick(), ": ", line, "\n"));
    }
  }

  void Rename(absl::string_view name) {
    if (!IsName(name)) return stream_.Write("* a name has 1 to 31 letters and digits\n");
    state_.set_nick(std::string(name));
    stream_.Write(absl::StrCat("* you are ", state_.nick(), "\n"));
  }

  // The messages of the room from now on.
  void Join(absl::string_view room) {
    if (!IsName(room)) return stream_.Write("* a room has 1 to 31 letters and digits\n");
    state_.set_room(std::string(room));
    state_.set_next(chat_.log().end());
    stream_.Write(absl::StrCat("* you are in ", state_.room(), "\n"));
  }

  Chat& chat_;
  worker::Stream& stream_;
  chat::v1::Session state_;
};

// [chat listen]
absl::Status Chat::Listen() {
  MUSTER_ASSIGN_OR_RETURN(
      bell_, worker::ZoneBell::Watch(context_.loop(), log_->zone(), [this] { Deliver(); }));
  return absl::OkStatus();
}

void Chat::Deliver() {
  for (auto messages = log_->Read(next_); !messages.empty(); messages = log_->Read(next_)) {
    for (const MessageLog::Message& message : messages) {
      for (Client* client : clients_) client->OnMessage(message);
    }
    next_ = messages.back().number + 1;
  }
}
// [end]

std::unique_ptr<worker::Session> Chat::Begin(worker::Stream& stream) {
  chat::v1::Session state;
  state.set_nick("somebody");
  state.set_room("lobby");
  state.set_next(log_->end());
  stream.Write(absl::StrCat("* ", config_.greeting(), "\n"));
  return std::make_unique<Client>(*this, stream, std::move(state));
}

// [chat resume]
absl::StatusOr<std::unique_ptr<worker::Session>> Chat::Resume(worker::Stream& stream,
                                                              std::string state) {
  chat::v1::Session session;
  if (!session.ParseFromString(state) || !IsName(session.nick()) || !IsName(session.room())) {
    return absl::InvalidArgumentError("its state is no muster.examples.chat.v1.Session");
  }
  auto client = std::make_unique<Client>(*this, stream, std::move(session));
  // The messages that were sent in the meantime.
  for (auto missed = log_->Read(client->next()); !missed.empty();
       missed = log_->Read(client->next())) {
    for (const MessageLog::Message& message : missed) client->OnMessage(message);
  }
  return client;
}
// [end]

}  // namespace

// [chat service]
absl::StatusOr<std::unique_ptr<worker::Service>> MakeChat(worker::Context& context) {
  MUSTER_ASSIGN_OR_RETURN(chat::v1::Chat config, context.ServiceConfig<chat::v1::Chat>());
  MUSTER_ASSIGN_OR_RETURN(std::unique_ptr<MessageLog> log, MessageLog::Open(context));
  auto chat = std::make_unique<Chat>(context, std::move(config), std::move(log));
  MUSTER_RETURN_IF_ERROR(chat->Listen());
  return std::make_unique<worker::StreamService>(context, std::move(chat));
}
// [end]

}  // namespace muster::examples
