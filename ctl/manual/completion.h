#ifndef MUSTER_CTL_MANUAL_COMPLETION_H_
#define MUSTER_CTL_MANUAL_COMPLETION_H_

#include <string>

#include "muster/ctl/command/command_list.h"

namespace muster::ctl {

// Scripts that complete the words of a command line, made of the table of commands. Names of
// masters are asked of `ctl masters --names` at the time. All functions are pure.
std::string BashCompletion(const CommandList& list);
std::string ZshCompletion(const CommandList& list);
std::string FishCompletion(const CommandList& list);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_MANUAL_COMPLETION_H_
