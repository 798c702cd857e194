#include "muster/tests/chaos/log_pipes.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/check.h"

namespace muster::tests::chaos {

LogPipes::LogPipes(const std::string& folder, const std::vector<std::string>& fifos) {
  int ends[2];
  MUSTER_CHECK(::pipe2(ends, O_CLOEXEC) == 0, "pipe");
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  pipes_.push_back({ipc::UniqueFd(ends[0]), folder + "/stderr.log"});
  write_end_ = ipc::UniqueFd(ends[1]);
  for (const std::string& fifo : fifos) {
    pipes_.push_back(
        {ipc::UniqueFd(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)), fifo + ".log"});
    MUSTER_CHECK(pipes_.back().read_end.valid(), "open a FIFO");
  }
  thread_ = std::thread([this] { Run(); });
}

LogPipes::~LogPipes() {
  is_stopped_ = true;
  thread_.join();
}

void LogPipes::Run() {
  static thread_local char buffer[65536];
  while (!is_stopped_) {
    for (const Pipe& pipe : pipes_) {
      if (!is_reading_) break;
      const ssize_t n = ::read(pipe.read_end.get(), buffer, sizeof(buffer));
      if (n > 0) std::ofstream(pipe.kept, std::ios::binary | std::ios::app).write(buffer, n);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

void LogPipes::Fill() {
  is_reading_ = false;
  for (const Pipe& pipe : pipes_) {
    // Through a description of its own, so that nobody else's is made not to wait.
    const ipc::UniqueFd own(::open(absl::StrCat("/proc/self/fd/", pipe.read_end.get()).c_str(),
                                   O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    const std::string line = "\n" + std::string(4094, '-') + "\n";
    while (::write(own.get(), line.data(), line.size()) > 0) continue;
    while (::write(own.get(), "\n", 1) > 0) continue;
  }
}

}  // namespace muster::tests::chaos
