#ifndef MUSTER_IPC_TESTING_OPEN_FDS_H_
#define MUSTER_IPC_TESTING_OPEN_FDS_H_

namespace muster::ipc {

// How many descriptors this process has open now, to see that none leaked.
int CountOpenFds();

}  // namespace muster::ipc

#endif  // MUSTER_IPC_TESTING_OPEN_FDS_H_
