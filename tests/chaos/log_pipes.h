#ifndef MUSTER_TESTS_CHAOS_LOG_PIPES_H_
#define MUSTER_TESTS_CHAOS_LOG_PIPES_H_

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "muster/ipc/base/unique_fd.h"

namespace muster::tests::chaos {

// Reads the pipes that the master and its workers log into, and appends it to files; or lets them
// be full. Thread-safe.
class LogPipes {
 public:
  // A pipe for standard error, kept in `folder`/stderr.log, and these FIFOs, each kept in PATH.log.
  LogPipes(const std::string& folder, const std::vector<std::string>& fifos);
  ~LogPipes();

  // To be the master's standard error; the master has a description of its own.
  int standard_error() const { return write_end_.get(); }
  // From now on nobody reads, and no pipe has room for a byte.
  void Fill();
  void Read() { is_reading_ = true; }

 private:
  struct Pipe {
    ipc::UniqueFd read_end;
    std::string kept;
  };
  void Run();

  std::vector<Pipe> pipes_;
  ipc::UniqueFd write_end_;
  std::atomic<bool> is_reading_{true};
  std::atomic<bool> is_stopped_{false};
  std::thread thread_;
};

}  // namespace muster::tests::chaos

#endif  // MUSTER_TESTS_CHAOS_LOG_PIPES_H_
