#ifndef MUSTER_WORKER_TESTKIT_RUNNING_MASTER_H_
#define MUSTER_WORKER_TESTKIT_RUNNING_MASTER_H_

#include <csignal>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/proto/admin.pb.h"

namespace muster::tests {
class RunningMaster;
}

namespace muster::worker::testkit {

// The real master with workers of your program, for integration tests: in a folder of their own
// under /tmp, with an admin socket in it. All processes and the folder end with this object, and
// the processes end with the test at the latest. Several may run at a time.
//
// Calls wait for what they ask for, at most 30 s, and return an error then. Belongs to one thread.
class RunningMaster {
 public:
  struct Options {
    // As a configuration file, without `admin`, `pid_file` and `worker_binary`, which are added.
    // Listen on "127.0.0.1:0": the kernel chooses a free port. Relative paths begin at folder().
    std::string config;
    // Your worker program, which the test has in its `data`: as $(rootpath) has it, "my/program".
    std::string worker;
    // The master, in the same way. Empty: the program that the environment variable MUSTER_MASTER
    // names with its absolute path, for a muster that is installed; or else @muster//master, which
    // the test has in its `data` then.
    std::string master = {};
  };

  // Starts them, and returns when they serve. Error: why they do not, with the master's log.
  static absl::StatusOr<std::unique_ptr<RunningMaster>> Start(const Options& options);
  ~RunningMaster();
  RunningMaster(const RunningMaster&) = delete;
  RunningMaster& operator=(const RunningMaster&) = delete;

  // Where the listener with this place in the configuration listens, from 0 on: "127.0.0.1:41234".
  // Empty: it has none, or the master does not answer.
  std::string address(int listener = 0);
  // What the master and its workers have written to the log until now.
  std::string log() const;
  const std::string& folder() const;
  // As `ctl status` shows it (proto/admin.proto). Without a field that is set: the master does not
  // answer, or has ended.
  admin::v1::Status status();

  // Returns when the new generation serves, and the old workers accept nothing more. Error: why the
  // reload was refused; the old generation serves on.
  absl::Status Reload();
  // With another configuration, as in Options.
  absl::Status Reload(const std::string& config);
  // Waits until the workers of older generations have ended.
  absl::Status AwaitOldWorkersEnd();
  // Sends the signal to the worker with this number of the generation that serves. Returns when the
  // process has ended and another one serves in its place. NotFound: no process has this number.
  // Unavailable: the master does not answer, or has ended.
  absl::Status KillWorker(std::uint32_t index, int signal = SIGKILL);
  // Ends the master and the workers as `ctl quit` does. Error: the master did not exit with 0.
  absl::Status Quit();

  // The next event of this kind, after the one that the last call returned, or from the start on:
  //   AwaitEvent(admin::v1::Event::WORKER_CRASHED)
  absl::StatusOr<admin::v1::Event> AwaitEvent(admin::v1::Event::Kind kind);
  // Waits until the status is as wanted.
  absl::Status AwaitStatus(const std::function<bool(const admin::v1::Status&)>& is_wanted);

 private:
  explicit RunningMaster(std::unique_ptr<tests::RunningMaster> master);

  const std::unique_ptr<tests::RunningMaster> master_;
};

}  // namespace muster::worker::testkit

#endif  // MUSTER_WORKER_TESTKIT_RUNNING_MASTER_H_
