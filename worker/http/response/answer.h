#ifndef MUSTER_WORKER_HTTP_RESPONSE_ANSWER_H_
#define MUSTER_WORKER_HTTP_RESPONSE_ANSWER_H_

#include <cstdint>
#include <memory>

#include "muster/worker/http/response/file_transfer.h"

namespace muster::worker::http {

class AwaitedResponse;
struct Upgrade;

// What was put together for one request: a head and perhaps a body, appended to the
// connection's output, and what has to be sent behind that.
struct Answer {
  int status = 0;
  std::uint64_t body_bytes = 0;            // of those in the output
  std::unique_ptr<FileTransfer> transfer;  // the rest of the body
  // Not null: nothing was put together yet; a handler answers later.
  std::shared_ptr<AwaitedResponse> awaited = nullptr;
  // Not null: the connection leaves HTTP once this is sent.
  std::shared_ptr<const Upgrade> upgrade = nullptr;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_RESPONSE_ANSWER_H_
