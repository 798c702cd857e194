#ifndef MUSTER_PROCESS_ENV_PROCESS_TITLE_H_
#define MUSTER_PROCESS_ENV_PROCESS_TITLE_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace muster::process_env {

// What ps and top show for this process: text written over the memory in which the kernel
// put the program's arguments, and that of its environment, which is moved away first.
// One object in a process, made before its threads.
class ProcessTitle {
 public:
  // `argv` is main's; nobody may use it afterwards.
  ProcessTitle(int argc, char** argv);
  ProcessTitle(const ProcessTitle&) = delete;
  ProcessTitle& operator=(const ProcessTitle&) = delete;

  // A longer one than there is room for is cut.
  void Set(absl::string_view title);

 private:
  char* begin_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace muster::process_env

#endif  // MUSTER_PROCESS_ENV_PROCESS_TITLE_H_
