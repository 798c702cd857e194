#include "muster/master/upgrade/exec_in_place.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"

namespace muster::master {
namespace {

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

std::vector<std::string> ExecEnvironment() {
  std::vector<std::string> environment;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    if (!absl::StartsWith(*entry, "LISTEN_")) environment.emplace_back(*entry);
  }
  return environment;
}

absl::Status ExecInPlace(const ProgramFile& program, const std::vector<std::string>& arguments,
                         const DescriptorKeep& keep) {
  MUSTER_RETURN_IF_ERROR(program.CheckUnchanged());
  const std::vector<std::string> environment = ExecEnvironment();
  const std::vector<char*> argument_pointers = Pointers(arguments);
  const std::vector<char*> environment_pointers = Pointers(environment);
  MUSTER_RETURN_IF_ERROR(keep.Pass());
  ::syscall(SYS_execveat, program.fd(), "", argument_pointers.data(), environment_pointers.data(),
            AT_EMPTY_PATH);
  absl::Status status = ipc::ErrnoStatus(absl::StrCat("execute ", program.path()));
  status.Update(keep.Withhold());
  return status;
}

}  // namespace muster::master
