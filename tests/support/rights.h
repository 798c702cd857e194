#ifndef MUSTER_TESTS_SUPPORT_RIGHTS_H_
#define MUSTER_TESTS_SUPPORT_RIGHTS_H_

#include <string>

namespace muster::tests {

// For a child before it runs a program: what a test that is run by root could not see otherwise.

// Makes this process a user to whom files say no: another one than root, or where the kernel has no
// other (a sandbox's user namespace) root without capabilities. False: it cannot be done.
bool LoseRights();

// Makes `folder` a read-only file system for this process alone. False: it cannot be done.
bool MakeReadOnly(const std::string& folder);

}  // namespace muster::tests

#endif  // MUSTER_TESTS_SUPPORT_RIGHTS_H_
