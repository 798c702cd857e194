#include "muster/bench/file_lock_duels.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "muster/bench/guarded_count.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/lock/file_lock.h"

namespace muster::bench {
namespace {

// A file of its own under TMPDIR, removed when the last row is done with it.
class LockFile {
 public:
  LockFile() {
    const char* const folder = std::getenv("TMPDIR");
    path_ = std::string(folder != nullptr ? folder : "/tmp") + "/muster-bench.XXXXXX";
    fd_.reset(::mkostemp(path_.data(), O_CLOEXEC));
    MUSTER_CHECK(fd_.valid(), "mkostemp");
  }
  ~LockFile() { ::unlink(path_.c_str()); }
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;

  const std::string& path() const { return path_; }
  int fd() const { return fd_.get(); }

 private:
  std::string path_;
  ipc::UniqueFd fd_;
};

void RawLock(int fd, short type) {
  struct flock range = {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  MUSTER_CHECK(::fcntl(fd, F_SETLK, &range) == 0, "fcntl F_SETLK");
}

// `make_pair(path)` is called in the process that locks, and returns what locks and unlocks.
template <typename MakePair>
Contestant CountUnderFile(std::string name, MakePair make_pair) {
  const auto file = std::make_shared<LockFile>();
  const auto count = MakeShared<Count>();
  return Contestant{.name = std::move(name),
                    .reset = [count] { count->value = 0; },
                    .play =
                        [=](Turn& turn) {
                          auto pair = make_pair(*file);
                          turn.Repeat<32>([&] {
                            pair.lock();
                            ++count->value;
                            pair.unlock();
                          });
                        },
                    .check = [=](std::uint64_t total) { return CheckCount(count->value, total); }};
}

struct OurPair {
  ipc::FileLock file;
  void lock() {
    const auto locked = file.TryLock();
    MUSTER_CHECK(locked.ok() && *locked, "FileLock::TryLock");
  }
  void unlock() { MUSTER_CHECK(file.Unlock().ok(), "FileLock::Unlock"); }
};

struct RawPair {
  int fd;
  void lock() { RawLock(fd, F_WRLCK); }
  void unlock() { RawLock(fd, F_UNLCK); }
};

Contestant Ours() {
  return CountUnderFile("FileLock", [](const LockFile& file) {
    auto lock = ipc::FileLock::Open(file.path(), ipc::FileLockOwner::kProcess);
    MUSTER_CHECK(lock.ok(), "FileLock::Open");
    return OurPair{*std::move(lock)};
  });
}

Contestant Raw() {
  return CountUnderFile("raw fcntl", [](const LockFile& file) { return RawPair{file.fd()}; });
}

}  // namespace

std::vector<Duel> FileLockDuels() { return {{"file lock", Processes::kOne, Ours(), Raw(), 1.05}}; }

}  // namespace muster::bench
