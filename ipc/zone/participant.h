#ifndef MUSTER_IPC_ZONE_PARTICIPANT_H_
#define MUSTER_IPC_ZONE_PARTICIPANT_H_

#include <memory>
#include <utility>

#include "muster/ipc/lock/owner_tag.h"

namespace muster::ipc {

class ZoneAttachment;

// That this process takes part in a zone: it has a slot, and may use the zone's objects from all of
// its threads. A process takes part once in each zone. Destruction ends it: what the process still
// held is released as after a death, so the next owner is told so. What Zone::Get returned refuses
// from then on, also after another Join: Lock returns kNotParticipant, Unlock false, and a thread
// that waits for a lock gets kNotParticipant. Event, ZoneCounter and structs of the program's own
// have no owner, and stay usable. The one thing that is not seen: a thread that is taking a free
// lock at the very moment, within the few instructions that this takes.
//
// A process that ends without it, or calls exec, has ended its part just as well. A child of fork
// does not take part, and may Join for itself; its copy of this object does nothing.
//
// Move-only. One thread at a time. Joining and leaving wait while another thread of this process
// adds an object, and so while that one waits for another process that does.
class Participant {
 public:
  Participant(Participant&& other) noexcept : zone_(std::move(other.zone_)), tag_(other.tag_) {}
  Participant& operator=(Participant&& other) noexcept {
    std::swap(zone_, other.zone_);
    std::swap(tag_, other.tag_);
    return *this;
  }
  ~Participant() { Leave(); }

  OwnerTag tag() const { return tag_; }
  // Before the destruction. Does nothing the second time.
  void Leave();

 private:
  friend class Zone;
  Participant(std::shared_ptr<ZoneAttachment> zone, OwnerTag tag);

  std::shared_ptr<ZoneAttachment> zone_;
  OwnerTag tag_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_ZONE_PARTICIPANT_H_
