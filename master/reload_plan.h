#ifndef MUSTER_MASTER_RELOAD_PLAN_H_
#define MUSTER_MASTER_RELOAD_PLAN_H_

#include <cstdint>

#include "muster/master/deployment/deployment.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/config_call.pb.h"

namespace muster::master {

// What a reload with `config`, which has no mistakes, would do with the listeners, the zones and
// the workers of `current`, of which there are `workers_now`. Does nothing. Looks at the files of
// Unix sockets.
admin::v1::ReloadPlan PlanReload(const config::v1::Config& config, const Deployment& current,
                                 std::uint32_t workers_now);

}  // namespace muster::master

#endif  // MUSTER_MASTER_RELOAD_PLAN_H_
