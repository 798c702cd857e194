#include "muster/examples/chat/web_chat.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "muster/examples/chat/chat.pb.h"
#include "muster/examples/chat/message_log.h"
#include "muster/ipc/base/status.h"
#include "muster/worker/zone/zone_bell.h"

namespace muster::examples {
namespace {

namespace websocket = worker::websocket;

class Client;

// What the sessions of one worker share.
class WebChat : public websocket::SocketProtocol {
 public:
  WebChat(chat::v1::Chat config, std::unique_ptr<MessageLog> log)
      : config_(std::move(config)), log_(std::move(log)), next_(log_->end()) {}

  // Hears of messages from now on.
  absl::Status Listen(worker::Context& context) {
    MUSTER_ASSIGN_OR_RETURN(
        bell_, worker::ZoneBell::Watch(context.loop(), log_->zone(), [this] { Deliver(); }));
    return absl::OkStatus();
  }

  std::unique_ptr<websocket::SocketSession> Begin(websocket::Socket& socket,
                                                  const worker::http::Request& request) override;
  absl::StatusOr<std::unique_ptr<websocket::SocketSession>> Resume(websocket::Socket& socket,
                                                                   std::string state) override;

  const chat::v1::Chat& config() const { return config_; }
  MessageLog& log() { return *log_; }
  std::set<Client*>& clients() { return clients_; }

 private:
  void Deliver();

  const chat::v1::Chat config_;
  const std::unique_ptr<MessageLog> log_;
  std::unique_ptr<worker::ZoneBell> bell_;
  std::uint64_t next_;  // the first message that was not delivered here
  std::set<Client*> clients_;
};

bool IsName(absl::string_view name) {
  return !name.empty() && name.size() <= LogTable::kMostRoomBytes &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); });
}

// [web chat session]
class Client : public websocket::SocketSession {
 public:
  Client(WebChat& chat, websocket::Socket& socket, chat::v1::Session state)
      : chat_(chat), socket_(socket), state_(std::move(state)) {
    chat_.clients().insert(this);
  }
  ~Client() override { chat_.clients().erase(this); }

  void OnText(absl::string_view line) override {
    if (line.size() > chat_.config().most_line_bytes()) {
      socket_.Close(websocket::kMessageTooBig, "that line is too long").IgnoreError();
    } else if (absl::ConsumePrefix(&line, "/nick ")) {
      Rename(line);
    } else if (absl::ConsumePrefix(&line, "/join ")) {
      Join(line);
    } else if (line == "/quit") {
      socket_.Close(websocket::kNormalClosure, "bye").IgnoreError();
    } else {
      chat_.log().Append(state_.room(), absl::StrCat(state_.nick(), ": ", line, "\n"));
    }
  }
  std::string Suspend() override { return state_.SerializeAsString(); }
  // [end]

  // Each message comes here, in their order.
  void OnMessage(const MessageLog::Message& message) {
    if (message.number < state_.next()) return;
    if (message.number > state_.next()) Say("* messages were missed");
    state_.set_next(message.number + 1);
    if (message.room == state_.room()) Say(absl::StripSuffix(message.text, "\n"));
  }
  std::uint64_t next() const { return state_.next(); }

 private:
  // What is not UTF-8, since it was cut in the log, is not sent.
  void Say(absl::string_view line) { socket_.SendText(line).IgnoreError(); }

  void Rename(absl::string_view name) {
    if (!IsName(name)) return Say("* a name has 1 to 31 letters and digits");
    state_.set_nick(std::string(name));
    Say(absl::StrCat("* you are ", state_.nick()));
  }
  // The messages of the room from now on.
  void Join(absl::string_view room) {
    if (!IsName(room)) return Say("* a room has 1 to 31 letters and digits");
    state_.set_room(std::string(room));
    state_.set_next(chat_.log().end());
    Say(absl::StrCat("* you are in ", state_.room()));
  }

  WebChat& chat_;
  websocket::Socket& socket_;
  chat::v1::Session state_;
};

void WebChat::Deliver() {
  for (auto messages = log_->Read(next_); !messages.empty(); messages = log_->Read(next_)) {
    for (const MessageLog::Message& message : messages) {
      for (Client* client : clients_) client->OnMessage(message);
    }
    next_ = messages.back().number + 1;
  }
}

// [web chat begin]
std::unique_ptr<websocket::SocketSession> WebChat::Begin(websocket::Socket& socket,
                                                         const worker::http::Request& /*request*/) {
  chat::v1::Session state;
  state.set_nick("somebody");
  state.set_room("lobby");
  state.set_next(log_->end());
  socket.SendText(absl::StrCat("* ", config_.greeting())).IgnoreError();
  return std::make_unique<Client>(*this, socket, std::move(state));
}

absl::StatusOr<std::unique_ptr<websocket::SocketSession>> WebChat::Resume(websocket::Socket& socket,
                                                                          std::string state) {
  chat::v1::Session session;
  if (!session.ParseFromString(state) || !IsName(session.nick()) || !IsName(session.room())) {
    return absl::InvalidArgumentError("its state is no muster.examples.chat.v1.Session");
  }
  auto client = std::make_unique<Client>(*this, socket, std::move(session));
  // The messages that were sent in the meantime.
  for (auto missed = log_->Read(client->next()); !missed.empty();
       missed = log_->Read(client->next())) {
    for (const MessageLog::Message& message : missed) client->OnMessage(message);
  }
  return client;
}
// [end]

}  // namespace

absl::StatusOr<std::unique_ptr<websocket::SocketProtocol>> MakeWebChat(worker::Context& context) {
  MUSTER_ASSIGN_OR_RETURN(chat::v1::Chat config, context.ServiceConfig<chat::v1::Chat>());
  MUSTER_ASSIGN_OR_RETURN(std::unique_ptr<MessageLog> log, MessageLog::Open(context));
  auto chat = std::make_unique<WebChat>(std::move(config), std::move(log));
  MUSTER_RETURN_IF_ERROR(chat->Listen(context));
  return chat;
}

}  // namespace muster::examples
