#ifndef MUSTER_MASTER_DEPLOYMENT_WORKER_QUESTION_H_
#define MUSTER_MASTER_DEPLOYMENT_WORKER_QUESTION_H_

#include <memory>

#include "muster/config/worker_description.h"
#include "muster/master/process/worker_finder.h"

namespace muster::master {

// For ReadConfigFile: asks the program that `finder` finds for a configuration, which runs as the
// configuration's first worker would: as its user, with its limits. As AskWorker. Other errors: the
// program, or, with its field, the user, the group or a CPU is not there.
config::DescribeWorker AskWhenNeeded(std::shared_ptr<WorkerFinder> finder, int stop_fd = -1);

}  // namespace muster::master

#endif  // MUSTER_MASTER_DEPLOYMENT_WORKER_QUESTION_H_
