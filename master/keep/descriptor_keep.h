#ifndef MUSTER_MASTER_KEEP_DESCRIPTOR_KEEP_H_
#define MUSTER_MASTER_KEEP_DESCRIPTOR_KEEP_H_

#include <set>

#include "absl/status/status.h"

namespace muster::master {

// The descriptors that a process takes along when it executes another program in its place. They
// keep their numbers. Whoever saves something into the state for that program notes here which
// descriptors belong to it. Owns none of them. One thread at a time.
class DescriptorKeep {
 public:
  // Notes that `fd` goes along, and returns it, for the state. -1, which is none, is returned as it
  // is.
  int Add(int fd);

  // From now on exec leaves the noted ones open. To be called right before it, and when no other
  // thread can start a program. Error: one of them is not open; then all are as before.
  absl::Status Pass() const;
  // From now on exec closes them again: when it has failed.
  absl::Status Withhold() const;

  // Ascending.
  const std::set<int>& numbers() const { return numbers_; }

 private:
  std::set<int> numbers_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_KEEP_DESCRIPTOR_KEEP_H_
