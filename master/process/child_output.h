#ifndef MUSTER_MASTER_PROCESS_CHILD_OUTPUT_H_
#define MUSTER_MASTER_PROCESS_CHILD_OUTPUT_H_

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/master/process/child.h"

namespace muster::master {

// For tests: what a child writes until its end to the descriptor that `start` is given.
inline std::string OutputOfChild(absl::FunctionRef<absl::StatusOr<Child>(int fd)> start) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const ipc::UniqueFd read(ends[0]);
  ipc::UniqueFd write(ends[1]);
  absl::StatusOr<Child> child = start(write.get());
  EXPECT_TRUE(child.ok()) << child.status();
  write.reset();
  std::string output;
  char buffer[4096];
  for (ssize_t size = 1; (size = ::read(read.get(), buffer, sizeof(buffer))) > 0;) {
    output.append(buffer, static_cast<std::size_t>(size));
  }
  EXPECT_TRUE(child->Wait(ipc::PidFd::Reap::kYes).ok());
  return output;
}

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_CHILD_OUTPUT_H_
