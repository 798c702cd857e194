#ifndef MUSTER_CTL_TEXT_PROGRESS_H_
#define MUSTER_CTL_TEXT_PROGRESS_H_

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace muster::ctl {

// Shows a line on standard error while ctl waits for an answer, if that is a terminal:
// "reloading… 1.2s". The line appears after a third of a second, and the destructor erases it. A
// thread of its own writes it, so do not fork while it lives.
class Progress {
 public:
  explicit Progress(std::string label);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  void Run();

  const std::string label_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_over_ = false;  // guarded by mutex_
  std::thread thread_;    // none if there is no terminal
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TEXT_PROGRESS_H_
