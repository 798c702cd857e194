#include "muster/master/decide/generations.h"

#include <utility>

namespace muster::master {

void Generations::Commit(GenerationRecord record, const std::string& why_left) {
  if (const auto left = records_.find(serving_); left != records_.end()) {
    left->second.end =
        why_left.empty() ? GenerationRecord::End::kReplaced : GenerationRecord::End::kRolledBack;
    left->second.reason = why_left;
  }
  serving_ = record.number;
  records_[serving_] = std::move(record);
}

void Generations::Sweep(const WorkerSlots& workers, const std::set<std::uint64_t>& pinned,
                        Decision& decision) {
  for (auto& [number, record] : records_) {
    if (record.is_released || number == serving_ || pinned.count(number) > 0) continue;
    if (workers.left(number) > 0) continue;
    record.is_released = true;
    decision.Do(ReleaseAction{number});
  }
  // The oldest first.
  for (auto it = records_.begin(); it != records_.end() && records_.size() > kMostKept;) {
    if (!it->second.is_released || pinned.count(it->first) > 0) {
      ++it;
      continue;
    }
    decision.Do(ForgetAction{it->first});
    it = records_.erase(it);
  }
}

const GenerationRecord* Generations::Find(std::uint64_t number) const {
  const auto found = records_.find(number);
  return found == records_.end() ? nullptr : &found->second;
}

std::uint64_t Generations::OriginalOf(std::uint64_t number) const {
  const GenerationRecord* record = Find(number);
  while (record != nullptr && record->copy_of != 0) {
    number = record->copy_of;
    record = Find(number);
  }
  return number;
}

std::uint64_t Generations::Before() const {
  const std::uint64_t original = OriginalOf(serving_);
  for (auto it = records_.rbegin(); it != records_.rend(); ++it) {
    if (it->first < original && it->second.end != GenerationRecord::End::kRolledBack) {
      return it->first;
    }
  }
  return 0;
}

}  // namespace muster::master
