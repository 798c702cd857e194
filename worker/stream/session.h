#ifndef MUSTER_WORKER_STREAM_SESSION_H_
#define MUSTER_WORKER_STREAM_SESSION_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace muster::worker {

class Stream;

// Holds the state of one client of a protocol. You implement it. Called in the loop's thread, never
// within another call of the same session. No call may block. An exception that leaves a call
// closes the client, and is logged with its text. The destructor throws nothing.
class Session {
 public:
  virtual ~Session() = default;

  // `input` is everything received that is not consumed yet. Returns how many bytes of its front
  // are consumed. The rest is passed again at once if some were consumed; otherwise when more has
  // arrived, after OnWritable, and after Stream::Resume. `input` is gone when the call returns.
  virtual std::size_t OnInput(absl::string_view input) = 0;
  // The client has ended its side. Everything that it sent was offered; what is not consumed is in
  // stream.unread(). It may still read. If this is not overridden, the client is closed once
  // everything written is sent. Called once for a client, in whatever worker it is by then: a
  // session that is resumed later has stream.is_input_ended().
  virtual void OnInputEnd(Stream& stream);
  // Everything written was taken by the kernel: stream.unsent_bytes() is 0. Called once after each
  // time that something was written, at the end of that turn or when the client has made room. A
  // session that has much to send writes the next part here.
  virtual void OnWritable() {}

  // The worker drains. Called once, before the client is handed off or closed, and while it may
  // still be busy: let go of what holds it (Stream::Resume, Stream::Hold) as soon as you can.
  virtual void OnDrain() {}
  // Returns the bytes from which Protocol::Resume in another process goes on. At most
  // max_session_bytes; with more, the client is closed. The session is destroyed afterwards.
  virtual std::string Suspend() = 0;
  // The worker ends and no other takes over. This is the last chance to write. The client is closed
  // afterwards.
  virtual void OnQuit() {}
  // The client has gone, or was closed. Not called for a client that moves to another worker.
  virtual void OnEnd() {}
};

// Makes the sessions, outlives them, and holds what they share. You implement it. Called in the
// loop's thread; no call may block. An exception that leaves Begin or Resume closes the client; one
// that leaves OnDrain ends nothing, and one that leaves Reopen is its error. All are logged.
class Protocol {
 public:
  virtual ~Protocol() = default;

  // Makes the session of a new client. `stream` outlives it. May write.
  virtual std::unique_ptr<Session> Begin(Stream& stream) = 0;
  // Makes the session of a client that comes from another worker. `state` is what Session::Suspend
  // returned there, maybe in an earlier version of the program, and may come from a broken peer. An
  // error closes the client. May write. Also called in the same worker, if nobody took the client.
  virtual absl::StatusOr<std::unique_ptr<Session>> Resume(Stream& stream, std::string state) = 0;
  // The worker drains: called once, before OnDrain of the sessions.
  virtual void OnDrain() {}
  // As Service::Reopen.
  virtual absl::Status Reopen() { return absl::OkStatus(); }
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_STREAM_SESSION_H_
