#ifndef MUSTER_IPC_MEMORY_SHARED_MEMORY_H_
#define MUSTER_IPC_MEMORY_SHARED_MEMORY_H_

#include <sys/types.h>

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "muster/ipc/base/trusted_owner.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ipc {

enum class HugePages {
  kNone,
  kTransparent,  // advice: the kernel may use huge pages, or not
  kReserved,     // from the hugetlb pool, else an error; for anonymous, System V and memfd only
};

struct SharedMemoryOptions {
  // To create: the exact size, which kReserved rounds up to whole huge pages. To attach: the
  // smallest acceptable size.
  std::size_t size_bytes = 0;
  // Touches every page now. So there are no page faults later, and a lack of memory is an error
  // now.
  bool prefault = false;
  HugePages huge_pages = HugePages::kNone;
  // Keeps every page in memory, within RLIMIT_MEMLOCK. A child of fork does not inherit this: it
  // must lock its own mapping.
  bool mlock = false;
  // Address space for the memory to grow in (Grow), beyond its size. A memfd that has some is not
  // sealed against growing. For memfd, POSIX and files only.
  std::size_t reserve_bytes = 0;
  // To create, for POSIX and files. The umask does not matter.
  mode_t mode = 0600;
  // To attach by a name or an id: whose memory is taken. Who may write a file may also shrink it,
  // and then we get SIGBUS, or write what we take for ours. A memfd was given by who sent it, and
  // cannot shrink.
  TrustedOwner trusted = {};
  // To attach, for memfd, POSIX and files: a store into the memory ends the process by SIGSEGV.
  bool read_only = false;
};

// Owns one mapping of memory that processes share, and its descriptor if there is one. New memory
// is zeroed. Move-only. Any thread may create and attach; one object is for one thread, except its
// const methods. A child of fork has the mapping too, and unmapping ends only the view of the
// process that unmaps. Descriptors are close-on-exec. This class does not synchronise access to
// the contents.
//
// All Create and Attach functions may fail with the kernel's error. The Create functions return
// InvalidArgument if the size is 0 or too large, or if kReserved is not possible for this memory.
class SharedMemory {
 public:
  enum class Publication { kNewName, kReplace };

  // Memory without a name, for children of fork.
  static absl::StatusOr<SharedMemory> CreateAnonymous(const SharedMemoryOptions& options);
  static absl::StatusOr<SharedMemory> CreateDevZero(const SharedMemoryOptions& options);

  // A System V segment. It is marked for removal as soon as it is attached, so the kernel removes
  // it after its last user, even if that one is killed. On Linux other processes can attach
  // system_v_id() until then. A creator that is killed before the mark leaves a segment behind;
  // the next call removes it.
  static absl::StatusOr<SharedMemory> CreateSystemV(const SharedMemoryOptions& options);

  // A memfd. It is allocated now, so there is no SIGBUS later, and sealed, so nobody can change its
  // size. `name` is shown in /proc/PID/maps only.
  static absl::StatusOr<SharedMemory> CreateMemfd(absl::string_view name,
                                                  const SharedMemoryOptions& options);

  // POSIX shared memory ("/name") and a file. Neither has a name before Publish(). So nobody
  // attaches a half-built one, and a creator that is killed before leaves nothing behind. The mode
  // is 0600: a process that may write the file may also shrink it, and then we get SIGBUS. The name
  // stays until shm_unlink or unlink. The file system must support O_TMPFILE.
  static absl::StatusOr<SharedMemory> CreatePosix(absl::string_view name,
                                                  const SharedMemoryOptions& options);
  static absl::StatusOr<SharedMemory> CreateFile(absl::string_view path,
                                                 const SharedMemoryOptions& options);

