#ifndef MUSTER_IPC_LOCK_OWNER_TAG_H_
#define MUSTER_IPC_LOCK_OWNER_TAG_H_

#include <cstdint>

namespace muster::ipc {

// Who holds something in shared memory: a participant's slot in the registry and
// the generation of that slot, in 30 bits. Unlike a pid it is never reused while
// a lock may still hold it (18 bits of generation) and means the same in every
// pid namespace. The two bits above it are flags of the word that stores it:
//
//   31 waiters | 30 died | 29..12 generation | 11..0 slot + 1
//
// All bits zero: nobody. A slot field of 4095 is a mark, not a participant.
class OwnerTag {
 public:
  static constexpr std::uint32_t kMaxSlots = 4094;
  static constexpr std::uint32_t kGenerationMask = (1u << 18) - 1;

  constexpr OwnerTag() = default;
  // `slot` < kMaxSlots; of `generation` the low 18 bits count.
  constexpr OwnerTag(std::uint32_t slot, std::uint32_t generation)
      : bits_((generation & kGenerationMask) << kSlotBits | ((slot + 1) & kSlotMask)) {}
  // The tag in a lock's word, whatever its flags are. May be garbage: a registry
  // calls that dead.
  static constexpr OwnerTag InWord(std::uint32_t word) {
    OwnerTag tag;
    tag.bits_ = word & ~kFlags;
    return tag;
  }

  // Beyond any registry's capacity if the tag names no slot.
  constexpr std::uint32_t slot() const { return (bits_ & kSlotMask) - 1; }
  constexpr std::uint32_t generation() const { return bits_ >> kSlotBits; }
  constexpr std::uint32_t bits() const { return bits_; }

  friend constexpr bool operator==(OwnerTag, OwnerTag) = default;

  static constexpr int kSlotBits = 12;
  static constexpr std::uint32_t kSlotMask = (1u << kSlotBits) - 1;
  static constexpr std::uint32_t kWaiters = 1u << 31;
  static constexpr std::uint32_t kDied = 1u << 30;
  static constexpr std::uint32_t kFlags = kWaiters | kDied;

 private:
  std::uint32_t bits_ = 0;
};

// Words that name nobody. Whoever finds kAbandonedWord may take the lock and is
// told that an owner died; a mark is final.
inline constexpr std::uint32_t kUnlockedWord = 0;
inline constexpr std::uint32_t kAbandonedWord = OwnerTag::kDied | OwnerTag::kWaiters;
inline constexpr std::uint32_t kDoneMark = OwnerTag::kSlotMask;
inline constexpr std::uint32_t kPoisonedMark = OwnerTag::kDied | OwnerTag::kSlotMask;

constexpr bool IsMark(std::uint32_t word) {
  return (word & OwnerTag::kSlotMask) == OwnerTag::kSlotMask;
}

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_OWNER_TAG_H_
