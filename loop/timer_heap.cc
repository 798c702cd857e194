#include "muster/loop/timer_heap.h"

#include <algorithm>

namespace muster::loop {
namespace {

constexpr std::size_t kChildren = 4;

std::size_t ParentOf(std::size_t index) { return (index - 1) / kChildren; }

}  // namespace

void TimerHeap::Set(Node* node, TimePoint time) {
  const Entry entry = {time, node};
  if (!node->is_in_heap()) {
    entries_.push_back(entry);
    SiftUp(entries_.size() - 1, entry);
  } else if (time < entries_[node->index_].time) {
    SiftUp(node->index_, entry);
  } else {
    SiftDown(node->index_, entry);
  }
}

void TimerHeap::Remove(Node* node) {
  if (!node->is_in_heap()) return;
  const std::size_t index = node->index_;
  node->index_ = Node::kNotInHeap;
  const Entry last = entries_.back();
  entries_.pop_back();
  if (index == entries_.size()) return;
  if (index > 0 && last.time < entries_[ParentOf(index)].time) {
    SiftUp(index, last);
  } else {
    SiftDown(index, last);
  }
}

void TimerHeap::Place(std::size_t index, const Entry& entry) {
  entries_[index] = entry;
  entry.node->index_ = index;
}

void TimerHeap::SiftUp(std::size_t index, const Entry& entry) {
  while (index > 0 && entry.time < entries_[ParentOf(index)].time) {
    const std::size_t parent = ParentOf(index);
    Place(index, entries_[parent]);
    index = parent;
  }
  Place(index, entry);
}

void TimerHeap::SiftDown(std::size_t index, const Entry& entry) {
  for (;;) {
    const std::size_t first = index * kChildren + 1;
    if (first >= entries_.size()) break;
    const std::size_t end = std::min(first + kChildren, entries_.size());
    std::size_t least = first;
    for (std::size_t child = first + 1; child < end; ++child) {
      if (entries_[child].time < entries_[least].time) least = child;
    }
    if (entry.time <= entries_[least].time) break;
    Place(index, entries_[least]);
    index = least;
  }
  Place(index, entry);
}

}  // namespace muster::loop
