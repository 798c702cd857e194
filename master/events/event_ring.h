#ifndef MUSTER_MASTER_EVENTS_EVENT_RING_H_
#define MUSTER_MASTER_EVENTS_EVENT_RING_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "muster/proto/event.pb.h"
#include "muster/proto/state/process_state.pb.h"

namespace muster::master {

// The last events of this run of the master, each with a number. Readers have a position and no
// queue, so that a slow one costs nothing: what it did not read in time is gone, and it is told how
// much that was. Thread-safe; no call waits for a reader.
class EventRing {
 public:
  static constexpr std::size_t kCapacity = 4096;
  // Of an event's text.
  static constexpr std::size_t kMostTextBytes = 1024;

  struct Batch {
    std::vector<std::shared_ptr<const admin::v1::Event>> events;
    std::uint64_t missed = 0;  // before them: not kept any more
    std::uint64_t next = 0;    // the number to read on from
  };

  explicit EventRing(std::size_t capacity = kCapacity);
  EventRing(const EventRing&) = delete;
  EventRing& operator=(const EventRing&) = delete;

  // Gives the event its number and the time, and makes its text fit to be told.
  void Add(admin::v1::Event event);

  // Up to `most` events from the one with number `from` on. A number that is not given yet is taken
  // for that of the next event.
  Batch Read(std::uint64_t from, std::size_t most) const;
  // The number of the next event. The first has 1.
  std::uint64_t next() const;
  // Of this ring; another run of the master has another.
  const std::string& instance() const { return instance_; }

  // All of it, for the program that replaces this one in the same run of the master.
  state::v1::EventRingState Save() const;
  // Goes on with it there: before the first Add, in one thread. The observer is not shown what it
  // was shown before. The error has the field.
  absl::Status Restore(const state::v1::EventRingState& state);

  // Shown each event in Add, in the order of their numbers. It must neither block nor call the
  // ring. Set it before the first Add.
  void SetObserver(std::function<void(const admin::v1::Event&)> observer) {
    observer_ = std::move(observer);
  }
  // Called after each Add, in its thread. It must neither block nor call the ring. Null: nobody.
  void SetListener(std::function<void()> listener);

 private:
  const std::size_t capacity_;
  std::string instance_;
  std::function<void(const admin::v1::Event&)> observer_;
  mutable std::mutex mutex_;
  std::deque<std::shared_ptr<const admin::v1::Event>> events_;
  std::uint64_t next_ = 1;
  std::mutex listener_mutex_;  // held while the listener runs
  std::function<void()> listener_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_EVENTS_EVENT_RING_H_
