#include "muster/cli/callers_directory.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace muster::cli {

std::string CallersDirectory() {
  const char* caller = std::getenv("BUILD_WORKING_DIRECTORY");
  if (caller != nullptr) return caller;
  std::error_code ignored;
  return std::filesystem::current_path(ignored).string();
}

std::string Absolute(const std::string& directory, const std::string& path) {
  return (std::filesystem::path(directory) / path).lexically_normal().string();
}

}  // namespace muster::cli
