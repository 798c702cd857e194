#include "muster/master/process/answer_of_child.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>

#include "muster/ipc/base/check.h"

namespace muster::master {

std::string AnswerOfChild(absl::FunctionRef<std::string()> ask) {
  int ends[2];
  MUSTER_CHECK(::pipe2(ends, O_CLOEXEC) == 0, "pipe2");
  const pid_t child = ::fork();
  MUSTER_CHECK(child >= 0, "fork");
  if (child == 0) {
    const std::string answer = ask();
    const ssize_t written = ::write(ends[1], answer.data(), answer.size());
    ::_exit(written < 0 ? 1 : 0);
  }
  ::close(ends[1]);
  char answer[4096] = {};
  const ssize_t size = ::read(ends[0], answer, sizeof(answer));
  ::close(ends[0]);
  MUSTER_CHECK(::waitpid(child, nullptr, 0) == child, "waitpid");
  return std::string(answer, size < 0 ? 0 : static_cast<std::size_t>(size));
}

}  // namespace muster::master
