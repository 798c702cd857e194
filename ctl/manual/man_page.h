#ifndef MUSTER_CTL_MANUAL_MAN_PAGE_H_
#define MUSTER_CTL_MANUAL_MAN_PAGE_H_

#include <string>

#include "muster/ctl/command/command_list.h"

namespace muster::ctl {

// The page ctl(1) in the macros of man(7), made of the table of commands that --help is made of.
// Pure.
std::string ManPage(const CommandList& list);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_MANUAL_MAN_PAGE_H_
