#ifndef MUSTER_MASTER_DEPLOYMENT_SINGLE_MODE_H_
#define MUSTER_MASTER_DEPLOYMENT_SINGLE_MODE_H_

#include "muster/proto/config.pb.h"

namespace muster::master {

// Makes a checked configuration one for --single, in which a worker may be stopped by a debugger
// for as long as it takes: one worker, which is neither killed nor given up for what takes long.
// What has to be some time is a year. Pure.
void MakeSingle(config::v1::Config& config);

}  // namespace muster::master

#endif  // MUSTER_MASTER_DEPLOYMENT_SINGLE_MODE_H_
