#include "muster/worker/runtime/fatal_report.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "muster/ipc/base/check.h"

namespace muster::worker {
namespace {

// Those that the process calls when it fails cannot be given an object.
std::atomic<FatalReport*> report{nullptr};
std::terminate_handler terminate_otherwise = nullptr;

void Tell(const char* reason) {
  // Acquire: pairs with the release in the constructor.
  FatalReport* const target = report.load(std::memory_order_acquire);
  if (target != nullptr) target->Say(reason);
}

void TellException(const std::exception& exception) {
  char reason[512];
  std::snprintf(reason, sizeof(reason), "uncaught exception: %s", exception.what());
  Tell(reason);
}

[[noreturn]] void OnTerminate() {
  if (std::current_exception() == nullptr) {
    Tell("std::terminate was called");
  } else {
    try {
      throw;
    } catch (const std::exception& exception) {
      TellException(exception);
    } catch (...) {
      Tell("uncaught exception, which is no std::exception");
    }
  }
  if (terminate_otherwise != nullptr) terminate_otherwise();
  std::abort();
}

}  // namespace

FatalReport::FatalReport(LastWords& words, ipc::OwnerTag tag)
    : words_(words), tag_(tag), pid_(::getpid()), previous_(std::get_terminate()) {
  terminate_otherwise = previous_;
  // Release: whoever finds the object finds it whole.
  report.store(this, std::memory_order_release);
  std::set_terminate(OnTerminate);
  ipc::SetCheckObserver(Tell);
}

FatalReport::~FatalReport() {
  ipc::SetCheckObserver(nullptr);
  std::set_terminate(previous_);
  report.store(nullptr, std::memory_order_release);
}

void FatalReport::Say(absl::string_view reason) {
  if (::getpid() != pid_) return;
  // Relaxed: it decides who writes, and says nothing of other memory.
  if (has_spoken_.test_and_set(std::memory_order_relaxed)) return;
  SayLastWords(words_, tag_, pid_, reason);
}

}  // namespace muster::worker
