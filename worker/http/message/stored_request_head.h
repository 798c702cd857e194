#ifndef MUSTER_WORKER_HTTP_MESSAGE_STORED_REQUEST_HEAD_H_
#define MUSTER_WORKER_HTTP_MESSAGE_STORED_REQUEST_HEAD_H_

#include <string>

#include "muster/worker/http/message/request_head.h"

namespace muster::worker::http {

// A request's head that owns its bytes. A RequestHead refers to the buffer that the request was
// read into; this is a copy that outlives that buffer. Belongs to one thread.
class StoredRequestHead {
 public:
  explicit StoredRequestHead(const RequestHead& head) : head_(head) { head_.MoveTo(bytes_); }
  // Not movable: head_ points into bytes_.
  StoredRequestHead(const StoredRequestHead&) = delete;
  StoredRequestHead& operator=(const StoredRequestHead&) = delete;

  const RequestHead& head() const { return head_; }

 private:
  RequestHead head_;
  std::string bytes_;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_MESSAGE_STORED_REQUEST_HEAD_H_
