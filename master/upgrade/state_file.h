#ifndef MUSTER_MASTER_UPGRADE_STATE_FILE_H_
#define MUSTER_MASTER_UPGRADE_STATE_FILE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::master {

// What one program leaves to the next in a memfd that nobody can change any more: the state of the
// master, and in front of it how to come back. The front is read before anything else happens in
// the program (undo_guard.h). Its form is the same in all versions; that of the state need not be.

// The front as it is in the file, in the byte order of the machine. Then come the numbers of the
// descriptors that go along, int32, ascending; then `arguments` texts that end in a zero byte,
// `argument_bytes` in all; then the state, to the end of the file.
struct StateFront {
  char magic[8];
  std::uint32_t form;
  std::int32_t way_back;  // the descriptor of the program to come back to; -1: there is none
  std::uint32_t deadline_ms;
  std::uint32_t descriptors;
  std::uint32_t arguments;
  std::uint64_t argument_bytes;
};
inline constexpr char kStateMagic[8] = {'m', 'u', 's', 't', 'e', 'r', 'u', 'p'};
inline constexpr std::uint32_t kStateForm = 1;

// The same for those who write it.
struct WayBack {
  int program = -1;  // a descriptor
  // Of that program's user, its name first.
  std::vector<std::string> arguments{};
  // How long the next program may take.
  std::chrono::milliseconds deadline{};
  // What the program finds open again, beside the file itself. Nothing else of the next program's
  // comes to it.
  std::set<int> descriptors{};
};

inline constexpr std::size_t kMostStateBytes = std::size_t{256} << 20;

// The file, close-on-exec.
absl::StatusOr<ipc::UniqueFd> WriteStateFile(const WayBack& way_back, const std::string& state);

// The state in it. InvalidArgument: it is not such a file, or somebody could change it.
absl::StatusOr<std::string> ReadStateFile(int fd);

}  // namespace muster::master

#endif  // MUSTER_MASTER_UPGRADE_STATE_FILE_H_
