#ifndef MUSTER_WORKER_HTTP_FILES_FILE_RESOLVER_H_
#define MUSTER_WORKER_HTTP_FILES_FILE_RESOLVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/worker/http/response/open_file.h"

namespace muster::worker::http {

// Opens files below one folder, and nothing else: not through "..", absolute symbolic
// links or those that lead out, for which the kernel answers (openat2, RESOLVE_BENEATH). Links
// that stay below are followed. The folder is the one that was there at Create, wherever it is
// moved. Belongs to one thread; opening blocks as the file system does.
class FileResolver {
 public:
  // `index` are the names tried for a path that ends in a slash. Errors: `root` cannot be opened
  // as a folder, the kernel has no openat2, a name of `index` is none.
  static absl::StatusOr<FileResolver> Create(const std::string& root,
                                             std::vector<std::string> index);

  enum class Outcome {
    kFile,
    kFolder,  // the path names a folder and does not end in a slash
    kNotFound,
    kNoIndex,    // the path names a folder, ends in a slash, and no index is there
    kForbidden,  // no permission, or neither file nor folder
    kFailed,     // of descriptors, memory, the device
  };
  struct Resolution {
    Outcome outcome = Outcome::kNotFound;
    std::shared_ptr<const OpenFile> file;  // with kFile
    ipc::UniqueFd folder;                  // with kFolder and kNoIndex
  };
  // `path` begins with a slash and has no NUL.
  Resolution Resolve(absl::string_view path);
  // Of the file that was found last, with `suffix` behind its name.
  Resolution ResolveBeside(absl::string_view suffix);

 private:
  FileResolver(ipc::UniqueFd root, std::vector<std::string> index)
      : root_(std::move(root)), index_(std::move(index)) {}

  Resolution ResolveIndex(absl::string_view path);
  // `relative_` below root_. kFolder: it is open as a folder, which tells nothing of a slash.
  Resolution Open();

  ipc::UniqueFd root_;
  std::vector<std::string> index_;
  std::string relative_;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_FILES_FILE_RESOLVER_H_
