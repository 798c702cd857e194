#ifndef MUSTER_MASTER_LOGS_HUNG_FILE_SYSTEM_H_
#define MUSTER_MASTER_LOGS_HUNG_FILE_SYSTEM_H_

#include <fcntl.h>
#include <sys/mount.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::master {

// For tests: a file system whose server never answers, as that of a network may. Whoever looks up a
// file there waits until End.
class HungFileSystem {
 public:
  // Over the folder. Error: only root can mount, and the kernel has to have FUSE.
  static absl::StatusOr<HungFileSystem> Mount(std::string folder) {
    ipc::UniqueFd server(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
    if (!server.valid()) return ipc::ErrnoStatus("open /dev/fuse");
    const std::string options =
        absl::StrCat("fd=", server.get(), ",rootmode=40000,user_id=0,group_id=0,allow_other");
    if (::mount("hung", folder.c_str(), "fuse", 0, options.c_str()) != 0) {
      return ipc::ErrnoStatus(absl::StrCat("mount a file system that hangs at ", folder));
    }
    return HungFileSystem(std::move(folder), std::move(server));
  }
  HungFileSystem(HungFileSystem&&) = default;
  HungFileSystem& operator=(HungFileSystem&&) = delete;
  ~HungFileSystem() {
    End();
    // Not one that was moved from.
    if (!folder_.empty()) ::umount2(folder_.c_str(), MNT_DETACH);
  }

  // The server goes away: who waits gets ENOTCONN.
  void End() { server_.reset(); }

 private:
  HungFileSystem(std::string folder, ipc::UniqueFd server)
      : folder_(std::move(folder)), server_(std::move(server)) {}

  std::string folder_;
  ipc::UniqueFd server_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_LOGS_HUNG_FILE_SYSTEM_H_
