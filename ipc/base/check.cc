#include "muster/ipc/base/check.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace muster::ipc {
namespace {

std::atomic<CheckObserver> check_observer{nullptr};

}  // namespace

void SetCheckObserver(CheckObserver observer) {
  // Release: what the observer uses was made before.
  check_observer.store(observer, std::memory_order_release);
}

void FailCheck(const char* file, int line, const char* condition, const char* message) {
  char text[1024];
  std::snprintf(text, sizeof(text), "%s:%d: check failed: %s: %s", file, line, condition, message);
  std::fprintf(stderr, "%s\n", text);
  // Acquire: pairs with the release in SetCheckObserver.
  if (const CheckObserver observer = check_observer.load(std::memory_order_acquire)) observer(text);
  std::abort();
}

}  // namespace muster::ipc
