#ifndef MUSTER_IPC_TESTING_SCRATCH_FOLDER_H_
#define MUSTER_IPC_TESTING_SCRATCH_FOLDER_H_

#include <string>
#include <vector>

namespace muster::ipc::testing {

// An empty folder of a trial's own, under TEST_TMPDIR or /tmp, removed with what is
// in it. Actors that inherit the object _exit, so they remove nothing.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::string& path() const { return path_; }
  // The names in it, sorted.
  std::vector<std::string> Names() const;

 private:
  std::string path_;
};

}  // namespace muster::ipc::testing

#endif  // MUSTER_IPC_TESTING_SCRATCH_FOLDER_H_
