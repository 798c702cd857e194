#include "muster/ipc/testing/setting.h"

#include <atomic>
#include <new>
#include <optional>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/testing/participants.h"
#include "muster/ipc/testing/value.h"
#include "muster/ipc/zone/zone.h"

namespace muster::ipc::testing {
namespace {

constexpr std::size_t kStateBytes = 4096;

class SettingWithParent : public Setting {
 public:
  SettingWithParent(ObjectKind kind, std::uint32_t count, void* memory)
      : kind_(kind),
        count_(count),
        state_(memory),
        participants_(static_cast<char*>(memory) + kStateBytes, kParticipants) {
    MUSTER_CHECK(StateBytes(kind, count) <= kStateBytes, "the object is too large");
  }

  void Join(int) override {}
  const Registry& registry() const override { return participants_.registry(); }
  OwnerTag tag(int participant) const override { return participants_.tag(participant); }
  void* state() const override { return state_; }
  void Recover(int participant) override {
    participants_.MarkDead(participant);
    RecoverObject(kind_, state_, count_, tag(participant));
  }
  void Free(int participant) override { participants_.Free(participant); }
  std::string Leftover() const override { return participants_.Leftover(); }

 private:
  const ObjectKind kind_;
  const std::uint32_t count_;
  void* const state_;
  const Participants participants_;
};

// A zone with one object, whose participants join by themselves. Generations of two bits come round
// within a trial.
class SettingWithoutParent : public Setting {
 public:
  SettingWithoutParent(ObjectKind kind, std::uint32_t count, void* memory)
      : kind_(kind),
        count_(count),
        tags_(new (memory) std::atomic<std::uint32_t>[kParticipants]),
        zone_(Value(Zone::Create(ZonePlace::Memfd("swept"), {.max_participants = kParticipants,
                                                             .max_objects = 1,
                                                             .initial_bytes = 8 << 10,
                                                             .max_bytes = 1 << 20,
                                                             .generation_bits = 2}))) {
    const Participant maker = Value(zone_.Join());
    tags_[kParticipants - 1].store(maker.tag().bits());
    Open();
    state_ = Value(zone_.List().front()).state;
  }

  void Join(int participant) override {
    self_.reset();
    self_.emplace(Value(zone_.Join()));
    Open();
    tags_[participant].store(self_->tag().bits());
  }
  const Registry& registry() const override { return zone_.registry(); }
  OwnerTag tag(int participant) const override {
    return OwnerTag::InWord(tags_[participant].load());
  }
  void* state() const override { return state_; }
  void Recover(int) override {}
  void Free(int) override {}
  std::string Leftover() const override {
    for (std::uint32_t turn = 0; turn < registry().capacity(); ++turn) {
      if (const auto self = zone_.Join(); !self.ok()) return self.status().ToString();
    }
    for (std::uint32_t slot = 0; slot < registry().capacity(); ++slot) {
      const ParticipantRecord record = *registry().Read(slot);
      if (record.state != ParticipantState::kFree && !registry().IsLiveNow(record.tag)) {
        return absl::StrCat("nobody can have slot ", slot);
      }
    }
    return "";
  }

 private:
  // This process has opened it from now on.
  void Open() {
    switch (kind_) {
      case ObjectKind::kMutex:
        return Check(zone_.Get<ZoneMutex>("object"));
      case ObjectKind::kRwLock:
        MUSTER_CHECK(count_ == kParticipants, "a zone's has as many slots as the zone");
        return Check(zone_.Get<ZoneRwLock>("object"));
      case ObjectKind::kSemaphore:
        return Check(zone_.Get<Semaphore>("object", count_));
      case ObjectKind::kOnce:
        return Check(zone_.Get<ZoneOnce>("object"));
      case ObjectKind::kSpinlock:
        return Check(zone_.Get<ZoneSpinlock>("object"));
      case ObjectKind::kEvent:
        return Check(zone_.Get<Event>("object"));
      case ObjectKind::kPlain:
      case ObjectKind::kEventFd:
      case ObjectKind::kLatch:
      case ObjectKind::kCounter:
        break;
    }
    MUSTER_CHECK(false, "nobody waits for such an object's owner");
  }
  template <typename Part>
  static void Check(const absl::StatusOr<Part>& part) {
    MUSTER_CHECK(part.ok(), part.status().ToString().c_str());
  }

  const ObjectKind kind_;
  const std::uint32_t count_;
  // Of the participants, each by itself.
  std::atomic<std::uint32_t>* const tags_;
  const Zone zone_;
  void* state_ = nullptr;
  std::optional<Participant> self_;
};

}  // namespace

std::unique_ptr<Setting> Setting::New(Parent parent, ObjectKind kind, std::uint32_t count,
                                      void* memory) {
  if (parent == Parent::kThere) return std::make_unique<SettingWithParent>(kind, count, memory);
  return std::make_unique<SettingWithoutParent>(kind, count, memory);
}

}  // namespace muster::ipc::testing
