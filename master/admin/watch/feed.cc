#include "muster/master/admin/watch/feed.h"

#include <algorithm>
#include <system_error>

namespace muster::master {

void Feed::Join(const std::shared_ptr<Reader>& reader, Kind kind, Clock::duration interval) {
  {
    const std::lock_guard lock(mutex_);
    if (HasThread()) {
      const Key key(kind, interval);
      Group& group = groups_[key];
      if (group.readers.empty()) group.last = Clock::now();
      group.readers[reader.get()] = reader;
      keys_[reader.get()] = key;
      at_once_.push_back(reader);
      all_have_news_ = false;
      changed_.notify_one();
      return;
    }
  }
  reader->End();
}

bool Feed::HasThread() {
  if (is_closed_ || thread_.joinable()) return !is_closed_;
  try {
    thread_ = std::thread([this] { Run(); });
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

void Feed::Leave(Reader* reader) {
  std::shared_ptr<Reader> last;  // goes after the lock
  const std::lock_guard lock(mutex_);
  const auto key = keys_.find(reader);
  if (key == keys_.end()) return;
  const auto group = groups_.find(key->second);
  last = std::move(group->second.readers[reader]);
  group->second.readers.erase(reader);
  if (group->second.readers.empty()) groups_.erase(group);
  keys_.erase(key);
}

void Feed::LookAgain(Reader* reader) {
  const std::lock_guard lock(mutex_);
  const auto key = keys_.find(reader);
  if (key == keys_.end()) return;
  at_once_.push_back(groups_[key->second].readers[reader]);
  changed_.notify_one();
}

void Feed::News() {
  const std::lock_guard lock(mutex_);
  if (all_have_news_) return;
  all_have_news_ = true;
  for (auto& [key, group] : groups_) group.has_news = true;
  changed_.notify_one();
}

void Feed::Close() {
  std::map<Key, Group> ended;
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
  {
    const std::lock_guard lock(mutex_);
    ended.swap(groups_);
    keys_.clear();
    at_once_.clear();
  }
  for (const auto& [key, group] : ended) {
    for (const auto& [reader, shared] : group.readers) shared->End();
  }
}

Feed::Clock::time_point Feed::Collect(Clock::time_point now) {
  looking_ = std::exchange(at_once_, {});
  Clock::time_point next = Clock::time_point::max();
  for (auto& [key, group] : groups_) {
    const auto& [kind, interval] = key;
    if (kind == Kind::kTold && !group.has_news) {
      all_have_news_ = false;
      continue;
    }
    const Clock::time_point due = group.last + interval;
    if (due > now) {
      next = std::min(next, due);
      continue;
    }
    group.last = now;
    group.has_news = false;
    all_have_news_ = all_have_news_ && kind == Kind::kPolls;
    if (kind == Kind::kPolls) next = std::min(next, now + interval);
    for (const auto& [reader, shared] : group.readers) looking_.push_back(shared);
  }
  return next;
}

void Feed::Run() {
  std::unique_lock lock(mutex_);
  while (!is_closed_) {
    const Clock::time_point next = Collect(Clock::now());
    if (!looking_.empty()) {
      lock.unlock();
      for (std::size_t i = 0; i < looking_.size();) {
        const std::lock_guard round(round_);
        const std::size_t end = std::min(looking_.size(), i + kRound);
        for (; i < end; ++i) looking_[i]->Look();
      }
      looking_.clear();
      lock.lock();
      continue;
    }
    if (next == Clock::time_point::max()) {
      changed_.wait(lock);
    } else {
      changed_.wait_until(lock, next);
    }
  }
}

}  // namespace muster::master
