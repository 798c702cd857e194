#ifndef IPC_TESTING_OPEN_FDS_H_
#define IPC_TESTING_OPEN_FDS_H_

namespace muster::ipc {

// How many descriptors this process has open now, to see that none leaked.
int CountOpenFds();

}  // namespace muster::ipc

#endif  // IPC_TESTING_OPEN_FDS_H_
