#ifndef MUSTER_HOST_FILE_PRIVACY_H_
#define MUSTER_HOST_FILE_PRIVACY_H_

#include <string>

namespace muster::host {

// Why the file there is no secret: "/srv/own.key has mode 0644: every user of this machine can read
// it". Empty: users other than its owner and its group cannot read it, since its mode or that of a
// folder above it does not let them; or there is no such file. The text is for people. Waits for
// the file system, and changes nothing. `path` is absolute.
std::string WhyNotPrivate(const std::string& path);

}  // namespace muster::host

#endif  // MUSTER_HOST_FILE_PRIVACY_H_
