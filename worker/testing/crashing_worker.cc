// Serves HTTP with the handler "crash", which does what the last part of the path says: segv,
// check, throw, exit, hang, never, spin, kernel. For spin it holds the mutex "held" of the zone
// "z", if there is one.

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/zone/local/zone_mutex.h"
#include "muster/worker/http/handler.h"
#include "muster/worker/http/http_program.h"
#include "muster/worker/runtime/context.h"
#include "muster/worker/runtime/run_worker.h"
#include "muster/worker/zone/user_zone.h"

namespace {

namespace http = muster::worker::http;

// Named in stacks.
[[gnu::noinline]] void SpinInHandler(muster::ipc::ZoneMutex* mutex) {
  if (mutex != nullptr) (void)mutex->Lock();
  for (std::atomic<int> turns{0};;) ++turns;
}

// Where no signal reaches it but SIGKILL: the parent of a vfork waits so for its child.
void SleepInKernel() {
  if (::vfork() != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (;;) ::pause();
}

// What a handler throws ends its request only.
void ThrowWhereNobodyCatches() {
  std::thread([] { throw std::runtime_error("no such table"); }).join();
}

class CrashHandler final : public http::Handler {
 public:
  explicit CrashHandler(std::shared_ptr<muster::ipc::ZoneMutex> mutex) : mutex_(std::move(mutex)) {}

  void Handle(const http::Request& request, http::Reply reply) override {
    if (absl::EndsWith(request.path, "/segv")) std::raise(SIGSEGV);
    if (absl::EndsWith(request.path, "/check")) MUSTER_CHECK(1 > 2, "the order is wrong");
    if (absl::EndsWith(request.path, "/throw")) ThrowWhereNobodyCatches();
    if (absl::EndsWith(request.path, "/exit")) ::_exit(3);
    while (absl::EndsWith(request.path, "/hang")) ::pause();
    if (absl::EndsWith(request.path, "/spin")) SpinInHandler(mutex_.get());
    if (absl::EndsWith(request.path, "/kernel")) SleepInKernel();
    if (absl::EndsWith(request.path, "/never")) {
      unanswered_.push_back(std::move(reply));
    } else {
      reply.Send({.body = "nothing happened"});
    }
  }
  void OnDrain() override { unanswered_.clear(); }

 private:
  std::vector<http::Reply> unanswered_;
  const std::shared_ptr<muster::ipc::ZoneMutex> mutex_;  // null: there is no zone
};

absl::StatusOr<std::unique_ptr<http::Handler>> MakeCrashHandler(muster::worker::Context& context) {
  std::shared_ptr<muster::ipc::ZoneMutex> mutex;
  if (const auto zone = context.zone("z"); zone.ok()) {
    MUSTER_ASSIGN_OR_RETURN(mutex, (*zone)->Get<muster::ipc::ZoneMutex>("held"));
  }
  return std::make_unique<CrashHandler>(std::move(mutex));
}

}  // namespace

int main(int argc, char** argv) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Its crashes are on purpose.
  const rlimit none = {};
  ::setrlimit(RLIMIT_CORE, &none);
  return muster::worker::RunWorker(argc, argv, http::HttpProgram({{"crash", MakeCrashHandler}}));
}
