#include "muster/ipc/memory/sealed_bytes.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ipc {
namespace {

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

}  // namespace

absl::StatusOr<UniqueFd> SealBytes(absl::string_view name, absl::string_view bytes) {
  const std::string what = absl::StrCat("memfd ", name);
  UniqueFd fd(::memfd_create(std::string(name).c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.valid()) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("memfd_create ", name), error);
  }
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t size =
        RetryOnEintr([&] { return ::write(fd.get(), bytes.data() + done, bytes.size() - done); });
    if (size < 0) {
      const int error = errno;
      return ErrnoStatus(absl::StrCat("write ", bytes.size(), " bytes to ", what), error);
    }
    done += static_cast<std::size_t>(size);
  }
  if (::fcntl(fd.get(), F_ADD_SEALS, kSeals | F_SEAL_SEAL) < 0) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("fcntl F_ADD_SEALS ", what), error);
  }
  return fd;
}

absl::StatusOr<std::string> ReadSealedBytes(int fd, std::size_t limit_bytes) {
  const std::string what = absl::StrCat("sealed bytes in descriptor ", fd);
  const int seals = ::fcntl(fd, F_GET_SEALS);
  if (seals < 0) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("fcntl F_GET_SEALS ", what), error);
  }
  if ((seals & kSeals) != kSeals) {
    return absl::InvalidArgumentError(absl::StrCat(what, ": seals 0x", absl::Hex(seals),
                                                   ", expected 0x", absl::Hex(kSeals),
                                                   " (SHRINK, GROW, WRITE) among them"));
  }
  struct stat file;
  if (::fstat(fd, &file) < 0) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("fstat ", what), error);
  }
  const auto size_bytes = static_cast<std::size_t>(file.st_size);
  if (size_bytes > limit_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": size of ", size_bytes, " bytes, expected at most ", limit_bytes));
  }
  std::string bytes(size_bytes, '\0');
  for (std::size_t done = 0; done < size_bytes;) {
    const ssize_t size = RetryOnEintr([&] {
      return ::pread(fd, bytes.data() + done, size_bytes - done, static_cast<off_t>(done));
    });
    if (size < 0) {
      const int error = errno;
      return ErrnoStatus(absl::StrCat("pread ", what), error);
    }
    if (size == 0) return absl::InternalError(absl::StrCat("pread ", what, ": ended early"));
    done += static_cast<std::size_t>(size);
  }
  return bytes;
}

}  // namespace muster::ipc
