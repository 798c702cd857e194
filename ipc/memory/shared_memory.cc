#include "muster/ipc/memory/shared_memory.h"

#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <limits>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/named_file.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/trusted_owner.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/memory/internal/nameless_file.h"
#include "muster/ipc/memory/internal/system_v_segment.h"

namespace muster::ipc {

using internal::CreateNamelessFile;
using internal::CreateSystemVSegment;
using internal::GiveName;
using internal::ReplaceName;

namespace {

// Where glibc and musl keep POSIX shared memory.
constexpr absl::string_view kPosixFolder = "/dev/shm";

absl::StatusOr<std::size_t> ReservedPageBytes() {
  std::ifstream meminfo("/proc/meminfo");
  std::string key;
  std::size_t kilobytes = 0;
  while (meminfo >> key) {
    if (key == "Hugepagesize:" && meminfo >> kilobytes && kilobytes > 0) return kilobytes * 1024;
  }
  return absl::UnimplementedError("huge pages: /proc/meminfo has no Hugepagesize");
}

// The size to create, checked and rounded.
absl::StatusOr<std::size_t> SizeToCreate(absl::string_view what,
                                         const SharedMemoryOptions& options) {
  constexpr std::size_t kLimit = std::numeric_limits<std::ptrdiff_t>::max() / 2;
  if (options.size_bytes == 0 || options.size_bytes > kLimit) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": size of ", options.size_bytes, " bytes, expected 1 to ", kLimit));
  }
  if (options.huge_pages != HugePages::kReserved) return options.size_bytes;
  MUSTER_ASSIGN_OR_RETURN(const std::size_t page, ReservedPageBytes());
  return (options.size_bytes + page - 1) / page * page;
}

absl::Status RefuseReserved(absl::string_view what, const SharedMemoryOptions& options) {
  if (options.huge_pages != HugePages::kReserved) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(what, ": reserved huge pages exist for anonymous, System V and memfd memory"));
}

absl::Status RefuseSmaller(absl::string_view what, std::size_t found,
                           const SharedMemoryOptions& options) {
  if (found > 0 && found >= options.size_bytes) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(what, ": size of ", found,
                                                 " bytes, expected at least ",
                                                 options.size_bytes > 0 ? options.size_bytes : 1));
}

int AccessOf(const SharedMemoryOptions& options) { return options.read_only ? O_RDONLY : O_RDWR; }

absl::Status Allocate(absl::string_view what, int fd, std::size_t size_bytes) {
  if (RetryOnEintr([&] { return ::fallocate(fd, 0, 0, static_cast<off_t>(size_bytes)); }) < 0) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("fallocate ", size_bytes, " bytes of ", what), error);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> PosixPath(absl::string_view name) {
  if (name.size() < 2 || name[0] != '/' || name.substr(1).find('/') != name.npos || name == "/." ||
      name == "/..") {
    return absl::InvalidArgumentError(
        absl::StrCat("POSIX shared memory \"", name, "\": expected a name like \"/name\""));
  }
  return absl::StrCat(kPosixFolder, name);
}

}  // namespace

