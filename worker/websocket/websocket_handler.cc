#include "muster/worker/websocket/websocket_handler.h"

#include <chrono>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/counted.h"
#include "muster/worker/http/upgrade.h"
#include "muster/worker/stream/stream_service.h"
#include "muster/worker/stream/stream_settings.h"
#include "muster/worker/stream/stream_state.h"
#include "muster/worker/throttle/throttled_log.h"
#include "muster/worker/websocket/session_state.pb.h"
#include "muster/worker/websocket/socket_stream.h"

namespace muster::worker::websocket {
namespace {

// Of a suspended session, beside a message that is half received.
constexpr std::uint64_t kOtherSessionBytes = 64 << 10;
// As for the timeouts of the configuration.
constexpr std::chrono::hours kLongestInterval(24);

// A request that outlives its connection's turn in HTTP.
struct KeptRequest {
  explicit KeptRequest(const http::Request& request)
      : method(request.method), path(request.path), query(request.query), id(request.id) {
    request.headers.ForEach([this](absl::string_view name, absl::string_view value) {
      absl::StrAppend(&fields, name, ": ", value, "\r\n");
    });
    fields.append("\r\n");
  }
  http::Request Of(const Origin& origin) const {
    return {.method = method,
            .path = path,
            .query = query,
            .headers = http::HeaderFields(fields),
            .body = {},
            .client = origin.address,
            .listener = origin.listener,
            .credentials = origin.credentials,
            .id = id};
  }

  std::string method;
  std::string path;
  std::string query;
  std::string id;
  std::string fields;
};

// The WebSockets of a handler as sessions of streams. A new client begins as one that is adopted
// does, since what it has sent behind its request is unread.
class Sockets final : public Protocol {
 public:
  Sockets(SocketShare share, std::unique_ptr<MessageDeflate> deflate,
          std::unique_ptr<SocketProtocol> protocol)
      : deflate_(std::move(deflate)), protocol_(std::move(protocol)), share_(share) {}

  // A client that has passed the handshake, while the service adopts it.
  struct Opening {
    const KeptRequest& request;
    const Handshake& handshake;
  };
  void SetOpening(const Opening* opening) { opening_ = opening; }

  std::unique_ptr<Session> Begin(Stream& /*stream*/) override { return nullptr; }

  absl::StatusOr<std::unique_ptr<Session>> Resume(Stream& stream, std::string state) override {
    if (opening_ != nullptr) return Open(stream, *std::exchange(opening_, nullptr));
    v1::SessionState saved;
    if (!saved.ParseFromString(state)) {
      return absl::InvalidArgumentError("its state is no muster.worker.websocket.v1.SessionState");
    }
    auto made = SocketStream::Resume(share_, stream, saved);
    if (!made.ok()) return made.status();
    auto session = protocol_->Resume((*made)->socket(), std::move(*saved.mutable_session()));
    if (!session.ok()) return session.status();
    return WithSession(*std::move(made), *std::move(session));
  }

  void OnDrain() override { protocol_->OnDrain(); }
  absl::Status Reopen() override { return protocol_->Reopen(); }

  SocketProtocol& protocol() { return *protocol_; }

 private:
  absl::StatusOr<std::unique_ptr<Session>> Open(Stream& stream, const Opening& opening) {
    auto made = std::make_unique<SocketStream>(share_, stream,
                                               ServerEnd(share_.end, opening.handshake.deflate),
                                               opening.handshake.protocol);
    auto session = protocol_->Begin(made->socket(), opening.request.Of(stream.origin()));
    return WithSession(std::move(made), std::move(session));
  }
  static absl::StatusOr<std::unique_ptr<Session>> WithSession(
      std::unique_ptr<SocketStream> made, std::unique_ptr<SocketSession> session) {
    if (session == nullptr) return absl::InternalError("SocketProtocol made no session");
    made->SetSession(std::move(session));
    return made;
  }

  const std::unique_ptr<MessageDeflate> deflate_;
  const std::unique_ptr<SocketProtocol> protocol_;
  const SocketShare share_;
  const Opening* opening_ = nullptr;
};

class WebSocketHandler final : public http::Handler {
 public:
  WebSocketHandler(Context& context, HandshakeRules rules, std::unique_ptr<Sockets> sockets)
      : log_(context,
             [](const LineThrottle::Count& count) {
               return absl::StrCat(config::Counted(count.lines, "more WebSocket"),
                                   count.lines == 1 ? " was " : " were ", count.kind);
             }),
        rules_(std::move(rules)),
        sockets_(*sockets),
        service_(context, std::move(sockets)) {}

