#ifndef MUSTER_HOST_FILE_ID_H_
#define MUSTER_HOST_FILE_ID_H_

#include <sys/types.h>

#include <optional>
#include <string>

namespace muster::host {

// Which file something is, whatever path leads to it. No two files have the same id at a time. The
// kernel may give the id of a file that is gone to a new one; a file is not gone as long as it is
// open, or a socket is bound to it.
struct FileId {
  dev_t device = 0;
  ino_t inode = 0;

  // Of what is at `path` itself: a symbolic link at its end is not followed. Nothing: nothing is
  // there, or this process may not look.
  static std::optional<FileId> AtPath(const std::string& path);
  // Of an open file.
  static std::optional<FileId> OfDescriptor(int fd);

  bool operator==(const FileId& other) const {
    return device == other.device && inode == other.inode;
  }
};

// Whether two paths name the same place: the same entry of the same folder, whatever the folder is
// called. There need not be a file. False, too, if this process may not look at a folder.
bool IsSamePlace(const std::string& path, const std::string& other);

}  // namespace muster::host

#endif  // MUSTER_HOST_FILE_ID_H_
