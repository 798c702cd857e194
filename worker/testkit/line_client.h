#ifndef MUSTER_WORKER_TESTKIT_LINE_CLIENT_H_
#define MUSTER_WORKER_TESTKIT_LINE_CLIENT_H_

#include "muster/tests/support/line_client.h"

namespace muster::worker::testkit {

// One TCP connection to a RunningMaster, for protocols of lines. Its calls wait, for at most 30 s.
//
//   LineClient client((*master)->address());
//   client.Send("hello");                    // adds the line's end; SendBytes does not
//   EXPECT_EQ(client.Receive(), "hello");    // without it; nothing: the connection ended
using LineClient = tests::LineClient;

}  // namespace muster::worker::testkit

#endif  // MUSTER_WORKER_TESTKIT_LINE_CLIENT_H_
