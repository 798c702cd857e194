#ifndef MUSTER_MASTER_PROCESS_FILE_ACCESS_H_
#define MUSTER_MASTER_PROCESS_FILE_ACCESS_H_

#include <string>

namespace muster::master {

// What hinders this process from using a path; empty: nothing that can be seen. For people, with
// the kernel's reason, as "/srv/log/a cannot be made: /srv: Read-only file system". These look at
// the file system with the process's effective rights, and change nothing. `path` is absolute.

// From making a file, a socket or the like there, and before that the folders that lack.
std::string WhyNotCreatable(const std::string& path);

// From writing to the file there; it is made if it does not exist, with its folders.
std::string WhyNotWritable(const std::string& path);

// From running the program there.
std::string WhyNotRunnable(const std::string& path);

// From finding files in the folder there.
std::string WhyNotFolder(const std::string& path);

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_FILE_ACCESS_H_
