#include "muster/tests/support/installed_program.h"

#include <sys/stat.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "muster/tests/support/child_process.h"

namespace muster::tests {

namespace fs = std::filesystem;

std::string InstallProgram(const RunningMaster& muster, const std::string& program,
                           const std::string& name) {
  const std::string path = muster.path(name);
  fs::copy_file(program, path, fs::copy_options::overwrite_existing);
  ::chmod(path.c_str(), 0755);
  return path;
}

std::string InstallFaultyMaster(const RunningMaster& muster, const std::string& step,
                                const std::string& way) {
  std::string path = InstallProgram(muster, "master/testing/faulty_master", "faulty");
  WriteFile(path + ".fault", step + "=" + way + "\n");
  return path;
}

std::string ProgramOf(pid_t pid) {
  std::error_code error;
  return fs::read_symlink(absl::StrCat("/proc/", pid, "/exe"), error).string();
}

}  // namespace muster::tests
