#include "muster/ipc/testing/participants.h"

#include "absl/strings/str_cat.h"
#include "muster/ipc/testing/value.h"

namespace muster::ipc::testing {
std::size_t Participants::BytesFor(int count) {
  return Registry::BytesFor(static_cast<std::uint32_t>(count));
}

Participants::Participants(void* memory, int count)
    : registry_(
          Value(Registry::Create(memory, BytesFor(count), static_cast<std::uint32_t>(count)))) {
  for (int slot = 0; slot < count; ++slot) {
    tags_.push_back(Value(registry_.Reserve(static_cast<std::uint32_t>(slot))));
  }
}

std::string Participants::Leftover() const {
  for (std::uint32_t slot = 0; slot < registry_.capacity(); ++slot) {
    if (registry_.Read(slot)->state == ParticipantState::kDead) {
      return absl::StrCat("slot ", slot, " is not free again");
    }
  }
  return "";
}

}  // namespace muster::ipc::testing
