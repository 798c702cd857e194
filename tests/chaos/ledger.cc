#include "muster/tests/chaos/ledger.h"

#include <algorithm>
#include <utility>

namespace muster::tests::chaos {

void Ledger::NoteOpened(Connection connection, Time at) { open_[connection].since = at; }

void Ledger::NoteHolders(Connection connection, const std::set<pid_t>& holders) {
  const auto open = open_.find(connection);
  if (open == open_.end() || holders.empty() || holders == open->second.holders) return;
  open->second.holders_before = std::exchange(open->second.holders, holders);
}

void Ledger::NoteClosed(Connection connection, Time at) {
  const auto open = open_.find(connection);
  if (open == open_.end()) return;
  closed_.push_back(
      {.closing = {connection, at, std::move(open->second.holders)}, .since = open->second.since});
  open_.erase(open);
}

bool Ledger::Fits(const Reason& reason, const Closed& closed) {
  if (reason.at_most == 0 || closed.closing.at < reason.from) return false;
  return closed.since < reason.all_opened_before ||
         reason.connections.count(closed.closing.connection) != 0 ||
         std::any_of(closed.closing.holders.begin(), closed.closing.holders.end(),
                     [&](pid_t pid) { return reason.holders.count(pid) != 0; });
}

std::vector<Ledger::Closing> Ledger::Settle() {
  // Those with one reason first, so that none of them loses it to one that has others.
  const auto reasons_for = [&](const Closed& closed) {
    return std::count_if(reasons_.begin(), reasons_.end(),
                         [&](const Reason& each) { return Fits(each, closed); });
  };
  std::stable_sort(closed_.begin(), closed_.end(), [&](const Closed& one, const Closed& other) {
    return reasons_for(one) < reasons_for(other);
  });
  std::vector<Closing> unaccounted;
  for (Closed& closed : closed_) {
    const auto reason = std::find_if(reasons_.begin(), reasons_.end(),
                                     [&](const Reason& each) { return Fits(each, closed); });
    if (reason == reasons_.end()) {
      unaccounted.push_back(std::move(closed.closing));
      continue;
    }
    --reason->at_most;
    ++accounted_[reason->name];
  }
  closed_.clear();
  return unaccounted;
}

std::set<pid_t> Ledger::HoldersOf(Connection connection) const {
  const auto open = open_.find(connection);
  if (open == open_.end()) return {};
  std::set<pid_t> holders = open->second.holders;
  holders.insert(open->second.holders_before.begin(), open->second.holders_before.end());
  return holders;
}

std::vector<Ledger::Connection> Ledger::OpenedBefore(Time time) const {
  std::vector<Connection> connections;
  for (const auto& [connection, open] : open_) {
    if (open.since < time) connections.push_back(connection);
  }
  return connections;
}

}  // namespace muster::tests::chaos
