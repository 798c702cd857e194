#include "muster/ipc/lock/internal/agreed_count.h"

#include <limits>

#include "absl/strings/str_cat.h"

namespace muster::ipc::internal {

absl::Status AgreeOnCount(std::atomic<std::uint32_t>& agreed, std::size_t count,
                          absl::string_view primitive, absl::string_view elements) {
  if (count == 0 || count > std::numeric_limits<std::uint32_t>::max()) {
    return absl::InvalidArgumentError(
        absl::StrCat(primitive, ": it cannot have ", count, " ", elements));
  }
  std::uint32_t seen = 0;
  // Relaxed: the number is all that it says.
  if (agreed.compare_exchange_strong(seen, static_cast<std::uint32_t>(count),
                                     std::memory_order_relaxed) ||
      seen == count) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(primitive, ": this program uses ", count, " ",
                                                 elements, ", the memory has ", seen));
}

}  // namespace muster::ipc::internal
