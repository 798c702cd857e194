#ifndef MUSTER_CLI_CALLERS_DIRECTORY_H_
#define MUSTER_CLI_CALLERS_DIRECTORY_H_

#include <string>

namespace muster::cli {

// The caller's working directory. Under `bazel run` the process has another one.
std::string CallersDirectory();

// `path`, which is relative to `directory` unless it is absolute, in its shortest form.
std::string Absolute(const std::string& directory, const std::string& path);

}  // namespace muster::cli

#endif  // MUSTER_CLI_CALLERS_DIRECTORY_H_
