#include "muster/ipc/base/trusted_owner.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace muster::ipc {

absl::Status CheckOwner(absl::string_view what, uid_t owner, mode_t mode,
                        const TrustedOwner& trusted) {
  const uid_t self = ::geteuid();
  if (owner != self && owner != 0 && owner != trusted.user) {
    std::string expected = self == 0 ? "0" : absl::StrCat(self, " or 0");
    if (trusted.user) absl::StrAppend(&expected, " or ", *trusted.user);
    return absl::PermissionDeniedError(
        absl::StrCat(what, ": belongs to user ", owner, ", expected ", expected));
  }
  if ((mode & (S_IWGRP | S_IWOTH)) != 0 && !trusted.others_may_write) {
    char octal[8];
    std::snprintf(octal, sizeof(octal), "%04o", mode & 0777);
    return absl::PermissionDeniedError(absl::StrCat(
        what, ": mode ", octal, " lets others than its owner, user ", owner, ", write it"));
  }
  return absl::OkStatus();
}

}  // namespace muster::ipc
