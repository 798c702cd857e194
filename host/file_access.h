#ifndef MUSTER_HOST_FILE_ACCESS_H_
#define MUSTER_HOST_FILE_ACCESS_H_

#include <string>

namespace muster::host {

// Why this process cannot use a path. Empty: no reason can be seen. The text is for people and has
// the kernel's reason: "/srv/log/a cannot be made: /srv: Read-only file system". The functions look
// at the file system with the process's effective rights, and change nothing. `path` is absolute.

// Why no file, socket or the like can be made there, after the folders that are missing.
std::string WhyNotCreatable(const std::string& path);

// Why the file there cannot be written to. If it does not exist, why it cannot be made.
std::string WhyNotWritable(const std::string& path);

// The same for a log, which may be a FIFO, a device, or a descriptor that the process has
// inherited:
// "/dev/stderr" (log/inherited.h).
std::string WhyNotLoggable(const std::string& path);

// Why the program there cannot be run.
std::string WhyNotRunnable(const std::string& path);

// Why no files can be found in the folder there.
std::string WhyNotFolder(const std::string& path);

}  // namespace muster::host

#endif  // MUSTER_HOST_FILE_ACCESS_H_
