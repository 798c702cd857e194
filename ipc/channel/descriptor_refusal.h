#ifndef MUSTER_IPC_CHANNEL_DESCRIPTOR_REFUSAL_H_
#define MUSTER_IPC_CHANNEL_DESCRIPTOR_REFUSAL_H_

namespace muster::ipc {

// For a Unix socket of any type that expects no descriptors from peers that it does not trust. Who
// reads a message with descriptors may have to close them, and a peer can send a socket whose last
// close waits for its unsent data (SO_LINGER). From now on such messages are refused at the sender
// (EPERM). Connections inherit this from the socket that listens. False: this kernel cannot; it is
// older than Linux 6.16.
bool RefuseDescriptors(int unix_socket);

}  // namespace muster::ipc

#endif  // MUSTER_IPC_CHANNEL_DESCRIPTOR_REFUSAL_H_
