#include "muster/ipc/testing/owned_thing.h"

#include <unistd.h>

#include <thread>

#include "muster/ipc/zone/local/holding_thread.h"

namespace muster::ipc::testing {

void OwnedThing::Join(int participant) {
  setting_->Join(participant);
  Open(participant);
  if (users_ == Users::kAllThreads) HaveASecondThread();
}

std::string OwnedThing::Leftover() const {
  const std::string leftover = setting_->Leftover();
  return leftover.empty() ? Remains() : leftover;
}

void HaveASecondThread() {
  // Allocates once, so that no section has to.
  HoldingThread::Current();
  [[maybe_unused]] static const bool is_there = [] {
    std::thread([] {
      for (;;) ::pause();
    }).detach();
    return true;
  }();
}

}  // namespace muster::ipc::testing
