#include "muster/tests/support/zone_of.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::tests {
namespace {

namespace fs = std::filesystem;

std::string PathOf(pid_t pid, const std::string& name) {
  const std::string wanted = absl::StrCat("/memfd:", name, " (deleted)");
  for (const auto& entry : fs::directory_iterator(absl::StrCat("/proc/", pid, "/fd"))) {
    std::error_code error;
    if (fs::read_symlink(entry.path(), error).string() == wanted) return entry.path().string();
  }
  return "";
}

}  // namespace

ZoneOf::ZoneOf(pid_t pid, const std::string& name) {
  const ipc::UniqueFd fd(::open(PathOf(pid, name).c_str(), O_RDWR | O_CLOEXEC));
  struct stat status;
  MUSTER_CHECK(fd.valid() && ::fstat(fd.get(), &status) == 0, "the process has such a memfd");
  size_bytes_ = static_cast<std::size_t>(status.st_size);
  void* const data = ::mmap(nullptr, size_bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  MUSTER_CHECK(data != MAP_FAILED, "it can be mapped");
  data_ = static_cast<std::byte*>(data);
}

ZoneOf::~ZoneOf() { ::munmap(data_, size_bytes_); }

std::uint32_t ZoneOf::Read(std::size_t offset) const {
  return reinterpret_cast<std::atomic<std::uint32_t>*>(data_ + offset)->load();
}

void ZoneOf::Write(std::size_t offset, std::uint32_t word) const {
  reinterpret_cast<std::atomic<std::uint32_t>*>(data_ + offset)->store(word);
}

}  // namespace muster::tests
