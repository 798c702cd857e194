#ifndef MUSTER_WORKER_TESTING_ECHO_ANSWER_H_
#define MUSTER_WORKER_TESTING_ECHO_ANSWER_H_

#include <sys/types.h>

#include <string>

#include "absl/strings/string_view.h"
#include "muster/worker/testing/test_client.h"
#include "muster/worker/testing/test_worker.h"

namespace muster::worker::testing {

// What a worker with the echo service answers to a line.
std::string Answer(const TestWorker& worker, absl::string_view line);

// Sends a line, and returns who answered it. 0: nobody did.
pid_t AskForPid(const TestClient& client);

}  // namespace muster::worker::testing

#endif  // MUSTER_WORKER_TESTING_ECHO_ANSWER_H_
