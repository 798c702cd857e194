#ifndef MUSTER_WORKER_STREAM_STREAM_STATE_H_
#define MUSTER_WORKER_STREAM_STREAM_STATE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "muster/loop/clock.h"
#include "muster/proto/handoff.pb.h"

namespace muster::worker {

// What one worker passes to the next with a client that is handed off. It travels as a
// v1::StreamState (proto/handoff.proto), so workers of other versions can read it.
struct StreamState {
  // `state` may come from a broken peer. InvalidArgument: it is not a v1::StreamState, or a part of
  // it is larger than any configuration allows.
  static absl::StatusOr<StreamState> Parse(const std::string& state);
  std::string Serialize() const;

  std::string session;  // what Session::Suspend returned
  std::string unread;
  std::string unsent;
  bool output_ended = false;  // the session has ended its output
  bool input_ended = false;   // the client has ended its input, and the session knows it
  // By the clock that all processes share. The epoch: it is not told.
  loop::TimePoint last_activity = {};
  loop::TimePoint unread_since = {};
  loop::TimePoint unsent_since = {};
  v1::Origin origin = {};  // of SaveOrigin
};

// How much a state would be.
struct StreamStateSize {
  std::size_t session = 0;
  std::size_t unread = 0;
  std::size_t unsent = 0;
  bool has_ended_side = false;  // output_ended or input_ended
};

// Whether such a state may be handed off where Context::MostHandoffStateBytes is `limit_bytes`. If
// that is one message, a worker of the version before may take it, and the state has to be one that
// such a worker takes.
bool FitsHandoff(const StreamStateSize& size, std::size_t limit_bytes);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_STREAM_STREAM_STATE_H_
