#ifndef MUSTER_IPC_LOCK_OWNER_TAG_H_
#define MUSTER_IPC_LOCK_OWNER_TAG_H_

#include <cstdint>

namespace muster::ipc {

// The identity of a participant that holds something in shared memory: its slot in the registry and
// the generation of that slot, in 30 bits. Unlike a pid, a tag is not reused while a lock may still
// contain it (the generation has 18 bits), and it means the same in every pid namespace. The two
// bits above it are flags of the word that stores it, at the places of the flags of robust futexes:
//
//   31 waiters | 30 died | 29..12 generation | 11..0 slot + 1
//
// All bits zero: nobody. A slot field of 4095 is a mark, not a participant. A plain value.
class OwnerTag {
 public:
  static constexpr std::uint32_t kMaxSlots = 4094;
  static constexpr int kGenerationBits = 18;
  static constexpr std::uint32_t kGenerationMask = (1u << kGenerationBits) - 1;

  constexpr OwnerTag() = default;
  // `slot` is less than kMaxSlots. Only the low 18 bits of `generation` are used.
  constexpr OwnerTag(std::uint32_t slot, std::uint32_t generation)
      : bits_((generation & kGenerationMask) << kSlotBits | ((slot + 1) & kSlotMask)) {}
  // The tag in the word of a lock, without the flags. It may be garbage, which a registry treats as
  // dead.
  static constexpr OwnerTag InWord(std::uint32_t word) {
    OwnerTag tag;
    tag.bits_ = word & ~kFlags;
    return tag;
  }

  // If the tag has no slot, the result is above the capacity of any registry.
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

// Words without an owner. A participant that finds kAbandonedWord may take the lock, and gets
// kOwnerDied. A mark is final.
inline constexpr std::uint32_t kUnlockedWord = 0;
inline constexpr std::uint32_t kAbandonedWord = OwnerTag::kDied | OwnerTag::kWaiters;
inline constexpr std::uint32_t kDoneMark = OwnerTag::kSlotMask;
inline constexpr std::uint32_t kPoisonedMark = OwnerTag::kDied | OwnerTag::kSlotMask;

// True for kDoneMark and kPoisonedMark, with any flags.
constexpr bool IsMark(std::uint32_t word) {
  return (word & OwnerTag::kSlotMask) == OwnerTag::kSlotMask;
}

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_OWNER_TAG_H_