  void Handle(const http::Request& request, http::Reply reply) override {
    const Handshake handshake = Shake({.method = request.method,
                                       .is_http_1_0 = request.is_http_1_0,
                                       .headers = request.headers,
                                       .has_body = !request.body.empty()},
                                      rules_);
    http::Response response = {
        .status = handshake.status, .body = handshake.error, .headers = handshake.fields};
    if (handshake.status == 101) {
      if (auto refused = sockets_.protocol().Refuse(request); refused.has_value()) {
        return reply.Send(*std::move(refused));
      }
      auto upgrade = std::make_shared<http::Upgrade>();
      upgrade->take = [this, kept = KeptRequest(request), handshake](Connection connection,
                                                                     std::string unread) {
        Open(kept, handshake, std::move(connection), std::move(unread));
      };
      response.upgrade = std::move(upgrade);
    }
    if (handshake.status == 101 || handshake.status == 426) response.upgrade_to = "websocket";
    reply.Send(std::move(response));
  }

  Service* upgraded() override { return &service_; }

 private:
  void Open(const KeptRequest& request, const Handshake& handshake, Connection connection,
            std::string unread) {
    StreamState state;
    state.unread = std::move(unread);
    state.origin = SaveOrigin(connection.origin);
    const Sockets::Opening opening = {.request = request, .handshake = handshake};
    sockets_.SetOpening(&opening);
    const absl::Status status = service_.Adopt(std::move(connection), state.Serialize());
    sockets_.SetOpening(nullptr);
    if (!status.ok()) {
      log_.Write(config::v1::Log::ERROR, "closed",
                 absl::StrCat("a WebSocket was closed: ", status.message()));
    }
  }

  ThrottledLog log_;
  const HandshakeRules rules_;
  Sockets& sockets_;
  StreamService service_;
};

// Any numbers: no sum of them may be beyond its type.
absl::Status CheckOptions(const SocketOptions& options, const StreamSettings& settings) {
  const std::uint64_t message_bytes = options.bounds.max_message_bytes;
  const std::uint64_t other_bytes = message_bytes / 64 + kOtherSessionBytes;
  if (settings.max_session_bytes < message_bytes ||
      settings.max_session_bytes - message_bytes < other_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("stream.max_session_bytes is ", settings.max_session_bytes,
                     ", and a WebSocket that moves within a message of ", message_bytes,
                     " bytes needs these and ", other_bytes, " more"));
  }
  constexpr loop::Clock::duration kNone = loop::Clock::duration::zero();
  if (options.ping_interval < kNone || options.ping_interval > kLongestInterval) {
    return absl::InvalidArgumentError("ping_interval must be from 0 to 24 hours");
  }
  if (options.ping_interval > kNone &&
      (options.pong_timeout <= kNone || options.pong_timeout > kLongestInterval)) {
    return absl::InvalidArgumentError("pong_timeout must be more than 0, and at most 24 hours");
  }
  return CheckRules(options.rules);
}

}  // namespace

http::HandlerFactory ServeWebSockets(SocketProtocolFactory make, SocketOptions options) {
  return [make = std::move(make), options = std::move(options)](
             Context& context) -> absl::StatusOr<std::unique_ptr<http::Handler>> {
    const StreamSettings settings = StreamSettings::From(context.config().stream());
    MUSTER_RETURN_IF_ERROR(CheckOptions(options, settings));
    auto deflate = MessageDeflate::Create(options.deflate_level);
    if (!deflate.ok()) return deflate.status();
    auto protocol = make(context);
    if (!protocol.ok()) return protocol.status();
    const SocketShare share = {.context = context,
                               .end = {.bounds = options.bounds,
                                       .deflate = deflate->get(),
                                       .least_compressed_bytes = options.least_compressed_bytes},
                               .ping_interval = options.ping_interval,
                               .pong_timeout = options.pong_timeout,
                               .frame_timeout = settings.read_timeout,
                               .close_timeout = settings.close_timeout};
    auto sockets = std::make_unique<Sockets>(share, *std::move(deflate), *std::move(protocol));
    return std::make_unique<WebSocketHandler>(context, options.rules, std::move(sockets));
  };
}

}  // namespace muster::worker::websocket
