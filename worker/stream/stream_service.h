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

// Holds the state of one client of a protocol. You implement it. Called in the loop's thread; no
// call may block.
class Session {
 public:
  virtual ~Session() = default;

  // `input` is everything received that is not consumed yet. Returns how many bytes of its front
  // are consumed. The rest is passed again once more has arrived.
  virtual std::size_t OnInput(absl::string_view input) = 0;
  // Returns the bytes from which Protocol::Resume in another process goes on. At most
  // Stream::kMostStateBytes; with more, the client is closed. The session is destroyed afterwards.
  virtual std::string Suspend() = 0;
  // The client has gone, or was closed. Not called for a client that moves to another worker.
  virtual void OnEnd() {}
  // The worker ends and no other takes over. This is the last chance to write. The client is closed
  // afterwards.
  virtual void OnQuit() {}
};

// One client's connection as its session sees it, with a buffer for each direction. It belongs to
// the StreamService, outlives its session, and is used in the loop's thread only.
class Stream final : private loop::Handler {
 public:
  // A client is closed when this much input is not consumed by the session, ...
  static constexpr std::size_t kMostUnreadBytes = 16 << 10;
  // ... or when more output than this is not read by the client, ...
  static constexpr std::size_t kMostUnsentBytes = 32 << 10;
  // ... or when Suspend returns more than this. All three together fit into one handoff message.
  static constexpr std::size_t kMostStateBytes = 8 << 10;

  ~Stream() override;

  // Sends `bytes`, now or when the client can take them. Does not block. May be called from within
  // any call of any session.
  void Write(absl::string_view bytes);
  // Closes the client once everything written is sent. Its input is not read any more.
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
  // Waits for room while output is unsent, otherwise for input.
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

// Makes the sessions, outlives them, and holds what they share. You implement it. Called in the
// loop's thread; no call may block.
class Protocol {
 public:
  virtual ~Protocol() = default;

  // Makes the session of a new client. `stream` outlives it. May write.
  virtual std::unique_ptr<Session> Begin(Stream& stream) = 0;
  // Makes the session of a client that comes from another worker. `state` is what Session::Suspend
  // returned there, maybe in an earlier version of the program, and may come from a broken peer. An
  // error closes the client. May write.
  virtual absl::StatusOr<std::unique_ptr<Session>> Resume(Stream& stream, std::string state) = 0;
  // As Service::Reopen.
  virtual absl::Status Reopen() { return absl::OkStatus(); }
};

// A service over byte streams whose clients stay connected during reloads. Each connection has a
// Session. When its worker leaves, the session is suspended into bytes and resumed in another
// worker. Unread input and unsent output are buffered, within the limits of Stream, and move with
// the connection. A client is read from only while it has taken everything that it was sent.
class StreamService final : public Service {
 public:
  StreamService(Context& context, std::unique_ptr<Protocol> protocol)
      : context_(context), protocol_(std::move(protocol)) {}

  void OnConnection(Connection connection) override;
  absl::Status Adopt(Connection connection, std::string state) override;
  void Drain(Idle idle) override;
  void OnHandoffRoom() override { DrainAll(); }
  absl::Status Reopen() override { return protocol_->Reopen(); }

 private:
  friend class Stream;

  void DrainAll();
  void TreatAsDrained(Stream& stream);
  void HandOff(Stream& stream);
  // Ends the stream in a task of the loop (Bury), since it may be within a call now.
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
