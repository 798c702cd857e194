// A process that answers Quit and Stop as a master does, and ends 300 ms later: by then a ctl that
// does not wait for the master's end is gone.
//
// fake_master SOCKET [stays]     "stays": it answers but does not end until its parent does.
// Writes a byte to standard output when it listens.

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <chrono>
#include <future>

#include "muster/ctl/testing/fake_admin.h"
#include "muster/proto/admin.pb.h"

namespace v1 = muster::admin::v1;

int main(int argc, char** argv) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (argc < 2) return 2;

  muster::ctl::FakeAdmin admin;
  std::promise<void> asked;
  admin.Answer([&asked](const v1::QuitRequest&, v1::QuitResponse* response) {
    response->set_exited(2);
    response->set_connections_closed(1);
    asked.set_value();
    return grpc::Status::OK;
  });
  admin.Answer([&asked](const v1::StopRequest&, v1::StopResponse* response) {
    response->set_exited(1);
    response->set_killed(1);
    response->set_connections_closed(3);
    response->set_requests_cut(2);
    asked.set_value();
    return grpc::Status::OK;
  });
  admin.ServeUnix(argv[1]);
  if (::write(STDOUT_FILENO, "r", 1) != 1) return 1;

  asked.get_future().wait();
  while (argc > 2) ::pause();
  // Nobody tells the server to shut down before the delay is over.
  ::usleep(300'000);
  ::_exit(0);
}
