#ifndef MUSTER_MASTER_ORPHANS_WORKER_LIST_H_
#define MUSTER_MASTER_ORPHANS_WORKER_LIST_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/master/keep/descriptor_inheritance.h"
#include "muster/master/keep/descriptor_keep.h"
#include "muster/master/orphans/worker_list_format.h"
#include "muster/proto/state/process_state.pb.h"

namespace muster::master {

// A file with the workers that this master runs, for the next master, if this one is killed:
// master/orphans/orphans. It is kept up to date by one small write for each start and each end, and
// exists as long as the object. Only its owner may read and write it.
class WorkerList {
 public:
  // Where the list of the master with this pid file is.
  static std::string PathFor(const std::string& pid_file) { return pid_file + ".workers"; }

  // Makes a file in place of what is at `path`. It has the workers `older`, which an earlier master
  // left, and keeps them.
  static absl::StatusOr<WorkerList> Create(const std::string& path,
                                           const std::vector<ListedWorker>& older);
  WorkerList(WorkerList&& other) noexcept;
  WorkerList& operator=(WorkerList&&) = delete;
  // Removes the file.
  ~WorkerList();

  // `pid` is a child that was not reaped yet.
  absl::Status Add(std::uint32_t slot, pid_t pid);
  absl::Status Remove(std::uint32_t slot);

  // For the program that replaces this one.
  state::v1::WorkerListState Save(DescriptorKeep& keep) const;
  // Goes on with it there. Until Begin, destroying the object leaves the file. The error has the
  // field.
  static absl::StatusOr<WorkerList> Restore(const state::v1::WorkerListState& state,
                                            DescriptorInheritance& inheritance);
  void Begin() { is_trial_ = false; }

  // The workers in the file at `path`. None if there is no file, or if it is not this user's alone.
  static std::vector<ListedWorker> Read(const std::string& path);

 private:
  WorkerList(std::string path, ipc::UniqueFd fd, std::string boot_id)
      : path_(std::move(path)), fd_(std::move(fd)), boot_id_(std::move(boot_id)) {}
  absl::Status WriteLine(std::size_t line, const std::string& text);

  std::string path_;
  ipc::UniqueFd fd_;
  std::string boot_id_;
  bool is_trial_ = false;  // restored, and not begun
};

// What the kernel calls its run since the machine's start; empty if /proc does not tell.
std::string BootId();

}  // namespace muster::master

#endif  // MUSTER_MASTER_ORPHANS_WORKER_LIST_H_
