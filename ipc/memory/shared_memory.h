#ifndef MUSTER_IPC_MEMORY_SHARED_MEMORY_H_
#define MUSTER_IPC_MEMORY_SHARED_MEMORY_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ipc {

enum class HugePages {
  kNone,
  kTransparent,  // advice: the kernel may use huge pages, or not
  kReserved,     // from the hugetlb pool, or an error; anonymous, System V and memfd only
};

struct SharedMemoryOptions {
  // Exact, but for kReserved, which rounds it up to whole huge pages. To attach:
  // the least size that will do.
  std::size_t size_bytes = 0;
  // Touches every page now, so that no fault comes later, and memory that is not
  // there is an error now.
  bool prefault = false;
  HugePages huge_pages = HugePages::kNone;
  // Keeps every page in memory, within RLIMIT_MEMLOCK. A child of fork must lock
  // its own mapping.
  bool mlock = false;
};

// Owns one mapping that processes share, zeroed when it is created, and the
// descriptor behind it if there is one. Move-only; one object is for one thread, but for its
// const methods, while creating and attaching may go on in many. A child of fork has the mapping
// too; whoever unmaps ends only its own view. What lies in the memory is not
// guarded by anything here.
class SharedMemory {
 public:
  enum class Publication { kNewName, kReplace };

  // For children of fork: nothing names these.
  static absl::StatusOr<SharedMemory> CreateAnonymous(const SharedMemoryOptions& options);
  static absl::StatusOr<SharedMemory> CreateDevZero(const SharedMemoryOptions& options);

  // A System V segment, marked for removal as soon as it is attached, so that it
  // ends with its last user however that one dies. Linux lets system_v_id() be
  // attached until then. What a creator left who died before, the next call removes.
  static absl::StatusOr<SharedMemory> CreateSystemV(const SharedMemoryOptions& options);

  // A memfd, allocated up front (no SIGBUS later) and sealed: nobody changes its size
  // again. `name` only shows in /proc/PID/maps.
  static absl::StatusOr<SharedMemory> CreateMemfd(absl::string_view name,
                                                  const SharedMemoryOptions& options);

  // POSIX shared memory ("/name") and a file. They have no name before Publish(), so
  // nobody attaches a half-built one and a creator killed before leaves nothing.
  // Mode 0600: whoever may write them may also shrink them, and then we get SIGBUS.
  // The name stays until shm_unlink or unlink. The file system needs O_TMPFILE.
  static absl::StatusOr<SharedMemory> CreatePosix(absl::string_view name,
                                                  const SharedMemoryOptions& options);
  static absl::StatusOr<SharedMemory> CreateFile(absl::string_view path,
                                                 const SharedMemoryOptions& options);

  // Attaches what a peer made. InvalidArgument: not what it should be, too small, or
  // (a descriptor) not sealed against shrinking. Check the contents too: shared_header.h.
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

  // Gives what CreatePosix or CreateFile made its name, at once and whole.
  // AlreadyExists: kNewName, and the name is taken. Those who had attached what
  // kReplace replaces keep the old memory; it blocks while another process replaces the same
  // name. FailedPrecondition: nothing to publish.
  absl::Status Publish(Publication publication = Publication::kNewName);

  // Page-aligned. Null only after a move.
  std::byte* data() const { return data_; }
  std::size_t size_bytes() const { return size_bytes_; }
  absl::Span<std::byte> bytes() const { return {data_, size_bytes_}; }
  // To pass to another process; -1 if there is none.
  int fd() const { return fd_.get(); }
  // To pass to another process; -1 if it is not System V.
  int system_v_id() const { return system_v_id_; }

 private:
  SharedMemory(std::byte* data, std::size_t size_bytes) : data_(data), size_bytes_(size_bytes) {}

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
  UniqueFd fd_;
  int system_v_id_ = -1;
  std::string unpublished_path_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_MEMORY_SHARED_MEMORY_H_
