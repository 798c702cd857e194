#include "muster/process_env/process_title.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace muster::process_env {

ProcessTitle::ProcessTitle(int argc, char** argv) {
  if (argc < 1) return;
  begin_ = argv[0];
  char* end = begin_;
  for (int i = 0; i < argc && argv[i] == end; ++i) end = argv[i] + std::strlen(argv[i]) + 1;
  // The environment follows, unless somebody changed it already. Its copies belong to
  // the process until its end, as the originals did.
  for (char** variable = ::environ; variable != nullptr && *variable == end; ++variable) {
    end += std::strlen(*variable) + 1;
    if (char* const copy = ::strdup(*variable); copy != nullptr) *variable = copy;
  }
  size_ = static_cast<std::size_t>(end - begin_);
}

void ProcessTitle::Set(absl::string_view title) {
  if (size_ == 0) return;
  const std::size_t length = std::min(title.size(), size_ - 1);
  std::memcpy(begin_, title.data(), length);
  std::memset(begin_ + length, 0, size_ - length);
  // The short name, of at most 15 bytes, which top shows.
  ::prctl(PR_SET_NAME, std::string(title.substr(0, title.find(" process"))).c_str());
}

}  // namespace muster::process_env
