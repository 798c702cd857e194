#ifndef MUSTER_TESTS_SUPPORT_RUNNING_MASTER_H_
#define MUSTER_TESTS_SUPPORT_RUNNING_MASTER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/proto/admin.pb.h"
#include "muster/tests/support/child_process.h"

namespace muster::master {
class NotificationSocket;
}

namespace muster::tests {

// What a program that ran to its end said.
struct Finished {
  int exit = 0;  // -1: it did not end
  std::string output;
  std::string errors;
};

// The real master with its workers in a folder of their own: muster.textproto, site/,
// admin.sock, access.log. Everything ends with this object.
class RunningMaster {
 public:
  // Two workers that serve site/ on a port of the kernel's choice, written as
  // muster.textproto. `more` is added to the message, `http` to its http.
  static std::string Config(const std::string& more = "", const std::string& http = "");

  // The same with one worker, so that all clients are the same one's.
  static std::string ConfigOfOneWorker(const std::string& more = "", const std::string& http = "");

  // Makes the folder with site/index.html and the configuration. Starts nothing.
  // `worker` is the worker program, as Bazel calls it; empty: what the configuration says. So is
  // `master` the master.
  explicit RunningMaster(const std::string& config = Config(),
                         const std::string& worker = "worker/worker",
                         const std::string& master = "master/master");
  ~RunningMaster();
  RunningMaster(const RunningMaster&) = delete;
  RunningMaster& operator=(const RunningMaster&) = delete;

  const std::string& folder() const { return folder_; }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  void WriteConfig(const std::string& config) const;
  // Leaves the folder behind, for whoever looks for what went wrong.
  void KeepFolder() { is_folder_kept_ = true; }

  // Starts the master and waits until it says that it is ready (READY=1 to systemd). False:
  // it ended, or never became ready. `prepare` is called in the process before the program, as by
  // ChildProcess.
  bool Start(const std::function<bool()>& prepare = nullptr);
  // Starts the master and does not wait.
  void Launch(const std::function<bool()>& prepare = nullptr);
  // Further ones of the master's command line, for both.
  void SetArguments(std::vector<std::string> arguments) { arguments_ = std::move(arguments); }
  // What the master is started with, in front of its own command line: a program that becomes it.
  void SetStarter(std::vector<std::string> starter) { starter_ = std::move(starter); }
  // For a master of this folder that was started otherwise: lets Status and the like ask it.
  void Connect();
  ChildProcess& master() { return *master_; }
  // Where it listens, as it says in its status.
  std::string address();

  // Over the admin service.
  admin::v1::Status Status();
  // Asks for the status again and again until it is as wanted; false after kPatience.
  bool AwaitStatus(const std::function<bool(const admin::v1::Status&)>& is_wanted);
  std::vector<pid_t> WorkerPids();
  // Returns when the new generation serves. Error: why it does not.
  absl::Status Reload();
  // The next event of this kind, from the start of the master on. DeadlineExceeded: none came
  // within kPatience.
  absl::StatusOr<admin::v1::Event> AwaitEvent(admin::v1::Event::Kind kind);

  // Runs `ctl` or `master` with these arguments to its end.
  Finished Ctl(const std::vector<std::string>& arguments);
  Finished Master(const std::vector<std::string>& arguments);

 private:
  Finished RunToItsEnd(const std::vector<std::string>& arguments);
  // Waits for the start of a message to systemd; false if the master ended first.
  bool AwaitNotification(const std::string& start);

  const std::string worker_;
  const std::string program_;
  std::vector<std::string> arguments_;
  std::vector<std::string> starter_;
  std::string folder_;
  bool is_folder_kept_ = false;
  std::string address_;
  std::uint64_t next_event_ = 1;
  std::unique_ptr<const master::NotificationSocket> notifications_;
  std::unique_ptr<ChildProcess> master_;
  // Of the admin service. In the source: to compile gRPC's headers takes as long as a test.
  struct Client;
  std::unique_ptr<Client> admin_;
};

}  // namespace muster::tests

#endif  // MUSTER_TESTS_SUPPORT_RUNNING_MASTER_H_
