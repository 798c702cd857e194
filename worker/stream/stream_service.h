#ifndef MUSTER_WORKER_STREAM_STREAM_SERVICE_H_
#define MUSTER_WORKER_STREAM_STREAM_SERVICE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/handler.h"
#include "muster/worker/runtime/service.h"

namespace muster::worker {

class StreamService;

// What is kept of one client of a protocol. Called in the loop's thread.
class Session {
 public:
  virtual ~Session() = default;

  // `input` is all that came and was not taken. Returns how much of its front is taken; the rest is
  // offered again with more behind it.
  virtual std::size_t OnInput(absl::string_view input) = 0;
  // What another process's Resume needs to go on from here; at most Stream::kMostStateBytes.
  virtual std::string Suspend() = 0;
  // The client is gone, or was closed. Not when it goes on in another worker.
  virtual void OnEnd() {}
  // The worker ends and nobody takes over: the last chance to write. Then the client is closed.
  virtual void OnQuit() {}
};

// A client's connection as its session sees it.
class Stream final : private loop::Handler {
 public:
  // Input beyond this that the session does not take closes the client, ...
  static constexpr std::size_t kMostUnreadBytes = 16 << 10;
  // ... as does output beyond this that it does not read: together they fit into a handoff.
  static constexpr std::size_t kMostUnsentBytes = 32 << 10;
  static constexpr std::size_t kMostStateBytes = 8 << 10;

  ~Stream() override;

  // Sends, now or when the client takes it. From within any session's call.
  void Write(absl::string_view bytes);
  // Ends the client when all that was written is sent; its input is not read any more.
  void Close();

  Session& session() { return *session_; }

 private:
  friend class StreamService;

  Stream(StreamService& service, Connection connection)
      : service_(service), connection_(std::move(connection)) {}
  void OnEvents(std::uint32_t events) override;
  void Receive();
  void Offer();
  void Send();
  // As what is unsent and whether it is closing want it.
  void Watch();
  void Unwatch();

  StreamService& service_;
  Connection connection_;
  std::unique_ptr<Session> session_;
  std::string unread_;
  std::string unsent_;
  std::uint32_t watched_events_ = 0;
  bool is_closing_ = false;
  bool is_over_ = false;
};

// Makes the sessions; outlives them. What they share stands in it.
class Protocol {
 public:
  virtual ~Protocol() = default;

  // For a client that has just come. The stream outlives the session. May write.
  virtual std::unique_ptr<Session> Begin(Stream& stream) = 0;
  // For one that another worker's session has suspended: `state` is what that said, and may be from
  // a broken peer. An error closes the client.
  virtual absl::StatusOr<std::unique_ptr<Session>> Resume(Stream& stream, std::string state) = 0;
  // As Service::Reopen.
  virtual absl::Status Reopen() { return absl::OkStatus(); }
};

// A service over byte streams whose clients stay connected over reloads: each connection has a
// Session, which is suspended into bytes when its worker leaves and resumed in another. Input and
// output are buffered, bounded, and travel along; a client is read from only when it has taken
// what it was sent.
class StreamService final : public Service {
 public:
  StreamService(Context& context, std::unique_ptr<Protocol> protocol)
      : context_(context), protocol_(std::move(protocol)) {}

  void OnConnection(Connection connection) override;
  absl::Status Adopt(Connection connection, std::string state) override;
  void Drain(Idle idle) override;
  absl::Status Reopen() override { return protocol_->Reopen(); }

 private:
  friend class Stream;

  void TreatAsDrained(Stream& stream);
  void HandOff(Stream& stream);
  // Ends it in a round of its own: it may be within a call now.
  void Doom(Stream& stream);
  void Bury();

  Context& context_;
  const std::unique_ptr<Protocol> protocol_;
  std::unordered_map<Stream*, std::unique_ptr<Stream>> streams_;
  std::vector<Stream*> doomed_;
  std::optional<Idle> drain_;
  std::unique_ptr<char[]> input_ = std::unique_ptr<char[]>(new char[Stream::kMostUnreadBytes]);
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_STREAM_STREAM_SERVICE_H_
