#include "muster/master/admin/call/call_id.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/master/events/call_audit.h"

namespace muster::master {

absl::StatusOr<std::string> CallIdOf(const grpc::CallbackServerContext& context) {
  const auto& metadata = context.client_metadata();
  const auto [begin, end] = metadata.equal_range(kCallIdKey);
  if (begin == end) return "";
  if (std::next(begin) != end) {
    return absl::InvalidArgumentError(absl::StrCat(kCallIdKey, " is given more than once"));
  }
  const absl::string_view id(begin->second.data(), begin->second.size());
  if (!CallAudit::IsId(id)) {
    return absl::InvalidArgumentError(
        absl::StrCat(kCallIdKey, " must have 1 to ", CallAudit::kMostIdBytes,
                     " printable characters, without spaces, quotes and backslashes"));
  }
  return std::string(id);
}

}  // namespace muster::master
