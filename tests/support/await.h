#ifndef MUSTER_TESTS_SUPPORT_AWAIT_H_
#define MUSTER_TESTS_SUPPORT_AWAIT_H_

#include <chrono>
#include <functional>
#include <thread>

#include "muster/tests/support/child_process.h"

namespace muster::tests {

// For what tells nobody that it is so, as another process's files and descriptors: asks again and
// again. False after kPatience.
inline bool Await(const std::function<bool()>& is_so) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace muster::tests

#endif  // MUSTER_TESTS_SUPPORT_AWAIT_H_
