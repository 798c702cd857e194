#include "muster/ctl/text/progress.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <utility>

#include "absl/time/time.h"
#include "muster/ctl/text/units.h"

namespace muster::ctl {
namespace {

// What is done sooner needs no line.
constexpr std::chrono::milliseconds kDelay{300};
constexpr std::chrono::milliseconds kInterval{100};

}  // namespace

Progress::Progress(std::string label) : label_(std::move(label)) {
  if (::isatty(STDERR_FILENO)) thread_ = std::thread(&Progress::Run, this);
}

Progress::~Progress() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Progress::Run() {
  const auto start = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  const auto is_over = [this] { return is_over_; };
  bool is_shown = false;
  for (auto pause = kDelay; !changed_.wait_for(lock, pause, is_over); pause = kInterval) {
    const auto elapsed = absl::FromChrono(std::chrono::steady_clock::now() - start);
    ::dprintf(STDERR_FILENO, "\r\x1b[K%s… %s", label_.c_str(), FormatElapsed(elapsed).c_str());
    is_shown = true;
  }
  if (is_shown) ::dprintf(STDERR_FILENO, "\r\x1b[K");
}

}  // namespace muster::ctl
