// Serves HTTP with the handler "crash", which does what the last part of the path says: segv,
// check, throw, exit, hang, never.

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "muster/ipc/base/check.h"
#include "muster/worker/http/handler.h"
#include "muster/worker/http/http_program.h"
#include "muster/worker/runtime/run_worker.h"

namespace {

namespace http = muster::worker::http;

class CrashHandler final : public http::Handler {
 public:
  void Handle(const http::Request& request, http::Reply reply) override {
    if (absl::EndsWith(request.path, "/segv")) std::raise(SIGSEGV);
    if (absl::EndsWith(request.path, "/check")) MUSTER_CHECK(1 > 2, "the order is wrong");
    if (absl::EndsWith(request.path, "/throw")) throw std::runtime_error("no such table");
    if (absl::EndsWith(request.path, "/exit")) ::_exit(3);
    while (absl::EndsWith(request.path, "/hang")) ::pause();
    if (absl::EndsWith(request.path, "/never")) {
      unanswered_.push_back(std::move(reply));
    } else {
      reply.Send({.body = "nothing happened"});
    }
  }
  void OnDrain() override { unanswered_.clear(); }

 private:
  std::vector<http::Reply> unanswered_;
};

}  // namespace

int main(int argc, char** argv) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Its crashes are on purpose.
  const rlimit none = {};
  ::setrlimit(RLIMIT_CORE, &none);
  return muster::worker::RunWorker(argc, argv,
                                   http::HttpProgram({{"crash", [](muster::worker::Context&) {
                                                         return std::make_unique<CrashHandler>();
                                                       }}}));
}
