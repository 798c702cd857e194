#ifndef MUSTER_LOOP_TIMER_HEAP_H_
#define MUSTER_LOOP_TIMER_HEAP_H_

#include <cstddef>
#include <vector>

#include "muster/loop/clock.h"

namespace muster::loop {

// Nodes by time, the earliest first: a heap with four children to a node, half as deep as
// a binary one. Every operation but the look at the first takes O(log n); equal times come in no
// particular order. The owner keeps a node alive, and in place, while it is in the heap.
// Belongs to one thread.
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
  // Of a heap that is not empty.
  Node* first() const { return entries_.front().node; }
  TimePoint first_time() const { return entries_.front().time; }

  // Of a node that is in the heap.
  TimePoint time(const Node& node) const { return entries_[node.index_].time; }

  // Puts it in, or moves it to another time.
  void Set(Node* node, TimePoint time);
  // No effect if it is not in the heap.
  void Remove(Node* node);

 private:
  // The times stand beside each other, so that a comparison does not follow a pointer.
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