SharedMemory::SharedMemory(SharedMemory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_bytes_(std::exchange(other.size_bytes_, 0)),
      mapped_bytes_(std::exchange(other.mapped_bytes_, 0)),
      read_only_(other.read_only_),
      fd_(std::move(other.fd_)),
      system_v_id_(std::exchange(other.system_v_id_, -1)),
      unpublished_path_(std::exchange(other.unpublished_path_, {})) {}

SharedMemory& SharedMemory::operator=(SharedMemory&& other) noexcept {
  if (this == &other) return *this;
  Unmap();
  data_ = std::exchange(other.data_, nullptr);
  size_bytes_ = std::exchange(other.size_bytes_, 0);
  mapped_bytes_ = std::exchange(other.mapped_bytes_, 0);
  read_only_ = other.read_only_;
  fd_ = std::move(other.fd_);
  system_v_id_ = std::exchange(other.system_v_id_, -1);
  unpublished_path_ = std::exchange(other.unpublished_path_, {});
  return *this;
}

SharedMemory::~SharedMemory() { Unmap(); }

void SharedMemory::Unmap() {
  if (data_ == nullptr) return;
  if (system_v_id_ >= 0) {
    ::shmdt(data_);
  } else {
    ::munmap(data_, mapped_bytes_);
  }
}

absl::Status SharedMemory::Prepare(absl::string_view what,
                                   const SharedMemoryOptions& options) const {
  // Advice: kernels without transparent huge pages refuse it, and that is all right.
  if (options.huge_pages == HugePages::kTransparent) {
    ::madvise(data_, size_bytes_, MADV_HUGEPAGE);
  }
  // Unlike MAP_POPULATE, this says when it could not.
  if (options.prefault &&
      RetryOnEintr([&] { return ::madvise(data_, size_bytes_, MADV_POPULATE_WRITE); }) < 0) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("prefault ", size_bytes_, " bytes of ", what), error);
  }
  if (options.mlock && ::mlock(data_, size_bytes_) < 0) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("mlock ", size_bytes_, " bytes of ", what), error);
  }
  return absl::OkStatus();
}

absl::StatusOr<SharedMemory> SharedMemory::Map(absl::string_view what, UniqueFd fd,
                                               std::size_t size_bytes, int extra_flags,
                                               const SharedMemoryOptions& options) {
  const int access = options.read_only ? PROT_READ : PROT_READ | PROT_WRITE;
  // Beyond the end of a file there is nothing until the file has grown; then there is, here too.
  const std::size_t mapped_bytes = std::max(size_bytes, options.reserve_bytes);
  void* const data = ::mmap(nullptr, mapped_bytes, access, MAP_SHARED | extra_flags, fd.get(), 0);
  if (data == MAP_FAILED) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("mmap ", mapped_bytes, " bytes of ", what), error);
  }
  SharedMemory memory(static_cast<std::byte*>(data), size_bytes, mapped_bytes);
  memory.read_only_ = options.read_only;
  memory.fd_ = std::move(fd);
  MUSTER_RETURN_IF_ERROR(memory.Prepare(what, options));
  return memory;
}

absl::StatusOr<SharedMemory> SharedMemory::MapRegularFile(absl::string_view what, UniqueFd fd,
                                                          const SharedMemoryOptions& options) {
  struct stat file;
  if (::fstat(fd.get(), &file) < 0) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("fstat ", what), error);
  }
  if (!S_ISREG(file.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(what, ": not a regular file"));
  }
  const auto size_bytes = static_cast<std::size_t>(file.st_size);
  MUSTER_RETURN_IF_ERROR(RefuseSmaller(what, size_bytes, options));
  return Map(what, std::move(fd), size_bytes, 0, options);
}

absl::StatusOr<SharedMemory> SharedMemory::MapSystemV(int id, std::size_t size_bytes,
                                                      const SharedMemoryOptions& options) {
  const std::string what = absl::StrCat("System V segment ", id);
  void* const data = ::shmat(id, nullptr, 0);
  // shmat's failure is an address.
  if (data == reinterpret_cast<void*>(-1)) {  // NOLINT(performance-no-int-to-ptr)
    const int error = errno;
    return ErrnoStatus(absl::StrCat("shmat ", what), error);
  }
  SharedMemory memory(static_cast<std::byte*>(data), size_bytes, size_bytes);
  memory.system_v_id_ = id;
  MUSTER_RETURN_IF_ERROR(memory.Prepare(what, options));
  return memory;
}

absl::StatusOr<SharedMemory> SharedMemory::CreateAnonymous(const SharedMemoryOptions& options) {
  constexpr absl::string_view kWhat = "anonymous memory";
  MUSTER_ASSIGN_OR_RETURN(const std::size_t size_bytes, SizeToCreate(kWhat, options));
  const int huge = options.huge_pages == HugePages::kReserved ? MAP_HUGETLB : 0;
  return Map(kWhat, UniqueFd(), size_bytes, MAP_ANONYMOUS | huge, options);
}

