#ifndef MUSTER_CTL_TEXT_UPGRADE_TEXT_H_
#define MUSTER_CTL_TEXT_UPGRADE_TEXT_H_

#include <string>

#include "muster/proto/upgrade_call.pb.h"

namespace muster::ctl {

// One line for people, without its end, of what became of an upgrade: "upgraded 0.1.0 to 0.2.0 in
// 340 ms; on trial until 2026-11-27 10:00:00, ctl undo goes back", "refused, nothing changed: ...",
// "undone: ...". What the master says in it may have any characters.
std::string DescribeUpgrade(const admin::v1::Upgrade& upgrade);

// Whether nothing more is to come of it but an undo or a commit.
bool IsDecided(const admin::v1::Upgrade& upgrade);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TEXT_UPGRADE_TEXT_H_
