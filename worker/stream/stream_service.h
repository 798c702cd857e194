#ifndef MUSTER_WORKER_STREAM_STREAM_SERVICE_H_
#define MUSTER_WORKER_STREAM_STREAM_SERVICE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/stream/session.h"  // IWYU pragma: export
#include "muster/worker/stream/stream.h"   // IWYU pragma: export
#include "muster/worker/stream/stream_set.h"

namespace muster::worker {

// A service over byte streams whose clients stay connected during reloads. Each connection has a
// Session. When its worker leaves, the session is suspended into bytes and resumed in another
// worker. Unread input and unsent output move with the connection. docs/SERVICES.md has what may be
// called from where, and the bounds.
class StreamService final : public Service {
 public:
  StreamService(Context& context, std::unique_ptr<Protocol> protocol)
      : protocol_(std::move(protocol)), set_(context, *protocol_) {}

  void OnConnection(Connection connection) override;
  absl::Status Adopt(Connection connection, std::string state) override;
  void Drain(Idle idle) override;
  void OnHandoffRoom() override { set_.OnHandoffRoom(); }
  absl::Status Reopen() override;

 private:
  const std::unique_ptr<Protocol> protocol_;
  StreamSet set_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_STREAM_STREAM_SERVICE_H_