absl::StatusOr<SharedMemory> SharedMemory::CreateDevZero(const SharedMemoryOptions& options) {
  constexpr absl::string_view kWhat = "/dev/zero";
  MUSTER_RETURN_IF_ERROR(RefuseReserved(kWhat, options));
  MUSTER_ASSIGN_OR_RETURN(const std::size_t size_bytes, SizeToCreate(kWhat, options));
  UniqueFd fd(::open("/dev/zero", O_RDWR | O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus("open /dev/zero");
  MUSTER_ASSIGN_OR_RETURN(SharedMemory memory, Map(kWhat, std::move(fd), size_bytes, 0, options));
  // Mapping the descriptor again would give other memory.
  memory.fd_.reset();
  return memory;
}

absl::StatusOr<SharedMemory> SharedMemory::CreateSystemV(const SharedMemoryOptions& options) {
  MUSTER_ASSIGN_OR_RETURN(const std::size_t size_bytes, SizeToCreate("System V segment", options));
  const int huge = options.huge_pages == HugePages::kReserved ? SHM_HUGETLB : 0;
  MUSTER_ASSIGN_OR_RETURN(const int id, CreateSystemVSegment(size_bytes, huge));
  auto memory = MapSystemV(id, size_bytes, options);
  // Whether it was attached or not, nothing may stay behind.
  if (::shmctl(id, IPC_RMID, nullptr) < 0 && memory.ok()) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("shmctl IPC_RMID System V segment ", id), error);
  }
  return memory;
}

absl::StatusOr<SharedMemory> SharedMemory::CreateMemfd(absl::string_view name,
                                                       const SharedMemoryOptions& options) {
  const std::string what = absl::StrCat("memfd ", name);
  MUSTER_ASSIGN_OR_RETURN(const std::size_t size_bytes, SizeToCreate(what, options));
  const unsigned huge = options.huge_pages == HugePages::kReserved ? MFD_HUGETLB : 0;
  UniqueFd fd(::memfd_create(std::string(name).c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING | huge));
  if (!fd.valid()) return ErrnoStatus(absl::StrCat("memfd_create ", name));
  MUSTER_RETURN_IF_ERROR(Allocate(what, fd.get(), size_bytes));
  const int growth = options.reserve_bytes > size_bytes ? 0 : F_SEAL_GROW;
  if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | growth | F_SEAL_SEAL) < 0) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("fcntl F_ADD_SEALS ", what), error);
  }
  return Map(what, std::move(fd), size_bytes, 0, options);
}

absl::StatusOr<SharedMemory> SharedMemory::CreatePosix(absl::string_view name,
                                                       const SharedMemoryOptions& options) {
  MUSTER_ASSIGN_OR_RETURN(std::string path, PosixPath(name));
  return CreateNameless(std::move(path), options);
}

absl::StatusOr<SharedMemory> SharedMemory::CreateFile(absl::string_view path,
                                                      const SharedMemoryOptions& options) {
  return CreateNameless(std::string(path), options);
}

absl::StatusOr<SharedMemory> SharedMemory::CreateNameless(std::string path,
                                                          const SharedMemoryOptions& options) {
  MUSTER_RETURN_IF_ERROR(RefuseReserved(path, options));
  MUSTER_ASSIGN_OR_RETURN(const std::size_t size_bytes, SizeToCreate(path, options));
  MUSTER_ASSIGN_OR_RETURN(UniqueFd fd, CreateNamelessFile(path));
  if (::fchmod(fd.get(), options.mode) < 0) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("fchmod ", path), error);
  }
  MUSTER_RETURN_IF_ERROR(Allocate(path, fd.get(), size_bytes));
  MUSTER_ASSIGN_OR_RETURN(SharedMemory memory, Map(path, std::move(fd), size_bytes, 0, options));
  memory.unpublished_path_ = std::move(path);
  return memory;
}

