#ifndef MUSTER_MASTER_EVENTS_ZONE_EVENTS_H_
#define MUSTER_MASTER_EVENTS_ZONE_EVENTS_H_

#include "absl/status/status.h"
#include "muster/proto/event.pb.h"
#include "muster/proto/state/process_state.pb.h"
#include "muster/worker/zone/event_board.h"

namespace muster::master {

// The last events of workers and of the master's state, in the shared zone, so that any worker can
// show them. Calls of the admin service, which name their callers, and lines of the log do not go
// there. In one thread.
class ZoneEvents {
 public:
  // `board` outlives it, and has no events, or those of Restore.
  explicit ZoneEvents(worker::EventBoard& board) : writer_(board) {}

  // With the time of now. Of a kind that does not go there: no effect.
  void Add(const admin::v1::Event& event);
  // As EventWriter::Restore.
  void StoreAgain() { writer_.Restore(); }

  // For the program that replaces this one, which has the same zone.
  state::v1::ZoneEventsState Save() const;
  // Goes on with them there, before the first Add. Stores nothing. The error has the field.
  absl::Status Restore(const state::v1::ZoneEventsState& state);

 private:
  worker::EventWriter writer_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_EVENTS_ZONE_EVENTS_H_
