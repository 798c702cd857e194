#include "muster/master/systemd/descriptor_store.h"

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace muster::master {
namespace {

constexpr std::chrono::milliseconds kPause{100};

bool SaysRoom(const char* variable) {
  std::uint64_t room = 0;
  return variable != nullptr && absl::SimpleAtoi(variable, &room) && room > 0;
}

}  // namespace

DescriptorStore::DescriptorStore(loop::TimerQueue& timers)
    : is_on_(socket_.has_manager() && SaysRoom(std::getenv("FDSTORE"))),
      again_(timers, [this] { SendAll(); }) {}

void DescriptorStore::SetStored(const std::vector<std::string>& names) {
  stored_.insert(names.begin(), names.end());
}

void DescriptorStore::Keep(std::vector<Entry> entries) {
  if (!is_on_) return;
  wanted_.clear();
  for (Entry& entry : entries) {
    std::string name = entry.name;
    wanted_.insert_or_assign(std::move(name), std::move(entry));
  }
  SendAll();
}

void DescriptorStore::SendAll() {
  // First, so that there is room for what is new.
  for (auto stored = stored_.begin(); stored != stored_.end();) {
    if (wanted_.count(*stored) == 0) {
      const std::string message = absl::StrCat("FDSTOREREMOVE=1\nFDNAME=", *stored, "\n");
      if (socket_.Send(message) == ManagerSocket::Outcome::kFull) return again_.SetAfter(kPause);
      stored = stored_.erase(stored);
    } else {
      ++stored;
    }
  }
  for (const auto& [name, entry] : wanted_) {
    if (stored_.count(name) > 0) continue;
    const std::shared_ptr<const void> owner = entry.owner.lock();
    if (owner == nullptr) continue;
    const std::string message =
        absl::StrCat("FDSTORE=1\nFDNAME=", name, "\n", entry.can_hang_up ? "" : "FDPOLL=0\n");
    if (socket_.Send(message, entry.fd) == ManagerSocket::Outcome::kFull) {
      return again_.SetAfter(kPause);
    }
    stored_.insert(name);
  }
}

}  // namespace muster::master
