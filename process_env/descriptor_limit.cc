#include "muster/process_env/descriptor_limit.h"

#include <sys/resource.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"

namespace muster::process_env {

absl::Status RaiseDescriptorLimit(std::uint64_t descriptors) {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return ipc::ErrnoStatus("getrlimit RLIMIT_NOFILE");
  if (limit.rlim_cur >= descriptors) return absl::OkStatus();
  limit.rlim_cur = std::min<rlim_t>(descriptors, limit.rlim_max);
  if (::setrlimit(RLIMIT_NOFILE, &limit) < 0) return ipc::ErrnoStatus("setrlimit RLIMIT_NOFILE");
  if (limit.rlim_cur >= descriptors) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("the hard limit of RLIMIT_NOFILE is ",
                                                   limit.rlim_max, ", ", descriptors,
                                                   " descriptors may be needed"));
}

}  // namespace muster::process_env
