#include "muster/master/launch/launcher_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/unique_fd.h"

// Headers of Debian 12 lack it.
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

namespace muster::master {
namespace {

constexpr unsigned char kImage[] = {
#include "master/launch/launcher_image.inc"
};

constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;

ipc::UniqueFd MakeFile() {
  ipc::UniqueFd file(::memfd_create("muster-launcher", kFlags | MFD_EXEC));
  // A kernel before 6.3: all of them may be executed.
  if (!file.valid() && errno == EINVAL) file.reset(::memfd_create("muster-launcher", kFlags));
  std::size_t written = 0;
  while (file.valid() && written < sizeof(kImage)) {
    const ssize_t size = ipc::RetryOnEintr(
        [&] { return ::write(file.get(), kImage + written, sizeof(kImage) - written); });
    if (size <= 0) return ipc::UniqueFd();
    written += static_cast<std::size_t>(size);
  }
  constexpr int kSeals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  if (!file.valid() || ::fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) return ipc::UniqueFd();
  return file;
}

}  // namespace

int LauncherFile() {
  static const ipc::UniqueFd& file = *new ipc::UniqueFd(MakeFile());
  return file.get();
}

}  // namespace muster::master
