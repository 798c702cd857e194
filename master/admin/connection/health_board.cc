#include "muster/master/admin/connection/health_board.h"

#include <utility>

namespace muster::master {

void HealthBoard::Set(States states) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (states == states_) return;
  const States before = std::exchange(states_, std::move(states));
  for (const auto& [watcher, name] : watchers_) {
    const auto found = before.find(name);
    const std::optional<bool> then =
        found == before.end() ? std::nullopt : std::optional<bool>(found->second);
    const std::optional<bool> now = Find(name);
    if (now != then) watcher->Show(now);
  }
}

void HealthBoard::Close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  is_closed_ = true;
  for (const auto& [watcher, name] : watchers_) watcher->End();
}

void HealthBoard::Open() {
  const std::lock_guard<std::mutex> lock(mutex_);
  is_closed_ = false;
}

std::optional<bool> HealthBoard::Read(const std::string& name) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return Find(name);
}

void HealthBoard::Add(const std::string& name, Watcher* watcher) {
  const std::lock_guard<std::mutex> lock(mutex_);
  watchers_[watcher] = name;
  watcher->Show(Find(name));
  if (is_closed_) watcher->End();
}

void HealthBoard::Remove(Watcher* watcher) {
  const std::lock_guard<std::mutex> lock(mutex_);
  watchers_.erase(watcher);
}

std::optional<bool> HealthBoard::Find(const std::string& name) const {
  const auto found = states_.find(name);
  if (found == states_.end()) return std::nullopt;
  return found->second;
}

}  // namespace muster::master
