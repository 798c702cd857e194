#include "muster/ipc/testing/patience.h"

#include <time.h>

#include <algorithm>
#include <cstddef>

namespace muster::ipc::testing {

using std::chrono::nanoseconds;

Patience::Verdict Patience::Note(Clock::time_point now, const std::vector<Sight>& sights) {
  const bool is_first = looks_ == 0;
  const nanoseconds look =
      is_first ? nanoseconds(0) : std::min<nanoseconds>(now - last_look_, kLongestLook);
  last_look_ = now;
  ++looks_;
  bool all_still = true;
  bool somebody_ran = is_first;
  bool others_have_spun = true;
  for (std::size_t i = 0; i < sights.size(); ++i) {
    const Sight& sight = sights[i];
    if (i == processes_.size()) processes_.push_back({sight.cpu_time, nanoseconds(0)});
    Process& process = processes_[i];
    const nanoseconds ran = sight.cpu_time - process.cpu_time;
    process.cpu_time = sight.cpu_time;
    // A guest's clock goes on while the host serves others, so it may jump as well.
    process.spent += std::clamp(ran, nanoseconds(0), kLongestLook);
    somebody_ran = somebody_ran || ran != nanoseconds(0);
    all_still = all_still && sight.is_still;
    others_have_spun = others_have_spun && (sight.is_still || process.spent >= kPatience);
  }
  idle_ = all_still && !somebody_ran ? idle_ + look : nanoseconds(0);
  waited_ += look;
  if (idle_ >= kPatience) return Verdict::kAsleep;
  if (!all_still && others_have_spun) return Verdict::kSpinning;
  if (waited_ >= kRestlessPatience) return Verdict::kRestless;
  return Verdict::kWaitOn;
}

void Patience::Nap() const {
  constexpr int kQuickLooks = 12;
  constexpr timespec kNap = {0, 20'000};
  if (looks_ >= kQuickLooks) ::nanosleep(&kNap, nullptr);
}

}  // namespace muster::ipc::testing
