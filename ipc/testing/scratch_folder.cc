#include "muster/ipc/testing/scratch_folder.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "muster/ipc/base/check.h"

namespace muster::ipc::testing {

ScratchFolder::ScratchFolder() {
  const char* parent = std::getenv("TEST_TMPDIR");
  path_ = std::string(parent != nullptr ? parent : "/tmp") + "/kill_sweep.XXXXXX";
  MUSTER_CHECK(::mkdtemp(path_.data()) != nullptr, path_.c_str());
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> ScratchFolder::Names() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace muster::ipc::testing
