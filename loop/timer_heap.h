#ifndef MUSTER_LOOP_TIMER_HEAP_H_
#define MUSTER_LOOP_TIMER_HEAP_H_

#include <cstddef>
#include <vector>

#include "muster/loop/clock.h"

namespace muster::loop {

// Nodes ordered by time, the earliest first: a heap with four children to a node, half as deep as a
// binary one. Looking at the first takes O(1), Set and Remove O(log n). Equal times come in no
// particular order. A node belongs to its owner, who keeps it alive and in place while it is in the
// heap. Belongs to one thread.
class TimerHeap {
 public:
  class Node {
   public:
    bool is_in_heap() const { return index_ != kNotInHeap; }

   private:
    friend class TimerHeap;
    static constexpr std::size_t kNotInHeap = ~std::size_t{0};
    std::size_t index_ = kNotInHeap;
  };

  bool empty() const { return entries_.empty(); }
  // The heap must not be empty.
  Node* first() const { return entries_.front().node; }
  TimePoint first_time() const { return entries_.front().time; }

  // The node must be in the heap.
  TimePoint time(const Node& node) const { return entries_[node.index_].time; }

  // Puts the node in, or moves it to another time.
  void Set(Node* node, TimePoint time);
  // Without effect if the node is not in the heap.
  void Remove(Node* node);

 private:
  // The times are next to each other, so that a comparison follows no pointer.
  struct Entry {
    TimePoint time;
    Node* node;
  };

  void Place(std::size_t index, const Entry& entry);
  // Moves the hole at `index` to where `entry` belongs, and fills it.
  void SiftUp(std::size_t index, const Entry& entry);
  void SiftDown(std::size_t index, const Entry& entry);

  std::vector<Entry> entries_;
};

}  // namespace muster::loop

#endif  // MUSTER_LOOP_TIMER_HEAP_H_
