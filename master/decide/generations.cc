#include "muster/master/decide/generations.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/master/decide/saved_enum.h"

namespace muster::master {
namespace {

using SavedGeneration = state::v1::CoreState::Generation;
using End = GenerationRecord::End;

constexpr std::pair<Origin, SavedGeneration::Origin> kOrigins[] = {
    {Origin::kStart, SavedGeneration::START},       {Origin::kReload, SavedGeneration::RELOAD},
    {Origin::kRollback, SavedGeneration::ROLLBACK}, {Origin::kResume, SavedGeneration::RESUME},
    {Origin::kScale, SavedGeneration::SCALE},       {Origin::kTrial, SavedGeneration::TRIAL},
    {Origin::kUpgrade, SavedGeneration::UPGRADE},   {Origin::kUndo, SavedGeneration::UNDO},
};
constexpr std::pair<End, SavedGeneration::End> kEnds[] = {
    {End::kNone, SavedGeneration::NONE},
    {End::kReplaced, SavedGeneration::REPLACED},
    {End::kRolledBack, SavedGeneration::ROLLED_BACK},
};

}  // namespace

void GenerationRecord::Save(SavedGeneration* state) const {
  state->set_number(number);
  state->set_hash(hash);
  state->set_is_from_call(is_from_call);
  state->set_origin(ToSaved(kOrigins, origin));
  state->set_copy_of(copy_of);
  state->set_asked_by(asked_by);
  state->set_served_ns(ToSaved(served));
  state->set_end(ToSaved(kEnds, end));
  state->set_reason(reason);
  state->set_is_released(is_released);
}

GenerationRecord GenerationRecord::Restore(const SavedGeneration& state, StateReader& reader) {
  // So a chain of copies ends.
  reader.Expect(state.copy_of() < state.number(), "copy_of");
  return {.number = state.number(),
          .hash = state.hash(),
          .is_from_call = state.is_from_call(),
          .origin = FromSaved(kOrigins, state.origin()),
          .copy_of = state.copy_of(),
          .asked_by = state.asked_by(),
          .served = reader.Time("served_ns", state.served_ns()),
          .end = FromSaved(kEnds, state.end()),
          .reason = state.reason(),
          .is_released = state.is_released()};
}

Generations Generations::Restore(const google::protobuf::RepeatedPtrField<SavedGeneration>& state,
                                 std::uint64_t serving, StateReader& reader) {
  Generations generations;
  generations.serving_ = serving;
  for (int i = 0; i < state.size(); ++i) {
    const StateReader::Below below(reader, absl::StrCat("generation[", i, "]"));
    GenerationRecord record = GenerationRecord::Restore(state[i], reader);
    const std::uint64_t before =
        generations.records_.empty() ? 0 : generations.records_.rbegin()->first;
    reader.Expect(record.number > before, "number", "it does not grow");
    reader.Expect(record.number <= serving, "number", "it is later than the one that serves");
    generations.records_[record.number] = std::move(record);
  }
  return generations;
}

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
