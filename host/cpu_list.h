#ifndef MUSTER_HOST_CPU_LIST_H_
#define MUSTER_HOST_CPU_LIST_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace muster::host {

// The numbers in a list of processors as the kernel writes it, "0-3,8", in their order, each once.
// InvalidArgument: it is no such list.
absl::StatusOr<std::vector<int>> ParseCpuList(absl::string_view text);

// The processors in the affinity mask of the calling thread, in their order. Empty: the kernel does
// not say.
std::vector<int> AffinityCpuList();

}  // namespace muster::host

#endif  // MUSTER_HOST_CPU_LIST_H_
