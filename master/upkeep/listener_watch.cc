#include "muster/master/upkeep/listener_watch.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace muster::master {

ListenerWatch::ListenerWatch(loop::TimerQueue& timers, Log& log,
                             std::function<const ListenerSet*()> current)
    : log_(log), current_(std::move(current)), timer_(timers, [this] { Look(); }) {
  timer_.SetAfter(kInterval);
}

void ListenerWatch::Look() {
  timer_.SetAfter(kInterval);
  const ListenerSet* const listeners = current_();
  const std::vector<std::string> before =
      std::exchange(unreachable_, listeners == nullptr ? std::vector<std::string>()
                                                       : listeners->UnreachableAddresses());
  for (const std::string& address : unreachable_) {
    if (std::count(before.begin(), before.end(), address) > 0) continue;
    log_.Write(Severity::kWarning, absl::StrCat(address,
                                                ": its file was removed or replaced, nobody can "
                                                "connect; a reload makes it again"));
  }
}

}  // namespace muster::master
