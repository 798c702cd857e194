#ifndef MUSTER_PROCESS_ENV_PROCESS_TITLE_H_
#define MUSTER_PROCESS_ENV_PROCESS_TITLE_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace muster::process_env {

// What ps and top show for this process. The text is written over the memory where the kernel put
// the program's arguments and, right after them, its environment, which is copied elsewhere first.
// One object in a process, made before other threads start. Set may be called by one thread at a
// time.
class ProcessTitle {
 public:
  // `argv` is main's, and may not be used afterwards.
  ProcessTitle(int argc, char** argv);
  ProcessTitle(const ProcessTitle&) = delete;
  ProcessTitle& operator=(const ProcessTitle&) = delete;

  // Cuts a title that is longer than the room.
  void Set(absl::string_view title);

 private:
  char* begin_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace muster::process_env

#endif  // MUSTER_PROCESS_ENV_PROCESS_TITLE_H_
