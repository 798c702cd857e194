#ifndef MUSTER_CTL_COMMAND_COMMAND_TABLE_H_
#define MUSTER_CTL_COMMAND_COMMAND_TABLE_H_

#include "muster/ctl/command/command_list.h"

namespace muster::ctl {

// All commands, groups and common options of ctl.
const CommandList& Commands();

}  // namespace muster::ctl

#endif  // MUSTER_CTL_COMMAND_COMMAND_TABLE_H_