  // Attaches memory that a peer created. AttachMemfd takes ownership of `fd`. InvalidArgument: it
  // is smaller than options.size_bytes, not a regular file (a symbolic link is not followed), or (a
  // memfd) not sealed against shrinking. PermissionDenied: its owner is not trusted
  // (options.trusted), or the kernel refuses it. None of them blocks, whatever has the name. Check
  // the contents too: shared_header.h.
  static absl::StatusOr<SharedMemory> AttachMemfd(UniqueFd fd,
                                                  const SharedMemoryOptions& options = {});
  static absl::StatusOr<SharedMemory> AttachSystemV(int id,
                                                    const SharedMemoryOptions& options = {});
  static absl::StatusOr<SharedMemory> AttachPosix(absl::string_view name,
                                                  const SharedMemoryOptions& options = {});
  static absl::StatusOr<SharedMemory> AttachFile(absl::string_view path,
                                                 const SharedMemoryOptions& options = {});

  SharedMemory(SharedMemory&& other) noexcept;
  SharedMemory& operator=(SharedMemory&& other) noexcept;
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  ~SharedMemory();

  // Gives the memory of CreatePosix or CreateFile its name, in one step. kNewName: AlreadyExists if
  // the name is taken. kReplace: processes that attached the previous memory keep it; of several
  // that replace it at once, the last one stays. Neither waits for another process.
  // FailedPrecondition: there is nothing to publish.
  absl::Status Publish(Publication publication = Publication::kNewName);

  // Allocates memory up to `size_bytes`, for all who have mapped it with enough in reserve. Nothing
  // moves, and what is new is zero. Without effect if it is as large already.
  // FailedPrecondition: it was not mapped with so much in reserve, or for reading only.
  // ResourceExhausted and others: the kernel's error.
  absl::Status Grow(std::size_t size_bytes);
  // Reserves address space after the attachment, when the memory has told how much. It moves, so
  // call it before anything points into it. FailedPrecondition: the memory has no descriptor.
  absl::Status Reserve(std::size_t reserve_bytes);
  // The size of the file now, mapped_bytes() at most: another process may have let it grow. Without
  // a descriptor, size_bytes(). One system call; thread-safe. Zero: the call failed.
  std::size_t FileBytes() const;

  // Page-aligned. Null only in an object that was moved from.
  std::byte* data() const { return data_; }
  std::size_t size_bytes() const { return size_bytes_; }
  // How far size_bytes() can grow.
  std::size_t mapped_bytes() const { return mapped_bytes_; }
  absl::Span<std::byte> bytes() const { return {data_, size_bytes_}; }
  // To pass to another process; it remains owned by this object. -1: there is no descriptor.
  int fd() const { return fd_.get(); }
  // To pass to another process. -1: this is not a System V segment.
  int system_v_id() const { return system_v_id_; }

 private:
  SharedMemory(std::byte* data, std::size_t size_bytes, std::size_t mapped_bytes)
      : data_(data), size_bytes_(size_bytes), mapped_bytes_(mapped_bytes) {}

  static absl::StatusOr<SharedMemory> Map(absl::string_view what, UniqueFd fd,
                                          std::size_t size_bytes, int extra_flags,
                                          const SharedMemoryOptions& options);
  static absl::StatusOr<SharedMemory> MapRegularFile(absl::string_view what, UniqueFd fd,
                                                     const SharedMemoryOptions& options);
  static absl::StatusOr<SharedMemory> MapSystemV(int id, std::size_t size_bytes,
                                                 const SharedMemoryOptions& options);
  static absl::StatusOr<SharedMemory> CreateNameless(std::string path,
                                                     const SharedMemoryOptions& options);
  absl::Status Prepare(absl::string_view what, const SharedMemoryOptions& options) const;
  void Unmap();

  std::byte* data_ = nullptr;
  std::size_t size_bytes_ = 0;
  std::size_t mapped_bytes_ = 0;
  bool read_only_ = false;
  UniqueFd fd_;
  int system_v_id_ = -1;
  std::string unpublished_path_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_MEMORY_SHARED_MEMORY_H_