absl::StatusOr<SharedMemory> SharedMemory::AttachMemfd(UniqueFd fd,
                                                       const SharedMemoryOptions& options) {
  const std::string what = absl::StrCat("shared memory in descriptor ", fd.get());
  const int seals = ::fcntl(fd.get(), F_GET_SEALS);
  if (seals < 0) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("fcntl F_GET_SEALS ", what), error);
  }
  // Before fstat: from here on the size that we read stays true.
  if ((seals & F_SEAL_SHRINK) == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": seals 0x", absl::Hex(seals), ", expected F_SEAL_SHRINK among them"));
  }
  return MapRegularFile(what, std::move(fd), options);
}

absl::StatusOr<SharedMemory> SharedMemory::AttachSystemV(int id,
                                                         const SharedMemoryOptions& options) {
  const std::string what = absl::StrCat("System V segment ", id);
  struct shmid_ds segment;
  if (::shmctl(id, IPC_STAT, &segment) < 0) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("shmctl IPC_STAT ", what), error);
  }
  // Each of the two may change it.
  const auto& permissions = segment.shm_perm;
  MUSTER_RETURN_IF_ERROR(CheckOwner(what, permissions.uid, permissions.mode, options.trusted));
  MUSTER_RETURN_IF_ERROR(CheckOwner(what, permissions.cuid, permissions.mode, options.trusted));
  MUSTER_RETURN_IF_ERROR(RefuseSmaller(what, segment.shm_segsz, options));
  return MapSystemV(id, segment.shm_segsz, options);
}

absl::StatusOr<SharedMemory> SharedMemory::AttachPosix(absl::string_view name,
                                                       const SharedMemoryOptions& options) {
  MUSTER_ASSIGN_OR_RETURN(const std::string path, PosixPath(name));
  return AttachFile(path, options);
}

absl::StatusOr<SharedMemory> SharedMemory::AttachFile(absl::string_view path,
                                                      const SharedMemoryOptions& options) {
  MUSTER_ASSIGN_OR_RETURN(
      UniqueFd fd, OpenNamedFile(std::string(path), AccessOf(options), S_IFREG, options.trusted));
  return MapRegularFile(path, std::move(fd), options);
}

absl::Status SharedMemory::Grow(std::size_t size_bytes) {
  size_bytes_ = std::max(size_bytes_, FileBytes());
  if (size_bytes <= size_bytes_) return absl::OkStatus();
  if (read_only_ || size_bytes > mapped_bytes_) {
    return absl::FailedPreconditionError(
        absl::StrCat("grow shared memory from ", size_bytes_, " to ", size_bytes, " bytes: ",
                     read_only_ ? "it was attached for reading only"
                                : absl::StrCat(mapped_bytes_, " bytes are reserved")));
  }
  MUSTER_RETURN_IF_ERROR(Allocate("shared memory", fd_.get(), size_bytes));
  size_bytes_ = size_bytes;
  return absl::OkStatus();
}

absl::Status SharedMemory::Reserve(std::size_t reserve_bytes) {
  if (reserve_bytes <= mapped_bytes_) return absl::OkStatus();
  if (!fd_.valid()) {
    return absl::FailedPreconditionError(
        "reserve address space for shared memory: it has no descriptor, so it cannot grow");
  }
  void* const data = ::mremap(data_, mapped_bytes_, reserve_bytes, MREMAP_MAYMOVE);
  if (data == MAP_FAILED) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("mremap to ", reserve_bytes, " bytes"), error);
  }
  data_ = static_cast<std::byte*>(data);
  mapped_bytes_ = reserve_bytes;
  return absl::OkStatus();
}

std::size_t SharedMemory::FileBytes() const {
  if (!fd_.valid()) return size_bytes_;
  struct stat file;
  if (::fstat(fd_.get(), &file) < 0) return 0;
  return std::min(static_cast<std::size_t>(file.st_size), mapped_bytes_);
}

absl::Status SharedMemory::Publish(Publication publication) {
  if (unpublished_path_.empty()) {
    return absl::FailedPreconditionError("publish: this memory has no name to publish");
  }
  MUSTER_RETURN_IF_ERROR(publication == Publication::kReplace
                             ? ReplaceName(fd_.get(), unpublished_path_)
                             : GiveName(fd_.get(), unpublished_path_));
  unpublished_path_.clear();
  return absl::OkStatus();
}

}  // namespace muster::ipc
