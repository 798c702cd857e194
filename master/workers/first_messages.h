#ifndef MUSTER_MASTER_WORKERS_FIRST_MESSAGES_H_
#define MUSTER_MASTER_WORKERS_FIRST_MESSAGES_H_

#include <vector>

#include "muster/ipc/lock/owner_tag.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/master/deployment/deployment.h"
#include "muster/master/handoff/handoff_ends.h"
#include "muster/proto/worker.pb.h"
#include "muster/worker/protocol/command.h"
#include "muster/worker/protocol/handover.h"
#include "muster/worker/zone/shared_zone.h"

namespace muster::master {

// What a new worker is sent, in this order: its listeners and its user zones, in as many messages
// as their descriptors need, and HELLO, which tells how many of each there were. The worker is the
// one that `action` starts with a program of `deployment`; its process gets `tag`, and has
// inherited `logs`. worker/runtime/inheritance.h receives them; docs/PROTOCOL.md says what is in
// them.
std::vector<worker::FirstMessage> FirstMessages(
    const SpawnAction& action, ipc::OwnerTag tag, const Deployment& deployment,
    const worker::SharedZone& zone, const HandoffEnds& handoff,
    const std::vector<worker::v1::Log>& logs,
    std::uint32_t newest_protocol = worker::kProtocolVersion);

}  // namespace muster::master

#endif  // MUSTER_MASTER_WORKERS_FIRST_MESSAGES_H_
