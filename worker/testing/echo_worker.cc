#include <sys/prctl.h>

#include <csignal>

#include "muster/worker/runtime/run_worker.h"
#include "muster/worker/testing/echo_service.h"

int main(int argc, char** argv) {
  // A stopped one does not see the end of its channel.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  return muster::worker::RunWorker(argc, argv,
                                   {.make_service = muster::worker::testing::MakeEchoService});
}
