#ifndef MUSTER_BENCH_SHARED_H_
#define MUSTER_BENCH_SHARED_H_

#include <memory>
#include <new>
#include <utility>

#include "muster/ipc/base/check.h"
#include "muster/ipc/memory/shared_memory.h"

namespace muster::bench {

// A value-initialised T in memory that children of fork share. Its destructor never
// runs; the memory goes with the last copy of the pointer.
template <typename T>
std::shared_ptr<T> MakeShared() {
  auto memory = ipc::SharedMemory::CreateAnonymous({.size_bytes = sizeof(T), .prefault = true});
  MUSTER_CHECK(memory.ok(), "shared memory for a benchmark");
  auto owner = std::make_shared<ipc::SharedMemory>(*std::move(memory));
  T* const value = new (owner->data()) T();
  return std::shared_ptr<T>(std::move(owner), value);
}

}  // namespace muster::bench

#endif  // MUSTER_BENCH_SHARED_H_
