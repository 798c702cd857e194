#ifndef MUSTER_IPC_BASE_ORIGIN_PROCESS_H_
#define MUSTER_IPC_BASE_ORIGIN_PROCESS_H_

#include <sys/types.h>

#include <cstdint>

namespace muster::ipc {

// Remembers in which process it was made, for an object with a name that its destructor removes: a
// child of fork has a copy of the object, and destroys it. The pid alone is not enough. A child in
// another pid namespace can have the same one, and so can a grandchild, when the process is dead.
// (exec takes the object away, and its destructor with it.) Thread-safe; copy it freely.
class OriginProcess {
 public:
  OriginProcess();

  // Whether the caller is that process, and not a child of it.
  bool IsThisOne() const;

 private:
  pid_t pid_;
  std::uint64_t number_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_BASE_ORIGIN_PROCESS_H_
